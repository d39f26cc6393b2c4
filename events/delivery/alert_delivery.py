"""Sends alerts: one worker per channel, at the pace of its provider, waiting messages together.

A message that was sent while the worker died is sent again. A message that could not be sent for a
day is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.urls import reverse

from events.core.sealing import unseal_text
from events.delivery import alert_channels, alert_texts, safe_http
from events.delivery.alert_channels import Result, Verdict
from events.delivery.mail import queue_mail
from events.jobs.runner import Clock, Lease, claim_row
from events.models import AlertChannel, AlertKind, AlertMessage, AlertOutcome, ChannelKind

log = structlog.get_logger()

LEASE_SECONDS: Final = 60
GIVEN_UP_AFTER: Final = timedelta(hours=24)
FAILING_TOLD_AFTER: Final = timedelta(hours=1)
"""Operators get a mail about a channel that has failed for this long."""
RESTS_FROM: Final = 15.0
RESTS_AT_MOST: Final = 900.0
"""Seconds that a channel rests after its first failure, doubled with each, and at most."""
TOGETHER_AT_MOST: Final = 500
_HEADERS: Final = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Zizhi-Alerts/1",
    "Accept-Encoding": "identity",
}

Post = Callable[..., safe_http.Response]
POST_QUICKLY: Final = partial(safe_http.post_safely, seconds=8.0)
"""Posts while a person waits for the answer."""
Told = Callable[[AlertChannel, datetime], None]
"""Called in the same transaction when a channel is stopped, or has failed for long."""


class _Troubles:
    """The registered listener. `events` does not know who operates channels."""

    told: Told | None = None


def troubles_told_to(told: Told) -> None:
    """Register `told`, which mails the operators about a channel in trouble."""
    _Troubles.told = told


def address_of(channel: AlertChannel) -> str:
    """Return the webhook's URL or the mail address."""
    return unseal_text(channel.address_sealed, channel.address_purpose)


def post_text(
    channel: AlertChannel,
    text: str,
    now: datetime,
    *,
    local: bool,
    post: Post = safe_http.post_safely,
) -> Verdict:
    """Post one message to a chat, and return what the answer means."""
    kind, sealed = ChannelKind(channel.kind), channel.secret_sealed
    secret = unseal_text(sealed, channel.secret_purpose) if sealed else ""
    url = address_of(channel)
    address, body = alert_channels.request_for(kind, url, secret, text, now)
    verdict = alert_channels.verdict_of(kind, post(address, _HEADERS, body, local=local), now)
    return replace(verdict, words=alert_channels.without_secrets(verdict.words, url, secret))


def send_waiting(
    channel_id: UUID,
    clock: Clock,
    site_url: str,
    *,
    local: bool = False,
    post: Post = safe_http.post_safely,
) -> bool:
    """Send what waits for the channel as one message. Return whether it was accepted.

    Does nothing if the channel is leased, at rest, off or stopped.
    """
    lease = claim_row(AlertChannel.objects.all(), channel_id, clock, LEASE_SECONDS)
    if lease is None:
        return False
    give_up_old(clock(), lease.row)
    batch = _batch(lease.row)
    if not batch:
        lease.give_back(clock())
        return False
    lines = alert_texts.lines_of(batch, lease.row.language, site_url)
    if lease.row.kind == ChannelKind.MAIL:
        return _mail(lease, batch, lines)
    more = alert_texts.Line("", site_url + reverse("admin:events_alertmessage_changelist"))
    text = alert_texts.bundle_lines(lines, lease.row.language, more)
    verdict = post_text(lease.row, text, clock(), local=local, post=post)
    return _write_down(lease, batch, verdict)


def _batch(channel: AlertChannel) -> list[AlertMessage]:
    """Return the messages to send together. A digest is sent alone."""
    waiting = channel.messages.filter(finished_at=None).order_by("pk")
    others = list(waiting.exclude(kind=AlertKind.DIGEST)[:TOGETHER_AT_MOST])
    return others or list(waiting[:1])


