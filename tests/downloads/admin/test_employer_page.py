"""Tests of the console's page of an employer: what it shows, to whom, at what cost."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.admin.console import downloads_chart
from downloads.models import GateDecision, Move, Standing
from downloads.rules.ladder import RESTRICTED
from employers.models import Employer, Member, MemberLink, User
from events.core.actor import SYSTEM
from events.models import Event, record
from tests.employers.accounts.phone_codes import by_phone_alone
from tests.factories import (
    PLATFORM,
    make_case,
    make_colleague,
    make_employer,
    make_link,
    make_member,
    make_reviewer,
    make_user,
    sign_in,
)
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def member(now: datetime) -> Member:
    member = make_member(now, make_employer(now, confirmed_at=now), email="li.si@company.example")
    make_case(member, now, State.APPROVED)
    return member


def path_of(employer: Employer) -> str:
    return f"/console/employers/employer/{employer.pk}/change/"


def page(client: Client, employer: Employer) -> str:
    response = client.get(path_of(employer))
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    return response.content.decode()


def decide(employer: Employer, member: Member, at: datetime, n: int = 1, **fields: Any) -> None:
    rows = [
        GateDecision(
            client_id=PLATFORM,
            employer_id=employer.pk,
            member_id=member.pk,
            candidate=f"cand-{i}",
            uscc=employer.uscc if fields.get("allowed", True) else "",
            tier="established",
            ladder_version="1",
            decided_at=at - timedelta(seconds=i),
            **{"allowed": True, **fields},
        )
        for i in range(n)
    ]
    GateDecision.objects.bulk_create(rows, batch_size=5000)


def acts(html: str) -> list[str]:
    if 'class="actions"' not in html:
        return []
    return re.findall(r'<a class="button[^"]*"[^>]*>([^<]+)', html.split('class="actions"')[1])


class TestWhatItShows:
    def test_people_are_masked_and_lead_to_their_own_page(
        self, member: Member, now: datetime
    ) -> None:
        html = page(sign_in(make_colleague(now, "Reviewers")), member.employer)
        assert "l***@company.example" in html and member.user.email not in html
        assert f"/console/employers/member/{member.pk}/change/" in html

    def test_who_has_only_a_number_is_named_by_it_wherever_a_page_leads_to_them(
        self, member: Member, now: datetime
    ) -> None:
        colleague = by_phone_alone(now, employer=member.employer, role="recruiter")
        decide(member.employer, colleague, now - timedelta(minutes=1))
        html = page(sign_in(make_reviewer(now)), member.employer)
        link = f'/console/employers/member/{colleague.pk}/change/">+86 138****8000</a>'
        assert link in html and html.count("+86 138****8000") == 2

    def test_opening_it_is_recorded(self, member: Member, now: datetime) -> None:
        reviewer = make_colleague(now, "Reviewers")
        page(sign_in(reviewer), member.employer)
        page(sign_in(reviewer), member.employer)
        event = Event.objects.get(verb="read")
        assert (event.subject_id, event.actor_id) == (str(member.employer_id), str(reviewer.pk))

    def test_downloads_are_for_who_may_see_them(self, member: Member, now: datetime) -> None:
        decide(member.employer, member, now - timedelta(minutes=1))
        texts = {
            group: page(sign_in(make_colleague(now, group)), member.employer)
            for group in ("Reviewers", "Auditors")
        }
        assert "cand-0" in texts["Auditors"] and "cand-0" not in texts["Reviewers"]
        for html in texts.values():
            assert "1 downloads and 0 refusals in 30 days" in html

    def test_operators_see_no_employers(self, member: Member, now: datetime) -> None:
        client = sign_in(make_colleague(now, "Operators"))
        assert client.get(path_of(member.employer)).status_code == 403

    def test_nor_does_anybody_see_those_of_tests_and_of_others_golden_cases(
        self, member: Member, now: datetime
    ) -> None:
        client = sign_in(make_colleague(now, "Leads"))
        for hidden in ({"test": True}, {"made_for": make_user(now, is_staff=True)}):
            hidden_one = make_employer(now, **hidden)
            assert client.get(path_of(hidden_one)).status_code == 404

    def test_all_events_of_an_employer_are_found_by_its_id(
        self, member: Member, now: datetime
    ) -> None:
        record("open_copy", member.user, SYSTEM, now, employer_id=member.employer_id)
        client = sign_in(make_colleague(now, "Auditors"))
        html = client.get(f"/console/events/event/?q={member.employer_id}").content.decode()
        assert str(member.user.pk) in html

    def test_the_order_of_writing_tells_no_golden_case(self, member: Member, now: datetime) -> None:
        """A golden case's events are all written at once, with times from before."""
        employer = member.employer
        for verb, hours in (("approve", 1), ("submit", 3), ("register", 2)):
            record(verb, employer, SYSTEM, now - timedelta(hours=hours), employer_id=employer.pk)
        html = page(sign_in(make_colleague(now, "Reviewers")), employer)
        rows = html.split('id="events"')[1].split("<tbody>")[1].split("</tbody>")[0]
        times = re.findall(r"<tr><td>([^<]+)</td>", rows)[-3:]
        assert times == sorted(times, key=lambda t: datetime.strptime(t, "%d %B %Y, %H:%M"))[::-1]


