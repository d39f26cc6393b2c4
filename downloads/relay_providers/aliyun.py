"""Adapter for Alibaba Cloud's Phone Number Protection (号码隐私保护).

The official SDK signs and sends BindAxg, UpdateSubscription, UnbindSubscription,
QuerySubscriptionDetail, CreateAxgGroup and OperateAxgGroup, and BindAxnExtension for a pool of
extensions. Call records come by HTTP push (SecretReport), which the service does not sign: the
callback address carries a secret, and a forged record could do little. There is no list of calls.
The adapter needs an account and is off by default: docs/how-it-works/relays.md.
"""

from __future__ import annotations

import hmac
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from downloads.relay_providers.base import (
    CALLERS_AT_MOST,
    BindConflict,
    Bound,
    Callback,
    CallbackForged,
    CallRecord,
    ExpiryIllegal,
    FlowLimited,
    NoNumber,
    NumberIllegal,
    Order,
    Outcome,
    Rejected,
    UnknownBinding,
)
from events.core import aliyun
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable

ENDPOINT: Final = "https://dyplsapi.aliyuncs.com"
PACKAGE: Final = "alibabacloud-dyplsapi20170525"
BODY_BYTES: Final = 512 * 1024
_OF_EXTENSIONS: Final = "x"
"""The prefix of our references to bindings from the pool of extensions. The service's own ids are
digits.
"""
IN_FORCE: Final = 1
"""The `Status` of an active binding; 0 means ended."""

# --- Error codes ----------------------------------------------------------------------------------
_ERRORS: Final[dict[str, Callable[[str], ProviderError]]] = {
    "isv.NO_AVAILABLE_NUMBER": lambda text: NoNumber(text, retry_after=300.0),
    "isv.FLOW_LIMIT": lambda text: FlowLimited(text, retry_after=5.0),
    "isv.BIND_CONFLICT": BindConflict,
    "isv.EXPIRE_DATE_ILLEGAL": ExpiryIllegal,
    "isv.MOBILE_NUMBER_ILLEGAL": NumberIllegal,
    "isv.NO_NOT_EXIST": UnknownBinding,
    "isv.NO_USED_BY_OTHERS": BindConflict,
}
_LATER: Final = {
    "isp.VENDOR_UNAVAILABLE": 60.0,
    "isv.VENDOR_BIND_FAILED": 60.0,
    "isp.SYSTEM_ERROR": 60.0,
    "isp.DAO_EXCEPTION": 60.0,
    "isp.UNKNOWN_ERR_CODE": 60.0,
    "isp.GATEWAY_ERROR": 60.0,
    "ServiceUnavailable": 30.0,
    "InternalError": 30.0,
}
"""Seconds to wait before a retry.

Codes in neither table are configuration or billing errors: ProviderBroken.
"""

_INTERCEPTED: Final = 4
"""The `call_type` of an intercepted call. 0: the candidate called; 1: the candidate was called."""
_UNCONNECTED: Final = {1: Outcome.BLOCKED, 2: Outcome.UNBOUND, 3: Outcome.MUTED}
"""By `unconnected_cause`; 0 is a normal call."""
_RELEASED: Final = {
    1: Outcome.UNREACHABLE,
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    20: Outcome.UNREACHABLE,
    27: Outcome.UNREACHABLE,
}
"""By `release_cause` of an unanswered call: the cause values of ITU-T Q.850."""


@dataclass(frozen=True)
class Account:
    """An account and its pools of numbers.

    Raises ValueError, which names the fault but never a key.
    """

    key_id: str
    key_secret: str = field(repr=False)
    pool_key: str
    callback_secret: str = field(repr=False)
    """The secret part of the callback address for call records."""
    extension_pool_key: str = ""
    """A pool with extensions (AXN), used when the first is empty; "" for none. Anybody can dial
    these numbers.
    """
    endpoint: str = ENDPOINT

    def __post_init__(self) -> None:
        if not self.key_id or not self.key_secret or not self.pool_key:
            raise ValueError("key_id, key_secret and pool_key are required")
        if len(self.callback_secret) < 24:
            raise ValueError("callback_secret has fewer than 24 characters")
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
    """Return the account in a deployment's settings. Raises ValueError if there is none."""
    return Account(
        settings.ALIYUN_KEY_ID,
        settings.ALIYUN_KEY_SECRET,
        settings.ALIYUN_POOL_KEY,
        settings.ALIYUN_CALLBACK_SECRET,
        settings.ALIYUN_EXTENSION_POOL_KEY,
        settings.ALIYUN_ENDPOINT,
    )


def is_aliyun_installed() -> bool:
    """Return whether the SDK is installed (the extra `aliyun`)."""
    return importlib.util.find_spec("alibabacloud_dyplsapi20170525") is not None


