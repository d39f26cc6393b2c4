"""Scores of readings against the print.

Readings and their true fields go in; counts and shares come out. Values are compared as a person
would: regardless of the width of letters, the shape of brackets and marks, and white space. A scope
of business, hundreds of characters long, is scored by its character error rate; everything else is
right or not.
"""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from documents.licence.fields import FIELDS

SURE: Final = 0.99
"""A value with at least this confidence is accepted without review."""
SCOPE: Final = "business_scope"
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("〔【［〈《", "("),
        **dict.fromkeys("〕】］〉》", ")"),
        **dict.fromkeys("，、", ","),
        **dict.fromkeys("。·・", "."),
        **dict.fromkeys("—–－", "-"),
        "；": ";",
        "：": ":",
    }
)


@dataclass(frozen=True)
class Outcome:
    """The result for one picture whose print is known.

    `truth` has the fields as printed, "" for one that the sheet does not have; a missing field is
    unknown, and not scored. `refused` is the intake's reason code if it made no page of the file.
    """

    file: str
    truth: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    is_licence: bool = False
    qr_uscc: str | None = None
    refused: str | None = None

    def sure(self, name: str) -> bool:
        return bool(self.fields.get(name)) and self.confidence.get(name, 0.0) >= SURE

    def right(self, name: str) -> bool:
        """Whether `name`, a key of `truth`, was read as printed, or left empty if not printed."""
        return plain(self.fields.get(name, "")) == plain(self.truth[name])

    @property
    def qr_disagrees(self) -> bool:
        """Whether the QR code states another company than the print."""
        return self.qr_uscc is not None and self.qr_uscc != plain(self.fields.get("uscc", ""))


def plain(text: str) -> str:
    """Return `text` for comparison.

    It has half width, brackets and marks of one shape, no white space, and no marks at the end.
    """
    unified = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).translate(_ALIKE))
    return "".join(unified.split()).rstrip(".,;*#※").upper()


def distance(one: str, other: str) -> int:
    """Return how many insertions, deletions and changes turn `one` into `other` (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        here = [row]
        for column, b in enumerate(other, start=1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (a != b)))
        above = here
    return above[-1]


def error_rate(printed: str, read: str) -> float:
    """Return the distance per printed character, as compared, 0..1."""
    printed, read = plain(printed), plain(read)
    return min(1.0, distance(printed, read) / max(1, len(printed)))


def content_error_rate(printed: str, read: str) -> float:
    """Return the error rate in any order (0..1): missing or extra characters, whichever are more.

    Labels of long paragraphs can have the lines in another order than the print. This separates
    text that was not read from text that was labelled in another order.
    """
    there, seen = Counter(plain(printed)), Counter(plain(read))
    return min(1.0, max((there - seen).total(), (seen - there).total()) / max(1, there.total()))


def of_field(name: str, outcomes: Iterable[Outcome]) -> dict[str, Any] | None:
    """Return the score of `name` where it is printed; None if it never is.

    `invented` counts values where nothing is printed, `sure` values with a confidence of at least
    SURE, and `sure_right` those of them that are right.
    """
    known = [outcome for outcome in outcomes if name in outcome.truth]
    printed = [outcome for outcome in known if outcome.truth[name]]
    if not printed:
        return None
    sure = [outcome for outcome in known if outcome.sure(name)]
    exact = sum(outcome.right(name) for outcome in printed)
    empty = sum(not outcome.fields.get(name) for outcome in printed)
    return {
        "printed": len(printed),
        "exact": exact,
        "share": round(exact / len(printed), 4),
        "wrong": len(printed) - exact - empty,
        "empty": empty,
        "invented": sum(
            not outcome.truth[name] and bool(outcome.fields.get(name)) for outcome in known
        ),
        "sure": len(sure),
        "sure_right": sum(outcome.right(name) for outcome in sure),
    }


def of_licences(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the score of every field and of all sure values, and the files with errors."""
    fields = {name: score for name in FIELDS if (score := of_field(name, outcomes)) is not None}
    scopes = [(o.truth[SCOPE], o.fields.get(SCOPE, "")) for o in outcomes if o.truth.get(SCOPE)]
    rates, contents = (
        [error_rate(*scope) for scope in scopes],
        [content_error_rate(*scope) for scope in scopes],
    )
    return {
        "fields": fields,
        "sure": sum(score["sure"] for score in fields.values()),
        "sure_right": sum(score["sure_right"] for score in fields.values()),
        "uscc_wrong_given_as_sure": [
            o.file for o in outcomes if "uscc" in o.truth and o.sure("uscc") and not o.right("uscc")
        ],
        "refused_as_none": [o.file for o in outcomes if not o.is_licence and o.refused is None],
        "refused_by_intake": {o.file: o.refused for o in outcomes if o.refused is not None},
        "scope_cer_mean": round(statistics.mean(rates), 4) if rates else None,
        "scope_cer_median": round(statistics.median(rates), 4) if rates else None,
        "scope_content_mean": round(statistics.mean(contents), 4) if contents else None,
    }


def of_forgeries(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the score of forged licences. `truth` of each has the code that was forged onto it.

    None may be given as sure.
    """
    return {
        "pictures": len(outcomes),
        "given_as_sure": [outcome.file for outcome in outcomes if outcome.sure("uscc")],
        "qr_read": sum(outcome.qr_uscc is not None for outcome in outcomes),
        "qr_mismatch_noticed": sum(outcome.qr_disagrees for outcome in outcomes),
    }


def of_decoys(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the score of pictures that are not licences."""
    return {
        "pictures": len(outcomes),
        "accepted": [outcome.file for outcome in outcomes if outcome.is_licence],
    }
