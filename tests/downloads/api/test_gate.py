"""Tests of the gate's API: it only translates the caller, errors in the request, and the
decision.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from downloads.api.gate import GateDecisionOut
from downloads.gate import decide as gate_decide
from downloads.models import GateDecision
from employers.accounts.api_clients import revoke_api_client
from employers.models import Employer, Scope
from events.core.actor import SYSTEM
from tests.factories import make_case, make_linked_client, make_member
from verification.rules.states import State

pytestmark = pytest.mark.django_db

URL = "/api/v1/gate/decisions"


def ask(client: Client, key: str, body: Any, content_type: str = "application/json") -> Any:
    return client.post(
        URL, body, content_type=content_type, headers={"Authorization": f"Bearer {key}"}
    )


@pytest.fixture
def question(now: datetime) -> dict[str, str]:
    member = make_member(now)
    make_case(member, timezone.now(), State.APPROVED, expires_at=timezone.now() + timedelta(days=1))
    return {"employer_id": str(member.employer_id), "member_id": str(member.pk), "candidate": "c-1"}


def test_allowed_with_obligations(client: Client, question: dict[str, str], now: datetime) -> None:
    api_client, key = make_linked_client(now)
    answer = ask(client, key, question)
    assert answer.status_code == 200
    body = answer.json()
    assert body["allowed"] is True and body["reasons"] == [] and body["tier"] == "provisional"
    assert body["obligations"] == ["mark", "relay_only", "notify_candidate"]
    row = GateDecision.objects.get(pk=body["id"])
    assert row.client_id == api_client.pk and abs(
        row.decided_at - datetime.fromisoformat(body["decided_at"])
    ) < timedelta(milliseconds=2)


def test_the_answers_have_the_documented_form(
    client: Client, question: dict[str, str], now: datetime
) -> None:
    """They are written without the framework's validation."""
    _, key = make_linked_client(now)
    stranger = {**question, "member_id": str(uuid4())}
    documented = client.get("/api/v1/openapi.json").json()["components"]["schemas"][
        "GateDecisionOut"
    ]["properties"]
    for asked in (question, stranger):
        one = ask(client, key, asked)
        many = client.post(
            f"{URL}/batch",
            {**asked, "candidates": ["c-8", "c-9"]},
            "application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert one["Content-Type"] == many["Content-Type"] == "application/json; charset=utf-8"
        for answer in (one.json(), *many.json()):
            assert set(answer) == set(documented)
            read = GateDecisionOut.model_validate(answer)
            assert read.decided_at == GateDecision.objects.get(pk=read.id).decided_at


def test_denied_with_reason_and_way_on_in_both_languages(client: Client, now: datetime) -> None:
    member = make_member(now)
    _, key = make_linked_client(now)
    body = ask(
        client,
        key,
        {"employer_id": str(member.employer_id), "member_id": str(member.pk), "candidate": "c"},
    ).json()
    assert body["allowed"] is False and body["obligations"] == []
    (reason,) = body["reasons"]
    assert (
        reason["code"] == "employer_not_approved"
        and reason["fix"]["zh"]
        and reason["fix"]["en"]
        and reason["who"] == "recruiter"
    )


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}]
)
def test_no_key_no_answer(client: Client, question: dict[str, str], header: dict[str, str]) -> None:
    answer = client.post(URL, question, content_type="application/json", headers=header)
    assert answer.status_code == 401 and answer["Content-Type"].startswith(
        "application/problem+json"
    )
    assert (
        answer["WWW-Authenticate"] == "Bearer" and answer.json()["code"] == "key_missing_or_wrong"
    )
    assert not GateDecision.objects.exists()


def test_a_revoked_key_is_no_key(client: Client, question: dict[str, str], now: datetime) -> None:
    api_client, key = make_linked_client(now)
    revoke_api_client(api_client, SYSTEM, now)
    assert ask(client, key, question).status_code == 401


def test_a_key_without_the_scope(client: Client, question: dict[str, str], now: datetime) -> None:
    _, key = make_linked_client(now, Scope.EMPLOYERS_READ)
    answer = ask(client, key, question)
    assert answer.status_code == 403 and answer.json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "employer_id"),
        ({"employer_id": "x", "member_id": str(uuid4()), "candidate": "c"}, "employer_id"),
        ({"employer_id": str(uuid4()), "member_id": str(uuid4()), "candidate": ""}, "candidate"),
        (
            {"employer_id": str(uuid4()), "member_id": str(uuid4()), "candidate": "c" * 65},
            "candidate",
        ),
        (
            {"employer_id": str(uuid4()), "member_id": str(uuid4()), "candidate": "张三"},
            "candidate",
        ),
    ],
)
def test_a_question_of_the_wrong_form(
    body: dict[str, str], where: str, client: Client, now: datetime
) -> None:
    answer = ask(client, make_linked_client(now)[1], body)
    assert answer.status_code == 422 and answer["Content-Type"].startswith(
        "application/problem+json"
    )
    assert any(where in error["where"] for error in answer.json()["errors"])


def test_not_json(client: Client, now: datetime) -> None:
    answer = ask(client, make_linked_client(now)[1], "not json")
    assert answer.status_code == 400 and answer["Content-Type"].startswith(
        "application/problem+json"
    )


def test_no_database_no_download(
    client: Client, question: dict[str, str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**_: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(gate_decide, "decide_all", down)
    answer = ask(client, make_linked_client(now)[1], question)
    assert (
        answer.status_code == 503
        and answer["Retry-After"]
        and answer.json()["code"] == "unavailable"
    )
    assert "server closed" not in answer.content.decode()


def test_many_at_once_in_their_order(
    client: Client, question: dict[str, str], now: datetime
) -> None:
    _, key = make_linked_client(now)
    body = question | {"candidates": [f"c-{n}" for n in range(7)]}
    answers = client.post(
        f"{URL}/batch",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    ).json()
    assert [answer["allowed"] for answer in answers] == [True] * 5 + [False] * 2
    assert [GateDecision.objects.get(pk=answer["id"]).candidate for answer in answers] == body[
        "candidates"
    ]
    for wrong in ([], ["c"] * 101, ["张三"]):
        body["candidates"] = wrong
        refused = client.post(
            f"{URL}/batch",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert refused.status_code == 422


def test_the_key_is_not_kept(now: datetime) -> None:
    api_client, key = make_linked_client(now)
    assert key not in {str(value) for value in vars(api_client).values()}


def test_employers_by_code(client: Client, question: dict[str, str], now: datetime) -> None:
    employer = Employer.objects.get()
    _, key = make_linked_client(now, Scope.EMPLOYERS_READ)

    def find(code: str) -> Any:
        return client.get(
            "/api/v1/employers", {"uscc": code}, headers={"Authorization": f"Bearer {key}"}
        )

    (found,) = find(employer.uscc.lower()).json()["data"]
    assert found["id"] == question["employer_id"] and found["state"] == "approved"
    assert found["members"] == [{"id": question["member_id"], "reference": "", "role": "owner"}]
    refused = find("123")
    assert (
        refused.status_code == 422
        and refused.json()["code"] == "uscc_invalid"
        and refused.json()["fix"]["zh"]
    )


def test_the_document(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    decide = document["paths"]["/api/v1/gate/decisions"]["post"]
    assert decide["security"] and decide["operationId"] == "decide"
