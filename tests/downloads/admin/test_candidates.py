"""Tests of the console's pages about candidates, of replayed answers, and of retention."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.utils import timezone

from downloads import retention
from downloads.candidates import consents, misuse_reports, operations
from downloads.gate.candidate_consent import consent_refusal
from downloads.models import (
    BlockedEmployer,
    Candidate,
    CandidateDefault,
    Consent,
    ConsentRequest,
    EraseOrder,
    GateDecision,
    MisuseReport,
    Mode,
    PassUse,
    Release,
    Standing,
)
from downloads.tiers import abuse_watch, canaries
from events.core.actor import Actor, Role
from events.models import Mail
from tests.databases import unguarded
from tests.downloads.platform import Live, Platform
from tests.factories import make_colleague, make_reviewer, sign_in

pytestmark = pytest.mark.django_db

ONE = Actor(Role.CANDIDATE, "one")
CONSOLE = "/console/downloads"
PAGES = ("candidate", "consent", "consentrequest", "release", "eraseorder", "misusereport")


@pytest.fixture
def live() -> Live:
    """A candidate who agreed, was downloaded and reported it, and then revoked."""
    now = timezone.now()
    live = Live(now)
    candidate = live.candidate(now, mode=Mode.ASK_FIRST)
    consents.answer_consent_request(
        consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], now).pk,
        True,
        ONE,
        now,
    )
    live.take(now)
    misuse_reports.report_misuse(
        candidate.pk, Release.objects.get().pk, "money", "要求先交培训费", ONE, now
    )
    consents.revoke_consent(candidate.pk, live.employer.uscc, ONE, now)
    return live


@pytest.mark.parametrize("kind", ["candidate", "canary", "release"])
def test_platforms_are_named_and_not_numbered(kind: str, live: Live) -> None:
    now = timezone.now()
    if kind == "canary":
        canaries.plant_canary(
            live.client.pk, "c-9", live.employer.pk, "bait", make_colleague(now, "Leads"), now
        )
    lead = sign_in(make_colleague(now, "Auditors", "Leads"))
    row = apps.get_model("downloads", kind)._default_manager.get()
    shown = lead.get(f"{CONSOLE}/{kind}/{row.pk}/change/")
    assert shown.status_code == 200 and live.client.name in shown.content.decode()
    listed = lead.get(f"{CONSOLE}/{kind}/").content.decode()
    assert (live.client.name in listed) == (kind != "release") and str(live.client.pk) not in listed


@pytest.mark.parametrize("page", PAGES)
def test_who_sees_answers_sees_it_and_changes_nothing(page: str, live: Live) -> None:
    auditor = sign_in(make_colleague(timezone.now(), "Auditors"))
    shown = auditor.get(f"{CONSOLE}/{page}/")
    assert shown.status_code == 200 and "c-1" in shown.content.decode()
    row = {
        "candidate": Candidate,
        "consent": Consent,
        "consentrequest": ConsentRequest,
        "release": Release,
        "eraseorder": EraseOrder,
    }
    one = row.get(page, MisuseReport).objects.get()  # type: ignore[attr-defined]
    detail = auditor.get(f"{CONSOLE}/{page}/{one.pk}/change/")
    assert detail.status_code == 200 and "lin@home" not in detail.content.decode()
    assert auditor.get(f"{CONSOLE}/{page}/add/").status_code == 403
    assert auditor.post(f"{CONSOLE}/{page}/{one.pk}/delete/", {"post": "yes"}).status_code == 403
    reviewer = sign_in(make_colleague(timezone.now(), "Reviewers"))
    assert reviewer.get(f"{CONSOLE}/{page}/").status_code == (
        200 if page == "misusereport" else 403
    )


def test_what_platforms_declare_is_listed_and_changed_by_nobody(live: Live) -> None:
    now = timezone.now()
    operations.declare_default(live.client, Mode.ASK_FIRST, "Consent dialog v3", now)
    tested = Platform()
    operations.declare_default(tested.client, Mode.CLOSED, "A trial", now)
    auditor = sign_in(make_colleague(now, "Auditors"))
    page = auditor.get(f"{CONSOLE}/candidatedefault/").content.decode()
    assert live.client.name in page and "Consent dialog v3" in page and "A trial" not in page
    assert (
        "Consent dialog v3"
        not in auditor.get(f"{CONSOLE}/candidatedefault/?mode=closed").content.decode()
    )
    assert (
        "Consent dialog v3"
        in auditor.get(f"{CONSOLE}/candidatedefault/?q={live.client.pk}").content.decode()
    )
    one = f"{CONSOLE}/candidatedefault/{live.client.pk}"
    assert "Consent dialog v3" in auditor.get(f"{one}/change/").content.decode()
    assert auditor.post(f"{one}/change/", {"mode": "tell_after"}).status_code == 403
    assert (
        auditor.post(f"{one}/delete/", {"post": "yes"}).status_code
        == auditor.get(f"{CONSOLE}/candidatedefault/add/").status_code
        == 403
    )
    assert (
        sign_in(make_colleague(now, "Reviewers")).get(f"{CONSOLE}/candidatedefault/").status_code
        == 403
    )
    assert CandidateDefault.objects.get(pk=live.client.pk).mode == Mode.ASK_FIRST


def test_what_is_overdue_is_found(live: Live) -> None:
    auditor = sign_in(make_colleague(timezone.now(), "Auditors"))
    assert "c-1" not in auditor.get(f"{CONSOLE}/eraseorder/?where=overdue").content.decode()
    EraseOrder.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert "c-1" in auditor.get(f"{CONSOLE}/eraseorder/?where=overdue").content.decode()
    assert "c-1" not in auditor.get(f"{CONSOLE}/eraseorder/?where=answered").content.decode()


def test_tests_of_platforms_are_nobodys(live: Live) -> None:
    platform = Platform()
    platform.put("of-a-test", "tell_after")
    platform.take("of-a-test")
    auditor = sign_in(make_colleague(timezone.now(), "Auditors"))
    assert "of-a-test" not in "".join(
        auditor.get(f"{CONSOLE}/{page}/").content.decode() for page in PAGES
    )


def test_a_report_is_settled_in_the_console_by_who_decides(live: Live) -> None:
    report = MisuseReport.objects.get()
    path = f"{CONSOLE}/misusereport/{report.pk}"
    auditor = sign_in(make_colleague(timezone.now(), "Auditors"))
    assert "/settle/" not in auditor.get(f"{path}/change/").content.decode()
    auditor.post(f"{path}/settle/", {"outcome": "nothing"})
    assert MisuseReport.objects.filter(settled_at=None).exists()
    boss = sign_in(make_colleague(timezone.now(), "Reviewers"))
    assert "/settle/" in boss.get(f"{path}/change/").content.decode()
    assert boss.get(f"{path}/settle/").status_code == 403
    boss.post(f"{path}/settle/", {"outcome": " "})
    assert MisuseReport.objects.filter(settled_at=None).exists()
    boss.post(f"{path}/settle/", {"outcome": "The company was suspended"})
    report.refresh_from_db()
    assert report.settled_at and report.outcome == "The company was suspended"


# --- Replayed answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["revoke", "closed"])
def test_a_kept_yes_is_not_said_again_once_the_candidate_has_changed_their_mind(
    change: str,
) -> None:
    platform = Platform()
    platform.put(mode="tell_after")
    asked = {"employer_id": platform.employer, "member_id": platform.member, "candidate": "c-1"}
    key = {"Idempotency-Key": "once"}
    yes = platform.call("post", "/gate/decisions", asked, **key)
    assert platform.call("post", "/gate/decisions", asked, **key)["id"] == yes["id"]
    if change == "revoke":
        platform.call("post", "/candidates/c-1/revoke", {"employer_id": platform.employer})
    else:
        platform.put(mode="closed")
    assert platform.call("post", "/gate/decisions", asked, **key)["code"] == "idempotency_outdated"


@pytest.mark.parametrize("known", [None, *Mode.values])
@pytest.mark.parametrize("declared", ["", *Mode.values])
@pytest.mark.parametrize("consent", ["", "given", "ended", "revoked"])
@pytest.mark.parametrize("blocks", [False, True])
def test_the_statement_agrees_with_the_function(
    known: str | None, declared: str, consent: str, blocks: bool, now: datetime
) -> None:
    """Compares SQL and Python over every combination of a candidate's settings."""
    live = Live(now)
    if declared:
        CandidateDefault.objects.create(
            client_id=live.client.pk, mode=declared, basis="x", declared_at=now
        )
    if known:
        candidate = live.candidate(now, mode=known, email="")
        if blocks:
            BlockedEmployer.objects.create(
                candidate=candidate, uscc=live.employer.uscc, own=True, at=now
            )
        if consent:
            Consent.objects.create(
                candidate=candidate,
                uscc=live.employer.uscc,
                receiver="x",
                contact="x",
                purpose="hiring",
                kinds=["resume"],
                how="page",
                given_at=now,
                until=now if consent == "ended" else now + timedelta(days=1),
                revoked_at=now if consent == "revoked" else None,
            )
    answer = live.ask(now)
    assert [reason.code for reason in answer.reasons] == list(
        filter(None, [consent_refusal(live.client.pk, "c-1", live.employer.uscc, now)])
    )


