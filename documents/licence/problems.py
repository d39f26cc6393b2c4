"""The problems of a reading, found in its fields."""

from __future__ import annotations

from documents import uscc
from documents.licence.extract import Found
from documents.licence.fields import Problem
from documents.page.values import is_sound_number


def problems_of(found: Found) -> tuple[Problem, ...]:
    """Return the problems of the fields that were read from print."""
    fields = found.fields
    told = {
        Problem.USCC_WRONG_CHECK_CHARACTER: "uscc" in fields and not uscc.is_valid(fields["uscc"]),
        Problem.USCC_WRONG_ORGANISATION_CODE: uscc.is_valid(fields.get("uscc", ""))
        and not uscc.is_sound(fields["uscc"]),
        Problem.SEVERAL_CODES: len(found.codes) > 1,
        Problem.SEVERAL_LICENCES: found.several,
        Problem.READ_AGAIN: found.read_again,
        Problem.NUMBER_WRONG_CHECK_DIGIT: "registration_number" in fields
        and not is_sound_number(fields["registration_number"]),
        Problem.ESTABLISHED_ON_FROM_TERM: "established_on" in fields
        and found.lines.get("established_on", ()) == found.lines.get("term"),
        Problem.TITLE_MISSING: not found.titled,
    }
    return tuple(problem for problem, is_so in told.items() if is_so)
