"""Tests that the Python client matches the API's document and fails closed."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import httpx
import pytest
from standardwebhooks import Webhook

from config.api.routes import api
from zizhi_client import (
    Conflict,
    GateUnavailable,
    Invalid,
    RateLimited,
    Unavailable,
    WebhookInvalid,
    Zizhi,
    ZizhiError,
    calls,
    verify_webhook,
)

DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
OWN = {"may_download", "close"}
"""Methods without an operation."""
ID = "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def example(schema: dict[str, Any]) -> Any:
    """Return a value of this schema, with every field."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: example(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"])]
        case "string":
            return "2026-11-24T10:00:00Z" if schema.get("format") == "date-time" else ID
    return {"integer": 7, "number": 7.0, "boolean": True, "null": None}[schema["type"]]


def last_page(value: Any) -> Any:
    if isinstance(value, dict):
        for name in ("next", "next_before", "has_more"):
            if name in value and ({"data", "deliveries", "events"} & value.keys()):
                value[name] = False if name == "has_more" else None
    return value


def schema_of_answer(operation: dict[str, Any]) -> dict[str, Any] | None:
    good = next(
        answer for status, answer in operation["responses"].items() if status.startswith("2")
    )
    content = good.get("content", {})
    return content["application/json"]["schema"] if content else None


def argument(name: str, kind: Any) -> Any:
    if literals := [each for each in get_args(kind) if isinstance(each, str)]:
        return literals[0]
    if name in ("types", "reasons", "candidates"):
        return ["x"]
    text = str(kind)
    if "bytes" in text:
        return b"%PDF-1.7"
    for word, value in (
        ("timedelta", timedelta(days=1)),
        ("datetime", datetime(2026, 11, 24, tzinfo=UTC)),
        ("bool", True),
        ("int", 7),
    ):
        if word in text:
            return value
    return ID


def called(name: str) -> tuple[httpx.Request, Any]:
    """Call the method with all arguments. Return its request, and its result for an answer of the
    document.
    """
    _, _, operation = OPERATIONS[name]
    schema = schema_of_answer(operation)
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return (
            httpx.Response(204)
            if schema is None
            else httpx.Response(200, json=last_page(example(schema)))
        )

    method = getattr(Zizhi, name)
    kinds = get_type_hints(method)
    given = {
        each: argument(each, kinds[each])
        for each in inspect.signature(method).parameters
        if each != "self"
    }
    with Zizhi("zk_x", "https://zizhi.example", transport=httpx.MockTransport(serve)) as zizhi:
        told = getattr(zizhi, name)(**given)
        told = list(told) if isinstance(told, Iterator) else told
    return seen[0], told


def same(told: Any, schema: dict[str, Any], where: str) -> None:
    """Assert that each dataclass in `told` has exactly the fields of its schema."""
    schema = resolved(schema)
    if "anyOf" in schema:
        schema = resolved(schema["anyOf"][0])
    if isinstance(told, list):
        assert told, where
        same(told[0], schema["items"], f"{where}[]")
    elif is_dataclass(told):
        assert {field.name for field in fields(told)} == set(schema["properties"]), where
        for field in fields(told):
            same(
                getattr(told, field.name), schema["properties"][field.name], f"{where}.{field.name}"
            )


