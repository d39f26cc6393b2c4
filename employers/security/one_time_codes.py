"""One-time codes of six digits, sent to an address or a number, that prove who reads it.

A code is for one purpose and one subject, and, if the caller names one, for one holder: the browser
or the account that asked for it. So a code that was asked for in one place works in no other, and
strangers who ask for codes for somebody's number neither replace nor use up their codes.

A million codes are quickly guessed, so guesses are limited twice: per code, and per subject and day
over all codes, whoever asks for them. Whether an account exists plays no part here: the answers are
the same for every subject.
"""

from __future__ import annotations

import math
import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare

from employers.models import OneTimeCode
from employers.security import throttle
from events.core.errors import Refused
from events.core.sealing import index_hash

DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
"""Of a code by mail. Text messages state their own minutes (`events.sms.texts`)."""
MINUTES: Final = int(LASTS.total_seconds()) // 60
RESEND_AFTER: Final = timedelta(seconds=60)
TRIES: Final = 5
"""Wrong answers to one code."""
GUESSES_A_DAY: Final = throttle.Limit("one-time-code", 20, 24 * 3600, code="code_locked")
"""Wrong answers per subject and day, over all purposes and codes. A guesser succeeds once
in 50,000 days.
"""
KEPT_FOR: Final = timedelta(days=1)
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Purpose(StrEnum):
    """What a code is for. A code for one purpose is wrong for every other."""

    CONFIRM_ADDRESS = "confirm_address"
    """That a person reads an email address that they named."""
    ENTER = "enter"
    """To sign in with a phone number, or to register with it."""
    OWN_PHONE = "own_phone"
    """That a signed-in person has a phone number, which is to be their account's."""
    JOIN = "join"
    """To join a company that has invited a phone number."""
    REAUTHENTICATE = "reauthenticate"
    """Before an account without password is changed."""


def issue_code(
    purpose: Purpose,
    subject: str,
    now: datetime,
    *,
    holder: str = "",
    known: str = "",
    lasts: timedelta = LASTS,
) -> str:
    """Return a new code, which replaces the last one of this purpose, subject and holder.

    The caller sends it, in the same transaction. `subject` is the normalised address or number.
    `holder` names the browser or account that the code is for. `known` names a browser that has
    signed in to the subject's account before, whose guesses are counted apart
    (`throttle.known_for`), so that strangers cannot lock the owner out.

    Raises Refused: `code_wait` within a minute of the last one (`details["seconds"]` is the time
    left), `code_locked` if there were too many wrong answers today.
    """
    throttle.check_left([_guesses(subject, known)], now)
    key, code = _key(purpose, subject, holder), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    new = OneTimeCode(key=key, code_hash="", sent_at=_NEVER, ends_at=_NEVER)
    with transaction.atomic():
        OneTimeCode.objects.bulk_create([new], ignore_conflicts=True)
        row = OneTimeCode.objects.filter(key=key)
        if not row.filter(sent_at__lte=now - RESEND_AFTER).update(
            code_hash=_hash(key, code, now), sent_at=now, ends_at=now + lasts, wrong=0
        ):
            raise Refused("code_wait", "code", details={"seconds": _wait(row.get(), now)})
    return code


def check_code(
    purpose: Purpose,
    subject: str,
    typed: str,
    now: datetime,
    *,
    holder: str = "",
    known: str = "",
    also: Sequence[throttle.Counted] = (),
) -> None:
    """Use up the code if it is right, else raise Refused. `also` are more counters of wrong
    answers.

    Of parallel right answers, one is accepted. A wrong answer is counted before it is refused, so
    this is not for use in a transaction, whose end would uncount it.

    Raises Refused: `code_wrong` (`details["left"]` is the number of tries left), `code_ended` if no
    code is waiting: it was used, is too old or was never sent, `code_used_up` after too many wrong
    answers to it, `code_locked` after too many today, `too_many_tries` after too many of `also`.
    """
    digits = plain_code(typed)
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):  # not a guess
        raise Refused("code_wrong", "code")
    key, guesses = _key(purpose, subject, holder), [*also, _guesses(subject, known)]
    throttle.check_left(guesses, now)
    row = _try_of(key, now)
    throttle.count_try(guesses, now)
    right = constant_time_compare(row.code_hash, _hash(key, digits, row.sent_at))
    if not right:
        left = TRIES - row.wrong
        if left <= 0:
            raise Refused("code_used_up", "code")
        raise Refused("code_wrong", "code", details={"left": str(left)})
    throttle.give_back_try(guesses, now)
    if not OneTimeCode.objects.filter(key=key, code_hash=row.code_hash).update(code_hash=""):
        raise Refused("code_ended", "code")  # another request was first


def plain_code(typed: str) -> str:
    """Return a typed code in half width, without spaces and dashes."""
    return re.sub(r"[\s\-\u2010-\u2015]+", "", unicodedata.normalize("NFKC", typed))


def delete_old_codes(now: datetime) -> int:
    """Delete codes that ended a day ago. Return their number."""
    return OneTimeCode.objects.filter(ends_at__lte=now - KEPT_FOR).delete()[0]


def _try_of(key: str, now: datetime) -> OneTimeCode:
    """Take one of the code's tries, and return the code. Of the last try, no two get it."""
    with transaction.atomic(durable=True):
        waiting = OneTimeCode.objects.filter(key=key, ends_at__gt=now).exclude(code_hash="")
        taken = waiting.filter(wrong__lt=TRIES).update(wrong=F("wrong") + 1)
        row = waiting.first()
    if row is None:
        raise Refused("code_ended", "code")
    if not taken:
        raise Refused("code_used_up", "code")
    return row


def _wait(row: OneTimeCode, now: datetime) -> str:
    """Return the number of seconds after which another code may be sent."""
    return str(math.ceil((row.sent_at + RESEND_AFTER - now).total_seconds()))


def _guesses(subject: str, known: str) -> throttle.Counted:
    return (GUESSES_A_DAY, f"{subject} {known}".strip())


def _key(purpose: Purpose, subject: str, holder: str) -> str:
    """Return the key of a row, which reveals neither the subject nor the holder. Rows are deleted
    after a day, so it may depend on the index key alone.
    """
    return index_hash(f"{purpose}\n{subject}\n{holder}", "one_time_code.key")


def _hash(key: str, code: str, sent_at: datetime) -> str:
    return index_hash(f"{key}\n{sent_at.isoformat()}\n{code}", "one_time_code.code")
