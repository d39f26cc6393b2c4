"""Tests that candidates can see and stop what happens to their resumes, without a password, and
that nobody else can.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from downloads.candidates import consents, erasure, misuse_reports, page_links
from downloads.models import (
    Candidate,
    Consent,
    EraseOrder,
    MisuseReport,
    Mode,
    RelayBinding,
    Release,
)
from downloads.pages.ledger.views import COOKIE
from employers.models import Member, User
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Mail
from tests.downloads.platform import Live, Platform
from tests.factories import make_member, make_reviewer, sign_in

ONE = Actor(Role.CANDIDATE, "one")


@pytest.fixture
def live(db: None) -> Live:
    return Live(timezone.now())


@pytest.fixture
def candidate(live: Live) -> Candidate:
    return live.candidate(timezone.now())


@pytest.fixture
def mine(candidate: Candidate) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    assert client.get(page_links.path_of(candidate, timezone.now())).status_code == 302
    return client


def page(client: Client) -> str:
    return client.get("/mine/").content.decode()


def do(client: Client, path: str, **body: str) -> str:
    answer = client.post(f"/mine/{path}", body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- Access ---------------------------------------------------------------------------------------


def test_the_link_is_exchanged_for_a_cookie_and_stands_nowhere(candidate: Candidate) -> None:
    client = Client()
    answer = client.get(page_links.path_of(candidate, timezone.now()))
    assert (
        answer["Location"] == "/mine/"
        and answer["Referrer-Policy"] == "no-referrer"
        and "no-store" in answer["Cache-Control"]
    )
    cookie = answer.cookies[COOKIE]
    assert (
        cookie["httponly"]
        and cookie["samesite"] == "Lax"
        and cookie["path"] == "/"
        and cookie["max-age"] == 1800
    )
    shown = client.get("/mine/")
    assert shown.status_code == 200 and "no-store" in shown["Cache-Control"]
    assert page_links.token_of(candidate, timezone.now()) not in shown.content.decode()
    assert Client().get(f"/mine/open/{cookie.value}/").status_code == 403, (
        "no link can be made from the cookie"
    )
    other = Client()
    other.cookies[COOKIE] = page_links.token_of(candidate, timezone.now())
    assert other.get("/mine/").status_code == 403, "a link becomes a cookie only when it is opened"


def test_nothing_in_the_link_is_personal_and_a_changed_one_opens_nothing(
    candidate: Candidate,
) -> None:
    token = page_links.token_of(candidate, timezone.now())
    assert "c-1" not in token and "lin" not in token
    other = Candidate.objects.create(
        client_id=candidate.client_id,
        reference="c-2",
        mode=Mode.CLOSED,
        told_at=timezone.now(),
        changed_at=timezone.now(),
    )
    body, _, signature = token.rpartition(".")
    forged = f"{page_links.token_of(other, timezone.now()).rpartition('.')[0]}.{signature}"
    for wrong in (forged, body, token[:-1], "x.y", "é"):
        assert page_links.visit_by_link(wrong, timezone.now()) is None
        assert Client().get(f"/mine/open/{wrong}/").status_code == 403
    assert (
        Client().get("/mine/").status_code == 403
        and Client().post("/mine/revoke/", {"uscc": "x"}).status_code == 403
    )


def test_the_cookie_ends_after_half_an_hour_whatever_the_browser_keeps(
    mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mine.get("/mine/").status_code == 200
    later = signing.time.time() + page_links.OPEN_FOR_SECONDS + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert mine.get("/mine/").status_code == 403


def test_a_new_link_ends_every_other_but_this_browser(mine: Client, candidate: Candidate) -> None:
    old, elsewhere = page_links.path_of(candidate, timezone.now()), Client()
    elsewhere.get(old)
    assert "sent you a new one" in do(mine, "new-link/")
    assert elsewhere.get("/mine/").status_code == 403 and Client().get(old).status_code == 403
    assert mine.get("/mine/").status_code == 200
    fresh = Mail.objects.get(template="candidate_link").context["path"]
    assert fresh != old and Client().get(fresh).status_code == 302


def test_leaving_closes_the_page(mine: Client) -> None:
    assert "The page is closed" in do(mine, "leave/")
    assert mine.get("/mine/").status_code == 403


def test_changes_need_the_pages_own_form(candidate: Candidate) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(page_links.path_of(candidate, timezone.now()))
    assert client.post("/mine/new-link/").status_code == 403
    assert Candidate.objects.get(pk=candidate.pk).link_version == candidate.link_version


# --- Content and actions --------------------------------------------------------------------------


def test_an_empty_page_says_so(mine: Client) -> None:
    assert "None so far" in page(mine)


def test_each_release_is_told_by_mail_and_stands_on_the_page(
    live: Live, mine: Client, candidate: Candidate
) -> None:
    live.take(timezone.now())
    release = Release.objects.get()
    assert (release.receiver, release.purpose, release.kinds, release.member) == (
        live.employer.name,
        "hiring",
        ["resume", "relay_number"],
        live.member,
    )
    mail = Mail.objects.get(template="candidate_told")
    assert mail.to == "lin@home.example"
    for language in ("zh-hans", "en"):
        mail.language = language
        written = mail_message(mail, "https://zizhi.example", timezone.now())
        assert live.employer.name in written.subject and mail.context["path"] in written.body
    shown = page(mine)
    assert (
        live.employer.name in shown
        and "to consider you for a post" in shown
        and live.member.user.email in shown
    )


def test_their_own_number_goes_along_only_by_consent_and_not_where_relays_alone_are_allowed(
    live: Live, candidate: Candidate
) -> None:
    now = timezone.now()
    Consent.objects.create(
        candidate=candidate,
        uscc=live.employer.uscc,
        receiver="x",
        contact="x",
        purpose="hiring",
        kinds=["resume", "phone"],
        how="page",
        given_at=now,
        until=now + timedelta(days=1),
    )
    live.take(now)
    assert Release.objects.get().kinds == ["resume", "relay_number"], (
        "a young employer gets only relay numbers"
    )
    live.employer.confirmed_at = now - timedelta(days=60)
    live.employer.save()
    second = live.candidate(now, "c-2")
    Consent.objects.create(
        candidate=second,
        uscc=live.employer.uscc,
        receiver="x",
        contact="x",
        purpose="hiring",
        kinds=["resume", "phone"],
        how="page",
        given_at=now,
        until=now + timedelta(days=1),
    )
    live.take(now, "c-2")
    assert Release.objects.get(candidate="c-2").kinds == ["resume", "relay_number", "phone"]


def test_whoever_is_not_known_to_us_has_a_row_and_finds_it_later(live: Live) -> None:
    live.take(timezone.now(), "later")
    assert not Mail.objects.exists()
    known = live.candidate(timezone.now(), "later")
    assert Release.objects.about(known).count() == 1


def test_revoking_stops_all_and_orders_erasure_and_can_be_taken_back(
    live: Live, mine: Client, candidate: Candidate
) -> None:
    live.take(timezone.now())
    page = do(mine, "revoke/", uscc=live.employer.uscc)
    assert "sharing stopped" in page
    blocked = page.partition("Blocked companies")[2].partition("<form method")[0]
    assert live.employer.name in blocked, "although it is among those that have the resume"
    order = EraseOrder.objects.get()
    assert order.due_at - order.ordered_at == timedelta(days=15)
    assert Mail.objects.get(template="erase_ordered").to == live.member.user.email
    assert (
        live.ask(timezone.now() + timedelta(days=1)).reasons[0].code == "candidate_blocked_employer"
    )
    do(mine, "revoke/", uscc=live.employer.uscc)
    assert EraseOrder.objects.count() == 1, "repeating it changes nothing"
    do(mine, "allow-again/", uscc=live.employer.uscc)
    assert (
        EraseOrder.objects.get().withdrawn_at
        and live.ask(timezone.now() + timedelta(days=1)).allowed
    )


def test_blocking_by_name_or_code_and_what_is_no_company(
    live: Live, mine: Client, candidate: Candidate
) -> None:
    assert "We could not find this company" in do(mine, "block/", company="某不存在的公司")
    assert live.employer.name in do(mine, "block/", company=live.employer.name)
    assert not live.ask(timezone.now()).allowed
    do(mine, "allow-again/", uscc=live.employer.uscc)
    assert live.ask(timezone.now()).allowed


def test_a_request_is_answered_on_the_page_and_a_strangers_is_not(
    live: Live, mine: Client, candidate: Candidate
) -> None:
    now = timezone.now()
    live.candidate(now, mode=Mode.ASK_FIRST)
    asked = consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], now)
    assert f"Share your resume with {live.employer.name}?" in page(mine)
    other = live.candidate(now, "c-2", Mode.ASK_FIRST)
    theirs = consents.ask_consent(live.client, "c-2", live.employer, live.member.pk, [], now)
    assert "no consent request with this ID" in do(mine, f"requests/{theirs.pk}/", answer="yes")
    assert not other.consents.exists()
    assert "Agree after all" in do(mine, f"requests/{asked.pk}/", answer="no")
    assert "can now download" in do(mine, f"requests/{asked.pk}/", answer="yes")
    assert Consent.objects.get().how == "page" and live.ask(now).allowed


def test_a_report_is_on_record_once_and_a_person_settles_it(
    live: Live, mine: Client, candidate: Candidate, now: datetime
) -> None:
    live.take(timezone.now())
    release = Release.objects.get()
    assert "will look into it" in do(
        mine, "report/", release=str(release.pk), about="money", said="要求先交培训费"
    )
    assert "already received" in do(mine, "report/", release=str(release.pk), about="money")
    row = MisuseReport.objects.get()
    assert (row.about, row.said) == ("money", "要求先交培训费")
    live.take(timezone.now(), "somebody-else")
    theirs = Release.objects.get(candidate="somebody-else")
    assert "no such release" in do(mine, "report/", release=str(theirs.pk), about="money")
    reviewer = make_reviewer(now)
    with pytest.raises(Refused, match="not_allowed"):
        misuse_reports.settle_misuse_report(row.pk, "x", live.member.user, now)
    misuse_reports.settle_misuse_report(row.pk, "called the company", reviewer, now)
    with pytest.raises(Refused, match="state_conflict"):
        misuse_reports.settle_misuse_report(row.pk, "again", reviewer, now)
    assert "have looked into it" in page(mine)


def test_calls_are_muted_by_whom_they_reach_and_nobody_else(
    mine: Client, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR, settings.RELAYS = tmp_path, ""
    platform = Platform()
    platform.put(mode="tell_after")
    assert (
        platform.call(
            "put",
            f"/employers/{platform.employer}/members/{platform.member}/phone",
            {"phone": "13800000001", "proven": True},
        )["http"]
        == 204
    )
    decision = platform.take()["decision_id"]
    relay = platform.call(
        "post", "/relays", {"decision_id": decision, "candidate_phone": "15400000000"}
    )
    assert relay["state"] == "bound"
    path = f"relays/{relay['id']}/"
    assert "no relay number with this ID" in do(mine, path, muted="yes"), (
        "it is another candidate's"
    )
    assert RelayBinding.objects.get().muted is False
    theirs = Client(headers={"accept-language": "en"})
    theirs.get(
        page_links.path_of(Candidate.objects.get(client_id=platform.client.pk), timezone.now())
    )
    theirs.cookies["django_language"] = "en"
    assert (
        "calls are paused" in do(theirs, path, muted="yes")
        and RelayBinding.objects.get().muted is True
    )
    assert "can call you through a relay number" in do(theirs, path, muted="no")
    do(theirs, "revoke/", uscc=platform.uscc)
    assert RelayBinding.objects.get().ended_why == "relay_candidate_ended"


def test_the_page_asks_the_database_no_more_for_many_companies(
    live: Live, mine: Client, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    for _ in range(4):
        other = Live(now)
        other.client = live.client
        other.take(now)
    with django_assert_max_num_queries(14):
        page(mine)


# --- Erasure --------------------------------------------------------------------------------------


@pytest.fixture
def order(live: Live, mine: Client) -> EraseOrder:
    live.take(timezone.now())
    do(mine, "revoke/", uscc=live.employer.uscc)
    return EraseOrder.objects.get()


def test_the_employer_answers_on_its_page_and_the_candidate_sees_it(
    live: Live, mine: Client, order: EraseOrder
) -> None:
    browser = sign_in(live.member.user)
    assert "Candidate c-1" in browser.get("/erasures/").content.decode()
    said = browser.post(f"/erasures/{order.pk}/", {"answer": "kept", "why": " "}, follow=True)
    assert "You have not said why you need to keep the resume" in said.content.decode()
    browser.post(f"/erasures/{order.pk}/", {"answer": "kept", "why": "已签劳动合同"})
    order.refresh_from_db()
    assert (order.answer, order.why, order.answered_by) == ("kept", "已签劳动合同", live.member)
    assert "已签劳动合同" in page(mine)
    browser.post(f"/erasures/{order.pk}/", {"answer": "erased"})
    order.refresh_from_db()
    assert order.answer == "kept", "the first answer counts"


def home(member: Member, language: str) -> str:
    return (
        sign_in(member.user).get("/case/", headers={"accept-language": language}).content.decode()
    )


@pytest.mark.parametrize(
    ("language", "owed", "over", "name"),
    [
        ("en", "have to erase their resume", "The deadline has passed.", "Resumes to erase"),
        ("zh", "须删除其简历", "已超过期限。", "需要删除的简历"),
    ],
)
def test_the_employers_page_leads_to_what_it_has_to_erase(
    language: str, owed: str, over: str, name: str, live: Live, order: EraseOrder, now: datetime
) -> None:
    said = home(live.member, language)
    assert owed in said and over not in said and said.count('href="/erasures/"') == 2
    EraseOrder.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert over in home(live.member, language)
    erasure.answer_erase_order(
        order.pk,
        erasure.erase_orders_of(live.employer),
        "erased",
        "",
        live.member,
        live.member.as_actor(),
        timezone.now(),
    )
    said = home(live.member, language)
    assert owed not in said and name in said and said.count('href="/erasures/"') == 1, (
        "the list is linked even if no order is open"
    )
    assert "/erasures/" not in home(make_member(now), language), (
        "an employer without downloads has nothing to erase"
    )


def test_another_employers_orders_are_nobody_elses(order: EraseOrder, now: datetime) -> None:
    stranger = sign_in(make_member(now).user)
    assert "Candidate c-1" not in stranger.get("/erasures/").content.decode()
    stranger.post(f"/erasures/{order.pk}/", {"answer": "erased"})
    order.refresh_from_db()
    assert order.answer == ""
    assert Client().get("/erasures/").status_code == 302


def test_silence_past_the_day_is_reminded_once_and_shown(
    live: Live, mine: Client, order: EraseOrder
) -> None:
    assert erasure.remind_of_erasure(order.due_at - timedelta(seconds=1)) == 0
    assert (erasure.remind_of_erasure(order.due_at), erasure.remind_of_erasure(order.due_at)) == (
        1,
        0,
    )
    assert Mail.objects.filter(template="erase_overdue").count() == 1
    EraseOrder.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert "has not answered" in page(mine)
    assert "overdue" in sign_in(live.member.user).get("/erasures/").content.decode()


def test_an_order_after_an_erasure_is_made_only_when_something_was_taken_since(
    live: Live, mine: Client, order: EraseOrder
) -> None:
    erasure.answer_erase_order(
        order.pk,
        erasure.erase_orders_of(live.employer),
        "erased",
        "",
        live.member,
        live.member.as_actor(),
        timezone.now(),
    )
    do(mine, "allow-again/", uscc=live.employer.uscc)
    do(mine, "revoke/", uscc=live.employer.uscc)
    assert EraseOrder.objects.count() == 1


def test_a_platform_sees_and_answers_for_its_own_employers(db: None) -> None:
    platform = Platform()
    platform.put(mode="tell_after", email="lin@home.test")
    assert platform.take()["http"] == 200
    platform.call("post", "/candidates/c-1/revoke", {"employer_id": platform.employer})
    (row,) = platform.call("get", f"/erase-orders?employer_id={platform.employer}")["data"]
    assert (row["candidate"], row["answer"], row["overdue"]) == ("c-1", "", False)
    path = f"/erase-orders/{row['id']}/answer"
    assert platform.call("post", path, {"answer": "kept"})["code"] == "erase_why_missing"
    assert platform.call("post", path, {"answer": "erased"})["answer"] == "erased"
    assert platform.call("post", path, {"answer": "erased"})["code"] == "erase_order_answered"
    told = dict(platform.told())
    kinds = {
        "resume.released",
        "candidate.told",
        "consent.revoked",
        "erase.ordered",
        "erase.answered",
    }
    assert kinds <= set(told) and told["resume.released"]["candidate"] == "c-1"
    (left,) = platform.call("get", "/candidates/c-1/releases")["data"]
    for kind in ("resume.released", "candidate.told"):
        assert (told[kind]["receipt"], told[kind]["decision"]) == (left["id"], left["decision_id"])
        assert "release" not in told[kind], "only a copy has one"
    url = platform.call("post", "/candidates/c-1/link")["url"]
    assert Client().get(url.partition("8000")[2] or url).status_code == 302


def test_users_are_not_made_for_candidates(mine: Client) -> None:
    assert User.objects.count() == 1, "only for the recruiter"
