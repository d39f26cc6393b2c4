"""Celery tasks of events. Sent when a row is due, and by periodic sweeps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from events import rekeying
from events.delivery import alert_delivery, alerts, feed, mail, sms, webhook_delivery, webhooks
from events.jobs.queue import notify_due
from events.models import AlertChannel, Mail, Outgoing, Sms, WebhookEndpoint


@worker_init.connect
def require_keys(**_: Any) -> None:
    """Runs before a worker starts. Celery only logs exceptions of its signals, except this one."""
    try:
        rekeying.require_keys()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


@shared_task
def send_mail(mail_id: int) -> None:
    mail.send_mail(mail_id, timezone.now(), settings.SITE_URL)


@shared_task
def sweep_mail() -> None:
    notify_due(Mail.objects.all(), send_mail, timezone.now())


@shared_task
def send_sms(sms_id: str) -> None:
    sms.send_sms(UUID(sms_id), timezone.now())


@shared_task
def sweep_sms() -> None:
    notify_due(Sms.objects.all(), send_sms, timezone.now())


@shared_task
def pull_sms_reports() -> None:
    sms.pull_reports(timezone.now())


@shared_task
def forget_sms() -> None:
    sms.forget_old_messages(timezone.now())


@shared_task
def relay() -> None:
    """Empty the outbox into the platforms' feeds."""
    while feed.relay_outbox(timezone.now()) == feed.AT_ONCE:
        pass


@shared_task
def sweep_outgoing() -> None:
    if Outgoing.objects.exists():
        relay()


@shared_task
def send_webhooks(endpoint_id: str) -> None:
    webhook_delivery.send_waiting(UUID(endpoint_id), timezone.now, local=settings.WEBHOOKS_LOCAL)


@shared_task
def sweep_webhooks() -> None:
    """Start sending to each endpoint with due deliveries."""
    now = timezone.now()
    for endpoint_id in (
        WebhookEndpoint.objects.awaited(now).order_by("due_at").values_list("pk", flat=True)
    ):
        send_webhooks.delay(str(endpoint_id))


@shared_task
def forget_webhooks() -> None:
    webhooks.let_go(timezone.now())
    webhooks.forget_old_deliveries(timezone.now())


@shared_task
def forget_mail() -> None:
    mail.forget_test_mails(timezone.now())


@shared_task
def send_alerts(channel_id: str) -> None:
    alert_delivery.send_waiting(
        UUID(channel_id), timezone.now, settings.SITE_URL, local=settings.WEBHOOKS_LOCAL
    )


@shared_task
def sweep_alerts() -> None:
    """Start sending to each alert channel with messages waiting."""
    now = timezone.now()
    for channel_id in AlertChannel.objects.awaited(now).values_list("pk", flat=True):
        send_alerts.delay(str(channel_id))


@shared_task
def forget_alerts() -> None:
    now = timezone.now()
    alert_delivery.give_up_old(now)
    alerts.forget_old_alerts(now)
