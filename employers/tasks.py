"""When is let go of what platforms asked long ago?"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from employers import idempotency


@shared_task
def sweep_answers() -> None:
    idempotency.sweep(timezone.now())
