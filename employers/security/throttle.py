"""Limits on attempts, such as sign-ins and requested mails, per subject and time window.

Attempts are counted in the database, so all processes share the counters, a restart keeps them, and
no flood of other subjects displaces them. A network is counted before the subject that it names, so
a refused network adds no counters.

A window lasts a quarter of an hour. Further attempts do not extend it, so failures in another's
name do not lock them out for longer. A browser that has signed in to an account has its own
counters for it (`known_browser`), so strangers' failures do not affect the owner.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from employers.models import AttemptCount
from events.core.errors import Refused
from events.core.sealing import index_hash

log = structlog.get_logger()

WINDOW_SECONDS = 15 * 60
KEPT_FOR = timedelta(hours=1)
"""How long a counter is kept after its window, because the clocks of machines differ."""
DELETED_AT_ONCE = 1000
KNOWN_SALT = "employers.known-browser"
KNOWN_COOKIE = "known_browser"
KNOWN_SECONDS = 90 * 24 * 3600
KNOWN_ACCOUNTS = 5
"""How many accounts one browser is known for, the latest first. People share machines."""


@dataclass(frozen=True)
class Limit:
    """The attempts of one kind allowed per window and subject (an address, a network, a
    browser).
    """

    name: str
    tries: int
    seconds: int = WINDOW_SECONDS
    code: str = "too_many_tries"
    """The reason for a refusal. Any reason but the first names the limit."""


PASSWORDS_OF_ADDRESS = Limit("password-address", 10)
PASSWORDS_FROM_NETWORK = Limit("password-network", 25)
OWN_PASSWORDS = Limit("own-password", 10)
"""Wrong passwords of an account in its own open sessions."""
REGISTRATIONS_FROM_NETWORK = Limit("register-network", 20)
CODES_FROM_NETWORK = Limit("code-network", 300)
"""Several requests per code, while it is typed. An office may share an address."""
TYPED_CODES_OF_BROWSER = Limit("typed-code-browser", 10)
"""Wrong one-time codes, for whatever numbers."""
TYPED_CODES_FROM_NETWORK = Limit("typed-code-network", 200)
"""The same. Many customers of a carrier share an address, and a guess needs a code that was sent to
its own browser, so messages limit guesses anyway.
"""
SMS_OF_HOUR = Limit("sms-neighbourhood-hour", 200, 3600)
SMS_OF_DAY = Limit("sms-neighbourhood-day", 600, 24 * 3600)
"""Codes that are sent, by the /24 of an IPv4 address or the /48 of an IPv6 one. A household may
have a whole /48, each of whose networks has quotas of its own. The budget's share for strangers is
twice as much, so no neighbourhood uses it up.
"""
SMS_FROM_NEIGHBOURHOOD = (SMS_OF_HOUR, SMS_OF_DAY)
MAILS_TO_ADDRESS = Limit("mail-address", 4)
RESETS_FROM_NETWORK = Limit("reset-network", 20)
RESETS_TO_ADDRESS = Limit("reset-address", 10, 24 * 3600)
"""Requests by anyone for one address. Each mail has a working link, so the limit does not lock the
owner out.
"""
INVITATIONS_FROM_NETWORK = Limit("invite-network", 100)
LINKS_FROM_NETWORK = Limit("candidate-link-network", 20)
LINKS_TO_CANDIDATE = Limit("candidate-link", 3, 24 * 3600)
"""New links to a candidate's own page, by anyone who has an ended one."""
SHORT_LINKS_FROM_NETWORK = Limit("short-link-network", 100)
"""Wrong short links. A mobile carrier's customers share addresses."""
COPIES_OF_CANDIDATE = Limit("candidate-copy", 20, 24 * 3600)
"""Copies of a candidate's data, each of which is recorded."""
UNLINKED_ASKED_BY_PLATFORM = Limit("platform-unlinked", 1000, 3600)
"""Candidates for whom a platform asks the gate in the name of recruiters who are not linked."""
UNLINKED_REPORTED = Limit("platform-unlinked-reported", 1, 3600)
"""Of more requests than that, one is reported to the staff."""
PASSWORD_LINKS = (MAILS_TO_ADDRESS, RESETS_TO_ADDRESS)
INVITATIONS_TO_ADDRESS = Limit("invite-address", 3, 24 * 3600)

Counted = tuple[Limit, str]
"""A limit, and the subject whose attempts are counted."""


def count_try(counted: Sequence[Counted], now: datetime) -> None:
    """Count one attempt under each limit, in the given order, up to the first that refuses it.

    Networks come first: a request can name any number of other subjects. Raises Refused with the
    limit's `code`, and the time of the next attempt in `details["until"]`.

    Attempts are counted before they are made. Give back successful ones with `give_back_try`. Not
    for use in a transaction, whose end would uncount the attempt.
    """
    for limit, subject in counted:
        if _is_over(limit, subject, now):
            log.warning("too_many_tries", limit=limit.name, subject=log_pseudonym(subject))
            raise _too_many(limit, now)


def check_left(counted: Sequence[Counted], now: datetime) -> None:
    """Raise Refused as `count_try` does if an attempt would be one too many, without counting
    one.
    """
    for limit, subject in counted:
        if _count(limit, subject, now) >= limit.tries:
            raise _too_many(limit, now)


