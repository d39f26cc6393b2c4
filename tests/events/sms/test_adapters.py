"""Tests of what the adapters do beyond the contract: error codes, lost connections, strange
replies.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from events.core.errors import ProviderError, ProviderUnavailable
from events.sms import aliyun, tencent
from events.sms.account import Account
from events.sms.aliyun import AliyunSms
from events.sms.base import (
    NUMBER_ABSENT,
    NUMBER_BLOCKED,
    PHONE_OFF,
    AnswerLost,
    Callback,
    CallbackForged,
    FlowLimited,
    Message,
    NotInService,
    NumberBlocked,
    ParamsRejected,
)
from events.sms.carrier_codes import failure_of
from events.sms.tencent import TencentSms
from tests.conftest import require
from tests.events.sms.test_contract import NOW, NUMBER, SECRET, account, no_proxy  # noqa: F401
from tests.fakes import sms_servers as cloud
from tests.fakes.sms_servers import Fault, SmsServer


def message(code: str) -> Message:
    return Message("m-1", NUMBER, cloud.SIGN, code, {"code": "739156"}, "")


@pytest.fixture
def ali() -> Iterator[tuple[AliyunSms, SmsServer]]:
    require(aliyun.PACKAGE, aliyun.is_aliyun_sms_installed())
    with cloud.serving(cloud.Aliyun) as server:
        yield AliyunSms(account(server, cloud.KEY_ID, cloud.KEY_SECRET)), server


@pytest.fixture
def ten() -> Iterator[tuple[TencentSms, SmsServer]]:
    require(tencent.PACKAGE, tencent.is_tencent_sms_installed())
    with cloud.serving(cloud.Tencent) as server:
        yield TencentSms(account(server, cloud.SECRET_ID, cloud.SECRET_KEY)), server


@pytest.mark.parametrize(
    ("code", "text", "kind", "seconds"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", FlowLimited, 60),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", FlowLimited, 3600),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", FlowLimited, 86400),
        ("Throttling.User", "", FlowLimited, 5),
        ("isv.BLACK_KEY_CONTROL_LIMIT", "", ParamsRejected, None),
        ("isv.PARAM_NOT_SUPPORT_URL", "", ParamsRejected, None),
        ("isv.DAY_LIMIT_CONTROL", "", NotInService, None),
        ("isv.OUT_OF_SERVICE", "", NotInService, None),
        ("isp.RAM_PERMISSION_DENY", "", NotInService, None),
        ("isp.SYSTEM_ERROR", "", AnswerLost, None),
        ("", "", AnswerLost, None),
    ],
)
def test_the_codes_of_alibaba_cloud(
    code: str, text: str, kind: type[ProviderError], seconds: float | None
) -> None:
    error = aliyun.error_of(code, text)
    assert type(error) is kind and getattr(error, "retry_after", None) == seconds


@pytest.mark.parametrize(
    ("code", "kind", "seconds"),
    [
        ("FailedOperation.PhoneNumberInBlacklist", NumberBlocked, None),
        ("LimitExceeded.PhoneNumberDailyLimit", FlowLimited, 86400),
        ("LimitExceeded.PhoneNumberOneHourLimit", FlowLimited, 3600),
        ("LimitExceeded.AppDailyLimit", NotInService, None),
        ("RequestLimitExceeded.UinLimitExceeded", FlowLimited, 5),
        ("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", ParamsRejected, None),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", NotInService, None),
        ("InternalError.Timeout", AnswerLost, None),
        ("", AnswerLost, None),
    ],
)
def test_the_codes_of_tencent_cloud(
    code: str, kind: type[ProviderError], seconds: float | None
) -> None:
    error = tencent.error_of(code)
    assert type(error) is kind and getattr(error, "retry_after", None) == seconds


def test_without_a_connection_nothing_was_sent_so_it_is_tried_again() -> None:
    """Nobody listens at this port. A lost answer would be looked up for ten minutes instead."""
    require(aliyun.PACKAGE, aliyun.is_aliyun_sms_installed() and tencent.is_tencent_sms_installed())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        where = Account("id", "key", SECRET, f"http://127.0.0.1:{taken.getsockname()[1]}")
        for sms in (AliyunSms(where), TencentSms(where)):
            with pytest.raises(ProviderUnavailable):
                sms.send(message(cloud.ALIYUN_CODE), NOW)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"Response": 3}'])
def test_a_reply_that_says_nothing_is_a_lost_answer(
    ali: tuple[AliyunSms, SmsServer], ten: tuple[TencentSms, SmsServer], body: bytes
) -> None:
    for (sms, server), code in ((ali, cloud.ALIYUN_CODE), (ten, cloud.TENCENT_CODE)):
        server.garbage.append(body)
        with pytest.raises(AnswerLost):
            sms.send(message(code), NOW)
        assert len(server.sent) == 1


def test_a_gateway_that_fails_is_a_lost_answer(
    ali: tuple[AliyunSms, SmsServer], ten: tuple[TencentSms, SmsServer]
) -> None:
    for (sms, server), code in ((ali, cloud.ALIYUN_CODE), (ten, cloud.TENCENT_CODE)):
        server.faults.append(Fault("Gateway.Broken", status=503))
        with pytest.raises(AnswerLost):
            sms.send(message(code), NOW)


def test_the_wrong_key_needs_an_operator(
    ali: tuple[AliyunSms, SmsServer], ten: tuple[TencentSms, SmsServer]
) -> None:
    for kind, (_, server), key in ((AliyunSms, ali, cloud.KEY_ID), (TencentSms, ten, "AKID")):
        with pytest.raises(NotInService):
            kind(account(server, key, "wrong")).send(message("1"), NOW)
        assert server.sent == []


def test_a_message_is_found_the_day_after(ali: tuple[AliyunSms, SmsServer]) -> None:
    """QuerySendDetails takes one day, in Beijing time."""
    sms, server = ali
    server.now = NOW.replace(hour=15, minute=59)
    sms.send(message(cloud.ALIYUN_CODE), server.now)
    assert sms.find("m-1", NUMBER, server.now, server.now + timedelta(minutes=10)) is not None


def test_nothing_of_a_message_is_logged(
    ali: tuple[AliyunSms, SmsServer],
    ten: tuple[TencentSms, SmsServer],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    with caplog.at_level(logging.DEBUG):
        for (sms, server), code in ((ali, cloud.ALIYUN_CODE), (ten, cloud.TENCENT_CODE)):
            for fault in (None, Fault(), Fault("isv.MOBILE_NUMBER_ILLEGAL")):
                server.faults.extend([fault] if fault else [])
                with suppress(ProviderError):
                    sms.send(message(code), NOW)
    said = caplog.text + "".join(capfd.readouterr())
    assert "739156" not in said and "13900000001" not in said


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1]", b" " * 600_000])
def test_a_body_that_is_no_list_of_reports_is_refused(
    ali: tuple[AliyunSms, SmsServer], body: bytes
) -> None:
    with pytest.raises(CallbackForged):
        ali[0].verify_callback(Callback(SECRET, {}, body), NOW)


def test_a_row_without_an_id_or_with_nonsense_in_it_is_left_out(
    ali: tuple[AliyunSms, SmsServer], ten: tuple[TencentSms, SmsServer]
) -> None:
    rows = [{}, {"out_id": "m-1", "report_time": "soon", "sms_size": "many", "success": "true"}]
    (report,) = ali[0].verify_callback(Callback(SECRET, {}, json.dumps(rows).encode()), NOW)
    assert report.delivered and report.at == NOW and report.segments is None
    rows = [{}, {"sid": "7", "user_receive_time": None}]
    (report,) = ten[0].verify_callback(Callback(SECRET, {}, json.dumps(rows).encode()), NOW)
    assert not report.delivered and report.failure == "unknown"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("MBBLACK", NUMBER_BLOCKED),
        ("MK:0001", NUMBER_ABSENT),
        ("EXPIRED", PHONE_OFF),
        ("MI:0099", "MI:0099"),
        ("", "unknown"),
        ("x" * 99, "x" * 40),
    ],
)
def test_the_codes_of_carriers(code: str, failure: str) -> None:
    assert failure_of(code) == failure
