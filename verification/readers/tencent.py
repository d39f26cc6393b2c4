"""What does Tencent Cloud read on a licence (BizLicenseOCR, version 2018-11-19)?

The official SDK signs and sends; its reply is judged here, because the SDK loses the HTTP status, and takes an error
that comes under an unforeseen content type for an empty licence. Off unless a deployment has an account: docs/readers.md.
"""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
import io
import json
import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image

from events.errors import ProviderBroken, ProviderError, ProviderUnavailable
from verification.licence import values
from verification.licence.boxes import TextBox
from verification.readers.cloud import CloudReading, Warned, jpeg_of

ACTION: Final = "BizLicenseOCR"
API_VERSION: Final = "2018-11-19"
ENDPOINT: Final = "https://ocr.tencentcloudapi.com"
REGION: Final = "ap-guangzhou"
PACKAGE: Final = "tencentcloud-sdk-python-ocr"

LARGEST_BASE64: Final = 7_000_000
"""Bytes of a picture in base64; the service's own limit is 7 M of them, and 10 MB for the whole request."""
CONNECT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 15.0
"""Longest wait for the reply's next byte."""
REPLY_SECONDS: Final = 25.0
"""Longest time that a whole reply may take to arrive, once it has begun."""
REPLY_BYTES: Final = 128 * 1024
"""A real reply has a few thousand."""
LONGEST_RETRY: Final = 3600.0

_EXPECTED: Final = {
    "name": "Name",
    "type": "Type",
    "legal_representative": "Person",
    "registered_capital": "Capital",
    "established_on": "SetDate",
    "term": "Period",
    "address": "Address",
    "business_scope": "Business",
    "registration_authority": "RegistrationAuthority",
}
_WARNINGS: Final = {-9102: Warned.COPY, -9104: Warned.RECAPTURE, -9108: Warned.SCOPE_UNREAD}

# --- What each error code means: an exact one here or, for what passes by itself, the family before its dot. ----------
_ANSWERS: Final = {
    "FailedOperation.NoBizLicense": "document_not_a_licence",
    "FailedOperation.ImageNoSpecifiedCard": "document_not_a_licence",
    "FailedOperation.ImageNoText": "document_unreadable",
    "FailedOperation.OcrFailed": "document_unreadable",
    "FailedOperation.DetectFailed": "document_unreadable",
    "FailedOperation.MultiCardError": "document_unreadable",
    "FailedOperation.LicenseMultiCardError": "document_unreadable",
    "FailedOperation.ImageBlur": "document_blurred",
    "FailedOperation.ImageDecodeFailed": "document_broken",
    "FailedOperation.FileDecodeFailed": "document_broken",
    "FailedOperation.UnKnowFileTypeError": "document_broken",
    "InvalidParameter.EngineImageDecodeFailed": "document_broken",
}
"""Of the picture, not of the service: the reason code of an empty reading."""
_LATER: Final = {
    "RequestLimitExceeded": 5.0,
    "LimitExceeded": 60.0,
    "FailedOperation.CountLimitError": 3600.0,  # the day's quota
    "FailedOperation.EngineRecognizeTimeout": 30.0,
    "FailedOperation.ResponseParseFailed": 60.0,
    "FailedOperation.UnKnowError": 60.0,
    "FailedOperation.WarningServiceFailed": 60.0,
    "InternalError": 30.0,
    "ResourceInsufficient": 60.0,
    "ResourceUnavailable": 60.0,
    "ServiceUnavailable": 60.0,
}
"""Seconds after which to ask again."""
_NEVER: Final = (
    "LimitExceeded.TooLargeFileError",  # we keep to the limit, so it has changed
    "ResourceUnavailable.InArrears",
    "ResourceUnavailable.ResourcePackageRunOut",
)
"""Beside every code that stands in no table: keys, contract, money, parameters."""

