"""Tests that masked data has one door, and that what staff read is recorded and reported."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.utils import timezone

from employers.accounts import sightings, staff_reads
from employers.models import Member, User
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.factories import (
    make_case,
    make_colleague,
    make_document,
    make_employer,
    make_member,
    make_user,
    sign_in,
)
from verification.models import Attempt, Case, CheckRun
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "zhang.san@company.example", "+8613812345678"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email=EMAIL, phone_sealed=sightings.seal_phone(PHONE))


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now, State.IN_REVIEW, review_since=now)


def page_of(member: Member) -> str:
    return f"/console/employers/member/{member.pk}/change/"


def reads() -> list[tuple[str, str]]:
    read = Event.objects.filter(verb="read").order_by("id")
    return list(read.values_list("subject_type", "subject_id"))


class TestUnmasking:
    @pytest.mark.parametrize(("field", "value"), [("email", EMAIL), ("phone", PHONE)])
    def test_a_recruiters_page_shows_it_on_request_and_on_record(
        self, field: str, value: str, member: Member, now: datetime
    ) -> None:
        senior = make_colleague(now, "Seniors")
        client, door = sign_in(senior), f"/console/employers/member/{member.pk}/unmask/"
        page = client.get(page_of(member)).content.decode()
        assert "z***@company.example" in page and "+86 138****5678" in page and door in page
        assert EMAIL not in page and PHONE not in page
        shown = client.post(door, {"field": field})
        assert value in shown.content.decode() and "no-store" in shown["Cache-Control"]
        event = Event.objects.get(verb="unmask")
        assert (event.actor_id, event.subject_id, event.employer_id, event.data) == (
            str(senior.pk),
            str(member.pk),
            member.employer_id,
            {"field": field},
        )

    def test_not_by_a_link_nor_another_field(self, member: Member, now: datetime) -> None:
        client = sign_in(make_colleague(now, "Seniors"))
        door = f"/console/employers/member/{member.pk}/unmask/"
        assert client.get(door, {"field": "email"}).headers["Location"] == page_of(member)
        assert client.post(door, {"field": "password"}).status_code == 404
        assert not Event.objects.filter(verb="unmask").exists()

    @pytest.mark.parametrize("group", ["Reviewers", "Auditors", "Operators"])
    def test_who_may_not_sees_neither(self, group: str, member: Member, now: datetime) -> None:
        client, door = (
            sign_in(make_colleague(now, group)),
            f"/console/employers/member/{member.pk}/unmask/",
        )
        assert door not in client.get(page_of(member)).content.decode()
        assert client.post(door, {"field": "email"}).status_code == 403
        assert not Event.objects.filter(verb="unmask").exists()

    def test_nobody_unmasks_in_a_case_that_is_not_shown_to_them(
        self, case: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=case.pk).update(test=True)
        client = sign_in(make_colleague(now, "Seniors"))
        door = f"/console/verification/case/{case.pk}/unmask/"
        assert client.post(door, {"field": "email"}).status_code == 404
        assert not Event.objects.filter(verb="unmask").exists()

    def test_the_operation_refuses_too(self, member: Member, now: datetime) -> None:
        reviewer = make_colleague(now, "Reviewers")
        with pytest.raises(Refused, match="not_allowed"):
            staff_reads.unmask_contact(member.user, "email", member, reviewer, now)

    @pytest.mark.slow
    def test_no_page_of_the_console_prints_an_address(
        self, case: Case, member: Member, now: datetime
    ) -> None:
        """Walk over all lists, and over a row of each where there is one."""
        document = make_document(case, now)
        attempt = Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
        CheckRun.objects.create(
            attempt=attempt, code="scan", version="1", started_at=now, finished_at=now
        )
        client = sign_in(make_user(now, is_staff=True, is_superuser=True))
        opened = 0
        for model, of in admin.site._registry.items():
            base = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
            rows = of.model._default_manager.all()[:3]
            details = [f"{base}{row.pk}/{page}/" for row in rows for page in ("change", "history")]
            for address in (base, f"{base}?q={document.pk}", *details):
                html = client.get(address).content.decode()
                assert EMAIL not in html and PHONE not in html, address
            opened += bool(details)
        assert opened >= 7

    def test_a_recruiter_is_printed_masked_and_a_colleague_whole(
        self, member: Member, now: datetime
    ) -> None:
        assert str(member.user) == "z***@company.example" and EMAIL not in str(member)
        colleague = make_user(now, "li.na@zizhi.example", is_staff=True)
        assert str(colleague) == "li.na@zizhi.example"


class TestReading:
    def test_a_row_that_is_opened_is_recorded_once_an_hour(
        self, member: Member, now: datetime
    ) -> None:
        reviewer = make_colleague(now, "Reviewers")
        client = sign_in(reviewer)
        for _ in range(2):
            client.get(page_of(member))
        assert reads() == [("member", str(member.pk))]
        event = Event.objects.get(verb="read")
        assert (event.actor_id, event.employer_id) == (str(reviewer.pk), member.employer_id)
        staff_reads.record_read(member, reviewer, now + timedelta(minutes=61))
        assert len(reads()) == 2
        sign_in(make_colleague(now, "Leads")).get(page_of(member))
        assert len(reads()) == 3, "for each reader"

    def test_each_kind_of_row_names_its_employer(self, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        attempt = Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
        client = sign_in(make_user(now, is_staff=True, is_superuser=True))
        rows = (
            ("employers/employer", case.employer_id),
            ("verification/document", document.pk),
            ("verification/attempt", attempt.pk),
        )
        for address, pk in rows:
            assert client.get(f"/console/{address}/{pk}/change/").status_code == 200
        read = Event.objects.filter(verb="read")
        assert [subject for _, subject in reads()] == [str(pk) for _, pk in rows]
        assert set(read.values_list("employer_id", flat=True)) == {case.employer_id}

    def test_a_case_is_recorded_unless_its_reader_has_claimed_it(
        self, case: Case, now: datetime
    ) -> None:
        owner, other = make_colleague(now, "Reviewers"), make_colleague(now, "Reviewers")
        claims.claim_case(case.pk, owner, now)
        document, page = make_document(case, now), f"/console/verification/case/{case.pk}/"
        sign_in(owner).get(f"{page}change/")
        sign_in(owner).get(f"{page}page/{document.pk}/1/")
        assert reads() == []
        sign_in(other).get(f"{page}page/{document.pk}/1/")
        assert reads() == [("case", str(case.pk))], "a picture by its address is a read too"
        sign_in(make_colleague(now, "Auditors")).get(f"{page}change/")
        assert len(reads()) == 2

    def test_lists_are_recorded_without_what_was_searched(
        self, member: Member, now: datetime
    ) -> None:
        client = sign_in(make_colleague(now, "Reviewers"))
        client.get("/console/employers/member/", {"q": EMAIL})
        look = Event.objects.get(verb="look")
        assert look.data == {
            "method": "GET",
            "path": "/console/employers/member/",
            "parameters": ["q"],
        }
        client.get("/console/verification/case/")
        client.get("/console/verification/bulk/")
        assert Event.objects.filter(verb="look").count() == 1, "the queue is for work"

    def test_who_may_not_open_it_is_not_recorded(self, member: Member, now: datetime) -> None:
        client = sign_in(make_user(now, is_staff=True))
        for address in (page_of(member), "/console/employers/member/"):
            assert client.get(address).status_code == 403
        assert not Event.objects.filter(verb__in=("read", "look")).exists()


class TestManyReads:
    @pytest.fixture(autouse=True)
    def few(self, settings: Any) -> None:
        settings.STAFF_READS_PER_HOUR = 3

    def read(self, reader: User, now: datetime, times: int) -> None:
        for _ in range(times):
            employer = make_employer(now)
            staff_reads.record_read(employer, reader, now)

    def test_superusers_are_told_once_an_hour(self, now: datetime) -> None:
        root, reader = (
            make_user(now, is_staff=True, is_superuser=True, language="en"),
            make_colleague(now, "Reviewers"),
        )
        self.read(reader, now, 3)
        assert not Event.objects.filter(verb="many_reads").exists()
        self.read(reader, now, 2)
        event = Event.objects.get(verb="many_reads")
        assert (event.subject_id, event.role, event.data) == (
            str(reader.pk),
            "system",
            {"employers": 4},
        )
        mail = Mail.objects.get()
        assert (mail.to, mail.template) == (root.email, "staff_many_reads")
        written = mail_message(mail, "https://zizhi.example", now)
        assert f"{reader.email} has looked at the data of 4 employers" in str(written.body)
        self.read(reader, now + timedelta(minutes=61), 4)
        assert Event.objects.filter(verb="many_reads").count() == 2

    def test_one_employer_many_times_is_one(self, member: Member, now: datetime) -> None:
        reader = make_colleague(now, "Seniors")
        for number in range(9):
            staff_reads.unmask_contact(
                member.user, "email", member, reader, now + timedelta(seconds=number)
            )
        assert not Event.objects.filter(verb="many_reads").exists()

    def test_unmasking_counts(self, now: datetime) -> None:
        reader = make_colleague(now, "Seniors")
        for _ in range(4):
            member = make_member(now)
            staff_reads.unmask_contact(member.user, "phone", member, reader, now)
        assert Event.objects.filter(verb="many_reads").count() == 1

    def test_a_superuser_is_reported_to_the_others(self, now: datetime) -> None:
        reader = make_user(now, is_staff=True, is_superuser=True)
        self.read(reader, now, 4)
        assert Event.objects.filter(verb="many_reads").exists() and not Mail.objects.exists()
        other = make_user(now, is_staff=True, is_superuser=True)
        self.read(reader, now + timedelta(minutes=61), 4)
        assert [mail.to for mail in Mail.objects.all()] == [other.email]

    def test_pages_report_it(self, now: datetime) -> None:
        client = sign_in(make_colleague(now, "Reviewers"))
        for _ in range(4):
            client.get(page_of(make_member(now)))
        assert Event.objects.filter(verb="many_reads").count() == 1
