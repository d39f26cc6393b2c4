"""Tests of the job that a resume is for: what the API takes, and where the candidate reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from downloads.candidates import consents, data_copy, operations, page_links
from downloads.models import ConsentRequest, GateDecision, Mode, RelayBinding, Release
from downloads.relays import bindings, contact_cards
from events.delivery.mail import mail_message
from events.models import Mail
from tests.downloads.candidates.test_texts import (
    NIGHT,
    NOON,
    ONE,
    live,
    other_company,
    put,
    said,
    work,
)
from tests.downloads.pages.test_ledger import page
from tests.downloads.platform import Live, Platform
from tests.downloads.relays.relay_numbers import CALLERS, PHONE, allowed, give_phone, synced
from tests.factories import make_link, make_reviewer, sign_in

__all__ = ["live"]

JOB = "前端工程师"
MASKED = {"seen": "138****5678", "expected": "no contact details (phone)", "field": "job_title"}


@pytest.fixture
def lend(live: Live, settings: Any, tmp_path: Any) -> Callable[..., RelayBinding]:
    """Return a function that lends a relay number for a job."""
    settings.VAR_DIR, settings.RELAYS = tmp_path, "simulator"

    def lend(at: datetime, job: str = JOB) -> RelayBinding:
        give_phone(live.member, CALLERS[0])
        decision = allowed(live.member, live.client, at)
        asked = bindings.request_binding(decision, live.client, PHONE, at, job_title=job)
        return synced(asked, at)

    return lend


# --- Over the API ---------------------------------------------------------------------------------


def asks(platform: Platform, call: str, **more: str) -> Any:
    """Make the call that names a job."""
    if call == "consent":
        platform.put()
        return platform.ask(**more)
    platform.put(mode="tell_after")
    if call == "pass":
        return platform.take(**more)
    platform.decide()
    decision = GateDecision.objects.get(allowed=True)
    body = {"decision_id": str(decision.pk), "candidate_phone": PHONE} | more
    return platform.call("post", "/relays", body)


@pytest.mark.parametrize("call", ["consent", "pass", "relay"])
def test_a_title_with_a_number_is_refused_with_what_to_do(db: None, call: str) -> None:
    platform = Platform()
    answer = asks(platform, call, job_title="店长，电话 13812345678")
    assert (answer["http"], answer["code"]) == (422, "job_title_not_allowed")
    assert {name: answer[name] for name in MASKED} == MASKED
    assert "leave the field out" in answer["fix"]["en"] and "不传该字段" in answer["fix"]["zh"]
    assert not ConsentRequest.objects.exists() and not Release.objects.exists()
    assert not RelayBinding.objects.exists()
    too_long = asks(platform, call, job_title="前" * 61)
    assert (too_long["http"], too_long["code"]) == (422, "invalid_request")
    assert "job_title" in str(too_long["errors"])


def test_a_refused_title_spends_no_pass(db: None) -> None:
    platform = Platform()
    gate_pass = platform.decide()["gate_pass"]
    spend = lambda **more: platform.call(  # noqa: E731
        "post", "/gate/passes/spend", {"gate_pass": gate_pass} | more
    )
    assert spend(job_title="evil.cn")["http"] == 422
    assert spend()["http"] == 200 and Release.objects.get().job_title == ""


@pytest.mark.parametrize("call", ["consent", "relay"])
def test_the_first_title_counts(db: None, call: str) -> None:
    platform = Platform()
    first = asks(platform, call, job_title=JOB)
    again = asks(platform, call, job_title="测试工程师")
    assert (first["http"], again["http"]) == (200, 200), (first, again)
    assert again["id"] == first["id"] and again["job_title"] == first["job_title"] == JOB


def test_with_a_key_another_title_is_another_request(db: None) -> None:
    platform = Platform()
    platform.put()
    body = {"employer_id": platform.employer, "member_id": platform.member, "job_title": JOB}
    ask = lambda **more: platform.call(  # noqa: E731
        "post", "/candidates/c-1/consent-requests", body | more, **{"Idempotency-Key": "k-1"}
    )
    first, again = ask(), ask()
    assert first["http"] == 200 and again["id"] == first["id"]
    assert ask(job_title="测试工程师")["code"] == "idempotency_key_reused"


def test_the_platform_reads_the_job_again(db: None) -> None:
    platform = Platform()
    platform.put(mode="tell_after")
    platform.take(job_title=JOB)
    (release,) = platform.call("get", "/candidates/c-1/releases")["data"]
    assert release["job_title"] == JOB and JOB not in release["receipt"]


# --- In messages ----------------------------------------------------------------------------------


def test_the_message_about_a_release_names_the_job(live: Live) -> None:
    put(live)
    live.take(NOON, job=JOB)
    work(NOON + timedelta(minutes=5))
    ((template, params),) = said()
    assert template == "candidate_told_job" and params["job"] == JOB


def test_a_job_does_not_end_its_quotation_marks(live: Live) -> None:
    put(live)
    live.take(NOON, job="店长”职位。你的账户异常“")
    work(NOON + timedelta(minutes=5))
    assert said()[0][1]["job"] == "店长职位。你的账户异常"


@pytest.mark.parametrize(("other", "named"), [(JOB, True), ("测试工程师", False), ("", False)])
def test_a_message_about_several_names_the_job_they_share(
    live: Live, other: str, named: bool
) -> None:
    put(live)
    live.take(NOON, job=JOB)
    live.take(NOON, member=other_company("江城市宏图人力资源服务有限公司"), job=other)
    work(NOON + timedelta(minutes=5))
    ((template, params),) = said()
    assert (template == "candidate_told_job") is named and ("job" in params) is named


def test_a_request_names_the_job(live: Live) -> None:
    put(live, Mode.ASK_FIRST)
    member = live.member
    consents.ask_consent(live.client, "c-1", member.employer, member.pk, [], NOON, job_title=JOB)
    work(NOON)
    ((template, params),) = said()
    assert template == "candidate_asked_job" and params["job"] == JOB
    assert Client().get(f"/{params['path']}").status_code == 302


def test_before_a_call_the_company_the_job_and_the_number_are_told(
    live: Live, lend: Callable[..., RelayBinding]
) -> None:
    put(live)
    binding = lend(NOON)
    work(NOON)
    ((template, params),) = said()
    assert template == "call_announced_job" and params.pop("path").startswith("c/")
    assert params == {"company": live.employer.name, "job": JOB, "number": binding.number}


@pytest.mark.parametrize("job", [JOB, ""])
def test_mails_name_the_job_if_there_is_one(live: Live, job: str) -> None:
    put(live, Mode.ASK_FIRST, email="lin@home.example")
    member = live.member
    consents.ask_consent(live.client, "c-1", member.employer, member.pk, [], NOON, job_title=job)
    put(live, email="lin@home.example")
    live.take(NOON, job=job)
    mails = Mail.objects.filter(template__startswith="candidate_")
    assert mails.count() == 2
    for mail in mails:
        written = mail_message(mail, "https://zizhi.example", NOON)
        for text in (str(written.body), str(written.alternatives[0][0])):
            assert (f"职位（由招聘网站提供）：{JOB}" in text) is bool(job)
            assert ("职位" in text) is bool(job)


def test_a_new_number_for_the_same_download_is_for_the_same_job(
    live: Live, lend: Callable[..., RelayBinding]
) -> None:
    binding = lend(NOON)
    put(live)
    bindings.end_binding(bindings.locked_binding(binding.pk), "relay_expired", ONE, NOON)
    bindings.ask_for_contact(binding.pk, live.member.pk, NOON)
    again = bindings.answer_contact_request(binding.pk, True, live.client, NOON)
    assert again.pk != binding.pk and again.job_title == JOB


# --- On the page ----------------------------------------------------------------------------------


def opened(live: Live) -> Client:
    """Return the candidate's browser, with their page open."""
    client = Client()
    client.get(page_links.path_of(operations.candidate_of(live.client.pk, "c-1"), timezone.now()))
    return client


