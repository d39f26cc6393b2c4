"""Scripted relay numbers for platforms' tests, and calls to play.

Tests use the same operations, the same worker and the same signed call records as real numbers.
Only the provider is simulated, with one simulator for each platform, and no phone rings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from downloads import relay_providers
from downloads.models import RelayBinding, RelayCall
from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings, call_records, callers, provider_sync
from employers.accounts.sightings import phone_of
from employers.models import ApiClient
from events.core.errors import Refused
from events.core.reasons import REASONS, Text

Clock = Callable[[], datetime]

ROUNDS: Final = 60
"""The most rounds of due work; one round can make more work due at once."""
NOBODY: Final = "+8615400009999"
"""The caller's number when no member calls: a stranger's."""


@dataclass(frozen=True)
class Recipe:
    """A candidate's number, and what happens with it."""

    digits: str
    says: Text

    @property
    def phone(self) -> str:
        return MAGIC + self.digits


def _reason(digits: str, code: str) -> Recipe:
    return Recipe(digits, REASONS[code].says)


RECIPES: Final = (
    Recipe(
        "0000", Text("立即分配号码，来电接通", "A number is assigned at once, and calls connect")
    ),
    _reason("0001", "relay_no_number"),
    Recipe(
        "0002",
        Text(
            "首次无空闲号码，五分钟后分配",
            "No number is free at first. One is assigned five minutes later",
        ),
    ),
    _reason("0003", "relay_number_illegal"),
    Recipe(
        "0004",
        Text(
            "首次被限流，五秒后分配",
            "Too many requests at first. A number is assigned five seconds later",
        ),
    ),
    Recipe(
        "0005",
        Text(
            "首次应答丢失，号码已分配，半分钟后可知",
            "The first answer is lost. The number is known half a minute later",
        ),
    ),
    Recipe(
        "0006",
        Text(
            "运营商暂不可用，一分钟后分配",
            "The carrier does not answer. A number is assigned a minute later",
        ),
    ),
    Recipe(
        "0007",
        Text(
            "运营商应答异常，十分钟后分配",
            "The provider's answer is invalid. A number is assigned ten minutes later",
        ),
    ),
    Recipe(
        "0008",
        Text(
            "首次绑定冲突，一分钟后分配",
            "The provider reports a conflict. A number is assigned a minute later",
        ),
    ),
    Recipe("0009", Text("分配带分机号的号码", "A number with an extension")),
    Recipe(
        "0010",
        Text(
            "号码被运营商封停，来电不通",
            "The carrier has blocked the number, so calls do not connect",
        ),
    ),
    Recipe("0011", Text("求职者关机或停机", "The candidate's phone is off or out of service")),
    Recipe("0012", Text("求职者占线", "The candidate's line is busy")),
    Recipe("0013", Text("求职者无人接听", "The candidate does not answer")),
    Recipe(
        "0014",
        Text(
            "话单迟到十分钟、重复且乱序",
            "Call records arrive ten minutes late, twice and out of order",
        ),
    ),
    Recipe(
        "0015",
        Text(
            "一天后被运营商提前收回，自动换号",
            "The provider takes the number back after a day. A new one is assigned automatically",
        ),
    ),
)
"""By the candidate's number. Never renumber them: platforms' own tests use them."""


def play_call(
    binding: RelayBinding, client: ApiClient, clock: Clock, *, by_stranger: bool, seconds: int
) -> RelayCall | None:
    """Play a call to the number from a member or a stranger.

    Returns the stored call, or None if its record comes later. Raises Refused: `not_of_test`,
    `relay_no_caller`, and `relay_ended` if there never was a number.
    """
    provider = _provider(binding, client)
    if not binding.number:
        raise Refused("relay_ended", seen=binding.state)
    members = callers.callers_of(binding.employer_id)
    if not members and not by_stranger:
        raise Refused("relay_no_caller")
    caller = NOBODY if by_stranger else phone_of(members[0].user)
    made = provider.call(binding.number, binding.extension, caller, clock(), seconds)
    bring_in(provider, clock)
    return RelayCall.objects.filter(provider=provider.name, record_id=made.record_id).first()


def _provider(binding: RelayBinding, client: ApiClient) -> SimulatedRelays:
    if not client.test or not binding.test:
        raise Refused("not_of_test")
    return relay_providers.simulated_relays(binding.provider)


def bring_in(provider: SimulatedRelays, clock: Clock) -> None:
    """Verify and store the callbacks that the simulator sends now, as the webhook does."""
    for callback in provider.pushes(clock()):
        call_records.store_call_records(
            provider.name, provider.verify_callback(callback, clock()), clock()
        )


def catch_up(client: ApiClient, clock: Clock) -> None:
    """Do the work that is due for relay numbers in this platform's test.

    Outside of a test there is nothing to do.
    """
    if not client.test:
        return
    bindings.close_those_not_allowed(clock(), client)
    for _ in range(ROUNDS):
        due = list(
            RelayBinding.objects.of(client.pk)
            .due(clock())
            .order_by("due_at")
            .values_list("pk", flat=True)
        )
        if not [binding_id for binding_id in due if provider_sync.sync_binding(binding_id, clock)]:
            break
    provider = relay_providers.simulated_relays(relay_providers.of_test(client.pk))
    if provider.exists():
        bring_in(provider, clock)
        call_records.poll_call_records(provider, clock())


def sync_at_once(binding: RelayBinding, client: ApiClient, clock: Clock) -> RelayBinding:
    """In a test, ask the simulator at once instead of waiting for a worker; return the row.

    The simulator uses no network.
    """
    if client.test:
        for each in dict.fromkeys([binding.pk, *_open_beside(binding)]):
            for _ in range(ROUNDS):
                if not provider_sync.sync_binding(each, clock):
                    break
        binding.refresh_from_db()
    return binding


def _open_beside(binding: RelayBinding) -> list[UUID]:
    beside = RelayBinding.objects.between(binding.employer_id, binding.client_id, binding.candidate)
    return list(beside.filter(finished_at=None).values_list("pk", flat=True))
