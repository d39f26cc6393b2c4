"""Tests that a key works until its end and from its networks only, in every call and at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from downloads.models import GateDecision
from employers.accounts import networks
from employers.accounts.api_clients import (
    add_key,
    create_api_client,
    limit_key,
    revoke_key,
    rotate_key,
)
from employers.models import ApiKey, Member, Scope
from employers.platforms import known_keys
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_case, make_link, make_member
from verification.rules.states import State

pytestmark = pytest.mark.django_db
OURS, THIEFS = "203.0.113.7", "198.51.100.9"
SCOPES = (Scope.GATE_DECIDE, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    known_keys._known.clear()
    yield
    known_keys._known.clear()


class Platform:
    """A platform with a key for one network, and a recruiter who may download."""

    def __init__(self, allowed_networks: str = "203.0.113.0/24", *, test: bool = False) -> None:
        now = timezone.now()
        self.client, self.text = create_api_client(
            "a platform", SCOPES, now, test=test, allowed_networks=allowed_networks
        )
        self.key = ApiKey.objects.get(client=self.client)
        self.member: Member = make_member(now)
        make_case(self.member, now, State.APPROVED, expires_at=now + timedelta(days=1))
        make_link(self.member, self.client.pk, now)

    def __call__(self, path: str = "me", body: Any = None, at: str = OURS, **headers: str) -> Any:
        return Client(REMOTE_ADDR=at).generic(
            "GET" if body is None else "POST",
            f"/api/v1/{path}",
            body or "",
            "application/json",
            headers={"Authorization": f"Bearer {self.text}"} | headers,
        )

    def ask(self, candidate: str = "c-1", at: str = OURS, **headers: str) -> Any:
        member = self.member
        body = (
            f'{{"employer_id": "{member.employer_id}", "member_id": "{member.pk}",'
            f' "candidate": "{candidate}"}}'
        )
        return self("gate/decisions", body, at, **headers)

    def limit(self, allowed_networks: str) -> None:
        limit_key(self.key, None, allowed_networks, SYSTEM, timezone.now())


def is_refused(answer: Any) -> bool:
    return (answer.status_code, answer.json().get("code")) == (403, "key_address_not_allowed")


@pytest.fixture
def platform() -> Platform:
    return Platform()


# --- Networks -------------------------------------------------------------------------------------


def test_from_elsewhere_no_call_is_answered(platform: Platform) -> None:
    employer = platform.member.employer_id
    for path, body in (
        ("me", None),
        (f"employers/{employer}", None),
        (f"employers/{employer}/members", "{}"),
        ("gate/passes/spend", '{"gate_pass": "x"}'),
    ):
        refused = platform(path, body, THIEFS)
        assert is_refused(refused), path
        assert refused.json()["seen"] == THIEFS
        assert is_refused(platform(path, body, THIEFS, **{"Idempotency-Key": "once"})), path
        assert not is_refused(platform(path, body)), path
    assert is_refused(platform.ask(at=THIEFS)) and not GateDecision.objects.exists()


def test_a_refused_call_is_no_use_of_the_key(platform: Platform) -> None:
    platform(at=THIEFS)
    assert ApiKey.objects.get().last_used_at is None


def test_a_response_is_not_repeated_elsewhere(platform: Platform) -> None:
    assert platform.ask(**{"Idempotency-Key": "once"}).status_code == 200
    assert is_refused(platform.ask(at=THIEFS, **{"Idempotency-Key": "once"}))


def test_a_known_key_is_refused_from_elsewhere_without_a_query(
    platform: Platform, django_assert_num_queries: Any
) -> None:
    assert platform.ask().status_code == 200
    with django_assert_num_queries(0):
        assert is_refused(platform.ask(at=THIEFS))
    assert GateDecision.objects.count() == 1


def test_a_known_key_with_networks_costs_no_more_queries(
    platform: Platform, django_assert_num_queries: Any
) -> None:
    platform.ask()
    with django_assert_num_queries(0 if connection.vendor == "postgresql" else 1):
        assert platform.ask("c-2").json()["allowed"]


@pytest.mark.parametrize("before", ["", "0.0.0.0/0", "198.51.100.0/24"])
def test_networks_that_are_set_hold_for_keys_known_before(before: str) -> None:
    """Another process knows the key with its old networks."""
    made = Platform(before)
    assert made.ask(at=THIEFS).status_code == 200 and known_keys.known_key(made.text)
    made.limit("203.0.113.0/24")
    assert is_refused(made.ask("c-2", at=THIEFS)) and GateDecision.objects.count() == 1
    assert made.ask("c-2").json()["allowed"], "from the new network, with the first request"


def test_a_network_that_is_added_opens_with_the_first_request(platform: Platform) -> None:
    platform.ask()
    platform.limit(f"203.0.113.0/24\n{THIEFS}")
    assert is_refused(platform.ask("c-2", at=THIEFS)), "the process knows the old networks"
    assert platform.ask("c-2").status_code == 200
    assert platform.ask("c-3", at=THIEFS).status_code == 200


def test_an_ended_key_is_wrong_wherever_it_is_used(platform: Platform) -> None:
    platform.ask()
    platform.limit(OURS)
    revoke_key(platform.key, SYSTEM, timezone.now())
    assert platform.ask("c-2").status_code == 401


def test_after_a_wait_the_address_is_compared_again(platform: Platform) -> None:
    checked = known_keys.check_address(platform.key.pk, "203.0.113.0/24", OURS)
    platform.limit(THIEFS)
    with pytest.raises(Refused, match="key_address_not_allowed"):
        known_keys.confirm_key(checked, timezone.now())


def test_behind_a_proxy_the_proxys_word_counts(platform: Platform, settings: Any) -> None:
    forwarded = {"X-Forwarded-For": f"{THIEFS}, {OURS}"}
    assert is_refused(platform(at="10.0.0.1", **forwarded))
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.PROXIES = 1
    proxied = {"X-Forwarded-Proto": "https"}
    assert platform(at="10.0.0.1", **proxied, **forwarded).status_code == 200
    forged = {"X-Forwarded-For": f"{OURS}, {THIEFS}"}
    assert is_refused(platform(at="10.0.0.1", **proxied, **forged))


def test_a_tests_key_has_networks_too() -> None:
    made = Platform(test=True)
    assert is_refused(made(at=THIEFS)) and made().status_code == 200


@pytest.mark.parametrize(
    ("allowed", "address", "is_allowed"),
    [
        ("", "", True),
        ("203.0.113.7/32", "203.0.113.7", True),
        ("203.0.113.7/32", "203.0.113.8", False),
        ("198.51.100.0/24\n203.0.113.0/24", "203.0.113.255", True),
        ("2001:db8::/32", "2001:db8:1::2", True),
        ("2001:db8::/32", "2001:db9::", False),
        ("203.0.113.0/24", "2001:db8::", False),
        ("203.0.113.0/24", "", False),
        ("203.0.113.0/24", "unknown", False),
    ],
)
def test_which_addresses_are_allowed(allowed: str, address: str, is_allowed: bool) -> None:
    assert networks.is_allowed_network(allowed, address) is is_allowed


def test_what_can_be_registered() -> None:
    assert networks.parse_networks(" 203.0.113.7 \n\n2001:db8::/32\n203.0.113.7/32") == (
        "203.0.113.7/32\n2001:db8::/32"
    )
    for wrong in ("203.0.113.7/24", "a.example", "203.0.113", "203.0.113.0/33", "1\n" * 51):
        with pytest.raises(Refused, match="network_invalid"):
            networks.parse_networks(wrong)


# --- Ends -----------------------------------------------------------------------------------------


def test_a_key_ends_when_it_was_set_to() -> None:
    made, now = Platform(""), timezone.now()
    limit_key(made.key, now + timedelta(hours=1), "", SYSTEM, now)
    told = made().json()
    assert told["expires_at"] and told["allowed_networks"] == []
    assert made.ask().status_code == 200
    ApiKey.objects.update(expires_at=now)
    assert made.ask("c-2").status_code == made().status_code == 401
    with pytest.raises(Refused, match="state_conflict"):
        limit_key(made.key, None, "", SYSTEM, timezone.now())


def test_a_new_key_has_the_networks_of_the_old_and_its_own_end(platform: Platform) -> None:
    now = timezone.now()
    end = now + timedelta(days=90)
    new, _text = rotate_key(platform.key, timedelta(hours=1), SYSTEM, now, expires_at=end)
    assert (new.allowed_networks, new.expires_at) == ("203.0.113.0/24", end)
    key, _text = add_key(
        platform.client, SCOPES, SYSTEM, now, expires_at=end, allowed_networks=THIEFS
    )
    assert (key.allowed_networks, key.expires_at) == (f"{THIEFS}/32", end)


def test_limits_that_cannot_be(platform: Platform) -> None:
    now = timezone.now()
    for make in (
        lambda: create_api_client("another", SCOPES, now, expires_at=now),
        lambda: add_key(platform.client, SCOPES, SYSTEM, now, expires_at=now),
        lambda: rotate_key(platform.key, timedelta(0), SYSTEM, now, expires_at=now),
        lambda: limit_key(platform.key, now, "", SYSTEM, now),
    ):
        with pytest.raises(Refused, match="key_end_past"):
            make()
    assert ApiKey.objects.count() == 1 and ApiKey.objects.get().expires_at is None


def test_a_change_is_recorded_once(platform: Platform) -> None:
    for _ in range(2):
        platform.limit(THIEFS)
    changed = Event.objects.get(verb="limit_key")
    assert changed.data == {
        "key": str(platform.key.pk),
        "until": None,
        "networks": [f"{THIEFS}/32"],
    }
