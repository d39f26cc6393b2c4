"""Does a provider of relay numbers keep its promises?

One suite for every adapter of `downloads.relay_providers.base.Relays`, then what each does alone.

Another adapter is another `Case` in `PROVIDERS`: how it is built, how it is made to fail, and how a
call's record comes in. The second here is the real SDK, pointed at a local server that checks its
signature and answers in the service's own format.
"""

from __future__ import annotations

import json
import logging
import runpy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from downloads import relay_providers
from downloads.relay_providers import aliyun
from downloads.relay_providers.aliyun import Account, AliyunRelays
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
from downloads.relay_providers.simulator import EXTENSIONS, HOSTS, MAGIC, SimulatedRelays, number_at
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.fakes import aliyun_server as cloud
from tests.fakes.aliyun_server import EXTENSION_POOL, KEY_ID, KEY_SECRET, POOL, AliyunServer, Fault

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
IN_A_MONTH = NOW + timedelta(days=30)
CANDIDATE, OTHER = "+8613900000001", "+8613900000002"
CALLER, COLLEAGUE, STRANGER = "+8613800000001", "+8613800000002", "+8613700000009"
SECRET = "s3cret-part-of-the-address"
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
    """A provider, how it is made to fail the next time, and what a call by one of the team makes it
    push.
    """

    relays: Relays
    fail: Callable[[str], Any]
    call: Callable[[Bound, str, datetime], Callback]
    later: Callable[[datetime], Any] = lambda _now: None
    """The provider's own clock, where it has one."""


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


def account(server: AliyunServer, **more: Any) -> Account:
    return Account(KEY_ID, KEY_SECRET, POOL, SECRET, endpoint=server.url, **more)


@contextmanager
def _aliyun(folder: Path) -> Iterator[Provider]:
    require("alibabacloud-dyplsapi20170525 (the extra `aliyun`)", aliyun.installed())
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


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with PROVIDERS[request.param](tmp_path) as made:
        yield made


def order(
    group: str,
    request_id: str = "r-1",
    candidate: str = CANDIDATE,
    expires_at: datetime = IN_A_MONTH,
) -> Order:
    return Order(request_id, candidate, group, expires_at)


def bound(relays: Relays, candidate: str = CANDIDATE, request_id: str = "r-1") -> Bound:
    group = relays.set_callers("", "a team", [CALLER, COLLEAGUE], NOW)
    return relays.bind(order(group, request_id, candidate), NOW)


# --- The contract ---------------------------------------------------------------------------------


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


# --- The simulator alone --------------------------------------------------------------------------


@pytest.fixture
def simulator(tmp_path: Path) -> SimulatedRelays:
    return SimulatedRelays(tmp_path / "relays.sqlite3", "a key")


def thin(tmp_path: Path, whole: int) -> SimulatedRelays:
    return SimulatedRelays(tmp_path / "thin.sqlite3", "a key", pool=HOSTS + whole)


def test_the_same_request_is_the_same_binding(simulator: SimulatedRelays) -> None:
    group = simulator.set_callers("", "a team", [CALLER], NOW)
    assert simulator.bind(order(group), NOW) == simulator.bind(order(group), NOW)


def test_a_lost_answer_costs_no_number(simulator: SimulatedRelays) -> None:
    group = simulator.set_callers("", "a team", [CALLER], NOW)
    lost = order(group, candidate=f"{MAGIC}0005")
    with pytest.raises(ProviderUnavailable):
        simulator.bind(lost, NOW)
    made = simulator.bind(lost, NOW)
    assert made.number == number_at(HOSTS)
    assert simulator.bind(order(group, "r-2", OTHER), NOW).number == number_at(HOSTS + 1)


