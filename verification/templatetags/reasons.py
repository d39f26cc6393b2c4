"""Template filters and tags that word reasons, requirements and states in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import stringfilter
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from events.core.errors import Refused
from events.core.reasons import NEVER, REASONS, Text
from verification.cases import turnaround, wording
from verification.models import Case
from verification.pages import requirement_facts
from verification.pages.requirement_rows import UNSAID, tag_of
from verification.rules.required_documents import (
    AUTHORITY,
    LICENCE,
    SUBMISSION,
    paper_of,
    requirement_of,
)
from verification.rules.requirements import Requirement

register = template.Library()
register.filter("lasting", turnaround.duration_in_words)

_BOTH = re.compile(r"^(?P<zh>.*[\u3400-\u9fff].*?) / (?P<en>[^\u3400-\u9fff]+)$")


_DATE = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ]\S+)?$")


def _date(text: str) -> str:
    """An ISO date or moment as this page writes dates; `text` itself if there is no such day."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = timezone.localtime(at) if timezone.is_aware(at) else at
    return date_format(at, "DATETIME_FORMAT" if len(text) > len("2026-11-27") else "DATE_FORMAT")


def _say(text: Text) -> str:
    return text.in_(get_language() or settings.LANGUAGE_CODE)


@register.filter
def reason(code: str) -> str:
    """Return the text of the reason `code`; an unknown code is shown as it is."""
    return _say(REASONS[code].says) if code in REASONS else code


@register.filter
def fix(code: str) -> str:
    """Return how to fix the reason `code`."""
    return _say(REASONS[code].fix) if code in REASONS else ""


@register.filter
def takes(code: str) -> str:
    """Return how long the fix takes; "" if that does not apply, and for authority, where each way
    to prove it has its own time.
    """
    if code not in REASONS or REASONS[code].takes is NEVER or requirement_of(code) == AUTHORITY:
        return ""
    return _say(turnaround.turnaround_text(REASONS[code].takes))


@register.filter
def told(takes: Text) -> Text:
    """Return a duration with the actual turnaround, in both languages."""
    return turnaround.turnaround_text(takes)


@register.filter
def in_language(text: Text) -> str:
    """Return a text in the current language."""
    return _say(text)


@register.simple_tag
def space() -> str:
    """Return the blank between two sentences. Chinese has none."""
    return "" if (get_language() or "").startswith("zh") else " "


@register.filter
def listed(items: Iterable[Any]) -> str:
    """Join words with the commas of the current language."""
    return gettext(", ").join(str(item) for item in items)


@register.filter
def joined(items: Iterable[Any]) -> str:
    """Join sentences with the semicolons of the current language."""
    return gettext("; ").join(str(item) for item in items)


@register.simple_tag
def usually(whose: str) -> str:
    """Return a sentence on how long the `machine`, the `reviewers` or answers to appeals took
    lately.

    Appeals are `appeals` or `restrictions`.
    """
    found = turnaround.recent_turnaround(whose)
    if found is None:
        return gettext("We can't estimate the time yet.")
    words = {
        "machine": ngettext(
            "Usually %(half)s; nine in ten within %(most)s (last %(of)s cases).",
            "Usually %(half)s; nine in ten within %(most)s (last %(of)s cases).",
            found.of,
        ),
        "reviewers": ngettext(
            "From submission to a reviewer's decision: usually %(half)s; nine in ten within"
            " %(most)s (last %(of)s cases).",
            "From submission to a reviewer's decision: usually %(half)s; nine in ten within"
            " %(most)s (last %(of)s cases).",
            found.of,
        ),
        "appeals": ngettext(
            "From your appeal to a reviewer's answer: usually %(half)s; nine in ten within"
            " %(most)s (last %(of)s appeals).",
            "From your appeal to a reviewer's answer: usually %(half)s; nine in ten within"
            " %(most)s (last %(of)s appeals).",
            found.of,
        ),
    }
    words["restrictions"] = words["appeals"]
    return words[whose] % {
        "half": turnaround.duration_in_words(found.median),
        "most": turnaround.duration_in_words(found.nine_in_ten),
        "of": found.of,
    }


@register.filter
def way_name(code: str) -> str:
    """Return the name of a way to meet a requirement."""
    return str(wording.WAYS.get(code, code))


@register.filter
def who(code: str) -> str:
    """Return who can fix the reason `code`."""
    return str(wording.WHO[REASONS[code].who]) if code in REASONS else ""


@register.filter
def found(code: str) -> str:
    """Return the text of a finding, whether or not its code is a reason."""
    return str(wording.FOUND[code].employer) if code in wording.FOUND else reason(code)


@register.filter
def check_name(code: str) -> str:
    """What staff call a check."""
    return str(wording.CHECKS[code].staff if code in wording.CHECKS else code)