def test_each_operation_has_one_method() -> None:
    methods = {
        name
        for name, _ in inspect.getmembers(Zizhi, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods - OWN == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_method_sends_what_the_document_asks_for(name: str) -> None:
    method, path, operation = OPERATIONS[name]
    request, _ = called(name)
    assert request.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path), request.url.path
    assert request.headers["Authorization"] == "Bearer zk_x"
    asked = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    assert set(request.url.params) <= asked
    assert asked - {"after", "before", "limit"} <= set(request.url.params)
    content = operation.get("requestBody", {}).get("content", {})
    if form := content.get("multipart/form-data", {}).get("schema"):
        assert set(re.findall(rb' name="(\w+)"', request.read())) == {
            field.encode() for field in resolved(form)["properties"]
        }
        assert "Idempotency-Key" in request.headers
        return
    body = content.get("application/json", {}).get("schema")
    sent = json.loads(request.content) if request.content else None
    assert (sent is None) == (body is None)
    if body is not None and sent is not None:
        assert set(sent) == set(resolved(body)["properties"])
    takes_a_key = "Idempotency-Key" in {each["name"] for each in operation["parameters"]}
    assert ("Idempotency-Key" in request.headers) == takes_a_key


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_answer_has_the_documents_fields(name: str) -> None:
    _, told = called(name)
    schema = schema_of_answer(OPERATIONS[name][2])
    if schema is None:
        assert told is None
        return
    schema = resolved(schema)
    pages = {"data", "events", "deliveries"} & set(schema.get("properties", {}))
    if pages and isinstance(told, list):
        schema = schema["properties"][pages.pop()]
    same(told, schema, name)


# --- The gate fails closed ------------------------------------------------------------------------

YES = {
    "id": ID,
    "allowed": True,
    "reasons": [],
    "obligations": ["mark"],
    "tier": "provisional",
    "decided_at": "2026-11-24T10:00:00.5Z",
    "retry_at": None,
    "gate_pass": "p",
    "gate_pass_expires_at": "2026-11-24T10:01:00Z",
}


def client(serve: Callable[[httpx.Request], httpx.Response], **options: Any) -> Zizhi:
    return Zizhi("zk_x", "https://zizhi.example", transport=httpx.MockTransport(serve), **options)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    told = {
        "type": "urn:x",
        "title": "Wrong",
        "status": status,
        "detail": "错",
        "code": code,
        "fix": {"zh": "改", "en": "mend it"},
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=told, headers={"X-Request-Id": "req_1"} | named)


def test_a_yes_is_true_and_a_no_is_false() -> None:
    reason = {
        "code": "x",
        "says": {"zh": "a", "en": "b"},
        "fix": {"zh": "a", "en": "b"},
        "who": "",
        "takes": {"zh": "", "en": ""},
        "appeal": False,
        "url": "",
    }
    yes = client(lambda request: httpx.Response(200, json=YES | {"new_field": 1})).may_download(
        ID, ID, "c"
    )
    no = client(
        lambda request: httpx.Response(200, json=YES | {"allowed": False, "reasons": [reason]})
    ).may_download(ID, ID, "c")
    assert yes and yes.obligations == ["mark"] and not no and no.reasons[0].code == "x"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503, json={"code": "unavailable"}, headers={"Retry-After": "5"}),
        httpx.Response(500, text="<html>"),
        httpx.Response(429, json={"code": "rate_limited"}),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/yes"}),
        httpx.Response(200, text="<html>allowed: true"),
        httpx.Response(200, json=YES | {"allowed": "true"}),
        httpx.Response(200, json=YES | {"allowed": 1}),
        httpx.Response(200, json={"allowed": True}),
        httpx.Response(200, json=[YES]),
        httpx.Response(204),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
    ids=lambda answer: str(getattr(answer, "status_code", type(answer).__name__)),
)
def test_whatever_is_no_answer_is_no_yes(answer: httpx.Response | Exception) -> None:
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(GateUnavailable):
        client(serve).may_download(ID, ID, "c")
    assert len(asked) == 1, "asked once"


def test_the_gate_is_waited_for_no_longer_than_two_seconds() -> None:
    seen: list[Any] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, json=YES)

    client(serve).may_download(ID, ID, "c")
    assert seen == [2.0]


def test_as_many_answers_as_questions() -> None:
    with pytest.raises(GateUnavailable):
        client(lambda request: httpx.Response(200, json=[YES])).decide_all(ID, ID, ["a", "b"])


# --- Again, and only where that is safe -----------------------------------------------------------


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(calls.time, "sleep", waited.append)
    return waited


def test_a_write_is_repeated_under_one_key(waits: list[float]) -> None:
    keys: list[str] = []
    replies = iter(
        [
            httpx.ConnectError("gone"),
            problem(503, "unavailable", Retry_After="5"),
            problem(409, "idempotency_in_progress"),
        ]
    )

    def serve(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        reply = next(replies, None)
        if isinstance(reply, Exception):
            raise reply
        return reply or httpx.Response(204)

    client(serve).end_member(ID, ID)
    assert len(keys) == 4 and len(set(keys)) == 1
    assert len(waits) == 3 and 5 <= waits[1] <= 7


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (problem(422, "uscc_invalid"), Invalid),
        (problem(409, "reference_taken"), Conflict),
        (problem(429, "rate_limited", Retry_After="3600"), RateLimited),
    ],
)
def test_what_does_not_help_is_not_repeated(
    reply: httpx.Response, kind: type[ZizhiError], waits: list[float]
) -> None:
    with pytest.raises(kind) as raised:
        client(lambda request: reply).create_employer("r", "name", "x")
    error = raised.value
    assert waits == [] and (error.says, error.fix, error.fix_zh, error.request_id) == (
        "Wrong",
        "mend it",
        "改",
        "req_1",
    )
    assert error.code in str(error)


