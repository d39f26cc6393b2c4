"""Tests of the console's search: what it finds, for whom, at what cost, and what it records."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.admin.console import search, search_page
from downloads.admin.console.search import Kind
from downloads.models import (
    Candidate,
    Consent,
    GateDecision,
    Mode,
    RelayBinding,
    RelayTeam,
    Release,
)
from employers.accounts import sightings
from employers.models import ApiClient, Member, User
from employers.security import throttle
from events.models import Event
from tests.factories import (
    make_api_client,
    make_case,
    make_colleague,
    make_employer,
    make_member,
    make_reviewer,
    make_user,
    sign_in,
)
from verification.rules.states import State

pytestmark = pytest.mark.django_db
SEARCH, PHONE, EMAIL = "/console/search/", "+8613812345678", "zhang.san@company.example"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def member(now: datetime) -> Member:
    member = make_member(
        now,
        make_employer(now, name="云溪市青禾科技有限公司"),
        email=EMAIL,
        phone_sealed=sightings.seal_phone(PHONE),
    )
    sightings.record_sighting(member.user, now, phone=PHONE)
    return member


@pytest.fixture
def platform(now: datetime) -> ApiClient:
    return make_api_client(now)[0]


def look_for(client: Client, typed: str) -> Any:
    return client.post(SEARCH, {"q": typed}, follow=True)


def leads_to(client: Client, typed: str) -> str:
    return str(look_for(client, typed).request["PATH_INFO"])


def page_of(row: Any) -> str:
    return f"/console/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def lend(member: Member, platform: ApiClient, now: datetime, number: str) -> RelayBinding:
    team, _ = RelayTeam.objects.get_or_create(
        employer=member.employer, provider="simulator", defaults={"looked_at": now, "due_at": now}
    )
    return RelayBinding.objects.create(
        employer=member.employer,
        uscc=member.employer.uscc,
        client_id=platform.pk,
        decision_id=uuid.uuid4(),
        member=member,
        candidate="cand-7",
        team=team,
        provider="simulator",
        number=number,
        state="bound",
        requested_at=now,
        bound_at=now,
        due_at=now,
        expires_at=now + timedelta(days=30),
    )


def decide(member: Member, platform: ApiClient, now: datetime) -> GateDecision:
    return GateDecision.objects.create(
        client_id=platform.pk,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate="cand-7",
        uscc=member.employer.uscc,
        allowed=True,
        tier="established",
        ladder_version="1",
        decided_at=now,
    )


class TestTerms:
    @pytest.mark.parametrize(
        ("typed", "kind"),
        [
            ("91990107016778411X", Kind.WORDS),
            ("3fa85f64-5717-4562-b3fc-2c963f66afa6", Kind.ID),
            ("zr-ABCDE-23456", Kind.COPY),
            (" Zhang.San@Company.example ", Kind.MAIL),
            ("138 1234 5678", Kind.PHONE),
            ("+86 138-1234-5678", Kind.PHONE),
            ("95013123456", Kind.PHONE),
            ("青禾", Kind.WORDS),
            ("cand-7", Kind.WORDS),
        ],
    )
    def test_what_a_term_is(self, typed: str, kind: Kind) -> None:
        term = search.term_of(typed)
        assert term is not None and term.kind is kind

    @pytest.mark.parametrize("typed", ["", " ", "青"])
    def test_a_single_character_is_not_searched_for(self, typed: str) -> None:
        assert search.term_of(typed) is None


class TestExactHits:
    def test_lead_there_at_once(self, member: Member, platform: ApiClient, now: datetime) -> None:
        client = sign_in(make_reviewer(now))
        case = make_case(member, now, State.IN_REVIEW, review_since=now)
        binding = lend(member, platform, now, "+8617012345678")
        colleague = make_user(now, "auditor@zizhi.example", is_staff=True)
        for typed, row in (
            (member.employer.uscc, member.employer),
            (member.employer.uscc.lower(), member.employer),
            (str(case.pk), case),
            ("138 1234 5678", member),
            (EMAIL.upper(), member),
            ("17012345678", binding),
            (colleague.email, colleague),
            (str(platform.pk), platform),
            (str(decide(member, platform, now).pk), GateDecision.objects.get()),
        ):
            assert leads_to(client, typed) == page_of(row), typed

    def test_who_has_only_a_number_is_named_by_it(self, member: Member) -> None:
        member.user.email = ""
        assert search._hit(member).words == "+86 138****5678"

    def test_a_part_of_a_number_or_an_address_finds_nobody(
        self, member: Member, now: datetime
    ) -> None:
        client = sign_in(make_reviewer(now))
        for typed in ("1381234567", "zhang.san", "company.example", EMAIL[:-1]):
            assert page_of(member) not in look_for(client, typed).content.decode(), typed


class TestLists:
    def test_what_a_part_of_a_name_finds_best_matches_first(
        self, member: Member, now: datetime
    ) -> None:
        begins = make_employer(now, name="青禾人力资源有限公司")
        for n in range(search.FEW):
            make_employer(now, name=f"云溪市第{n}青禾有限公司")
        html = look_for(sign_in(make_reviewer(now)), "青禾").content.decode()
        assert html.count("/console/employers/employer/") >= search.FEW
        first = html.split('class="card found"')[1].split("<li>")[1]
        assert page_of(begins) in first
        assert "/console/employers/employer/?q=" in html, "there are more"

    def test_a_candidates_reference_finds_all_that_is_known_by_it(
        self, member: Member, platform: ApiClient, now: datetime
    ) -> None:
        candidate = Candidate.objects.create(
            client_id=platform.pk,
            reference="cand-7",
            mode=Mode.ASK_FIRST,
            told_at=now,
            changed_at=now,
        )
        binding = lend(member, platform, now, "+8617012345678")
        html = look_for(sign_in(make_colleague(now, "Auditors")), "cand-7").content.decode()
        assert page_of(candidate) in html and page_of(binding) in html

    def test_nothing_found_says_what_can_be_searched_for(self, now: datetime) -> None:
        html = look_for(sign_in(make_reviewer(now)), "does not exist").content.decode()
        assert "Nothing found for “does not exist”" in html and "What you can search for" in html


class TestWhoFindsWhat:
    def test_only_what_one_may_open(
        self, member: Member, platform: ApiClient, now: datetime
    ) -> None:
        binding, answer = (
            lend(member, platform, now, "+8617012345678"),
            decide(member, platform, now),
        )
        colleague = make_user(now, "auditor@zizhi.example", is_staff=True)
        terms = {
            member.employer.uscc: member.employer,
            EMAIL: member,
            PHONE: member,
            "+8617012345678": binding,
            str(answer.pk): answer,
            colleague.email: colleague,
            str(platform.pk): platform,
        }
        found = {
            group: {
                typed
                for typed, row in terms.items()
                if leads_to(sign_in(make_colleague(now, group)), typed) == page_of(row)
            }
            for group in ("Reviewers", "Auditors", "Operators")
        }
        assert found == {
            "Reviewers": {member.employer.uscc, EMAIL, PHONE, str(answer.pk)} - {str(answer.pk)},
            "Auditors": set(terms),
            "Operators": {str(platform.pk)},
        }

    def test_nobody_finds_golden_cases_of_others_and_tests(self, now: datetime) -> None:
        client, other = sign_in(make_colleague(now, "Leads")), make_user(now, is_staff=True)
        all_hidden: tuple[dict[str, Any], ...] = ({"test": True}, {"made_for": other})
        for n, hidden in enumerate(all_hidden):
            employer = make_employer(now, name="青禾有限公司", **hidden)
            one = make_member(now, employer, email=f"hidden{n}@company.example")
            for typed in ("青禾", employer.uscc, str(employer.pk), one.user.email, str(one.pk)):
                response = look_for(client, typed)
                assert response.request["PATH_INFO"] == SEARCH, typed
                assert page_of(employer) not in response.content.decode(), typed


class TestRecords:
    def test_the_term_is_nowhere(self, member: Member, now: datetime) -> None:
        """Neither in the event nor in an address that a browser or server keeps."""
        reviewer = make_colleague(now, "Reviewers")
        for typed, kind in ((EMAIL, "mail"), ("138 1234 5678", "phone")):
            response = look_for(sign_in(reviewer), typed)
            assert all("q=" not in url for url, _status in response.redirect_chain)
            event = Event.objects.filter(verb="search").latest("id")
            assert event.data == {"kind": kind, "found": 1} and event.actor_id == str(reviewer.pk)
        stored = json.dumps(list(Event.objects.values_list("data", "subject_id")), default=str)
        assert EMAIL not in stored and "1381234" not in stored

    def test_a_recruiter_who_is_shown_counts_as_read(self, member: Member, now: datetime) -> None:
        reviewer = make_colleague(now, "Reviewers")
        sign_in(reviewer).post(SEARCH, {"q": EMAIL})
        event = Event.objects.get(verb="read")
        assert (event.subject_id, event.employer_id) == (str(member.pk), member.employer_id)

    def test_personal_data_in_an_address_is_not_searched_for(
        self, member: Member, now: datetime
    ) -> None:
        response = sign_in(make_colleague(now, "Reviewers")).get(SEARCH, {"q": EMAIL})
        assert response.status_code == 200 and EMAIL not in response.content.decode()
        assert not Event.objects.filter(verb="search").exists()

    def test_after_many_searches_one_waits(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search_page, "SEARCHES", throttle.Limit("console-search", 2))
        client = sign_in(make_colleague(now, "Reviewers"))
        codes = [client.get(SEARCH, {"q": "青禾"}).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert Event.objects.filter(verb="search").count() == 2

    def test_only_staff_search(self, member: Member) -> None:
        response = sign_in(member.user).get(SEARCH, {"q": "青禾"})
        assert response.status_code == 302 and "login" in response["Location"]


class TestCost:
    SMALL = ("employers_employer", "employers_apiclient", "auth_", "employers_user_groups")
    """Tables that are read for parts of names, or have a few rows."""

    @pytest.mark.parametrize(
        "typed", [str(uuid.UUID(int=5)), EMAIL, PHONE, "ZR-ABCDE-23456", "cand-7", "uscc", "青禾"]
    )
    def test_no_big_table_is_read_whole(
        self, typed: str, member: Member, platform: ApiClient, now: datetime
    ) -> None:
        for n in range(40):
            decide(member, platform, now - timedelta(minutes=n))
        client = sign_in(make_reviewer(now))
        typed = member.employer.uscc if typed == "uscc" else typed
        look_for(client, typed)
        with CaptureQueriesContext(connection) as caught:
            client.post(SEARCH, {"q": typed})
            if search.term_of(typed).kind not in search.PERSONAL:  # type: ignore[union-attr]
                client.get(SEARCH, {"q": typed})
        asked = [each["sql"] for each in caught if each["sql"].startswith("SELECT")]
        big = {
            model._meta.db_table
            for model in (Member, User, GateDecision, RelayBinding, Candidate, Release, Consent)
        }
        read = 0
        for sql in asked:
            if not any(f'FROM "{table}"' in sql for table in big):
                continue
            read += 1
            for line in plan(sql):
                assert not any(whole(line, table) for table in big), (line, sql)
        assert read or typed == member.employer.uscc

    def test_the_number_of_queries_has_a_bound(
        self, member: Member, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        client = sign_in(make_reviewer(now))
        look_for(client, "青禾")
        for typed in ("青禾", "cand-7", str(uuid.UUID(int=5))):
            with django_assert_max_num_queries(40):
                client.get(SEARCH, {"q": typed})


def plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            return [row[0] for row in cursor.fetchall()]
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]


def whole(line: str, table: str) -> bool:
    """Return whether a line of a plan reads a whole table."""
    if connection.vendor == "postgresql":
        return f"Seq Scan on {table} " in line
    return line.startswith(f"SCAN {table}")
