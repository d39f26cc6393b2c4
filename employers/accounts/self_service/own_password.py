"""One's own password: asked for before an account is changed, and changed.

An account without a password gives a fresh code instead (`fresh_code`).
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse

from employers.accounts.self_service import fresh_code
from employers.models import Member, User
from employers.notices import tell_user
from employers.security import sign_ins, throttle
from events.core.errors import Refused
from events.models import record


def check_own_password(user: User, typed: str, session: sign_ins.Session, now: datetime) -> None:
    """Raise Refused as `check_password` does, or, for an account without a password, unless a code
    was entered in this session lately: `fresh_code_needed`.
    """
    if user.has_usable_password():
        check_password(user, typed, now)
    elif not fresh_code.is_fresh(user, session, now):
        raise Refused("fresh_code_needed")


def check_password(user: User, typed: str, now: datetime) -> None:
    """Raise Refused unless `typed` is the account's password: `password_wrong`, `too_many_tries`.

    Attempts are counted by account, so that strangers' failures at the sign-in do not block this,
    and a stolen session gives few guesses.
    """
    counted = [(throttle.OWN_PASSWORDS, str(user.pk))]
    throttle.count_try(counted, now)
    if not user.check_password(typed):
        raise Refused("password_wrong", "current_password")
    throttle.give_back_try(counted, now)


def change_own_password(member: Member, new: str, session: sign_ins.Session, now: datetime) -> User:
    """Set the password. All other sessions end, and the account's owner is told by mail."""
    hashed = make_password(new)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        user.password = hashed
        user.save(update_fields=["password"])
        user.sign_ins.exclude(pk=session[sign_ins.KEY]).delete()
        record("set_password", user, member.as_actor(), now, employer_id=member.employer_id)
        tell_of_change(user, now)
    return user


def tell_of_change(user: User, now: datetime) -> None:
    """Mail the account's owner that its password has changed. An unconfirmed address may be a
    stranger's, who is told nothing.
    """
    if user.email_verified_at is not None:
        path = {"path": reverse("employers:password_reset")}
        tell_user(user, "password_changed", path, now)