# --- Retention ------------------------------------------------------------------------------------


def test_what_an_employer_does_not_erase_counts(live: Live) -> None:
    then = timezone.now()
    later = then + timedelta(days=16)
    live.employer.registered_at = then - timedelta(days=90)
    live.employer.confirmed_at = then - timedelta(days=60)
    live.employer.save()
    other = live.candidate(then, "c-2")
    live.take(later, other.reference)
    abuse_watch.watch_downloads(later, later - timedelta(minutes=10), ZoneInfo("Asia/Shanghai"))
    assert Standing.objects.get().tier == "provisional"


def test_all_of_it_goes_with_the_answers(live: Live) -> None:
    later = timezone.now() + timedelta(days=retention.LEAST_DAYS + 200)
    with unguarded(GateDecision, PassUse, Release):  # the database's clock is not ahead
        retention.delete_old_rows(later, 1)
    assert Release.objects.exists() and Consent.objects.exists(), "an open report keeps its release"
    misuse_reports.settle_misuse_report(
        MisuseReport.objects.get().pk, "done", make_reviewer(timezone.now()), timezone.now()
    )
    EraseOrder.objects.update(answered_at=timezone.now(), answer="erased")
    with unguarded(GateDecision, PassUse, Release):  # the database's clock is not ahead
        retention.delete_old_rows(later, 1)
    assert [
        model.objects.count()
        for model in (MisuseReport, Release, ConsentRequest, EraseOrder, Consent)
    ] == [0] * 5  # type: ignore[attr-defined]
    assert Candidate.objects.exists(), "a candidate who has not left keeps their mode"


def test_a_tests_clock_makes_an_order_overdue() -> None:
    platform = Platform()
    platform.put(mode="tell_after")
    platform.take()
    platform.call("post", "/candidates/c-1/revoke", {"employer_id": platform.employer})
    assert platform.call("post", "/test/clock", {"advance": "P16D"})["http"] == 200
    told: Any = dict(platform.told())
    assert (
        told["erase.overdue"]["candidate"] == "c-1"
        and Mail.objects.filter(template="erase_overdue").exists()
    )
