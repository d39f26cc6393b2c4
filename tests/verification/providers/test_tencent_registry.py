"""Tests of the requests to Tencent's register, and of each of its answers."""

from __future__ import annotations

import logging
import socket
import traceback
from dataclasses import replace

import pytest

from documents.tencent_cloud import Account, is_tencent_cloud_installed
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, TencentServer
from tests.verification.providers.registered import (
    ENTRY,
    MISMATCH,
    NAME,
    PERSON,
    UNABLE,
    UNKNOWN,
    USCC,
    asked,
    raised_by,
    tencent_at,
)
from verification.providers.registries.base import Status
from verification.providers.registries.tencent import TencentRegistry

# --- Tencent: requests and results ----------------------------------------------------------------


def test_an_honest_company_costs_one_question(server: TencentServer) -> None:
    tencent_at(server).verify(USCC, "云溪(澜浦) 示例科技有限公司", PERSON)
    assert server.asked == [
        {
            "Action": cloud.THREE,
            "CreditCode": USCC,
            "EntName": NAME,
            "LrName": PERSON,
            "VerifyType": "ENT_3META",
        }
    ], "with brackets as registers write them"


@pytest.mark.parametrize(
    ("uscc", "name", "person", "questions"),
    [
        (USCC, NAME, "沈望舒", ["ENT_3META", "ENT_2META"]),
        (USCC, "云溪市冒名有限公司", PERSON, ["ENT_3META", "ENT_2META"]),
        (USCC, NAME, "", ["ENT_2META"]),
        (UNKNOWN, "云溪市无人知晓有限公司", PERSON, ["ENT_3META"]),
    ],
)
def test_further_questions_only_where_one_is_left(
    server: TencentServer, uscc: str, name: str, person: str, questions: list[str]
) -> None:
    said = tencent_at(server).verify(uscc, name, person)
    assert asked(server) == questions
    assert len(said.answer) == len(questions) and all(
        reply["RequestId"] for reply in said.answer.values()
    ), "the replies are kept"


def test_a_mismatch_of_two_does_not_say_whose_status_it_is(server: TencentServer) -> None:
    server.register = [replace(ENTRY, status="4")]
    said = tencent_at(server).verify(USCC, "云溪市冒名有限公司", PERSON)
    assert (said.uscc, said.name, said.legal_representative, said.status) == (
        UNABLE,
        MISMATCH,
        UNABLE,
        Status.UNKNOWN,
    )


def test_a_word_of_next_year_is_an_unknown_status(server: TencentServer) -> None:
    server.register = [replace(ENTRY, status="-10002")]
    assert tencent_at(server).verify(USCC, NAME, "").status is Status.UNKNOWN


# --- Tencent: invalid answers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "InternalError",
        "FailedOperation.UnKnowError",
        "LimitExceeded",
    ],
)
def test_what_passes(server: TencentServer, code: str) -> None:
    server.behave = cloud.failing(code)
    error = raised_by(tencent_at(server))
    assert (
        isinstance(error, ProviderUnavailable)
        and code in str(error)
        and 0 < error.retry_after <= 3600
    )


@pytest.mark.parametrize(
    "code",
    [
        "AuthFailure.SignatureFailure",
        "FailedOperation.UnOpenError",
        "FailedOperation.ArrearsError",
        "ResourceUnavailable.InArrears",
        "InvalidParameterValue.InvalidParameterValueLimit",
        "UnknownParameter",
        "FailedOperation.NoBizLicense",
        "AWordOfNextYear",
    ],
)
def test_what_does_not_pass(server: TencentServer, code: str) -> None:
    server.behave = cloud.failing(code)
    assert isinstance(raised_by(tencent_at(server)), ProviderBroken)


def test_the_service_says_that_it_is_unwell(server: TencentServer) -> None:
    server.behave = cloud.saying(b'{"Response": {"StatusCode": 1, "RequestId": "x"}}')
    assert isinstance(raised_by(tencent_at(server)), ProviderUnavailable)


@pytest.mark.parametrize(("told", "given"), [(None, 60), ("7", 7), ("999999", 3600)])
def test_retry_after(server: TencentServer, told: str | None, given: float) -> None:
    server.behave = cloud.status(503, **({"Retry_After": told} if told else {}))
    error = raised_by(tencent_at(server))
    assert isinstance(error, ProviderUnavailable) and error.retry_after == given


@pytest.mark.parametrize(
    "response",
    [
        b"{}",
        b'{"StatusCode": 9}',
        b'{"StatusCode": "0", "VerifyResult": 1}',
        b'{"StatusCode": true, "VerifyResult": 1}',
        b'{"StatusCode": 0}',
        b'{"StatusCode": 0, "VerifyResult": "1"}',
        b'{"StatusCode": 0, "VerifyResult": true, "OperatingStatus": "1"}',
        b'{"StatusCode": 0, "VerifyResult": 1, "OperatingStatus": 1}',
        b'{"Error": {}}',
        b"null",
    ],
)
def test_a_reply_that_makes_no_sense(server: TencentServer, response: bytes) -> None:
    server.behave = cloud.saying(b'{"Response": %s}' % response)
    assert isinstance(raised_by(tencent_at(server)), ProviderBroken)


@pytest.mark.parametrize(
    "way",
    [
        cloud.cut_before_the_reply,
        cloud.cut_in_the_reply,
        cloud.no_http,
        cloud.silent,
        cloud.dripping,
    ],
)
def test_lines_that_break(server: TencentServer, way: cloud.Handler) -> None:
    server.behave = way
    assert isinstance(
        raised_by(tencent_at(server, silence_seconds=0.5, reply_seconds=0.3)), ProviderUnavailable
    )


def test_nobody_listens() -> None:
    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", is_tencent_cloud_installed())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        registry = TencentRegistry(
            Account(SECRET_ID, SECRET_KEY, endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}")
        )
        assert isinstance(raised_by(registry), ProviderUnavailable)


def test_a_wrong_key(server: TencentServer) -> None:
    error = raised_by(TencentRegistry(Account(SECRET_ID, "another-key", endpoint=server.url)))
    assert isinstance(error, ProviderBroken) and "AuthFailure.SignatureFailure" in str(error)


@pytest.mark.parametrize(
    "way",
    [
        cloud.failing("FailedOperation.UnOpenError", f"{NAME} {PERSON}"),
        cloud.status(500),
        cloud.cut_before_the_reply,
        None,
    ],
    ids=["error", "status", "cut", "fine"],
)
def test_errors_and_logs_hold_nothing_personal(
    server: TencentServer, caplog: pytest.LogCaptureFixture, way: cloud.Handler | None
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behave = way
    registry = tencent_at(server)
    said = ""
    try:
        registry.verify(USCC, NAME, PERSON)
    except ProviderError as error:
        said = "".join(traceback.format_exception(error))
    said += caplog.text
    for secret in (NAME, PERSON, SECRET_KEY):
        assert secret not in said
