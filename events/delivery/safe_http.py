"""HTTP POST to addresses that strangers chose, without access to internal networks (SSRF).

The name is resolved once, all of its addresses must be public, and the connection goes to one of
these addresses. A later DNS answer therefore changes nothing. The Host header, SNI and the
certificate check still use the name. Redirects and proxies from the environment are ignored. After
`TOTAL_SECONDS` the connection is cut, whatever its state.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import parse_url

from events.core.errors import Refused

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
READ_AT_MOST: Final = 4096
KEPT_CHARACTERS: Final = 500
IDLE_SECONDS: Final = 15.0
"""How long an idle connection is kept. Most servers keep one longer."""
OLDEST_SECONDS: Final = 60.0
"""The maximum age of a connection. After that, the name is resolved and checked again."""
KEPT_AT_MOST: Final = 32
"""Connections per process."""
ASKS_TO_WAIT: Final = (429, 503)
LONGEST: Final = 500
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
HTTPS_PORT: Final = 443
UNPRIVILEGED: Final = 1024
"""Ports below this one belong to mail, shells and similar services, which never receive webhooks.
The only exception is 443.
"""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "64:ff9b:1::/48", "5f00::/16")
)
"""Networks of IANA's special-purpose registries that some releases of Python 3.11 do not know."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


# --- Pure -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A URL that may be posted to, as far as can be told without resolving its name."""

    scheme: str
    host: str
    port: int
    path: str
    local: bool = False
    """True for this machine, used to try things out."""


def target_of(url: str, *, local: bool = False) -> Target:
    """Parse `url`. With `local`, this machine's own names are allowed, over plain HTTP too.

    Raises Refused `webhook_url_invalid` or `webhook_url_not_public`.
    """
    if len(url) > LONGEST or any(ord(c) <= 0x20 or c in '\x7f\\#"<>' for c in url):
        raise Refused("webhook_url_invalid", "url", seen=url[:80])
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise Refused("webhook_url_invalid", "url", seen=url[:80]) from None
    host = (parts.host or "").strip("[]").rstrip(".").lower()
    ours = local and host in LOCAL_HOSTS
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    if (
        parts.scheme not in (("https", "http") if ours else ("https",))
        or "@" in authority
        or not host
    ):
        raise Refused("webhook_url_invalid", "url", seen=url[:80])
    port = parts.port if parts.port is not None else HTTPS_PORT if parts.scheme == "https" else 80
    if not ours and port != HTTPS_PORT and port < UNPRIVILEGED:
        raise Refused("webhook_url_invalid", "url", seen=str(port))
    literal = _literal(host)
    if not ours and literal is not None and not is_public(literal):
        raise Refused("webhook_url_not_public", "url", seen=host)
    return Target(parts.scheme or "", host, port, parts.request_uri, ours)


