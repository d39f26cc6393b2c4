"""Who of an employer may call by its relay numbers?

Its members of now, from the numbers that they gave; told to the provider.

Members come and go in a room that knows nothing of relay numbers, so the teams are looked over in
rounds: whoever had a change lately, and each of them once an hour, should a round have been missed.
A round compares a digest, and opens no seal; where nothing has changed and nobody's hour is over,
it writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from downloads.models import RelayBinding, RelayTeam
from downloads.relay_providers.base import CALLERS_AT_MOST, Relays
from employers.accounts.sightings import phone_of
from employers.models import Employer, Member
from events.models import Event

COMPARED_AT_MOST: Final = 500
"""So many teams in a round, those that were looked at longest ago; and any number of those with a
change lately.
"""
AGAIN_AFTER: Final = timedelta(hours=1)
CHANGES: Final = (
    "join",
    "add_member",
    "remove_member",
    "set_phone",
    "verify_email",
    "release_address",
)
"""Whatever makes somebody a caller, or another's."""


def team_of(employer_id: UUID, provider: str, now: datetime) -> RelayTeam:
    """The employer's team at this provider, made if there is none."""
    made, _ = RelayTeam.objects.get_or_create(
        employer_id=employer_id,
        provider=provider,
        defaults={"due_at": now, "finished_at": now, "looked_at": now},
    )
    return made


def callers(employer_id: UUID) -> list[Member]:
    """The members who may call now, those who joined first: who is there, may sign in, confirmed
    their address and gave a number.
    """
    return _callers({employer_id}).get(employer_id, [])


def _callers(employer_ids: Collection[UUID]) -> dict[UUID, list[Member]]:
    """The same of several employers, in one question."""
    there = Member.objects.active().filter(
        employer__in=employer_ids, user__is_active=True, user__email_verified_at__isnull=False
    )
    there = there.exclude(user__phone_sealed="")
    found: dict[UUID, list[Member]] = {}
    for member in there.select_related("user").order_by("joined_at", "pk"):
        if len(of := found.setdefault(member.employer_id, [])) < CALLERS_AT_MOST:
            of.append(member)
    return found


def digest(members: Sequence[Member]) -> str:
    """Tells one set of callers from another: who they are, and the seal of each one's number, which
    changes with the number.
    """
    text = "\n".join(sorted(f"{member.pk} {member.user.phone_sealed}" for member in members))
    return hashlib.sha256(text.encode()).hexdigest()


def find_changed_teams(now: datetime, since: datetime) -> list[UUID]:
    """Mark the teams whose members are others than their provider was told, where anybody may be
    called; their employers.
    """
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
    """Let the provider be told of these, if it was told of others; whether it was."""
    if digest(members) == team.told_digest:
        return False
    # A worker that tells it at this moment looks at what it told, so nothing is overlooked.
    RelayTeam.objects.filter(pk=team.pk, lease=None).update(finished_at=None, due_at=now)
    return True


def tell_provider(team: RelayTeam, relays: Relays, now: datetime) -> RelayTeam:
    """Tell the provider who may call now, unless it knows; outside of any transaction.

    Raises what the provider raises.

    With nobody to call there is no group to tell of: the team's bindings are muted instead
    (`downloads.relays.provider_sync`).
    """
    members = callers(team.employer_id)
    told = digest(members)
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
        # Else another worker made the group at the same moment: its own is used, and told of whom
        # it lacks.
    _mark(locked, callers(team.employer_id), now + timedelta(seconds=1))
    return locked


def _muted_or_not(team: RelayTeam, now: datetime) -> None:
    """Nobody is left who may call, or somebody is there again: every binding has something to tell
    its provider.
    """
    RelayBinding.objects.open().filter(team=team, lease=None).update(due_at=now)


def employer_name(employer_id: UUID) -> str:
    """What the employer is called in a mail."""
    return Employer.objects.values_list("name", flat=True).get(pk=employer_id)
