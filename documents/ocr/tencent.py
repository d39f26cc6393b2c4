"""The licence reader of Tencent Cloud (BizLicenseOCR, version 2018-11-19).

The client is in `documents/tencent_cloud.py`. Pictures are sent to the service, so it is off unless
a deployment chooses it (`ZIZHI_CLOUD_READER`): see docs/operating/readers.md.
"""

from __future__ import annotations

import base64
import importlib.metadata
import io
from typing import Any, Final

from PIL import Image

from documents.ocr.cloud import CloudReading, Warned, jpeg_of
from documents.page import values
from documents.page.boxes import TextBox
from documents.page.licence_fields import LICENCE_FIELDS
from documents.tencent_cloud import (
    API_VERSION,
    CONNECT_SECONDS,
    PACKAGE,
    Account,
    TencentCloud,
    code_of,
    error_of,
    is_tencent_cloud_installed,
)
from events.core.errors import ProviderBroken

ACTION: Final = "BizLicenseOCR"

LARGEST_BASE64: Final = 7_000_000
"""The most bytes of a picture in base64.

The service's own limit is 7 M, and 10 MB for the whole request.
"""
SILENCE_SECONDS: Final = 15.0
REPLY_SECONDS: Final = 25.0

_WARNINGS: Final = {-9102: Warned.COPY, -9104: Warned.RECAPTURE, -9108: Warned.SCOPE_UNREAD}
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
"""The reason code for each error that concerns the picture, not the service.

The other errors are in `documents/tencent_cloud.py`.
"""


class TencentReader:
    """Sends each picture to the service once."""

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
        self._cloud = TencentCloud(account, connect_seconds, silence_seconds, reply_seconds)
        self._largest_bytes = largest_base64 // 4 * 3

    @property
    def version(self) -> str:
        return (
            f"{PACKAGE} {importlib.metadata.version(PACKAGE) if self.available() else 'absent'}"
            f" {ACTION} {API_VERSION}"
        )

    def available(self) -> bool:
        return is_tencent_cloud_installed()

    def read_fields(self, jpeg: bytes) -> CloudReading:
        if not self.available():
            raise ProviderBroken(f"{PACKAGE} is not installed")
        picture = self._fitting(jpeg)
        if picture is None:
            return CloudReading({}, self.name, why_empty="document_broken")
        response = self._ask(picture)
        if "Error" in response:
            return CloudReading(
                {}, self.name, why_empty=_reason(response["Error"]), answer=response
            )
        fields = _fields(response)
        return CloudReading(
            fields,
            self.name,
            warnings=_warnings(response),
            why_empty="" if fields else "document_unreadable",
            answer=response,
        )

    def _fitting(self, jpeg: bytes) -> bytes | None:
        """Return `jpeg` within the service's limit; None if it is too large and not a picture."""
        if len(jpeg) <= self._largest_bytes:
            return jpeg
        try:
            with Image.open(io.BytesIO(jpeg)) as page:
                return jpeg_of(page, self._largest_bytes)
        except (OSError, Image.DecompressionBombError):
            return None

    def _ask(self, picture: bytes) -> dict[str, Any]:
        parameters = {
            "ImageBase64": base64.b64encode(picture).decode(),
            "EnableCopyWarn": True,
            "EnablePeriodComplete": True,
        }
        return self._cloud.ask(ACTION, parameters)


def _reason(error: object) -> str:
    """Return the reason code for an error that concerns the picture.

    Raises a ProviderError for any other.
    """
    code = code_of(error)
    if code not in _ANSWERS:
        raise error_of(code)
    return _ANSWERS[code]


# --- From the service's answer to fields ------------------------------------ ---------------------


def _fields(answer: dict[str, Any]) -> dict[str, str]:
    """Return the fields in `answer`, cleaned like those read from print."""
    lines = {
        name: [_line(text)]
        for name, field in LICENCE_FIELDS.items()
        if field.tencent and (text := _text(answer, field.tencent))
    }
    found = values.find_company_numbers(
        lines, ()
    )  # RegNum is the code or, before 2015, the registration number
    found |= {name: value for name in lines if (value := values.clean_value(name, lines[name]))}
    return {name: value.text for name, value in found.items()}


def _line(text: str) -> values.Line:
    """Return `text` as a line of print. The service gives no positions, so all lines share one."""
    return text, TextBox(text, 1.0, ((0, 0), (1, 0), (1, 1), (0, 1)))


def _text(response: dict[str, Any], word: str) -> str:
    text = response.get(word)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ProviderBroken(f"tencent: {word} is not text")
    return text.strip()


def _warnings(response: dict[str, Any]) -> frozenset[Warned]:
    codes = response.get("RecognizeWarnCode") or []
    if not isinstance(codes, list) or not all(isinstance(code, int) for code in codes):
        raise ProviderBroken("tencent: RecognizeWarnCode is not a list of numbers")
    return frozenset(_WARNINGS.get(code, Warned.OTHER) for code in codes)
