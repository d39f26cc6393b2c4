"""A new email address for an account.

The new address is used once its reader, signed in to the account, confirms it by a mailed link. The
old address gets a link that stops the change, and for some days reverses it: whoever asked for the
change knew the password. An address that nobody has confirmed may be a stranger's, so it gets no
mail.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction

from employers.accounts.registration import (
    Links,
    hold_address,
    holder_of,
    lock_address,
    read_token,
    send_password_link,
    tell_holder,
)
from employers.models import PHONE_FIELDS, AddressChange, Member, User
from employers.security import second_factor, sign_ins
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.delivery.mail import NOWHERE, queue_mail
from events.models import record

CONFIRM_SALT: Final = "employers.confirm-address"
STOP_SALT: Final = "employers.stop-address"
STOPS_FOR: Final = timedelta(days=7)
"""How long the old address can stop a change after it was requested, and once it was made."""
KEPT_FOR: Final = timedelta(days=30)
"""How long a row is kept. It contains addresses."""


def pending_change(user: User, max_age: int, now: datetime) -> AddressChange | None:
    """Return the change that waits for its confirmation, if there is one."""
    waiting = user.address_changes.filter(confirmed_at=None, ended_at=None)
    return waiting.filter(asked_at__gt=now - timedelta(seconds=max_age)).first()


def ask_for_change(member: Member, email: str, links: Links, now: datetime) -> AddressChange:
    """Mail a link to the new address, and one to stop this to the old address.

    If another account holds the new address, its holder gets a mail instead, and nothing else tells
    so. An earlier request ends. In a platform's test, which sends no mail to real addresses, only
    its own addresses are accepted.

    Raises Refused: `email_unchanged`, `test_email_required`, `email_invalid`.
    """
    email = email.strip().lower()
    if member.employer.test is not email.endswith(NOWHERE):
        raise Refused("test_email_required" if member.employer.test else "email_invalid", "email")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        if email == user.email:
            raise Refused("email_unchanged", "email", seen=email)
        _end(user, now)
        change = AddressChange.objects.create(user=user, old=user.email, new=email, asked_at=now)
        record("ask_address_change", user, member.as_actor(), now, employer_id=member.employer_id)
        if holder := holder_of(email):
            tell_holder(holder, member.employer.name, now)
        else:
            token = signing.dumps([str(change.pk), email], salt=CONFIRM_SALT)
            context = {"old": user.email, "link": links.to("employers:confirm_address", token)}
            queue_mail(email, "address_confirm", user.language, context, now)
        if user.email_verified_at is not None:
            _tell_old(change, "address_changing", links, now)
    return change


def cancel_change(member: Member, now: datetime) -> None:
    """Cancel the change that waits for its confirmation, as the account's owner."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        if _end(user, now):
            record(
                "cancel_address_change",
                user,
                member.as_actor(),
                now,
                employer_id=member.employer_id,
            )


def _end(user: User, now: datetime) -> int:
    return user.address_changes.filter(confirmed_at=None, ended_at=None).update(ended_at=now)


def _tell_old(change: AddressChange, template: str, links: Links, now: datetime) -> None:
    token = signing.dumps([str(change.pk), change.old], salt=STOP_SALT)
    context = {
        "new": change.new,
        "until": (now + STOPS_FOR).isoformat(timespec="minutes"),
        "link": links.to("employers:stop_address", token),
    }
    queue_mail(change.old, template, change.user.language, context, now)


# --- The link to the new address ------------------------------------------------------------------


def read_confirmation(token: str, max_age: int) -> AddressChange:
    """Return the change that a link confirms. Raises Refused: `link_invalid`, `link_expired`."""
    change = _read(token, CONFIRM_SALT, max_age)
    if change.ended_at is not None or not change.user.is_active:
        raise Refused("link_invalid")
    return change