def test_a_thin_pool_lends_extensions_and_then_none(tmp_path: Path) -> None:
    relays = thin(tmp_path, whole=1)
    group = relays.set_callers("", "a team", [CALLER], NOW)
    whole = relays.bind(order(group), NOW)
    shared = [relays.bind(order(group, f"r-{n}", f"+86139000{n:05d}"), NOW) for n in range(2, 5)]
    assert whole.extension == "" and all(each.extension for each in shared)
    assert len({(each.number, each.extension) for each in shared}) == 3
    record = relays.call(shared[1].number, shared[1].extension, CALLER, NOW)
    assert (record.reference, record.outcome) == (shared[1].reference, Outcome.CONNECTED)
    empty = SimulatedRelays(tmp_path / "empty.sqlite3", "a key", pool=0)
    group = empty.set_callers("", "a team", [CALLER], NOW)
    with pytest.raises(NoNumber) as caught:
        empty.bind(order(group), NOW)
    assert caught.value.retry_after > 0 and EXTENSIONS


@pytest.mark.parametrize("how", ["unbound", "expired"])
def test_a_number_rests_for_half_a_year_for_all_but_its_candidate(tmp_path: Path, how: str) -> None:
    relays = thin(tmp_path, whole=1)
    group = relays.set_callers("", "a team", [CALLER], NOW)
    first = relays.bind(order(group), NOW)
    ended = IN_A_MONTH if how == "expired" else NOW
    if how == "unbound":
        relays.unbind(first.reference, first.number, NOW)

    def lent(candidate: str, at: datetime) -> Bound:
        made = relays.bind(
            order(group, f"{candidate} {at}", candidate, at + timedelta(days=30)), at
        )
        relays.unbind(made.reference, made.number, at)
        return made

    soon = ended + timedelta(days=179)
    assert lent(OTHER, soon).extension != ""
    assert (lent(CANDIDATE, soon).number, lent(CANDIDATE, soon).extension) == (first.number, "")
    much_later = soon + timedelta(days=181)
    assert (lent(OTHER, much_later).number, lent(OTHER, much_later).extension) == (first.number, "")


def test_a_number_that_leads_nowhere_says_so(simulator: SimulatedRelays) -> None:
    made = bound(simulator)
    simulator.unbind(made.reference, made.number, NOW)
    record = simulator.call(made.number, "", CALLER, NOW)
    assert (record.outcome, record.reference, record.seconds) == (Outcome.UNBOUND, "", 0)


def test_late_records_come_twice_and_the_last_one_first(simulator: SimulatedRelays) -> None:
    made = bound(simulator, f"{MAGIC}0014")
    calls = [
        simulator.call(made.number, "", CALLER, NOW + timedelta(seconds=each)).record_id
        for each in (0, 30)
    ]
    assert simulator.pushes(NOW) == [] and simulator.calls(NOW, IN_A_MONTH, NOW) == []
    later = NOW + timedelta(minutes=15)
    told = [
        record.record_id
        for push in simulator.pushes(later)
        for record in simulator.verify_callback(push, later)
    ]
    assert told == [calls[1], calls[1], calls[0], calls[0]]
    assert simulator.pushes(later) == []
    assert [record.record_id for record in simulator.calls(NOW, IN_A_MONTH, later)] == calls
    assert [
        record.record_id
        for record in simulator.calls(NOW + timedelta(seconds=30), IN_A_MONTH, later)
    ] == calls[1:]


def test_an_old_callback_is_no_longer_believed(simulator: SimulatedRelays) -> None:
    made = bound(simulator)
    simulator.call(made.number, "", CALLER, NOW)
    (push,) = simulator.pushes(NOW)
    with pytest.raises(CallbackForged):
        simulator.verify_callback(push, NOW + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [("0010", Outcome.BLOCKED), ("0011", Outcome.UNREACHABLE), ("0012", Outcome.BUSY)],
)
def test_fates_of_calls(simulator: SimulatedRelays, digits: str, outcome: Outcome) -> None:
    made = bound(simulator, f"{MAGIC}{digits}")
    assert simulator.call(made.number, "", CALLER, NOW).outcome is outcome


