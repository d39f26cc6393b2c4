"""When is mail sent? At the doorbell, and again by the sweeper for every doorbell that was lost."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events import mail
from events.models import Mail
from events.queue import ring_due


@shared_task
def send_mail(mail_id: int) -> None:
    mail.send(mail_id, timezone.now(), settings.SITE_URL)


@shared_task
def sweep_mail() -> None:
    ring_due(Mail.objects.all(), send_mail, timezone.now())
