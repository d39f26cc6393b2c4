"""Contract tests for every provider of text messages.

To test another adapter, add a line to `PROVIDERS`: how to build it, how to make it fail, and how a
report comes in. Two of the providers here are the real SDKs, pointed at local servers that check
their signatures and answer in the services' formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from events.sms import aliyun, tencent
from events.sms.account import Account
from events.sms.aliyun import AliyunSms
from events.sms.base import (
    NUMBER_BLOCKED,
    AnswerLost,
    Callback,
    CallbackForged,
    FlowLimited,
    Message,
    NotInService,
    NumberIllegal,
    ParamsRejected,
    SmsProvider,
)
from events.sms.simulator import SimulatedSms
from events.sms.tencent import TencentSms
from tests.conftest import require
from tests.fakes import sms_servers as cloud
from tests.fakes.sms_servers import Fault, SmsServer

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
NUMBER, OTHER = "+8613900000001", "+8613900000002"
SECRET = "s3cret-part-of-the-address"

KINDS: dict[str, type[ProviderError]] = {
    "number_illegal": NumberIllegal,
    "params": ParamsRejected,
    "text": NotInService,
    "sign": NotInService,
    "balance": NotInService,
    "flow_limit": FlowLimited,
}
ALIYUN_FAULTS = {
    "number_illegal": Fault("isv.MOBILE_NUMBER_ILLEGAL"),
    "params": Fault("isv.BLACK_KEY_CONTROL_LIMIT"),
    "text": Fault("isv.SMS_TEMPLATE_ILLEGAL"),
    "sign": Fault("isv.SMS_SIGNATURE_ILLEGAL"),
    "balance": Fault("isv.AMOUNT_NOT_ENOUGH"),
    "flow_limit": Fault("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1"),
    "never_sent": Fault(),
    "answer_lost": Fault(after=True),
}
TENCENT_FAULTS = {
    "number_illegal": Fault("InvalidParameterValue.IncorrectPhoneNumber"),
    "params": Fault("FailedOperation.ContainSensitiveWord"),
    "text": Fault("FailedOperation.TemplateIncorrectOrUnapproved"),
    "sign": Fault("FailedOperation.SignatureIncorrectOrUnapproved"),
    "balance": Fault("FailedOperation.InsufficientBalanceInSmsPackage"),
    "flow_limit": Fault("LimitExceeded.PhoneNumberThirtySecondLimit"),
    "never_sent": Fault(),
    "answer_lost": Fault(after=True),
}


@dataclass(frozen=True)
class Provider:
    """A provider, how to make its next request fail, its report of a message, and how many messages
    it has sent.
    """

    sms: SmsProvider
    code: str
    fail: Callable[[str], object]
    push: Callable[[str, bool], Callback]
    """Takes our id, and whether the message was delivered; if not, the reader has blocked us."""
    sent: Callable[[], int]

    def message(self, message_id: str = "m-1", number: str = NUMBER) -> Message:
        return Message(
            message_id, number, cloud.SIGN, self.code, {"code": "739156"}, "【资质】验证码：739156"
        )


def account(server: SmsServer, key_id: str, key_secret: str) -> Account:
    return Account(key_id, key_secret, SECRET, server.url, cloud.APP_ID, "ap-guangzhou")


@contextmanager
def _simulated(folder: Path) -> Iterator[Provider]:
    sms = SimulatedSms(folder / "sms.sqlite3", "a key")

    def push(message_id: str, delivered: bool) -> Callback:
        if not delivered:
            with sms._books.writing() as books:
                books.execute("UPDATE messages SET failure = ?", (NUMBER_BLOCKED,))
        return sms.pushes(NOW + timedelta(minutes=1))[0]

    yield Provider(sms, "code", sms.fail_next, push, lambda: len(sms.messages()))


@contextmanager
def _aliyun(folder: Path) -> Iterator[Provider]:
    require(f"{aliyun.PACKAGE} (the extra `aliyun-sms`)", aliyun.is_aliyun_sms_installed())
    with cloud.serving(cloud.Aliyun) as server:

        def push(message_id: str, delivered: bool) -> Callback:
            code = "DELIVERED" if delivered else "MBBLACK"
            return Callback(SECRET, {}, cloud.aliyun_push(server.sent[-1], NOW, code))

        yield Provider(
            AliyunSms(account(server, cloud.KEY_ID, cloud.KEY_SECRET)),
            cloud.ALIYUN_CODE,
            lambda kind: server.faults.append(ALIYUN_FAULTS[kind]),
            push,
            lambda: len(server.sent),
        )


@contextmanager
def _tencent(folder: Path) -> Iterator[Provider]:
    require(f"{tencent.PACKAGE} (the extra `tencent-sms`)", tencent.is_tencent_sms_installed())
    with cloud.serving(cloud.Tencent) as server:

        def push(message_id: str, delivered: bool) -> Callback:
            code = "DELIVRD" if delivered else "BLACK"
            return Callback(SECRET, {}, cloud.tencent_push(server.sent[-1], NOW, code))

        yield Provider(
            TencentSms(account(server, cloud.SECRET_ID, cloud.SECRET_KEY)),
            cloud.TENCENT_CODE,
            lambda kind: server.faults.append(TENCENT_FAULTS[kind]),
            push,
            lambda: len(server.sent),
        )


PROVIDERS = {"simulator": _simulated, "aliyun": _aliyun, "tencent": _tencent}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with PROVIDERS[request.param](tmp_path) as made:
        yield made


def test_a_message_is_sent_and_reported(provider: Provider) -> None:
    accepted = provider.sms.send(provider.message(), NOW)
    assert accepted.reference and accepted.segments in (None, 1)
    (report,) = provider.sms.verify_callback(provider.push("m-1", True), NOW)
    assert report.delivered and report.failure == ""
    assert report.message_id == "m-1" or report.reference == accepted.reference
    assert abs(report.at - NOW) < timedelta(minutes=1)


def test_a_reader_who_blocked_us_is_told_from_others(provider: Provider) -> None:
    provider.sms.send(provider.message(), NOW)
    (report,) = provider.sms.verify_callback(provider.push("m-1", False), NOW)
    assert not report.delivered and report.failure == NUMBER_BLOCKED


@pytest.mark.parametrize("kind", KINDS)
def test_each_failure_is_told_by_its_kind_and_passes(provider: Provider, kind: str) -> None:
    provider.fail(kind)
    with pytest.raises(KINDS[kind]) as caught:
        provider.sms.send(provider.message(), NOW)
    assert isinstance(caught.value, ProviderUnavailable) is (kind == "flow_limit")
    assert isinstance(caught.value, ProviderBroken) is (kind in ("text", "sign", "balance"))
    assert "13900000001" not in str(caught.value) and "739156" not in str(caught.value)
    assert provider.sent() == 0
    assert provider.sms.send(provider.message("m-2"), NOW).reference


@pytest.mark.parametrize(("kind", "found"), [("never_sent", False), ("answer_lost", True)])
def test_a_lost_answer_is_told_and_the_message_can_be_found(
    provider: Provider, kind: str, found: bool
) -> None:
    provider.fail(kind)
    with pytest.raises(AnswerLost):
        provider.sms.send(provider.message(), NOW)
    assert provider.sent() == int(found)
    known = provider.sms.find("m-1", NUMBER, NOW, NOW + timedelta(minutes=1))
    assert (known is not None) is found
    assert provider.sms.find("m-1", OTHER, NOW, NOW + timedelta(minutes=1)) is None


def test_a_sign_or_a_text_that_was_never_approved_needs_an_operator(provider: Provider) -> None:
    message = provider.message()
    for wrong in (replace(message, code=""), replace(message, sign="")):
        with pytest.raises(NotInService):
            provider.sms.send(wrong, NOW)


def test_a_parameter_that_is_too_long_is_refused(provider: Provider) -> None:
    with pytest.raises(ParamsRejected):
        provider.sms.send(replace(provider.message(), params={"code": "字" * 36}), NOW)


def test_a_forged_report_is_refused(provider: Provider) -> None:
    provider.sms.send(provider.message(), NOW)
    true = provider.push("m-1", True)
    later = NOW + timedelta(minutes=1)
    for forged, now in (
        (replace(true, secret="guessed", headers={}), later),
        (replace(true, secret="", headers={}, body=b"[]"), later),
    ):
        with pytest.raises(CallbackForged):
            provider.sms.verify_callback(forged, now)


def test_reports_are_listed_once(provider: Provider) -> None:
    provider.sms.send(provider.message(), NOW)
    later = NOW + timedelta(minutes=1)
    if not provider.sms.lists_reports:
        with pytest.raises(ProviderBroken):
            provider.sms.reports(later)
        return
    (report,) = provider.sms.reports(later)
    assert report.delivered and report.message_id == "m-1"
    assert provider.sms.reports(later) == []


def test_the_simulator_alone_sends_a_message_once_for_its_id(provider: Provider) -> None:
    """The real ones do not, so nothing may depend on it."""
    for _ in range(2):
        provider.sms.send(provider.message(), NOW)
    assert provider.sent() == (1 if provider.sms.name == "simulator" else 2)
