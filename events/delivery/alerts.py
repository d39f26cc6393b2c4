"""Raises alerts to staff: one row per thing, and one message per channel that wants its kind.

A state that lasts is told once, again after a time, and when it ends. An occurrence is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from events.doorbell import notify_worker
from events.models import Alert, AlertChannel, AlertKind, AlertMessage, Said

KEPT_FOR: Final = timedelta(days=90)
"""How long alerts that have ended and messages are kept."""
_FORGOTTEN_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class Telling:
    """When a kind is told again."""

    lasts: bool = False
    """Whether it is a state, which begins and ends."""
    again: timedelta | None = None
    """How long after the last message it is told again while it lasts. None: never."""
    end: bool = False
    """Whether its end is told."""


TOLD: Final[dict[AlertKind, Telling]] = {
    AlertKind.SLA_SOON: Telling(lasts=True),
    AlertKind.SLA_LATE: Telling(lasts=True, again=timedelta(hours=24)),
    AlertKind.QUEUE_LONG: Telling(lasts=True, again=timedelta(hours=4), end=True),
    AlertKind.PROVIDER_DOWN: Telling(lasts=True, again=timedelta(hours=2), end=True),
    AlertKind.WORK_LATE: Telling(lasts=True, again=timedelta(hours=2), end=True),
    AlertKind.WEBHOOK_FAILING: Telling(lasts=True, again=timedelta(hours=24), end=True),
    AlertKind.SMS_BUDGET: Telling(),
    AlertKind.CANARY: Telling(),
    AlertKind.LEAK: Telling(),
    AlertKind.DIGEST: Telling(),
}


@dataclass(frozen=True)
class State:
    """A state that lasts now: its details, and the page of the console about it."""

    params: Mapping[str, Any]
    path: str = ""


def raise_alert(
    kind: AlertKind, key: str, params: Mapping[str, Any], now: datetime, *, path: str = ""
) -> bool:
    """Tell staff, in the caller's transaction. Return False if they know already."""
    telling = TOLD[kind]
    new = {"params": dict(params), "since": now, "told_at": now}
    ended = {} if telling.lasts else {"ended_at": now}
    with transaction.atomic():
        alert, is_new = Alert.objects.get_or_create(kind=kind, key=key, defaults=new | ended)
        if is_new:
            _queue(kind, Said.RAISED, params, path, now)
            return True
        if not telling.lasts:
            return False
        alert = Alert.objects.select_for_update().get(pk=alert.pk)
        said = _due(alert, telling, now)
        if said is None:
            return False
        if said == Said.RAISED:
            alert.since, alert.ended_at = now, None
        alert.params, alert.told_at = dict(params), now
        alert.save()
        _queue(kind, said, params, path, now)
    return True


def _due(alert: Alert, telling: Telling, now: datetime) -> Said | None:
    """Return what is to be told about a state that lasts now, or None."""
    if alert.ended_at is not None:
        return Said.RAISED
    if telling.again is not None and now - alert.told_at >= telling.again:
        return Said.STILL
    return None


def end_alert(kind: AlertKind, key: str, now: datetime, *, path: str = "") -> bool:
    """Tell staff that a state has ended. Return False if it did not last."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update().filter(kind=kind, key=key, ended_at=None).first()
        if alert is None:
            return False
        alert.ended_at = alert.told_at = now
        alert.save(update_fields=["ended_at", "told_at"])
        if TOLD[kind].end:
            _queue(kind, Said.ENDED, alert.params, path, now)
    return True


def report_states(
    kind: AlertKind,
    lasting: Mapping[str, State],
    now: datetime,
    *,
    among: Iterable[str] | None = None,
    path: str = "",
) -> None:
    """Raise each state that lasts, and end the others of this kind.

    `among` are the keys that the caller knows about; None means all. `path` is the page that the
    end of a state links to.
    """
    known = Alert.objects.filter(kind=kind, ended_at=None)
    if among is not None:
        known = known.filter(key__in=list(among))
    for key in set(known.values_list("key", flat=True)) - lasting.keys():
        end_alert(kind, key, now, path=path)
    for key, state in lasting.items():
        raise_alert(kind, key, state.params, now, path=state.path)


def _queue(
    kind: AlertKind, said: Said, params: Mapping[str, Any], path: str, now: datetime
) -> None:
    for channel in AlertChannel.objects.filter(active=True):
        if channel.wants(kind):
            AlertMessage.objects.create(
                channel=channel,
                kind=kind,
                said=said,
                params=dict(params),
                path=path,
                created_at=now,
            )
            notify_worker("events.tasks.send_alerts", channel.pk)


def forget_old_alerts(now: datetime) -> int:
    """Remove what ended long ago. Return the number of rows."""
    gone = 0
    for old in (
        AlertMessage.objects.filter(finished_at__lt=now - KEPT_FOR),
        Alert.objects.filter(ended_at__lt=now - KEPT_FOR),
    ):
        while pks := list(old.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]):
            gone += old.model.objects.filter(pk__in=pks).delete()[0]
    return gone