def _literal(host: str) -> IPAddress | None:
    """Return `host` as an address, or None if it is a name.

    Raises Refused for spellings of an address that only some programs understand.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        if ":" in host or "%" in host or last.isdigit() or last.startswith("0x"):
            raise Refused("webhook_url_invalid", "url", seen=host[:80]) from None
        return None


def is_public(address: IPAddress) -> bool:
    """Return whether the address is on the public internet and does not embed one that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or (
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
        )
        if hidden is not None:
            return is_public(hidden)
        if address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
    if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def seconds_asked(retry_after: str, now: datetime) -> float | None:
    """Return the seconds in a Retry-After header, which RFC 9110 defines as a number or a date.
    None if it is absent or unreadable.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


# --- On the line ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Response:
    """The outcome: a status, or a word for why there is none."""

    status: int | None
    error: str
    milliseconds: int
    start: str = ""
    retry_after: str = ""
    """The Retry-After header, verbatim, if the receiver is busy (`ASKS_TO_WAIT`)."""

    @property
    def received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a name from this machine's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def addresses_of(target: Target, resolver: Resolver) -> list[str]:
    """Return the addresses to connect to.

    Raises Refused `webhook_url_not_public` if any address is not public, and OSError if there is
    none.
    """
    addresses = resolver(target.host, target.port)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    for address in addresses:
        ip = ipaddress.ip_address(address)
        if not (ip.is_loopback if target.local else is_public(ip)):
            raise Refused("webhook_url_not_public", "url", seen=address)
    return list(addresses)


class _Line:
    """The socket of one connection to addresses that have been checked, with a way to cut it."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: float) -> None:
        self._addresses, self._port, self._deadline = addresses, port, deadline
        self._twin: socket.socket | None = None
        self.was_cut = False

    def dial(self) -> socket.socket:
        error: OSError = TimeoutError()
        for address in self._addresses:
            seconds = min(CONNECT_SECONDS, self._deadline - time.monotonic())
            if seconds <= 0:
                break
            try:
                line = socket.create_connection((address, self._port), timeout=seconds)
            except OSError as failed:
                error = failed
                continue
            # TLS takes over the socket object. A duplicate of it can cut the connection at any
            # time.
            self._twin = line.dup()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
        raise error

    def cut(self) -> None:
        self.was_cut = True
        if self._twin is not None:
            with suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._twin is not None:
            self._twin.close()


