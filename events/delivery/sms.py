"""Queues a text message in the caller's transaction; a worker sends it afterwards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When

from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable, Refused
from events.core.sealing import blind_index, blind_indexes, seal_text, unseal_text
from events.delivery.sms_quotas import (
    CODES,
    PURPOSES,
    Budget,
    check_subjects,
    correct_charge,
    count_against_budget,
    lock_day,
)
from events.doorbell import notify_worker
from events.jobs.runner import Failure, Lease, LeaseLost, claim_row, retry_delay, run_job
from events.models import Sms, SmsOutcome
from events.sms import sms_provider
from events.sms.base import NUMBER_BLOCKED, Accepted, AnswerLost, Message, Rejected, Report
from events.sms.numbers import NOBODY, mainland_mobile
from events.sms.texts import TEXTS, Purpose, count_segments

log = structlog.get_logger()


LEASE_SECONDS: Final = 60
LOOKED_EVERY: Final = timedelta(minutes=1)
LOOKED_FOR: Final = timedelta(minutes=10)
"""How long a message whose answer was lost is looked for."""
KEPT_FOR: Final = timedelta(days=30)
REMOVED_AT_ONCE: Final = 1000
BLOCKED_FOR: Final = KEPT_FOR
"""How long a number that blocked our messages gets no notices. Verification codes are tried: its
owner asks for them.
"""


def sms_ready() -> bool:
    """Return whether there is a provider. If not, do not offer messages."""
    return bool(settings.SMS_PROVIDER)


def queue_sms(
    to: str,
    template: str,
    language: str,
    params: dict[str, str],
    now: datetime,
    *,
    payer: str,
    network: str = "",
    account: str = "",
    is_known: bool = False,
    has_account: bool = False,
    held_as: str = "",
    at_once: bool = False,
) -> Sms:
    """Queue a text message. A worker is notified after the commit.

    `template` and `params` are those of `events.sms.texts.TEXTS`. `payer` is what the cost of a
    notice is counted for: a platform's id, or "accounts". Codes are counted apart. `network` is
    where the request came from and `account` who made it (an account's id, or a browser's), if they
    did: both have quotas. `is_known` says that a code is for a browser which has signed in to the
    number's account before, `has_account` that there is such an account: a share of the quotas and
    of the budget is kept for them.

    A message with `held_as` is not refused by a quota but held until the quota allows it, while it
    is useful. It replaces what is held for the number as the same kind. `at_once` is for warnings:
    they do not wait for the minute after another message.

    The row of today's budget stays locked until the transaction ends, so queue messages last in it,
    and send none to anyone else in between.

    Raises Refused: `sms_unavailable`, `phone_invalid`, `phone_unsupported`, `sms_blocked`, and
    `sms_too_many` with the time of the next attempt in `details["until"]`. Raises ValueError for
    parameters that the text cannot have.
    """
    if not sms_ready():
        raise Refused("sms_unavailable", "phone")
    number, text = mainland_mobile(to), TEXTS[template]
    subjects = {"number": number, "network": network, "account": account}
    sms = _new_sms(subjects, template, language, params, payer, now)
    sms.known = is_known
    with transaction.atomic():
        day = lock_day(now)
        if text.purpose is Purpose.NOTICE and _has_blocked(number, now):
            raise Refused("sms_blocked", "phone")
        if held_as:
            _drop_held(number, held_as)
        try:
            check_subjects(subjects, text.purpose, is_known, now, at_once=at_once)
            count_against_budget(day, sms, text.purpose, is_known or has_account, _budget())
        except Refused as refused:
            if not held_as:
                raise
            _hold(sms, held_as, refused)
        sms.save(force_insert=True)
    if not sms.held_as:
        notify_worker("events.tasks.send_sms", sms.pk)
    return sms


def _new_sms(
    subjects: Mapping[str, str],
    template: str,
    language: str,
    params: dict[str, str],
    payer: str,
    now: datetime,
) -> Sms:
    """Return a row that is not saved yet, with its content sealed and its cost."""
    text = TEXTS[template]
    filled = text.filled(params)
    size = count_segments(text.written(filled, language, settings.SMS_SIGN, _site()))
    indexes = {
        f"{name}_index": blind_index(value, PURPOSES[name]) if value else ""
        for name, value in subjects.items()
    }
    sms = Sms(
        template=template,
        language=language,
        payer=CODES if text.purpose is Purpose.VERIFICATION else payer,
        provider=settings.SMS_PROVIDER,
        segments=size,
        cost=size * settings.SMS_PRICE,
        created_at=now,
        due_at=now,
        **indexes,
    )
    sms.content_sealed = seal_text(json.dumps([subjects["number"], filled]), sms.content_purpose)
    return sms


def _drop_held(number: str, held_as: str) -> None:
    """Remove what waits for the number as the same kind of news."""
    rows = Sms.objects.filter(finished_at=None, held_as=held_as)
    rows.filter(number_index__in=blind_indexes(number, PURPOSES["number"])).delete()


def _hold(sms: Sms, held_as: str, refused: Refused) -> None:
    """Let a new message wait, uncounted, until the quota that refused it allows it."""
    sms.held_as, sms.segments, sms.cost = held_as, 0, 0
    sms.due_at = sms.created_at + timedelta(seconds=int(refused.details["seconds"]))


def _count_held(lease: Lease[Sms]) -> bool:
    """Count a message that was held, once the quotas allow it. Return whether they do: if not, it
    is given back.
    """
    sms, now = lease.row, lease.clock()
    number, params = _content(sms)
    text = TEXTS[sms.template]
    sms.segments = count_segments(text.written(params, sms.language, settings.SMS_SIGN, _site()))
    sms.cost, sms.created_at = sms.segments * settings.SMS_PRICE, now
    with transaction.atomic():
        day = lock_day(now)
        try:
            check_subjects({"number": number}, text.purpose, False, now)
            count_against_budget(day, sms, text.purpose, False, _budget())
        except Refused as refused:
            lease.give_back(now + timedelta(seconds=int(refused.details["seconds"])), refused.code)
            return False
        if not lease.update(held_as="", created_at=now, segments=sms.segments, cost=sms.cost):
            raise LeaseLost
    return True


def _budget() -> Budget:
    return Budget(settings.SMS_BUDGET, settings.SMS_BUDGET_PER_PAYER)


def _site() -> str:
    return urlsplit(settings.SITE_URL).netloc


def _has_blocked(number: str, now: datetime) -> bool:
    return Sms.objects.filter(
        number_index__in=blind_indexes(number, PURPOSES["number"]),
        failure=NUMBER_BLOCKED,
        created_at__gt=now - BLOCKED_FOR,
    ).exists()


def send_sms(sms_id: uuid.UUID, now: datetime) -> bool:
    """Hand message `sms_id` to the provider, unless that is done, leased or not yet due.

    Providers do not recognise a repeated request. So `handed_at` is written before the request: if
    then no answer comes, or the worker dies, the message is not sent again but looked up. Return
    whether the provider has it.
    """
    lease = claim_row(Sms.objects.all(), sms_id, lambda: now, LEASE_SECONDS)
    return run_job(lease, _send, failures=FAILURES, give_up=_give_up)


def _send(lease: Lease[Sms]) -> bool:
    sms, now = lease.row, lease.clock()
    if sms.outcome:  # its report came before the provider's answer
        return lease.finish(content_sealed="")
    if sms.handed_at is not None:
        return _look_up(lease)
    if now >= _until(sms):
        return _end_unsent(lease, SmsOutcome.LATE)
    if sms.held_as and not _count_held(lease):
        return False
    provider = sms_provider(sms.provider)
    number, params = _content(sms)
    if number.startswith(NOBODY) and provider.name != "simulator":
        return _end_unsent(lease, SmsOutcome.TEST)
    text = TEXTS[sms.template]
    message = Message(
        id=sms.pk.hex,
        number=number,
        sign=settings.SMS_SIGN,
        code=code_of(sms.template, sms.language),
        params=text.sent(params),
        text=text.written(params, sms.language, settings.SMS_SIGN, _site()),
    )
    if not lease.update(handed_at=now):
        return False
    try:
        accepted = provider.send(message, now)
    except Rejected as rejected:
        log.warning("sms_rejected", job=str(sms.pk), template=sms.template, why=rejected.failure)
        return _end_unsent(lease, SmsOutcome.FAILED, rejected.failure)
    except (ProviderUnavailable, ProviderBroken):
        lease.update(handed_at=None)
        raise
    return _accept(lease, accepted)


def _content(sms: Sms) -> tuple[str, dict[str, str]]:
    """Return the number and the parameters."""
    number, params = json.loads(unseal_text(sms.content_sealed, sms.content_purpose))
    return number, params


def _look_up(lease: Lease[Sms]) -> bool:
    """Ask the provider for a message whose answer was lost. It is never sent again: a reader with
    two codes would not know which one to type, and a lost one can be requested anew.
    """
    sms, now = lease.row, lease.clock()
    assert sms.handed_at is not None
    try:
        found = sms_provider(sms.provider).find(sms.pk.hex, _content(sms)[0], sms.handed_at, now)
    except ProviderError as error:
        found, why = None, type(error).__name__
    else:
        why = "not found"
    if found is not None:
        return _accept(lease, found)
    if now < sms.handed_at + LOOKED_FOR:
        lease.give_back(now + LOOKED_EVERY, why)
        return False
    log.warning("sms_unknown", job=str(sms.pk), template=sms.template)
    lease.finish(outcome=SmsOutcome.UNKNOWN, content_sealed="")
    return False


def _accept(lease: Lease[Sms], accepted: Accepted) -> bool:
    """Write down that the provider has the message. Its report may have come before."""
    sms = lease.row
    outcome = Case(When(outcome="", then=Value(SmsOutcome.SENT)), default=F("outcome"))
    with transaction.atomic():
        if not lease.finish(
            outcome=outcome, content_sealed="", reference=accepted.reference or F("reference")
        ):
            return False
        correct_charge(sms, accepted.segments)
    return True


def _end_unsent(lease: Lease[Sms], outcome: SmsOutcome, failure: str = "") -> bool:
    """End a message that was not sent, and take its cost from the day's."""
    with transaction.atomic():
        if lease.finish(outcome=outcome, failure=failure[:40], content_sealed=""):
            correct_charge(lease.row, 0)
    return False


