"""Adapter for Alibaba Cloud's Short Message Service (短信服务).

The official SDK signs and sends SendSms and QuerySendDetails. The service does not recognise a
repeated request: OutId, our id, is only returned with the report. So each message is sent once, and
after a lost answer QuerySendDetails tells by OutId whether it was. Reports come by HTTP push
(SmsReport), which the service does not sign: the callback address carries a secret, and a forged
report could do little. There is no list of reports.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from events.core import aliyun
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from events.sms.account import Account, was_never_sent
from events.sms.base import (
    Accepted,
    AnswerLost,
    Callback,
    FlowLimited,
    Message,
    NotInService,
    NumberIllegal,
    ParamsRejected,
    Report,
)
from events.sms.carrier_codes import failure_of

ENDPOINT: Final = "https://dysmsapi.aliyuncs.com"
PACKAGE: Final = "alibabacloud-dysmsapi20170525"
PAGE: Final = 50

# --- Error codes ----------------------------------------------------------------------------------
_ERRORS: Final[dict[str, Callable[[str], ProviderError]]] = {
    "isv.MOBILE_NUMBER_ILLEGAL": NumberIllegal,
    "isv.MOBILE_COUNT_OVER_LIMIT": NumberIllegal,
    # A forbidden word in a parameter. Blocked numbers are not refused: their report tells.
    "isv.BLACK_KEY_CONTROL_LIMIT": ParamsRejected,
    "isv.PARAM_LENGTH_LIMIT": ParamsRejected,
    "isv.PARAM_NOT_SUPPORT_URL": ParamsRejected,
    "isv.SMS_CONTENT_ILLEGAL": ParamsRejected,
    "isv.TEMPLATE_PARAMS_ILLEGAL": ParamsRejected,
    "isv.TEMPLATE_MISSING_PARAMETERS": NotInService,
}
_LIMITED: Final = {"分钟": 60.0, "小时": 3600.0, "天": 24 * 3600.0}
"""Seconds to wait, by the window that the text of isv.BUSINESS_LIMIT_CONTROL names."""
_UNCERTAIN: Final = ("isp.", "InternalError", "ServiceUnavailable")
"""Failures of the service itself. It may have sent the message before.

Codes that are nowhere here concern keys, permissions, the balance, the sign or the text:
NotInService.
"""


def is_aliyun_sms_installed() -> bool:
    """Return whether the SDK is installed (the extra `aliyun-sms`)."""
    return importlib.util.find_spec("alibabacloud_dysmsapi20170525") is not None


class AliyunSms:
    """The service; each request is sent once."""

    name = "aliyun"
    lists_reports = False
    receipt = '{"code": 0, "msg": "接收成功"}'.encode()

    def __init__(self, account: Account) -> None:
        self._account = account

    def send(self, message: Message, now: datetime) -> Accepted:
        body = self._ask(
            "SendSms",
            phone_numbers=message.number.removeprefix("+86"),
            sign_name=message.sign,
            template_code=message.code,
            template_param=json.dumps(dict(message.params), ensure_ascii=False),
            out_id=message.id,
        )
        reference = str(body.get("BizId") or "")
        if not reference:
            raise AnswerLost("aliyun: the reply has no BizId")
        return Accepted(reference)

    def find(self, message_id: str, number: str, since: datetime, now: datetime) -> Accepted | None:
        days = {moment.astimezone(aliyun.ZONE).strftime("%Y%m%d") for moment in (since, now)}
        for day in sorted(days):
            body = self._ask(
                "QuerySendDetails",
                phone_number=number.removeprefix("+86"),
                send_date=day,
                page_size=PAGE,
                current_page=1,
            )
            rows = (body.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            if any(row.get("OutId") == message_id for row in rows):
                return Accepted("")  # the answer has no BizId
        return None

    def verify_callback(self, callback: Callback, now: datetime) -> list[Report]:
        found = [_report(row, now) for row in self._account.rows_of(callback)]
        return [report for report in found if report is not None]

    def reports(self, now: datetime) -> list[Report]:
        raise ProviderBroken("aliyun has no list of reports (see `lists_reports`)")

    def _ask(self, action: str, **what: Any) -> dict[str, Any]:
        """Send a request and return the body of the reply.

        Raises the error for its code. SDK messages are dropped, because they may contain numbers.
        """
        if not is_aliyun_sms_installed():
            raise NotInService(f"{PACKAGE} is not installed")
        from alibabacloud_dysmsapi20170525 import client as sdk
        from alibabacloud_dysmsapi20170525 import models
        from darabonba.runtime import RuntimeOptions

        account = self._account
        config = aliyun.client_config(account.key_id, account.key_secret, account.endpoint)
        request = getattr(models, f"{action}Request")(**what)
        method = getattr(sdk.Client(config), f"{_METHODS[action]}_with_options")
        try:
            reply = method(request, RuntimeOptions(autoretry=False, max_attempts=1))
            body = reply.body.to_map() if reply.body is not None else {}
        # The SDK's own errors, those of its HTTP library, and those for a reply that is not JSON.
        except Exception as error:
            raise _of_the_client(error) from None
        code = str(body.get("Code") or "")
        if code != "OK":
            raise error_of(code, str(body.get("Message") or ""))
        return body


_METHODS: Final = {"SendSms": "send_sms", "QuerySendDetails": "query_send_details"}


def error_of(code: str, text: str = "") -> ProviderError:
    """Return the error for a code. `text` is the service's message, which is read but not kept."""
    if not code or (code.startswith(_UNCERTAIN) and code != "isp.RAM_PERMISSION_DENY"):
        return AnswerLost(f"aliyun: {code[:80] or 'a reply without a code'}")
    if code in _ERRORS:
        return _ERRORS[code](f"aliyun: {code}")
    if code == "isv.BUSINESS_LIMIT_CONTROL":
        wait = next((seconds for word, seconds in _LIMITED.items() if word in text), 60.0)
        return FlowLimited(f"aliyun: {code}", retry_after=wait)
    if code.startswith("Throttling"):
        return FlowLimited(f"aliyun: {code[:80]}", retry_after=5.0)
    return NotInService(f"aliyun: {code[:80]}")


def _of_the_client(error: Exception) -> ProviderError:
    """Return the error for an SDK exception, by the service's code or the kind of connection
    failure.
    """
    error = getattr(error, "inner_exception", None) or error
    status, code = getattr(error, "status_code", None), getattr(error, "code", None)
    if isinstance(code, str) and isinstance(status, int):
        known = error_of(code)
        if isinstance(known, NotInService) and status >= 500:
            return AnswerLost(f"aliyun: HTTP {status}")
        return known
    if was_never_sent(error):
        return ProviderUnavailable(f"aliyun: no connection ({type(error).__name__})")
    return AnswerLost(f"aliyun: no answer ({type(error).__name__})")


# --- Reports --------------------------------------------------------------------------------------


def _report(row: dict[str, Any], now: datetime) -> Report | None:
    """Return the report in a row of SmsReport, or None if it names no message."""
    message_id, reference = (str(row.get(name) or "")[:64] for name in ("out_id", "biz_id"))
    if not message_id and not reference:
        return None
    delivered = row.get("success") in (True, "true")
    failure = "" if delivered else failure_of(str(row.get("err_code") or ""))
    size = str(row.get("sms_size") or "")
    return Report(
        message_id,
        reference,
        delivered,
        failure,
        aliyun.read_time(row.get("report_time")) or now,
        int(size) if size.isascii() and size.isdigit() and len(size) < 3 else None,
    )
