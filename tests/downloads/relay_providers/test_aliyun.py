"""Tests of what is specific to Alibaba Cloud, and of its settings."""

from __future__ import annotations

import json
import logging
import runpy
from collections.abc import Iterator
from datetime import timedelta
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
    Callback,
    CallbackForged,
    FlowLimited,
    NoNumber,
    Outcome,
    UnknownBinding,
)
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.downloads.relay_providers.orders import (
    CALLER,
    IN_A_MONTH,
    NOW,
    OTHER,
    SECRET,
    account,
    bound,
    order,
)
from tests.fakes import aliyun_server as cloud
from tests.fakes.aliyun_server import EXTENSION_POOL, KEY_ID, KEY_SECRET, POOL, AliyunServer, Fault


@pytest.fixture
def server() -> Iterator[AliyunServer]:
    require("alibabacloud-dyplsapi20170525 (the extra `aliyun`)", aliyun.is_aliyun_installed())
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
    assert made.extension == "", "the service sends a meaningless extension"


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
    """The code for an ended binding is undocumented, so on any code the binding is looked up."""
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


# --- Settings -------------------------------------------------------------------------------------


SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"
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
            relay_providers.relay_provider(
                relay_providers.relay_provider_name(uuid4(), test=False)
            ),
            AliyunRelays,
        )
        assert relay_providers.relay_provider(
            relay_providers.relay_provider_name(uuid4(), test=True)
        ).name.startswith("test-"), "a test never uses a real provider"


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