def test_many_at_once_share_no_number(tmp_path: Path) -> None:
    path = tmp_path / "relays.sqlite3"
    group = SimulatedRelays(path, "a key").set_callers("", "a team", [CALLER], NOW)
    lent: list[Bound] = []

    def ask(first: int) -> None:
        relays = SimulatedRelays(path, "a key")
        for each in range(first, first + 5):
            lent.append(
                relays.bind(
                    order(group, f"r-{each}", f"+86139000{each:05d}"), NOW + timedelta(seconds=each)
                )
            )

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 5, 10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(lent) == 20 and len({each.number for each in lent}) == 20


# --- Alibaba Cloud alone --------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[AliyunServer]:
    require("alibabacloud-dyplsapi20170525 (the extra `aliyun`)", aliyun.installed())
    with cloud.serving() as service:
        yield service


def test_what_is_asked_is_what_the_service_wants(server: AliyunServer) -> None:
    made = bound(AliyunRelays(account(server)))
    (created, group), (action, asked) = server.asked
    assert (created, action) == ("CreateAxgGroup", "BindAxg")
    assert group["Numbers"] == "13800000001,13800000002"
    assert (
        asked["PhoneNoA"] == "13900000001"
        and asked["OutId"] == "r-1"
        and asked["Expiration"] == "2026-12-24 18:00:00"
    )
    assert made.extension == "", "the service sends a meaningless one"


def test_an_empty_pool_falls_back_on_extensions_where_there_is_a_pool_of_them(
    server: AliyunServer,
) -> None:
    relays_ = AliyunRelays(account(server, extension_pool_key=EXTENSION_POOL))
    server.numbers = server.numbers[:1]
    whole, shared = bound(relays_), bound(relays_, OTHER, "r-2")
    assert whole.extension == "" and shared.extension and shared.number == "+8617100000001"
    callback = Callback(
        SECRET,
        {},
        json.dumps(
            [server.report(shared.reference.removeprefix("x"), "13800000001", NOW)]
        ).encode(),
    )
    assert [record.reference for record in relays_.verify_callback(callback, NOW)] == [
        shared.reference
    ]
    for each in (whole, shared):
        later = IN_A_MONTH + timedelta(days=3)
        relays_.extend(each.reference, each.number, later, NOW)
        found = relays_.get(each.reference, each.number, NOW)
        assert found is not None and (found.expires_at, found.extension) == (later, each.extension)
        relays_.unbind(each.reference, each.number, NOW)
        assert relays_.get(each.reference, each.number, NOW) is None
    server.numbers = []
    with pytest.raises(NoNumber):
        bound(AliyunRelays(account(server)))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("Throttling.User", 400), FlowLimited),
        (Fault("ServiceUnavailable", 503), ProviderUnavailable),
        (Fault("SomethingNew", 500), ProviderUnavailable),
        (Fault("SignatureDoesNotMatch", 400), ProviderBroken),
        (Fault("isv.SOMETHING_NEW"), ProviderBroken),
        (Fault("isp.SYSTEM_ERROR"), ProviderUnavailable),
    ],
)
def test_what_the_gateway_says_is_sorted(
    server: AliyunServer, fault: Fault, kind: type[ProviderError]
) -> None:
    server.faults.append(fault)
    with pytest.raises(kind) as caught:
        AliyunRelays(account(server)).set_callers("", "a team", [CALLER], NOW)
    assert (
        type(caught.value) is kind
        and "13900000001" not in str(caught.value)
        and caught.value.__cause__ is None
    )