def test_a_release_that_is_waited_for_is_repeated_by_its_pass_and_waited_for_longer(
    waits: list[float],
) -> None:
    seen: list[httpx.Request] = []
    release = example(SCHEMAS["ResumeReleaseOut"])

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return (
            httpx.Response(201, json=release)
            if len(seen) > 1
            else problem(503, "release_busy", Retry_After="10")
        )

    told = client(serve, timeout=5.0).release("pass", "13900000001", b"%PDF-1.7", wait=10)
    assert told.link and told.link.url and len(seen) == 2 and 10 <= waits[0] <= 12
    for each in seen:
        assert each.headers["Prefer"] == "wait=10" and "Idempotency-Key" not in each.headers
        assert each.extensions["timeout"]["read"] == 15.0


@pytest.mark.parametrize(
    ("answer", "call"),
    [
        ("SpentOut", lambda one: one.spend_pass("pass", job_title="店长")),
        ("RelayOut", lambda one: one.bind_relay("d-1", "13900000001", job_title="店长")),
        ("ConsentRequestOut", lambda one: one.ask_consent("c-1", "e", "m", job_title="店长")),
        ("ResumeReleaseOut", lambda one: one.release("pass", "139", b"%PDF", job_title="店长")),
    ],
)
def test_the_job_is_sent(answer: str, call: Callable[[Any], Any]) -> None:
    seen: list[bytes] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.read())
        return httpx.Response(200, json=example(SCHEMAS[answer]))

    call(client(serve))
    assert b"job_title" in seen[0] and "店长".encode() in seen[0]


def test_it_gives_up_in_the_end(waits: list[float]) -> None:
    with pytest.raises(Unavailable) as raised:
        client(lambda request: problem(503, "unavailable"), retries=2).me()
    assert (
        len(waits) == 2
        and raised.value.code == "unavailable"
        and not isinstance(raised.value, GateUnavailable)
    )


def test_all_pages_are_read() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("after", "0"))
        member = {
            "id": str(at),
            "reference": "",
            "role": "owner",
            "verified": True,
            "joined_at": "2026-11-24T10:00:00Z",
            "left_at": None,
        }
        return httpx.Response(200, json={"data": [member], "next": str(at + 1) if at < 2 else None})

    assert [member.id for member in client(serve).members(ID)] == ["0", "1", "2"]


def test_an_id_cannot_lead_to_another_address() -> None:
    paths: list[bytes] = []

    def serve(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return problem(404, "employer_unknown")

    with pytest.raises(ZizhiError):
        client(serve).employer("../webhooks?x=1")
    assert paths == [b"/api/v1/employers/..%2Fwebhooks%3Fx%3D1"]
    with pytest.raises(ValueError):
        client(serve).employer("")


# --- Webhooks -------------------------------------------------------------------------------------

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = json.dumps(
    {
        "id": "evt_1",
        "type": "employer.approved",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "sequence": 3,
        "data": {},
    }
)


def signed(at: datetime) -> dict[str, str]:
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("evt_1", at, MESSAGE),
    }


def test_a_message_of_the_service_is_believed() -> None:
    event = verify_webhook(SECRET, signed(datetime.now(UTC)), MESSAGE.encode())
    assert (event.id, event.sequence) == ("evt_1", 3)


def test_nothing_else_is() -> None:
    headers = signed(datetime.now(UTC))
    for wrong, body in (
        (headers, MESSAGE.replace("3", "4")),
        (signed(datetime.now(UTC) - timedelta(minutes=6)), MESSAGE),
        ({}, MESSAGE),
    ):
        with pytest.raises(WebhookInvalid):
            verify_webhook(SECRET, wrong, body)