def count_call(limit: Limit, subject: str, now: datetime, times: int = 1) -> None:
    """Count one call of a platform's system, or `times`, with the caller's transaction if there is
    one: a call that is undone is not counted. Raises Refused `rate_limited`.
    """
    if _is_over(limit, subject, now, times, durable=False):
        wait = limit.seconds - int(now.timestamp()) % limit.seconds
        details = {"retry_after": str(wait)}
        raise Refused("rate_limited", expected=f"≤ {limit.tries}/h", details=details)


def give_back_try(counted: Sequence[Counted], now: datetime) -> None:
    """Uncount a successful attempt."""
    for limit, subject in counted:
        AttemptCount.objects.filter(pk=_key(limit, subject, now), count__gt=0).update(
            count=F("count") - 1
        )


def delete_old_counters(now: datetime) -> int:
    """Delete the counters of past windows, a few at a time, so that no lock lasts. Return their
    number.
    """
    past = AttemptCount.objects.filter(expires_at__lte=now - KEPT_FOR).order_by("expires_at")
    deleted = 0
    while keys := list(past.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        deleted += AttemptCount.objects.filter(pk__in=keys).delete()[0]
    return deleted


def log_pseudonym(text: str) -> str:
    """Return a name for an address or network in logs. Only the index key can predict it, and equal
    texts have the same.
    """
    return index_hash(text.strip().lower(), "log")[:16]


def _is_over(
    limit: Limit, subject: str, now: datetime, times: int = 1, *, durable: bool = True
) -> bool:
    """Count an attempt, or `times`, and return whether it is one too many. If it is known to be
    before it is counted, nothing is written.
    """
    if _count(limit, subject, now) >= limit.tries:
        return True
    key = _key(limit, subject, now)
    row = AttemptCount.objects.filter(pk=key)
    count = row.values_list("count", flat=True)
    with transaction.atomic(durable=durable):
        if not row.update(count=F("count") + times):
            new = AttemptCount(key=key, count=0, expires_at=_window_end(limit, now))
            AttemptCount.objects.bulk_create([new], ignore_conflicts=True)
            row.update(count=F("count") + times)
        return count.get() > limit.tries


def _count(limit: Limit, subject: str, now: datetime) -> int:
    count = AttemptCount.objects.filter(pk=_key(limit, subject, now)).values_list("count")
    return (count.first() or (0,))[0]


def _too_many(limit: Limit, now: datetime) -> Refused:
    at = timezone.localtime(_window_end(limit, now))
    expected = "" if limit.code == "too_many_tries" else f"≤ {limit.tries}"
    until = {"until": f"{at:%Y-%m-%d %H:%M}"}
    return Refused(limit.code, expected=expected, details=until)


def _window(limit: Limit, now: datetime) -> int:
    return int(now.timestamp()) // limit.seconds


def _window_end(limit: Limit, now: datetime) -> datetime:
    return datetime.fromtimestamp((_window(limit, now) + 1) * limit.seconds, UTC)


def _key(limit: Limit, subject: str, now: datetime) -> str:
    """Return the key of this window. It reveals neither address nor network, even to those who can
    read the database.
    """
    return index_hash(f"{limit.name}:{_window(limit, now)}:{subject}", "throttle")


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a request comes from. None over a Unix socket."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def client_network(remote_address: str) -> str:
    """Return where a request comes from: an IPv4 address, or the /64 of an IPv6 address, which is
    one household.
    """
    address = address_of(remote_address)
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def caller_of(request: HttpRequest) -> str:
    """Return the address that a request comes from, or "" if there is none.

    `config.edge` has replaced the address of a proxy of ours by that of its client.
    """
    return str(address_of(request.META.get("REMOTE_ADDR", "")) or "")


def password_counters(email: str, where: str, known: str = "") -> tuple[Counted, ...]:
    """Return the counters of one password attempt for `email`. `known` is the cookie of
    `known_browser`.
    """
    email = email.strip().lower()
    if browser := known_for(email, known):
        return ((PASSWORDS_OF_ADDRESS, f"{email} {browser}"),)
    return ((PASSWORDS_FROM_NETWORK, where), (PASSWORDS_OF_ADDRESS, email))


def known_browser(account: str, chance: str, salt: str = KNOWN_SALT, before: str = "") -> str:
    """Return the cookie that marks a browser as having signed in to `account`, and to the accounts
    in `before`, its cookie until now.

    `chance` tells browsers apart.
    """
    name = _digest(account)
    others = [pair for pair in _known(before, salt) if pair[0] != name]
    return signing.dumps([[name, chance], *others[: KNOWN_ACCOUNTS - 1]], salt=salt)


def known_for(account: str, cookie: str, salt: str = KNOWN_SALT) -> str:
    """Return the browser's name in `cookie` if it was set for `account`, else ""."""
    return str(dict(_known(cookie, salt)).get(_digest(account), ""))


def _known(cookie: str, salt: str) -> list[list[str]]:
    """Return the accounts in `cookie`, each with the browser's name for it."""
    try:
        pairs: list[Any] = signing.loads(cookie, salt=salt, max_age=KNOWN_SECONDS)
    except signing.BadSignature:
        return []
    return [pairs] if isinstance(pairs[0], str) else pairs  # earlier cookies named one account


def _digest(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()
