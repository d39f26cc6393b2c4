"""Celery tasks of employers: delete old idempotent responses, onboarding links, invitations and
counted attempts.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from employers.accounts import invitations, onboarding
from employers.platforms import idempotency
from employers.security import throttle


@shared_task
def sweep_answers() -> None:
    idempotency.sweep(timezone.now())


@shared_task
def sweep_links() -> None:
    onboarding.sweep(timezone.now())
    invitations.sweep(timezone.now())


@shared_task
def sweep_attempts() -> None:
    throttle.sweep(timezone.now())
