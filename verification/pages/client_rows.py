"""Rows of client letters on the agency's page: the declared client, the reading, the problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from verification.cases import wording
from verification.intake import client_letters
from verification.models import ClientAuthorisation, Document
from verification.pages import requirement_facts
from verification.pages.forms import ClientForm
from verification.rules.facts import Letter, RequirementState, Why

Word = str | Promise


@dataclass(frozen=True)
class ClientLine:
    """A letter, its client, its status, and the form for the client."""

    status: client_letters.LetterStatus
    letter: Letter
    form: ClientForm
    read: Mapping[str, str]
    judged: bool
    """Whether the letter is judged on its own, not with its case."""

    @property
    def client(self) -> ClientAuthorisation | None:
        return self.status.client

    @property
    def ended(self) -> bool:
        return self.client is not None and self.client.ended_at is not None

    @property
    def tag_style(self) -> str:
        """The style of the tag, as for an item."""
        if self.ended:
            return "ended"
        if not self.judged:
            return "ready" if self.client else ""
        if self.letter.state is RequirementState.PENDING_VERIFICATION:
            return "reviewing" if self.status.doubtful else "checking"
        return "done" if self.status.agrees else "again" if self.client else "todo"

    @property
    def tag(self) -> Word:
        return wording.TAGS[self.tag_style] if self.tag_style else ""

    @property
    def why(self) -> Why | None:
        return self.letter.why if self.judged and self.client and not self.ended else None


def client_line(
    document: Document, status: client_letters.LetterStatus | None, sent: ClientForm | None = None
) -> ClientLine:
    """Return the row of a client's letter; `status` is None if it was submitted with the case.

    The form is filled in with what was read in the letter.
    """
    client = getattr(document, "client_authorisation", None)
    row = getattr(document, "reading", None)
    read = ((row.reading if row else None) or {}).get("fields", {})
    said = {"company": read.get("company", ""), "valid_until": read.get("valid_until", "")}
    if client is not None:
        said = {
            "company": client.client_name,
            "uscc": client.client_uscc,
            "valid_until": client.valid_until,
        }
    shown = status or client_letters.LetterStatus(document, client, None)
    form = sent or ClientForm.of(document.pk, said)
    return ClientLine(shown, requirement_facts.letter_of(shown), form, read, status is not None)
