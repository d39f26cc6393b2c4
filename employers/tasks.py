"""Celery tasks of employers: remind idle owners; delete old idempotent responses, onboarding links,
invitations, counted attempts, one-time codes, ended sign-ins and changes of address.
"""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from employers.accounts import invitations, onboarding
from employers.accounts.phones import reminders
from employers.accounts.self_service import address_change, leaving
from employers.platforms import idempotency
from employers.security import one_time_codes, sign_ins, throttle


@shared_task
def sweep_answers() -> None:
    idempotency.delete_old_answers(timezone.now())


@shared_task
def sweep_links() -> None:
    onboarding.delete_old_onboarding_links(timezone.now())
    invitations.delete_old_invitations(timezone.now())


@shared_task
def sweep_attempts() -> None:
    throttle.delete_old_counters(timezone.now())
    one_time_codes.delete_old_codes(timezone.now())


@shared_task
def remind_idle_owners() -> None:
    reminders.remind_idle_owners(timezone.now())


@shared_task
def sweep_accounts() -> None:
    sign_ins.delete_old_sign_ins(
        sign_ins.Limits(settings.SESSION_LONGEST, settings.SESSION_IDLE), timezone.now()
    )
    address_change.delete_old_changes(timezone.now())
    leaving.erase_deleted_accounts(settings.KEEP_ANSWERS_DAYS, timezone.now())
