"""When is an employer's place on the ladder looked at without anybody asking? In rounds, behind the gate's answers."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from downloads import appealing, moving, retiring, watching


@shared_task
def lift_step_ups() -> None:
    now = timezone.now()
    moving.lift_step_ups(now)
    appealing.end_overtaken(now)


@shared_task
def watch_downloads() -> None:
    """Twice the time since the last round: a round that was missed is made up for."""
    now = timezone.now()
    watching.look(now, now - timedelta(seconds=2 * settings.WATCH_DOWNLOADS_SECONDS), ZoneInfo(settings.TIME_ZONE))


@shared_task
def retire_answers() -> None:
    retiring.retire(timezone.now(), settings.KEEP_ANSWERS_DAYS)
