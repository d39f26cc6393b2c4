"""Tests that a platform can read its feed and manage its endpoints, and no one else's."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Scope
from events.core.actor import SYSTEM
from events.delivery import feed, safe_http, webhook_delivery
from events.models import Outcome, WebhookDelivery, WebhookEndpoint, record
from tests.factories import make_api_client, make_employer

pytestmark = pytest.mark.django_db

URL = "/api/v1/webhooks"
HOOK = {"url": "https://hr.example.com/zizhi"}


class Api:
    """Makes requests with one key."""

    def __init__(self, key: str) -> None:
        self._client, self._headers = Client(), {"Authorization": f"Bearer {key}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self._client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self._headers,
        )


@pytest.fixture
def platform(now: datetime) -> tuple[ApiClient, Api]:
    client, key = make_api_client(now, Scope.WEBHOOKS_MANAGE, Scope.EVENTS_READ)
    return client, Api(key)


@pytest.fixture
def api(platform: tuple[ApiClient, Api]) -> Api:
    return platform[1]


def happen(client: ApiClient, now: datetime, times: int) -> None:
    employer = make_employer(now, platform=client)
    for _ in range(times):
        record("register", employer, SYSTEM, now, employer_id=employer.pk)
    feed.relay_outbox(now)


def test_the_feed_is_read_page_by_page(platform: tuple[ApiClient, Api], now: datetime) -> None:
    client, api = platform
    happen(client, now, 5)
    other, _ = create_api_client("another", [Scope.EVENTS_READ], now)
    happen(other, now, 1)
    read, after, more = [], 0, True
    while more:
        page = api("GET", f"/api/v1/events?after={after}&limit=2").json()
        read += page["events"]
        after, more = page["next_after"], page["has_more"]
    assert [event["sequence"] for event in read] == [1, 2, 3, 4, 5]
    assert api("GET", f"/api/v1/events?after={after}").json() == {
        "events": [],
        "next_after": 5,
        "has_more": False,
    }
    assert read[0]["type"] == "employer.created" and read[0]["id"].startswith("evt_")


def test_what_the_feed_says_is_what_the_webhook_says(
    platform: tuple[ApiClient, Api], now: datetime
) -> None:
    client, api = platform
    api("POST", URL, HOOK)
    happen(client, now, 1)
    (event,) = api("GET", "/api/v1/events").json()["events"]
    assert event == WebhookDelivery.objects.get().message()


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "limit=501", "after=x"])
def test_a_wrong_question(api: Api, query: str) -> None:
    assert api("GET", f"/api/v1/events?{query}").status_code == 422


def test_scopes(now: datetime) -> None:
    _, key = make_api_client(now, Scope.GATE_DECIDE)
    for path in ("/api/v1/events", URL, f"{URL}/dead-letters"):
        assert Api(key)("GET", path).status_code == 403
        assert Client().get(path).status_code == 401


def test_an_endpoint_from_its_beginning_to_its_end(api: Api) -> None:
    made = api("POST", URL, HOOK | {"types": ["employer.approved"], "description": "production"})
    assert made.status_code == 201
    body = made.json()
    one = f"{URL}/{body['id']}"
    assert body["secret"].startswith("whsec_") and body["types"] == ["employer.approved"]
    assert "secret" not in api("GET", one).json() and "secret" not in api("GET", URL).json()[0]
    changed = api("PATCH", one, {"url": "https://other.example.com/", "types": []}).json()
    assert (changed["url"], changed["types"], changed["description"]) == (
        "https://other.example.com/",
        [],
        "production",
    )
    assert api("POST", f"{one}/pause").json()["paused_why"] == "asked"
    assert api("POST", f"{one}/ping").status_code == 409
    assert api("POST", f"{one}/resume").json()["paused_at"] is None
    assert api("POST", f"{one}/secret").json()["secret"] not in ("", body["secret"])
    ping = api("POST", f"{one}/ping")
    assert (
        ping.status_code == 202
        and ping.json()["type"] == "webhook.ping"
        and ping.json()["outcome"] is None
    )
    assert api("DELETE", one).status_code == 204
    assert api("GET", one).status_code == 404 and api("GET", URL).json() == []


def test_nobody_elses(api: Api, now: datetime) -> None:
    _, key = make_api_client(now, Scope.WEBHOOKS_MANAGE)
    other = Api(key)("POST", URL, HOOK).json()["id"]
    Api(key)("POST", f"{URL}/{other}/ping")
    assert api("GET", URL).json() == []
    delivery = WebhookDelivery.objects.get().pk
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/secret", None),
        ("POST", "/ping", None),
        ("GET", "/deliveries", None),
        ("POST", "/replay", {}),
        ("POST", f"/deliveries/{delivery}/replay", None),
    ]
    for endpoint in (other, uuid4()):
        for method, path, body in calls:
            answer = api(method, f"{URL}/{endpoint}{path}", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "webhook_unknown"), (
                method,
                path,
            )
    assert WebhookEndpoint.objects.existing().count() == 1


def test_refusals_say_why_in_both_languages(api: Api) -> None:
    for body, code in [
        ({"url": "https://192.168.0.1/"}, "webhook_url_not_public"),
        ({"url": "https://user@hr.example.com/"}, "webhook_url_invalid"),
        (HOOK | {"types": ["nothing.such"]}, "webhook_type_unknown"),
    ]:
        answer = api("POST", URL, body)
        problem = answer.json()
        assert answer.status_code == 422 and answer["Content-Type"].startswith(
            "application/problem+json"
        )
        assert problem["code"] == code and problem["fix"]["zh"] and problem["fix"]["en"]


def test_deliveries_with_their_attempts_and_sending_again(
    platform: tuple[ApiClient, Api], now: datetime
) -> None:
    client, api = platform
    one = f"{URL}/{api('POST', URL, HOOK).json()['id']}"
    happen(client, now, 3)
    endpoint = WebhookEndpoint.objects.get()

    def post(*_: Any, local: bool) -> safe_http.Response:
        return safe_http.Response(500, "", 12, "out of order")

    webhook_delivery.send_waiting(endpoint.pk, timezone.now, post=post)
    page = api("GET", f"{one}/deliveries?limit=2").json()
    assert [row["sequence"] for row in page["deliveries"]] == [3, 2]
    (first,) = api("GET", f"{one}/deliveries?before={page['next_before']}").json()["deliveries"]
    (attempt,) = first["attempts"]
    assert (attempt["status"], attempt["milliseconds"], attempt["response_start"]) == (
        500,
        12,
        "out of order",
    )
    assert api("GET", f"{URL}/dead-letters").json()["deliveries"] == []
    WebhookDelivery.objects.filter(pk=first["id"]).update(outcome=Outcome.DEAD, finished_at=now)
    (dead,) = api("GET", f"{URL}/dead-letters").json()["deliveries"]
    assert dead["id"] == first["id"] and dead["outcome"] == "dead" and dead["due_at"] is None
    again = api("POST", f"{one}/deliveries/{dead['id']}/replay")
    assert (
        again.status_code == 202
        and again.json()["outcome"] is None
        and again.json()["message_id"] == first["message_id"]
    )
    assert (
        api("POST", f"{one}/deliveries/{dead['id'] + 1000}/replay").json()["code"]
        == "webhook_delivery_unknown"
    )
    assert api("POST", f"{one}/replay", {"from": 2, "to": 3}).json() == {"count": 2}
    assert api("POST", f"{one}/replay", {"from": 0}).status_code == 422


def test_looking_at_deliveries_takes_few_questions(
    platform: tuple[ApiClient, Api], now: datetime, django_assert_max_num_queries: Any
) -> None:
    client, api = platform
    one = f"{URL}/{api('POST', URL, HOOK).json()['id']}"
    happen(client, now, 30)
    with django_assert_max_num_queries(5):
        assert len(api("GET", f"{one}/deliveries").json()["deliveries"]) == 30


@pytest.mark.parametrize(
    ("until", "status"), [("0227-11-11T14:41:14-21:49", 202), ("9999-12-31T23:59:59-12:00", 422)]
)
def test_a_span_ends_at_a_time_with_whatever_offset(api: Api, until: str, status: int) -> None:
    endpoint = api("POST", URL, HOOK).json()["id"]
    assert api("POST", f"{URL}/{endpoint}/replay", {"until": until}).status_code == status
