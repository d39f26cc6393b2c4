"""Channels of staff alerts: creating, changing, testing and resuming them.

Each change is an Event, and a mail to the other superusers: a channel sends what staff know to a
place outside. The address and the secret are sealed, and no page shows them again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from employers.alerts import notices
from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.core.sealing import seal_text
from events.delivery import alert_channels, alert_delivery, alert_texts
from events.delivery.alert_channels import Result, Verdict
from events.delivery.mail import queue_mail
from events.models import AlertChannel, AlertKind, ChannelKind, record


@dataclass(frozen=True)
class Wanted:
    """What an operator entered. An empty address or secret leaves the stored one as it is."""

    name: str
    language: str
    kinds: Collection[AlertKind]
    active: bool = True
    address: str = ""
    secret: str = ""


def create_channel(
    kind: ChannelKind, wanted: Wanted, by: User, now: datetime, *, local: bool
) -> AlertChannel:
    """Create a channel. Raises Refused: `not_allowed`, `alert_url_wrong`, `alert_url_missing`."""
    _check(by)
    if not wanted.address:
        raise Refused("alert_url_missing", "address")
    channel = AlertChannel(kind=kind, created_at=now, due_at=now)
    _write(channel, wanted, local)
    with transaction.atomic():
        channel.save(force_insert=True)
        record("create_alert_channel", channel, by.as_reviewer(), now, data=_noted(channel))
        notices.tell_of_change(channel, "alert_channel_created", by, now)
    return channel


def change_channel(
    channel_id: UUID, wanted: Wanted, by: User, now: datetime, *, local: bool
) -> AlertChannel:
    """Change a channel. A stopped one starts again if its address or secret was replaced.

    Raises Refused: `not_allowed`, `alert_url_wrong`.
    """
    _check(by)
    with transaction.atomic():
        channel: AlertChannel = AlertChannel.objects.select_for_update(no_key=True).get(
            pk=channel_id
        )
        _write(channel, wanted, local)
        replaced = [name for name in ("address", "secret") if getattr(wanted, name)]
        if replaced:
            _start_again(channel, now)
        channel.save(update_fields=_WRITTEN)
        data = _noted(channel) | {"replaced": replaced}
        record("change_alert_channel", channel, by.as_reviewer(), now, data=data)
        notices.tell_of_change(channel, "alert_channel_changed", by, now)
    return channel


def try_channel(
    channel_id: UUID,
    by: User,
    now: datetime,
    *,
    local: bool,
    post: alert_delivery.Post = alert_delivery.POST_QUICKLY,
) -> Verdict:
    """Send a test message at once, and return what the answer means.

    A stopped channel that accepts it starts again. Raises Refused `not_allowed`.
    """
    _check(by)
    channel = AlertChannel.objects.get(pk=channel_id)
    text = alert_texts.trial_text(channel.name, channel.language)
    if channel.kind == ChannelKind.MAIL:
        with transaction.atomic():
            line = {"text": text, "link": ""}
            context = {"lines": [line], "path": notices.page_of(channel)}
            address = alert_delivery.address_of(channel)
            queue_mail(address, "staff_alert", channel.language, context, now)
            record("test_alert_channel", channel, by.as_reviewer(), now, data={"result": "queued"})
        return Verdict(Result.ACCEPTED)
    verdict = alert_delivery.post_text(channel, text, now, local=local, post=post)
    with transaction.atomic():
        data = {"result": verdict.result.value}
        record("test_alert_channel", channel, by.as_reviewer(), now, data=data)
        channel = AlertChannel.objects.select_for_update(no_key=True).get(pk=channel_id)
        if verdict.result is Result.ACCEPTED:
            _start_again(channel, now)
            channel.last_success_at = now
        else:
            channel.answer = verdict.words
        channel.save(update_fields=[*_HEALTH, "last_success_at"])
    return verdict


_HEALTH = ("due_at", "failures", "failing_since", "failing_told_at", "stopped_at", "answer")
_WRITTEN = (
    "name",
    "language",
    "kinds",
    "active",
    "address_sealed",
    "address_hint",
    "secret_sealed",
    *_HEALTH,
)


def _check(by: User) -> None:
    if not by.as_reviewer().can(Power.ALERTS):
        raise Refused("not_allowed")


def _write(channel: AlertChannel, wanted: Wanted, local: bool) -> None:
    kind = ChannelKind(channel.kind)
    channel.name, channel.language, channel.active = wanted.name, wanted.language, wanted.active
    channel.kinds = sorted(wanted.kinds) if len(wanted.kinds) < len(AlertKind) else []
    if wanted.address:
        if kind != ChannelKind.MAIL:
            alert_channels.check_address(kind, wanted.address, local=local)
        channel.address_hint = alert_channels.hint_of(kind, wanted.address)
        channel.address_sealed = seal_text(wanted.address, channel.address_purpose)
    if wanted.secret:
        channel.secret_sealed = seal_text(wanted.secret, channel.secret_purpose)


def _start_again(channel: AlertChannel, now: datetime) -> None:
    channel.failures, channel.answer, channel.due_at = 0, "", now
    channel.failing_since = channel.failing_told_at = channel.stopped_at = None


def _noted(channel: AlertChannel) -> dict[str, object]:
    return {"kind": channel.kind, "kinds": channel.kinds, "active": channel.active}
