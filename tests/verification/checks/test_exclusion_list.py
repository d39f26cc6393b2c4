"""Tests of the exclusion list: an excluded party is recognised, a namesake is not accused, and the
evidence is not revealed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from employers.accounts import membership, sightings
from employers.accounts.self_service import leaving
from employers.models import User
from events.core.errors import Refused
from events.models import Event
from tests.factories import (
    make_case,
    make_document,
    make_member,
    make_reviewer,
    make_uscc,
    make_user,
)
from tests.keys import at_each_stage, change_keys
from verification.checks import exclusion_list
from verification.checks.exclusion import Excluded
from verification.decision.pipeline import subject_of
from verification.models import Attempt, Case, CheckRun, Exclusion, ExclusionKind
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db
ALL = [kind.value for kind in ExclusionKind]
EARLIER = {"reading": {"fields": {"legal_representative": "林知白"}, "qr_uscc": None}}
PHONE = "+8613800138000"


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_reviewer(now)


@pytest.fixture
def excluded(now: datetime) -> Case:
    """The case of an excluded party, with all its identifiers."""
    member = make_member(now, email="seller@qq.example", phone_sealed=sightings.seal_phone(PHONE))
    sightings.record_sighting(member.user, now, device="browser", phone=PHONE)
    case = make_case(member, now, State.REJECTED, declared_legal_representative="林知白")
    make_document(case, now, fingerprint="0" * 64)
    return case


def run_check(case: Case, now: datetime, earlier: dict[str, Any] | None = None) -> Finding:
    subject = subject_of(case, now)
    (finding,) = Excluded().judge(subject, {}, Excluded().observe(subject, earlier or {}))
    return finding


def comes_back(now: datetime, **known_by: Any) -> Case:
    """Another employer's case that shares the given identifiers with the excluded one."""
    member = make_member(now, email=known_by.get("email", ""))
    if "uscc" in known_by:
        member.employer.uscc = known_by["uscc"]
        member.employer.save()
    sightings.record_sighting(
        member.user, now, device=known_by.get("device", ""), phone=known_by.get("phone", "")
    )
    case = make_case(
        member, now, State.CHECKING, declared_legal_representative=known_by.get("person", "")
    )
    make_document(case, now, fingerprint=known_by.get("image", "f" * 64))
    return case


def test_a_case_gives_everything_by_which_it_is_known(
    excluded: Case, reviewer: User, now: datetime
) -> None:
    put = exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    assert sorted(exclusion.kind for exclusion in put) == sorted(ALL)
    for exclusion in put:
        assert exclusion.case == excluded and exclusion.added_by == reviewer
        for secret in (PHONE, PHONE[3:], "seller@", "林知白", "browser"):
            assert secret not in exclusion.value and secret not in exclusion.shown
    events = Event.objects.filter(verb="exclude")
    assert events.count() == len(ALL) and all(
        event.employer_id == excluded.employer_id for event in events
    )


