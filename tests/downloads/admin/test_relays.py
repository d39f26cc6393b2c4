"""Tests that staff see whose a relay number was and how many contacts were lost, and can read and
change no more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, Scope
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.conftest import provider
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    PHONE,
    bound,
    called,
    give_phone,
    requested,
    synced,
    taken_in,
)
from tests.factories import make_colleague, sign_in

pytestmark = pytest.mark.django_db

BINDINGS, CALLS = "/console/downloads/relaybinding/", "/console/downloads/relaycall/"
__all__ = ["provider"]


@pytest.fixture
def auditor() -> Any:
    return sign_in(make_colleague(timezone.now(), "Auditors"))


@pytest.fixture
def member() -> Member:
    made = approved(timezone.now(), days=60)
    give_phone(made, CALLERS[0])
    return made


@pytest.fixture
def platform() -> ApiClient:
    return create_api_client("Yunxi Jobs", [Scope.GATE_DECIDE], timezone.now())[0]


def test_a_number_found_on_paper_leads_to_whose_it_was(
    auditor: Any, member: Member, platform: ApiClient
) -> None:
    now = timezone.now() - timedelta(days=3)
    binding, other = (
        bound(member, platform, now),
        bound(member, platform, now, "+8613900000002", "c-2"),
    )
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    synced(binding, now)
    page = auditor.get(BINDINGS, {"q": binding.number}).content.decode()
    assert member.employer.name in page and "c-1" in page and other.number not in page
    assert "The candidate no longer takes calls from this employer" in page
    details = auditor.get(f"{BINDINGS}{binding.pk}/change/").content.decode()
    assert "c-1" in details and str(binding.decision_id) in details
    for text in (page, details):
        assert (
            PHONE[3:] not in text
            and binding.candidate_sealed not in text
            and binding.candidate_index not in text
        )


def test_the_figures_say_how_many_were_lost(
    auditor: Any, member: Member, platform: ApiClient, provider: SimulatedRelays
) -> None:
    now = timezone.now() - timedelta(days=2)
    binding = bound(member, platform, now)
    taken_in(provider, called(provider, binding, now), now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    synced(binding, now)
    taken_in(provider, called(provider, binding, now), now)
    synced(requested(member, platform, now, f"{MAGIC}0001", "c-3"), now)
    page = auditor.get(CALLS).content.decode()
    assert "66.7 %" in page and "Yunxi Jobs" in page and "—" in page, (
        "of the last day there is nothing to say"
    )
    assert "2 results" not in page, "the list shows the last day unless more is chosen"
    listed = auditor.get(CALLS, {"days": "7"}).content.decode()
    assert (
        "connected" in listed
        and "number no longer in force" in listed
        and CALLERS[0][3:] not in listed
    )


@pytest.mark.parametrize("address", [BINDINGS, CALLS])
def test_only_who_sees_the_gates_answers_sees_them(address: str, auditor: Any) -> None:
    assert auditor.get(address).status_code == 200
    assert sign_in(make_colleague(timezone.now(), "Reviewers")).get(address).status_code == 403
    assert auditor.get(f"{address}add/").status_code == 403


def test_the_lists_cost_the_same_for_many(
    auditor: Any,
    member: Member,
    platform: ApiClient,
    provider: SimulatedRelays,
    django_assert_max_num_queries: Any,
) -> None:
    now = timezone.now()
    for each in range(8):
        binding = bound(member, platform, now, f"+8613900001{each:03d}", f"c-{each}")
        taken_in(provider, called(provider, binding, now), now)
    for address, most in ((BINDINGS, 14), (CALLS, 24)):
        with django_assert_max_num_queries(most):
            assert auditor.get(address).status_code == 200
