"""Contract tests for every provider of relay numbers.

To test another adapter, add a `Case` to `PROVIDERS`: how to build it, how to make it fail, and how
a call record comes in. The second provider here is the real SDK, pointed at a local server that
checks its signature and answers in the service's format.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from downloads.relay_providers import aliyun
from downloads.relay_providers.aliyun import AliyunRelays
from downloads.relay_providers.base import (
    BindConflict,
    Bound,
    Callback,
    CallbackForged,
    ExpiryIllegal,
    FlowLimited,
    NoNumber,
    NumberIllegal,
    Order,
    Outcome,
    Relays,
    UnknownBinding,
)
from downloads.relay_providers.simulator import SimulatedRelays
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.downloads.relay_providers.orders import (
    CALLER,
    CANDIDATE,
    COLLEAGUE,
    IN_A_MONTH,
    NOW,
    OTHER,
    SECRET,
    STRANGER,
    account,
    bound,
    order,
)
from tests.fakes import aliyun_server as cloud
from tests.fakes.aliyun_server import Fault

KINDS: dict[str, type[ProviderError]] = {
    "no_number": NoNumber,
    "flow_limit": FlowLimited,
    "unavailable": ProviderUnavailable,
    "broken": ProviderBroken,
    "conflict": BindConflict,
    "number_illegal": NumberIllegal,
    "expiry_illegal": ExpiryIllegal,
}


@dataclass(frozen=True)
class Provider:
    """A provider, how to make its next request fail, and what it pushes for a call by the team."""

    relays: Relays
    fail: Callable[[str], Any]
    call: Callable[[Bound, str, datetime], Callback]
    later: Callable[[datetime], Any] = lambda _now: None
    """The provider's own clock, if it has one."""


@contextmanager
def _simulated(folder: Path) -> Iterator[Provider]:
    relays = SimulatedRelays(folder / "relays.sqlite3", "a key")

    def call(bound: Bound, caller: str, now: datetime) -> Callback:
        relays.call(bound.number, bound.extension, caller, now)
        return relays.pushes(now)[-1]

    yield Provider(relays, relays.fail_next, call)


FAULTS = {
    "no_number": Fault("isv.NO_AVAILABLE_NUMBER"),
    "flow_limit": Fault("isv.FLOW_LIMIT"),
    "unavailable": Fault("isp.VENDOR_UNAVAILABLE"),
    "broken": Fault("isv.OUT_OF_SERVICE"),
    "conflict": Fault("isv.BIND_CONFLICT"),
    "number_illegal": Fault("isv.MOBILE_NUMBER_ILLEGAL"),
    "expiry_illegal": Fault("isv.EXPIRE_DATE_ILLEGAL"),
}


@contextmanager
def _aliyun(folder: Path) -> Iterator[Provider]:
    require("alibabacloud-dyplsapi20170525 (the extra `aliyun`)", aliyun.is_aliyun_installed())
    with cloud.serving() as server:

        def call(bound: Bound, caller: str, now: datetime) -> Callback:
            binding = server.bindings[bound.reference]
            told: dict[str, Any] = {}
            if caller.removeprefix("+86") not in server.groups[binding.group]:
                told = {"call_type": 4, "seconds": 0}
            elif binding.restrict == "CONTROL_BX_DISABLE":
                told = {"unconnected_cause": 3, "seconds": 0}
            body = json.dumps(
                [server.report(bound.reference, caller.removeprefix("+86"), now, **told)]
            ).encode()
            return Callback(SECRET, {}, body)

        def later(now: datetime) -> None:
            server.now = now

        yield Provider(
            AliyunRelays(account(server)),
            lambda kind: server.faults.append(FAULTS[kind]),
            call,
            later,
        )


PROVIDERS = {"simulator": _simulated, "aliyun": _aliyun}


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with PROVIDERS[request.param](tmp_path) as made:
        yield made


def test_a_number_is_lent_and_found_again(provider: Provider) -> None:
    made = bound(provider.relays)
    assert (
        made.number.startswith("+861")
        and made.reference
        and made.expires_at == IN_A_MONTH
        and not made.muted
    )
    assert CANDIDATE not in (made.number, made.reference)
    assert provider.relays.get(made.reference, made.number, NOW) == made


def test_two_candidates_have_two_ways_to_them(provider: Provider) -> None:
    group = provider.relays.set_callers("", "a team", [CALLER], NOW)
    one, two = (
        provider.relays.bind(order(group, name, candidate), NOW)
        for name, candidate in (("r-1", CANDIDATE), ("r-2", OTHER))
    )
    assert (one.number, one.extension) != (
        two.number,
        two.extension,
    ) and one.reference != two.reference


def test_it_ends_by_its_time_and_can_be_extended_before(provider: Provider) -> None:
    made = bound(provider.relays)
    later = IN_A_MONTH + timedelta(days=20)
    for _ in range(2):
        provider.relays.extend(made.reference, made.number, later, NOW)
    between = IN_A_MONTH + timedelta(days=1)
    provider.later(between)
    found = provider.relays.get(made.reference, made.number, between)
    assert found is not None and found.expires_at == later
    after = later + timedelta(minutes=1)
    provider.later(after)
    assert provider.relays.get(made.reference, made.number, after) is None
    with pytest.raises(UnknownBinding):
        provider.relays.extend(made.reference, made.number, after + timedelta(days=30), after)


