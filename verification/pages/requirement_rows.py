"""Requirements as rows of a page: documents, ways, state, and the next thing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.core.reasons import Text
from verification.cases import wording
from verification.intake import document_reuse
from verification.models import Document, DocumentKind, ProofKind
from verification.rules import states
from verification.rules.facts import RequirementState, Why
from verification.rules.required_documents import CLIENTS, CURRENT, HOW, MAIL, SUBMISSION
from verification.rules.requirement_ways import Way
from verification.rules.requirements import Requirement, next_of

Word = str | Promise
UNSAID: Final = frozenset({"case_not_submitted"})
"""What the page says by its buttons."""
PAGE_OF: Final[dict[str, str]] = {
    ProofKind.COMPANY_EMAIL: "verification:company_email",
    ProofKind.BANK_DEPOSIT: "verification:bank_deposit",
    ProofKind.E_LICENCE: "verification:e_licence",
    ProofKind.VOUCH: "verification:vouching",
    "declare": "verification:declare",
}
"""Where the ways that are no document are gone."""


@dataclass
class Slot:
    """One kind of document: what is there of it, and what was taken out and can be brought back."""

    kind: str
    name: Promise | str
    documents: list[Document] = field(default_factory=list)
    removed: list[Document] = field(default_factory=list)
    reusable: document_reuse.Reusable | None = None
    """What was given of it with an earlier case."""

    @property
    def how(self) -> Text | None:
        """How it is photographed; of a letter its way says so."""
        return HOW.get(self.kind) if self.kind != DocumentKind.AUTHORIZATION_LETTER else None


@dataclass(frozen=True)
class WayLine:
    """One way to meet a requirement: a document's slot, or a page of its own."""

    way: Way
    slot: Slot | None
    href: str

    @property
    def name(self) -> Word:
        return wording.WAYS.get(self.way.code, self.way.code)

    @property
    def strength(self) -> Word:
        return wording.STRENGTHS.get(self.way.strength, "") if self.way.strength else ""

    @property
    def begun(self) -> bool:
        return self.way.state in (RequirementState.PENDING_VERIFICATION, RequirementState.SATISFIED)

    @property
    def failed(self) -> Sequence[Why]:
        """Why this way did not succeed.

        Of a letter, which stands among the documents, the item itself says it.
        """
        return () if self.slot else self.way.reasons

    @property
    def state(self) -> Word:
        """In words, where something has been done already; a way not gone yet has none."""
        if self.begun:
            return wording.WAY_STATES[self.way.state]
        return wording.WAY_STATES["failed"] if self.failed else ""

    @property
    def tag_style(self) -> str:
        return {
            RequirementState.SATISFIED: "done",
            RequirementState.PENDING_VERIFICATION: "checking",
        }.get(self.way.state, "again")

    @property
    def open(self) -> bool:
        """Whether there is anything to do on the way's own page."""
        return self.way.state is not RequirementState.SATISFIED

    @property
    def action(self) -> Word:
        if self.begun and self.way.expires_at is None:  # the address of the account itself
            return _("Use another address")
        return _("Continue") if self.begun else _("Try again") if self.failed else _("Choose this")


@dataclass(frozen=True)
class Item:
    """One requirement as a row of the list: closed, it says its name and its state; opened,
    everything else.
    """

    requirement: Requirement
    tag: Word
    tag_style: str
    """How the tag looks, besides what it says: `todo`, `again`, `under-way` or `done`."""
    ways: Sequence[WayLine]
    given: Sequence[Slot] = ()
    opened: bool = False

    @property
    def code(self) -> str:
        return self.requirement.code

    @property
    def title(self) -> Word:
        return wording.REQUIREMENTS.get(self.code, (self.code, ""))[0]

    @property
    def purpose(self) -> Word:
        """Why it is asked."""
        return wording.REQUIREMENTS.get(self.code, ("", ""))[1]

    @property
    def shown_reasons(self) -> Sequence[Why]:
        """That nothing is there yet is said by the tag and by what is asked for; other reasons are
        told in full.
        """
        return [
            why
            for why in self.requirement.reasons
            if self.tag_style != "todo" and why.code not in UNSAID
        ]

    @property
    def lacking(self) -> Sequence[Why]:
        """Of what is not there yet: how it is given, who can, and how long that takes."""
        return self.requirement.reasons if self.tag_style == "todo" else ()

    @property
    def by_letter(self) -> bool:
        """Whether each of its letters says for itself what is wrong with it."""
        letters = (document for slot in self.slots for document in slot.documents)
        return self.code == CLIENTS and any(
            line.judged for letter in letters if (line := getattr(letter, "of_client", None))
        )

    @property
    def unlocks(self) -> Word:
        return wording.UNLOCKS[self.requirement.unlocks]

    @property
    def slots(self) -> list[Slot]:
        """Its documents; of a case that takes nothing any more, those that were given."""
        return [line.slot for line in self.ways if line.slot] or list(self.given)

    @property
    def elsewhere(self) -> list[WayLine]:
        """The ways that have a page of their own."""
        return [line for line in self.ways if line.slot is None]


