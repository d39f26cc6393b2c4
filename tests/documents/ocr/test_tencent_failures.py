"""Tests of Tencent's answers without a reading, and of failures that raise an error."""

from __future__ import annotations

import base64
import json
import logging
import socket
import traceback
from collections.abc import Iterator

import pytest

from documents.ocr.tencent import TencentReader
from documents.tencent_cloud import Account, is_tencent_cloud_installed
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.documents.ocr.tencent_reader import JPEG, SPECIMEN, raised_by, reader_at
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, TencentServer, told_of


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield `error` and its causes, as an error tracker walks them."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("FailedOperation.NoBizLicense", "document_not_a_licence"),
        ("FailedOperation.ImageNoSpecifiedCard", "document_not_a_licence"),
        ("FailedOperation.ImageNoText", "document_unreadable"),
        ("FailedOperation.OcrFailed", "document_unreadable"),
        ("FailedOperation.ImageBlur", "document_blurred"),
        ("FailedOperation.ImageDecodeFailed", "document_broken"),
        ("InvalidParameter.EngineImageDecodeFailed", "document_broken"),
    ],
)
def test_answers_about_the_picture(server: TencentServer, code: str, reason: str) -> None:
    server.behave = cloud.failing(code)
    assert reader_at(server).read_fields(JPEG).why_empty == reason


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "LimitExceeded",
        "FailedOperation.CountLimitError",
        "FailedOperation.EngineRecognizeTimeout",
        "FailedOperation.UnKnowError",
        "InternalError",
        "InternalError.AnythingBelow",
        "ResourceUnavailable.SomethingThatPasses",
        "ResourceInsufficient",
        "ServiceUnavailable",
    ],
)
def test_what_passes(server: TencentServer, code: str) -> None:
    server.behave = cloud.failing(code)
    error = raised_by(reader_at(server))
    assert (
        isinstance(error, ProviderUnavailable)
        and code in str(error)
        and 0 < error.retry_after <= 3600
    )


@pytest.mark.parametrize(
    "code",
    [
        "AuthFailure.SignatureFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.UnauthorizedOperation",
        "UnauthorizedOperation",
        "FailedOperation.ArrearsError",
        "FailedOperation.UnOpenError",
        "ResourceUnavailable.InArrears",
        "ResourceUnavailable.ResourcePackageRunOut",
        "ResourcesSoldOut.ChargeStatusException",
        "InvalidParameterValue.InvalidParameterValueLimit",
        "LimitExceeded.TooLargeFileError",
        "FailedOperation.ImageSizeTooLarge",
        "FailedOperation.EmptyImageError",
        "InternalErrors",
        "AWordOfNextYear",
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/plain"]
)
def test_what_does_not_pass(server: TencentServer, code: str, content_type: str) -> None:
    server.behave = cloud.failing(code, content_type=content_type)
    error = raised_by(reader_at(server))
    assert isinstance(error, ProviderBroken) and code in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, ProviderUnavailable), (502, ProviderUnavailable), (503, ProviderUnavailable)],
)
@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, 60), ("7", 7), ("0", 1), ("999999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 60)],
)
def test_statuses_that_pass(
    server: TencentServer, status: int, kind: type[ProviderError], asked: str | None, given: float
) -> None:
    server.behave = cloud.status(status, **({"Retry_After": asked} if asked else {}))
    error = raised_by(reader_at(server))
    assert isinstance(error, ProviderUnavailable) and error.retry_after == given


@pytest.mark.parametrize("status", [408, 429])
def test_statuses_that_ask_for_patience(server: TencentServer, status: int) -> None:
    server.behave = cloud.status(status)
    assert isinstance(raised_by(reader_at(server)), ProviderUnavailable)


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 413])
def test_statuses_that_do_not_pass(server: TencentServer, status: int) -> None:
    server.behave = cloud.status(status)
    error = raised_by(reader_at(server))
    assert isinstance(error, ProviderBroken) and str(status) in str(error)


