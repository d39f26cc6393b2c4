"""How is Tencent Cloud asked, and what do its errors mean?

One line for the reader of licences and for the company register.

The official SDK signs and sends; its reply is judged here, because the SDK loses the HTTP status,
and takes an error that comes under an unforeseen content type for an empty answer. Off unless a
deployment chooses one of the two and has an account.
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
"""A real reply has a few thousand."""
LONGEST_RETRY: Final = 3600.0

# --- What each error code means: an exact one here or, for what passes by itself, the family before
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

# The SDK writes whole requests and replies at DEBUG: pictures, names, and what is said of them.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Account:
    """An account of Tencent Cloud, and where it is served.

    `endpoint` is a scheme and a host, with a port if need be. Raises ValueError, naming what is
    wrong, but no key.
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
    """The account that a deployment's settings name. Raises ValueError where they name none."""
    return Account(
        settings.TENCENT_SECRET_ID,
        settings.TENCENT_SECRET_KEY,
        settings.TENCENT_REGION,
        settings.TENCENT_ENDPOINT,
    )


def installed() -> bool:
    """Whether the SDK is there (the extra `tencent`)."""
    return (
        importlib.util.find_spec("tencentcloud") is not None
        and importlib.util.find_spec("tencentcloud.ocr") is not None
    )


class TencentCloud:
    """Asks the service once a question, with a client of its own: nothing is shared between threads
    or kept over a fork.

    `silence_seconds` is the longest wait for the reply's next byte; `reply_seconds` the longest
    time that a whole reply may take to arrive, once it has begun.
    """

    def __init__(
        self, account: Account, connect_seconds: float, silence_seconds: float, reply_seconds: float
    ) -> None:
        self._account = account
        self._timeouts = connect_seconds, silence_seconds
        self._reply_seconds = reply_seconds

    def ask(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The `Response` of the reply, which may hold an `Error`.

        Raises ProviderUnavailable or ProviderBroken where there is none.
        """
        if not installed():
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
                session.max_redirects = (
                    0  # what is asked goes to the address that was set, and to no other
                )
                # Its `call_json` would drop the status, and read a reply of any length for any
                # time.
                with client._call(action, dict(parameters)) as reply:
                    return self._response(reply)
        except TencentCloudSDKException as error:
            raise _of_the_client(error) from None

    def _response(self, reply: Any) -> dict[str, Any]:
        """What a `requests.Response`, whose body has not been read, says."""
        if reply.status_code != 200:
            raise _of_the_status(reply.status_code, reply.headers.get("Retry-After", ""))
        try:
            told = json.loads(self._body(reply))
        except ValueError:
            told = (
                None  # nothing is raised from here: the error would carry the whole reply with it
            )
        response = told.get("Response") if isinstance(told, dict) else None
        if not isinstance(response, dict):
            raise ProviderBroken("tencent: the reply has no Response")
        return response

    def _body(self, reply: Any) -> bytes:
        deadline = time.monotonic() + self._reply_seconds
        body = bytearray()
        try:
            # Byte by byte: a larger piece would be waited for until it is full, however slowly it
            # drips in.
            for byte in reply.iter_content(1):
                body += byte
                if len(body) > REPLY_BYTES:
                    raise ProviderBroken("tencent: the reply does not end")
                if time.monotonic() > deadline:
                    raise ProviderUnavailable("tencent: the reply came too slowly")
        except OSError as error:  # all of requests' errors are
            raise ProviderUnavailable(
                f"tencent: the reply was cut off ({type(error).__name__})"
            ) from None
        return bytes(body)


# --- Sorting what is no answer --------------------------------------------------------------------


def code_of(error: object) -> str:
    """The code of an answer's `Error`. Raises ProviderBroken where it has none."""
    code = error.get("Code") if isinstance(error, dict) else None
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{0,99}", code):
        raise ProviderBroken("tencent: the reply has an Error without a code")
    return code


def error_of(code: str) -> ProviderError:
    """What an error's code means: that it passes by itself, or that an operator has to look."""
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
    """Of an error that the SDK raised by itself, before there was a reply.

    Its message may hold an address, and is left out.
    """
    if error.code != "ClientNetworkError":
        return ProviderBroken(f"tencent: the SDK refuses ({error.code})")
    cause = type(error.__context__).__name__
    if (
        isinstance(error.__context__, ValueError) or cause == "TooManyRedirects"
    ):  # an address or a key that is none
        return ProviderBroken(f"tencent: {cause}")
    return ProviderUnavailable(
        f"tencent: no connection ({cause})"
    )  # refused, timed out, cut off, or no HTTP at all
