"""Tests of all responses under /api/v1: problems, ids, limits and idempotency."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from config.api.problems import STATUS
from employers.models import ApiClient, ApiKey
from employers.platforms.api_limits import Allowance, Buckets, Rate
from events.core.reasons import REASONS
from tests.factories import make_case, make_link, make_member, make_uscc
from tests.keys import at_each_stage, change_keys
from verification.rules.states import State

pytestmark = pytest.mark.django_db
SPEND = "/api/v1/gate/passes/spend"
GATE, EMPLOYERS, ME = "/api/v1/gate/decisions", "/api/v1/employers", "/api/v1/me"


def send(method: str, path: str, key: str = "", body: Any = None, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()} | (
        {"Authorization": f"Bearer {key}"} if key else {}
    )
    content = (
        body if isinstance(body, (str, bytes)) else json.dumps(body) if body is not None else ""
    )
    return Client().generic(
        method, path, content, given.pop("content-type", "application/json"), headers=given
    )


def question(state: State = State.APPROVED) -> dict[str, str]:
    now = timezone.now()
    member = make_member(now)
    make_case(
        member,
        now,
        state,
        **({"expires_at": now + timedelta(days=1)} if state is State.APPROVED else {}),
    )
    for client in ApiClient.objects.filter(test=False):
        make_link(member, client.pk, now)
    return {"employer_id": str(member.employer_id), "member_id": str(member.pk), "candidate": "c-1"}


# --- Problems and ids -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/api/v1/nothing-here", None, {}, 404, "not_found"),
        ("DELETE", GATE, None, {}, 405, "method_not_allowed"),
        ("POST", GATE, "{", {}, 400, "malformed_json"),
        ("POST", GATE, "{}", {}, 422, "invalid_request"),
        (
            "POST",
            GATE,
            "a=b",
            {"content-type": "application/x-www-form-urlencoded"},
            415,
            "unsupported_media_type",
        ),
        ("POST", GATE, "x" * (1024 * 1024 + 1), {}, 413, "body_too_large"),
        (
            "GET",
            "/api/v1/employers/0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d/requirements",
            None,
            {},
            404,
            "employer_unknown",
        ),
    ],
)
def test_every_error_is_a_problem(
    key: str, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    answer = send(method, path, key, body, **headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (
        status,
        code,
        status,
    )
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    assert answer.json()["title"] and answer.json()["detail"]
    assert "Allow" in answer or status != 405


def test_what_nobody_expected_is_told_without_details(key: str) -> None:
    with mock.patch(
        "verification.api.employers.Employer.objects.seen_by",
        side_effect=RuntimeError("secret of the house"),
    ):
        answer = send("GET", f"{EMPLOYERS}?uscc={make_uscc()}", key)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.content.decode() and answer["X-Request-Id"]


@pytest.mark.parametrize("given", ["abc-123", "A.b:c_d"])
def test_a_request_keeps_the_id_that_it_came_with(key: str, given: str) -> None:
    assert send("GET", ME, key, X_Request_Id=given)["X-Request-Id"] == given


def test_the_log_names_the_request_and_nothing_personal(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "config.api.door"):
        send(
            "GET",
            f"{EMPLOYERS}?uscc={make_uscc()}&reference=lin@company.example",
            key,
            X_Request_Id="abc-123",
        )
    (line,) = [record.msg for record in caplog.records if record.name == "config.api.door"]
    assert isinstance(line, dict) and (line["request_id"], line["status"], line["route"]) == (
        "abc-123",
        200,
        "api/v1/employers",
    )
    assert line["client"] and "lin@" not in str(line) and key not in str(line)


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "<script>"])
def test_an_id_of_another_form_is_replaced(key: str, given: str) -> None:
    first, second = (send("GET", ME, key, X_Request_Id=given)["X-Request-Id"] for _ in range(2))
    assert first.startswith("req_") and first != second


def test_other_addresses_are_left_alone(client: Client) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404 and "problem" not in answer["Content-Type"]


def test_each_status_is_of_a_reason() -> None:
    assert set(STATUS) <= set(REASONS)


def test_who_is_asking(platform: tuple[ApiClient, str]) -> None:
    client, key = platform
    told = send("GET", ME, key).json()
    assert (
        told["platform_id"] == str(client.pk)
        and told["name"] == client.name
        and told["test"] is False
    )
    assert (
        set(told["scopes"]) == {"gate:decide", "employers:read", "employers:write"}
        and told["expires_at"] is None
    )
    assert key.startswith(told["key_begins"]) and key not in json.dumps(told)
    assert send("GET", ME).status_code == 401


def test_that_a_key_is_used_is_kept_to_the_hour(key: str) -> None:
    send("GET", ME, key)
    used = ApiKey.objects.get().last_used_at
    assert used is not None and timezone.now() - used < timedelta(minutes=1)
    send("GET", ME, key)
    assert ApiKey.objects.get().last_used_at == used
    ApiKey.objects.update(last_used_at=used - timedelta(hours=2))
    send("GET", ME, key)
    again = ApiKey.objects.get().last_used_at
    assert again is not None and again > used


# --- Limits ---------------------------------------------------------------------------------------


def test_a_bucket_fills_again() -> None:
    buckets, rate = Buckets(), Rate(burst=2, per_second=0.5)
    assert buckets.take("a", rate, 0.0) == Allowance(2, 1, 2)
    assert buckets.take("a", rate, 0.0) == Allowance(2, 0, 4)
    assert buckets.take("a", rate, 0.0) == Allowance(2, 0, 4, wait=2)
    assert buckets.take("b", rate, 0.0) == Allowance(2, 1, 2), "each key has its own bucket"
    assert buckets.take("a", rate, 2.0) == Allowance(2, 0, 4)
    assert buckets.take("a", rate, 1000.0) == Allowance(2, 1, 2), "a bucket never exceeds its size"
    assert buckets.take("a", Rate(0, 0), 0.0) is None


def test_too_many_requests_are_told_when_to_come_again(key: str, settings: Any) -> None:
    settings.API_PER_SECOND = {"gate": 0.0, "other": 0.5}
    first = send("GET", ME, key)
    assert (first.status_code, first["RateLimit-Limit"], first["RateLimit-Remaining"]) == (
        200,
        "1",
        "0",
    )
    refused = send("GET", ME, key)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert (
        int(refused["Retry-After"]) >= 1
        and refused["RateLimit-Remaining"] == "0"
        and refused.json()["fix"]["zh"]
    )
    assert send("POST", GATE, key, question()).status_code == 200, "the gate has its own bucket"
    assert send("GET", ME, "zk_wrong").status_code == 401


# --- The document ---------------------------------------------------------------------------------


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_says_of_each_operation_what_can_go_wrong(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1") and document["servers"]
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    seen = set()
    for path, method, operation in operations(document):
        assert (
            operation["summary"] and operation["description"] and set(operation["tags"]) <= tags
        ), path
        seen.add(operation["operationId"])
        for status in ("401", "403", "404", "409", "422", "429", "503"):
            content = operation["responses"][status]["content"]["application/problem+json"]
            assert (
                content["schema"] == {"$ref": "#/components/schemas/Problem"}
                and content["example"]["code"]
            ), (path, status)
        sent = {parameter["name"] for parameter in operation["parameters"]}
        assert "X-Request-Id" in sent and ("Idempotency-Key" in sent) == (
            method in ("post", "put", "patch", "delete")
        ), path
    assert len(seen) == len(list(operations(document)))


def test_every_field_is_described(client: Client) -> None:
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    ]
    assert bare == []


def test_no_two_schemas_share_a_name() -> None:
    """The document keeps one schema per name and would silently lose the other."""
    from ninja import Schema

    def under(kind: type) -> Iterator[type]:
        for below in kind.__subclasses__():
            yield below
            yield from under(below)

    ours = [
        kind.__name__
        for kind in under(Schema)
        if kind.__module__.split(".")[0] in ("employers", "verification", "downloads", "events")
    ]
    ours = [name for name in ours if "[" not in name]
    assert sorted(ours) == sorted(set(ours))


@at_each_stage
def test_a_retry_is_answered_the_same_after_a_change_of_keys(
    stage: str, key: str, settings: Any
) -> None:
    asked = question()
    first = send("POST", GATE, key, asked, Idempotency_Key="k-1")
    change_keys(settings, stage)
    again = send("POST", GATE, key, asked, Idempotency_Key="k-1")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    other = send("POST", GATE, key, asked | {"candidate": "c-2"}, Idempotency_Key="k-1")
    assert other.json()["code"] == "idempotency_key_reused"
