"""Tests of sending text messages: twice, late, half-way, at once, never; reports; retention."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from events.core.sealing import KeyMissing
from events.delivery import sms as delivery
from events.delivery.sms import forget_old_messages, pull_reports, queue_sms, send_sms, take_reports
from events.models import Sms, SmsDay, SmsOutcome
from events.sms import simulated_sms
from events.sms.base import NUMBER_ABSENT, NUMBER_BLOCKED, Report
from events.sms.simulator import MAGIC, SimulatedSms
from events.tasks import sweep_sms

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 27, 12, 0))
NUMBER = "+8613912345678"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def phones(settings: Any, tmp_path: Path) -> Iterator[SimulatedSms]:
    """The simulated provider, without messages of earlier tests."""
    settings.VAR_DIR = tmp_path
    return simulated_sms()


def code(to: str = NUMBER, at: datetime = NOW) -> uuid.UUID:
    params = {"code": "739156", "minutes": "5"}
    return queue_sms(to, "verification_code", "zh-hans", params, at, payer="accounts").pk


def notice(to: str = NUMBER, at: datetime = NOW) -> uuid.UUID:
    params = {"company": "北京某某科技有限公司", "path": "s/8aZkQ2hh"}
    return queue_sms(to, "candidate_told", "zh-hans", params, at, payer="a platform").pk


def row(pk: uuid.UUID) -> Sms:
    found: Sms = Sms.objects.get(pk=pk)
    return found


def spent(payer: str = "") -> int:
    return SmsDay.objects.get(payer=payer).cost


def test_a_sent_message_keeps_neither_number_nor_code(phones: SimulatedSms) -> None:
    pk = code()
    assert send_sms(pk, NOW)
    (received,) = phones.messages()
    assert received.number == NUMBER
    assert received.text.startswith("【资质】验证码：739156，5 分钟内有效")
    sent = row(pk)
    assert (sent.outcome, sent.content_sealed, sent.cost) == (SmsOutcome.SENT, "", 500)
    assert sent.reference and sent.finished_at == NOW


def test_twice_is_once(phones: SimulatedSms) -> None:
    pk = code()
    assert [send_sms(pk, NOW), send_sms(pk, NOW)] == [True, False]
    assert len(phones.messages()) == 1


def test_a_lost_answer_is_looked_up_and_not_sent_again(phones: SimulatedSms) -> None:
    phones.fail_next("answer_lost")
    pk = code()
    assert not send_sms(pk, NOW)
    waiting = row(pk)
    assert waiting.finished_at is None and waiting.handed_at == NOW
    assert not send_sms(pk, NOW + timedelta(seconds=59))
    assert send_sms(pk, NOW + MINUTE)
    assert row(pk).outcome == SmsOutcome.SENT and row(pk).content_sealed == ""
    assert len(phones.messages()) == 1


def test_a_worker_that_died_half_way_does_not_make_it_go_twice(phones: SimulatedSms) -> None:
    """It died after the request, or before: that cannot be told, so the message is looked up."""
    died = code()
    Sms.objects.filter(pk=died).update(handed_at=NOW, lease=uuid.uuid4(), leased_until=NOW + MINUTE)
    at = NOW + MINUTE
    while row(died).finished_at is None:
        send_sms(died, at)
        at += MINUTE
    assert row(died).outcome == SmsOutcome.UNKNOWN and row(died).content_sealed == ""
    assert at - NOW < timedelta(minutes=15)
    assert phones.messages() == []
    assert spent() == 500, "it may have been charged"


def test_a_message_that_was_lost_is_unknown_in_the_end() -> None:
    lost = code(f"{MAGIC}0009")
    for minutes in range(11):
        send_sms(lost, NOW + minutes * MINUTE)
    assert row(lost).outcome == SmsOutcome.UNKNOWN


def test_a_code_that_comes_too_late_is_not_sent(phones: SimulatedSms) -> None:
    pk = code()
    assert not send_sms(pk, NOW + 5 * MINUTE)
    assert (row(pk).outcome, row(pk).content_sealed, row(pk).cost) == (SmsOutcome.LATE, "", 0)
    assert phones.messages() == [] and spent() == spent("codes") == 0


@pytest.mark.parametrize("kind", ["flow_limit", "unavailable", "balance", "sign", "broken"])
def test_what_passes_is_tried_again_while_it_is_useful(phones: SimulatedSms, kind: str) -> None:
    phones.fail_next(kind)
    pk = code()
    assert not send_sms(pk, NOW)
    assert row(pk).finished_at is None and row(pk).handed_at is None
    assert send_sms(pk, NOW + 2 * MINUTE)
    assert len(phones.messages()) == 1


def test_a_provider_out_of_service_ends_a_code_after_its_minutes(phones: SimulatedSms) -> None:
    phones.fail_next(*["balance"] * 9)
    pk = code()
    for minutes in range(8):
        send_sms(pk, NOW + minutes * MINUTE)
    assert row(pk).outcome == SmsOutcome.LATE and row(pk).content_sealed == ""
    assert spent() == 0


@pytest.mark.parametrize(
    ("ending", "failure"),
    [("0001", "number_illegal"), ("0002", NUMBER_BLOCKED), ("0003", "params_rejected")],
)
def test_a_refused_message_is_not_tried_again_and_costs_nothing(ending: str, failure: str) -> None:
    pk = notice(f"{MAGIC}{ending}")
    send_sms(pk, NOW)
    assert (row(pk).outcome, row(pk).failure) == (SmsOutcome.FAILED, failure)
    assert row(pk).content_sealed == "" and row(pk).finished_at == NOW
    assert spent() == spent("a platform") == 0


def test_what_was_sealed_with_a_lost_key_waits_and_is_given_up(monkeypatch: Any) -> None:
    def no_key(*_: object) -> str:
        raise KeyMissing("the key is missing")

    monkeypatch.setattr(delivery, "unseal_text", no_key)
    pk = code()
    for minutes in (0, 2, 4, 6):
        send_sms(pk, NOW + minutes * MINUTE)
    assert row(pk).outcome == SmsOutcome.LATE


def test_a_message_of_a_test_never_reaches_a_real_provider(settings: Any) -> None:
    settings.SMS_PROVIDER = "aliyun"
    pk = notice(f"{MAGIC}9999")
    settings.SMS_KEY_ID = settings.SMS_KEY_SECRET = "key"
    settings.SMS_CALLBACK_SECRET = "s" * 24
    send_sms(pk, NOW)
    assert row(pk).outcome == SmsOutcome.TEST and spent() == 0


def test_a_message_of_a_former_provider_is_not_sent_by_the_new_one(
    settings: Any, phones: SimulatedSms
) -> None:
    """Its quota of numbers and the codes of texts were the other's."""
    pk = code()
    Sms.objects.filter(pk=pk).update(provider="aliyun")
    for minutes in (0, 2, 4, 6):
        send_sms(pk, NOW + minutes * MINUTE)
    assert row(pk).outcome == SmsOutcome.LATE and phones.messages() == []