def test_again_changes_nothing(excluded: Case, reviewer: User, now: datetime) -> None:
    first = exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    assert (
        exclusion_list.exclude_employer(excluded.pk, ALL, "another reason", reviewer, now) == first
    )
    assert Event.objects.filter(verb="exclude").count() == len(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        Exclusion.objects.create(
            kind=first[0].kind, value=first[0].value, why="x", added_by=reviewer, added_at=now
        )


@pytest.mark.parametrize(("kinds", "why"), [(ALL, " "), ([], "why")])
def test_nobody_is_excluded_without_reason(
    kinds: list[str], why: str, excluded: Case, reviewer: User, now: datetime
) -> None:
    with pytest.raises(Refused, match="reason_required"):
        exclusion_list.exclude_employer(excluded.pk, kinds, why, reviewer, now)
    assert not Exclusion.objects.exists()


@pytest.mark.parametrize("kind", ["phone", "device", "email", "image"])
def test_who_comes_back_with_one_thing(
    kind: str, excluded: Case, reviewer: User, now: datetime
) -> None:
    known_by = {"phone": PHONE, "device": "browser", "image": "0" * 63 + "1"}
    case = comes_back(now, **{kind: known_by.get(kind)} if kind in known_by else {})
    if kind == "email":
        case = comes_back(now)
        excluded.employer.members.update(
            employer=case.employer
        )  # an address belongs to one account: this one changed hands
        exclusion_list.add_exclusion(
            "email", " Seller@QQ.example ", "sold its account", reviewer, now
        )
    assert run_check(case, now).code == (
        "duplicate_excluded" if kind == "email" else "not_excluded"
    )
    if kind != "email":
        exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    finding = run_check(case, now)
    assert (finding.code, finding.severity) == ("duplicate_excluded", Severity.CONCERN)
    assert kind in finding.expected


@pytest.mark.parametrize("kind", ["phone", "device"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_deleting_the_account_frees_nothing(
    kind: str, when: str, excluded: Case, reviewer: User, now: datetime
) -> None:
    known_by = {"phone": PHONE, "device": "browser"}
    steps = [
        lambda: leaving.delete_account(excluded.employer.members.get(), now),
        lambda: exclusion_list.exclude_employer(
            excluded.pk, [kind], "sold its account", reviewer, now
        ),
    ]
    for step in steps if when == "before" else reversed(steps):
        step()
    assert run_check(comes_back(now, **{kind: known_by[kind]}), now).code == "duplicate_excluded"


@pytest.mark.parametrize("kind", ["phone", "device"])
def test_an_excluded_colleague_who_deletes_the_account_is_still_found(
    kind: str, excluded: Case, reviewer: User, now: datetime
) -> None:
    exclusion_list.exclude_employer(excluded.pk, [kind], "sold its account", reviewer, now)
    case = comes_back(now)
    colleague = make_member(now, case.employer)
    sightings.record_sighting(colleague.user, now, device="browser", phone=PHONE)
    leaving.delete_account(colleague, now)
    assert run_check(case, now).code == "duplicate_excluded"


def test_a_number_that_was_changed_is_excluded_too(
    excluded: Case, reviewer: User, now: datetime
) -> None:
    member = excluded.employer.members.get()
    membership.give_phone(member, "13900139000", member.as_actor(), now)
    put = exclusion_list.exclude_employer(excluded.pk, ["phone"], "sold its account", reviewer, now)
    assert len(put) == 2 and "139****9000" in put[0].shown
    assert run_check(comes_back(now, phone=PHONE), now).code == "duplicate_excluded"


def test_who_comes_back_with_the_code(excluded: Case, reviewer: User, now: datetime) -> None:
    exclusion_list.exclude_employer(excluded.pk, ["uscc"], "sold its account", reviewer, now)
    case = comes_back(now, uscc=excluded.declared_uscc)
    assert run_check(case, now).severity is Severity.CONCERN
    other = comes_back(now)
    assert run_check(other, now).severity is Severity.PASS
    assert (
        run_check(other, now, {"reading": {"fields": {"uscc": excluded.declared_uscc}}}).severity
        is Severity.CONCERN
    ), "read from the picture"


def test_a_picture_known_by_its_details(excluded: Case, reviewer: User, now: datetime) -> None:
    exclusion_list.exclude_employer(excluded.pk, ["image"], "sold its account", reviewer, now)
    case = comes_back(now)
    assert run_check(case, now).severity is Severity.PASS
    assert (
        run_check(
            case, now, {"duplicates": {"near_same": [{"case": "x", "fingerprint": "0" * 64}]}}
        ).severity
        is Severity.CONCERN
    )


def test_a_namesake_is_no_concern_unless_more_agrees(
    excluded: Case, reviewer: User, now: datetime
) -> None:
    exclusion_list.exclude_employer(
        excluded.pk, ["person", "phone"], "sold its account", reviewer, now
    )
    assert run_check(comes_back(now, person="林 知白"), now).severity is Severity.NOTE
    assert run_check(comes_back(now), now, EARLIER).severity is Severity.NOTE, (
        "read from the licence"
    )
    assert (
        run_check(comes_back(now, person="林知白", phone=PHONE), now).severity is Severity.CONCERN
    )


def test_the_names_that_the_checks_found_are_taken_too(
    excluded: Case, reviewer: User, now: datetime
) -> None:
    attempt = Attempt.objects.create(case=excluded, number=1, submitted_at=now, due_at=now)
    looked_up = {"record": {"legal_representative": "沈望舒"}}
    CheckRun.objects.create(
        attempt=attempt,
        code="registry",
        version="1",
        observation=looked_up,
        started_at=now,
        finished_at=now,
    )
    exclusion_list.exclude_employer(excluded.pk, ["person"], "sold its account", reviewer, now)
    assert Exclusion.objects.filter(kind="person").count() == 2
    assert run_check(comes_back(now, person="沈望舒"), now).code == "excluded_namesake"


def test_the_employer_is_not_told_by_what(excluded: Case, reviewer: User, now: datetime) -> None:
    exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    reason = run_check(comes_back(now, phone=PHONE), now).as_reason()
    assert reason == {
        "check": "exclusion",
        "code": "duplicate_excluded",
        "field": "",
        "seen": "",
        "expected": "",
    }


def test_lifted_is_over_and_can_come_again(excluded: Case, reviewer: User, now: datetime) -> None:
    (put,) = exclusion_list.exclude_employer(
        excluded.pk, ["phone"], "sold its account", reviewer, now
    )
    case = comes_back(now, phone=PHONE)
    exclusion_list.lift_exclusion(put.pk, reviewer, now)
    exclusion_list.lift_exclusion(put.pk, reviewer, now)
    assert run_check(case, now).severity is Severity.PASS
    assert Event.objects.filter(verb="lift_exclusion").count() == 1
    exclusion_list.exclude_employer(excluded.pk, ["phone"], "again", reviewer, now)
    assert run_check(case, now).severity is Severity.CONCERN


def test_queries_stay_as_many(excluded: Case, reviewer: User, now: datetime) -> None:
    subject = subject_of(comes_back(now, phone=PHONE), now)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            Excluded().observe(subject, EARLIER)
        return len(caught)

    before = queries()
    exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    for number in range(20):
        exclusion_list.add_exclusion("phone", f"139001380{number:02}", "a list", reviewer, now)
    assert queries() == before == 4


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("uscc", "91", "uscc_invalid"),
        ("phone", "12345", "phone_invalid"),
        ("person", " ", "value_missing"),
        ("device", "x", "value_missing"),
    ],
)
def test_what_cannot_be_typed(
    kind: str, typed: str, code: str, reviewer: User, now: datetime
) -> None:
    with pytest.raises(Refused, match=code):
        exclusion_list.add_exclusion(kind, typed, "a list", reviewer, now)


# --- The console ----------------------------------------------------------------------------------


@pytest.fixture
def staff(reviewer: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(reviewer)
    return client


def test_the_console_adds_lists_and_lifts(staff: Client, excluded: Case) -> None:
    add = reverse("admin:verification_exclusion_add")
    assert staff.get(add, {"case": str(excluded.pk)}).status_code == 200
    assert (
        staff.post(add, {"case": str(excluded.pk), "kinds": ["uscc", "phone"]}).status_code == 200
    ), "no reason"
    assert not Exclusion.objects.exists()
    assert (
        staff.post(
            add, {"case": str(excluded.pk), "kinds": ["uscc", "phone"], "why": "sold"}
        ).status_code
        == 302
    )
    assert (
        staff.post(
            add, {"kind": "uscc", "value": make_uscc(), "why": "an authority's list"}
        ).status_code
        == 302
    )
    assert (
        "This is not a valid mobile number"
        in staff.post(add, {"kind": "phone", "value": "1", "why": "x"}).content.decode()
    )
    assert (
        "No case has this ID"
        in staff.post(add, {"case": "0" * 32, "kinds": ["uscc"], "why": "x"}).content.decode()
    )
    page = staff.get(reverse("admin:verification_exclusion_changelist")).content.decode()
    assert "+86 138****8000" in page and excluded.declared_uscc in page and PHONE[3:] not in page
    phone = Exclusion.objects.get(kind="phone")
    lift = reverse("admin:verification_exclusion_lift", args=[phone.pk])
    assert (
        lift
        in staff.get(
            reverse("admin:verification_exclusion_change", args=[phone.pk])
        ).content.decode()
    )
    assert (
        staff.get(lift).status_code == 200 and Exclusion.objects.get(pk=phone.pk).lifted_at is None
    )
    assert staff.post(lift).status_code == 302
    assert Exclusion.objects.get(pk=phone.pk).lifted_at is not None


def test_who_has_no_address_is_excluded_by_the_rest(staff: Client, excluded: Case) -> None:
    User.objects.filter(member__employer=excluded.employer_id).update(email="")
    typed = {"case": str(excluded.pk), "kinds": ["uscc", "email"], "why": "sold"}
    answer = staff.post(reverse("admin:verification_exclusion_add"), typed, follow=True)
    assert [exclusion.kind for exclusion in Exclusion.objects.all()] == ["uscc"]
    page = answer.content.decode()
    assert "Added to the exclusion list: 1." in page
    assert "Not added, because the employer has none: Email." in page


def test_only_who_decides_cases_may(excluded: Case, reviewer: User, now: datetime) -> None:
    (put,) = exclusion_list.exclude_employer(excluded.pk, ["uscc"], "sold", reviewer, now)
    client = Client()
    client.force_login(make_user(now, is_staff=True))
    lift = reverse("admin:verification_exclusion_lift", args=[put.pk])
    for address in (
        reverse("admin:verification_exclusion_add"),
        reverse("admin:verification_exclusion_changelist"),
        lift,
    ):
        assert client.get(address).status_code == 403
    assert client.post(lift).status_code == 403
    assert Exclusion.objects.get(pk=put.pk).lifted_at is None


def test_a_stored_observation_is_judged_again(now: datetime) -> None:
    subject = replace(subject_of(comes_back(now), now), legal_representative="")
    observation = {
        "hits": [
            {"kind": "person", "exclusion": "x", "shown": "林**"},
            {"kind": "uscc", "exclusion": "y", "shown": "91"},
        ]
    }
    (finding,) = Excluded().judge(subject, {}, observation)
    assert finding.severity is Severity.CONCERN and "林**" in finding.expected


@at_each_stage
@pytest.mark.parametrize("key", ["email", "phone", "device", "person"])
def test_a_change_of_keys_lets_nobody_return(
    key: str, stage: str, excluded: Case, reviewer: User, now: datetime, settings: Any
) -> None:
    known_by = {
        "email": "seller+2@qq.example",
        "phone": PHONE,
        "device": "browser",
        "person": "林知白",
    }[key]
    exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    before = run_check(comes_back(now, **{key: known_by}), now).code
    seen_before = comes_back(now, **{key: known_by.replace("+2", "+3")})
    change_keys(settings, stage)
    after = comes_back(now, **{key: known_by.replace("+2", "+4")})
    assert before in ("duplicate_excluded", "excluded_namesake")
    assert run_check(seen_before, now).code == run_check(after, now).code == before


@at_each_stage
def test_after_a_change_of_keys_nobody_is_listed_twice(
    stage: str, excluded: Case, reviewer: User, now: datetime, settings: Any
) -> None:
    exclusion_list.exclude_employer(excluded.pk, ALL, "sold its account", reviewer, now)
    listed = Exclusion.objects.count()
    change_keys(settings, stage)
    exclusion_list.exclude_employer(excluded.pk, ALL, "again", reviewer, now)
    exclusion_list.add_exclusion(ExclusionKind.PHONE, PHONE, "from an authority", reviewer, now)
    assert Exclusion.objects.count() == listed