class TestWhatMayBeDone:
    def test_only_what_ones_powers_allow(self, member: Member, now: datetime) -> None:
        offered = {
            group: acts(page(sign_in(make_colleague(now, group)), member.employer))
            for group in ("Reviewers", "Seniors", "Auditors")
        }
        assert offered == {
            "Reviewers": ["Suspend …", "Propose a restriction"],
            "Seniors": ["Suspend …", "Propose a restriction", "Trace a leak"],
            "Auditors": [],
        }

    def test_each_leads_to_the_operation_with_its_form(self, member: Member, now: datetime) -> None:
        senior, case = sign_in(make_colleague(now, "Seniors")), Case.objects.get()
        html = page(senior, member.employer)
        assert f"/console/verification/case/{case.pk}/change/#decide-suspend" in html
        form = senior.get(
            f"/console/downloads/move/add/?employer={member.employer_id}&tier=restricted"
        ).content.decode()
        assert f"Propose a tier change: {member.employer.name}" in form
        assert '<option value="restricted" selected>' in form
        assert str(member.employer_id) in form

    def test_a_proposal_waits_for_another_person(self, member: Member, now: datetime) -> None:
        mine, other = make_colleague(now, "Seniors"), make_colleague(now, "Seniors")
        Move.objects.create(
            employer=member.employer, tier="provisional", why="x", proposed_by=mine, proposed_at=now
        )
        words = "Confirm the proposed tier change"
        assert words not in acts(page(sign_in(mine), member.employer))
        assert acts(page(sign_in(other), member.employer))[0] == words

    def test_a_restriction_is_explained_and_can_be_lifted(
        self, member: Member, now: datetime
    ) -> None:
        Standing.objects.create(
            employer=member.employer, tier="restricted", reason=RESTRICTED, moved_at=now
        )
        html = page(sign_in(make_colleague(now, "Reviewers")), member.employer)
        assert 'class="warning"' in html and "tier-restricted" in html
        assert "Propose to lift the restriction" in acts(html)


class TestCost:
    def fill(self, member: Member, now: datetime, answers: int, members: int) -> None:
        employer = member.employer
        make_link(member, PLATFORM, now)
        users = [User(email=f"many{n}@company.example", password="!") for n in range(members)]
        User.objects.bulk_create(users)
        people = [
            Member(user=user, employer=employer, role="recruiter", joined_at=now) for user in users
        ]
        Member.objects.bulk_create(people)
        MemberLink.objects.bulk_create(
            MemberLink(
                member=one,
                employer=employer,
                client_id=PLATFORM,
                origin=MemberLink.Origin.RECRUITER,
                linked_at=now,
            )
            for one in people
        )
        decide(employer, member, now, answers // 2)
        decide(employer, member, now, answers // 2, allowed=False, reason="quota_day")
        Event.objects.bulk_create(
            [
                Event(
                    at=now,
                    verb="open_copy",
                    subject_type="copy",
                    subject_id=str(uuid.uuid4()),
                    employer_id=employer.pk,
                    role="system",
                )
                for _ in range(answers // 5)
            ],
            batch_size=5000,
        )

    def test_queries_do_not_grow_with_the_employer(
        self, member: Member, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        client = sign_in(make_reviewer(now))
        page(client, member.employer)  # the first read of an hour is recorded
        self.fill(member, now, 30, 15)
        with django_assert_max_num_queries(40):
            page(client, member.employer)

    @pytest.mark.slow
    def test_a_hundred_thousand_answers_and_five_hundred_members(
        self, member: Member, now: datetime
    ) -> None:
        client = sign_in(make_reviewer(now))
        page(client, member.employer)
        self.fill(member, now, 100_000, 500)
        started = perf_counter()
        html = page(client, member.employer)
        took = perf_counter() - started
        assert len(html) < 200_000 and took < 10, took


class TestChart:
    def test_a_day_that_was_not_read_to_its_end_has_no_number(self, now: datetime) -> None:
        many = downloads_chart.REFUSED_AT_MOST
        refusals = [now] * (many // 2) + [now - timedelta(days=1)] * (many // 2 + 1)
        today = timezone.localtime(now).date()
        drawn = downloads_chart.draw_downloads_chart(
            today - timedelta(days=downloads_chart.DAYS - 1), {today: 3}, refusals
        )
        assert drawn.is_cut
        assert [day.refused for day in drawn.days[-3:]] == [None, None, many // 2]
        assert drawn.days[-1].downloads == 3

    def test_no_downloads_are_drawn_as_none(self) -> None:
        drawn = downloads_chart.draw_downloads_chart(date(2026, 11, 1), {}, [])
        assert (drawn.total, drawn.most, {bar.height for bar in drawn.downloads}) == (0, 1, {0.0})
