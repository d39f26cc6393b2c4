"""Tests of queueing text messages: what is stored, the numbers that get any, and the quotas."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from events.core.errors import Refused
from events.delivery import sms_quotas
from events.delivery.sms import queue_sms, sms_ready
from events.models import Alert, AlertKind, Event, Sms, SmsDay

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 27, 12, 0))
NUMBER = "+8613912345678"
MINUTE = timedelta(minutes=1)


def numbered(number: int) -> str:
    return f"+86139{number:08}"


def code(to: str = NUMBER, at: datetime = NOW, **who: Any) -> Sms:
    params = {"code": "739156", "minutes": "5"}
    return queue_sms(to, "verification_code", "zh-hans", params, at, payer="accounts", **who)


def notice(to: str = NUMBER, at: datetime = NOW, payer: str = "a platform") -> Sms:
    params = {"company": "某某公司", "path": "s/8aZkQ2hh"}
    return queue_sms(to, "candidate_told", "zh-hans", params, at, payer=payer)


def test_a_queued_message_reveals_neither_number_nor_code() -> None:
    sms = code(network="203.0.113.77", account="an-account-id")
    assert sms_ready()
    row = Sms.objects.values().get(pk=sms.pk)
    for secret in ("13912345678", "739156", "203.0.113.77", "an-account-id"):
        assert secret not in str(row)
    assert sms.segments == 1 and SmsDay.objects.get(payer="codes").cost == 500


def test_a_worker_is_notified_after_the_commit(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(
        "events.doorbell.current_app.send_task", lambda task, key: rung.append((task, key))
    )
    with django_capture_on_commit_callbacks(execute=True):
        sms = code()
        assert rung == []
    assert rung == [("events.tasks.send_sms", (str(sms.pk),))]


def test_a_transaction_that_is_undone_uses_up_no_quota() -> None:
    with transaction.atomic():
        code()
        transaction.set_rollback(True)
    assert not Sms.objects.exists() and not SmsDay.objects.filter(cost__gt=0).exists()
    code()


def test_without_a_provider_nothing_is_queued(settings: Any) -> None:
    settings.SMS_PROVIDER = ""
    assert not sms_ready()
    with pytest.raises(Refused, match="sms_unavailable"):
        code()


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "13912345678",
        "+86 139 1234 5678",
        "0086-139-1234-5678",
        "１３９１２３４５６７８",
        "8613912345678",
    ],
)
def test_a_number_counts_once_however_it_is_typed(typed: str) -> None:
    code()
    with pytest.raises(Refused, match="sms_too_many"):
        code(typed)


@pytest.mark.parametrize("prefix", ["162", "165", "167", "170", "171"])
def test_numbers_of_virtual_operators_get_messages(prefix: str) -> None:
    assert code(f"{prefix}12345678").pk


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("+85291234567", "phone_unsupported"),
        ("+1 415 555 0100", "phone_unsupported"),
        ("0044 7700 900123", "phone_unsupported"),
        ("+88213300001234", "phone_unsupported"),  # a premium satellite network
        ("13491234567", "phone_unsupported"),
        ("17401234567", "phone_unsupported"),
        ("14412345678", "phone_unsupported"),
        ("14012345678", "phone_unsupported"),
        ("01012345678", "phone_invalid"),
        ("400 123 4567", "phone_invalid"),
        ("10086", "phone_invalid"),
        ("1068123456789", "phone_invalid"),
        ("12912345678", "phone_invalid"),
        ("1391234567", "phone_invalid"),
        ("139123456789", "phone_invalid"),
        ("13912345678,13912345679", "phone_invalid"),
        ("１３９１２３４５６７８;ext=1", "phone_invalid"),
        ("", "phone_invalid"),
    ],
)
def test_no_other_telephone_gets_any(typed: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        code(typed)
    assert not Sms.objects.exists()


# --- Quotas ---------------------------------------------------------------------------------------


def test_a_number_gets_one_message_a_minute_five_an_hour_ten_a_day() -> None:
    at = NOW
    sent: list[datetime] = []
    while len(sent) < 10:
        try:
            code(at=at, is_known=True)
        except Refused:
            at += timedelta(seconds=30)
        else:
            sent.append(at)
    assert sent[1] - sent[0] == MINUTE
    assert sent[5] - sent[0] == timedelta(hours=1)
    with pytest.raises(Refused) as refused_for_today:
        code(at=at + timedelta(hours=20), is_known=True)
    assert refused_for_today.value.details["until"] == "2026-11-28 12:00"
    code(at=sent[0] + timedelta(days=1), is_known=True)
    code(numbered(1), at)


def test_strangers_leave_some_codes_of_an_hour_and_of_a_day_to_known_browsers() -> None:
    sent: list[datetime] = []
    for minute in range(0, 20 * 60, 15):
        try:
            code(at=NOW + minute * MINUTE)
        except Refused:
            continue
        sent.append(NOW + minute * MINUTE)
        if len(sent) == 4:
            with pytest.raises(Refused):
                code(at=sent[-1] + MINUTE)
            code(at=sent[-1] + MINUTE, is_known=True)
    assert len(sent) == 6
    for hour in range(3):
        code(at=NOW + timedelta(hours=20 + hour), is_known=True)


def test_notices_do_not_use_up_a_numbers_codes() -> None:
    for hour in range(10):
        notice(at=NOW + timedelta(hours=hour))
    with pytest.raises(Refused, match="sms_too_many"):
        notice(at=NOW + timedelta(hours=10))
    code(at=NOW + timedelta(hours=9))


@pytest.mark.parametrize(("subject", "most"), [("network", 100), ("account", 10)])
def test_a_network_and_an_account_have_quotas_of_their_own(subject: str, most: int) -> None:
    for number in range(most):
        code(numbered(number), **{subject: "the same"})
    with pytest.raises(Refused, match="sms_too_many"):
        code(numbered(most), **{subject: "the same"})
    code(numbered(most), **{subject: "another"})
    code(numbered(most + 1), at=NOW + timedelta(hours=1), **{subject: "the same"})


def test_a_payer_has_a_budget_of_its_own(settings: Any) -> None:
    settings.SMS_BUDGET_PER_PAYER = 1000
    for number in range(2):
        notice(numbered(number), payer="one")
    with pytest.raises(Refused) as refused:
        notice(numbered(2), payer="one")
    assert refused.value.details["until"] == "2026-11-28 00:00"
    notice(numbered(2), payer="two")
    notice(numbered(3), payer="one", at=NOW + timedelta(hours=12))


def test_codes_use_up_nobodys_budget_for_notices(settings: Any) -> None:
    settings.SMS_BUDGET, settings.SMS_BUDGET_PER_PAYER = 10_000, 1000
    for number in range(5):
        code(numbered(number))
    notice(numbered(5), payer="accounts")


def test_strangers_use_up_only_their_share_of_the_budget(settings: Any) -> None:
    """The rest is for notices, for numbers with an account, and for known browsers."""
    settings.SMS_BUDGET, settings.SMS_BUDGET_PER_PAYER = 10_000, 5000
    for number in range(12):
        code(numbered(number))
    with pytest.raises(Refused) as refused:
        code(numbered(12))
    assert refused.value.details["until"] == "2026-11-28 00:00"
    for number in range(13, 15):
        notice(numbered(number))
    for number in range(15, 19):
        code(numbered(number), has_account=True)
    for number in range(19, 21):
        code(numbered(number), is_known=True)
    with pytest.raises(Refused):
        code(numbered(21), is_known=True)
    assert SmsDay.objects.get(payer="").cost == 10_000


def test_notices_and_strangers_leave_a_share_of_the_budget(settings: Any) -> None:
    settings.SMS_BUDGET = settings.SMS_BUDGET_PER_PAYER = 10_000
    for number in range(14):
        notice(numbered(number))
    with pytest.raises(Refused, match="sms_too_many"):
        notice(numbered(14))
    for number in range(14, 17):
        code(numbered(number))
    with pytest.raises(Refused, match="sms_too_many"):
        code(numbered(17))
    code(numbered(17), has_account=True)


def test_staff_are_alerted_when_the_budget_runs_out(settings: Any) -> None:
    settings.SMS_BUDGET = settings.SMS_BUDGET_PER_PAYER = 10_000

    def told() -> list[str]:
        rows = Alert.objects.filter(kind=AlertKind.SMS_BUDGET).order_by("pk")
        return [row.params["used"] for row in rows]

    for number in range(11):
        code(numbered(number))
    assert told() == []
    code(numbered(11))
    assert told() == ["strangers"]
    for number in range(12, 16):
        code(numbered(number), is_known=True)
    assert told() == ["strangers", "nearly"]
    for number in range(16, 20):
        code(numbered(number), is_known=True)
    assert told() == ["strangers", "nearly", "all"]


def test_a_budget_of_nothing_sends_nothing(settings: Any) -> None:
    settings.SMS_BUDGET = 0
    with pytest.raises(Refused, match="sms_too_many"):
        code()


def test_staff_are_told_once_when_the_budget_is_nearly_used(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SMS_BUDGET = settings.SMS_BUDGET_PER_PAYER = 5000
    for number in range(10):
        code(numbered(number), is_known=True)
    (event,) = Event.objects.filter(verb="nearly_use_sms_budget")
    assert event.data == {"cost": 4000, "budget": 5000}
    assert caplog.text.count("sms_budget_nearly_used") == 1


def test_a_refusal_costs_nothing_and_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    code()
    before = SmsDay.objects.get(payer="").cost
    for _ in range(3):
        with pytest.raises(Refused):
            code()
    assert SmsDay.objects.get(payer="").cost == before and Sms.objects.count() == 1
    assert "sms_too_many" in caplog.text and "13912345678" not in caplog.text


def test_a_number_that_blocked_us_gets_codes_but_no_notices() -> None:
    blocked = notice()
    Sms.objects.filter(pk=blocked.pk).update(failure="number_blocked")
    later = NOW + timedelta(hours=1)
    with pytest.raises(Refused, match="sms_blocked"):
        notice(at=later)
    code(at=later)
    notice(at=NOW + timedelta(days=30))


def test_what_a_text_cannot_have_is_an_error_of_the_caller() -> None:
    for params in ({}, {"code": "73915a", "minutes": "5"}, {"code": "739156", "minutes": "10"}):
        with pytest.raises(ValueError) as caught:
            queue_sms(NUMBER, "verification_code", "en", params, NOW, payer="accounts")
        assert "7391" not in str(caught.value)
    assert not Sms.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_processes_cannot_exceed_a_quota_together(settings: Any) -> None:
    settings.SMS_BUDGET = settings.SMS_BUDGET_PER_PAYER = 2500

    def one(number: int) -> str:
        try:
            code(NUMBER if number < 6 else numbered(number), is_known=True)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "queued"

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(one, range(16)))
    assert told[:6].count("queued") <= 1 and told.count("queued") == 5
    assert Sms.objects.count() == 5
    assert {day.payer: day.cost for day in SmsDay.objects.all()} == {"": 2500, "codes": 2500}


def test_queueing_takes_a_fixed_number_of_statements(django_assert_max_num_queries: Any) -> None:
    code(numbered(1))
    with django_assert_max_num_queries(10):
        code(network="203.0.113.7", account="17")


def test_the_quotas_of_numbers_are_the_providers() -> None:
    from events.sms.simulator import LIMITS

    ours = [(q.messages, q.window) for q in sms_quotas.QUOTAS if q.subject == "number"]
    assert ours == list(LIMITS)