def test_a_lost_doorbell_is_rung_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pk = code()
    rung: list[str] = []
    monkeypatch.setattr("events.tasks.send_sms.delay", rung.append)
    monkeypatch.setattr("events.tasks.timezone.now", lambda: NOW)
    sweep_sms()
    assert rung == [str(pk)]


# --- Reports --------------------------------------------------------------------------------------


def test_a_report_says_what_became_of_it() -> None:
    delivered, absent, never = code(), code(f"{MAGIC}0010"), code(f"{MAGIC}0013")
    for pk in (delivered, absent, never):
        send_sms(pk, NOW)
    assert pull_reports(NOW) == 0
    assert pull_reports(NOW + MINUTE) == 2
    assert row(delivered).outcome == SmsOutcome.DELIVERED
    assert (row(absent).outcome, row(absent).failure) == (SmsOutcome.FAILED, NUMBER_ABSENT)
    assert row(never).outcome == SmsOutcome.SENT


def test_a_report_that_comes_twice_and_late_counts_once(phones: SimulatedSms) -> None:
    pk = code(f"{MAGIC}0012")
    send_sms(pk, NOW)
    later = NOW + timedelta(minutes=11)
    assert pull_reports(NOW + MINUTE) == 0
    assert pull_reports(later) == 1
    pushed = [phones.verify_callback(each, later) for each in phones.pushes(later)]
    assert [take_reports("simulator", each, later) for each in pushed] == [0, 0]
    assert row(pk).outcome == SmsOutcome.DELIVERED


