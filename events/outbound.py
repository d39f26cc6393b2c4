"""How is something posted to an address that a stranger chose, without its leading us into our own house?

The name is resolved once, each address that it has must be a public one, and the connection goes to that very address: a
name that answers differently the next time changes nothing. The name itself stays in the Host header, in SNI and in what
the certificate is checked against. No redirect is followed, no proxy of the environment is used, and after `TOTAL_SECONDS`
the line is cut, whatever the other side is doing.
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
from functools import cache
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import parse_url

from events.errors import Refused

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
READ_AT_MOST: Final = 4096
KEPT_CHARACTERS: Final = 500
LONGEST: Final = 500
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
HTTPS_PORT: Final = 443
UNPRIVILEGED: Final = 1024
"""Below it stand mail, shells and the like, which have no business with webhooks; only 443 is one of them that has."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "64:ff9b:1::/48", "5f00::/16")
)
"""Of IANA's special-purpose registries, what not every Python 3.11 knows to be special."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


# --- Pure ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """An address that may be posted to, as far as it can be told without asking for its name."""

    scheme: str
    host: str
    port: int
    path: str
    local: bool = False
    """This machine itself, where somebody tries things out."""


def target_of(url: str, *, local: bool = False) -> Target:
    """`url` taken apart. With `local`, this machine's own names may be reached, by plain http too.

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
    if parts.scheme not in (("https", "http") if ours else ("https",)) or "@" in authority or not host:
        raise Refused("webhook_url_invalid", "url", seen=url[:80])
    port = parts.port if parts.port is not None else HTTPS_PORT if parts.scheme == "https" else 80
    if not ours and port != HTTPS_PORT and port < UNPRIVILEGED:
        raise Refused("webhook_url_invalid", "url", seen=str(port))
    literal = _literal(host)
    if not ours and literal is not None and not is_public(literal):
        raise Refused("webhook_url_not_public", "url", seen=host)
    return Target(parts.scheme or "", host, port, parts.request_uri, ours)


def _literal(host: str) -> IPAddress | None:
    """The address that `host` is, if it is one. Raises Refused where it is one in a spelling that only some programs read."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        if ":" in host or "%" in host or last.isdigit() or last.startswith("0x"):
            raise Refused("webhook_url_invalid", "url", seen=host[:80]) from None
        return None


def is_public(address: IPAddress) -> bool:
    """Whether the address is one of the open internet, and hides none that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None)
        if hidden is not None:
            return is_public(hidden)
        if address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
    if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


# --- On the line -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or a word for why there is none."""

    status: int | None
    error: str
    milliseconds: int
    start: str = ""

    @property
    def received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def addresses_of(target: Target, resolver: Resolver) -> list[str]:
    """Where to connect. Raises Refused `webhook_url_not_public` if a single address is not public; OSError where there is none."""
    addresses = resolver(target.host, target.port)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    for address in addresses:
        ip = ipaddress.ip_address(address)
        if not (ip.is_loopback if target.local else is_public(ip)):
            raise Refused("webhook_url_not_public", "url", seen=address)
    return list(addresses)


class _Line:
    """The socket of one connection, to the addresses that were looked at, and the means to cut it."""

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
            # TLS takes the socket itself away; by its twin the line can be cut at any moment.
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
    """Plain HTTP over a line of ours."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.dial()


class _Secure(HTTPSConnection):
    """HTTPS over a line of ours; the name stays that of the URL."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.dial()


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    local: bool = False,
    resolver: Resolver = resolve,
    context: ssl.SSLContext | None = None,
    seconds: float = TOTAL_SECONDS,
) -> Answer:
    """POST `body` there; whatever goes wrong is an answer, too."""
    started = time.monotonic()
    status, error, start = None, "", ""
    try:
        target = target_of(url, local=local)
        line = _Line(addresses_of(target, resolver), target.port, started + seconds)
        status, start = _exchange(target, line, headers, body, context, started + seconds)
        error = "redirect" if 300 <= status < 400 else ""
    except Refused as refused:
        error = refused.code
    except (OSError, HTTPError, http.client.HTTPException, ValueError) as failed:
        error = "timeout" if time.monotonic() - started >= seconds else _word(failed)
    return Answer(status, error, round((time.monotonic() - started) * 1000), start)


def _exchange(
    target: Target, line: _Line, headers: Mapping[str, str], body: bytes, context: ssl.SSLContext | None, deadline: float
) -> tuple[int, str]:
    connection: _Plain | _Secure
    if target.scheme == "https":
        connection = _Secure(target.host, target.port, timeout=CONNECT_SECONDS, ssl_context=context or _certificates())
    else:
        connection = _Plain(target.host, target.port, timeout=CONNECT_SECONDS)
    connection.line = line
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), line.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
        connection.timeout = max(0.1, deadline - time.monotonic())
        connection.request("POST", target.path, body=body, headers=dict(headers), preload_content=False, decode_content=False)
        response = connection.getresponse()
        if line.was_cut:  # in the middle of its headers
            raise TimeoutError
        return response.status, _start_of(response)
    finally:
        watch.cancel()
        connection.close()
        line.close()


def _start_of(response: BaseHTTPResponse) -> str:
    """The beginning of the body, for people to read. That it broke off is no matter: the status had come."""
    text = b""
    with suppress(OSError, HTTPError, http.client.HTTPException, ValueError):
        text = response.read(READ_AT_MOST, decode_content=False)
    return text.decode("utf-8", "replace").replace("\x00", "")[:KEPT_CHARACTERS]


def _word(failed: Exception) -> str:
    """One stored word for each kind of failure."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (socket.gaierror, "name_not_found"), (ssl.SSLCertVerificationError, "certificate"), (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"), (ConnectionRefusedError, "connection_refused"),
    )  # fmt: skip
    reasons = (failed, failed.__cause__, getattr(failed, "reason", None))
    return next((word for kind, word in kinds if any(isinstance(reason, kind) for reason in reasons)), "connection_broken")
