"""The chats that alerts go to: their addresses, messages, signatures and answers. Pure functions.

DingTalk, WeCom and Feishu answer HTTP 200 to a message that they refuse, and say so in the body.
So a message counts as accepted only if the body says that too. All messages are plain text, which
no text in them can format, and nobody is mentioned.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote_plus

from events.core.errors import Refused
from events.delivery import safe_http
from events.models import ChannelKind

SHOWN: Final = 4
"""Characters of a secret address that the console shows."""
WORDS_AT_MOST: Final = 200


@dataclass(frozen=True)
class Provider:
    """What differs between the chats."""

    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    """Beginnings of the paths of incoming webhooks. Other calls of the same host are refused."""
    pace: float
    """Seconds between two messages, below the provider's rate limit."""
    blocked: float
    """Seconds to wait after the provider said that the limit was exceeded."""
    signs: bool = False
    codes: tuple[str, ...] = ()
    """The names under which the body tells the result, 0 for success. Empty: the body is text."""
    busy: frozenset[int] = frozenset()
    stopped: frozenset[int] = frozenset()
    """Results that only a person can change: a revoked address, a wrong secret, a keyword."""
    refused: frozenset[int] = frozenset()
    """Results about the content of one message. All other results are tried again for a day."""


_LARK: Final = Provider(
    hosts=("open.larksuite.com",),
    paths=("/open-apis/bot/v2/hook/",),
    pace=1.0,
    blocked=60.0,
    signs=True,
    codes=("code", "StatusCode"),
    busy=frozenset({11232, 11233, 11247}),
    stopped=frozenset({19001, 19021, 19022, 19024}),
    refused=frozenset({9499, 11246}),
)
PROVIDERS: Final = {
    ChannelKind.DINGTALK: Provider(
        hosts=("oapi.dingtalk.com",),
        paths=("/robot/send",),
        pace=3.5,
        blocked=600.0,
        signs=True,
        codes=("errcode",),
        busy=frozenset({130101, 410100, 90030}),
        stopped=frozenset({40035, 300001, 300005, 310000, 400013, 400101, 400102, 400106}),
        refused=frozenset({430101, 430102, 430103, 430104, 460101}),
    ),
    ChannelKind.WECOM: Provider(
        hosts=("qyapi.weixin.qq.com",),
        paths=("/cgi-bin/webhook/send",),
        pace=3.5,
        blocked=60.0,
        codes=("errcode",),
        busy=frozenset({45009, 45033}),
        stopped=frozenset({93000, 93004, 93008}),
        refused=frozenset({40058, 45002}),
    ),
    ChannelKind.FEISHU: replace(_LARK, hosts=("open.feishu.cn",)),  # one product, two names
    ChannelKind.LARK: _LARK,
    ChannelKind.SLACK: Provider(
        hosts=("hooks.slack.com", "hooks.slack-gov.com"),
        paths=("/services/",),
        pace=1.2,
        blocked=30.0,
    ),
}
_TOO_MANY: Final = ("too many", "too fast", "freq", "rate limit", "限流", "太快")
"""Words for too many messages. Some codes, such as Feishu's 9499, have two meanings."""


# --- Addresses ------------------------------------------------------------------------------------


def check_address(kind: ChannelKind, url: str, *, local: bool) -> None:
    """Raise Refused if `url` is no incoming webhook of this provider.

    With `local`, an address on this machine is allowed, to try things out.
    """
    provider = PROVIDERS[kind]
    expected = " / ".join(f"https://{host}{provider.paths[0]}…" for host in provider.hosts)
    try:
        target = safe_http.target_of(url, local=local)
    except Refused:
        raise Refused("alert_url_wrong", "address", expected=expected) from None
    ours = target.local or (
        target.host in provider.hosts
        and target.port == safe_http.HTTPS_PORT
        and target.path.startswith(provider.paths)
    )
    if not ours:
        raise Refused("alert_url_wrong", "address", seen=target.host, expected=expected)


def hint_of(kind: ChannelKind, address: str) -> str:
    """Return enough of an address to recognise it. It does not let anyone write to the chat."""
    if kind == ChannelKind.MAIL:
        return address[:100]
    host = safe_http.target_of(address, local=True).host
    return f"{host} …{address[-SHOWN:]}"


# --- Messages -------------------------------------------------------------------------------------


def request_for(
    kind: ChannelKind, url: str, secret: str, text: str, now: datetime
) -> tuple[str, bytes]:
    """Return the address and the body of a message."""
    if kind == ChannelKind.DINGTALK:
        return _dingtalk(url, secret, text, now)
    message = {
        ChannelKind.WECOM: _wecom,
        ChannelKind.FEISHU: _feishu,
        ChannelKind.LARK: _feishu,
        ChannelKind.SLACK: _slack,
    }[kind](secret, text, now)
    return url, _body(message)


