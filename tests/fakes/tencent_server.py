"""A local fake of Tencent Cloud: BizLicenseOCR, and VerifyBizLicenseEnterprise3 and …4.

It checks what the real service checks (the TC3-HMAC-SHA256 signature, the clock, action, version,
region, the picture's size), answers in its format, and can be told to fail in each of its ways. The
signature is verified as published (cloud.tencent.com/document/api/866/33519), without the SDK.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from documents.specimens.specimen import Specimen

SECRET_ID, SECRET_KEY = "AKIDofatest0000000000", "a-key-of-a-test-000"
REGIONS = ("ap-beijing", "ap-guangzhou", "ap-hongkong", "ap-shanghai")
LARGEST_BASE64 = 7 * 1024 * 1024
MINUTES_OFF = 5


class Fault(Exception):
    """An error in the service's format, inside HTTP 200."""

    def __init__(self, code: str, message: str = "见错误码文档") -> None:
        self.code, self.message = code, message


# --- The signature, as published ------------------------------------------------------------------


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(
    secret_key: str, headers: Mapping[str, str], signed: str, date: str, service: str, body: bytes
) -> str:
    """Return the expected signature of a POST to /.

    `headers` are by lower-case name; `signed` lists their names as in Authorization.
    """
    canonical_headers = "".join(
        f"{name}:{headers[name].strip().lower()}\n" for name in signed.split(";")
    )
    canonical = "\n".join(
        ["POST", "/", "", canonical_headers, signed, hashlib.sha256(body).hexdigest()]
    )
    scope = f"{date}/{service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["TC3-HMAC-SHA256", headers["x-tc-timestamp"], scope, digest])
    key = _hmac(_hmac(_hmac(f"TC3{secret_key}".encode(), date), service), "tc3_request")
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/"
    r" ]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[a-z]+)/tc3_request, ?"
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(
    headers: Mapping[str, str], body: bytes, now: float, service: str = "ocr"
) -> None:
    """Raise the service's Fault unless `headers` sign `body`, at a time within five minutes of
    `now` (Unix seconds).
    """
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    timestamp = headers.get("x-tc-timestamp", "")
    if not timestamp.isdigit():
        raise Fault("MissingParameter", "Timestamp")
    if not found or not {"content-type", "host"} <= set(found["signed"].split(";")):
        raise Fault("AuthFailure.InvalidAuthorization")
    if abs(now - int(timestamp)) > MINUTES_OFF * 60:
        raise Fault("AuthFailure.SignatureExpire")
    if found["id"] != SECRET_ID:
        raise Fault("AuthFailure.SecretIdNotFound")
    if found["service"] != service or found["date"] != datetime.fromtimestamp(
        int(timestamp), UTC
    ).strftime("%Y-%m-%d"):
        raise Fault("AuthFailure.SignatureFailure")
    right = signature(SECRET_KEY, headers, found["signed"], found["date"], found["service"], body)
    if not hmac.compare_digest(right, found["signature"]):
        raise Fault("AuthFailure.SignatureFailure")


# --- The service ----------------------------------------------------------------------------------

THREE = "VerifyBizLicenseEnterprise3"
_NEEDED = {"CreditCode", "EntName"}
_KNOWN = _NEEDED | {"LrName", "VerifyType"}

Answer = dict[str, Any]
Handler = Callable[["_Exchange"], None]


def told_of(specimen: Specimen) -> Answer:
    """Return the service's reading of `specimen`, in its own words and format: every key is
    present, empty ones are "", and dates are in Chinese.
    """
    fields = specimen.fields
    year, month, day = fields["established_on"].split("-")
    return {
        "RegNum": fields["uscc"],
        "Name": fields["name"],
        "Capital": fields["registered_capital"],
        "Person": fields["legal_representative"],
        "Address": fields["address"],
        "Business": fields["business_scope"],
        "Type": fields["type"],
        "Period": fields["term"],
        "ComposingForm": "",
        "SetDate": f"{year}年{month}月{day}日",
        "RecognizeWarnCode": [],
        "RecognizeWarnMsg": [],
        "IsDuplication": 1,
        "RegistrationDate": "",
        "Angle": 0.36,
        "NationalEmblem": True,
        "QRCode": True,
        "Seal": True,
        "Title": "营业执照",
        "SerialNumber": "",
        "RegistrationAuthority": fields["registration_authority"],
        "Electronic": False,
        "BusinessCertificate": None,
        "Important": "",
    }


@dataclass(frozen=True)
class Entry:
    """A company in the register behind the service; `status` is the register's code."""

    uscc: str
    name: str
    legal_representative: str
    status: str = "1"


