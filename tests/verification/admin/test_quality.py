"""Tests of the console pages for the quality of decisions, and of their permissions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from employers.models import User
from events.models import Event
from tests.factories import make_colleague
from tests.verification.quality.golden import decided
from tests.verification.quality.test_reviewer_figures import golden_answer, ruling
from tests.verification.staff import make_staff, waiting
from verification.models import GoldenCase
from verification.quality import golden_assignment

pytestmark = pytest.mark.django_db
QUALITY, MINE = "/console/quality/", "/console/quality/mine/"


@pytest.fixture
def now() -> datetime:
    return datetime.now().astimezone()


@pytest.fixture
def lead(now: datetime, client: Client) -> User:
    user = make_colleague(now, "Leads")
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("group", "sees", "mine"),
    [("Reviewers", 403, 200), ("Seniors", 403, 200), ("Leads", 200, 200), ("Auditors", 200, 403)],
)
def test_who_may_look(group: str, sees: int, mine: int, now: datetime, client: Client) -> None:
    user = make_colleague(now, group)
    client.force_login(user)
    assert (client.get(QUALITY).status_code, client.get(MINE).status_code) == (sees, mine)
    looked = Event.objects.filter(verb="look_quality", subject_id=str(user.pk))
    assert [event.data for event in looked] == ([{"period": "90"}] if sees == 200 else [])
    page = client.get("/console/", follow=True).content.decode()
    assert (f'href="{QUALITY}"' in page, f'href="{MINE}"' in page) == (sees == 200, sees == 403)


def test_nobody_without_signing_in(client: Client) -> None:
    assert client.get(QUALITY).status_code == 302 and "login" in client.get(MINE).url


def test_reviewers_stand_in_alphabetical_order_whatever_they_did(
    now: datetime, lead: User, client: Client
) -> None:
    people = [make_staff(now) for _ in range(3)]
    for number, person in enumerate(reversed(people)):
        for _ in range(number + 1):
            ruling(waiting(now), person, now, seconds=5 + number)
    page = client.get(QUALITY, {"period": "all"}).content.decode()
    shown = re.findall(r'<h3 id="reviewer-\d+">([^<]+)</h3>', page)
    assert shown == sorted(person.email for person in people)
    assert (
        "sort" not in page.lower().replace("sortable", "")
        and page.count("too few cases") + page.count("份数太少") > 0
    )


def test_a_reviewer_sees_nobody_else(now: datetime, client: Client) -> None:
    me, other = make_colleague(now, "Reviewers"), make_staff(now)
    client.force_login(me)
    before = client.get(MINE, {"period": "all"}).content
    for _ in range(30):
        ruling(waiting(now), other, now, seconds=7)
    golden_answer(other, now, "approve", False)
    strip = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
    after = client.get(MINE, {"period": "all"}).content
    assert strip.sub(b"", before) == strip.sub(b"", after)
    assert other.email not in after.decode()


@pytest.mark.parametrize("period", ["30", "90", "all", "nonsense"])
def test_periods(period: str, lead: User, client: Client) -> None:
    page = client.get(QUALITY, {"period": period})
    assert page.context["period"] == (period if period != "nonsense" else "90")


class TestKeeping:
    def test_from_the_cases_page(self, now: datetime, lead: User, client: Client) -> None:
        case = decided(now)
        address = reverse("quality_keep", args=[case.pk])
        assert (
            address
            in client.get(
                reverse("admin:verification_case_change", args=[case.pk])
            ).content.decode()
        )
        page = client.get(address).content.decode()
        assert re.search(r'value="name_mismatch" checked', page) and re.search(
            r'<option value="reject" selected', page
        )
        assert (
            client.post(address, {"verb": "reject", "reasons": ["name_mismatch"]}).status_code
            == 200
        ), "not confirmed"
        assert not GoldenCase.objects.exists()
        done = client.post(
            address,
            {"verb": "reject", "reasons": ["name_mismatch", "uscc_mismatch"], "confirmed": "1"},
        )
        assert done.url == QUALITY
        kept = GoldenCase.objects.get()
        assert (kept.right_verb, kept.right_reasons, kept.made_by) == (
            "reject",
            ["name_mismatch", "uscc_mismatch"],
            lead,
        )
        assert kept.name in client.get(QUALITY).content.decode()
        assert client.get(address).status_code == 302, "it is already saved"
        assert (
            address
            not in client.get(
                reverse("admin:verification_case_change", args=[case.pk])
            ).content.decode()
        )

    def test_another_verb_has_its_own_reasons(
        self, now: datetime, lead: User, client: Client
    ) -> None:
        page = client.get(
            reverse("quality_keep", args=[decided(now).pk]), {"verb": "request_changes"}
        ).content.decode()
        assert 'value="document_blurred"' in page

    def test_what_does_not_fit_is_not_kept(self, now: datetime, lead: User, client: Client) -> None:
        address = reverse("quality_keep", args=[decided(now).pk])
        for sent in ({"verb": "suspend"}, {"verb": "reject", "reasons": ["nonsense"]}):
            assert client.post(address, sent | {"confirmed": "1"}).status_code in (302, 400)
        assert GoldenCase.objects.count() <= 0

    @pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Auditors"])
    def test_by_leads_alone(self, group: str, now: datetime, client: Client) -> None:
        case = decided(now)
        client.force_login(make_colleague(now, group))
        assert (
            client.post(
                reverse("quality_keep", args=[case.pk]), {"verb": "reject", "confirmed": "1"}
            ).status_code
            == 403
        )
        assert (
            "quality/keep"
            not in client.get(
                reverse("admin:verification_case_change", args=[case.pk])
            ).content.decode()
        )
        kept = golden_answer(make_staff(now), now, "reject", True).golden
        assert client.post(reverse("quality_retire", args=[kept.pk])).status_code == 403

    def test_retiring_asks_once_more(self, now: datetime, lead: User, client: Client) -> None:
        kept = golden_answer(make_staff(now), now, "reject", True).golden
        address = reverse("quality_retire", args=[kept.pk])
        assert client.get(address).status_code == 200 and GoldenCase.objects.in_use().exists()
        assert client.post(address).url == QUALITY
        assert not GoldenCase.objects.in_use().exists() and client.get(address).status_code == 404


def test_the_number_of_queries_does_not_grow(
    now: datetime, lead: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.get(QUALITY)
    for _ in range(4):
        person = make_staff(now)
        golden_answer(person, now, "reject", True)
        ruling(waiting(now), person, now, seconds=4)
    with django_assert_max_num_queries(16):
        client.get(QUALITY)


def test_a_golden_case_is_kept_by_nobody(now: datetime, lead: User, client: Client) -> None:
    case = decided(now)
    client.post(reverse("quality_keep", args=[case.pk]), {"verb": "reject", "confirmed": "1"})
    copy = golden_assignment.plant_golden_case(GoldenCase.objects.get(), lead, now)
    assert (
        client.post(
            reverse("quality_keep", args=[copy.pk]), {"verb": "reject", "confirmed": "1"}
        ).status_code
        == 302
    )
    assert GoldenCase.objects.count() == 1