def test_unbinding_twice_is_once(provider: Provider) -> None:
    made = bound(provider.relays)
    for _ in range(2):
        provider.relays.unbind(made.reference, made.number, NOW)
    assert provider.relays.get(made.reference, made.number, NOW) is None


def test_muting_is_told_and_undone(provider: Provider) -> None:
    made = bound(provider.relays)
    for muted in (True, True, False):
        provider.relays.mute(made.reference, made.number, muted, NOW)
        found = provider.relays.get(made.reference, made.number, NOW)
        assert found is not None and found.muted is muted


def test_a_binding_that_never_was_is_none(provider: Provider) -> None:
    made = bound(provider.relays)
    assert provider.relays.get("100009999", made.number, NOW) is None
    with pytest.raises(UnknownBinding):
        provider.relays.mute("100009999", made.number, True, NOW)
    provider.relays.unbind("100009999", made.number, NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_each_failure_is_told_by_its_kind_and_passes(provider: Provider, kind: str) -> None:
    group = provider.relays.set_callers("", "a team", [CALLER], NOW)
    provider.fail(kind)
    with pytest.raises(KINDS[kind]) as caught:
        provider.relays.bind(order(group), NOW)
    assert isinstance(caught.value, ProviderUnavailable) is (
        kind in ("no_number", "flow_limit", "unavailable")
    )
    assert getattr(caught.value, "retry_after", 1.0) > 0
    assert CANDIDATE.removeprefix("+86") not in str(caught.value)
    assert provider.relays.bind(order(group), NOW).number


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (lambda group: order(group, candidate="+8612345"), NumberIllegal),
        (lambda group: order(group, expires_at=NOW + timedelta(seconds=30)), ExpiryIllegal),
    ],
)
def test_what_cannot_be_bound_is_rejected(
    provider: Provider, what: Callable[[str], Order], kind: type[ProviderError]
) -> None:
    group = provider.relays.set_callers("", "a team", [CALLER], NOW)
    with pytest.raises(kind):
        provider.relays.bind(what(group), NOW)


@pytest.mark.parametrize("callers", [[], [CALLER] * 201, ["+861"]])
def test_a_group_has_between_one_and_two_hundred_callers(
    provider: Provider, callers: list[str]
) -> None:
    with pytest.raises(NumberIllegal):
        provider.relays.set_callers("", "a team", callers, NOW)


def test_the_team_gets_through_and_nobody_else(provider: Provider) -> None:
    made = bound(provider.relays)
    told = {}
    for caller in (CALLER, COLLEAGUE, STRANGER):
        (record,) = provider.relays.verify_callback(provider.call(made, caller, NOW), NOW)
        told[caller] = record.outcome
        assert (record.reference, record.number, record.caller, record.by_candidate) == (
            made.reference,
            made.number,
            caller,
            False,
        )
        assert (
            record.at == NOW
            and record.record_id
            and (record.seconds > 0) is (record.outcome is Outcome.CONNECTED)
        )
        assert CANDIDATE not in repr(record) and CALLER not in repr(record)
    assert told == {
        CALLER: Outcome.CONNECTED,
        COLLEAGUE: Outcome.CONNECTED,
        STRANGER: Outcome.STRANGER,
    }


def test_who_leaves_the_team_no_longer_gets_through(provider: Provider) -> None:
    group = provider.relays.set_callers("", "a team", [CALLER, COLLEAGUE], NOW)
    made = provider.relays.bind(order(group), NOW)
    assert provider.relays.set_callers(group, "a team", [COLLEAGUE, STRANGER], NOW) == group
    told = [
        provider.relays.verify_callback(provider.call(made, caller, NOW), NOW)[0].outcome
        for caller in (CALLER, STRANGER)
    ]
    assert told == [Outcome.STRANGER, Outcome.CONNECTED]


def test_muted_means_no_call_comes_through(provider: Provider) -> None:
    made = bound(provider.relays)
    provider.relays.mute(made.reference, made.number, True, NOW)
    (record,) = provider.relays.verify_callback(provider.call(made, CALLER, NOW), NOW)
    assert record.outcome is Outcome.MUTED and record.seconds == 0


@pytest.mark.parametrize("forge", ["secret", "body"])
def test_a_forged_record_is_refused(provider: Provider, forge: str) -> None:
    made = bound(provider.relays)
    callback = provider.call(made, CALLER, NOW)
    signed = bool(callback.headers)
    if forge == "body":
        body = callback.body.replace(b"1", b"2") if signed else b'[{"pool_key": "another"}]'
        callback = Callback(callback.secret, callback.headers, body)
    else:
        headers = {**callback.headers, "x-relay-signature": "0" * 64} if signed else {}
        callback = Callback("guessed", headers, callback.body)
    with pytest.raises(CallbackForged):
        provider.relays.verify_callback(callback, NOW)
