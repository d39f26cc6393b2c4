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
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone

from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import blind_indexes
from events.delivery.alerts import raise_alert
from events.models import AlertKind, Sms, SmsDay, record
from events.sms.texts import TEXTS, Purpose

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
    Quota("strangers", 4, timedelta(hours=1)),
    Quota("strangers", 6, timedelta(days=1)),
    Quota("account", 10, timedelta(hours=1)),
    Quota("account", 20, timedelta(days=1)),
    Quota("network", 100, timedelta(hours=1)),
    Quota("network", 300, timedelta(days=1)),
)
"""Those of numbers are the providers' own, so a provider has nothing left to refuse. They hold for
codes and for notices apart, as providers count them. Strangers are those who ask for codes in
browsers that have not signed in to the number's account before: they leave some to its owner.

A carrier gives one IPv4 address to hundreds of customers, and an office has one too. So a network
may cause more than a person does: what it costs is limited by the wider network (`employers`) and
by the budget, and what one number gets by the quotas of numbers.
"""
NOTICES_SHARE: Final = 0.7
"""The fraction of a day's budget after which only verification codes are sent."""
STRANGERS_SHARE: Final = 0.6
"""The fraction that codes which strangers ask for, for numbers without an account, may cost."""
RESERVE: Final = 0.15
"""The fraction that is kept for codes to known browsers and to numbers with an account."""
NEARLY_USED: Final = 0.8
PURPOSES: Final = {"number": "sms.number", "network": "sms.network", "account": "sms.account"}
"""The purposes of the blind indexes of subjects."""
CODES: Final = "codes"
"""What all codes are counted for. So they use up nobody's budget for notices."""
_CODES_TEXTS: Final = [name for name, text in TEXTS.items() if text.purpose is Purpose.VERIFICATION]


@dataclass(frozen=True)
class Budget:
    """What may be spent in a day, in ten-thousandths of a yuan: in total, and by each payer of
    notices.
    """

    total: int
    per_payer: int

    def allowed(self, purpose: Purpose, is_expected: bool) -> tuple[int, int]:
        """Return the costs up to which messages are sent: of their own payer, and in total."""
        if purpose is Purpose.NOTICE:
            return self.per_payer, int(self.total * NOTICES_SHARE)
        if is_expected:
            return self.total, self.total
        return int(self.total * STRANGERS_SHARE), int(self.total * (1 - RESERVE))


def lock_day(now: datetime) -> SmsDay:
    """Return the total of the day of `now`, locked until the transaction ends."""
    return _row(timezone.localtime(now).date(), "", SmsDay.objects.select_for_update())


def check_subjects(
    subjects: Mapping[str, str],
    purpose: Purpose,
    is_known: bool,
    now: datetime,
    *,
    at_once: bool = False,
) -> None:
    """Raise Refused `sms_too_many`, with the time of the next attempt, if a subject is at a quota.

    `subjects` are those of a message: its number, and the account and network it is sent for. For
    use while the day is locked. `at_once` leaves out the quota of a minute, for warnings. Messages
    that are held are not counted yet.
    """
    codes = Q(template__in=_CODES_TEXTS)
    same = codes if purpose is Purpose.VERIFICATION else ~codes
    counted = [(subject, subject, Q()) for subject in subjects if subject != "number"]
    counted.append(("number", "number", same))
    if purpose is Purpose.VERIFICATION and not is_known:
        counted.append(("strangers", "number", codes & Q(known=False)))
    for subject, name, which in counted:
        if not (value := subjects[name]):
            continue
        quotas = [
            quota
            for quota in QUOTAS
            if quota.subject == subject and not (at_once and quota.window <= A_MINUTE)
        ]
        rows = Sms.objects.filter(
            which,
            **{f"{name}_index__in": blind_indexes(value, PURPOSES[name])},
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


def count_against_budget(
    day: SmsDay, sms: Sms, purpose: Purpose, is_expected: bool, budget: Budget
) -> None:
    """Count `sms` in the locked `day` and for its payer. Raises Refused `sms_too_many` if the
    budget does not allow it.
    """
    own, cost = _row(day.day, sms.payer, SmsDay.objects.all()), sms.cost
    of_payer, in_total = budget.allowed(purpose, is_expected)
    for name, spent, most in (("payer", own.cost, of_payer), ("budget", day.cost, in_total)):
        if spent + cost > most:
            raise _refused(name, _midnight_after(day.day), sms.created_at)
    SmsDay.objects.filter(pk__in=(day.pk, own.pk)).update(
        messages=F("messages") + 1, segments=F("segments") + sms.segments, cost=F("cost") + cost
    )
    if day.cost < budget.total * NEARLY_USED <= day.cost + cost:
        log.warning("sms_budget_nearly_used", day=f"{day.day}", cost=day.cost + cost)
        figures = {"cost": day.cost + cost, "budget": budget.total}
        record("nearly_use_sms_budget", day, SYSTEM, sms.created_at, data=figures)
        _alert("nearly", day, sms)
    if day.cost + 2 * cost > budget.total:
        _alert("all", day, sms)
    elif purpose is Purpose.VERIFICATION and (
        own.cost + 2 * cost > of_payer or day.cost + 2 * cost > in_total
    ):
        _alert("strangers", day, sms)


def _alert(used: str, day: SmsDay, sms: Sms) -> None:
    """Tell staff once a day that the budget is nearly used, or that the next message of this kind
    is refused: `used` is "nearly", "strangers" or "all".
    """
    path = reverse("admin:events_smsday_changelist")
    params = {"used": used}
    raise_alert(AlertKind.SMS_BUDGET, f"{day.day} {used}", params, sms.created_at, path=path)


def correct_charge(sms: Sms, segments: int | None) -> None:
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
