"""Second factors of staff and of employers' people: codes from an app, and recovery codes on paper.

The secret is stored sealed and shown once, before one of its codes confirms it. Each code is
accepted once: the factor's row is locked during the check, so of ten parallel requests with the
same code, one succeeds. Changes are recorded as events and mailed to the owner; single wrong
answers are not.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from employers.models import LockoutKind, Member, RecoveryCode, SecondFactor, User, factor_purpose
from employers.notices import tell_user
from employers.security import lockout, sign_ins, staff_notices, totp
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import Damaged, KeyMissing, seal_text, unseal_text
from events.models import record

log = structlog.get_logger()

ISSUER: Final = "Zizhi"
RECOVERY_CODES: Final = 10
RECOVERY_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters that are not easily confused: no l, o, 0 or 1."""
RECOVERY_LENGTH: Final = 24
"""120 random bits: a hash of fewer would have to be slow."""


def second_factor_of(user: User) -> SecondFactor | None:
    """Return the account's second factor, if it has one."""
    return SecondFactor.objects.filter(user=user).first()


def recovery_codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


# --- Setting up -----------------------------------------------------------------------------------


def enrol_second_factor(
    user: User, secret: str, typed: str, replaces: SecondFactor | None, now: datetime
) -> tuple[SecondFactor, list[str]]:
    """Make the app with `secret` the account's second factor. Return it and its recovery codes,
    which are not stored.

    Raises Refused: `second_factor_wrong` if the code does not match; `second_factor_exists` if the
    account has a factor other than the one that this `replaces`, so that of two concurrent setups
    the second fails.
    """
    steps = totp.matching_steps(secret, _plain(typed), now)
    if not steps:
        raise Refused("second_factor_wrong", "code")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if second_factor_of(user) != replaces:
            raise Refused("second_factor_exists")
        delete_second_factor(user)
        factor = SecondFactor.objects.create(
            user=user,
            secret_sealed=seal_secret(user, secret),
            last_step=steps[-1],
            confirmed_at=now,
        )
        codes = _new_recovery_codes(user)
        record_own("enrol_second_factor", user, now, {"replaces": replaces is not None})
        tell_owner(user, "set_up", now)
    return factor, codes


def renew_recovery_codes(user: User, now: datetime) -> list[str]:
    """Replace the account's recovery codes, and return the new ones. Raises Refused
    `second_factor_missing`.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if second_factor_of(user) is None:
            raise Refused("second_factor_missing")
        user.recovery_codes.all().delete()
        codes = _new_recovery_codes(user)
        record_own("renew_recovery_codes", user, now)
        tell_owner(user, "codes_renewed", now)
    return codes


def turn_off(user: User, now: datetime) -> None:
    """Remove the account's own second factor."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if delete_second_factor(user):
            record_own("turn_off_second_factor", user, now)
            tell_owner(user, "turned_off", now)


def reset_second_factor(user: User, by: User, now: datetime) -> None:
    """Remove a colleague's second factor, as a superuser. Their sessions end, and the next sign-in
    sets up another. Raises Refused.
    """
    if not (by.is_active and by.is_superuser) or by.pk == user.pk:
        raise Refused("not_allowed")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if delete_second_factor(user):
            record("reset_second_factor", user, by.as_reviewer(), now)
            tell_owner(user, "reset", now)
            staff_notices.notify_of_staff_change(user, "factor_reset", by, now, to_user=False)


def reset_on_server(user: User, now: datetime) -> bool:
    """Remove an account's second factor by a command. Return whether there was one. Sessions of
    employers' people end; those of staff depend on the factor.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        was_there = delete_second_factor(user)
        if was_there:
            record("reset_second_factor", user, SYSTEM, now, data={"on_server": True})
            tell_owner(user, "reset", now)
            if user.is_staff:
                staff_notices.notify_of_staff_change(user, "factor_reset", None, now, to_user=False)
            else:
                sign_ins.end_all(user)
    return was_there


def delete_second_factor(user: User) -> bool:
    """Delete the factor, its recovery codes, the passkeys and the count of failures. Return whether
    there was a factor.
    """
    factor = second_factor_of(user)
    if factor is None:
        return False
    lockout.clear_failures(lockout.lockout_subject(factor))
    factor.delete()
    user.recovery_codes.all().delete()
    user.passkeys.all().delete()
    return True


def forget_newer(user: User, since: datetime) -> None:
    """Remove a factor and passkeys that were set up after `since`, within the caller's transaction
    and event.
    """
    user.passkeys.filter(added_at__gt=since).delete()
    factor = second_factor_of(user)
    if factor is not None and factor.confirmed_at > since:
        delete_second_factor(user)


# --- Answering ------------------------------------------------------------------------------------


def answer_second_factor(
    user: User, typed: str, browser: str, now: datetime
) -> tuple[SecondFactor, str]:
    """Accept a code of the app or a recovery code. Return the factor and which of the two it was.

    `browser` is the cookie of `lockout`.

    Raises Refused: `second_factor_wrong` and `second_factor_used`, which count as failures, and
    `second_factor_locked`, which does not.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            raise Refused("second_factor_wrong", "code")
        whose = lockout.lockout_subject(factor, browser)
        if until := lockout.closed_until(whose, now):
            raise _locked(until)
        by, refused = _judge(factor, _plain(typed), now)
        if refused is None:
            lockout.clear_failures(whose)
        else:
            refused = _failed(user, whose, refused, now)
    if refused:  # raised outside of the transaction, so that the failure stays counted
        log.warning("second_factor_refused", user=str(user.pk), why=refused.code)
        raise refused
    return factor, by


