"""Tests of an agency's clients: adding, correcting, ending, and their records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_case, make_document, make_member, make_uscc
from verification.cases import documents
from verification.intake import client_letters
from verification.models import Attempt, Case, ClientAuthorisation, Document, DocumentKind
from verification.rules.states import State

pytestmark = pytest.mark.django_db

CLIENT = make_uscc(37)


@pytest.fixture
def case(now: datetime) -> Case:
    return make_case(make_member(now), now)


@pytest.fixture
def letter(case: Case, now: datetime) -> Document:
    return make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)


def actor(case: Case) -> Actor:
    member = case.employer.members.get()
    return member.as_actor()


def add(letter: Document, now: datetime, **changed: Any) -> ClientAuthorisation:
    said: dict[str, Any] = {
        "name": "云溪市甲有限公司",
        "uscc": CLIENT,
        "valid_until": now.date(),
    } | changed
    return client_letters.add_client(letter.pk, said.pop("actor", actor(letter.case)), now, **said)


def verbs() -> list[str]:
    return list(
        Event.objects.filter(subject_type="clientauthorisation")
        .order_by("id")
        .values_list("verb", flat=True)
    )


def test_a_client_is_added_corrected_and_ended(letter: Document, now: datetime) -> None:
    client = add(letter, now, uscc=f" {CLIENT.lower()} ")
    assert (client.employer, client.client_uscc, client.ended_at) == (
        letter.case.employer,
        CLIENT,
        None,
    )
    assert add(letter, now).pk == client.pk and verbs() == ["add_client"], (
        "a repetition changes nothing"
    )
    assert (
        add(letter, now, name="云溪市乙有限公司", valid_until=None).client_name
        == "云溪市乙有限公司"
    )
    for _ in range(2):
        assert client_letters.end_client(client.pk, actor(letter.case), now).ended_at == now
    assert verbs() == ["add_client", "change_client", "end_client"]
    event = Event.objects.get(verb="add_client")
    assert event.employer_id == letter.case.employer_id and event.data == {
        "case": str(letter.case_id),
        "document": str(letter.pk),
    }
    with pytest.raises(Refused, match="agency_client_ended"):
        add(letter, now)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"uscc": "91"}, "uscc_invalid"),
        ({"name": "看 www.example.com"}, "name_not_plain"),
        ({"name": "云溪市示例科技有限公司"}, "agency_client_mismatch"),  # its own name
        ({"actor": Actor(Role.REVIEWER, "x")}, "not_allowed"),
        ({"actor": Actor(Role.PLATFORM, "x")}, "not_allowed"),
    ],
)
def test_refusals(changed: dict[str, Any], code: str, letter: Document, now: datetime) -> None:
    with pytest.raises(Refused, match=code):
        add(letter, now, **changed)
    assert not ClientAuthorisation.objects.exists() and verbs() == []


def test_its_own_code_and_a_day_that_is_over_are_refused(letter: Document, now: datetime) -> None:
    with pytest.raises(Refused, match="agency_client_mismatch"):
        add(letter, now, uscc=letter.case.declared_uscc)
    with pytest.raises(Refused, match="agency_client_expired"):
        add(letter, now, valid_until=now.date() - timedelta(days=1))


def test_it_stands_on_a_letter_that_is_there(letter: Document, case: Case, now: datetime) -> None:
    licence = make_document(case, now)
    with pytest.raises(Refused, match="agency_client_missing"):
        add(licence, now)
    documents.remove_document(letter.pk, actor(case), now)
    with pytest.raises(Refused, match="agency_client_missing"):
        add(letter, now)


@pytest.mark.parametrize(
    ("state", "allowed"),
    [(State.CHECKING, True), (State.IN_REVIEW, False), (State.APPROVED, False)],
)
def test_when_a_client_can_be_added(state: State, allowed: bool, now: datetime) -> None:
    case = make_case(make_member(now), now, state)
    letter = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
    if allowed:
        add(letter, now)
    else:
        with pytest.raises(Refused, match="state_conflict"):
            add(letter, now)
    assert ClientAuthorisation.objects.exists() is allowed


def test_what_waits_looks_again(
    now: datetime, django_capture_on_commit_callbacks: Any, notified: list[tuple[Any, ...]]
) -> None:
    case = make_case(make_member(now), now, State.CHECKING)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now + timedelta(days=1)
    )
    letter = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
    with django_capture_on_commit_callbacks(execute=True):
        client = add(letter, now)
    attempt.refresh_from_db()
    check = ("verification.tasks.check_attempt", attempt.pk)
    assert attempt.due_at == now and notified.count(check) == 1
    with django_capture_on_commit_callbacks(execute=True):
        client_letters.end_client(client.pk, actor(case), now)
    assert notified.count(check) == 2


def test_only_the_employer_ends_it(letter: Document, now: datetime) -> None:
    client = add(letter, now)
    with pytest.raises(Refused, match="not_allowed"):
        client_letters.end_client(client.pk, Actor(Role.PLATFORM, "x"), now)
    assert ClientAuthorisation.objects.get().ended_at is None


def test_a_letter_of_a_case_that_was_never_approved_has_no_status_of_its_own(
    letter: Document, now: datetime
) -> None:
    assert client_letters.letter_statuses(letter.case, now) == []
