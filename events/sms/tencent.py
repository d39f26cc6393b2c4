"""Adapter for Tencent Cloud's SMS (短信).

The official SDK signs and sends SendSms, PullSmsSendStatus and PullSmsSendStatusByPhoneNumber. The
service does not recognise a repeated request: SessionContext, our id, is only returned. So each
message is sent once, and after a lost answer PullSmsSendStatusByPhoneNumber tells by SessionContext
whether it was. Reports come by push, which is not signed (the address carries a secret), and by
PullSmsSendStatus if Tencent has enabled it for the account.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from events.core.errors import ProviderError, ProviderUnavailable
from events.sms.account import Account, was_never_sent
from events.sms.base import (
    Accepted,
    AnswerLost,
    Callback,
    FlowLimited,
    Message,
    NotInService,
    NumberBlocked,
    NumberIllegal,
    ParamsRejected,
    Report,
)
from events.sms.carrier_codes import failure_of

ENDPOINT: Final = "https://sms.tencentcloudapi.com"
REGION: Final = "ap-guangzhou"
PACKAGE: Final = "tencentcloud-sdk-python-sms"
ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The zone of times in callbacks."""
TIMEOUTS: Final = (5.0, 10.0)
"""Seconds for the connection, and for the reply's next byte."""
PULLED: Final = 100
REPLY_BYTES: Final = 512 * 1024

# --- Error codes: listed exactly or, for failures of the service, by the family before the dot
_ERRORS: Final[dict[str, Callable[[str], ProviderError]]] = {
    "InvalidParameterValue.IncorrectPhoneNumber": NumberIllegal,
    "FailedOperation.PhoneNumberParseFail": NumberIllegal,
    "UnsupportedOperation.UnsupportedRegion": NumberIllegal,
    "FailedOperation.PhoneNumberInBlacklist": NumberBlocked,
    "FailedOperation.ContainSensitiveWord": ParamsRejected,
    "InvalidParameter.DirtyWordFound": ParamsRejected,
    "InvalidParameterValue.ContentLengthLimit": ParamsRejected,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": ParamsRejected,
    "InvalidParameterValue.TemplateParameterFormatError": ParamsRejected,
    "InvalidParameterValue.TemplateParameterLengthLimit": ParamsRejected,
}
_LIMITED: Final = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
    "LimitExceeded.PhoneNumberOneHourLimit": 3600.0,
    "LimitExceeded.PhoneNumberDailyLimit": 24 * 3600.0,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": 24 * 3600.0,
    "LimitExceeded.DeliveryFrequencyLimit": 60.0,
    "LimitExceeded.GlobalSmsSendingRateLimit": 60.0,
    "RequestLimitExceeded": 5.0,
}
"""Seconds to wait before a retry.

Other limits are the account's own for a day, and NotInService like all codes that are nowhere here:
keys, permissions, the balance, the sign or the text.
"""
_UNCERTAIN: Final = ("InternalError", "FailedOperation.OtherError", "ServiceUnavailable")
"""Failures of the service itself. It may have sent the message before."""

# At DEBUG the SDK logs whole requests and replies: numbers and codes.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


def is_tencent_sms_installed() -> bool:
    """Return whether the SDK is installed (the extra `tencent-sms`)."""
    return (
        importlib.util.find_spec("tencentcloud") is not None
        and importlib.util.find_spec("tencentcloud.sms") is not None
    )


