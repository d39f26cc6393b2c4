"""Proving a number by a code that is sent to it, and which account a verified number belongs to.

A number is the verified number of one account. Carriers give unused numbers to other people after
some months, so a number that was not proven for long does not sign in by itself, and whoever proves
it anew may take it. A number that its account uses is taken by nobody, unless that account can be
entered in another way, in which case its owner is told, or has no company that would be lost. Who
lost a number can take it back for some weeks in any case.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from employers.accounts import sightings
from employers.accounts.membership import give_phone
from employers.masking import masked_phone
from employers.models import PHONE_FIELDS, PHONE_PURPOSE, Member, User
from employers.notices import PAYER, tell_user
from employers.security import one_time_codes, second_factor, sign_ins, throttle
from employers.security.one_time_codes import Purpose
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.core.sealing import blind_index
from events.db.dialect import current_dialect
from events.delivery.mail import queue_mail
from events.delivery.sms import queue_sms
from events.models import Event, record
from events.sms.numbers import mainland_mobile
from events.sms.texts import CODE_MINUTES

STALE_AFTER: Final = timedelta(days=90)
"""Carriers keep a number that was given back from everyone for 90 days, and then sell it again."""
TAKEN_BACK_FOR: Final = timedelta(days=30)
"""How long the account that lost a number can take it back from the one that took it."""
_NUMBERS: Final = 20264
"""Number of the advisory locks of numbers."""


@dataclass(frozen=True)
class Asker:
    """Who asks for a code, or enters one.

    `holder` names the browser or account that the code is for, `known` a browser that signed in to
    the account before (`one_time_codes.issue_code`), and `network` where the request came from.
    """

    holder: str
    network: str = ""
    known: str = ""


def read_number(typed: str) -> str:
    """Return a typed number as +86 and 11 digits. Raises Refused `phone_required`,
    `phone_invalid`, `phone_unsupported`.
    """
    if not typed.strip():
        raise Refused("phone_required", "phone")
    try:
        return mainland_mobile(typed)
    except Refused as refused:
        raise Refused(refused.code, "phone") from refused


def send_code(purpose: Purpose, phone: str, language: str, asker: Asker, now: datetime) -> None:
    """Send a code to a number. Until the day's budget is nearly used, the answer is the same
    whether or not the number has an account.

    Not for use in a transaction. Raises Refused: those of `one_time_codes.issue_code` and
    `queue_sms`, and `too_many_tries`.
    """
    is_known = _is_known(purpose, asker)
    around = "" if is_known else sightings.network_neighbourhood(asker.network)
    counted = [(limit, around) for limit in throttle.SMS_FROM_NEIGHBOURHOOD if around]
    throttle.count_try(counted, now)
    try:
        _send(purpose, phone, language, asker, is_known, now)
    except Refused:
        throttle.give_back_try(counted, now)
        raise


def _is_known(purpose: Purpose, asker: Asker) -> bool:
    """Return whether the browser has signed in to the number's account before. `asker.known` does
    not say so for `OWN_PHONE`, whose number may be anybody's.
    """
    return purpose is Purpose.REAUTHENTICATE or (purpose is Purpose.ENTER and bool(asker.known))


def _send(
    purpose: Purpose, phone: str, language: str, asker: Asker, is_known: bool, now: datetime
) -> None:
    with transaction.atomic():
        code = one_time_codes.issue_code(
            purpose,
            phone,
            now,
            holder=asker.holder,
            known=asker.known,
            lasts=timedelta(minutes=CODE_MINUTES),
        )
        params = {"code": code, "minutes": str(CODE_MINUTES)}
        queue_sms(
            phone,
            "verification_code",
            language,
            params,
            now,
            payer=PAYER,
            network="" if is_known else asker.network,
            account=asker.holder,
            is_known=is_known,
            has_account=account_of(phone) is not None,
        )


def check_code(purpose: Purpose, phone: str, typed: str, asker: Asker, now: datetime) -> None:
    """Use up the code that was sent to a number. Raises Refused as `one_time_codes.check_code`
    does.

    Wrong codes count for the browser first, so that one browser does not use up its network's.
    """
    unknown = (
        ()
        if asker.known
        else (
            (throttle.TYPED_CODES_OF_BROWSER, asker.holder),
            (throttle.TYPED_CODES_FROM_NETWORK, asker.network),
        )
    )
    one_time_codes.check_code(
        purpose, phone, typed, now, holder=asker.holder, known=asker.known, also=unknown
    )


def mail_code(purpose: Purpose, user: User, asker: Asker, now: datetime) -> None:
    """Mail a code to the account's address. Raises Refused as `issue_code` does, and
    `too_many_tries`.
    """
    throttle.count_try([(throttle.MAILS_TO_ADDRESS, f"code {user.pk}")], now)
    code = one_time_codes.issue_code(
        purpose, user.email, now, holder=asker.holder, known=asker.known
    )
    context = {"code": code, "minutes": one_time_codes.MINUTES, "purpose": purpose.value}
    queue_mail(user.email, "one_time_code", user.language, context, now)


# --- Whose number it is ---------------------------------------------------------------------------


def account_of(phone: str) -> User | None:
    """Return the account that signs in with this number. Staff never do."""
    user = User.objects.holder_of_phone(phone)
    return user if user and user.is_active and not user.is_staff else None


def is_stale(user: User, now: datetime) -> bool:
    """Return whether the account's number may be somebody else's by now."""
    return user.phone_verified_at is None or now - user.phone_verified_at > STALE_AFTER


def note_proof(user: User, now: datetime) -> None:
    """Record that a code which was sent to the account's number at this time has signed in."""
    User.objects.filter(pk=user.pk).exclude(phone_index="").update(phone_verified_at=now)


