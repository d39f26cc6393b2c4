"""A local fake of Alibaba Cloud's Phone Number Protection, version 2017-05-25.

It has the operations that the adapter uses. It checks what the real service checks (the
ACS3-HMAC-SHA256 signature, version, required parameters, formats), answers in its format, and can
be told to fail in each of its ways. The signature is verified as published
(help.aliyun.com/document_detail/602754), without the SDK.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo

KEY_ID, KEY_SECRET = "LTAI5tOfATest", "a-key-of-a-test-000"
POOL, EXTENSION_POOL = "FC100000000000001", "FC100000000000002"
SHANGHAI = ZoneInfo("Asia/Shanghai")
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256"
    r" Credential=(?P<id>[^,]+),\s*SignedHeaders=(?P<signed>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"  # noqa: E501
)


class Fault(Exception):
    """An error in the service's format: `status` 200 with a code of the product, or a status of the
    gateway with a code of its own.
    """

    def __init__(self, code: str, status: int = 200) -> None:
        self.code, self.status = code, status


def signature(method: str, query: str, headers: dict[str, str], signed: str, body: bytes) -> str:
    """Return the expected signature of the request."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    canonical_query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs
    )
    canonical_headers = "".join(f"{name}:{headers[name].strip()}\n" for name in signed.split(";"))
    canonical = "\n".join(
        [method, "/", canonical_query, canonical_headers, signed, hashlib.sha256(body).hexdigest()]
    )
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


@dataclass
class Binding:
    subs_id: str
    phone_a: str
    secret_no: str
    pool: str
    group: str
    expires_at: str
    out_id: str
    extension: str = ""
    restrict: str = ""
    ended: bool = False