def test_a_lost_answer_may_leave_a_binding_that_ends_by_its_time(server: AliyunServer) -> None:
    relays_ = AliyunRelays(account(server))
    group = relays_.set_callers("", "a team", [CALLER], NOW)
    server.after.append(Fault("ServiceUnavailable", 503))
    with pytest.raises(ProviderUnavailable):
        relays_.bind(order(group), NOW)
    made = relays_.bind(order(group), NOW)
    assert len(server.bindings) == 2 and relays_.get(made.reference, made.number, NOW) == made
    assert {each.expires_at for each in server.bindings.values()} == {"2026-12-24 18:00:00"}


@pytest.mark.parametrize("verb", ["extend", "mute", "unbind"])
def test_what_it_says_of_an_ended_one_need_not_be_known(server: AliyunServer, verb: str) -> None:
    """No document tells it, so whatever code it is, the binding is looked for."""
    relays_ = AliyunRelays(account(server))
    made = bound(relays_)
    server.bindings[made.reference].ended = True
    server.faults.append(Fault("isv.SOMETHING_NEW"))
    ask = {
        "extend": lambda: relays_.extend(made.reference, made.number, IN_A_MONTH, NOW),
        "mute": lambda: relays_.mute(made.reference, made.number, True, NOW),
        "unbind": lambda: relays_.unbind(made.reference, made.number, NOW),
    }[verb]
    if verb == "unbind":
        ask()
        return
    with pytest.raises(UnknownBinding):
        ask()


def test_no_log_holds_a_number(
    server: AliyunServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    with caplog.at_level(logging.DEBUG):
        bound(AliyunRelays(account(server)))
    said = caplog.text + "".join(capfd.readouterr())
    assert "13900000001" not in said and "13800000001" not in said and KEY_SECRET not in said


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"Code": "OK"}'])
def test_a_reply_that_makes_no_sense_is_broken(server: AliyunServer, body: bytes) -> None:
    server.garbage.append(body)
    with pytest.raises(ProviderBroken):
        AliyunRelays(account(server)).set_callers("", "a team", [CALLER], NOW)


def test_nobody_there_is_unavailable() -> None:
    relays = AliyunRelays(Account(KEY_ID, KEY_SECRET, POOL, SECRET, endpoint="http://127.0.0.1:9"))
    with pytest.raises(ProviderUnavailable) as caught:
        relays.set_callers("", "a team", [CALLER], NOW)
    assert "13800000001" not in str(caught.value)


def test_wrong_keys_are_an_operators_business(server: AliyunServer) -> None:
    with pytest.raises(ProviderBroken):
        AliyunRelays(Account(KEY_ID, "another", POOL, SECRET, endpoint=server.url)).set_callers(
            "", "a team", [CALLER], NOW
        )


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"seconds": 42}, Outcome.CONNECTED),
        ({"seconds": 0, "unconnected_cause": 1}, Outcome.BLOCKED),
        ({"seconds": 0, "unconnected_cause": 2}, Outcome.UNBOUND),
        ({"seconds": 0, "unconnected_cause": 3}, Outcome.MUTED),
        ({"seconds": 0, "unconnected_cause": 4, "release_cause": 31}, Outcome.FAILED),
        ({"seconds": 0, "release_cause": 17}, Outcome.BUSY),
        ({"seconds": 0, "release_cause": 19}, Outcome.NO_ANSWER),
        ({"seconds": 0, "release_cause": 20}, Outcome.UNREACHABLE),
        ({"seconds": 0, "call_type": 4, "unconnected_cause": 0}, Outcome.STRANGER),
    ],
)
def test_each_record_is_read_for_what_it_says(
    server: AliyunServer, told: dict[str, Any], outcome: Outcome
) -> None:
    relays = AliyunRelays(account(server))
    made = bound(relays)
    callback = Callback(
        SECRET, {}, json.dumps([server.report(made.reference, "13800000001", NOW, **told)]).encode()
    )
    (record,) = relays.verify_callback(callback, NOW)
    assert (record.outcome, record.at, record.caller) == (outcome, NOW, CALLER)