class TencentSms:
    """The service; each request is sent once, with a client of its own."""

    name = "tencent"
    lists_reports = True
    receipt = b'{"result": 0, "errmsg": "OK"}'

    def __init__(self, account: Account) -> None:
        self._account = account

    def send(self, message: Message, now: datetime) -> Accepted:
        told = self._ask(
            "SendSms",
            PhoneNumberSet=[message.number],
            TemplateId=message.code,
            SignName=message.sign,
            TemplateParamSet=list(message.params.values()),
            SessionContext=message.id,
        )
        row = (told.get("SendStatusSet") or [{}])[0]
        if row.get("Code") != "Ok":
            raise error_of(str(row.get("Code") or ""))
        if not row.get("SerialNo"):
            raise AnswerLost("tencent: the reply has no SerialNo")
        fee = row.get("Fee")
        return Accepted(str(row["SerialNo"])[:64], fee if isinstance(fee, int) and fee else None)

    def find(self, message_id: str, number: str, since: datetime, now: datetime) -> Accepted | None:
        told = self._ask(
            "PullSmsSendStatusByPhoneNumber",
            PhoneNumber=number,
            BeginTime=int(since.timestamp()) - 60,
            EndTime=int(now.timestamp()),
            Offset=0,
            Limit=PULLED,
        )
        rows = told.get("PullSmsSendStatusSet") or []
        return next(
            (
                Accepted(str(row.get("SerialNo") or "")[:64])
                for row in rows
                if row.get("SessionContext") == message_id
            ),
            None,
        )

    def verify_callback(self, callback: Callback, now: datetime) -> list[Report]:
        found = [_pushed(row, now) for row in self._account.rows_of(callback)]
        return [report for report in found if report.reference]

    def reports(self, now: datetime) -> list[Report]:
        told = self._ask("PullSmsSendStatus", Limit=PULLED)
        return [_pulled(row, now) for row in told.get("PullSmsSendStatusSet") or []]

    def _ask(self, action: str, **what: Any) -> dict[str, Any]:
        """Return the `Response` of the reply. Raises the error for its code."""
        if not is_tencent_sms_installed():
            raise NotInService(f"{PACKAGE} is not installed")
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.sms.v20210111.sms_client import SmsClient

        where = urlsplit(self._account.endpoint)
        http = HttpProfile(protocol=where.scheme, endpoint=where.netloc, reqTimeout=TIMEOUTS)
        profile = ClientProfile(httpProfile=http)
        try:
            credential = Credential(self._account.key_id, self._account.key_secret)
            client = SmsClient(credential, self._account.region, profile)
            asked = {"SmsSdkAppId": self._account.app_id} | what
            with client.request.conn._session as session:
                session.max_redirects = 0  # requests go only to the configured address
                # Its `call_json` takes an error with an unexpected content type for an answer.
                with client._call(action, asked) as reply:
                    return _response(reply)
        except TencentCloudSDKException as error:
            raise _of_the_client(error) from None
        except OSError as error:  # the base of all errors of `requests`, while the reply is read
            raise AnswerLost(f"tencent: the reply was cut off ({type(error).__name__})") from None


def _response(reply: Any) -> dict[str, Any]:
    if reply.status_code != 200:
        if reply.status_code == 429:
            raise FlowLimited("tencent: HTTP 429", retry_after=5.0)
        if reply.status_code < 500:
            raise NotInService(f"tencent: HTTP {reply.status_code}")
        raise AnswerLost(f"tencent: HTTP {reply.status_code}")
    try:
        told = json.loads(reply.raw.read(REPLY_BYTES, decode_content=True))
    except ValueError:
        told = None  # do not raise here: the exception would carry the whole reply
    response = told.get("Response") if isinstance(told, dict) else None
    if not isinstance(response, dict):
        raise AnswerLost("tencent: the reply has no Response")
    if "Error" in response:
        error = response["Error"]
        raise error_of(str(error.get("Code") or "") if isinstance(error, dict) else "")
    return response


def error_of(code: str) -> ProviderError:
    """Return the error for a code."""
    if not code or code.startswith(_UNCERTAIN):
        return AnswerLost(f"tencent: {code[:80] or 'a reply without a code'}")
    if code in _ERRORS:
        return _ERRORS[code](f"tencent: {code}")
    for known, seconds in _LIMITED.items():
        if code == known or code.startswith(f"{known}."):
            return FlowLimited(f"tencent: {code[:80]}", retry_after=seconds)
    return NotInService(f"tencent: {code[:80]}")


def _of_the_client(error: Any) -> ProviderError:
    """Return the error for an exception that the SDK raised before there was a reply.

    Its message may contain an address, so it is left out.
    """
    if error.code != "ClientNetworkError":
        return NotInService(f"tencent: the SDK refuses ({error.code})")
    cause = type(error.__context__).__name__
    if was_never_sent(error):
        return ProviderUnavailable(f"tencent: no connection ({cause})")
    return AnswerLost(f"tencent: no answer ({cause})")


# --- Reports --------------------------------------------------------------------------------------


def _pulled(row: Mapping[str, Any], now: datetime) -> Report:
    at = row.get("UserReceiveTime")
    return _report(
        str(row.get("SessionContext") or ""),
        str(row.get("SerialNo") or ""),
        row.get("ReportStatus"),
        str(row.get("Description") or ""),
        datetime.fromtimestamp(at, UTC) if isinstance(at, int) and at else now,
    )


def _pushed(row: Mapping[str, Any], now: datetime) -> Report:
    try:
        at = datetime.strptime(str(row.get("user_receive_time")), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        moment = now
    else:
        moment = at.replace(tzinfo=ZONE)
    return _report(
        "",
        str(row.get("sid") or ""),
        row.get("report_status"),
        str(row.get("errmsg") or ""),
        moment,
    )


def _report(message_id: str, reference: str, status: object, code: str, at: datetime) -> Report:
    delivered = status == "SUCCESS"
    failure = "" if delivered else failure_of(code)
    return Report(message_id[:64], reference[:64], delivered, failure, at)