# The SDK writes whole requests and replies at DEBUG: the picture, and what it says.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Account:
    """An account of Tencent Cloud, and where it is served.

    `endpoint` is a scheme and a host, with a port if need be. Raises ValueError, naming what is wrong, but no key.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    region: str = REGION
    endpoint: str = ENDPOINT

    def __post_init__(self) -> None:
        if not self.secret_id or not self.secret_key or not self.region:
            raise ValueError("secret_id, secret_key and region are all needed")
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
            raise ValueError("endpoint is not https://host or http://host:port")


class TencentReader:
    """Asks the service once a picture, with a client of its own: nothing is shared between threads or kept over a fork."""

    name = "tencent"

    def __init__(
        self,
        account: Account,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
        largest_base64: int = LARGEST_BASE64,
    ) -> None:
        self._account = account
        self._timeouts = connect_seconds, silence_seconds
        self._reply_seconds = reply_seconds
        self._largest_bytes = largest_base64 // 4 * 3

    @property
    def version(self) -> str:
        return f"{PACKAGE} {importlib.metadata.version(PACKAGE) if self.available() else 'absent'} {ACTION} {API_VERSION}"

    def available(self) -> bool:
        return installed()

    def read_fields(self, jpeg: bytes) -> CloudReading:
        if not self.available():
            raise ProviderBroken(f"{PACKAGE} is not installed")
        picture = self._fitting(jpeg)
        if picture is None:
            return CloudReading({}, self.name, why_empty="document_broken")
        answer = self._ask(picture)
        if "Error" in answer:
            return CloudReading({}, self.name, why_empty=_reason(answer["Error"]), answer=answer)
        fields = _fields(answer)
        return CloudReading(fields, self.name, warnings=_warnings(answer), why_empty="" if fields else "document_unreadable", answer=answer)

    def _fitting(self, jpeg: bytes) -> bytes | None:
        """`jpeg` within the service's limit; None where it would have to be made smaller and is no picture."""
        if len(jpeg) <= self._largest_bytes:
            return jpeg
        try:
            with Image.open(io.BytesIO(jpeg)) as page:
                return jpeg_of(page, self._largest_bytes)
        except (OSError, Image.DecompressionBombError):
            return None

    def _ask(self, picture: bytes) -> dict[str, Any]:
        """The `Response` of the service's reply."""
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.ocr.v20181119.ocr_client import OcrClient

        where = urlsplit(self._account.endpoint)
        http = HttpProfile(protocol=where.scheme, endpoint=where.netloc, reqTimeout=self._timeouts)
        parameters = {"ImageBase64": base64.b64encode(picture).decode(), "EnableCopyWarn": True, "EnablePeriodComplete": True}
        try:
            credential = Credential(self._account.secret_id, self._account.secret_key)
            client = OcrClient(credential, self._account.region, ClientProfile(httpProfile=http))
            with client.request.conn._session as session:
                session.max_redirects = 0  # the picture goes to the address that was set, and to no other
                # Its `call_json` would drop the status, and read a reply of any length for any time.
                with client._call(ACTION, parameters) as reply:
                    return self._answer(reply)
        except TencentCloudSDKException as error:
            raise _of_the_client(error) from None

    def _answer(self, reply: Any) -> dict[str, Any]:
        """What a `requests.Response`, whose body has not been read, says."""
        if reply.status_code != 200:
            raise _of_the_status(reply.status_code, reply.headers.get("Retry-After", ""))
        try:
            told = json.loads(self._body(reply))
        except ValueError:
            told = None  # nothing is raised from here: the error would carry the whole reply with it
        answer = told.get("Response") if isinstance(told, dict) else None
        if not isinstance(answer, dict):
            raise ProviderBroken("tencent: the reply has no Response")
        return answer

    def _body(self, reply: Any) -> bytes:
        deadline = time.monotonic() + self._reply_seconds
        body = bytearray()
        try:
            # Byte by byte: a larger piece would be waited for until it is full, however slowly it drips in.
            for byte in reply.iter_content(1):
                body += byte
                if len(body) > REPLY_BYTES:
                    raise ProviderBroken("tencent: the reply does not end")
                if time.monotonic() > deadline:
                    raise ProviderUnavailable("tencent: the reply came too slowly")
        except OSError as error:  # all of requests' errors are
            raise ProviderUnavailable(f"tencent: the reply was cut off ({type(error).__name__})") from None
        return bytes(body)


