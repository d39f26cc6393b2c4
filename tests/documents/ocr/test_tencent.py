"""Tests of the contract of cloud readers, and of Tencent's requests and answers.

`TestAnyFieldReader` is the contract: a reader added to `READERS` must pass it. The reader here is
the real SDK, pointed at a local server that checks its signature and answers in the service's own
format.
"""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from documents.licence.fields import FIELDS
from documents.ocr import tencent
from documents.ocr.cloud import CloudReading, FieldReader, Warned, jpeg_of
from documents.ocr.tencent import TencentReader
from documents.page.boxes import TextBox
from documents.page.values import clean_value
from documents.specimens import make_specimen
from documents.tencent_cloud import Account
from events.core.errors import ProviderBroken, ProviderUnavailable
from events.core.reasons import REASONS
from tests.documents.ocr.tencent_reader import JPEG, SPECIMEN, raised_by, reader_at
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, TencentServer, told_of

PORTRAIT = make_specimen(4, "portrait")
OLD_NUMBERS = {"13": "9901012003456", "15": "990101000012348"}


def in_our_form(fields: dict[str, str]) -> dict[str, str]:
    """Return a specimen's fields, cleaned like every reader's text."""
    box = TextBox("", 1.0, ((0, 0), (1, 0), (1, 1), (0, 1)))
    cleaned = {
        name: clean_value(name, [(text, box)])
        for name, text in fields.items()
        if text and name not in ("uscc", "registration_number")
    }
    numbers = {name: fields[name] for name in ("uscc", "registration_number") if fields.get(name)}
    return numbers | {name: value.text for name, value in cleaned.items() if value}


# --- The contract ---------------------------------------------------------------------------------


READERS: dict[str, Callable[[TencentServer], FieldReader]] = {"tencent": reader_at}
"""How to make each reader, talking to the service that the test arranges."""


class TestAnyFieldReader:
    @pytest.fixture(params=READERS, ids=str)
    def reader(self, request: pytest.FixtureRequest, server: TencentServer) -> FieldReader:
        return READERS[request.param](server)

    def test_it_says_what_it_is(self, reader: FieldReader) -> None:
        assert reader.available() is True
        assert reader.name.isidentifier() and reader.name == reader.name.lower()
        assert any(character.isdigit() for character in reader.version)

    @pytest.mark.parametrize("specimen", [SPECIMEN, PORTRAIT], ids=["landscape", "portrait"])
    def test_a_licence_is_read_in_our_forms(
        self, reader: FieldReader, server: TencentServer, specimen: Any
    ) -> None:
        server.answer = told_of(specimen)
        reading = reader.read_fields(specimen.jpeg())
        assert reading.fields == in_our_form(specimen.fields)
        assert (
            reading.reader == reader.name
            and reading.why_empty == ""
            and reading.warnings == frozenset()
        )
        self.holds_together(reading)

    def test_a_picture_without_a_licence_is_an_answer(
        self, reader: FieldReader, server: TencentServer
    ) -> None:
        server.behave = cloud.failing("FailedOperation.NoBizLicense", "非营业执照。")
        reading = reader.read_fields(jpeg_of(Image.new("RGB", (600, 400), "white")))
        assert reading.fields == {} and reading.why_empty == "document_not_a_licence"
        self.holds_together(reading)

    def test_a_limit_passes(self, reader: FieldReader, server: TencentServer) -> None:
        server.behave = cloud.failing("RequestLimitExceeded")
        error = raised_by(reader)
        assert isinstance(error, ProviderUnavailable) and error.retry_after > 0
        server.behave = None
        assert reader.read_fields(JPEG).fields

    def test_wrong_keys_do_not_pass(self, reader: FieldReader, server: TencentServer) -> None:
        server.behave = cloud.failing("AuthFailure.SecretIdNotFound")
        assert isinstance(raised_by(reader), ProviderBroken)

    def test_bytes_that_are_no_picture(self, reader: FieldReader) -> None:
        reading = reader.read_fields(b"\xff\xd8\xff no picture")
        assert reading.fields == {} and reading.why_empty
        self.holds_together(reading)

    def test_nobody_is_named_in_what_may_be_logged(self, reader: FieldReader) -> None:
        reading = reader.read_fields(JPEG)
        assert not any(value in repr(reading) for value in reading.fields.values())
        assert json.loads(json.dumps(reading.as_json()))["fields"] == reading.fields

    @staticmethod
    def holds_together(reading: CloudReading) -> None:
        assert set(reading.fields) <= set(FIELDS)
        assert set(reading.confidence) | set(reading.regions) <= set(reading.fields)
        assert all(0 <= share <= 1 for share in reading.confidence.values())
        assert all(isinstance(value, str) and value for value in reading.fields.values())
        assert bool(reading.why_empty) is not bool(reading.fields)
        assert not reading.why_empty or reading.why_empty in REASONS


