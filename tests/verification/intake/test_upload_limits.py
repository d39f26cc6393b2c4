"""Tests of the limits on uploads: what a flood costs, and what an honest agency never meets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import AccountClass, Member
from events.core.errors import Refused
from events.core.reasons import REASONS
from tests.factories import make_case, make_member, sign_in
from tests.verification.pages.case_pages import picture, text, upload
from verification.cases import operations
from verification.intake import upload_limits
from verification.models import Case, Document, DocumentKind

pytestmark = pytest.mark.django_db
LICENCE, LETTER = DocumentKind.BUSINESS_LICENCE, DocumentKind.CLIENT_AUTHORIZATION


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email_verified_at=now)


@pytest.fixture
def visitor(member: Member) -> Client:
    return sign_in(member.user)


def restart(member: Member, now: datetime) -> None:
    case = Case.objects.open().get(employer=member.employer)
    operations.withdraw_case(case.pk, member.as_actor(), now)
    operations.open_case(member.employer, member.as_actor(), now)


def test_withdrawing_and_starting_again_resets_nothing(
    visitor: Client, member: Member, now: datetime, settings: Any
) -> None:
    settings.UPLOADS_PER_DAY = 5
    make_case(member, now)
    taken = 0
    for shade in range(0, 240, 30):
        response = upload(visitor, picture(shade))
        taken += response.status_code == 302
        restart(member, now)
    assert taken == Document.objects.count() == 5
    page = text(response)
    assert response.status_code == 422
    for said in ("too many files today", "removed or withdrawn count", "≤ 5", "Try again after"):
        assert said in page


def test_refused_files_count_because_opening_them_costs(
    visitor: Client, member: Member, now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOADS_PER_DAY = 3
    make_case(member, now)
    opened: list[bytes] = []

    def refuse(data: bytes, *args: Any, **kwargs: Any) -> None:
        opened.append(data)
        raise Refused("document_broken", "document")

    monkeypatch.setattr("verification.intake.examination.open_upload", refuse)
    for shade in range(10):
        upload(visitor, picture(shade))
    assert len(opened) == 3


def test_the_very_same_file_costs_nothing_and_is_named(
    visitor: Client, member: Member, now: datetime, settings: Any
) -> None:
    settings.UPLOADS_PER_DAY = 1
    make_case(member, now)
    assert upload(visitor, picture()).status_code == 302
    assert upload(visitor, picture()).status_code == 302, "sent again by the browser"
    Document.objects.update(uploaded_at=timezone.now() - timedelta(minutes=2))
    for _ in range(2):
        page = text(upload(visitor, picture()))
        assert "already added this file" in page
        assert "too many files" not in page
    assert Document.objects.count() == 1


def test_a_colleague_who_adds_the_same_file_hears_that_it_is_there(
    visitor: Client, member: Member, now: datetime
) -> None:
    make_case(member, now)
    assert upload(visitor, picture()).status_code == 302
    colleague = sign_in(make_member(now, member.employer, "recruiter").user)
    assert "already added this file" in text(upload(colleague, picture()))


def test_colleagues_share_their_employers_limit(now: datetime, settings: Any) -> None:
    settings.UPLOADS_PER_DAY = 4
    first = make_member(now)
    team = [first, *(make_member(now, first.employer, "recruiter") for _ in range(5))]
    codes = []
    for number in range(15):
        try:
            upload_limits.count_upload(team[number % len(team)], LICENCE, "10.0.0.1", now)
        except Refused as refused:
            codes.append((refused.code, refused.expected))
    assert codes == [("uploads_of_employer", "≤ 8")] * 7


def test_an_agency_brings_two_hundred_letters_in_a_day(now: datetime) -> None:
    member = make_member(now)
    member.employer.account_class = AccountClass.COMMERCIAL_AGENCY
    for _ in range(250):
        upload_limits.count_upload(member, LETTER, "10.0.0.1", now)
    for _ in range(40):
        upload_limits.count_upload(member, LICENCE, "10.0.0.1", now)


def test_the_next_day_begins_anew_at_the_time_that_was_said(now: datetime, settings: Any) -> None:
    settings.UPLOADS_PER_DAY = 1
    member = make_member(now)
    upload_limits.count_upload(member, LICENCE, "10.0.0.1", now)
    with pytest.raises(Refused) as refused:
        upload_limits.count_upload(member, LICENCE, "10.0.0.1", now)
    said = refused.value.details["until"]
    assert said == "2026-11-25 08:00"
    upload_limits.count_upload(member, LICENCE, "10.0.0.1", now + timedelta(hours=14))


def test_many_unconfirmed_accounts_of_one_network_are_one_flood(
    now: datetime, settings: Any
) -> None:
    settings.UNCONFIRMED_UPLOADS = 2
    codes: list[str] = []
    for _ in range(30):
        member = make_member(now, email_verified_at=None)
        for _ in range(3):
            try:
                upload_limits.count_upload(member, LICENCE, "10.0.0.1", now)
            except Refused as refused:
                codes.append(refused.code)
    taken = 90 - codes.count("uploads_unconfirmed")
    assert taken == 20
    elsewhere = make_member(now, email_verified_at=None)
    upload_limits.count_upload(elsewhere, LICENCE, "10.0.0.2", now)
    confirmed = make_member(now)
    upload_limits.count_upload(confirmed, LICENCE, "10.0.0.1", now)


@pytest.mark.parametrize(
    "code", ["uploads_of_account", "uploads_of_employer", "uploads_unconfirmed"]
)
def test_each_refusal_says_what_to_do(code: str) -> None:
    reason = REASONS[code]
    assert reason.fix.zh and reason.fix.en
