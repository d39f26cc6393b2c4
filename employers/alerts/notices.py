"""Mails about channels of staff alerts: to superusers when one changes, to operators when one is in
trouble.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from employers.models import User
from employers.permissions import Power
from employers.platforms.webhook_notices import who_mends
from events.delivery.mail import queue_mail
from events.models import AlertChannel


def page_of(channel: AlertChannel) -> str:
    """Return the path of the channel's page in the console."""
    return reverse("admin:events_alertchannel_change", args=[channel.pk])


def tell_of_change(channel: AlertChannel, what: str, by: User, now: datetime) -> None:
    """Mail the superusers, except `by`, that `by` created or changed a channel."""
    context = {
        "what": what,
        "who": "",
        "channel": channel.name,
        "address": channel.address_hint,
        "by": by.email,
        "path": page_of(channel),
    }
    for each in User.objects.superusers().exclude(pk=by.pk):
        queue_mail(each.email, "staff_changed", each.language, context, now)


def tell_of_trouble(channel: AlertChannel, now: datetime) -> None:
    """Mail the operators that a channel was stopped, or has failed for over an hour."""
    context = {
        "channel": channel.name,
        "stopped": channel.stopped_at is not None,
        "answer": channel.answer,
        "path": page_of(channel),
    }
    for user in who_mends(Power.ALERTS):
        queue_mail(user.email, "alert_channel_trouble", user.language, context, now)
