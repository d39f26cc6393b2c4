"""Tests of text messages to candidates: who gets them, when, how often, and what is reported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation

from downloads.candidates import consents, operations, texts
from downloads.models import Candidate, CandidateText, Mode, RelayBinding, Release, ShortLink
from downloads.relays import bindings, provider_sync
from downloads.relays.provider_watch import watch_services
from downloads.rules.quiet_hours import not_in_quiet_hours
from employers.accounts import api_clients
from employers.models import ApiClient, Member
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.core.sealing import unseal_text
from events.delivery import feed
from events.models import Alert, AlertKind, Event, Mail, PlatformEvent, Sms, SmsOutcome
from tests.downloads.platform import Live, Platform
from tests.downloads.relays.relay_numbers import CALLERS, bound, give_phone
from tests.factories import make_case, make_member
from verification.monitoring.service_watch import watch_work
from verification.rules.states import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 11, 27, 22, 30, tzinfo=SHANGHAI)
MORNING = datetime(2026, 11, 28, 8, 0, tzinfo=SHANGHAI)
PHONE = "13912345678"
ONE = Actor(Role.CANDIDATE, "one")


@pytest.fixture
def live(db: None) -> Live:
    live = Live(NOON - timedelta(days=1))
    api_clients.text_candidates(live.client, True, SYSTEM, NOON)
    return live


def put(live: Live, mode: str = Mode.TELL_AFTER, **more: str) -> Candidate:
    told = operations.Told(mode, **({"phone": PHONE} | more))
    return operations.put_candidate(live.client, "c-1", told, NOON)[0]


def work(at: datetime) -> None:
    """Do all that is due."""
    for text in CandidateText.objects.due(at).order_by("pk"):
        texts.work_on_text(text.pk, lambda: at)


def said() -> list[tuple[str, dict[str, str]]]:
    """Return the texts of all messages, with their parameters."""
    return [
        (sms.template, json.loads(unseal_text(sms.content_sealed, sms.content_purpose))[1])
        for sms in Sms.objects.order_by("created_at")
    ]


def report(failure: str, outcome: str = SmsOutcome.FAILED) -> None:
    Sms.objects.update(outcome=outcome, failure=failure)


def heard(client: ApiClient) -> list[dict[str, Any]]:
    while feed.relay_outbox(NOON):
        pass
    rows = PlatformEvent.objects.of(client.pk).filter(type="candidate.not_reached")
    return [row.payload for row in rows]


def other_company(name: str) -> Member:
    member = make_member(NOON - timedelta(days=1))
    member.employer.name, member.employer.confirmed_at = name, NOON
    member.employer.save()
    make_case(member, NOON - timedelta(days=1), State.APPROVED)
    return member


# --- The hours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "waits_until"),
    [
        ("2026-11-27T07:59:59+08:00", "2026-11-27T08:00:00+08:00"),
        ("2026-11-27T08:00:00+08:00", ""),
        ("2026-11-27T21:59:59+08:00", ""),
        ("2026-11-27T22:00:00+08:00", "2026-11-28T08:00:00+08:00"),
        ("2026-12-31T16:30:00+00:00", "2027-01-01T08:00:00+08:00"),
    ],
)
def test_nights_in_china_wait_for_the_morning(hour: str, waits_until: str) -> None:
    moment = datetime.fromisoformat(hour)
    assert not_in_quiet_hours(moment) == datetime.fromisoformat(waits_until or hour)


# --- Who is told ----------------------------------------------------------------------------------


def test_releases_of_some_minutes_are_told_in_one_message_with_a_link(live: Live) -> None:
    candidate = put(live)
    live.take(NOON)
    other = other_company("江城市宏图人力资源服务有限公司")
    live.take(NOON + timedelta(minutes=1), member=other)
    work(NOON + timedelta(minutes=4))
    assert not Sms.objects.exists(), "others may follow"
    work(NOON + timedelta(minutes=5))
    work(NOON + timedelta(minutes=7))
    ((template, params),) = said()
    assert template == "candidate_told" and params["company"].endswith("公司及另外 1 家公司")
    assert len(params["company"]) <= 20 and params["path"].startswith("c/")
    assert Sms.objects.get().payer == str(live.client.pk)
    assert Event.objects.filter(verb="tell_candidate").count() == 2
    assert {text.release.text.outcome for text in CandidateText.objects.all() if text.release} == {
        "sent"
    }
    assert ShortLink.objects.get().candidate == candidate and not Mail.objects.exists()
    work(NOON + timedelta(days=1))
    assert Sms.objects.count() == 1, "one message for each event"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_long_name_leaves_room_for_how_many_others(language: str) -> None:
    with translation.override(language):
        told = texts._companies(["江城市" + "宏图" * 20, "乙", "丙"])
    assert len(told) == texts.COMPANY_LONGEST and "…" in told and "2" in told


def test_an_address_is_used_before_a_number(live: Live) -> None:
    put(live, email="lin@home.example")
    live.take(NOON)
    work(NOON + timedelta(hours=1))
    assert not CandidateText.objects.exists()
    assert Mail.objects.get().template == "candidate_told"


@pytest.mark.parametrize("off", ["platform", "provider", "number"])
def test_nothing_is_sent_unless_all_is_there(live: Live, settings: Any, off: str) -> None:
    put(live, **({"phone": ""} if off == "number" else {}))
    if off == "platform":
        api_clients.text_candidates(live.client, False, SYSTEM, NOON)
    if off == "provider":
        settings.SMS_PROVIDER = ""
    live.take(NOON)
    assert Release.objects.exists() and not CandidateText.objects.exists()


def test_a_request_waits_for_the_morning_and_is_dropped_if_it_was_answered(live: Live) -> None:
    put(live, Mode.ASK_FIRST)
    asked = consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NIGHT)
    work(NIGHT + timedelta(minutes=10))
    assert CandidateText.objects.get().due_at == MORNING and not Sms.objects.exists()
    consents.answer_consent_request(asked.pk, False, ONE, NIGHT)
    work(MORNING)
    assert CandidateText.objects.get().outcome == "dropped" and not Sms.objects.exists()


def test_a_request_is_sent_in_the_morning_with_a_fresh_link(live: Live) -> None:
    put(live, Mode.ASK_FIRST)
    consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NIGHT)
    work(MORNING)
    assert [template for template, _ in said()] == ["candidate_asked"]
    assert ShortLink.objects.get().made_at == MORNING


def test_who_closes_meanwhile_is_still_told_of_what_has_left(live: Live) -> None:
    put(live)
    live.take(NIGHT)
    put(live, Mode.CLOSED)
    work(MORNING)
    assert [template for template, _ in said()] == ["candidate_told"]
    assert Event.objects.filter(verb="tell_candidate").exists()


@pytest.mark.parametrize("how", ["erased", "number removed"])
def test_the_platform_hears_of_a_release_that_cannot_be_told_any_more(live: Live, how: str) -> None:
    put(live)
    live.take(NIGHT)
    if how == "erased":
        operations.erase_candidate(live.client, "c-1", NIGHT)
    else:
        put(live, phone="")
    work(MORNING)
    assert not Sms.objects.exists()
    (told,) = heard(live.client)
    assert told["receipt"] == str(Release.objects.get().pk)
    assert told["reasons"][0]["code"] == "sms_not_delivered"


@pytest.mark.parametrize("how", ["closed", "erased", "number removed"])
def test_who_closes_or_is_erased_meanwhile_is_not_asked(live: Live, how: str) -> None:
    put(live, Mode.ASK_FIRST)
    consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NIGHT)
    if how == "closed":
        put(live, Mode.CLOSED)
    elif how == "erased":
        operations.erase_candidate(live.client, "c-1", NIGHT)
        assert not Candidate.objects.get().phone_sealed
    else:
        put(live, phone="")
    work(MORNING)
    assert CandidateText.objects.get().outcome == "dropped" and not Sms.objects.exists()
    assert not ShortLink.objects.exists()


# --- Calls ----------------------------------------------------------------------------------------


@pytest.fixture
def lent(live: Live, settings: Any, tmp_path: Path) -> Callable[[datetime], RelayBinding]:
    """Return a function that lends a relay number."""
    settings.VAR_DIR, settings.RELAYS = tmp_path, "simulator"

    def lend(at: datetime) -> RelayBinding:
        give_phone(live.member, CALLERS[0])
        return bound(live.member, live.client, at)

    return lend


def test_the_number_that_will_call_is_told_once(
    live: Live, lent: Callable[[datetime], RelayBinding]
) -> None:
    put(live, email="lin@home.example")
    binding = lent(NOON)
    work(NOON)
    ((template, params),) = said()
    assert template == "call_announced", (
        "a mail would be too late, so this goes to those with an address too"
    )
    assert (params["company"], params["number"]) == (live.employer.name, binding.number)
    assert Client().get(f"/{params['path']}").status_code == 302, "there the number is saved"
    provider_sync.sync_binding(binding.pk, lambda: NOON + timedelta(days=2))
    work(NOON + timedelta(days=2))
    assert Sms.objects.count() == ShortLink.objects.count() == 1


@pytest.mark.parametrize("why", ["muted", "ended"])
def test_a_number_that_will_not_call_is_not_told(
    live: Live, lent: Callable[[datetime], RelayBinding], why: str
) -> None:
    put(live)
    binding = lent(NIGHT)
    if why == "muted":
        bindings.mute_binding(binding.pk, True, ONE, NIGHT)
    else:
        bindings.end_for_candidate(binding.pk, ONE, NIGHT)
    work(MORNING)
    assert CandidateText.objects.get().outcome == "dropped" and not Sms.objects.exists()


def test_the_platform_hears_that_a_call_could_not_be_announced(
    live: Live, lent: Callable[[datetime], RelayBinding]
) -> None:
    put(live)
    binding = lent(NOON)
    work(NOON)
    report("number_absent")
    work(NOON + timedelta(minutes=3))
    (event,) = heard(live.client)
    assert event["relay"] == str(binding.pk)


# --- When it fails --------------------------------------------------------------------------------


def test_the_platform_hears_that_a_number_blocks_messages(live: Live) -> None:
    put(live)
    live.take(NOON)
    work(NOON + timedelta(minutes=5))
    report("number_blocked")
    work(NOON + timedelta(minutes=8))
    assert CandidateText.objects.get().outcome == "failed"
    (event,) = heard(live.client)
    release = Release.objects.get()
    assert event["receipt"] == str(release.pk) and event["candidate"] == "c-1"
    assert [reason["code"] for reason in event["reasons"]] == ["sms_blocked"]
    later = NOON + timedelta(days=1)
    live.take(later)
    work(later + timedelta(minutes=5))
    assert Sms.objects.count() == 1 and len(heard(live.client)) == 2, "not tried again"


def test_a_message_that_is_not_delivered_is_told_once(live: Live) -> None:
    put(live, Mode.ASK_FIRST)
    asked = consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NOON)
    work(NOON)
    report("expired")
    for minutes in (3, 10, 60):
        work(NOON + timedelta(minutes=minutes))
    (event,) = heard(live.client)
    assert event["request"] == str(asked.pk)
    assert [reason["code"] for reason in event["reasons"]] == ["sms_not_delivered"]


def test_a_delivered_message_is_followed_to_its_end(live: Live) -> None:
    put(live)
    live.take(NOON)
    work(NOON + timedelta(minutes=5))
    work(NOON + timedelta(minutes=8))
    assert CandidateText.objects.get().finished_at is None
    report("", SmsOutcome.DELIVERED)
    work(NOON + timedelta(hours=1))
    text = CandidateText.objects.get()
    assert text.outcome == "delivered" and text.finished_at and not heard(live.client)


def test_without_a_report_it_counts_as_sent(live: Live) -> None:
    put(live)
    live.take(NOON)
    work(NOON + timedelta(minutes=5))
    work(NOON + timedelta(days=3, minutes=6))
    text = CandidateText.objects.get()
    assert text.outcome == "sent" and text.finished_at and not heard(live.client)


def test_a_message_over_a_quota_waits_and_a_budget_is_given_up(live: Live, settings: Any) -> None:
    put(live, Mode.ASK_FIRST)
    settings.SMS_BUDGET = 0
    consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NOON)
    work(NOON)
    assert CandidateText.objects.get().due_at >= MORNING and not ShortLink.objects.exists()
    at = NOON + timedelta(days=2)
    work(at)
    (event,) = heard(live.client)
    assert [reason["code"] for reason in event["reasons"]] == ["sms_too_many"]


def test_staff_are_alerted_to_texts_that_wait(live: Live) -> None:
    put(live, Mode.ASK_FIRST)
    consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], NOON)
    alerts = Alert.objects.filter(ended_at=None).values_list("kind", flat=True)
    CandidateText.objects.update(tries=3, last_error="sms_too_many")
    watch_services(NOON + timedelta(minutes=9))
    assert not alerts.all(), "the budget has an alert of its own"
    CandidateText.objects.update(last_error="OSError")
    watch_services(NOON + timedelta(minutes=10))
    watch_work(NOON + timedelta(minutes=10))
    assert set(alerts.all()) == {AlertKind.PROVIDER_DOWN, AlertKind.WORK_LATE}
    work(NOON + timedelta(minutes=10))
    watch_services(NOON + timedelta(minutes=10))
    assert not alerts.all()


def test_a_text_that_kills_its_workers_is_given_up(live: Live) -> None:
    put(live)
    live.take(NOON)
    CandidateText.objects.update(deaths=texts.MOST_DEATHS)
    work(NOON + timedelta(minutes=5))
    assert CandidateText.objects.get().outcome == "failed" and len(heard(live.client)) == 1


def test_two_workers_send_one_message(live: Live) -> None:
    put(live)
    live.take(NOON)
    pk, at = CandidateText.objects.get().pk, NOON + timedelta(minutes=5)
    assert texts.work_on_text(pk, lambda: at) and not texts.work_on_text(pk, lambda: at)
    assert Sms.objects.count() == 1


def test_workers_with_a_release_each_send_one_message_together(live: Live) -> None:
    put(live)
    live.take(NOON)
    live.take(NOON, member=other_company("江城市宏图人力资源服务有限公司"))
    first, second = CandidateText.objects.order_by("pk")
    at = NOON + timedelta(minutes=5)
    CandidateText.objects.claim(second.pk, at, 60)
    texts.work_on_text(first.pk, lambda: at)
    second.refresh_from_db()
    assert second.outcome == "sent" and second.lease is None and Sms.objects.count() == 1
    work(at + timedelta(minutes=1))
    assert Sms.objects.count() == 1


# --- Numbers --------------------------------------------------------------------------------------


def test_a_number_is_sealed_and_a_new_one_ends_earlier_links(live: Live) -> None:
    candidate = put(live)
    assert PHONE not in str(Candidate.objects.values().get())
    assert operations.phone_of(candidate) == f"+86{PHONE}"
    assert put(live).link_version == candidate.link_version
    assert put(live, phone="13912345679").link_version == candidate.link_version + 1


@pytest.mark.parametrize(
    ("phone", "code"), [("12345", "phone_invalid"), ("+85291234567", "phone_unsupported")]
)
def test_a_number_that_gets_no_messages_is_refused(live: Live, phone: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        put(live, phone=phone)


def test_in_a_test_numbers_are_nobodys(db: None) -> None:
    platform = Platform()
    assert platform.put(phone=PHONE)["code"] == "test_phone_required"
    made = platform.put(phone="15400000001", mode="tell_after")
    assert (made["http"], made["textable"], made["reachable"]) == (201, True, False)
    assert "15400000001" not in str(made)
    platform.take()
    (release,) = platform.call("get", "/candidates/c-1/releases")["data"]
    assert release["text_message"] == "waiting"
    assert Live(datetime.now(UTC)).client.texts_candidates is False


@pytest.mark.parametrize(
    ("phone", "state", "reason"),
    [
        ("15400000001", "delivered", ""),
        ("15400010002", "failed", "sms_blocked"),
        ("15400010010", "failed", "sms_not_delivered"),
    ],
)
def test_in_a_test_messages_are_read_and_fail_by_the_number(
    db: None, settings: Any, phone: str, state: str, reason: str
) -> None:
    settings.SMS_PROVIDER = ""
    platform = Platform()
    platform.put(phone=phone, mode="tell_after")
    platform.take()
    texts_of = lambda: platform.call("get", "/test/candidates/texts")["data"]  # noqa: E731
    assert [(each["text_message"], each["text"]) for each in texts_of()] == [("waiting", "")]
    there = timezone.now().astimezone(SHANGHAI)
    noon = there.replace(hour=12, minute=0) + timedelta(days=1)
    hours = (noon - there).total_seconds() // 3600
    platform.call("post", "/test/clock", {"advance": f"PT{hours:.0f}H"})
    (text,) = texts_of()
    assert text["text_message"] == state and text["text"].startswith("【资质】云溪市示例")
    path = re.search(r"/(c/\w+)$", text["text"])
    assert path and Client().get(f"/{path[1]}").status_code == 302
    told = [payload for kind, payload in platform.told() if kind == "candidate.not_reached"]
    assert [each["reasons"][0]["code"] for each in told] == ([reason] if reason else [])
    assert not Sms.objects.exists()