def _give_up(lease: Lease[Sms], error: Exception) -> bool:
    log.error("sms_given_up", job=str(lease.row.pk), template=lease.row.template)
    return _end_unsent(lease, SmsOutcome.LATE, type(error).__name__)


def _until(sms: Sms) -> datetime:
    """Return when the message stops being useful."""
    text = TEXTS.get(sms.template)
    return sms.created_at + (text.useful_for if text else timedelta())


FAILURES: Final = (
    # `handed_at` stays, so that it is looked up next.
    Failure(AnswerLost, LOOKED_EVERY.total_seconds(), "sms_answer_lost"),
    Failure(
        ProviderUnavailable,
        lambda error, tries: retry_delay(error, tries),
        "sms_delayed",
        until=_until,
    ),
    Failure(ProviderBroken, 120.0, "sms_not_in_service", broken=True, until=_until),
)


def code_of(template: str, language: str) -> str:
    """Return the provider's code of a text, in Chinese if there is none in this language."""
    codes: dict[str, str] = settings.SMS_TEMPLATES
    if settings.SMS_PROVIDER == "simulator":
        return template
    return codes.get(f"{template}.{language[:2]}") or codes.get(template, "")


# --- Reports --------------------------------------------------------------------------------------


def take_reports(provider: str, reports: Iterable[Report], now: datetime) -> int:
    """Write down what became of messages. Return how many were news.

    A report may come twice, late, or before the answer to the request. One that says delivered
    prevails over one that says failed.
    """
    return sum(_take(provider, report, now) for report in reports)


