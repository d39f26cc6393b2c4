"""The client for Tencent Cloud, shared by the licence reader and the company register.

The official SDK signs and sends each request. The reply is judged here, because the SDK loses the
HTTP status, and takes an error with an unexpected content type for an empty answer. Unused unless a
deployment chooses one of the two services and has an account.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable

ENDPOINT: Final = "https://ocr.tencentcloudapi.com"
REGION: Final = "ap-guangzhou"
API_VERSION: Final = "2018-11-19"
PACKAGE: Final = "tencentcloud-sdk-python-ocr"

CONNECT_SECONDS: Final = 5.0
REPLY_BYTES: Final = 128 * 1024
"""The limit for a reply. Real ones have a few thousand bytes."""
LONGEST_RETRY: Final = 3600.0

# --- Error codes: listed exactly or, for errors that pass, by the family before the first dot
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
"""Seconds to wait before asking again."""
_NEVER: Final = (
    "LimitExceeded.TooLargeFileError",  # we keep to the limit, so it has changed
    "ResourceUnavailable.InArrears",
    "ResourceUnavailable.ResourcePackageRunOut",
)
"""Codes that need an operator although their family is in `_LATER`.

Codes in neither table need one too: keys, contract, money, parameters.
"""

# At DEBUG the SDK logs whole requests and replies: pictures, names and the answers about them.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Account:
    """A Tencent Cloud account and its endpoint.

    `endpoint` is a scheme and a host, with an optional port. Raises ValueError, which says what is
    wrong without quoting a key.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    region: str = REGION
    endpoint: str = ENDPOINT

    def __post_init__(self) -> None:
        if not self.secret_id or not self.secret_key or not self.region:
            raise ValueError("secret_id, secret_key and region are all needed")
        parts = urlsplit(self.endpoint)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.path.strip("/")
            or parts.query
        ):
            raise ValueError("endpoint is not https://host or http://host:port")


def account_of(settings: Any) -> Account:
    """Return the account in the deployment's settings. Raises ValueError if there is none."""
    return Account(
        settings.TENCENT_SECRET_ID,
        settings.TENCENT_SECRET_KEY,
        settings.TENCENT_REGION,
        settings.TENCENT_ENDPOINT,
    )


def is_tencent_cloud_installed() -> bool:
    """Whether the SDK is installed (the extra `tencent`)."""
    return (
        importlib.util.find_spec("tencentcloud") is not None
        and importlib.util.find_spec("tencentcloud.ocr") is not None
    )


class TencentCloud:
    """Sends each request with a client of its own.

    Nothing is shared between threads or kept across a fork. `silence_seconds` is the longest wait
    for the next byte of the reply; `reply_seconds` the longest time for the whole reply, from its
    first byte.
    """

    def __init__(
        self, account: Account, connect_seconds: float, silence_seconds: float, reply_seconds: float
    ) -> None:
        self._account = account
        self._timeouts = connect_seconds, silence_seconds
        self._reply_seconds = reply_seconds

    def ask(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the `Response` of the reply, which may hold an `Error`.

        Raises ProviderUnavailable or ProviderBroken if there is none.
        """
        if not is_tencent_cloud_installed():
            raise ProviderBroken(f"{PACKAGE} is not installed")
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.ocr.v20181119.ocr_client import OcrClient

        where = urlsplit(self._account.endpoint)
        http = HttpProfile(protocol=where.scheme, endpoint=where.netloc, reqTimeout=self._timeouts)
        try:
            credential = Credential(self._account.secret_id, self._account.secret_key)
            client = OcrClient(credential, self._account.region, ClientProfile(httpProfile=http))
            with client.request.conn._session as session:
                session.max_redirects = 0  # requests go only to the configured address
                # Its `call_json` drops the status, and reads replies of any length for any time.
                with client._call(action, dict(parameters)) as reply:
                    return self._response(reply)
        except TencentCloudSDKException as error:
            raise _of_the_client(error) from None

    def _response(self, reply: Any) -> dict[str, Any]:
        """Return the `Response` in `reply`, a `requests.Response` whose body has not been read."""
        if reply.status_code != 200:
            raise _of_the_status(reply.status_code, reply.headers.get("Retry-After", ""))
        try:
            told = json.loads(self._body(reply))
        except ValueError:
            told = None  # do not raise here: the exception would carry the whole reply
        response = told.get("Response") if isinstance(told, dict) else None
        if not isinstance(response, dict):
            raise ProviderBroken("tencent: the reply has no Response")
        return response

    def _body(self, reply: Any) -> bytes:
        deadline = time.monotonic() + self._reply_seconds
        body = bytearray()
        try:
            # Byte by byte: a read of a larger piece waits until it is full, however slowly bytes
            # arrive.
            for byte in reply.iter_content(1):
                body += byte
                if len(body) > REPLY_BYTES:
                    raise ProviderBroken("tencent: the reply does not end")
                if time.monotonic() > deadline:
                    raise ProviderUnavailable("tencent: the reply came too slowly")
        except OSError as error:  # the base of all of requests' errors
            raise ProviderUnavailable(
                f"tencent: the reply was cut off ({type(error).__name__})"
            ) from None
        return bytes(body)


# --- Errors --------------------------------------- -----------------------------------------------


def code_of(error: object) -> str:
    """Return the code of an answer's `Error`. Raises ProviderBroken if it has none."""
    code = error.get("Code") if isinstance(error, dict) else None
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{0,99}", code):
        raise ProviderBroken("tencent: the reply has an Error without a code")
    return code


def error_of(code: str) -> ProviderError:
    """Return the error for `code`: ProviderUnavailable if it passes, else ProviderBroken."""
    if code not in _NEVER:
        for known, seconds in _LATER.items():
            if code == known or code.startswith(f"{known}."):
                return ProviderUnavailable(f"tencent: {code}", retry_after=seconds)
    return ProviderBroken(f"tencent: {code}")


def _of_the_status(status: int, retry_after: str) -> ProviderError:
    if status in (408, 425, 429) or status >= 500:
        seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 60.0
        return ProviderUnavailable(
            f"tencent: HTTP {status}", retry_after=min(max(seconds, 1.0), LONGEST_RETRY)
        )
    return ProviderBroken(f"tencent: HTTP {status}")


def _of_the_client(error: Any) -> ProviderError:
    """Return the error for an exception that the SDK raised before there was a reply.

    Its message may contain an address, so it is left out.
    """
    if error.code != "ClientNetworkError":
        return ProviderBroken(f"tencent: the SDK refuses ({error.code})")
    cause = type(error.__context__).__name__
    if (
        isinstance(error.__context__, ValueError) or cause == "TooManyRedirects"
    ):  # an invalid address or key
        return ProviderBroken(f"tencent: {cause}")
    return ProviderUnavailable(
        f"tencent: no connection ({cause})"
    )  # refused, timed out, cut off, or not HTTP
