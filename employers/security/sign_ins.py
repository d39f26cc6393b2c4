"""The browsers in which an account is signed in, how long they stay so, and how they are ended.

A session keeps the id of its row (`SignIn`) and is checked against it at each request, so deleting
the row ends the session. Staff at the console have stricter limits (`console_session`).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from employers.models import SignIn, User, sign_in_purpose
from employers.security import devices
from events.core.actor import Actor, Role
from events.core.sealing import Damaged, KeyMissing, seal_text, unseal_text
from events.models import record

KEY: Final = "sign_in"
"""Session key of the row's id."""
NOTED_EVERY: Final = timedelta(minutes=1)
"""Uses are written at most this often."""
KEPT_FOR: Final = timedelta(hours=12)
"""Rows are kept so much longer, so that people who come back read why they sign in again, and
because a sign-in of staff may be longer (`console_session`).
"""

Session = MutableMapping[str, Any]


class Over(StrEnum):
    """Why a sign-in is over."""

    ENDED = "ended"
    IDLE = "idle"
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Limits:
    """How long a sign-in lasts, in all and without a request."""

    longest: timedelta
    idle: timedelta


def begin_sign_in(session: Session, user: User, agent: str, near: str, now: datetime) -> SignIn:
    """Start a sign-in in this session, in place of an earlier one. `near` is the network roughly
    (`sightings.network_neighbourhood`).
    """
    delete_sign_in(session.get(KEY))
    browser, system = devices.named_in(agent)
    pk = uuid4()
    row = SignIn.objects.create(
        pk=pk,
        user=user,
        begun_at=now,
        used_at=now,
        browser=browser,
        system=system,
        near_sealed=seal_text(near, sign_in_purpose(pk)) if near else "",
    )
    session[KEY] = str(pk)
    return row


def check_sign_in(session: Session, user: User, limits: Limits, now: datetime) -> SignIn | Over:
    """Return the sign-in of this session, or why it is over. The caller then ends the session.

    A member of staff is not limited here.
    """
    row = SignIn.objects.filter(pk=session[KEY], user_id=user.pk).first()
    if row is None:
        return Over.ENDED
    if user.is_staff:
        return row
    if now - row.begun_at >= limits.longest:
        return Over.TOO_LONG
    return Over.IDLE if now - row.used_at >= limits.idle else row


def note_use(row: SignIn, now: datetime) -> None:
    """Record that the sign-in was used."""
    if now - row.used_at >= NOTED_EVERY:
        SignIn.objects.filter(pk=row.pk).update(used_at=now)


def delete_sign_in(sign_in_id: Any) -> None:
    """Delete the row of a session that has ended."""
    if sign_in_id:
        SignIn.objects.filter(pk=sign_in_id).delete()


def delete_old_sign_ins(limits: Limits, now: datetime) -> int:
    """Delete the rows of sessions that are over. Return their number."""
    return SignIn.objects.filter(begun_at__lt=now - limits.longest - KEPT_FOR).delete()[0]


# --- What the account's owner sees and does -------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A sign-in as its owner sees it."""

    row: SignIn
    device: str
    near: str
    is_here: bool
    by_phone: bool


def open_sign_ins(user: User, session: Session, limits: Limits, now: datetime) -> list[Shown]:
    """Return the account's sign-ins that are not over: this one first, then the last used."""
    rows = user.sign_ins.filter(begun_at__gt=now - limits.longest)
    if not user.is_staff:
        rows = rows.filter(used_at__gt=now - limits.idle)
    here = session.get(KEY)
    found = [
        Shown(
            row,
            devices.in_words(row.browser, row.system),
            _near(row),
            str(row.pk) == here,
            row.system in devices.PHONES,
        )
        for row in rows.order_by("-used_at", "pk")
    ]
    return sorted(found, key=lambda each: not each.is_here)


def _near(row: SignIn) -> str:
    """Return the network without its last part, or "" if it is unknown."""
    try:
        near = unseal_text(row.near_sealed, sign_in_purpose(row.pk)) if row.near_sealed else ""
    except (Damaged, KeyMissing):
        return ""
    return near.partition("/")[0].removesuffix(".0").removesuffix("::")


def end_sign_in(user: User, sign_in_id: UUID, now: datetime) -> bool:
    """End one of the account's sign-ins. Return whether it was still there."""
    ended, _ = user.sign_ins.filter(pk=sign_in_id).delete()
    if ended:
        record("end_sign_in", user, _owner(user), now)
    return bool(ended)


def end_others(user: User, session: Session, now: datetime) -> int:
    """End all of the account's sign-ins except the one of this session. Return their number."""
    ended, _ = user.sign_ins.exclude(pk=session[KEY]).delete()
    if ended:
        record("end_sign_ins", user, _owner(user), now, data={"ended": ended})
    return ended


def end_all(user: User) -> None:
    """End all sign-ins of an account, within the caller's transaction and as part of its event."""
    user.sign_ins.all().delete()


def _owner(user: User) -> Actor:
    return Actor(Role.OWNER, str(user.pk))
