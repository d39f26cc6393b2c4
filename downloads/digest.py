"""The morning digest to staff: the figures of the days since the last working day, and the queue.

It is sent at nine on each working day. It holds figures only.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from django.urls import reverse

from downloads.models import CanaryRing, GateDecision, MoveAppeal
from events.delivery import mail
from events.delivery.alerts import raise_alert
from events.models import Alert, AlertKind, Event, Mail, Outcome, WebhookDelivery
from verification.models import Appeal, Case, Decision
from verification.monitoring.service_watch import stuck_jobs
from verification.rules.urgency import CURRENT, Kind
from verification.rules.working_hours import Hours

AT: Final = time(9)
UNTIL: Final = time(12)
"""A digest that was not sent by then, such as after an outage, is left out."""
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def send_digest(now: datetime, hours: Hours) -> bool:
    """Send today's digest if it is due. Return whether it was sent now."""
    here = now.astimezone(hours.zone)
    today = here.date()
    if not AT <= here.time() < UNTIL or not any(hours.spans(today)):
        return False
    if Alert.objects.filter(kind=AlertKind.DIGEST, key=today.isoformat()).exists():
        return False
    first, last = _covered(today, hours)
    params = digest_figures(first, last, now, hours)
    path = reverse("admin:verification_case_changelist")
    return raise_alert(AlertKind.DIGEST, today.isoformat(), params, now, path=path)


def _covered(today: date, hours: Hours) -> tuple[date, date]:
    """Return the days since the last digest: yesterday, and after a weekend the days before it."""
    last = first = today - _DAY
    while not any(hours.spans(first)) and last - first < timedelta(days=14):
        first -= _DAY
    return first, last


def digest_figures(first: date, last: date, now: datetime, hours: Hours) -> dict[str, Any]:
    """Return the figures of these days, and of the queue now."""
    start = datetime.combine(first, time(), hours.zone)
    end = datetime.combine(last + _DAY, time(), hours.zone)
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        **_decisions(start, end),
        **_queue(now),
        **_downloads(start, end),
        "mails": stuck_jobs(Mail.objects.exclude(to__endswith=mail.NOWHERE)).count(),
        "webhooks": WebhookDelivery.objects.filter(
            outcome=Outcome.DEAD, finished_at__gte=start, finished_at__lt=end
        ).count(),
    }


def _decisions(start: datetime, end: datetime) -> dict[str, Any]:
    made = Decision.objects.filter(
        decided_at__gte=start, decided_at__lt=end, case__golden=False, case__test=False
    ).order_by()
    by_person = made.filter(decided_by__isnull=False).values_list("waited", flat=True)
    waited = [each for each in by_person if each is not None]
    target = CURRENT.target[Kind.ORDINARY] / _HOUR
    kept = sum(each <= target for each in waited)
    return {
        "decided": len(waited),
        "median": round(median(waited), 1) if waited else None,
        "target": int(target),
        "kept": round(100 * kept / len(waited)) if waited else None,
        "automatic": made.filter(verb="approve", decided_by=None).count(),
    }


def _queue(now: datetime) -> dict[str, Any]:
    waiting = Case.objects.real().queued().order_by()
    oldest = waiting.filter(review_since__isnull=False).order_by("review_since").first()
    open_appeals = Appeal.objects.open().filter(case__golden=False, case__test=False)
    return {
        "waiting": waiting.count(),
        "late": waiting.filter(review_due__lte=now).count(),
        "oldest": oldest.review_since.isoformat() if oldest and oldest.review_since else None,
        "appeals": open_appeals.count() + MoveAppeal.objects.open().count(),
    }


def _downloads(start: datetime, end: datetime) -> dict[str, int]:
    asked = GateDecision.objects.filter(
        decided_at__gte=start, decided_at__lt=end, test=False
    ).order_by()
    traced = Event.objects.filter(verb="trace_copy", at__gte=start, at__lt=end)
    return {
        "allowed": asked.filter(allowed=True).count(),
        "refused": asked.filter(allowed=False).count(),
        "canaries": CanaryRing.objects.filter(at__gte=start, at__lt=end).count(),
        "leaks": len(set(traced.values_list("data__trace", flat=True))),
    }