@dataclass
class AliyunServer:
    """The service. Its clock is `now`, so that bindings end when the test says so."""

    url: str = ""
    now: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    numbers: list[str] = field(default_factory=lambda: [f"1700000{each:04d}" for each in range(20)])
    groups: dict[str, list[str]] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    """Raised for the next requests, before they are handled."""
    after: list[Fault] = field(default_factory=list)
    """Raised for the next requests, after they are handled: the answer is lost."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    garbage: list[bytes] = field(default_factory=list)
    """Bodies to answer with instead, with status 200."""
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def answer(self, action: str, query: dict[str, str]) -> dict[str, Any]:
        self.asked.append((action, query))
        operation = getattr(self, f"_{re.sub(r'(?<!^)(?=[A-Z])', '_', action).lower()}", None)
        if operation is None:
            raise Fault("InvalidAction.NotFound", 404)
        if query.get("PoolKey") not in (POOL, EXTENSION_POOL):
            raise Fault("isv.PARTNER_NOT_EXIST")
        told: dict[str, Any] = operation(query)
        return told

    # --- Operations -------------------------------------------------------------------------------

    def _create_axg_group(self, query: dict[str, str]) -> dict[str, Any]:
        group = str(next(self.ids))
        self.groups[group] = self._numbers(query)
        return {"GroupId": int(group)}

    def _operate_axg_group(self, query: dict[str, str]) -> dict[str, Any]:
        if (
            query.get("GroupId") not in self.groups
            or query.get("OperateType") != "overwriteNumbers"
        ):
            raise Fault("isv.ILLEGAL_ARGUMENT")
        self.groups[query["GroupId"]] = self._numbers(query)
        return {}

    @staticmethod
    def _numbers(query: dict[str, str]) -> list[str]:
        numbers = query.get("Numbers", "").split(",")
        if (
            not all(re.fullmatch(r"1[3-9]\d{9}", number) for number in numbers)
            or len(numbers) > 200
        ):
            raise Fault("isv.MOBILE_NUMBER_ILLEGAL")
        return numbers

    def _bind_axg(self, query: dict[str, str]) -> dict[str, Any]:
        if query.get("GroupId") not in self.groups or query["PoolKey"] != POOL:
            raise Fault("isv.ILLEGAL_ARGUMENT")
        return self._bind(query, query["GroupId"])

    def _bind_axn_extension(self, query: dict[str, str]) -> dict[str, Any]:
        if query["PoolKey"] != EXTENSION_POOL:
            raise Fault("isv.ILLEGAL_ARGUMENT")
        return self._bind(query, "", extension=str(next(self.ids))[-3:])

    def _bind(self, query: dict[str, str], group: str, extension: str = "") -> dict[str, Any]:
        if not re.fullmatch(r"1[3-9]\d{9}", query.get("PhoneNoA", "")):
            raise Fault("isv.MOBILE_NUMBER_ILLEGAL")
        if self._ends(query) < self.now + timedelta(minutes=1):
            raise Fault("isv.EXPIRE_DATE_ILLEGAL")
        used = {
            each.secret_no
            for each in self.bindings.values()
            if self._is_open(each) and not extension
        }
        free = (
            [number for number in self.numbers if number not in used]
            if not extension
            else ["17100000001"]
        )
        if not free:
            raise Fault("isv.NO_AVAILABLE_NUMBER")
        subs_id = f"10000{next(self.ids)}"
        self.bindings[subs_id] = Binding(
            subs_id,
            query["PhoneNoA"],
            free[0],
            query["PoolKey"],
            group,
            query["Expiration"],
            query.get("OutId", ""),
            extension,
        )
        return {
            "SecretBindDTO": {
                "SubsId": subs_id,
                "SecretNo": free[0],
                "Extension": extension or "1576822942407",
            }
        }

    def _update_subscription(self, query: dict[str, str]) -> dict[str, Any]:
        binding = self._found(query, "PhoneNoX")
        if query.get("OperateType") == "updateExpire":
            if self._ends(query) < self.now + timedelta(minutes=1):
                raise Fault("isv.EXPIRE_DATE_ILLEGAL")
            binding.expires_at = query["Expiration"]
        elif query.get("OperateType") == "updateCallRestrict":
            restrict = query.get("CallRestrict", "")
            binding.restrict = "" if restrict == "CONTROL_CLEAR_DISABLE" else restrict
        else:
            raise Fault("isv.ILLEGAL_ARGUMENT")
        return {}

    def _unbind_subscription(self, query: dict[str, str]) -> dict[str, Any]:
        self._found(query, "SecretNo").ended = True
        return {}

    def _query_subscription_detail(self, query: dict[str, str]) -> dict[str, Any]:
        binding = self.bindings.get(query.get("SubsId", ""))
        if (
            binding is None
            or binding.secret_no != query.get("PhoneNoX")
            or binding.pool != query["PoolKey"]
        ):
            raise Fault("isv.NO_NOT_EXIST")
        detail = {
            "SubsId": binding.subs_id,
            "PhoneNoX": binding.secret_no,
            "PhoneNoA": binding.phone_a,
            "ExpireDate": binding.expires_at,
            "Status": int(self._is_open(binding)),
            "GroupId": int(binding.group or 0),
            "CallRestrict": binding.restrict or None,
            "Extension": binding.extension or None,
            "GmtCreate": "2026-11-24 18:00:00",
            "NeedRecord": False,
        }
        return {
            "SecretBindDetailDTO": {
                name: value for name, value in detail.items() if value is not None
            }
        }

    def _found(self, query: dict[str, str], number: str) -> Binding:
        binding = self.bindings.get(query.get("SubsId", ""))
        if (
            binding is None
            or not self._is_open(binding)
            or query.get(number) != binding.secret_no
            or binding.pool != query["PoolKey"]
        ):
            raise Fault("isv.NO_NOT_EXIST")
        return binding

    def _ends(self, query: dict[str, str]) -> datetime:
        try:
            return datetime.strptime(query.get("Expiration", ""), "%Y-%m-%d %H:%M:%S").replace(
                tzinfo=SHANGHAI
            )
        except ValueError:
            raise Fault("isv.EXPIRE_DATE_ILLEGAL") from None

    def _is_open(self, binding: Binding) -> bool:
        return not binding.ended and self._ends({"Expiration": binding.expires_at}) > self.now

    # --- Calls ------------------------------------------------------------------------------------

    def report(self, subs_id: str, caller: str, at: datetime, **more: Any) -> dict[str, Any]:
        """Return a SecretReport of a call to this binding, as the service pushes it."""
        binding = self.bindings[subs_id]
        begin = at.astimezone(SHANGHAI)
        seconds = more.pop("seconds", 60)
        texts = {
            "call_time": begin,
            "call_out_time": begin + timedelta(seconds=1),
            "ring_time": begin + timedelta(seconds=6),
            "start_time": begin + timedelta(seconds=9),
            "release_time": begin + timedelta(seconds=9 + seconds),
        }
        return (
            {
                "id": next(self.ids),
                "call_id": uuid.uuid4().hex,
                "sub_id": int(subs_id),
                "out_id": binding.out_id,
                "pool_key": binding.pool,
                "partner_key": binding.pool,
                "phone_no": binding.phone_a,
                "secret_no": binding.secret_no,
                "peer_no": caller,
                "call_type": 1,
                "control_type": "CONTINUE",
                "control_msg": "OK",
                "unconnected_cause": 0,
                "release_dir": 1,
                "release_cause": 16,
                "city": "北京",
            }
            | {name: text.strftime("%Y-%m-%d %H:%M:%S") for name, text in texts.items()}
            | more
        )


class _Exchange(BaseHTTPRequestHandler):
    service: AliyunServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = 200
        try:
            action, query = self._signed(body)
            if self.service.faults:
                raise self.service.faults.pop(0)
            told = self.service.answer(action, query)
            if self.service.after:
                raise self.service.after.pop(0)
            answer: dict[str, Any] = {"Code": "OK", "Message": "OK"} | told
        except Fault as fault:
            status, answer = (
                fault.status,
                {"Code": fault.code, "Message": f"{fault.code} 13900000001"},
            )
        sent = json.dumps(answer | {"RequestId": str(uuid.uuid4()).upper()}).encode()
        if self.service.garbage:
            sent = self.service.garbage.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _signed(self, body: bytes) -> tuple[str, dict[str, str]]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        query = urlsplit(self.path).query
        if not found or found["id"] != KEY_ID:
            raise Fault("InvalidAccessKeyId.NotFound", 404)
        if headers.get("x-acs-content-sha256") != hashlib.sha256(body).hexdigest():
            raise Fault("SignatureDoesNotMatch", 400)
        if not hmac.compare_digest(
            signature("POST", query, headers, found["signed"], body), found["signature"]
        ):
            raise Fault("SignatureDoesNotMatch", 400)
        if headers.get("x-acs-version") != "2017-05-25":
            raise Fault("InvalidVersion", 400)
        return headers.get("x-acs-action", ""), dict(parse_qsl(query, keep_blank_values=True))

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[AliyunServer]:
    """Run the service on a free port of this machine until the block ends."""
    service = AliyunServer()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Exchange", (_Exchange,), {"service": service})
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
