"""Tests of the console pages for bulk decisions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import User
from employers.permissions import Power
from tests.factories import sign_in
from tests.verification.admin.case.waiting_cases import says
from tests.verification.staff import SENIOR, make_staff
from tests.verification.staff import waiting as waits
from verification.models import Bulk, Case, Ruling
from verification.reviewing import bulk_decisions

pytestmark = pytest.mark.django_db
BULK = "/console/verification/bulk/"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


def person(now: datetime, *powers: Power) -> User:
    """Make a colleague who may also view cases."""
    from django.contrib.auth.models import Permission

    user = make_staff(now, *powers)
    user.user_permissions.add(Permission.objects.get(codename="view_case"))
    return user


@pytest.fixture
def senior(now: datetime) -> User:
    return person(now, *SENIOR)


@pytest.fixture
def cases(now: datetime) -> list[Case]:
    return [waits(now, declared_legal_representative="林望舒") for _ in range(3)]


def sent(cases: list[Case], **data: Any) -> dict[str, Any]:
    return {
        "verb": "reject",
        "cases": [str(case.pk) for case in cases],
        "reasons": ["duplicate_same_image"],
        "note": "同一图片",
    } | data


def test_from_the_case_to_both_people_and_back(
    now: datetime, senior: User, cases: list[Case]
) -> None:
    client, other = sign_in(senior), person(now, *SENIOR)
    address = f"{BULK}of/{cases[0].pk}/"
    assert (
        address in client.get(f"/console/verification/case/{cases[0].pk}/change/").content.decode()
    )
    page = client.get(f"{address}?verb=reject").content.decode()
    assert len(re.findall(r'name="cases"', page)) == 3 and page.count("checked") == 1, (
        "the first case is ticked"
    )
    assert "the same legal representative" in page
    response = client.post(address, sent(cases))
    bulk = Bulk.objects.get()
    assert response.url == f"{BULK}{bulk.pk}/change/"
    mine = client.get(response.url).content.decode()
    assert (
        "Someone else must confirm this." in mine
        and f"{bulk.pk}/confirm/" not in mine
        and f"{bulk.pk}/drop/" in mine
    )

    theirs = sign_in(other)
    assert f"{bulk.pk}/change/" in theirs.get(BULK).content.decode()
    page = theirs.get(response.url).content.decode()
    assert (
        "同一图片" in page
        and all(case.declared_uscc in page for case in cases)
        and f"{bulk.pk}/confirm/" in page
    )
    assert says(theirs.post(f"{BULK}{bulk.pk}/confirm/")) == ["Decided: 3 cases."]
    page = theirs.get(response.url).content.decode()
    assert (
        page.count("can still be undone") == 3
        and f"{bulk.pk}/undo/" in page
        and f"{bulk.pk}/confirm/" not in page
    )
    assert f"{bulk.pk}/change/" not in theirs.get(BULK).content.decode()
    assert f"{bulk.pk}/change/" in theirs.get(f"{BULK}?open=all").content.decode()
    assert says(client.post(f"{BULK}{bulk.pk}/undo/")) == ["Undone: 3 cases."]
    assert "undone" in client.get(response.url).content.decode()


def test_what_is_refused_is_told(now: datetime, senior: User, cases: list[Case]) -> None:
    client = sign_in(senior)
    bulk = bulk_decisions.propose_bulk(
        [case.pk for case in cases], "reject", senior, now, ("review_decided",), ""
    )
    assert says(client.post(f"{BULK}{bulk.pk}/confirm/"))
    assert not Ruling.objects.exists()
    Case.objects.filter(pk=cases[0].pk).update(version=9)
    sign_in(person(now, *SENIOR)).post(f"{BULK}{bulk.pk}/confirm/")
    assert (
        "This case has changed since the bulk decision was proposed"
        in client.get(f"{BULK}{bulk.pk}/change/").content.decode()
    )
    assert says(client.post(f"{BULK}{bulk.pk}/drop/")) != []
    assert Bulk.objects.get().dropped_at is None


def test_what_does_not_fit_is_shown_again_with_what_was_typed(
    now: datetime, senior: User, cases: list[Case]
) -> None:
    client, stranger = sign_in(senior), waits(now)
    address = f"{BULK}of/{cases[0].pk}/"
    for data in (
        sent([stranger]),
        sent(cases, reasons=["document_blurred"]),
        sent([]),
        sent(cases, note="x" * 2001),
    ):
        response = client.post(address, data)
        assert response.status_code == 400
        assert not Bulk.objects.exists()
    response = client.post(address, sent(cases[1:], reasons=[]))
    page = response.content.decode()
    assert response.status_code == 400 and "同一图片" in page and page.count("checked") == 2
    assert client.post(address, sent(cases, verb="approve")).status_code == 403


def test_those_who_may_not_see_no_buttons_and_do_nothing(
    now: datetime, senior: User, cases: list[Case]
) -> None:
    bulk = bulk_decisions.propose_bulk(
        [case.pk for case in cases], "reject", senior, now, ("review_decided",), ""
    )
    for powers in ((Power.DECIDE,), ()):
        client = sign_in(person(now, *powers))
        assert client.get(f"{BULK}of/{cases[0].pk}/").status_code == 403
        assert (
            f"{BULK}of/"
            not in client.get(f"/console/verification/case/{cases[0].pk}/change/").content.decode()
        )
        page = client.get(f"{BULK}{bulk.pk}/change/").content.decode()
        assert f"{bulk.pk}/confirm/" not in page and f"{bulk.pk}/drop/" not in page
        for act in ("confirm", "drop", "undo"):
            assert client.post(f"{BULK}{bulk.pk}/{act}/").status_code == 403
    nobody = sign_in(make_staff(now))
    for address in (BULK, f"{BULK}{bulk.pk}/change/", f"{BULK}of/{cases[0].pk}/"):
        assert nobody.get(address).status_code == 403
    assert nobody.post(f"{BULK}{bulk.pk}/confirm/").status_code == 403
    assert not Ruling.objects.exists() and Bulk.objects.get().dropped_at is None


def test_no_form_of_the_admin_writes_a_row(now: datetime, senior: User, cases: list[Case]) -> None:
    client = Client()
    client.force_login(senior)
    bulk = bulk_decisions.propose_bulk(
        [case.pk for case in cases], "reject", senior, now, ("review_decided",), ""
    )
    assert client.get(f"{BULK}add/").status_code == 403
    assert client.post(f"{BULK}{bulk.pk}/change/", {"verb": "approve"}).status_code == 405
    assert client.get(f"{BULK}{bulk.pk}/confirm/").status_code == 302
    bulk.refresh_from_db()
    assert (bulk.verb, bulk.settled_at) == ("reject", None)


def test_every_outcome_has_its_words() -> None:
    from verification.admin.bulk import OUTCOME_WORDS
    from verification.models import RulingOutcome

    assert OUTCOME_WORDS["carried_out"] == OUTCOME_WORDS["filed"]
    assert set(OUTCOME_WORDS) == set(RulingOutcome.values)
