"""Lockouts after wrong codes, kept in the database for all processes and across restarts.

Five wrong answers lock for a quarter of an hour, and each five more for twice as long, up to a day.
Only a correct answer resets the count. A browser that has signed in with both factors has its own
count, so an attacker who knows the password cannot lock the owner out. Callers count in their own
transaction, in which the account's factor is locked, so parallel answers are counted one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from employers.models import Lockout, LockoutKind, SecondFactor
from employers.security import throttle
from events.core.sealing import blind_indexes

TRIES: Final = 5
FIRST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(days=1)
BROWSER_COOKIE: Final = "console_browser"
BROWSER_SALT: Final = "employers.console-browser"

Subject = Sequence[str]


def lockout_duration(failures: int) -> timedelta:
    """Return how long the lockout lasts after this number of failures. Zero if there is none."""
    if failures == 0 or failures % TRIES:
        return timedelta()
    return min(FIRST * (1 << min(failures // TRIES - 1, 10)), LONGEST)


def browser_cookie(factor: SecondFactor, chance: str) -> str:
    """Return the cookie that marks a browser as signed in with this factor.

    A new factor invalidates it.
    """
    return throttle.known_browser(f"factor {factor.pk}", chance, BROWSER_SALT)


def lockout_subject(factor: SecondFactor, cookie: str = "") -> Subject:
    """Return whose failures are counted: those of the browser that got `cookie`, or of all other
    browsers. In all forms that rows may have, the current one first.
    """
    browser = throttle.known_for(f"factor {factor.pk}", cookie, BROWSER_SALT)
    return blind_indexes(f"{factor.pk} {browser}", "lockout.code")


def closed_until(whose: Subject, now: datetime) -> datetime | None:
    """Return until when answers are refused, or None."""
    return (
        Lockout.objects.filter(kind=LockoutKind.CODE, subject__in=whose, until__gt=now)
        .order_by("-until")
        .values_list("until", flat=True)
        .first()
    )


def count_failure(whose: Subject, now: datetime) -> Lockout:
    """Count a wrong answer. If it caused a lockout, `until` of the result is in the future."""
    there = Lockout.objects.filter(kind=LockoutKind.CODE, subject__in=whose)
    count: Lockout | None = there.order_by("-failures").first()
    if count is None:
        count, _ = Lockout.objects.get_or_create(
            kind=LockoutKind.CODE, subject=whose[0], defaults={"failures": 0, "since": now}
        )
    count.failures += 1
    if closed := lockout_duration(count.failures):
        count.until = now + closed
    count.save(update_fields=["failures", "until"])
    return count


def tries_left(count: Lockout) -> int:
    """Return the number of wrong answers left before a lockout."""
    return TRIES - count.failures % TRIES


def clear_failures(whose: Subject) -> None:
    """Reset the count after a correct answer."""
    Lockout.objects.filter(kind=LockoutKind.CODE, subject__in=whose).delete()
