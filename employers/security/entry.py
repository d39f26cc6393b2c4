"""Between the two steps of a sign-in: who gave a correct password, and has yet to give a second
factor. It is kept in the session for a few minutes and ends when the password changes.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from employers.models import User

ENTRY_SECONDS: Final = 5 * 60
Session = MutableMapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A user who gave a correct password but not yet a second factor."""

    user: User
    at: datetime
    goes_to: str
    by_phone: bool
    """Whether it was a code sent to the account's number, in place of a password."""


def remember_entry(
    session: Session, key: str, user: User, goes_to: str, now: datetime, *, by_phone: bool = False
) -> None:
    """Keep under `key` that the user's password was correct."""
    session[key] = {
        "user": str(user.pk),
        "password": user.get_session_auth_hash(),
        "at": now.isoformat(),
        "goes_to": goes_to,
        "by_phone": by_phone,
    }


def entry_in_session(session: Session, key: str, seconds: int, now: datetime) -> Entry | None:
    """Return the user whose password was correct in this browser within this number of seconds and
    has not changed.
    """
    entry = session.get(key)
    if not entry:
        return None
    at = datetime.fromisoformat(entry["at"])
    user = User.objects.filter(pk=entry["user"], is_active=True).first()
    if (
        user is None
        or (now - at).total_seconds() > seconds
        or user.get_session_auth_hash() != entry["password"]
    ):
        return None
    return Entry(user, at, entry["goes_to"], entry.get("by_phone", False))