def _judge(factor: SecondFactor, typed: str, now: datetime) -> tuple[str, Refused | None]:
    """Use up the code. Return its kind, and why it is refused or None."""
    if re.fullmatch(rf"\d{{{totp.DIGITS}}}", typed):
        steps = totp.matching_steps(
            unseal_text(factor.secret_sealed, factor_purpose(factor.user_id)), typed, now
        )
        unused = [step for step in steps if step > factor.last_step]
        if not unused:
            return "app", Refused("second_factor_used" if steps else "second_factor_wrong", "code")
        factor.last_step = unused[0]
        factor.save(update_fields=["last_step"])
        return "app", None
    user = factor.user
    if not user.recovery_codes.filter(code_hash=_hash(user, typed), used_at=None).update(
        used_at=now
    ):
        return "recovery_code", Refused("second_factor_wrong", "code")
    left = recovery_codes_left(user)
    record_own("use_recovery_code", user, now, {"left": left})
    tell_owner(user, "recovery_code", now, left=left)
    return "recovery_code", None


def _failed(user: User, whose: lockout.Subject, refused: Refused, now: datetime) -> Refused:
    """Count a wrong answer. If it causes a lockout, record an event and send a mail."""
    count = lockout.count_failure(whose, now)
    if count.until is None or count.until <= now:
        return Refused(
            refused.code, refused.field, details={"left": str(lockout.tries_left(count))}
        )
    minutes = int((count.until - now).total_seconds()) // 60
    record(
        "lock",
        user,
        SYSTEM,
        now,
        data={"kind": LockoutKind.CODE.value, "failures": count.failures, "minutes": minutes},
    )
    context = {
        "failures": count.failures,
        "until": timezone.localtime(count.until).isoformat(timespec="minutes"),
        "path": reverse("employers:password_reset"),
    }
    template = "staff_locked" if user.is_staff else "code_locked"
    tell_user(user, template, context, now)
    return _locked(count.until)


def _locked(until: datetime) -> Refused:
    return Refused("second_factor_locked", "code", details={"until": _clock(until)})


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


# --- Words and seals ------------------------------------------------------------------------------


def pending_secret(user: User, sealed: str) -> str:
    """Return the secret that is being set up, which the session keeps sealed, or a new one."""
    try:
        return unseal_text(sealed, factor_purpose(user.pk)) if sealed else totp.new_secret()
    except (Damaged, KeyMissing):  # started by another account in this browser
        return totp.new_secret()


def seal_secret(user: User, secret: str) -> str:
    """Return `secret` sealed for this account."""
    return seal_text(secret, factor_purpose(user.pk))


def _plain(typed: str) -> str:
    """Return a typed code in half width and lower case, without spaces and dashes."""
    return re.sub(r"[\s\-\u2010-\u2015]+", "", unicodedata.normalize("NFKC", typed)).lower()


def _new_recovery_codes(user: User) -> list[str]:
    """Store the hashes of new recovery codes, and return the codes."""
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, code_hash=_hash(user, code)) for code in codes]
    )
    return codes


def in_groups(code: str) -> str:
    """Return a code or secret in groups of four, for reading and typing."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _hash(user: User, code: str) -> str:
    """Return the stored hash of a recovery code. The code is random, so one round suffices."""
    return hashlib.sha256(f"{user.pk} {code}".encode()).hexdigest()


def record_own(verb: str, user: User, now: datetime, data: dict[str, Any] | None = None) -> None:
    """Record what the factor's owner did."""
    if user.is_staff:
        record(verb, user, user.as_reviewer(), now, data=data)
        return
    member = Member.objects.get(user=user)
    record(verb, user, member.as_actor(), now, employer_id=member.employer_id, data=data)


def tell_owner(user: User, what: str, now: datetime, left: int = 0, by: str = "") -> None:
    """Send a mail to the factor's owner, who can report what they did not do."""
    context = {"what": what, "left": left, "path": reverse("employers:password_reset")}
    if user.is_staff:
        tell_user(user, "staff_second_factor", context, now)
    else:
        tell_user(user, "second_factor", context | {"by": by}, now)
