"""A fresh code in place of a password that an account does not have.

It goes to the account's confirmed address, or else to its verified number, and opens for a few
minutes what others give their password for. The session keeps that it was entered.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from employers.accounts.phones import numbers
from employers.models import User
from employers.security import one_time_codes, sign_ins
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused

KEY: Final = "fresh_code"
FRESH_FOR: Final = timedelta(minutes=10)


def is_fresh(user: User, session: sign_ins.Session, now: datetime) -> bool:
    """Return whether the account's owner has entered a code in this session lately."""
    whose, at = session.get(KEY, ("", ""))
    return whose == str(user.pk) and now - datetime.fromisoformat(at) <= FRESH_FOR


def goes_to_phone(user: User) -> bool:
    """Return whether the code is sent to the account's number, because it has no address.

    A code to the number can have opened the session, so a second one would prove nothing more.
    """
    return bool(user.phone_index) and user.email_verified_at is None


def send_fresh_code(user: User, session: sign_ins.Session, network: str, now: datetime) -> None:
    """Send a code, for this session. Raises Refused: those of `numbers.send_code` and
    `numbers.mail_code`, and `not_allowed` if the account has neither number nor address.
    """
    asker = _asker(session, network)
    if goes_to_phone(user):
        numbers.send_code(Purpose.REAUTHENTICATE, user.phone, user.language, asker, now)
    elif user.email_verified_at is not None:
        numbers.mail_code(Purpose.REAUTHENTICATE, user, asker, now)
    else:
        raise Refused("not_allowed")


def accept_fresh_code(user: User, session: sign_ins.Session, typed: str, now: datetime) -> None:
    """Keep in the session that the code is right. Raises Refused as `check_code` does."""
    subject = user.phone if goes_to_phone(user) else user.email
    holder = _asker(session, "").holder
    one_time_codes.check_code(Purpose.REAUTHENTICATE, subject, typed, now, holder=holder)
    session[KEY] = [str(user.pk), now.isoformat()]


def _asker(session: sign_ins.Session, network: str) -> numbers.Asker:
    return numbers.Asker(f"sign-in {session[sign_ins.KEY]}", network)
