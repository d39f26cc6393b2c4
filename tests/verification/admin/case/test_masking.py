"""Tests of masked data on a case's page."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from employers.accounts import sightings
from employers.models import User
from events.models import Event
from tests.factories import make_case, make_member, make_reviewer, sign_in
from tests.verification.admin.case.waiting_cases import door, page_of
from verification.admin import case_content
from verification.cases import appeals
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(now: datetime) -> User:
    """A reviewer with all powers."""
    return make_reviewer(now)


class TestWhatIsMasked:
    @pytest.fixture
    def case(self, claimed: Case) -> Case:
        assert claimed.submitted_by is not None
        claimed.submitted_by.phone_sealed = sightings.seal_phone("+8613812345678")
        claimed.submitted_by.save()
        return claimed

    @pytest.mark.parametrize("field", ["email", "phone"])
    def test_it_is_shown_to_who_asks_and_that_is_on_record(
        self, client: Client, reviewer: User, case: Case, field: str
    ) -> None:
        assert case.submitted_by is not None
        whole = {"email": case.submitted_by.email, "phone": "+8613812345678"}
        page = client.get(page_of(case)).content.decode()
        assert "+86 138****5678" in page and not any(value in page for value in whole.values())
        shown = client.post(door(case, "unmask"), {"field": field})
        html = shown.content.decode()
        assert {name: value in html for name, value in whole.items()} == {
            "email": field == "email",
            "phone": field == "phone",
        }
        assert "no-store" in shown["Cache-Control"]
        event = Event.objects.get(verb="unmask")
        assert (event.actor_id, event.subject_id, event.data) == (
            str(reviewer.pk),
            str(case.pk),
            {"field": field},
        )

    def test_a_proven_number_without_an_address_is_verified_and_shown_once(
        self, client: Client, case: Case
    ) -> None:
        user = case.submitted_by
        assert user is not None
        user.email, user.email_verified_at, user.phone_index = "", None, "an index"
        user.save()
        page = client.get(page_of(case)).content.decode()
        head = page.split('class="case-who"')[1].split("</p>")[0]
        assert head.count("+86 138****5678</span> · verified") == 1
        assert "not verified" not in head
        assert "Show the number" in head and "Show the address" not in head

    def test_not_by_a_link_nor_anything_else(self, client: Client, case: Case) -> None:
        assert client.get(door(case, "unmask")).url == page_of(case)
        assert client.post(door(case, "unmask"), {"field": "password"}).status_code == 404
        assert not Event.objects.filter(verb="unmask").exists()

    def test_who_may_not_has_no_button(self, case: Case, now: datetime) -> None:
        from django.contrib.auth.models import Group

        plain = make_reviewer(now)
        plain.is_superuser = False
        plain.save()
        plain.groups.set(Group.objects.filter(name="Reviewers"))
        client = sign_in(plain)
        assert door(case, "unmask") not in client.get(page_of(case)).content.decode()
        assert client.post(door(case, "unmask"), {"field": "phone"}).status_code == 409
        assert not Event.objects.filter(verb="unmask").exists()

    def test_what_an_employer_writes_is_masked_too(self, client: Client, now: datetime) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        member = case.employer.members.get()
        appeals.appeal_decision(
            case.pk,
            member,
            "请打 13912345678 或写信到 hr.li@example.cn，代码 91990101MA0000001X",
            [],
            now,
        )
        html = client.get(page_of(case)).content.decode()
        assert "139****5678" in html and "h***@example.cn" in html and "91990101MA0000001X" in html
        assert not any(
            secret in html for secret in ("13912345678", "hr.li@example.cn", member.user.email)
        )

    def test_numbers_that_are_no_phones_stay(self) -> None:
        assert (
            case_content.masked_in("注册号 110108138001380001 与 138 0013 8000")
            == "注册号 110108138001380001 与 138****8000"
        )
