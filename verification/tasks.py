"""When is a case worked on? At the doorbell, and again by the sweeper for every doorbell that was lost."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events.errors import Refused
from verification import operations, pipeline
from verification.models import Attempt, Case
from verification.states import State

SWEEP_AT_MOST = 200


@shared_task
def check_attempt(attempt_id: int) -> None:
    pipeline.run(attempt_id, timezone.now, settings.LEASE_SECONDS)


@shared_task
def sweep() -> None:
    """Ring again for every attempt that is due and held by nobody; write down approvals whose time is over."""
    now = timezone.now()
    for attempt_id in Attempt.objects.due(now).order_by("due_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        check_attempt.delay(attempt_id)
    for case_id in Case.objects.filter(state=State.APPROVED, expires_at__lte=now).values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        try:
            operations.expire(case_id, now)
        except Refused:  # suspended in the same moment
            continue
