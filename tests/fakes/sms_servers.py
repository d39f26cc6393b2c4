"""Local fakes of Alibaba Cloud's Short Message Service and of Tencent Cloud's SMS.

They have the operations that the adapters use. They check what the real services check (signatures,
versions, required parameters), answer in their formats, and can be told to fail. Neither recognises
a repeated request.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes import aliyun_server, tencent_server
from tests.fakes.aliyun_server import SHANGHAI

KEY_ID, KEY_SECRET = aliyun_server.KEY_ID, aliyun_server.KEY_SECRET
SECRET_ID, SECRET_KEY = tencent_server.SECRET_ID, tencent_server.SECRET_KEY
APP_ID, SIGN = "1400000001", "资质"
ALIYUN_CODE, TENCENT_CODE = "SMS_100000001", "1000001"


@dataclass(frozen=True)
class Fault(Exception):
    """A failure of the next request: an error code, or with "" a connection that is cut. `after`
    means that the message has been sent before.
    """

    code: str = ""
    text: str = ""
    status: int = 200
    after: bool = False


@dataclass
class Sent:
    """A message that was sent."""

    reference: str
    out_id: str
    number: str
    params: Any
    at: datetime


@dataclass
class SmsServer:
    """A service. Its clock is `now`."""

    url: str = ""
    now: datetime = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
    sent: list[Sent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    garbage: list[bytes] = field(default_factory=list)
    """Bodies to answer with instead, with status 200."""
    pulled: int = 0
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(900_000_000_000))

    def keep(self, out_id: str, number: str, params: Any) -> Sent:
        sent = Sent(f"{next(self.ids)}^0", out_id, number, params, self.now)
        self.sent.append(sent)
        return sent


class _Exchange(BaseHTTPRequestHandler):
    service: SmsServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.told = {name.lower(): value for name, value in self.headers.items()}
        fault = self.service.faults.pop(0) if self.service.faults else None
        status, answer = 200, {}
        try:
            if fault is None or fault.after:
                answer = self.answer()
            if fault is not None:
                raise fault
        except Fault as raised:
            if not raised.code:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, answer = raised.status, self.failure(raised)
        except (aliyun_server.Fault, tencent_server.Fault) as refused:
            status = getattr(refused, "status", 200)
            answer = self.failure(Fault(refused.code))
        sent = json.dumps(answer).encode()
        if self.service.garbage:
            sent = self.service.garbage.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def answer(self) -> dict[str, Any]:
        raise NotImplementedError

    def failure(self, fault: Fault) -> dict[str, Any]:
        raise NotImplementedError

    def log_message(self, *_: Any) -> None:
        pass


# --- Alibaba Cloud --------------------------------------------------------------------------------


class Aliyun(_Exchange):
    def failure(self, fault: Fault) -> dict[str, Any]:
        text = f"{fault.text or fault.code} 13900000001"
        return {"Code": fault.code, "Message": text, "RequestId": str(uuid.uuid4()).upper()}

    def answer(self) -> dict[str, Any]:
        query = urlsplit(self.path).query
        found = aliyun_server._AUTHORIZATION.fullmatch(self.told.get("authorization", ""))
        if not found or found["id"] != KEY_ID:
            raise aliyun_server.Fault("InvalidAccessKeyId.NotFound", 404)
        right = aliyun_server.signature("POST", query, self.told, found["signed"], self.body)
        digest = hashlib.sha256(self.body).hexdigest()
        if self.told.get("x-acs-content-sha256") != digest or not hmac.compare_digest(
            right, found["signature"]
        ):
            raise aliyun_server.Fault("SignatureDoesNotMatch", 400)
        if self.told.get("x-acs-version") != "2017-05-25":
            raise aliyun_server.Fault("InvalidVersion", 400)
        asked = dict(parse_qsl(query, keep_blank_values=True))
        answers = {"SendSms": self._send, "QuerySendDetails": self._details}
        told = answers[self.told["x-acs-action"]](asked)
        return {"Code": "OK", "Message": "OK", "RequestId": str(uuid.uuid4()).upper()} | told

    def _send(self, asked: dict[str, str]) -> dict[str, Any]:
        if not (asked["PhoneNumbers"].isdigit() and len(asked["PhoneNumbers"]) == 11):
            raise Fault("isv.MOBILE_NUMBER_ILLEGAL")
        if asked["SignName"] != SIGN:
            raise Fault("isv.SMS_SIGNATURE_ILLEGAL")
        if asked["TemplateCode"] != ALIYUN_CODE:
            raise Fault("isv.SMS_TEMPLATE_ILLEGAL")
        params = json.loads(asked["TemplateParam"])
        if any(len(each) > 35 for each in params.values()):
            raise Fault("isv.PARAM_LENGTH_LIMIT")
        if any("http" in each for each in params.values()):
            raise Fault("isv.PARAM_NOT_SUPPORT_URL")
        kept = self.service.keep(asked.get("OutId", ""), asked["PhoneNumbers"], params)
        return {"BizId": kept.reference}

    def _details(self, asked: dict[str, str]) -> dict[str, Any]:
        rows = [
            {
                "PhoneNum": each.number,
                "OutId": each.out_id,
                "SendStatus": 3,
                "ErrCode": "DELIVERED",
                "TemplateCode": ALIYUN_CODE,
                "Content": f"【{SIGN}】…",
                "SendDate": each.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            }
            for each in self.service.sent
            if each.number == asked["PhoneNumber"]
            and each.at.astimezone(SHANGHAI).strftime("%Y%m%d") == asked["SendDate"]
        ]
        size = int(asked["PageSize"])
        if not 1 <= size <= 50:
            raise Fault("isv.INVALID_PARAMETERS")
        return {
            "TotalCount": str(len(rows)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows[:size]},
        }


def aliyun_push(sent: Sent, at: datetime, code: str = "DELIVERED") -> bytes:
    """Return the body of a SmsReport."""
    moment = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    row = {
        "phone_number": sent.number,
        "send_time": moment,
        "report_time": moment,
        "success": code == "DELIVERED",
        "err_code": code,
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": sent.reference,
        "out_id": sent.out_id,
    }
    return json.dumps([row]).encode()


# --- Tencent Cloud --------------------------------------------------------------------------------

STATUS_CODES = ("LimitExceeded.", "FailedOperation.", "InvalidParameterValue.")
"""The families of codes that are told for each number instead of for the request."""


class Tencent(_Exchange):
    def failure(self, fault: Fault) -> dict[str, Any]:
        if fault.code.startswith(STATUS_CODES):
            row = {"SerialNo": "", "Fee": 0, "Code": fault.code, "Message": "+8613900000001"}
            told: dict[str, Any] = {"SendStatusSet": [row]}
        else:
            told = {"Error": {"Code": fault.code, "Message": "+8613900000001"}}
        return {"Response": told | {"RequestId": str(uuid.uuid4())}}

    def answer(self) -> dict[str, Any]:
        tencent_server.check_signature(self.told, self.body, time.time(), "sms")
        if self.told.get("x-tc-version") != "2021-01-11":
            raise tencent_server.Fault("NoSuchVersion")
        asked = json.loads(self.body)
        if asked["SmsSdkAppId"] != APP_ID:
            raise tencent_server.Fault("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        answers = {
            "SendSms": self._send,
            "PullSmsSendStatus": self._pull,
            "PullSmsSendStatusByPhoneNumber": self._of_number,
        }
        told = answers[self.told["x-tc-action"]](asked)
        return {"Response": told | {"RequestId": str(uuid.uuid4())}}

    def _send(self, asked: dict[str, Any]) -> dict[str, Any]:
        (number,) = asked["PhoneNumberSet"]
        if not number.startswith("+861") or len(number) != 14:
            raise Fault("InvalidParameterValue.IncorrectPhoneNumber")
        if asked["SignName"] != SIGN:
            raise Fault("FailedOperation.SignatureIncorrectOrUnapproved")
        if asked["TemplateId"] != TENCENT_CODE:
            raise Fault("FailedOperation.TemplateIncorrectOrUnapproved")
        if any(len(each) > 12 for each in asked["TemplateParamSet"]):
            raise Fault("InvalidParameterValue.TemplateParameterLengthLimit")
        kept = self.service.keep(asked["SessionContext"], number, asked["TemplateParamSet"])
        row = {
            "SerialNo": kept.reference,
            "PhoneNumber": number,
            "Fee": 1,
            "SessionContext": kept.out_id,
            "Code": "Ok",
            "Message": "send success",
            "IsoCode": "CN",
        }
        return {"SendStatusSet": [row]}

    def _row(self, sent: Sent) -> dict[str, Any]:
        return {
            "UserReceiveTime": int(sent.at.timestamp()),
            "CountryCode": "86",
            "SubscriberNumber": sent.number.removeprefix("+86"),
            "PhoneNumber": sent.number,
            "SerialNo": sent.reference,
            "ReportStatus": "SUCCESS",
            "Description": "DELIVRD",
            "SessionContext": sent.out_id,
        }

    def _pull(self, asked: dict[str, Any]) -> dict[str, Any]:
        fresh = self.service.sent[self.service.pulled :][: asked["Limit"]]
        self.service.pulled += len(fresh)
        return {"PullSmsSendStatusSet": [self._row(each) for each in fresh]}

    def _of_number(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [
            self._row(each)
            for each in self.service.sent
            if each.number == asked["PhoneNumber"]
            and asked["BeginTime"] <= each.at.timestamp() <= asked["EndTime"]
        ]
        return {"PullSmsSendStatusSet": rows[asked["Offset"] :][: asked["Limit"]]}


def tencent_push(sent: Sent, at: datetime, code: str = "DELIVRD") -> bytes:
    """Return the body of a callback."""
    row = {
        "user_receive_time": at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "nationcode": "86",
        "mobile": sent.number.removeprefix("+86"),
        "report_status": "SUCCESS" if code == "DELIVRD" else "FAIL",
        "errmsg": code,
        "description": "用户短信送达成功",
        "sid": sent.reference,
    }
    return json.dumps([row]).encode()


@contextmanager
def serving(exchange: type[_Exchange]) -> Iterator[SmsServer]:
    """Run a service on a free port of this machine until the block ends."""
    service = SmsServer()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Exchange", (exchange,), {"service": service})
    )
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