def _take(provider: str, report: Report, now: datetime) -> bool:
    rows = Sms.objects.filter(provider=provider, handed_at__isnull=False)
    rows = (
        rows.filter(pk=_id_of(report))
        if _id_of(report)
        else (rows.filter(reference=report.reference) if report.reference else rows.none())
    )
    better = ["", SmsOutcome.SENT, SmsOutcome.UNKNOWN]
    better += [SmsOutcome.FAILED] if report.delivered else []
    with transaction.atomic():
        sms = rows.filter(outcome__in=better).select_for_update().first()
        if sms is None:
            return False
        sms.outcome = SmsOutcome.DELIVERED if report.delivered else SmsOutcome.FAILED
        sms.failure, sms.reported_at = report.failure[:40], min(report.at, now)
        sms.reference = sms.reference or report.reference
        sms.save(update_fields=["outcome", "failure", "reported_at", "reference"])
        if sms.finished_at is not None:
            correct_charge(sms, report.segments)
    return True


def _id_of(report: Report) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=report.message_id)
    except ValueError:
        return None


def pull_reports(now: datetime) -> int:
    """Ask the provider for reports, if it lists them. Return how many were news."""
    if not sms_ready():
        return 0
    provider = sms_provider(settings.SMS_PROVIDER)
    if not provider.lists_reports:
        return 0
    try:
        return take_reports(provider.name, provider.reports(now), now)
    except ProviderError as error:  # Tencent Cloud lists them only on request
        log.info("sms_reports_unavailable", why=str(error))
        return 0


def forget_old_messages(now: datetime) -> int:
    """Remove messages after `KEPT_FOR`, a few at a time. Return their number. What a day cost is
    kept.
    """
    past = Sms.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    removed = 0
    while keys := list(past.values_list("pk", flat=True)[:REMOVED_AT_ONCE]):
        removed += Sms.objects.filter(pk__in=keys).delete()[0]
    return removed