def test_text_messages_are_no_calls_and_half_a_record_is_none(server: AliyunServer) -> None:
    relays = AliyunRelays(account(server))
    whole = server.report(bound(relays).reference, "13800000001", NOW)
    rows = [
        whole | {"call_type": 2},
        whole | {"call_time": "soon"},
        whole | {"call_id": "", "id": ""},
        whole,
    ]
    assert len(relays.verify_callback(Callback(SECRET, {}, json.dumps(rows).encode()), NOW)) == 1


@pytest.mark.parametrize(
    "body", [b"{}", b"nonsense", b"[1]", b'[{"pool_key": "FC9"}]', b'["' + b"x" * 600_000 + b'"]']
)
def test_what_is_no_report_of_ours_is_forged(server: AliyunServer, body: bytes) -> None:
    with pytest.raises(CallbackForged):
        AliyunRelays(account(server)).verify_callback(Callback(SECRET, {}, body), NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_id": ""},
        {"pool_key": ""},
        {"callback_secret": "short"},
        {"endpoint": "ftp://x"},
        {"endpoint": "https://x/path"},
    ],
)
def test_an_account_that_is_none_is_refused(wrong: dict[str, str]) -> None:
    right = {
        "key_id": "a",
        "key_secret": "very-secret",
        "pool_key": "FC1",
        "callback_secret": SECRET,
    }
    with pytest.raises(ValueError) as caught:
        Account(**(right | wrong))
    assert "very-secret" not in str(caught.value)


# --- What a deployment sets -----------------------------------------------------------------------

SETTINGS = Path(__file__).resolve().parents[2] / "config" / "settings.py"
ALIYUN = {
    "RELAYS": "aliyun",
    "ALIYUN_KEY_ID": "id",
    "ALIYUN_KEY_SECRET": "key",
    "ALIYUN_POOL_KEY": "FC1",
    "ALIYUN_CALLBACK_SECRET": SECRET,
}


def settings_with(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    for name, value in environment.items():
        monkeypatch.setenv(f"ZIZHI_{name}", value)
    return runpy.run_path(str(SETTINGS))


def test_a_deployment_with_an_account_lends(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings_with(monkeypatch, **ALIYUN)
    names = [name for name in read if name.startswith("ALIYUN_")]
    with override_settings(**{name: read[name] for name in (*names, "RELAYS")}):
        assert isinstance(
            relay_providers.named(relay_providers.chosen(uuid4(), test=False)), AliyunRelays
        )
        assert relay_providers.named(relay_providers.chosen(uuid4(), test=True)).name.startswith(
            "test-"
        ), "a test never reaches a real provider"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"RELAYS": "huawei"}, "ZIZHI_RELAYS is 'huawei'"),
        *(({name: ""}, f"ZIZHI_{name}") for name in list(ALIYUN)[1:]),
        ({"ALIYUN_CALLBACK_SECRET": "x" * 23}, "ZIZHI_ALIYUN_CALLBACK_SECRET"),
        ({"ALIYUN_CALLBACK_SECRET": "x" * 23 + "/"}, "ZIZHI_ALIYUN_CALLBACK_SECRET"),
        ({"ALIYUN_ENDPOINT": "dyplsapi.aliyuncs.com"}, "ZIZHI_ALIYUN_ENDPOINT"),
        ({"RELAY_DAYS": "29"}, "ZIZHI_RELAY_DAYS"),
        (
            {"RELAYS": "simulator", "SITE_URL": "https://zizhi.example"},
            "ZIZHI_RELAYS is the simulator",
        ),
    ],
)
def test_what_is_not_right_stops_the_start_by_its_name(
    wrong: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZIZHI_STAFF_SECOND_FACTOR", "required")
    monkeypatch.setenv("ZIZHI_BANK", "")
    monkeypatch.setenv("ZIZHI_E_LICENCES", "")
    with pytest.raises(ImproperlyConfigured, match=named):
        settings_with(monkeypatch, **(ALIYUN | wrong))
