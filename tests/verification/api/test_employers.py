"""Tests of the API for employers: creating, updating, reading, and access to others' employers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Employer, Scope
from events.models import Event
from tests.factories import (
    make_api_client,
    make_case,
    make_employer,
    make_link,
    make_member,
    make_uscc,
)
from verification.api.employers import EXAMPLE, EmployerOut
from verification.checks.scripted_outcomes import code_for
from verification.models import Case
from verification.rules.states import EDITABLE, State

pytestmark = pytest.mark.django_db
URL = "/api/v1/employers"


class Caller:
    """A platform's system."""

    def __init__(self, client: ApiClient, key: str) -> None:
        self.client, self.key = client, key

    def __call__(self, method: str, path: str = "", body: Any = None, **query: Any) -> Any:
        content = json.dumps(body) if body is not None else ""
        headers = {"Authorization": f"Bearer {self.key}"}
        return Client().generic(
            method, URL + path, content, "application/json", query_params=query, headers=headers
        )


@pytest.fixture
def call(now: datetime) -> Caller:
    return Caller(*make_api_client(now, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE))


@pytest.fixture
def other(now: datetime) -> Caller:
    return Caller(*make_api_client(now, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE))


@pytest.fixture
def trial(now: datetime) -> Caller:
    return Caller(
        *create_api_client("trial", [Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE], now, test=True)
    )


def said(**more: Any) -> dict[str, Any]:
    return {"reference": "co-1", "name": "云溪市示例科技有限公司", "uscc": make_uscc()} | more


# --- Creating -------------------------------------------------------------------------------------


def test_an_employer_is_made_and_found_again(call: Caller) -> None:
    body = said(account_class="commercial_agency")
    made = call("POST", "", body)
    assert made.status_code == 201 and made["Location"] == f"{URL}/{made.json()['id']}"
    told = made.json()
    assert (told["reference"], told["uscc"], told["account_class"], told["state"]) == (
        "co-1",
        body["uscc"],
        "commercial_agency",
        None,
    )
    assert call("GET", f"/{told['id']}").json() == told
    row = Employer.objects.get()
    assert (row.platform, row.test, row.confirmed_at) == (call.client, False, None)
    event = Event.objects.about(row).get()
    assert (event.verb, event.role, event.actor_id) == ("register", "platform", str(call.client.pk))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"uscc": "123"}, "uscc_invalid"),
        ({"name": "看 https://a.example"}, "name_not_plain"),
        ({"reference": "a b"}, "invalid_request"),
        ({"reference": ""}, "invalid_request"),
        ({"account_class": "bank"}, "invalid_request"),
        ({"name": ""}, "invalid_request"),
    ],
)
def test_what_is_wrong_makes_nothing(call: Caller, wrong: dict[str, Any], code: str) -> None:
    refused = call("POST", "", said(**wrong))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert not Employer.objects.exists()


def test_a_reference_is_used_once_by_each_platform(call: Caller, other: Caller) -> None:
    assert call("POST", "", said()).status_code == 201
    taken = call("POST", "", said())
    assert (taken.status_code, taken.json()["code"], taken.json()["field"]) == (
        409,
        "reference_taken",
        "reference",
    )
    assert other("POST", "", said()).status_code == 201


def test_a_code_that_another_holds_is_contested_in_so_many_words(
    call: Caller, trial: Caller, now: datetime
) -> None:
    held = make_employer(now, confirmed_at=now)
    body = said(uscc=held.uscc)
    assert call("POST", "", body).json()["code"] == "duplicate_same_uscc_active"
    assert call("POST", "", body | {"contest": True}).status_code == 201
    assert trial("POST", "", body).json()["code"] == "test_code_required", (
        "a test does not see real companies"
    )


def test_who_may_write(now: datetime) -> None:
    reader = Caller(*make_api_client(now, Scope.EMPLOYERS_READ))
    writer = Caller(*make_api_client(now, Scope.EMPLOYERS_WRITE))
    assert reader("POST", "", said()).status_code == 403
    assert (
        reader("PUT", "/by-reference/co-1", {"name": "某某公司", "uscc": make_uscc()}).status_code
        == 403
    )
    assert writer("GET").status_code == 403
    assert not Employer.objects.exists()


# --- Updating -------------------------------------------------------------------------------------


def put(call: Caller, reference: str = "co-1", **body: Any) -> Any:
    return call("PUT", f"/by-reference/{reference}", body)


def test_it_is_made_then_corrected_then_the_same(call: Caller) -> None:
    code, better = make_uscc(), make_uscc()
    first = put(call, name="云溪市示例有限公司", uscc=code)
    assert first.status_code == 201
    second = put(call, name="云溪市示例科技有限公司", uscc=better)
    assert second.status_code == 200 and second.json()["id"] == first.json()["id"]
    assert (second.json()["name"], second.json()["uscc"]) == ("云溪市示例科技有限公司", better)
    assert put(call, name="云溪市示例科技有限公司", uscc=better).json() == second.json()
    row = Employer.objects.get()
    assert list(Event.objects.about(row).values_list("verb", flat=True)) == ["register", "declare"]
    assert Event.objects.about(row).get(verb="declare").data["changed"] == ["name", "uscc"]


