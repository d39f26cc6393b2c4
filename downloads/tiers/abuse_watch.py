"""Moves employers between tiers according to their download patterns.

It runs after the gate's answers and never delays them. Almost no contacts bring a smaller quota for
a while. Another signal requires a fresh proof of authority, which lifts the restriction; several
restrict the employer until a person has reviewed it. Downloads before the last change do not count
again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef

from downloads.gate import ladder_versions
from downloads.models import (
    Contact,
    EraseOrder,
    GateDecision,
    GateDecisionQuerySet,
    PassUse,
    Standing,
)
from downloads.rules import abuse_signals
from downloads.rules.ladder import RESTRICTED, STEP_UP, Ladder, Tier
from downloads.tiers import tier_changes
from employers.models import Employer
from events.core.actor import SYSTEM
from verification.models import Case

SEVERAL: Final = 2
"""From this many signals at once, a fresh proof no longer suffices."""
MILD: Final = frozenset({abuse_signals.Signal.UNANSWERED, abuse_signals.Signal.UNERASED})


def watch_downloads(now: datetime, since: datetime, zone: ZoneInfo) -> int:
    """Check every employer with downloads since `since`, most downloads first; return how many
    moved.
    """
    ladder = ladder_versions.in_force()
    lately = GateDecision.objects.allowed().filter(
        decided_at__gte=since, decided_at__lte=now, test=False
    )
    most_first = (
        lately.order_by()
        .values("employer_id")
        .annotate(many=Count("pk"))
        .order_by("-many", "employer_id")
    )
    platforms = Platforms(now - timedelta(days=ladder.thresholds.window_days), now)
    return sum(
        watch_employer(employer_id, ladder, now, zone, platforms)
        for employer_id in list(most_first.values_list("employer_id", flat=True))
    )


class Platforms:
    """The platforms that spend passes; their pass uses show which resumes really left.

    Each platform is looked up once per run.
    """

    def __init__(self, since: datetime, now: datetime) -> None:
        self._spent = PassUse.objects.filter(reason="", used_at__gt=since, used_at__lte=now)
        self._known: dict[UUID, bool] = {}

    def spends(self, client_id: UUID) -> bool:
        if client_id not in self._known:
            theirs = GateDecision.objects.filter(pk=OuterRef("decision_id"), client_id=client_id)
            self._known[client_id] = self._spent.filter(Exists(theirs)).exists()
        return self._known[client_id]


def watch_employer(
    employer_id: UUID, ladder: Ladder, now: datetime, zone: ZoneInfo, platforms: Platforms
) -> bool:
    """Change the employer's tier if its downloads call for it; return whether it changed."""
    employer = Employer.objects.filter(pk=employer_id).first()
    if employer is None:
        return False
    override = Standing.objects.in_force(now).filter(pk=employer_id).first()
    if override is not None and override.tier == Tier.RESTRICTED:
        return False
    # Earlier downloads have been settled by a proof or a person.
    moved = tier_changes.last_move(employer_id)
    begin = max(
        now - timedelta(days=ladder.thresholds.window_days),
        moved.at if moved else employer.registered_at,
    )
    rows = GateDecision.objects.allowed().filter(
        uscc=employer.uscc, test=False, decided_at__gt=begin, decided_at__lte=now
    )
    facts = list(
        rows.order_by("decided_at").values_list("pk", "decided_at", "candidate", "client_id")
    )
    clients = {fact[3] for fact in facts}
    telling = {
        client_id
        for client_id in clients
        if Contact.objects.filter(client_id=client_id, at__gt=begin).exists()
    }
    answerable = sum(client_id in telling for _, _, _, client_id in facts)
    contacts = Contact.objects.filter(uscc=employer.uscc, at__gt=begin).count()
    overdue = (
        EraseOrder.objects.overdue(now)
        .filter(uscc=employer.uscc, due_at__gt=begin, candidate__test=False)
        .count()
    )
    counted = abuse_signals.download_figures(
        _left(facts, rows, now, platforms), answerable, contacts, ladder.thresholds, zone, overdue
    )
    if found := abuse_signals.signals_in(counted, ladder.thresholds):
        return _act(employer_id, _seen(found, counted, begin), override, ladder, now)
    if (
        override is None
        and _may_rise(employer, ladder, now)
        and abuse_signals.shows_hiring(len(facts), contacts, ladder.thresholds)
    ):
        return tier_changes.change_tier(
            employer_id, Tier.ESTABLISHED, SYSTEM, now, basis=tier_changes.Basis(override)
        )
    return False


def _left(
    facts: list[tuple[UUID, datetime, str, UUID]],
    rows: GateDecisionQuerySet,
    now: datetime,
    platforms: Platforms,
) -> list[abuse_signals.Taken]:
    """Return the downloads, oldest first.

    Pass uses count for a platform that spends passes; for the others, the gate's answers have to
    do.
    """
    uses = PassUse.objects.filter(
        reason="", decision_id__in=rows.order_by().values("pk"), used_at__lte=now
    )
    spent = dict(uses.values_list("decision_id", "used_at"))
    left = [
        abuse_signals.Taken(spent.get(decision_id, at), candidate)
        for decision_id, at, candidate, client_id in facts
        if decision_id in spent or not platforms.spends(client_id)
    ]
    return sorted(left, key=lambda one: one.at)


def _seen(
    found: set[abuse_signals.Signal], counted: abuse_signals.Figures, begin: datetime
) -> tier_changes.Seen:
    """Return the signals with the figures behind them, for the owners and for the appeal."""
    figures = {
        name: getattr(counted, name)
        for signal in sorted(found)
        for name in abuse_signals.OF_SIGNAL[signal]
    }
    return tier_changes.Seen(tuple(sorted(found)), figures, begin)


def _act(
    employer_id: UUID,
    seen: tier_changes.Seen,
    override: Standing | None,
    ladder: Ladder,
    now: datetime,
) -> bool:
    """Act on the signals.

    Few contacts or overdue erasures bring a smaller quota for a while, any other signal a step-up,
    several signals a restriction.
    """
    basis = tier_changes.Basis(override)
    if len(seen.signals) >= SEVERAL:
        return tier_changes.change_tier(
            employer_id, Tier.RESTRICTED, SYSTEM, now, reason=RESTRICTED, seen=seen, basis=basis
        )
    if MILD.issuperset(seen.signals) and (override is None or override.tier == Tier.ESTABLISHED):
        until = now + timedelta(days=ladder.thresholds.window_days)
        return tier_changes.change_tier(
            employer_id, Tier.PROVISIONAL, SYSTEM, now, until=until, seen=seen, basis=basis
        )
    return tier_changes.change_tier(
        employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP, seen=seen, basis=basis
    )


def _may_rise(employer: Employer, ladder: Ladder, now: datetime) -> bool:
    """Return whether only the employer's age keeps it provisional, and it was approved long enough
    ago.
    """
    if employer.confirmed_at is None or employer.confirmed_at > now - timedelta(
        days=ladder.thresholds.early_days
    ):
        return False
    unconditional = Case.objects.in_force(now).filter(employer=employer, conditional=False).exists()
    return unconditional and employer.confirmed_at > now - ladder.provisional_for