class _Plain(HTTPConnection):
    """Plain HTTP over a `_Line`."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.dial()


class _Secure(HTTPSConnection):
    """HTTPS over a `_Line`. The name is that of the URL."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.dial()


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Open:
    """One connection to one target, from connect to close. It never reconnects."""

    def __init__(self, target: Target, line: _Line, context: ssl.SSLContext | None) -> None:
        self.key, self.path = (target, context), target.path
        self.since = self.used = time.monotonic()
        self._line = line
        self._connection: _Plain | _Secure
        if target.scheme == "https":
            self._connection = _Secure(
                target.host,
                target.port,
                timeout=CONNECT_SECONDS,
                ssl_context=context or _certificates(),
            )
        else:
            self._connection = _Plain(target.host, target.port, timeout=CONNECT_SECONDS)
        self._connection.line = line
        self._connection.auto_open = 0

    @property
    def is_fit(self) -> bool:
        """Return whether the next message can use it: it is young and recently used, and nothing
        unrequested has arrived, such as its end.
        """
        now = time.monotonic()
        return (
            now - self.used < IDLE_SECONDS
            and now - self.since < OLDEST_SECONDS
            and self._connection.is_connected
        )

    def exchange(
        self, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> tuple[_Told, bool]:
        """Return the answer, and whether another message can follow.

        If none can, the connection is closed at once.
        """
        may_follow = False
        watch = threading.Timer(max(0.0, deadline - time.monotonic()), self._line.cut)
        watch.daemon = True
        watch.start()
        try:
            connection = self._connection
            if connection.sock is None:
                connection.connect()
            connection.timeout = max(0.1, deadline - time.monotonic())
            connection.request(
                "POST",
                self.path,
                body=body,
                headers=dict(headers),
                preload_content=False,
                decode_content=False,
            )
            self._hurry()
            response = connection.getresponse()
            if self._line.was_cut:  # in the middle of the headers
                raise TimeoutError
            start, is_whole = _start_of(response)
            asked = (
                response.headers.get("Retry-After", "") if response.status in ASKS_TO_WAIT else ""
            )
            may_follow = is_whole and connection.sock is not None and not self._line.was_cut
            return _Told(response.status, start, asked[:KEPT_CHARACTERS]), may_follow
        finally:
            watch.cancel()
            self.used = time.monotonic()
            if not may_follow:
                self.close()

    def _hurry(self) -> None:
        """Acknowledge at once. Otherwise the kernel delays acknowledgements on a used connection by
        40 ms, and receivers that write headers and body separately wait for them.
        """
        if hasattr(socket, "TCP_QUICKACK") and self._connection.sock is not None:
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def close(self) -> None:
        self._connection.close()
        self._line.close()


@dataclass(frozen=True)
class _Told:
    """The part of an answer that was read."""

    status: int
    start: str
    retry_after: str


class Lines:
    """The connections that one process keeps between messages: one per address, made by the same
    rules.

    A connection that is taken out is used exclusively, and kept again afterwards.
    """

    def __init__(self) -> None:
        self._kept: dict[object, _Open] = {}
        self._lock = threading.Lock()

    def take(self, target: Target, context: ssl.SSLContext | None) -> _Open | None:
        """Return a usable connection to exactly this target, if there is one."""
        with self._lock:
            for one in [one for one in self._kept.values() if not one.is_fit]:
                self._kept.pop(one.key).close()
            return self._kept.pop((target, context), None)

    def keep(self, one: _Open) -> None:
        with self._lock:
            oldest = next(iter(self._kept), None) if len(self._kept) >= KEPT_AT_MOST else None
            for replaced in (
                self._kept.pop(key, None) for key in (one.key, oldest) if key is not None
            ):
                if replaced is not None:
                    replaced.close()
            self._kept[one.key] = one

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()


_FAILS: Final = (OSError, HTTPError, http.client.HTTPException, ValueError)
"""The errors that a connection can raise."""


def post_safely(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    local: bool = False,
    resolver: Resolver = resolve_host,
    context: ssl.SSLContext | None = None,
    seconds: float = TOTAL_SECONDS,
    lines: Lines | None = None,
) -> Response:
    """POST `body` to the target, over one of `lines` if available. Errors are returned as a
    response too.
    """
    started = time.monotonic()
    status, error, start, retry_after = None, "", "", ""
    try:
        target = target_of(url, local=local)
        told = _told(target, headers, body, resolver, context, started + seconds, lines)
        status, start, retry_after = told.status, told.start, told.retry_after
        error = "redirect" if 300 <= status < 400 else ""
    except Refused as refused:
        error = refused.code
    except _FAILS as failed:
        error = "timeout" if time.monotonic() - started >= seconds else _word(failed)
    return Response(status, error, round((time.monotonic() - started) * 1000), start, retry_after)


def _told(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    resolver: Resolver,
    context: ssl.SSLContext | None,
    deadline: float,
    lines: Lines | None,
) -> _Told:
    """Return the answer over a kept connection. If there is none, or it breaks, connect anew to
    addresses that are checked now.
    """
    if lines is not None and (kept := lines.take(target, context)) is not None:
        with suppress(*_FAILS):
            return _over(kept, headers, body, deadline, lines)
        # The other side had closed it. If it received the message all the same, it recognises the
        # repetition by its id.
    fresh = _Open(target, _Line(addresses_of(target, resolver), target.port, deadline), context)
    return _over(fresh, headers, body, deadline, lines)


def _over(
    one: _Open, headers: Mapping[str, str], body: bytes, deadline: float, lines: Lines | None
) -> _Told:
    told, may_follow = one.exchange(headers, body, deadline)
    if may_follow and lines is not None:
        lines.keep(one)
    elif may_follow:
        one.close()
    return told


def _start_of(response: BaseHTTPResponse) -> tuple[str, bool]:
    """Return the start of the body, for people to read, and whether that is all of it.

    A body that breaks off is not an error, because the status has arrived.
    """
    text, is_whole = b"", False
    with suppress(*_FAILS):
        text = response.read(READ_AT_MOST + 1, decode_content=False)
        is_whole = len(text) <= READ_AT_MOST
    return text.decode("utf-8", "replace").replace("\x00", "")[:KEPT_CHARACTERS], is_whole


def _word(failed: Exception) -> str:
    """Return the word stored for this kind of failure."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (socket.gaierror, "name_not_found"),
        (ssl.SSLCertVerificationError, "certificate"),
        (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"),
        (ConnectionRefusedError, "connection_refused"),
    )
    reasons = (failed, failed.__cause__, getattr(failed, "reason", None))
    return next(
        (word for kind, word in kinds if any(isinstance(reason, kind) for reason in reasons)),
        "connection_broken",
    )
