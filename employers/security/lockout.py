"""Who has to wait after wrong codes, and until when?

Kept in the database, so that no restart and no second process forgets it.

Five wrong answers close the way for a quarter of an hour; five more for twice as long, up to a day.
Only a right answer begins anew. A browser in which somebody has come in by both factors has a count
of its own, so that whoever has learnt the password, and guesses, does not lock its owner out.
Asking is a step of the caller's transaction, in which the account's factor is locked: many answers
at once are counted one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from employers.models import Lockout, LockoutKind, SecondFactor
from employers.security import throttle
from events.core.sealing import blind_index

TRIES: Final = 5
FIRST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(days=1)
BROWSER_COOKIE: Final = "console_browser"
BROWSER_SALT: Final = "employers.console-browser"


def lasts(failures: int) -> timedelta:
    """How long the way is closed after so many failures; nothing where it stays open."""
    if failures == 0 or failures % TRIES:
        return timedelta()
    return min(FIRST * (1 << min(failures // TRIES - 1, 10)), LONGEST)


def browser_cookie(factor: SecondFactor, chance: str) -> str:
    """The value of a cookie that says: in this browser somebody has come in by this factor.

    A new factor knows no browser.
    """
    return throttle.known_browser(f"factor {factor.pk}", chance, BROWSER_SALT)


def subject(factor: SecondFactor, cookie: str = "") -> str:
    """Whose failures are counted: those in the browser that `cookie` was given to, or those in all
    others.
    """
    browser = throttle.known_for(f"factor {factor.pk}", cookie, BROWSER_SALT)
    return blind_index(f"{factor.pk} {browser}", "lockout.code")


def closed_until(whose: str, now: datetime) -> datetime | None:
    """Until when no answer is looked at, or None."""
    return (
        Lockout.objects.filter(kind=LockoutKind.CODE, subject=whose, until__gt=now)
        .values_list("until", flat=True)
        .first()
    )


def fail(whose: str, now: datetime) -> Lockout:
    """Count a wrong answer; `until` of what comes back lies ahead where it closed the way."""
    count, _ = Lockout.objects.get_or_create(
        kind=LockoutKind.CODE, subject=whose, defaults={"failures": 0, "since": now}
    )
    count.failures += 1
    if closed := lasts(count.failures):
        count.until = now + closed
    count.save(update_fields=["failures", "until"])
    return count


def left(count: Lockout) -> int:
    """How many more wrong answers close the way."""
    return TRIES - count.failures % TRIES


def clear(whose: str) -> None:
    """After a right answer the count begins anew."""
    Lockout.objects.filter(kind=LockoutKind.CODE, subject=whose).delete()
