"""Requirements as rows of a page: documents, ways, state, and the next step."""

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
from verification.models import Document, DocumentKind, HeldUpload, ProofKind
from verification.rules import states
from verification.rules.facts import RequirementState, Why
from verification.rules.required_documents import (
    CLIENTS,
    CURRENT,
    HOW,
    MAIL,
    REGISTRATION,
    SUBMISSION,
)
from verification.rules.requirement_ways import Way
from verification.rules.requirements import Requirement, next_of

Word = str | Promise
UNSAID: Final = frozenset({"case_not_submitted"})
"""Reasons that the page's buttons make obvious."""
PROVIDED: Final = frozenset({"ready", "checking", "reviewing", "done"})
"""Tags of requirements for which the employer has done its part."""
PAGE_OF: Final[dict[str, str]] = {
    ProofKind.COMPANY_EMAIL: "verification:company_email",
    ProofKind.BANK_DEPOSIT: "verification:bank_deposit",
    ProofKind.E_LICENCE: "verification:e_licence",
    ProofKind.VOUCH: "verification:vouching",
    "declare": "verification:declare",
}
"""The pages of the ways that need no document."""


@dataclass
class Slot:
    """One kind of document: its current documents, and removed ones that can be restored."""

    kind: str
    name: Promise | str
    documents: list[Document] = field(default_factory=list)
    removed: list[Document] = field(default_factory=list)
    held: list[HeldUpload] = field(default_factory=list)
    """Uploads that are opened once the address of the account is confirmed."""
    erased: list[Document] = field(default_factory=list)
    """Personal papers that were erased lately. Their pages are gone."""
    reusable: document_reuse.Reusable | None = None
    """Documents of this kind from an earlier case."""

    @property
    def how(self) -> Text | None:
        """How to photograph it; for the authorisation letter, its way explains that."""
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
        """Why this way failed; the item itself shows the reasons of a letter."""
        return () if self.slot else self.way.reasons

    @property
    def state(self) -> Word:
        """The state in words; empty if the employer has not started this way."""
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
        """Whether there is something to do on the way's own page."""
        return self.way.state is not RequirementState.SATISFIED

    @property
    def action(self) -> Word:
        if self.begun and self.way.expires_at is None:  # the address of the account itself
            return _("Use another address")
        return _("Continue") if self.begun else _("Try again") if self.failed else _("Choose this")


@dataclass(frozen=True)
class Item:
    """A requirement as a row of the list. Closed, it shows its name and state; open, everything."""

    requirement: Requirement
    tag: Word
    tag_style: str
    """The style of the tag: `todo`, `again`, `under-way` or `done`."""
    ways: Sequence[WayLine]
    given: Sequence[Slot] = ()
    opened: bool = False

    @property
    def code(self) -> str:
        return self.requirement.code

    @property
    def is_ours(self) -> bool:
        """Whether we look it up, so that the employer has nothing to provide."""
        return self.code == REGISTRATION

    @property
    def is_provided(self) -> bool:
        """Whether the employer has done its part, so that it counts as done.

        It stays so while we check and decide, and ends only if something is to be done again.
        """
        return not self.is_ours and self.tag_style in PROVIDED

    @property
    def title(self) -> Word:
        if self.code == MAIL and self.by_phone:
            return _("Your mobile number")
        return wording.REQUIREMENTS.get(self.code, (self.code, ""))[0]

    @property
    def by_phone(self) -> bool:
        """Whether the account is proven by its number, and has no address."""
        return any(way.shown and "@" not in way.shown for way in self.requirement.ways)

    @property
    def purpose(self) -> Word:
        """Why it is required."""
        return wording.REQUIREMENTS.get(self.code, ("", ""))[1]

    @property
    def shown_reasons(self) -> Sequence[Why]:
        """The reasons shown in full. The tag and the ways already say that something is missing."""
        return [
            why
            for why in self.requirement.reasons
            if self.tag_style != "todo" and why.code not in UNSAID
        ]

    @property
    def lacking(self) -> Sequence[Why]:
        """For a missing item: how to provide it, who can, and how long it takes."""
        return self.requirement.reasons if self.tag_style == "todo" else ()

    @property
    def by_letter(self) -> bool:
        """Whether each of its letters shows its own problems."""
        letters = (document for slot in self.slots for document in slot.documents)
        return self.code == CLIENTS and any(
            line.judged for letter in letters if (line := getattr(letter, "of_client", None))
        )

    @property
    def unlocks(self) -> Word:
        return wording.UNLOCKS[self.requirement.unlocks]

    @property
    def slots(self) -> list[Slot]:
        """Its documents; for a case that accepts no more, those that were given."""
        return [line.slot for line in self.ways if line.slot] or list(self.given)

    @property
    def elsewhere(self) -> list[WayLine]:
        """The ways that have a page of their own."""
        return [line for line in self.ways if line.slot is None]