def report(pk: uuid.UUID, *, failure: str = "", segments: int | None = None) -> list[Report]:
    return [Report(pk.hex, "S1", not failure, failure, NOW, segments)]


def test_delivered_prevails_over_failed() -> None:
    pk = code()
    send_sms(pk, NOW)
    assert take_reports("simulator", report(pk, failure="UNDELIV"), NOW) == 1
    assert take_reports("simulator", report(pk), NOW) == 1
    assert take_reports("simulator", report(pk, failure="UNDELIV"), NOW) == 0
    assert (row(pk).outcome, row(pk).failure) == (SmsOutcome.DELIVERED, "")


def test_a_report_that_overtakes_the_answer_is_kept(phones: SimulatedSms) -> None:
    phones.fail_next("answer_lost")
    pk = code()
    send_sms(pk, NOW)
    assert take_reports("simulator", report(pk), NOW) == 1
    assert send_sms(pk, NOW + MINUTE)
    assert row(pk).outcome == SmsOutcome.DELIVERED and row(pk).content_sealed == ""


def test_reports_of_others_and_of_messages_that_were_never_handed_over_are_ignored() -> None:
    pk = code()
    assert take_reports("simulator", report(pk), NOW) == 0
    send_sms(pk, NOW)
    assert take_reports("aliyun", report(pk), NOW) == 0
    assert take_reports("simulator", [Report("no id", "", True, "", NOW)], NOW) == 0
    assert take_reports("simulator", report(uuid.uuid4()), NOW) == 0


def test_the_charged_segments_correct_the_cost() -> None:
    pk = code()
    send_sms(pk, NOW)
    take_reports("simulator", report(pk, segments=3), NOW)
    assert (row(pk).segments, row(pk).cost) == (3, 1500)
    assert spent() == spent("codes") == 1500


def test_pulling_survives_a_provider_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    from events.core.errors import ProviderUnavailable

    def down(*_: object) -> None:
        raise ProviderUnavailable("down")

    monkeypatch.setattr(SimulatedSms, "reports", down)
    assert pull_reports(NOW) == 0


# --- What stays -----------------------------------------------------------------------------------


def test_after_a_month_only_the_sums_stay() -> None:
    old, young = code(), code(at=NOW + timedelta(days=2))
    send_sms(old, NOW)
    assert forget_old_messages(NOW + timedelta(days=30)) == 0
    assert forget_old_messages(NOW + timedelta(days=31)) == 1
    assert list(Sms.objects.values_list("pk", flat=True)) == [young]
    assert SmsDay.objects.filter(payer="codes").count() == 2


def test_nothing_of_a_message_is_logged(
    caplog: pytest.LogCaptureFixture, phones: SimulatedSms
) -> None:
    with caplog.at_level(logging.DEBUG):
        kinds = ("flow_limit", "balance", "answer_lost", "params", "never_sent")
        for number, kind in enumerate(kinds):
            phones.fail_next(kind)
            pk = code(f"+8613912340{number:03}")
            for minutes in range(12):
                send_sms(pk, NOW + minutes * MINUTE)
    assert "sms_rejected" in caplog.text and "sms_unknown" in caplog.text
    assert "739156" not in caplog.text and "13912340" not in caplog.text
