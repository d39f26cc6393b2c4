"""When is an employer's place on the ladder looked at without anybody asking? In rounds, behind the gate's answers."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from downloads import moving


@shared_task
def lift_step_ups() -> None:
    moving.lift_step_ups(timezone.now())