class AliyunRelays:
    """The service; each request is sent once.

    It does not recognise repeated requests, so a lost answer may leave an unused binding, which
    expires.
    """

    name = "aliyun"
    lists_calls = False

    def __init__(self, account: Account) -> None:
        self._account = account

    def set_callers(self, group: str, name: str, callers: Sequence[str], now: datetime) -> str:
        if not 1 <= len(callers) <= CALLERS_AT_MOST:
            raise NumberIllegal("a group has between 1 and 200 callers")
        numbers = ",".join(_bare(caller) for caller in callers)
        if not group:
            body = self._ask("CreateAxgGroup", name=name[:128], numbers=numbers)
            return _needed(body, "GroupId")
        self._ask(
            "OperateAxgGroup", group_id=int(group), operate_type="overwriteNumbers", numbers=numbers
        )
        return group

    def bind(self, order: Order, now: datetime) -> Bound:
        what = {
            "phone_no_a": _bare(order.candidate),
            "expiration": _written(order.expires_at),
            "out_id": order.request_id,
        }
        pool = self._account.extension_pool_key
        try:
            body = self._ask("BindAxg", group_id=order.group, **what)
        except NoNumber:
            if not pool:
                raise
            body = self._ask("BindAxnExtension", pool_key=pool, **what)
            told = body.get("SecretBindDTO") or {}
            reference, extension = (
                _OF_EXTENSIONS + _needed(told, "SubsId"),
                _needed(told, "Extension"),
            )
        else:
            told = body.get("SecretBindDTO") or {}
            # An extension in this reply has no meaning.
            reference, extension = (_needed(told, "SubsId"), "")
        return Bound(reference, _full(_needed(told, "SecretNo")), extension, order.expires_at)

    def extend(self, reference: str, number: str, until: datetime, now: datetime) -> None:
        self._update(
            reference, number, now, operate_type="updateExpire", expiration=_written(until)
        )

    def mute(self, reference: str, number: str, muted: bool, now: datetime) -> None:
        restrict = "CONTROL_BX_DISABLE" if muted else "CONTROL_CLEAR_DISABLE"
        self._update(
            reference, number, now, operate_type="updateCallRestrict", call_restrict=restrict
        )

    def _update(self, reference: str, number: str, now: datetime, **what: Any) -> None:
        try:
            self._of_pool("UpdateSubscription", reference, phone_no_x=_bare(number), **what)
        except ProviderBroken:
            # The answer for an ended binding is undocumented.
            if self.get(reference, number, now) is None:
                raise UnknownBinding("aliyun: there is no such binding") from None
            raise

    def unbind(self, reference: str, number: str, now: datetime) -> None:
        try:
            self._of_pool("UnbindSubscription", reference, secret_no=_bare(number))
        except (Rejected, ProviderBroken):
            if self.get(reference, number, now) is not None:
                raise

    def get(self, reference: str, number: str, now: datetime) -> Bound | None:
        try:
            body = self._of_pool("QuerySubscriptionDetail", reference, phone_no_x=_bare(number))
        except UnknownBinding:
            return None
        told = body.get("SecretBindDetailDTO") or {}
        if not told.get("SubsId") or int(told.get("Status") or 0) != IN_FORCE:
            return None
        ends = aliyun.read_time(told.get("ExpireDate"))
        if ends is None:
            raise ProviderBroken("aliyun: the binding has no end")
        muted = told.get("CallRestrict") == "CONTROL_BX_DISABLE"
        return Bound(
            reference,
            _full(str(told.get("PhoneNoX") or number)),
            str(told.get("Extension") or ""),
            ends,
            muted,
        )

    def verify_callback(self, callback: Callback, now: datetime) -> list[CallRecord]:
        if not hmac.compare_digest(
            callback.secret.encode(), self._account.callback_secret.encode()
        ):
            raise CallbackForged("the secret in the address is wrong")
        if len(callback.body) > BODY_BYTES:
            raise CallbackForged("the body is too long")
        try:
            told = json.loads(callback.body)
        except ValueError:
            raise CallbackForged("the body is not JSON") from None
        pools = {self._account.pool_key, self._account.extension_pool_key} - {""}
        rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
        if len(rows) != (len(told) if isinstance(told, list) else -1) or any(
            str(row.get("pool_key")) not in pools for row in rows
        ):
            raise CallbackForged("the records are not from our pools")
        records = [_record_of(row, self._account.extension_pool_key) for row in rows]
        return [record for record in records if record is not None]

    def calls(self, since: datetime, until: datetime, now: datetime) -> list[CallRecord]:
        raise ProviderBroken("aliyun has no list of calls (see `lists_calls`)")

    # --- Requests ---------------------------------------------------------------------------------

    def _of_pool(self, action: str, reference: str, **what: Any) -> dict[str, Any]:
        """Send a request about a binding, in the pool that lent it."""
        if reference.startswith(_OF_EXTENSIONS):
            what["pool_key"] = self._account.extension_pool_key
        return self._ask(action, subs_id=reference.removeprefix(_OF_EXTENSIONS), **what)

    def _ask(self, action: str, **what: Any) -> dict[str, Any]:
        """Send a request and return the body of the reply.

        Raises the error for its code. SDK messages are dropped, because they may contain numbers.
        """
        if not is_aliyun_installed():
            raise ProviderBroken(f"{PACKAGE} is not installed")
        from alibabacloud_dyplsapi20170525 import client as sdk
        from alibabacloud_dyplsapi20170525 import models
        from alibabacloud_tea_util.models import RuntimeOptions

        account = self._account
        config = aliyun.client_config(account.key_id, account.key_secret, account.endpoint)
        request = getattr(models, f"{action}Request")(**({"pool_key": account.pool_key} | what))
        method = getattr(sdk.Client(config), f"{_METHODS[action]}_with_options")
        try:
            reply = method(request, RuntimeOptions(autoretry=False, max_attempts=1))
            body = reply.body.to_map() if reply.body is not None else {}
        # The SDK's own errors, those of its HTTP library, and those for a reply that is not JSON.
        except Exception as error:
            raise _of_the_client(error) from None
        code = str(body.get("Code") or "")
        if code != "OK":
            raise error_of(code)
        return body