@register.filter
def field_name(field: str) -> str:
    """Return the name of a licence field or a document."""
    return str(wording.FIELDS.get(field, ""))


@register.filter
@stringfilter
def seen(text: str) -> str:
    """A `seen` or `expected` in the current language.

    Stored words are translated, also in a list; texts in both languages are cut in half, and ISO
    dates are written out. Anything else is returned unchanged.
    """
    words = text.split(", ")
    if all(word in wording.SEEN for word in words):
        return listed(wording.SEEN[word] for word in words)
    if _DATE.match(text):
        return _date(text)
    if both := _BOTH.match(text):
        return both["zh" if (get_language() or "").startswith("zh") else "en"].strip()
    return text


@register.filter
def state_name(state: str) -> str:
    """Return a case's state in words."""
    return str(wording.STATES[state].employer) if state in wording.STATES else state


@register.filter
def happened(verb: str) -> str:
    """Return an event's verb in words."""
    return str(wording.HAPPENED.get(verb, verb))


@register.filter
def as_reason(refused: Refused) -> dict[str, Any]:
    """Return a refusal as the mapping that `_reason.html` shows."""
    return {"code": refused.code, "field": "", "seen": refused.seen, "expected": refused.expected}


@register.simple_tag
def asked_of(case_id: str, now: datetime) -> list[Requirement]:
    """Return the open requirements of the submitter of case `case_id`, as on the page and in the
    API.

    For mails, which have only the id.
    """
    case = _case(case_id)
    asked = requirement_facts.requirements_of(case, None, now) if case else []
    return [each for each in asked if each.open and not _is_only_to_submit(each)]


def _is_only_to_submit(requirement: Requirement) -> bool:
    """Whether all that is left is to submit, which each mail says itself."""
    return requirement.code == SUBMISSION and all(why.code in UNSAID for why in requirement.reasons)


@register.simple_tag
def turn(case_id: str, now: datetime) -> str:
    """Return who acts next in case `case_id`, in a sentence."""
    case = _case(case_id)
    return str(wording.TURNS[requirement_facts.turn_of_case(case, now)]) if case else ""


@register.filter
def requirement_name(code: str) -> str:
    """Return the name of a requirement."""
    return str(wording.REQUIREMENTS[code][0]) if code in wording.REQUIREMENTS else code


@register.filter
def unlocks(right: str) -> str:
    """Return the right that a requirement unlocks, in words."""
    return str(wording.UNLOCKS.get(right, ""))


@register.simple_tag
def absolute(path: str) -> SafeString:
    """Return `path` as an absolute URL for mails."""
    return mark_safe(settings.SITE_URL + path)  # noqa: S308  made of our own settings and routes; autoescape would break it in plain text


@dataclass(frozen=True)
class Told:
    """A reason in a mail: what a check saw and expected, its item, and the state of that now."""

    code: str
    seen: str
    expected: str
    check: str
    item: str
    """The requirement's name; "" if there is none."""
    state: str
    link: SafeString


@register.simple_tag
def told_of(case_id: str, reasons: list[Any], path: str, now: datetime) -> list[Told]:
    """Return the reasons of a mail about case `case_id` (or none), each with its item."""
    case = _case(case_id)
    items = (
        {item.code: item for item in requirement_facts.requirements_of(case, None, now)}
        if case
        else {}
    )
    told = []
    for each in reasons or ():
        said = each if isinstance(each, dict) else {"code": each}
        code, item = _about(said, case)
        there = items.get(item) if item != SUBMISSION else None
        name, state = (
            (requirement_name(item), str(tag_of(there, case.state)[0]))
            if case and there
            else ("", "")
        )
        told.append(
            Told(
                code,
                said.get("seen") or "",
                said.get("expected") or "",
                said.get("check") or "",
                name,
                state,
                _link(path, item),
            )
        )
    return told


@register.simple_tag
def first_item(path: str, reasons: list[Any], case_id: str) -> SafeString:
    """Return `path` as a URL for mails, at the item of the first reason if there is one."""
    first = reasons[0] if reasons else None
    return (
        _link(
            path, _about(first if isinstance(first, dict) else {"code": first}, _case(case_id))[1]
        )
        if first
        else absolute(path)
    )


def _case(case_id: str) -> Any:
    return Case.objects.filter(pk=case_id).first() if case_id else None


def _about(reason: dict[str, Any], case: Any) -> tuple[str, str]:
    """Return a reason's code and its item.

    For a body without a business licence, the item is the document that it has instead.
    """
    paper = paper_of(case.account_class, case.declared_uscc) if case else LICENCE
    return reason["code"], requirement_of(reason["code"], reason.get("field") or "", paper)


def _link(path: str, item: str) -> SafeString:
    return absolute(path.partition("#")[0] + ("" if item == SUBMISSION else f"#requirement-{item}"))