@dataclass(frozen=True)
class Next:
    """The one thing to do next, and where."""

    title: Word
    why: Word
    href: str
    label: Word
    code: str
    """Of the requirement."""

    @property
    def lead(self) -> Word:
        """What is left to do before a case that was not handed in yet can be."""
        return wording.LEADS.get(self.code, "")


def slots(documents: Sequence[Document], now: datetime) -> dict[str, Slot]:
    """A slot for each kind of document, with what is in it."""
    there = {(d.kind, d.sha256) for d in documents if d.superseded_at is None}
    made = {}
    for kind in DocumentKind:
        of_kind = [d for d in documents if d.kind == kind]
        current = [d for d in of_kind if d.superseded_at is None]
        removed = [
            d
            for d in of_kind
            if d.superseded_at
            and now - d.superseded_at < document_reuse.UNDO_FOR
            and (kind, d.sha256) not in there
        ]
        made[str(kind)] = Slot(kind, kind.label, current, removed)
    return made


def items(
    requirements: Sequence[Requirement],
    case_state: str,
    slot_of: Mapping[str, Slot],
    opened: frozenset[str] = frozenset(),
) -> list[Item]:
    """The requirements as rows.

    Open are the next one, whatever has to be done again, and what `opened` names.
    """
    following = next_of(
        [requirement for requirement in requirements if requirement.code != MAIL]
    ) or next_of(requirements)
    made = []
    for requirement in requirements:
        ways = [
            WayLine(
                way,
                slot_of.get(way.code),
                reverse(PAGE_OF[way.code]) if way.code in PAGE_OF else "",
            )
            for way in requirement.ways
        ]
        words, tag_style = tag_of(requirement, case_state)
        opens = requirement is following or tag_style == "again" or requirement.code in opened
        given = [
            slot_of[kind]
            for kind in CURRENT.items[requirement.code].ways
            if kind in slot_of and slot_of[kind].documents
        ]
        made.append(Item(requirement, words, tag_style, ways, given, opens))
    return made


def tag_of(requirement: Requirement, case_state: str) -> tuple[Word, str]:
    """The state of a requirement in one or two words (`wording.TAGS`), and how they look."""
    match requirement.state:
        case RequirementState.SATISFIED:
            tag = "done"
        case RequirementState.PAST_DUE:
            tag = "overdue"
        case RequirementState.PENDING_VERIFICATION if case_state in states.EDITABLE:
            tag = "ready" if requirement.ways else "ours"
        case RequirementState.PENDING_VERIFICATION:
            tag = "reviewing" if case_state in states.REVIEWABLE | states.STOPPED else "checking"
        case _ if not requirement.ways:
            tag = "open"
        case _:
            tag = (
                "again"
                if any(
                    not why.code.endswith(("_missing", "_unverified"))
                    for why in requirement.reasons
                )
                else "todo"
            )
    return wording.TAGS[tag], tag


def next_step(made: Sequence[Item]) -> Next | None:
    """The one next thing; None where the employer has nothing to do."""
    following = next_of([item.requirement for item in made])
    item = next((item for item in made if item.requirement is following), None)
    ways = {line.way.code for line in item.ways} if item else set()
    if (
        item is None or not ways or ways & {"start", "appeal"}
    ):  # what comes after a decision stands with the decision
        return None
    if item.code == SUBMISSION:
        return Next(
            _("Check and submit"),
            _("You have provided everything we need."),
            "#submit",
            _("Go to submit"),
            item.code,
        )
    return Next(
        item.title, item.purpose, f"#requirement-{item.code}", _("Go to this item"), item.code
    )


def item_of_kind(kind: str) -> str:
    """The requirement under which documents of `kind` stand."""
    return next((item.code for item in CURRENT.items.values() if kind in item.ways), "")
