"""When is mail sent? At the doorbell, and again by the sweeper for every doorbell that was lost."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events import mail
from events.models import Mail


@shared_task
def send_mail(mail_id: int) -> None:
    mail.send(mail_id, timezone.now(), settings.SITE_URL)


@shared_task
def sweep_mail() -> None:
    for mail_id in Mail.objects.due(timezone.now()).order_by("due_at").values_list("pk", flat=True)[:200]:
        send_mail.delay(mail_id)