def reader(secret_id: str, secret_key: str, region: str = REGION, endpoint: str = ENDPOINT) -> TencentReader | None:
    """The reader of a deployment that is set up so, or None where it has no account (`secret_id` and `secret_key` are empty).

    Raises ValueError for one without the other, and for an endpoint that is none.
    """
    return TencentReader(Account(secret_id, secret_key, region, endpoint)) if secret_id or secret_key else None


def installed() -> bool:
    """Whether the SDK is there (the extra `tencent`)."""
    return importlib.util.find_spec("tencentcloud") is not None and importlib.util.find_spec("tencentcloud.ocr") is not None


# --- Sorting what is no reading ------------------------------------------------------------------------------------


def _reason(error: object) -> str:
    """The reason code for an error that is an answer about the picture. Raises a ProviderError for every other."""
    code = error.get("Code") if isinstance(error, dict) else None
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{0,99}", code):
        raise ProviderBroken("tencent: the reply has an Error without a code")
    if code in _ANSWERS:
        return _ANSWERS[code]
    if code not in _NEVER:
        for known, seconds in _LATER.items():
            if code == known or code.startswith(f"{known}."):
                raise ProviderUnavailable(f"tencent: {code}", retry_after=seconds)
    raise ProviderBroken(f"tencent: {code}")


def _of_the_status(status: int, retry_after: str) -> ProviderError:
    if status in (408, 425, 429) or status >= 500:
        seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 60.0
        return ProviderUnavailable(f"tencent: HTTP {status}", retry_after=min(max(seconds, 1.0), LONGEST_RETRY))
    return ProviderBroken(f"tencent: HTTP {status}")


def _of_the_client(error: Any) -> ProviderError:
    """Of an error that the SDK raised by itself, before there was a reply. Its message may hold an address, and is left out."""
    if error.code != "ClientNetworkError":
        return ProviderBroken(f"tencent: the SDK refuses ({error.code})")
    cause = type(error.__context__).__name__
    if isinstance(error.__context__, ValueError) or cause == "TooManyRedirects":  # an address or a key that is none
        return ProviderBroken(f"tencent: {cause}")
    return ProviderUnavailable(f"tencent: no connection ({cause})")  # refused, timed out, cut off, or no HTTP at all


# --- The service's words as ours -----------------------------------------------------------------------------------


def _fields(answer: dict[str, Any]) -> dict[str, str]:
    """The fields in `answer`, cleaned as the print's own are."""
    fields = {name: value.text for name, value in values.numbers(_numbers(answer), ()).items()}
    for name, word in _EXPECTED.items():
        if (text := _text(answer, word)) and (value := values.clean(name, [_line(text)])):
            fields[name] = value.text
    return fields


def _numbers(answer: dict[str, Any]) -> dict[str, list[values.Line]]:
    """RegNum holds the code or, on licences from before 2015, the registration number."""
    text = _text(answer, "RegNum")
    return {"uscc": [_line(text)], "registration_number": [_line(text)]} if text else {}


def _line(text: str) -> values.Line:
    """`text` as a line of print. The service tells no place, so all of them stand in one."""
    return text, TextBox(text, 1.0, ((0, 0), (1, 0), (1, 1), (0, 1)))


def _text(answer: dict[str, Any], word: str) -> str:
    text = answer.get(word)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ProviderBroken(f"tencent: {word} is no text")
    return text.strip()


def _warnings(answer: dict[str, Any]) -> frozenset[Warned]:
    codes = answer.get("RecognizeWarnCode") or []
    if not isinstance(codes, list) or not all(isinstance(code, int) for code in codes):
        raise ProviderBroken("tencent: RecognizeWarnCode is no list of numbers")
    return frozenset(_WARNINGS.get(code, Warned.OTHER) for code in codes)
