"""Texts that explain a restriction: the evidence, who made it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext, ngettext

from downloads.rules.abuse_signals import Signal
from downloads.rules.ladder import STEP_UP, Tier
from events.models import Event


def _night(figures: Mapping[str, int]) -> str:
    if "night" not in figures:
        return gettext("Many resumes were downloaded in one night, between 23:00 and 06:00.")
    many = figures["night"]
    return ngettext(
        "%(many)d resume was downloaded in one night, between 23:00 and 06:00.",
        "%(many)d resumes were downloaded in one night, between 23:00 and 06:00.",
        many,
    ) % {"many": many}


def _burst(figures: Mapping[str, int]) -> str:
    if "burst" not in figures:
        return gettext("Many resumes were downloaded within about a minute.")
    many = figures["burst"]
    return ngettext(
        "%(many)d resume was downloaded within about a minute.",
        "%(many)d resumes were downloaded within about a minute.",
        many,
    ) % {"many": many}


def _sequence(figures: Mapping[str, int]) -> str:
    if "sequence" not in figures:
        return gettext("Resumes were downloaded one after the other in the order of their numbers.")
    many = figures["sequence"]
    return ngettext(
        "%(many)d resume was downloaded in the order of its number.",
        "%(many)d resumes were downloaded one after the other in the order of their numbers.",
        many,
    ) % {"many": many}


def _unanswered(figures: Mapping[str, int]) -> str:
    if "answerable" not in figures:
        return gettext("Many resumes were downloaded, and almost nobody was contacted.")
    return gettext(
        "Of %(answerable)d resumes that were downloaded, %(contacts)d led to a contact."
    ) % {"answerable": figures["answerable"], "contacts": figures.get("contacts", 0)}


def _unerased(figures: Mapping[str, int]) -> str:
    many = figures.get("overdue", 1)
    return ngettext(
        "%(many)d request to erase a resume is overdue and unanswered.",
        "%(many)d requests to erase a resume are overdue and unanswered.",
        many,
    ) % {"many": many}


_SEEN: Final[Mapping[str, Callable[[Mapping[str, int]], str]]] = {
    Signal.NIGHT: _night,
    Signal.BURST: _burst,
    Signal.SEQUENCE: _sequence,
    Signal.UNANSWERED: _unanswered,
    Signal.UNERASED: _unerased,
}


def evidence_sentences(move: Event) -> list[str]:
    """Return the evidence of the rule that made this change, one sentence each; empty if people
    made it.
    """
    figures: Mapping[str, int] = move.data.get("figures", {})
    return [_SEEN[signal](figures) for signal in move.data.get("seen", []) if signal in _SEEN]


def seen_by_staff(move: Event) -> list[str]:
    """Return the sentences of `evidence_sentences`, and those that the employer must not see."""
    rang = "canary" in move.data.get("seen", [])
    return evidence_sentences(move) + (
        [
            gettext(
                "Someone called a number that appears only in a canary resume. Do not tell the"
                " employer."
            )
        ]
        if rang
        else []
    )


def restriction_title(override: Any) -> str:
    """Return the title of a page about a restriction."""
    if override.reason == STEP_UP:
        return gettext("Your company's downloads are paused until it proves its authority again")
    if override.tier == Tier.PROVISIONAL:
        return gettext("Your company's quota is lower for now")
    return gettext("Your company's downloads are restricted")
