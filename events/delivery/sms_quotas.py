"""Quotas against pumping: messages that someone has us send to numbers for a share of their price.

Counted are the rows of messages themselves, in windows that end now. The row of the day's total is
locked meanwhile, so processes cannot exceed a quota together. It is locked until the caller's
transaction ends: queue a message as the transaction's last step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import structlog
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import blind_indexes
from events.models import Sms, SmsDay, record
from events.sms.texts import Purpose

log = structlog.get_logger()


@dataclass(frozen=True)
class Quota:
    """How many messages one subject may cause in a window that ends now."""

    subject: str
    messages: int
    window: timedelta


A_MINUTE: Final = timedelta(minutes=1)
QUOTAS: Final = (
    Quota("number", 1, A_MINUTE),
    Quota("number", 5, timedelta(hours=1)),
    Quota("number", 10, timedelta(days=1)),
    Quota("account", 10, timedelta(hours=1)),
    Quota("account", 20, timedelta(days=1)),
    Quota("network", 30, timedelta(hours=1)),
    Quota("network", 100, timedelta(days=1)),
)
"""Those of numbers are the providers' own, so a provider has nothing left to refuse. Many people of
an office share a network.
"""
NOTICES_SHARE: Final = 0.7
"""The fraction of a day's budget after which only verification codes are sent."""
NEARLY_USED: Final = 0.8
PURPOSES: Final = {"number": "sms.number", "network": "sms.network", "account": "sms.account"}
"""The purposes of the blind indexes of subjects."""


@dataclass(frozen=True)
class Budget:
    """What may be spent in a day, in ten-thousandths of a yuan: in total, and by each payer."""

    total: int
    per_payer: int

    def allowed(self, purpose: Purpose) -> int:
        """Return the total up to which messages for this purpose are sent."""
        return self.total if purpose is Purpose.VERIFICATION else int(self.total * NOTICES_SHARE)


def lock_day(now: datetime) -> SmsDay:
    """Return the total of the day of `now`, locked until the transaction ends."""
    return _row(timezone.localtime(now).date(), "", SmsDay.objects.select_for_update())


def check_subjects(subjects: Mapping[str, str], now: datetime, *, at_once: bool = False) -> None:
    """Raise Refused `sms_too_many`, with the time of the next attempt, if a subject is at a quota.

    `subjects` are those of a message: its number, and the account and network it is sent for. For
    use while the day is locked. `at_once` leaves out the quota of a minute, for warnings. Messages
    that are held are not counted yet.
    """
    for subject, value in subjects.items():
        if not value:
            continue
        quotas = [
            quota
            for quota in QUOTAS
            if quota.subject == subject and not (at_once and quota.window <= A_MINUTE)
        ]
        rows = Sms.objects.filter(
            **{f"{subject}_index__in": blind_indexes(value, PURPOSES[subject])},
            held_as="",
            created_at__gt=now - max(quota.window for quota in quotas),
        )
        newest_first = rows.order_by("-created_at").values_list("created_at", flat=True)
        times = list(newest_first[: max(quota.messages for quota in quotas)])
        ends = [
            times[quota.messages - 1] + quota.window
            for quota in quotas
            if len(times) >= quota.messages
        ]
        if ends and max(ends) > now:
            raise _refused(subject, max(ends), now)


def spend(day: SmsDay, sms: Sms, purpose: Purpose, budget: Budget) -> None:
    """Count `sms` in the locked `day` and for its payer. Raises Refused `sms_too_many` if the
    budget does not allow it.
    """
    own, cost = _row(day.day, sms.payer, SmsDay.objects.all()), sms.cost
    for name, spent, most in (
        ("payer", own.cost, budget.per_payer),
        ("budget", day.cost, budget.allowed(purpose)),
    ):
        if spent + cost > most:
            raise _refused(name, _midnight_after(day.day), sms.created_at)
    SmsDay.objects.filter(pk__in=(day.pk, own.pk)).update(
        messages=F("messages") + 1, segments=F("segments") + sms.segments, cost=F("cost") + cost
    )
    if day.cost < budget.total * NEARLY_USED <= day.cost + cost:
        log.warning("sms_budget_nearly_used", day=f"{day.day}", cost=day.cost + cost)
        figures = {"cost": day.cost + cost, "budget": budget.total}
        record("nearly_use_sms_budget", day, SYSTEM, sms.created_at, data=figures)


def charge(sms: Sms, segments: int | None) -> None:
    """Correct what `sms` is counted with, once it is known how many segments are charged: none, if
    it was not sent. `None` changes nothing.
    """
    if segments is None or segments == sms.segments:
        return
    cost = segments * (sms.cost // sms.segments) if sms.segments else 0
    Sms.objects.filter(pk=sms.pk).update(segments=segments, cost=cost)
    day = timezone.localtime(sms.created_at).date()
    for payer in ("", sms.payer):
        SmsDay.objects.filter(day=day, payer=payer).update(
            segments=Greatest(F("segments") + segments - sms.segments, 0),
            cost=Greatest(F("cost") + cost - sms.cost, 0),
        )


def _row(day: date, payer: str, rows: QuerySet[SmsDay]) -> SmsDay:
    rows = rows.filter(day=day, payer=payer)
    if (found := rows.first()) is not None:
        return found
    SmsDay.objects.bulk_create([SmsDay(day=day, payer=payer)], ignore_conflicts=True)
    return rows.get()


def _midnight_after(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def _refused(name: str, until: datetime, now: datetime) -> Refused:
    log.warning("sms_too_many", quota=name)
    seconds = math.ceil((until - now).total_seconds())
    details = {"until": f"{timezone.localtime(until):%Y-%m-%d %H:%M}", "seconds": str(seconds)}
    return Refused("sms_too_many", "phone", details=details)