def confirm_change(token: str, user: User, max_age: int, links: Links, now: datetime) -> User:
    """Give the signed-in `user` the new address, which is confirmed by that.

    Confirming again has no effect. Raises Refused: `link_invalid`, `link_expired`,
    `link_of_other_account`, `email_taken`.
    """
    change = read_confirmation(token, max_age)
    if change.user_id != user.pk:
        raise Refused("link_of_other_account")
    with transaction.atomic():
        lock_address(change.new)
        user = User.objects.select_for_update().get(pk=user.pk)
        change = AddressChange.objects.select_for_update().get(pk=change.pk)
        if change.confirmed_at is not None:
            return user
        if change.ended_at is not None or user.email != change.old:
            raise Refused("link_invalid")
        was_confirmed = user.email_verified_at is not None
        _move(user, change.new, now)
        change.confirmed_at, change.user = now, user
        change.save(update_fields=["confirmed_at"])
        member = Member.objects.filter(user=user).first()
        actor = member.as_actor() if member else Actor(Role.OWNER, str(user.pk))
        record(
            "change_address", user, actor, now, employer_id=member.employer_id if member else None
        )
        if was_confirmed:
            _tell_old(change, "address_changed", links, now)
    return user


def _move(user: User, email: str, now: datetime) -> None:
    """Give the account another address, which it holds. Raises Refused `email_taken`."""
    user.email = email
    hold_address(user, now)
    user.save(update_fields=["email"])


# --- The link to the old address ------------------------------------------------------------------


def read_stop(token: str, now: datetime) -> AddressChange:
    """Return the change that a link stops or reverses, or has stopped.

    Raises Refused: `link_invalid`, `link_expired`.
    """
    change = _read(token, STOP_SALT, None)
    if not change.user.is_active:
        raise Refused("link_invalid")
    if change.stopped_at is None and now >= (change.confirmed_at or change.asked_at) + STOPS_FOR:
        raise Refused("link_expired")
    return change


def stop_change(token: str, links: Links, now: datetime) -> AddressChange:
    """Stop the change, or give the account its old address back.

    Somebody else knew the password: it no longer works, and neither does the number, which may be
    theirs. All sessions end, a second factor that was set up since is removed, and the old address
    gets a link to choose another password. Changes that followed are undone with it, and their own
    links do nothing any more. Stopping again has no effect.

    Raises Refused: `link_invalid`, `link_expired`, `email_taken` if another account holds the old
    address by now.
    """
    found = read_stop(token, now)
    with transaction.atomic():
        lock_address(found.old)
        user = User.objects.select_for_update().get(pk=found.user_id)
        change = AddressChange.objects.select_for_update().get(pk=found.pk)
        if change.stopped_at is not None:
            return change
        is_moved = user.email != change.old
        if is_moved:
            _move(user, change.old, now)
        _end(user, now)
        user.address_changes.filter(asked_at__gte=change.asked_at).update(stopped_at=now)
        user.set_unusable_password()
        user.forget_phone()
        user.save(update_fields=["password", *PHONE_FIELDS])
        sign_ins.end_all(user)
        second_factor.forget_newer(user, change.asked_at)
        member = Member.objects.filter(user=user).first()
        record(
            "stop_address_change",
            user,
            Actor(Role.OWNER, str(user.pk)),
            now,
            employer_id=member.employer_id if member else None,
            data={"reversed": is_moved},
        )
        send_password_link(user, links, now)
    return change


def _read(token: str, salt: str, max_age: int | None) -> AddressChange:
    pk, _address = read_token(token, salt, max_age)
    try:
        return AddressChange.objects.select_related("user").get(pk=UUID(pk))
    except (AddressChange.DoesNotExist, ValidationError, ValueError) as error:
        raise Refused("link_invalid") from error


def delete_old_changes(now: datetime) -> int:
    """Delete old rows. Return their number."""
    return AddressChange.objects.filter(asked_at__lt=now - KEPT_FOR).delete()[0]
