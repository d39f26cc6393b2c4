"""The members who may call by an employer's relay numbers, as told to the provider.

`employers` knows nothing of relay numbers, so a periodic task compares the teams: those with a
recent change, and each once an hour, in case a run was missed. It compares digests, unseals
nothing, and writes nothing if nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from downloads.models import RelayBinding, RelayTeam
from downloads.relay_providers.base import CALLERS_AT_MOST, Relays
from employers.accounts.sightings import phone_of
from employers.models import Employer, Member
from events.models import Event

COMPARED_AT_MOST: Final = 500
"""How many teams a run compares because they are due, oldest first. Changed teams are not limited.
"""
AGAIN_AFTER: Final = timedelta(hours=1)
CHANGES: Final = (
    "join",
    "add_member",
    "remove_member",
    "hold_member",
    "let_member_in",
    "set_phone",
    "prove_phone",
    "lose_phone",
    "stop_address_change",
    "verify_email",
    "change_address",
    "release_address",
)
"""The Events that change who may call."""


MAY_CALL: Final = ~Q(user__phone_index="") | Q(
    user__phone_vouched_at__isnull=False, user__email_verified_at__isnull=False
)
"""Members whose number is known to be theirs. A call from a number that anybody could have typed
would reach candidates, so the number of a stranger, or of a thief's choice, does not count.
"""


def team_of(employer_id: UUID, provider: str, now: datetime) -> RelayTeam:
    """Return the employer's team at this provider; creates it if it is missing."""
    made, _ = RelayTeam.objects.get_or_create(
        employer_id=employer_id,
        provider=provider,
        defaults={"due_at": now, "finished_at": now, "looked_at": now},
    )
    return made


def callers_of(employer_id: UUID) -> list[Member]:
    """Return the members who may call now, in joining order.

    They are active, not in review, and may sign in. Their number is proven by a code, or their
    platform vouches for it and they have confirmed their address.
    """
    return _callers({employer_id}).get(employer_id, [])


def _callers(employer_ids: Collection[UUID]) -> dict[UUID, list[Member]]:
    """Return the callers of several employers, in one query."""
    there = Member.objects.active().filter(
        MAY_CALL, employer__in=employer_ids, held_at=None, user__is_active=True
    )
    there = there.exclude(user__phone_sealed="")
    found: dict[UUID, list[Member]] = {}
    for member in there.select_related("user").order_by("joined_at", "pk"):
        if len(of := found.setdefault(member.employer_id, [])) < CALLERS_AT_MOST:
            of.append(member)
    return found


def callers_digest(members: Sequence[Member]) -> str:
    """Return a digest of the members and their sealed numbers; a seal changes with its number."""
    text = "\n".join(sorted(f"{member.pk} {member.user.phone_sealed}" for member in members))
    return hashlib.sha256(text.encode()).hexdigest()


def find_changed_teams(now: datetime, since: datetime) -> list[UUID]:
    """Mark used teams whose callers the provider does not know; return their employers."""
    used = RelayTeam.objects.filter(Exists(RelayBinding.objects.open().filter(team=OuterRef("pk"))))
    changed = (
        Event.objects.filter(verb__in=CHANGES, at__gte=since)
        .exclude(employer_id=None)
        .order_by()
        .values("employer_id")
    )
    lately = list(used.filter(employer__in=changed))
    longest = list(
        used.filter(looked_at__lte=now - AGAIN_AFTER).order_by("looked_at")[:COMPARED_AT_MOST]
    )
    both = {team.pk: team for team in (*lately, *longest)}.values()
    there = _callers({team.employer_id for team in both})
    marked = [
        team.employer_id for team in both if _mark(team, there.get(team.employer_id, []), now)
    ]
    if longest:
        RelayTeam.objects.filter(pk__in=[team.pk for team in longest]).update(looked_at=now)
    return marked


def _mark(team: RelayTeam, members: Sequence[Member], now: datetime) -> bool:
    """Make the team due if the provider knows other callers; return whether it did."""
    if callers_digest(members) == team.told_digest:
        return False
    # A worker that is telling the provider now checks again afterwards, so no change is missed.
    RelayTeam.objects.filter(pk=team.pk, lease=None).update(finished_at=None, due_at=now)
    return True


def tell_provider(team: RelayTeam, relays: Relays, now: datetime) -> RelayTeam:
    """Tell the provider who may call now, unless it knows; call it outside of any transaction.

    A team without callers has no group to update: its bindings are muted instead
    (`downloads.relays.provider_sync`). Raises the provider's errors.
    """
    members = callers_of(team.employer_id)
    told = callers_digest(members)
    if told == team.told_digest and (team.group or not members):
        return team
    group = team.group
    if members:
        numbers = list(dict.fromkeys(phone_of(member.user) for member in members))
        group = relays.set_callers(team.group, f"zizhi-{team.employer_id.hex}", numbers, now)
    with transaction.atomic():
        locked: RelayTeam = RelayTeam.objects.select_for_update().get(pk=team.pk)
        if not locked.group or locked.group == group or not members:
            locked.group, locked.told_digest, locked.callers = (
                group or locked.group,
                told,
                len(members),
            )
            locked.save(update_fields=["group", "told_digest", "callers"])
            if bool(team.callers) is not bool(members):
                _muted_or_not(locked, now)
        # Otherwise another worker made the group first: use it, and add any missing callers.
    _mark(locked, callers_of(team.employer_id), now + timedelta(seconds=1))
    return locked


def _muted_or_not(team: RelayTeam, now: datetime) -> None:
    """Make every binding due, because the team has lost its last caller or has callers again."""
    RelayBinding.objects.open().filter(team=team, lease=None).update(due_at=now)


def employer_name(employer_id: UUID) -> str:
    """Return the employer's name, for a mail."""
    return Employer.objects.values_list("name", flat=True).get(pk=employer_id)
