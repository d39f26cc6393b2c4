"""Settles proposals: one person proposes, another one confirms or drops."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from downloads.models import LadderVersion, Move, ReleaseStop
from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import settle_by_second_person

Proposed = TypeVar("Proposed", LadderVersion, Move, ReleaseStop)


def settle_proposal(
    model: type[Proposed], pk: int, user: User, power: Power, now: datetime, *, confirmed: bool
) -> Proposed:
    """Return the open proposal with `user` as the settler, locked for the caller's transaction and
    not yet saved.

    Raises Refused: `not_allowed` without `power`, `state_conflict` if the proposal is settled, and
    `second_person_required` if its own proposer confirms it.
    """
    if not user.as_reviewer().can(power):
        raise Refused("not_allowed")
    return settle_by_second_person(model.objects.filter(pk=pk), user.pk, now, confirmed=confirmed)