def _with_case(call: Caller, state: State, now: datetime) -> Case:
    put(call, name="云溪市示例有限公司", uscc=make_uscc())
    return make_case(make_member(now, Employer.objects.get()), now, state)


@pytest.mark.parametrize("state", list(State))
def test_it_is_corrected_only_while_the_case_is_in_their_hands(
    call: Caller, state: State, now: datetime
) -> None:
    case = _with_case(call, state, now)
    before = Employer.objects.get()
    answer = put(call, name="云溪市示例科技有限公司", uscc=before.uscc)
    case.refresh_from_db()
    if state in EDITABLE:
        assert (
            answer.status_code == 200
            and case.declared_name == Employer.objects.get().name == "云溪市示例科技有限公司"
        )
        assert case.version == 1 + before.cases.model._meta.get_field("version").get_default()
    else:
        assert (answer.status_code, answer.json()["code"], answer.json()["seen"]) == (
            409,
            "state_conflict",
            state,
        )
        assert case.declared_name == Employer.objects.get().name == before.name
    assert put(call, name=Employer.objects.get().name, uscc=before.uscc).status_code == 200, (
        "an unchanged declaration is no conflict"
    )


def test_an_employer_that_was_confirmed_is_not_another(call: Caller, now: datetime) -> None:
    put(call, name="云溪市示例有限公司", uscc=make_uscc())
    Employer.objects.update(confirmed_at=now)
    assert put(call, name="另一家有限公司", uscc=make_uscc()).json()["code"] == "state_conflict"


# --- Reading --------------------------------------------------------------------------------------


def test_whom_a_platform_sees(call: Caller, other: Caller, trial: Caller, now: datetime) -> None:
    mine = call("POST", "", said()).json()["id"]
    theirs = other("POST", "", said()).json()["id"]
    tried = trial("POST", "", said(uscc=code_for(0))).json()["id"]
    linked = make_member(now)
    make_link(linked, call.client.pk, now)
    own_pages, unlinked = str(linked.employer_id), str(make_member(now).employer_id)
    made_for = str(make_employer(now, made_for=make_member(now).user).pk)
    seen = {row["id"] for row in call("GET").json()["data"]}
    assert {mine, own_pages} <= seen and not seen & {theirs, tried, made_for, unlinked}
    assert [row["id"] for row in trial("GET").json()["data"]] == [tried]
    for hidden in (theirs, tried, made_for, unlinked, str(uuid4())):
        for path in ("", "/requirements"):
            refused = call("GET", f"/{hidden}{path}")
            assert (refused.status_code, refused.json()["code"]) == (404, "employer_unknown")


def test_a_list_comes_in_pages(call: Caller, now: datetime) -> None:
    made = [call("POST", "", said(reference=f"co-{number}")).json()["id"] for number in range(5)]
    read: list[str] = []
    after: dict[str, str] = {}
    for expected in (2, 2, 1):
        page = call("GET", "", limit=2, **after).json()
        assert len(page["data"]) == expected
        read += [row["id"] for row in page["data"]]
        after = {"after": page["next"]} if page["next"] else {}
    assert read == made and not after
    Employer.objects.update(registered_at=now)
    read, after = [], {}
    for _ in range(5):
        page = call("GET", "", limit=1, **after).json()
        read += [row["id"] for row in page["data"]]
        after = {"after": page["next"]}
    assert sorted(read) == sorted(made) and page["next"] is None, "at the same moment, too"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"after": "x"}, "cursor_invalid"),
        ({"limit": 0}, "invalid_request"),
        ({"limit": 101}, "invalid_request"),
    ],
)
def test_what_is_no_page(call: Caller, query: dict[str, Any], code: str) -> None:
    refused = call("GET", "", **query)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_employers_are_sought(call: Caller, now: datetime) -> None:
    body = said()
    mine = call("POST", "", body).json()["id"]
    call("POST", "", said(reference="co-2"))
    member = make_member(now, Employer.objects.get(pk=mine))
    make_case(member, now, State.APPROVED)
    make_case(member, now)

    def found(**query: Any) -> list[str]:
        return [row["id"] for row in call("GET", "", **query).json()["data"]]

    assert (
        found(uscc=body["uscc"].lower())
        == found(reference="co-1")
        == found(state="approved")
        == [mine]
    )
    assert found(state="draft") == [], "the current case is the approved one"
    assert call("GET", f"/{mine}").json()["state"] == "approved"
    assert call("GET", "", uscc="123").json()["code"] == "uscc_invalid"


def test_a_page_asks_the_database_no_more_often_than_a_line(
    call: Caller, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        call("POST", "", said(reference=f"co-{number}"))
        make_case(make_member(now, Employer.objects.get(reference=f"co-{number}")), now)
    with django_assert_max_num_queries(4):  # the key, the employers, their members, their cases
        page = call("GET", "", limit=30).json()
    assert {row["state"] for row in page["data"]} == {"draft"} and all(
        len(row["members"]) == 1 for row in page["data"]
    )


def test_the_example_in_the_document_is_an_answer() -> None:
    assert EmployerOut.model_validate(EXAMPLE).model_dump(mode="json") == EXAMPLE