_METHODS: Final = {
    "BindAxg": "bind_axg",
    "BindAxnExtension": "bind_axn_extension",
    "UpdateSubscription": "update_subscription",
    "UnbindSubscription": "unbind_subscription",
    "QuerySubscriptionDetail": "query_subscription_detail",
    "CreateAxgGroup": "create_axg_group",
    "OperateAxgGroup": "operate_axg_group",
}


def error_of(code: str) -> ProviderError:
    """Return the error for a code: temporary, rejected, or one that an operator must resolve."""
    if code in _ERRORS:
        return _ERRORS[code](f"aliyun: {code}")
    if code in _LATER:
        return ProviderUnavailable(f"aliyun: {code}", retry_after=_LATER[code])
    if code.startswith("Throttling"):
        return FlowLimited(f"aliyun: {code}", retry_after=5.0)
    return ProviderBroken(f"aliyun: {code[:80] or 'a reply without a code'}")


def _of_the_client(error: Exception) -> ProviderError:
    """Return the error for an SDK exception, by the service's code or the kind of connection
    failure.
    """
    error = getattr(error, "inner_exception", error)
    status, code = getattr(error, "status_code", None), getattr(error, "code", None)
    if isinstance(code, str) and isinstance(status, int):
        known = error_of(code)
        return (
            ProviderUnavailable(f"aliyun: HTTP {status}")
            if isinstance(known, ProviderBroken) and status >= 500
            else known
        )
    # The SDK turns every connection error into one of these.
    if isinstance(error, OSError) or type(error).__name__ == "RetryError":
        return ProviderUnavailable(f"aliyun: no answer ({type(error).__name__})")
    return ProviderBroken(f"aliyun: {type(error).__name__}")


def _needed(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    if value in (None, ""):
        raise ProviderBroken(f"aliyun: the reply has no {name}")
    return str(value)


# --- Call records ---------------------------------------------------------------------------------


def _record_of(row: dict[str, Any], extension_pool: str) -> CallRecord | None:
    """Return the record of a SecretReport, or None for a text message or an incomplete call."""
    at, began, ended = (
        aliyun.read_time(row.get(name)) for name in ("call_time", "start_time", "release_time")
    )
    kind, record_id = _whole(row.get("call_type")), str(row.get("call_id") or row.get("id") or "")
    if at is None or not record_id or kind not in (0, 1, _INTERCEPTED):
        return None
    subs_id = str(row.get("sub_id") or "")
    reference = (
        _OF_EXTENSIONS + subs_id
        if subs_id and str(row.get("pool_key")) == extension_pool
        else subs_id
    )
    seconds = max(0, int((ended - began) / timedelta(seconds=1))) if began and ended else 0
    return CallRecord(
        record_id=record_id[:100],
        reference=reference,
        number=_full(str(row.get("secret_no") or "")),
        extension=str(row.get("extension") or "")[:8],
        caller=_full(str(row.get("peer_no") or "")),
        by_candidate=kind == 0,
        at=at,
        seconds=seconds,
        outcome=_outcome(row, seconds),
    )


def _outcome(row: dict[str, Any], seconds: int) -> Outcome:
    if seconds > 0:
        return Outcome.CONNECTED
    cause = _whole(row.get("unconnected_cause"))
    if cause in _UNCONNECTED:
        return _UNCONNECTED[cause]
    if _whole(row.get("call_type")) == _INTERCEPTED:
        return Outcome.STRANGER
    return _RELEASED.get(
        _whole(row.get("release_cause")), Outcome.NO_ANSWER if not cause else Outcome.FAILED
    )


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return -1


def _bare(number: str) -> str:
    return number.removeprefix("+86")


def _full(number: str) -> str:
    return (
        number
        if number.startswith("+") or not number
        else f"+86{number.removeprefix('86') if len(number) == 13 else number}"
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(aliyun.ZONE).strftime("%Y-%m-%d %H:%M:%S")