def test_the_page_names_each_job_once(live: Live) -> None:
    put(live)
    for day, job in enumerate((JOB, "测试工程师", "", JOB)):
        live.take(NOON + timedelta(days=day), job=job)
    text = page(opened(live))
    assert "<dt>职位</dt><dd>前端工程师 · 测试工程师</dd>" in text
    put(live, Mode.ASK_FIRST)
    member = other_company("江城市宏图人力资源服务有限公司")
    make_link(member, live.client.pk, NOON)
    consents.ask_consent(
        live.client, "c-1", member.employer, member.pk, [], timezone.now(), job_title="<b>店长"
    )
    assert "<dt>职位</dt><dd>&lt;b&gt;店长</dd>" in page(opened(live))


def test_without_a_job_the_page_has_no_empty_row(live: Live) -> None:
    put(live)
    live.take(NOON)
    assert "<dt>职位</dt>" not in page(opened(live))


def test_a_contact_card_and_the_copy_of_the_data_have_the_job(
    live: Live, lend: Callable[..., RelayBinding]
) -> None:
    candidate = put(live)
    live.take(NOON, job=JOB)
    binding = lend(NOON)
    with translation.override("zh-hans"):
        card = contact_cards.card_of(binding, "某招聘网", NOON).replace("\r\n ", "")
    assert f"NOTE:职位：{JOB}。" in card
    made = json.loads(data_copy.copy_data(candidate, ONE, NOON).model_dump_json())
    assert [part["job_title"] for part in made["releases"] + made["relays"]] == [JOB, JOB]


def test_staff_read_the_job_with_the_release(live: Live) -> None:
    live.take(NOON, job=JOB)
    staff = sign_in(make_reviewer(timezone.now()))
    release = Release.objects.get()
    assert JOB in staff.get(f"/console/downloads/release/{release.pk}/change/").content.decode()


# --- Erasure --------------------------------------------------------------------------------------


def test_the_jobs_are_erased_with_the_candidate(
    live: Live, lend: Callable[..., RelayBinding]
) -> None:
    put(live, Mode.ASK_FIRST)
    member = live.member
    consents.ask_consent(live.client, "c-1", member.employer, member.pk, [], NIGHT, job_title=JOB)
    put(live)
    live.take(NOON, job=JOB)
    lend(NOON)
    live.take(NOON, "c-2", job=JOB)
    operations.erase_candidate(live.client, "c-1", NOON)
    rows = [ConsentRequest.objects.get(), RelayBinding.objects.get()]
    rows.append(Release.objects.get(candidate="c-1"))  # type: ignore[arg-type]
    assert [row.job_title for row in rows] == ["", "", ""]
    assert Release.objects.get(candidate="c-2").job_title == JOB
    work(NOON + timedelta(days=1))
    assert not said()