# --- The request ----------------------------------------------------------------------------------


def test_the_server_verifies_as_published() -> None:
    """The example from the service's documentation (签名方法 v3).

    So server and SDK cannot both be wrong.
    """
    body = (
        b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    )
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-timestamp": "1551113065",
    }
    secret = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    expected = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    assert (
        cloud.signature(secret, headers, "content-type;host", "2019-02-25", "cvm", body) == expected
    )


def test_what_is_asked(server: TencentServer) -> None:
    reader_at(server).read_fields(JPEG)
    assert base64.b64decode(server.parameters.pop("ImageBase64")) == JPEG, (
        "a picture within the limit is sent unchanged"
    )
    assert server.parameters == {"EnableCopyWarn": True, "EnablePeriodComplete": True}


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"secret_key": "another-key"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDofsomebodyelse"}, "AuthFailure.SecretIdNotFound"),
        ({"region": "eu-frankfurt"}, "UnsupportedRegion"),
    ],
)
def test_the_server_refuses_a_wrong_account(
    server: TencentServer, account: dict[str, str], code: str
) -> None:
    known = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY, "endpoint": server.url}
    error = raised_by(TencentReader(Account(**(known | account))))
    assert isinstance(error, ProviderBroken) and code in str(error)
    assert server.pictures == []


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_that_is_wrong_by_more_than_five_minutes(
    server: TencentServer, seconds: float
) -> None:
    server.clock_off = seconds * 1.1
    error = raised_by(reader_at(server))
    assert isinstance(error, ProviderBroken) and "AuthFailure.SignatureExpire" in str(error)


def test_a_clock_that_is_a_little_wrong(server: TencentServer) -> None:
    server.clock_off = 240
    assert reader_at(server).read_fields(JPEG).fields


def test_the_signature_covers_the_picture() -> None:
    moment = time.time()
    headers = {"content-type": "application/json", "host": "h", "x-tc-timestamp": str(int(moment))}
    date = time.strftime("%Y-%m-%d", time.gmtime(moment))
    signed = cloud.signature(SECRET_KEY, headers, "content-type;host", date, "ocr", b"one")
    headers["authorization"] = (
        f"TC3-HMAC-SHA256 Credential={SECRET_ID}/{date}/ocr/tc3_request,"
        f" SignedHeaders=content-type;host, Signature={signed}"
    )
    cloud.check_signature(headers, b"one", moment)
    with pytest.raises(cloud.Fault):
        cloud.check_signature(headers, b"another", moment)


def test_a_large_picture_is_made_smaller(server: TencentServer) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 700, 3), np.uint8))
    limit = 200_000
    reader_at(server, largest_base64=limit).read_fields(jpeg_of(noise))
    [picture] = server.pictures
    assert limit / 2 < server.base64_sizes[0] <= limit
    assert picture.width / picture.height == pytest.approx(700 / 900, rel=0.02)


def test_large_bytes_that_are_no_picture_are_not_sent(server: TencentServer) -> None:
    reading = reader_at(server, largest_base64=1000).read_fields(bytes(5000))
    assert reading.why_empty == "document_broken" and server.parameters == {}


def test_our_limit_is_within_the_services() -> None:
    assert tencent.LARGEST_BASE64 <= cloud.LARGEST_BASE64


