"""Who works on which case? Claims that end by themselves, taken ahead, asked for and given; drafts, and who else is there.

A claim is a lease on a case and changes nothing about it: no version is counted up by it, and a heartbeat is no Event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from employers.models import User
from verification.models import Case, ReviewDraft, TakeOver


@dataclass(frozen=True)
class Beat:
    """What a reviewer's page is told each time that it says it is still open."""

    mine: bool
    until: datetime | None = None
    """When the claim ends, unless it is held for longer; None where it is not theirs."""
    others: tuple[str, ...] = ()
    """The addresses of colleagues who have the case open too."""
    asked_by: str = ""
    """The colleague who asks for the case; empty where none does."""
    yours_now: bool = False
    """It was asked for, and given."""


def claim(case_id: UUID, reviewer: User, now: datetime, *, ahead: bool = False) -> Case:
    """Take a waiting case; taking one's own again extends it. `ahead`: to be loaded before it is its turn. Raises Refused."""
    raise NotImplementedError


def claim_next(reviewer: User, now: datetime, ahead: bool = False) -> Case | None:
    """Take the most urgent case that this reviewer may take, what was assigned to them first; None where there is none.

    What was taken ahead comes first, and becomes current unless the next one is only taken ahead, too.
    """
    raise NotImplementedError


def begin(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """The reviewer looks at a case that they claimed ahead: their time with it runs from now on. Raises Refused."""
    raise NotImplementedError


def release(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """Put a case back into the queue. Raises Refused."""
    raise NotImplementedError


def beat(case_id: UUID, reviewer: User, now: datetime, *, active: bool) -> Beat:
    """The reviewer has the case before them. Their claims last on from here, provided that they are `active`."""
    raise NotImplementedError


def assign(case_id: UUID, to: User, lead: User, now: datetime) -> Case:
    """A lead wants this colleague to decide the case: it is offered to them first, and to nobody else. Raises Refused."""
    raise NotImplementedError


def ask_take_over(case_id: UUID, reviewer: User, now: datetime) -> TakeOver:
    """Ask for a case that a colleague holds; asked twice is the same as once. Raises Refused."""
    raise NotImplementedError


def give(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """Hand a case over to the colleague who asked for it. Raises Refused."""
    raise NotImplementedError


def keep(case_id: UUID, reviewer: User, now: datetime) -> None:
    """Go on with a case that a colleague asked for. Raises Refused."""
    raise NotImplementedError


def save_draft(case_id: UUID, reviewer: User, now: datetime, *, verb: str, codes: Sequence[str], note: str) -> ReviewDraft:
    """Keep what was ticked and written, claim or not: a claim that has ended costs nobody their words. Raises Refused."""
    raise NotImplementedError


def unmask(case_id: UUID, field: str, reviewer: User, now: datetime) -> str:
    """The whole `phone` or `email` of whoever handed the case in; that it was asked for is put on record. Raises Refused."""
    raise NotImplementedError
