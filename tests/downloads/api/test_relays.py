"""Tests of relay numbers over the API, with real keys and with test keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from downloads.models import RelayBinding, RelayCall
from downloads.relay_providers.simulator import FATES
from downloads.test_mode import relays
from employers.accounts.api_clients import create_api_client
from employers.models import Employer, Member, Scope
from events.core.reasons import REASONS
from events.delivery import feed
from events.models import Event, PlatformEvent
from tests.factories import make_member
from verification.checks import scripted_outcomes

pytestmark = pytest.mark.django_db

PHONE = "+8613900000001"


class Platform:
    """A platform with a key for everything, and an approved employer; in a test, its recruiter has
    a phone number.
    """

    def __init__(self, *, test: bool = True) -> None:
        self.client, self.key = create_api_client(
            "a platform", list(Scope), timezone.now(), test=test
        )
        if test:
            code = scripted_outcomes.code_for(0)
            self.employer = self.call(
                "post",
                "/employers",
                {"reference": "co-1", "name": "云溪市示例科技有限公司", "uscc": code},
            )["id"]
            self.member = self.add("hr-1", "13800000001")
            self.call(
                "post", f"/test/employers/{self.employer}/hand-in", {"member_id": self.member}
            )

    def add(self, reference: str, phone: str) -> str:
        email = f"{reference}.{uuid4().hex[:8]}@company.test"
        role = "recruiter" if hasattr(self, "member") else "owner"
        member = self.call(
            "post",
            f"/employers/{self.employer}/members",
            {"reference": reference, "email": email, "role": role},
        )["id"]
        assert (
            self.call(
                "put",
                f"/employers/{self.employer}/members/{member}/phone",
                {"phone": phone, "proven": True},
            )["http"]
            == 204
        )
        return str(member)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.key}"} | headers
        answer = getattr(Client(), method)(
            f"/api/v1{path}", body, content_type="application/json", headers=given
        )
        return (answer.json() if answer.content else {}) | {"http": answer.status_code}

    def decision(self, candidate: str = "c-1") -> str:
        asked = {"employer_id": self.employer, "member_id": self.member, "candidate": candidate}
        return str(self.call("post", "/gate/decisions", asked)["id"])

    def bind(self, phone: str = PHONE, candidate: str = "c-1") -> Any:
        return self.call(
            "post", "/relays", {"decision_id": self.decision(candidate), "candidate_phone": phone}
        )

    def move(self, advance: str) -> None:
        assert self.call("post", "/test/clock", {"advance": advance})["http"] == 200

    def play(self, relay_id: str, **body: Any) -> Any:
        return self.call("post", f"/test/relays/{relay_id}/calls", body)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        while feed.relay_outbox(timezone.now()):
            pass
        return [
            (row.type, row.payload)
            for row in PlatformEvent.objects.of(self.client.pk)
            if row.type.startswith("relay.")
        ]


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS = tmp_path, ""


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


def test_a_test_goes_from_a_yes_to_a_call_and_an_end(platform: Platform) -> None:
    relay = platform.bind()
    assert (
        relay["http"],
        relay["state"],
        relay["callers"],
        relay["contact"],
        relay["reasons"],
    ) == (200, "bound", 1, "none", [])
    assert relay["number"].startswith("+861700") and PHONE[3:] not in str(relay)
    again = platform.call(
        "post", "/relays", {"decision_id": relay["decision_id"], "candidate_phone": "139 0000 0001"}
    )
    assert again == relay
    assert platform.play(relay["id"], seconds=42)["call"]["seconds"] == 42
    assert platform.play(relay["id"], by_stranger=True)["call"]["outcome"] == "stranger"
    calls = platform.call("get", f"/relays/{relay['id']}/calls")
    assert [call["outcome"] for call in calls["data"]] == ["stranger", "connected"]
    assert platform.call("post", f"/relays/{relay['id']}/mute")["muted"] is True
    assert platform.play(relay["id"])["call"]["outcome"] == "muted"
    assert platform.call("post", f"/relays/{relay['id']}/unmute")["muted"] is False
    assert platform.call("delete", f"/relays/{relay['id']}")["http"] == 204
    ended = platform.call("get", f"/relays/{relay['id']}")
    assert (ended["state"], ended["number"], ended["reasons"][0]["code"]) == (
        "ended",
        None,
        "relay_candidate_ended",
    )
    assert platform.play(relay["id"])["call"]["outcome"] == "unbound"
    told = "bound called called muted called unmuted ended called".split()
    assert [kind for kind, _ in platform.told()] == [f"relay.{kind}" for kind in told]


@pytest.mark.parametrize("recipe", relays.RECIPES, ids=lambda recipe: recipe.digits)
def test_each_recipe_comes_out_as_it_says(recipe: relays.Recipe, platform: Platform) -> None:
    relay = platform.bind(recipe.phone)
    fate = FATES.get(recipe.digits)
    waits = {
        "no_number": 300,
        "flow_limit": 5,
        "answer_lost": 30,
        "unavailable": 60,
        "broken": 600,
        "conflict": 60,
    }
    if fate and fate.always and fate.fails == "number_illegal":
        assert (relay["state"], relay["reasons"][0]["code"]) == ("failed", "relay_number_illegal")
        return
    if fate and fate.fails:
        assert relay["state"] == "requested" and relay["number"] is None
        platform.move(f"PT{waits[fate.fails] + 1}S")
        relay = platform.call("get", f"/relays/{relay['id']}")
    if fate and fate.always:
        assert (relay["state"], relay["reasons"][0]["code"]) == ("requested", "relay_no_number")
        platform.move("P2D")
        assert platform.call("get", f"/relays/{relay['id']}")["state"] == "failed"
        return
    assert relay["state"] == "bound" and bool(relay["extension"]) is (recipe.digits == "0009")
    played = platform.play(relay["id"])["call"]
    if recipe.digits == "0014":
        assert played is None
        platform.move("PT11M")
        played = platform.call("get", f"/relays/{relay['id']}/calls")["data"][0]
    assert played["outcome"] == (fate.outcome if fate and fate.outcome else "connected")
    if recipe.digits == "0015":
        platform.move("P1DT1M")
        assert platform.call("get", f"/relays/{relay['id']}")["reasons"][0]["code"] == "relay_lost"
        (newer, _) = platform.call("get", "/relays?candidate=c-1")["data"]
        assert newer["state"] == "bound" and newer["id"] != relay["id"]


def test_the_recipes_are_listed_and_each_fate_has_one(platform: Platform) -> None:
    listed = platform.call("get", "/test/relays/recipes")["data"]
    assert {each["candidate_phone"][-4:] for each in listed} == {"0000", *FATES}
    assert all(each["says"]["zh"] and each["says"]["en"] for each in listed)


def test_the_clock_ends_it_and_the_candidate_is_asked(platform: Platform) -> None:
    relay = platform.bind()
    platform.move("P24D")
    platform.move("P7D")
    ended = platform.call("get", f"/relays/{relay['id']}")
    assert (ended["state"], ended["reasons"][0]["code"]) == ("ended", "relay_expired")
    mails = platform.call("get", "/test/mails")["data"]
    assert {"relay_expiring", "relay_ended"} <= {mail["template"] for mail in mails}
    assert (
        platform.call("post", f"/relays/{relay['id']}/ask", {"member_id": platform.member})[
            "contact"
        ]
        == "asked"
    )
    assert (
        platform.call("post", f"/relays/{relay['id']}/ask", {"member_id": platform.member})["code"]
        == "relay_asked_already"
    )
    opened = platform.call("post", f"/relays/{relay['id']}/answer", {"agrees": True})
    assert opened["state"] == "bound" and opened["id"] != relay["id"]
    kinds = [kind for kind, _ in platform.told()]
    assert {
        "relay.expiring",
        "relay.ended",
        "relay.contact_asked",
        "relay.contact_answered",
    } <= set(kinds)
    assert ("relay.contact_answered", True) in [
        (kind, payload.get("agreed")) for kind, payload in platform.told()
    ]


def test_a_suspension_in_the_test_closes_them(platform: Platform) -> None:
    relay = platform.bind()
    ruling = {"verb": "suspend", "reasons": ["registry_revoked"]}
    assert (
        platform.call("post", f"/test/employers/{platform.employer}/decide", ruling)["state"]
        == "suspended"
    )
    closed = platform.call("get", f"/relays/{relay['id']}")
    assert (closed["state"], closed["reasons"][0]["code"]) == ("ended", "employer_suspended")
    assert closed["reasons"][0]["fix"]["zh"] == REASONS["employer_suspended"].fix.zh
    assert platform.play(relay["id"])["call"]["outcome"] == "unbound"


def test_without_a_callers_number_it_says_so_and_waits(platform: Platform) -> None:
    platform.call(
        "put", f"/employers/{platform.employer}/members/{platform.member}/phone", {"phone": ""}
    )
    relay = platform.bind()
    assert (relay["state"], relay["reasons"][0]["code"], relay["callers"]) == (
        "requested",
        "relay_no_caller",
        0,
    )


def test_extending_needs_no_body_and_counts_from_now(platform: Platform) -> None:
    relay = platform.bind()
    platform.move("P10D")
    longer = platform.call("post", f"/relays/{relay['id']}/extend")
    gained = datetime.fromisoformat(longer["expires_at"]) - datetime.fromisoformat(
        relay["expires_at"]
    )
    assert timedelta(days=9, hours=23) < gained < timedelta(days=10, hours=1)


def test_an_idempotency_key_does_it_once(platform: Platform) -> None:
    body = {"decision_id": platform.decision(), "candidate_phone": PHONE}
    first, second = (
        platform.call("post", "/relays", body, **{"Idempotency-Key": "k-1"}) for _ in range(2)
    )
    assert first == second and first["state"] == "bound"


# --- Access ---------------------------------------------------------------------------------------


def test_nobody_elses_is_seen_or_touched(platform: Platform) -> None:
    relay = platform.bind()
    other = Platform()
    for method, path, body in (
        ("get", "", None),
        ("post", "/extend", None),
        ("post", "/mute", None),
        ("post", "/unmute", None),
        ("delete", "", None),
        ("get", "/calls", None),
        ("post", "/ask", {"member_id": platform.member}),
        ("post", "/answer", {"agrees": True}),
    ):
        answer = other.call(method, f"/relays/{relay['id']}{path}", body)
        assert (answer["http"], answer["code"]) == (404, "relay_unknown"), path
    assert other.play(relay["id"])["code"] == "relay_unknown"
    assert (
        other.call(
            "post", "/relays", {"decision_id": platform.decision("c-2"), "candidate_phone": PHONE}
        )["code"]
        == "decision_unknown"
    )
    assert other.call("get", "/relays")["data"] == [] and other.told() == []
    assert platform.call("get", f"/relays/{relay['id']}")["state"] == "bound"


def test_live_keys_have_no_test_calls_and_no_numbers_without_a_provider(
    platform: Platform, now: datetime
) -> None:
    live = Platform(test=False)
    assert live.call("get", "/test/relays/recipes")["code"] == "not_of_test"
    assert live.play(str(uuid4()))["code"] == "not_of_test"


def test_a_key_without_the_scope_is_refused(platform: Platform) -> None:
    relay = platform.bind()
    platform.client, platform.key = create_api_client(
        "a platform", [Scope.EVENTS_READ], timezone.now(), test=True
    )
    assert platform.call("get", f"/relays/{relay['id']}")["http"] == 403


def test_a_phone_is_taken_only_for_whom_the_platform_named(
    platform: Platform, now: datetime
) -> None:
    employer = Employer.objects.get(pk=platform.employer)
    by_themselves = make_member(now, employer)
    path = f"/employers/{employer.pk}/members"
    assert (
        platform.call("put", f"{path}/{by_themselves.pk}/phone", {"phone": "13800000009"})["code"]
        == "member_not_added"
    )
    assert (
        platform.call("put", f"{path}/{uuid4()}/phone", {"phone": "13800000009"})["code"]
        == "member_unknown"
    )
    assert (
        platform.call("put", f"{path}/{platform.member}/phone", {"phone": "12345"})["code"]
        == "phone_invalid"
    )
    assert (
        Platform().call("put", f"{path}/{platform.member}/phone", {"phone": "13800000009"})["code"]
        == "employer_unknown"
    )
    said = Event.objects.filter(verb="set_phone", employer_id=employer.pk).count()
    assert (
        platform.call(
            "put", f"{path}/{platform.member}/phone", {"phone": "138 0000 0001", "proven": True}
        )["http"]
        == 204
    )
    assert Event.objects.filter(verb="set_phone", employer_id=employer.pk).count() == said, (
        "unchanged"
    )
    assert (
        "13800000001" not in str(list(Event.objects.values()))
        and Member.objects.get(pk=platform.member).user.phone_sealed
    )


def test_lists_come_in_pages(platform: Platform) -> None:
    made = [platform.bind(candidate=f"c-{each}")["id"] for each in range(3)]
    first = platform.call("get", "/relays?limit=2")
    rest = platform.call("get", f"/relays?limit=2&after={first['next']}")
    assert [each["id"] for each in (*first["data"], *rest["data"])] == made[::-1] and rest[
        "next"
    ] is None
    assert [each["id"] for each in platform.call("get", "/relays?candidate=c-1")["data"]] == [
        made[1]
    ]
    assert platform.call("get", f"/relays?employer_id={uuid4()}")["data"] == []
    assert RelayBinding.objects.count() == 3 and not RelayCall.objects.exists()