def _mail(
    lease: Lease[AlertChannel], batch: Sequence[AlertMessage], lines: Sequence[alert_texts.Line]
) -> bool:
    """Queue the mail. From then on it is retried like every mail."""
    channel, now = lease.row, lease.clock()
    with transaction.atomic():
        if lease.locked() is None:
            return False
        told = {
            "lines": [{"text": line.text, "link": line.link} for line in lines],
            "path": reverse("admin:events_alertmessage_changelist"),
        }
        queue_mail(address_of(channel), "staff_alert", channel.language, told, now)
        _finish(batch, AlertOutcome.SENT, now)
        return lease.give_back(now, last_success_at=now, answer="")


def _write_down(
    lease: Lease[AlertChannel], batch: Sequence[AlertMessage], verdict: Verdict
) -> bool:
    """Store the result. A lost lease writes nothing."""
    now = lease.clock()
    with transaction.atomic():
        channel = lease.locked()
        if channel is None:
            return False
        words = verdict.words[: alert_channels.WORDS_AT_MOST]
        if verdict.result is Result.ACCEPTED:
            _finish(batch, AlertOutcome.SENT, now)
            good: dict[str, Any] = {
                "failures": 0,
                "failing_since": None,
                "failing_told_at": None,
                "last_success_at": now,
                "answer": "",
            }
            return lease.give_back(now + _pace(channel), **good)
        if verdict.result is Result.REFUSED:
            _finish(batch, AlertOutcome.DEAD, now, words)
            log.error("alert_refused", channel=str(channel.pk), messages=len(batch), answer=words)
            lease.give_back(now + _pace(channel), answer=words)
            return False
        if verdict.result is Result.STOPPED:
            log.error("alert_channel_stopped", channel=str(channel.pk), answer=words)
            lease.give_back(now, stopped_at=now, answer=words)
            channel.stopped_at, channel.answer = now, words
            _tell(channel, now)
            return False
        _rest(lease, channel, verdict, words, now)
        return False


def _rest(
    lease: Lease[AlertChannel], channel: AlertChannel, verdict: Verdict, words: str, now: datetime
) -> None:
    """Let the channel rest after a failure, and tell the operators if it fails for long."""
    since = channel.failing_since or now
    changes: dict[str, Any] = {
        "failures": channel.failures + 1,
        "failing_since": since,
        "answer": words,
    }
    doubled = min(RESTS_AT_MOST, RESTS_FROM * 2.0 ** min(channel.failures, 10))
    # A provider that wants to be asked later than this is asked after an hour.
    wait = min(3600.0, verdict.wait) if verdict.result is Result.BUSY else doubled
    log.warning("alerts_delayed", channel=str(channel.pk), failures=channel.failures + 1)
    if now - since >= FAILING_TOLD_AFTER and channel.failing_told_at is None:
        changes["failing_told_at"] = now
        channel.answer = words
        _tell(channel, now)
    lease.give_back(now + timedelta(seconds=wait), words, **changes)


def _pace(channel: AlertChannel) -> timedelta:
    return timedelta(seconds=alert_channels.PROVIDERS[ChannelKind(channel.kind)].pace)


def _tell(channel: AlertChannel, now: datetime) -> None:
    if _Troubles.told is not None:
        _Troubles.told(channel, now)


def _finish(
    batch: Sequence[AlertMessage], outcome: AlertOutcome, now: datetime, answer: str = ""
) -> None:
    AlertMessage.objects.filter(pk__in=[each.pk for each in batch], finished_at=None).update(
        finished_at=now, outcome=outcome, answer=answer
    )


def give_up_old(now: datetime, channel: AlertChannel | None = None) -> int:
    """Give up messages that have waited for a day, also those of channels that are stopped."""
    old = AlertMessage.objects.filter(finished_at=None, created_at__lt=now - GIVEN_UP_AFTER)
    if channel is not None:
        old = old.filter(channel=channel)
    given_up = 0
    for message in old.select_related("channel")[:TOGETHER_AT_MOST]:
        given_up += AlertMessage.objects.filter(pk=message.pk, finished_at=None).update(
            finished_at=now, outcome=AlertOutcome.DEAD, answer=message.channel.answer
        )
    if given_up:
        log.error("alerts_given_up", messages=given_up)
    return given_up