@pytest.mark.parametrize("status", [302, 307])
def test_the_picture_goes_to_no_other_address(server: TencentServer, status: int) -> None:
    with cloud.serving() as elsewhere:
        server.behave = cloud.status(status, Location=elsewhere.url)
        assert isinstance(raised_by(reader_at(server)), ProviderBroken)
        assert elsewhere.pictures == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>a portal</html>",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'{"Response": null}',
        b'{"response": {}}',
        b'{"Response": {"Error": "no"}}',
        b'{"Response": {"Error": {"Message": "no code"}}}',
        b'{"Response": {"Error": {"Code": "two words and 911 numbers"}}}',
        b'{"Response": {"Name": 7}}',
        b'{"Response": {"RecognizeWarnCode": "-9102"}}',
        b'{"Response": {"RecognizeWarnCode": ["-9102"]}}',
        b'{"Response": {"Name": "half a rep',
    ],
)
def test_a_reply_that_makes_no_sense(server: TencentServer, body: bytes) -> None:
    server.behave = cloud.saying(body)
    assert isinstance(raised_by(reader_at(server)), ProviderBroken)


@pytest.mark.parametrize(
    "way", [cloud.cut_before_the_reply, cloud.cut_in_the_reply, cloud.no_http, cloud.silent]
)
def test_lines_that_break(server: TencentServer, way: cloud.Handler) -> None:
    server.behave = way
    assert isinstance(raised_by(reader_at(server, silence_seconds=0.5)), ProviderUnavailable)


def test_a_reply_that_drips(server: TencentServer) -> None:
    server.behave = cloud.dripping
    assert isinstance(raised_by(reader_at(server, reply_seconds=0.3)), ProviderUnavailable)


def test_a_reply_without_end(server: TencentServer) -> None:
    server.behave = cloud.without_end
    assert isinstance(raised_by(reader_at(server, reply_seconds=60)), ProviderBroken)


def test_nobody_listens() -> None:
    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", is_tencent_cloud_installed())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        reader = TencentReader(
            Account(SECRET_ID, SECRET_KEY, endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}")
        )
        assert isinstance(raised_by(reader), ProviderUnavailable)


def test_keys_that_are_no_keys(server: TencentServer) -> None:
    for secret_id in (" with space", "密钥"):
        reader = TencentReader(Account(secret_id, SECRET_KEY, endpoint=server.url))
        assert isinstance(raised_by(reader), ProviderBroken)


@pytest.mark.parametrize(
    "way",
    [
        cloud.failing(
            "FailedOperation.UnOpenError",
            f"{SPECIMEN.fields['name']} {SPECIMEN.fields['legal_representative']}",
        ),
        cloud.saying(
            json.dumps({"Response": told_of(SPECIMEN) | {"Type": 7}}, ensure_ascii=False).encode()
        ),
        cloud.saying(json.dumps({"Response": told_of(SPECIMEN)}, ensure_ascii=False).encode()[:-3]),
        cloud.cut_before_the_reply,
        None,
    ],
    ids=["error", "odd", "garbage", "cut", "fine"],
)
def test_errors_and_logs_hold_nothing_personal(
    server: TencentServer, caplog: pytest.LogCaptureFixture, way: cloud.Handler | None
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behave = way
    reader = reader_at(server)
    said = ""
    try:
        reader.read_fields(JPEG)
    except ProviderError as error:
        said = "".join(traceback.format_exception(error)) + "".join(
            repr(vars(e)) for e in chain(error)
        )
    said += caplog.text + repr(reader) + repr(Account(SECRET_ID, SECRET_KEY))
    for secret in (
        SPECIMEN.fields["name"],
        SPECIMEN.fields["legal_representative"],
        SECRET_KEY,
        base64.b64encode(JPEG).decode()[:60],
    ):
        assert secret not in said
