"""Tests that calls to a canary's number restrict its employer, without revealing the canary."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from downloads import relay_providers, retention
from downloads.models import (
    Canary,
    CanaryRing,
    GateDecision,
    MoveAppeal,
    RelayBinding,
    RelayCall,
    Standing,
)
from downloads.test_mode import relays as test_mode_relays
from downloads.tiers import canaries, tier_changes
from employers.models import ApiClient, Member
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import Alert, AlertKind, Event, PlatformEvent
from tests.databases import unguarded
from tests.downloads.api.test_relays import Platform
from tests.factories import make_colleague, sign_in
from tests.keys import rotate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS = tmp_path, ""


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


@pytest.fixture
def canary(platform: Platform) -> Canary:
    user = make_colleague(timezone.now(), "Seniors")
    return canaries.plant_canary(platform.client.pk, "c-1", None, "a tip", user, timezone.now())


def call(platform: Platform, relay_id: str, caller: str) -> None:
    """Call the number from the phone `caller`."""
    binding, provider = (
        RelayBinding.objects.get(pk=relay_id),
        relay_providers.simulated_relays(relay_providers.of_test(platform.client.pk)),
    )
    provider.call(binding.number, binding.extension, caller, timezone.now(), 20)
    test_mode_relays.bring_in(provider, timezone.now)
    for ring in canaries.unanswered_canary_calls():
        canaries.act_on_call(ring, timezone.now())


def test_two_strangers_let_downloads_rest_and_the_team_does_not(
    platform: Platform, canary: Canary
) -> None:
    relay = platform.bind()["id"]
    call(platform, relay, "+8613800000001")
    assert not CanaryRing.objects.exists(), "the employer's own people may call candidates"
    call(platform, relay, "+8615400001111")
    call(platform, relay, "+8615400001111")
    assert CanaryRing.objects.count() == 2 and not Standing.objects.exists(), (
        "one machine may dial at random, however often"
    )
    call(platform, relay, "+8615400002222")
    override = Standing.objects.get()
    assert (str(override.employer_id), override.tier, override.reason) == (
        platform.employer,
        "restricted",
        "employer_restricted",
    )
    assert CanaryRing.objects.order_by("-pk").first().restricted  # type: ignore[union-attr]
    told = str(list(PlatformEvent.objects.values_list("payload", flat=True))) + str(
        platform.call("get", "/events")
    )
    assert (
        "canary" not in told
        and "employer_restricted"
        in str(platform.call("get", f"/employers/{platform.employer}/rights")) + told
    )
    assert Event.objects.filter(verb="ring_canary").count() == 3
    alerts = Alert.objects.filter(kind=AlertKind.CANARY).order_by("pk")
    assert [alert.params for alert in alerts] == [
        {"restricted": False},
        {"restricted": False},
        {"restricted": True},
    ], "each call is told to staff, without the employer or the caller"


def test_one_call_is_enough_where_a_deployment_says_so(
    platform: Platform, canary: Canary, settings: Any
) -> None:
    settings.CANARY_RINGS = 1
    call(platform, platform.bind()["id"], "+8615400001111")
    assert Standing.objects.get().tier == "restricted"


def test_a_call_to_anybody_else_does_not_count(platform: Platform, canary: Canary) -> None:
    call(platform, platform.bind(candidate="c-2", phone="+8613900000002")["id"], "+8615400001111")
    other = Platform()
    call(other, other.bind()["id"], "+8615400001111")
    assert not CanaryRing.objects.exists(), "only this candidate of this platform counts"


def test_a_call_is_acted_upon_once(platform: Platform, canary: Canary) -> None:
    call(platform, platform.bind()["id"], "+8615400001111")
    (ring,) = CanaryRing.objects.all()
    canaries.act_on_call(ring.pk, timezone.now())
    assert Event.objects.filter(verb="ring_canary").count() == 1


def test_what_people_have_looked_into_counts_no_more(platform: Platform, canary: Canary) -> None:
    relay, user = platform.bind()["id"], make_colleague(timezone.now(), "Seniors")
    call(platform, relay, "+8615400001111")
    canaries.settle_canary(CanaryRing.objects.get().pk, "a machine", user, timezone.now())
    call(platform, relay, "+8615400002222")
    assert not Standing.objects.exists()
    with pytest.raises(Refused) as refused:
        canaries.settle_canary(CanaryRing.objects.earliest("pk").pk, "again", user, timezone.now())
    assert refused.value.code == "state_conflict"


def test_one_more_call_overtakes_no_appeal_and_a_lifted_one_begins_anew(
    platform: Platform, canary: Canary
) -> None:
    relay, now = platform.bind()["id"], timezone.now()
    for caller in ("+8615400001111", "+8615400002222"):
        call(platform, relay, caller)
    owner = Member.objects.filter(employer=platform.employer).first()
    assert owner is not None
    said = MoveAppeal.objects.create(
        employer_id=platform.employer,
        move=tier_changes.last_move(owner.employer_id),
        text="…",
        by=owner.user,
        at=now,
        due_at=now,
    )
    call(platform, relay, "+8615400003333")
    said.refresh_from_db()
    assert said.answered_at is None and Event.objects.filter(verb="restrict").count() == 1
    tier_changes.lift_override(owner.employer_id, SYSTEM, timezone.now())
    call(platform, relay, "+8615400004444")
    assert not Standing.objects.exists(), "the three earlier calls no longer count"
    call(platform, relay, "+8615400005555")
    assert Standing.objects.get().tier == "restricted"


def test_calls_far_apart_do_not_count_together(platform: Platform, canary: Canary) -> None:
    relay = platform.bind()["id"]
    call(platform, relay, "+8615400001111")
    CanaryRing.objects.update(at=timezone.now() - timedelta(days=8))
    call(platform, relay, "+8615400002222")
    assert not Standing.objects.exists()


def test_it_is_planted_and_seen_in_the_console_by_who_may_trace(platform: Platform) -> None:
    now = timezone.now()
    senior, reviewer = (
        sign_in(make_colleague(now, "Seniors")),
        sign_in(make_colleague(now, "Reviewers")),
    )
    body = {
        "platform": str(platform.client.pk),
        "candidate": "c-1",
        "employer": platform.employer,
        "why": "a tip",
    }
    assert reviewer.post("/console/downloads/canary/add/", body).status_code == 403
    assert reviewer.get("/console/downloads/canary/").status_code == 403
    assert senior.post("/console/downloads/canary/add/", body).status_code == 302
    again = senior.post("/console/downloads/canary/add/", body)
    assert again.status_code == 200 and Canary.objects.count() == 1, "once"
    call(platform, platform.bind()["id"], "+8615400001111")
    ring = CanaryRing.objects.get()
    address = f"/console/downloads/canaryring/{ring.pk}/change/"
    assert (
        reviewer.get(address).status_code in (302, 403, 404)
        and senior.get(address).status_code == 200
    )
    assert senior.get("/console/downloads/canaryring/").status_code == 200
    senior.post(address, {"outcome": "a machine that dials at random"})
    ring.refresh_from_db()
    assert ring.looked_by is not None and "a machine" in senior.get(address).content.decode()


def test_of_no_platform_nobody_plants(platform: Platform) -> None:
    user = make_colleague(timezone.now(), "Seniors")
    ApiClient.objects.filter(pk=platform.client.pk).update(revoked_at=timezone.now())
    with pytest.raises(Refused) as refused:
        canaries.plant_canary(platform.client.pk, "c-1", None, "a tip", user, timezone.now())
    assert refused.value.code == "platform_unknown"


def test_what_nobody_looked_into_is_kept(platform: Platform, canary: Canary) -> None:
    relay, user = platform.bind()["id"], make_colleague(timezone.now(), "Seniors")
    for caller in ("+8615400001111", "+8615400002222"):
        call(platform, relay, caller)
    looked, open_ = CanaryRing.objects.order_by("pk")
    canaries.settle_canary(looked.pk, "a machine", user, timezone.now())
    with unguarded(GateDecision):  # the database's clock is not ahead
        retention.delete_old_rows(timezone.now() + timedelta(days=1200), 0)
    assert list(CanaryRing.objects.all()) == [open_] and list(RelayCall.objects.all()) == [
        open_.call
    ]


def test_one_caller_is_one_caller_during_a_change_of_keys(
    platform: Platform, canary: Canary, settings: Any
) -> None:
    relay = platform.bind()["id"]
    call(platform, relay, "+8615400001111")
    rotate(settings)
    call(platform, relay, "+8615400001111")
    assert not Standing.objects.exists()
    call(platform, relay, "+8615400002222")
    assert Standing.objects.get().tier == "restricted"