@dataclass
class TencentServer:
    """The service at `url`.

    `behave` decides how the next requests end; `pictures` are those that were accepted.
    """

    url: str
    answer: Answer = field(default_factory=dict)
    register: list[Entry] = field(default_factory=list)
    asked: list[Answer] = field(default_factory=list)
    """The verification requests, each with its `Action`."""
    behave: Handler | None = None
    clock_off: float = 0.0
    """How many seconds the server's clock is ahead."""
    pictures: list[Image.Image] = field(default_factory=list)
    base64_sizes: list[int] = field(default_factory=list)
    parameters: Answer = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def reply(self, headers: Mapping[str, str], body: bytes) -> Answer:
        check_signature(headers, body, time.time() + self.clock_off)
        action = headers.get("x-tc-action", "")
        if action not in ("BizLicenseOCR", THREE):
            raise Fault("InvalidAction")
        if headers.get("x-tc-version") != "2018-11-19":
            raise Fault("NoSuchVersion")
        if headers.get("x-tc-region") not in REGIONS:
            raise Fault("UnsupportedRegion")
        if headers["content-type"] != "application/json":
            raise Fault("InvalidParameter")
        try:
            self.parameters = json.loads(body)
        except ValueError:
            raise Fault("InvalidParameter") from None
        if action == THREE:
            return self._verify()
        if unknown := set(self.parameters) - {
            "ImageBase64",
            "ImageUrl",
            "EnableCopyWarn",
            "EnablePeriodComplete",
            "EnableBusinessCertificate",
        }:
            raise Fault("UnknownParameter", str(unknown))
        self._look(self.parameters.get("ImageBase64"))
        return self.answer

    def _verify(self) -> Answer:
        if unknown := set(self.parameters) - _KNOWN:
            raise Fault("UnknownParameter", str(unknown))
        if missing := _NEEDED - set(self.parameters):
            raise Fault("MissingParameter", str(missing))
        if not all(isinstance(value, str) and value for value in self.parameters.values()):
            raise Fault("InvalidParameterValue.InvalidParameterValueLimit")
        self.asked.append({"Action": THREE} | self.parameters)
        return self._three(self.parameters)

    def _of(self, asked: Answer) -> Entry | None:
        """Find the company by its code, or else by its name, as the service does."""
        return next((e for e in self.register if e.uscc == asked["CreditCode"]), None) or next(
            (e for e in self.register if e.name == asked["EntName"]), None
        )

    def _three(self, asked: Answer) -> Answer:
        kind = asked.get("VerifyType", "ENT_3META")
        if kind not in ("ENT_2META", "ENT_3META") or (
            kind == "ENT_3META" and "LrName" not in asked
        ):
            raise Fault("InvalidParameterValue.InvalidParameterValueLimit")
        entry = self._of(asked)
        if entry is None:
            return {"StatusCode": 2, "VerifyResult": None, "OperatingStatus": None}
        agrees = (entry.uscc, entry.name) == (asked["CreditCode"], asked["EntName"])
        if kind == "ENT_2META":
            return {"StatusCode": 0, "VerifyResult": int(agrees), "OperatingStatus": entry.status}
        agrees = agrees and entry.legal_representative == asked["LrName"]
        return {
            "StatusCode": 0,
            "VerifyResult": int(agrees),
            "OperatingStatus": "1" if entry.status == "1" else "2",
        }

    def _look(self, encoded: object) -> None:
        if not isinstance(encoded, str) or not encoded:
            raise Fault("FailedOperation.EmptyImageError")
        if len(encoded) > LARGEST_BASE64:
            raise Fault("LimitExceeded.TooLargeFileError")
        try:
            picture = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
            picture.load()
        except (ValueError, OSError):
            raise Fault("FailedOperation.ImageDecodeFailed") from None
        self.pictures.append(picture)
        self.base64_sizes.append(len(encoded))


class _Exchange(BaseHTTPRequestHandler):
    """One request. Its methods are the ways in which it can end."""

    protocol_version = "HTTP/1.1"
    service: TencentServer

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        (self.service.behave or _Exchange.served)(self)

    def served(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.service.reply(headers, self.body)
        except Fault as fault:
            answer = {"Error": {"Code": fault.code, "Message": fault.message}}
        self.write({"Response": answer | {"RequestId": str(uuid.uuid4())}})

    def write(self, told: object, content_type: str = "application/json") -> None:
        self.write_raw(json.dumps(told).encode(), content_type)

    def write_raw(
        self, body: bytes, content_type: str = "application/json", status: int = 200, **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: test output is for tests."""


def failing(
    code: str, message: str = "见错误码文档", content_type: str = "application/json; charset=utf-8"
) -> Handler:
    """End with the service's error `code`."""
    answer = {
        "Response": {"Error": {"Code": code, "Message": message}, "RequestId": str(uuid.uuid4())}
    }
    return lambda exchange: exchange.write(answer, content_type)


def status(number: int, **headers: str) -> Handler:
    """End with an HTTP status and a page, as a gateway does."""
    return lambda exchange: exchange.write_raw(
        b"<html>nginx</html>", "text/html", number, **headers
    )


def saying(body: bytes, content_type: str = "application/json") -> Handler:
    """End with `body`, whatever it is, and HTTP 200."""
    return lambda exchange: exchange.write_raw(body, content_type)


def cut_before_the_reply(exchange: _Exchange) -> None:
    exchange.hang_up()


def cut_in_the_reply(exchange: _Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", "5000")
    exchange.end_headers()
    exchange.wfile.write(b'{"Response": {"Name": "')
    exchange.hang_up()


def no_http(exchange: _Exchange) -> None:
    exchange.wfile.write(b"220 mail.example ESMTP\r\n")
    exchange.hang_up()


def silent(exchange: _Exchange) -> None:
    """Send nothing until the test is over."""
    exchange.service.stopped.wait(60)
    exchange.close_connection = True


def dripping(exchange: _Exchange) -> None:
    """Send a little from time to time, and never finish."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", "100000")
    exchange.end_headers()
    exchange.close_connection = True
    try:
        while not exchange.service.stopped.wait(0.02):
            exchange.wfile.write(b" ")
    except OSError:
        pass


def without_end(exchange: _Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.end_headers()
    exchange.close_connection = True
    try:
        while not exchange.service.stopped.is_set():
            exchange.wfile.write(b" " * 65536)
    except OSError:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that hang up, which some tests do on purpose; show any other error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving() -> Iterator[TencentServer]:
    """Run the service on a free port of this machine until the block ends."""
    service = TencentServer("")
    handler = type("Exchange", (_Exchange,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield service
    finally:
        service.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
