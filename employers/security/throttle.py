"""How often may somebody try before they have to wait?

Counted in Django's cache, where one try is one atomic step, so that a hundred requests at once are
a hundred tries. The embedded default keeps the counters in the memory of each web process: with a
few processes the limits are that many times as wide, which still ends guessing; a deployment with
many shares them by setting a Redis cache.

A window is a quarter of an hour and is never prolonged by trying, so that nobody can lock another
out for longer by failing in their name. A browser that has signed in to an account before has
counters of its own for it (`known_browser`), so that strangers' failures do not reach its owner at
all.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing
from django.core.cache import cache
from django.utils import timezone

from events.core.errors import Refused

WINDOW_SECONDS = 15 * 60
KNOWN_SALT = "employers.known-browser"
KNOWN_COOKIE = "known_browser"
KNOWN_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True)
class Limit:
    """How many tries of one kind a window holds for one subject (an address, a network, a
    browser).
    """

    name: str
    tries: int
    seconds: int = WINDOW_SECONDS


PASSWORDS_OF_ADDRESS = Limit("password-address", 10)
PASSWORDS_FROM_NETWORK = Limit("password-network", 25)
REGISTRATIONS_FROM_NETWORK = Limit("register-network", 20)
CODES_FROM_NETWORK = Limit("code-network", 300)
"""Asked while a code is typed, several times for one code; an office may share an address."""
MAILS_TO_ADDRESS = Limit("mail-address", 4)
RESETS_FROM_NETWORK = Limit("reset-network", 20)
RESETS_TO_ADDRESS = Limit("reset-address", 10, 24 * 3600)
"""Whoever asked for it: each of the mails has a link that serves its owner, so that nobody is
locked out.
"""
INVITATIONS_TO_ADDRESS = Limit("invite-address", 3, 24 * 3600)

Counted = tuple[Limit, str]
"""A limit, and whose tries are counted under it."""


def count_try(counted: Sequence[Counted], now: datetime) -> None:
    """Count one try under each limit.

    Raises Refused `too_many_tries`, with the time of the next in `details["until"]`.

    Counting comes before trying: what succeeds is given back by `give_back_try`.
    """
    over = [limit for limit, subject in counted if _add(limit, subject, now) > limit.tries]
    if over:
        until = max((int(now.timestamp()) // limit.seconds + 1) * limit.seconds for limit in over)
        at = timezone.localtime(datetime.fromtimestamp(until, UTC))
        raise Refused("too_many_tries", details={"until": f"{at:%Y-%m-%d %H:%M}"})


def give_back_try(counted: Sequence[Counted], now: datetime) -> None:
    """Uncount a try that was a good one."""
    for limit, subject in counted:
        _add(limit, subject, now, -1)


def _add(limit: Limit, subject: str, now: datetime, by: int = 1) -> int:
    key = _key(limit, subject, now)
    cache.add(key, 0, timeout=limit.seconds)
    try:
        return cache.incr(key, by)
    except ValueError:  # dropped by the cache between the two lines, for want of room
        return 1


def _key(limit: Limit, subject: str, now: datetime) -> str:
    """The key of this window. It holds no address: caches are read by whoever runs them."""
    digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return f"throttle:{limit.name}:{int(now.timestamp()) // limit.seconds}:{digest}"


def network(remote_address: str, forwarded_for: str = "", *, behind_proxy: bool = False) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, which is one
    household.

    `forwarded_for` is believed only behind our own proxy, and of it only the last entry, which that
    proxy wrote.
    """
    text = (
        forwarded_for.rpartition(",")[2].strip()
        if behind_proxy and forwarded_for
        else remote_address
    )
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a Unix socket
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def passwords(email: str, where: str, known: str = "") -> tuple[Counted, ...]:
    """The counters of one try of a password for `email`; `known` is the value of the cookie of
    `known_browser`.
    """
    email = email.strip().lower()
    if browser := known_for(email, known):
        return ((PASSWORDS_OF_ADDRESS, f"{email} {browser}"),)
    return ((PASSWORDS_OF_ADDRESS, email), (PASSWORDS_FROM_NETWORK, where))


def known_browser(account: str, chance: str, salt: str = KNOWN_SALT) -> str:
    """The value of a cookie that says: in this browser somebody has signed in to `account`.

    `chance` tells browsers apart.
    """
    return signing.dumps([hashlib.sha256(account.encode()).hexdigest(), chance], salt=salt)


def known_for(account: str, cookie: str, salt: str = KNOWN_SALT) -> str:
    """The browser's own name if `cookie` was given to it for `account`, else ""."""
    try:
        digest, chance = signing.loads(cookie, salt=salt, max_age=KNOWN_SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(chance) if digest == hashlib.sha256(account.encode()).hexdigest() else ""
