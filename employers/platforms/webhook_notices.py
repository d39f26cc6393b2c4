"""Notices about paused endpoints, to the platform's contact and to staff who can resume them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.urls import reverse

from employers.models import ApiClient, User
from employers.permissions import PERMISSIONS, Power
from events.delivery import webhook_delivery
from events.delivery.mail import queue_mail
from events.delivery.webhooks import WAITS_WHILE_PAUSED
from events.models import PausedWhy, WebhookAttempt, WebhookEndpoint


def tell_of_pause(endpoint: WebhookEndpoint, why: PausedWhy, now: datetime) -> None:
    """Queue the mails about a pause in the transaction that pauses, so each reader gets one per
    pause.

    For a test's endpoint only the contact gets one.
    """
    platform = ApiClient.objects.get(pk=endpoint.client_id)
    about = {
        "platform": platform.name,
        "address": address_of(endpoint.url),
        "endpoint": str(endpoint.pk),
        "why": why.value,
        "last": last_answer(endpoint),
        "days": webhook_delivery.GIVEN_UP_AFTER.days,
        "kept_days": WAITS_WHILE_PAUSED.days,
    }
    if platform.contact_email:
        path = f"{reverse('api:openapi-view')}#/webhooks/resume_webhook"
        queue_mail(
            platform.contact_email,
            "webhook_paused",
            platform.contact_language,
            about | {"path": path},
            now,
        )
    if platform.test:
        return
    path = reverse("admin:events_webhookendpoint_change", args=[endpoint.pk])
    for user in who_mends():
        queue_mail(
            user.email,
            "webhook_paused_staff",
            user.language,
            about | {"path": path, "contact": platform.contact_email},
            now,
        )


def who_mends(power: Power = Power.WEBHOOKS) -> list[User]:
    """Return the operators, who can resume endpoints or have another power; superusers if there
    are none.
    """
    app, _, codename = PERMISSIONS[power].partition(".")
    permissions = Permission.objects.filter(codename=codename, content_type__app_label=app)
    given = Q(groups__permissions__in=permissions) | Q(user_permissions__in=permissions)
    staff = User.objects.filter(is_active=True, is_staff=True)
    operators = [
        user
        for user in staff.filter(given).distinct().order_by("pk")
        if user.as_reviewer().can(power)
    ]
    return operators or list(staff.filter(is_superuser=True).order_by("pk"))


def address_of(url: str) -> str:
    """Return the endpoint's address without its query, which may hold a password, and in a form
    that mail programs do not turn into a link.
    """
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def last_answer(endpoint: WebhookEndpoint) -> str:
    """Return the last answer: a status, or the word for why there is none."""
    last = WebhookAttempt.objects.filter(delivery__endpoint=endpoint).order_by("-id").first()
    return "" if last is None else last.error or f"HTTP {last.status}"
