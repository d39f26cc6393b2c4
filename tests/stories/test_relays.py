"""Tests a relay number with a real worker over a real broker: requested, lent, called, and closed
by a suspension.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads import relay_providers
from downloads.models import RelayBinding, RelayTeam
from downloads.models.relays import RelayState
from downloads.relay_providers.base import Outcome
from employers.accounts.api_clients import create_api_client
from employers.accounts.membership import give_phone
from employers.models import Member, Scope
from events.core.actor import SYSTEM
from events.models import PlatformEvent
from tests.factories import make_case, make_link, make_member
from tests.stories.conftest import running_worker, wait_until
from tests.stories.test_worker import broker as broker
from verification.cases import operations
from verification.rules.states import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.worker,
    pytest.mark.redis,
    pytest.mark.timeout(300),
]

CALLER, COLLEAGUE = "+8613800000001", "+8613800000002"


def test_from_a_yes_to_the_end(broker: str, tmp_path: Path) -> None:
    """The test itself advances no row: the worker does everything."""
    now = timezone.now()
    member = make_member(now)
    type(member.employer).objects.update(confirmed_at=now - timedelta(days=60))
    case = make_case(member, now, State.APPROVED)
    give_phone(member, CALLER, member.as_actor(), now, vouched=True)
    platform, key = create_api_client("a platform", [Scope.GATE_DECIDE], now)
    make_link(member, platform.pk, now)
    log, provider = tmp_path / "worker.log", relay_providers.simulated_relays()

    def call(method: str, path: str, body: Any = None) -> Any:
        return getattr(Client(), method)(
            f"/api/v1{path}", body, "application/json", headers={"Authorization": f"Bearer {key}"}
        ).json()

    def dials(phone: str) -> Outcome:
        record = provider.call(number, "", phone, timezone.now())
        for push in provider.pushes(timezone.now()):
            assert (
                Client()
                .post(
                    "/relays/calls/simulator/x",
                    push.body,
                    "application/json",
                    headers=dict(push.headers),
                )
                .status_code
                == 200
            )
        return record.outcome

    yes = call(
        "post",
        "/gate/decisions",
        {"employer_id": str(member.employer_id), "member_id": str(member.pk), "candidate": "c-1"},
    )
    with running_worker(broker, log, beat=True, ZIZHI_SWEEP_SECONDS="1"):
        relay = call(
            "post", "/relays", {"decision_id": yes["id"], "candidate_phone": "13900000001"}
        )
        assert relay["state"] == "requested"
        wait_until(
            lambda: call("get", f"/relays/{relay['id']}")["state"] == "bound",
            "no number was lent",
            log,
        )
        number = call("get", f"/relays/{relay['id']}")["number"]
        assert [dials(CALLER), dials(COLLEAGUE)] == [Outcome.CONNECTED, Outcome.STRANGER]

        colleague = Member.objects.get(pk=make_member(now, member.employer, role="recruiter").pk)
        give_phone(colleague, COLLEAGUE, colleague.as_actor(), timezone.now(), vouched=True)
        wait_until(lambda: RelayTeam.objects.get().callers == 2, "the team was not told", log)
        assert dials(COLLEAGUE) is Outcome.CONNECTED

        operations.suspend_case(case.pk, SYSTEM, timezone.now(), ["registry_revoked"])
        wait_until(lambda: RelayBinding.objects.get().finished_at, "it was not given back", log)
        assert dials(CALLER) is Outcome.UNBOUND
        wait_until(
            lambda: PlatformEvent.objects.of(platform.pk).filter(type="relay.called").count() == 4,
            "the platform was not told",
            log,
        )
    binding = RelayBinding.objects.get()
    assert (binding.state, binding.ended_why) == (RelayState.ENDED, "employer_suspended")
    told = list(
        PlatformEvent.objects.of(platform.pk)
        .filter(type__startswith="relay.")
        .values_list("type", flat=True)
    )
    assert told == [
        f"relay.{kind}" for kind in ("bound", "called", "called", "called", "ended", "called")
    ]