@given(st.integers(1, 300), st.integers(1, 300), st.integers(3000, 40_000))
def test_a_page_fits_any_limit(width: int, height: int, limit: int) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8))
    jpeg = jpeg_of(noise, limit)
    assert len(jpeg) <= limit
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"


def test_a_page_goes_without_its_metadata() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = "the photographer"
    SPECIMEN.image.save(file, "JPEG", comment=b"of the photographer", exif=exif)
    with Image.open(file) as photograph:
        assert b"photographer" in file.getvalue() and b"photographer" not in jpeg_of(photograph)


def test_a_page_is_left_alone_where_it_fits() -> None:
    assert Image.open(io.BytesIO(jpeg_of(SPECIMEN.image))).size == SPECIMEN.image.size
    assert Image.open(io.BytesIO(jpeg_of(Image.new("P", (30, 20)), 10_000))).size == (30, 20)


# --- The answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ({"RegNum": SPECIMEN.fields["uscc"].lower()}, "uscc", SPECIMEN.fields["uscc"]),
        ({"RegNum": f"{SPECIMEN.fields['uscc']}（1-1）"}, "uscc", SPECIMEN.fields["uscc"]),
        ({"RegNum": SPECIMEN.fields["uscc"][:17] + "?"}, "uscc", SPECIMEN.fields["uscc"][:17]),
        ({"RegNum": OLD_NUMBERS["15"]}, "registration_number", OLD_NUMBERS["15"]),
        ({"RegNum": OLD_NUMBERS["15"]}, "uscc", None),
        ({"RegNum": OLD_NUMBERS["13"]}, "registration_number", OLD_NUMBERS["13"]),
        ({"RegNum": ""}, "uscc", None),
        ({"Capital": "人民币 伍拾万元整"}, "registered_capital", "人民币伍拾万元整"),
        ({"Capital": "无"}, "registered_capital", None),
        ({"SetDate": "2016年8月2日"}, "established_on", "2016-08-02"),
        ({"SetDate": "二〇一六年八月廿二日"}, "established_on", "2016-08-22"),
        ({"SetDate": "2016年13月02日"}, "established_on", None),
        ({"SetDate": None}, "established_on", None),
        ({"Period": "2016年08月02日 至 长期"}, "term", "2016年08月02日至长期"),
        ({"Person": " 林 知白 "}, "legal_representative", "林知白"),
        ({"Name": "云溪星橋網絡科技有限公司"}, "name", "云溪星桥网络科技有限公司"),
        ({"Business": "软件开发\n广告设计"}, "business_scope", "软件开发广告设计"),
    ],
)
def test_values_come_in_our_forms(
    server: TencentServer, words: dict[str, Any], field: str, value: str | None
) -> None:
    server.answer |= words
    assert reader_at(server).read_fields(JPEG).fields.get(field) == value


def test_a_misread_code_is_given_as_read(server: TencentServer) -> None:
    code = SPECIMEN.fields["uscc"]
    server.answer["RegNum"] = misread = code[:16] + ("1" if code[16] != "1" else "2") + code[17]
    assert reader_at(server).read_fields(JPEG).fields["uscc"] == misread


@pytest.mark.parametrize(
    ("codes", "warnings"),
    [
        ([-9102], {Warned.COPY}),
        ([-9104, -9102], {Warned.COPY, Warned.RECAPTURE}),
        ([-9108], {Warned.SCOPE_UNREAD}),
        ([-9999], {Warned.OTHER}),
        (None, set()),
    ],
)
def test_warnings(server: TencentServer, codes: list[int] | None, warnings: set[Warned]) -> None:
    server.answer["RecognizeWarnCode"] = codes
    reading = reader_at(server).read_fields(JPEG)
    assert reading.warnings == warnings and reading.fields


def test_the_raw_answer_is_kept(server: TencentServer) -> None:
    reading = reader_at(server).read_fields(JPEG)
    assert (
        reading.answer["RequestId"]
        and {name: reading.answer[name] for name in server.answer} == server.answer
    )


def test_an_answer_with_nothing_in_it(server: TencentServer) -> None:
    server.answer = {}
    reading = reader_at(server).read_fields(JPEG)
    assert reading.fields == {} and reading.why_empty == "document_unreadable"
