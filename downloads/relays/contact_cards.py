"""The contact card of a relay number, which a candidate saves so that their phone shows who calls.

It is a vCard 3.0 (RFC 2426), because iOS and Android open no later version reliably. Each relay
number has one, whose UID lets a phone replace an earlier copy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.utils.timezone import localtime
from django.utils.translation import gettext

from downloads.models import RelayBinding
from downloads.relays import callers

LINE_BYTES: Final = 75
"""RFC 2426 2.6: longer lines are folded."""


def card_of(binding: RelayBinding, platform: str, now: datetime) -> str:
    """Return the card, in the reader's language. `platform` is named as where the contact is
    from.
    """
    company = callers.employer_name(binding.employer_id)
    until = localtime(binding.expires_at).date().isoformat()
    name = gettext("%(company)s (via %(platform)s)") % {"company": company, "platform": platform}
    note = gettext(
        "Relay number of %(company)s for your application. Valid until %(until)s; after that,"
        " someone else may get it. Delete this contact then."
    ) % {"company": company, "until": until}
    if binding.job_title:
        note = gettext("Job: %(job)s. %(note)s") % {"job": binding.job_title, "note": note}
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:urn:uuid:{binding.pk}",
        f"FN:{_escaped(name)}",
        f"N:{_escaped(name)};;;;",
        f"ORG:{_escaped(company)}",
        f"TEL;TYPE=WORK,VOICE:{binding.number}",
        f"NOTE:{_escaped(note)}",
        f"REV:{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "END:VCARD",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    """Return the text as a value (RFC 2426 4): no line of it can begin another property."""
    for mark in "\\;,":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _folded(line: str) -> str:
    """Break the line after at most `LINE_BYTES` bytes, never inside a character."""
    parts, length = [""], 0
    for character in line:
        size = len(character.encode())
        if length + size > LINE_BYTES:
            parts.append(" ")
            length = 1
        parts[-1] += character
        length += size
    return "\r\n".join(parts)
