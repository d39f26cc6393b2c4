"""A chat's webhook on this machine, with the answers of DingTalk, WeCom, Feishu and Slack.

It checks signatures as the providers document it, and is as silent as they are about refusals: only
Slack's have an HTTP status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.webhook_receiver import Receiver, receiving

Answer = tuple[int, str, dict[str, str]]

ANSWERS: dict[str, dict[str, Answer]] = {
    "dingtalk": {
        "ok": (200, '{"errcode":0,"errmsg":"ok"}', {}),
        "busy": (
            200,
            '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}',
            {},
        ),
        "keyword": (200, '{"errcode":310000,"errmsg":"keywords not in content"}', {}),
        "sign": (200, '{"errcode":310000,"errmsg":"sign not match"}', {}),
        "revoked": (200, '{"errcode":300005,"errmsg":"token is not exist"}', {}),
        "content": (200, '{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}', {}),
        "system": (200, '{"errcode":-1,"errmsg":"系统繁忙"}', {}),
    },
    "wecom": {
        "ok": (200, '{"errcode":0,"errmsg":"ok"}', {}),
        "busy": (200, '{"errcode":45009,"errmsg":"api freq out of limit, hint: [1]"}', {}),
        "revoked": (200, '{"errcode":93000,"errmsg":"invalid webhook url, hint: [2]"}', {}),
        "content": (200, '{"errcode":40058,"errmsg":"text.content exceed max length 2048"}', {}),
        "system": (200, '{"errcode":-1,"errmsg":"system busy"}', {}),
    },
    "feishu": {
        "ok": (200, '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{}}', {}),
        "busy": (200, '{"code":11232,"msg":"frequency limited psm"}', {}),
        "busy-too": (200, '{"code":9499,"msg":"too many request","data":{}}', {}),
        "keyword": (200, '{"code":19024,"msg":"Key Words Not Found"}', {}),
        "sign": (
            200,
            '{"code":19021,"msg":"sign match fail or timestamp is not within one hour from'
            ' current time"}',
            {},
        ),
        "revoked": (
            200,
            '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}',
            {},
        ),
        "content": (200, '{"code":9499,"msg":"Bad Request","data":{}}', {}),
        "system": (500, "", {}),
    },
    "slack": {
        "ok": (200, "ok", {}),
        "busy": (429, "rate_limited", {"Retry-After": "30"}),
        "revoked": (404, "no_service", {}),
        "archived": (410, "channel_is_archived", {}),
        "token": (403, "invalid_token", {}),
        "content": (400, "invalid_payload", {}),
        "system": (500, "rollup_error", {}),
    },
}
ANSWERS["lark"] = ANSWERS["feishu"]
STOPPING = ("keyword", "sign", "revoked", "archived", "token")


@dataclass
class Chat:
    """A provider's server. `says` names the next answer, and `secret` turns signatures on."""

    kind: str
    receiver: Receiver
    says: str = "ok"
    secret: str = ""
    texts: list[str] = field(default_factory=list)
    """The texts in the chat."""

    @property
    def url(self) -> str:
        return self.receiver.url + ("?access_token=t0ken" if self.kind == "dingtalk" else "")

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        got = self.receiver.got[-1]
        message = json.loads(got.body)
        says = self.says
        if says == "ok" and self.secret and not self._is_signed(got.path, message):
            says = "sign"
        if says == "ok":
            self.texts.append(self._text(message))
        status, text, headers = ANSWERS[self.kind][says]
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    def _text(self, message: dict[str, Any]) -> str:
        if self.kind == "slack":
            return str(message["text"])
        if self.kind in ("feishu", "lark"):
            assert message["msg_type"] == "text"
            return str(message["content"]["text"])
        assert message["msgtype"] == "text"
        return str(message["text"]["content"])

    def _is_signed(self, path: str, message: dict[str, Any]) -> bool:
        if self.kind == "dingtalk":
            query = parse_qs(urlsplit(path).query)
            at, sign = query.get("timestamp", [""])[0], query.get("sign", [""])[0]
            key, content = self.secret, f"{at}\n{self.secret}"
            is_form = len(at) == 13  # milliseconds
        else:
            at, sign = message.get("timestamp", ""), message.get("sign", "")
            key, content = f"{at}\n{self.secret}", ""
            is_form = len(at) == 10  # seconds
        wanted = hmac.new(key.encode(), content.encode(), hashlib.sha256).digest()
        return is_form and sign == base64.b64encode(wanted).decode()


@contextmanager
def chatting(kind: str) -> Iterator[Chat]:
    """Run a provider's server until the block ends."""
    with receiving() as receiver:
        chat = Chat(kind, receiver)
        receiver.answers = lambda number: chat.answer
        yield chat