@dataclass(frozen=True)
class Next:
    """The next step, and the link to it."""

    title: Word
    why: Word
    href: str
    label: Word
    code: str
    """The code of the requirement."""


def document_slots(
    documents: Sequence[Document], now: datetime, held: Sequence[HeldUpload] = ()
) -> dict[str, Slot]:
    """Return a slot for each kind of document, with its documents and held uploads.

    Each removed file is listed once, so that each can be restored.
    """
    there = {(d.kind, d.sha256) for d in documents if d.superseded_at is None}
    made = {}
    for kind in DocumentKind:
        of_kind = [d for d in documents if d.kind == kind]
        current = [d for d in of_kind if d.superseded_at is None]
        lately = [
            d
            for d in of_kind
            if d.superseded_at and now - d.superseded_at < document_reuse.UNDO_FOR
        ]
        by_file = {d.sha256: d for d in lately if not d.erased_as}
        removed = [d for sha256, d in by_file.items() if (kind, sha256) not in there]
        erased = [d for d in lately if d.erased_as and not _followed(d, current)]
        waiting = [each for each in held if each.kind == kind]
        made[str(kind)] = Slot(kind, kind.label, current, removed, waiting, erased)
    return made


def _followed(erased: Document, current: Sequence[Document]) -> bool:
    """Whether another file was uploaded since, so that the notice is no longer needed."""
    return any(document.uploaded_at > erased.uploaded_at for document in current)


def item_rows(
    requirements: Sequence[Requirement],
    case_state: str,
    slot_of: Mapping[str, Slot],
    opened: frozenset[str] = frozenset(),
) -> list[Item]:
    """Return the requirements as rows.

    Rows are open for the next requirement, for those to do again, and for the codes in `opened`.
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
        if tag_style == "ready" and _is_remarked(ways):
            words, tag_style = wording.TAGS["check"], "again"
        opens = requirement is following or tag_style == "again" or requirement.code in opened
        given = [
            slot_of[kind]
            for kind in CURRENT.items[requirement.code].ways
            if kind in slot_of and slot_of[kind].documents
        ]
        made.append(Item(requirement, words, tag_style, ways, given, opens))
    return made


def _is_remarked(ways: Sequence[WayLine]) -> bool:
    """Whether we noticed something about a document of the requirement."""
    given = (document for line in ways if line.slot for document in line.slot.documents)
    return any(getattr(document, "remarks", ()) for document in given)


def tag_of(requirement: Requirement, case_state: str) -> tuple[Word, str]:
    """Return the state of a requirement as a tag (`wording.TAGS`) and its style."""
    match requirement.state:
        case _ if requirement.only_begun and not _failed(requirement):
            tag = "begun"
        case RequirementState.SATISFIED:
            tag = "done"
        case RequirementState.PAST_DUE:
            # What took rights away had no deadline.
            tag = "open" if case_state in states.STOPPED else "overdue"
        case RequirementState.PENDING_VERIFICATION if case_state in states.EDITABLE:
            tag = "ready" if requirement.ways else "ours"
        case RequirementState.PENDING_VERIFICATION:
            tag = "reviewing" if case_state in states.REVIEWABLE | states.STOPPED else "checking"
        case _ if not requirement.ways or case_state in states.REVIEWABLE:
            tag = "open"  # a reviewer decides, whether or not the employer still provides it
        case _:
            tag = "again" if _failed(requirement) else "todo"
    return wording.TAGS[tag], tag


def _failed(requirement: Requirement) -> bool:
    """Whether something that was given is not good enough."""
    return any(
        not why.code.endswith(("_missing", "_unverified", "_pending"))
        for why in requirement.reasons
    )


def next_step(made: Sequence[Item]) -> Next | None:
    """Return the next step; None if the employer has nothing to do."""
    following = next_of([item.requirement for item in made])
    item = next((item for item in made if item.requirement is following), None)
    ways = {line.way.code for line in item.ways} if item else set()
    if (
        item is None or not ways or ways & {"start", "appeal"}
    ):  # the decision shows what can follow it
        return None
    if item.code == SUBMISSION:
        begun = any(item.requirement.only_begun for item in made)
        return Next(
            _("Check and submit"),
            _(
                "Your proof of authority is not complete yet. You can submit now. We continue when"
                " it is complete."
            )
            if begun
            else _("You have provided everything we need."),
            "#submit",
            _("Go to submit"),
            item.code,
        )
    return Next(item.title, item.purpose, f"#requirement-{item.code}", _("Do this now"), item.code)


def item_of_kind(kind: str) -> str:
    """Return the requirement that documents of `kind` belong to."""
    return next((item.code for item in CURRENT.items.values() if kind in item.ways), "")