def take_number(user: User, phone: str, now: datetime) -> None:
    """Make a number that has just been proven the account's, within the caller's transaction, which
    has locked the account and records the event.

    An account that had it loses it. Raises Refused: `not_allowed` for staff, `phone_taken` if the
    other account has a company, uses the number, and has no other way in.
    """
    if user.is_staff:
        raise Refused("not_allowed")
    current_dialect().advisory_lock(_NUMBERS, phone)
    other = User.objects.holder_of_phone(phone)
    if other is not None and other.pk != user.pk:
        _leave(other, user, phone, now)
    user.phone_sealed = sightings.seal_phone(phone)
    user.phone_index = blind_index(phone, PHONE_PURPOSE)
    user.phone_verified_at, user.phone_vouched_at = now, None
    user.save(update_fields=PHONE_FIELDS)
    sightings.record_sighting(user, now, phone=phone)


def open_account(phone: str, language: str, now: datetime) -> User:
    """Create an account for a number that has just been proven, without address and password, and
    without a company. Raises Refused as `take_number` does.
    """
    with transaction.atomic():
        user = User.objects.create(
            email="", password=make_password(None), language=language, joined_at=now
        )
        take_number(user, phone, now)
        record("open_account", user, Actor(Role.OWNER, str(user.pk)), now)
    return user


def _leave(other: User, taker: User, phone: str, now: datetime) -> None:
    """Take the number from the account that had it, and tell its owner."""
    member = Member.objects.active().filter(user=other, user__is_active=True).first()
    is_only_way = member is not None and other.email_verified_at is None
    if is_only_way and not is_stale(other, now) and not _took_it_from(taker, other, now):
        raise Refused("phone_taken", "phone")
    forget_number(other)
    if other.email_verified_at is None:  # nobody could sign in to it again
        sign_ins.end_all(other)
    employer_id = member.employer_id if member else None
    data = {"taken_by": str(taker.pk)}
    record("lose_phone", other, SYSTEM, now, employer_id=employer_id, data=data)
    if other.email_verified_at is not None and other.is_active:
        context = {"phone": masked_phone(phone)}
        queue_mail(other.email, "phone_lost", other.language, context, now)


def _took_it_from(loser: User, other: User, now: datetime) -> bool:
    """Return whether `other` has lately taken a number from `loser`."""
    lost = Event.objects.about(loser).filter(verb="lose_phone", at__gt=now - TAKEN_BACK_FOR)
    return lost.filter(data__taken_by=str(other.pk)).exists()


def has_left(phone: str, now: datetime) -> bool:
    """Return whether this is the number of somebody whose membership has ended, and not likely
    another person's by now.
    """
    user = User.objects.holder_of_phone(phone)
    if user is None or is_stale(user, now):
        return False
    return Member.objects.filter(user=user, left_at__isnull=False).exists()


def forget_number(user: User) -> None:
    """Remove the account's number and its proof, within the caller's transaction."""
    user.forget_phone()
    user.save(update_fields=PHONE_FIELDS)


# --- One's own number -----------------------------------------------------------------------------


def prove_number(member: Member, phone: str, typed: str, asker: Asker, now: datetime) -> User:
    """Make a number the account's own, with the code that was sent to it.

    The owner is told at the address, or at the number that the account had before: last, because
    messages wait for each other until the commit. Raises Refused:
    those of `check_code` and `take_number`.
    """
    check_code(Purpose.OWN_PHONE, phone, typed, asker, now)
    with transaction.atomic():
        before = User.objects.select_for_update().get(pk=member.user_id)
        is_changed, user = sightings.phone_of(before) != phone, copy(before)
        take_number(user, phone, now)
        record(
            "prove_phone",
            member.employer,
            member.as_actor(),
            now,
            employer_id=member.employer_id,
            data={"member": str(member.pk), "changed": is_changed},
        )
        if is_changed and before.is_proven:
            _tell_changed(before, member, phone, now)
    return user


def _tell_changed(user: User, member: Member, phone: str, now: datetime) -> None:
    context = {
        "company": member.employer.name,
        "phone": masked_phone(phone),
        "by_platform": False,
        "signs_in": True,
    }
    tell_user(user, "phone_changed", context, now)


def remove_number(member: Member, now: datetime) -> None:
    """Remove one's own number. Raises Refused `phone_only_way` if the account could not be entered
    without it.
    """
    user = User.objects.get(pk=member.user_id)
    if user.phone_index and not (user.email_verified_at and user.has_usable_password()):
        raise Refused("phone_only_way", "phone")
    give_phone(member, "", member.as_actor(), now)


def needs_more(user: User, now: datetime) -> bool:
    """Return whether the number alone does not sign in to this account, because it was not proven
    for long and no second factor is asked.
    """
    return is_stale(user, now) and second_factor.second_factor_of(user) is None