def _dingtalk(url: str, secret: str, text: str, now: datetime) -> tuple[str, bytes]:
    if secret:
        at = str(round(now.timestamp() * 1000))
        sign = quote_plus(_hmac(secret, f"{at}\n{secret}"))
        url = f"{url}{'&' if '?' in url else '?'}timestamp={at}&sign={sign}"
    at_nobody = {"isAtAll": False, "atMobiles": [], "atUserIds": []}
    return url, _body({"msgtype": "text", "text": {"content": text}, "at": at_nobody})


def _wecom(secret: str, text: str, now: datetime) -> dict[str, Any]:
    nobody: dict[str, Any] = {"mentioned_list": [], "mentioned_mobile_list": []}
    return {"msgtype": "text", "text": {"content": text, **nobody}}


def _feishu(secret: str, text: str, now: datetime) -> dict[str, Any]:
    # Texts can mention people by a tag, <at user_id="all">.
    text = text.replace("<", "＜").replace(">", "＞")
    message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        at = str(int(now.timestamp()))
        message |= {"timestamp": at, "sign": _hmac(f"{at}\n{secret}", "")}
    return message


def _slack(secret: str, text: str, now: datetime) -> dict[str, Any]:
    # Mentions and links are in <…>: <!channel>, <@U012>.
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def _hmac(key: str, content: str) -> str:
    return base64.b64encode(
        hmac.new(key.encode(), content.encode(), hashlib.sha256).digest()
    ).decode()


def _body(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


# --- Answers --------------------------------------------------------------------------------------


class Result(StrEnum):
    """What an answer means."""

    ACCEPTED = "accepted"
    BUSY = "busy"
    """Too many messages. Wait."""
    DOWN = "down"
    """No usable answer. Try again."""
    STOPPED = "stopped"
    """The channel is refused, until a person changes something."""
    REFUSED = "refused"
    """This message is refused. Others may be accepted."""


@dataclass(frozen=True)
class Verdict:
    """What an answer means, with the provider's own words."""

    result: Result
    words: str = ""
    wait: float = 0.0


def verdict_of(kind: ChannelKind, response: safe_http.Response, now: datetime) -> Verdict:
    """Return what the provider's answer means."""
    provider = PROVIDERS[kind]
    if response.status is None or 300 <= response.status < 400:
        return Verdict(Result.DOWN, response.error)
    words = _words(response)
    if response.status == 429 or (response.status == 503 and response.retry_after):
        asked = safe_http.seconds_asked(response.retry_after, now)
        return Verdict(Result.BUSY, words, provider.blocked if asked is None else asked)
    if response.status >= 500 or response.status == 408:
        return Verdict(Result.DOWN, words)
    if not provider.codes:
        return _of_text(response, words)
    code = _code(provider, response.start)
    if code is None:  # no answer of this provider, but perhaps of a proxy in between
        return Verdict(Result.DOWN if response.received else Result.STOPPED, words)
    return _of_code(provider, code, words)


def _of_text(response: safe_http.Response, words: str) -> Verdict:
    """Slack's answers: "ok", or a status with a word."""
    if response.received:
        accepted = response.start.strip() == "ok"
        return Verdict(Result.ACCEPTED if accepted else Result.DOWN, "" if accepted else words)
    refused = response.status in (400, 413) and "token" not in response.start
    return Verdict(Result.REFUSED if refused else Result.STOPPED, words)


def _of_code(provider: Provider, code: int, words: str) -> Verdict:
    if code == 0:
        return Verdict(Result.ACCEPTED)
    if code in provider.busy or any(each in words.lower() for each in _TOO_MANY):
        return Verdict(Result.BUSY, words, provider.blocked)
    if code in provider.stopped:
        return Verdict(Result.STOPPED, words)
    return Verdict(Result.REFUSED if code in provider.refused else Result.DOWN, words)


def _code(provider: Provider, body: str) -> int | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    codes = [told.get(name) for name in provider.codes] if isinstance(told, dict) else []
    found = [code for code in codes if isinstance(code, int) and not isinstance(code, bool)]
    return next(filter(None, found), found[0] if found else None)


def without_secrets(words: str, url: str, secret: str) -> str:
    """Return an answer without the token and the secret that it may repeat. It is shown and
    logged.
    """
    token = url.replace("=", "/").rpartition("/")[2]
    for each in (url, token, secret):
        if len(each) > SHOWN:
            words = words.replace(each, "…")
    return words


def _words(response: safe_http.Response) -> str:
    """Return the provider's words: the body, on one line."""
    return " ".join(f"HTTP {response.status} {response.start}".split())[:WORDS_AT_MOST]
