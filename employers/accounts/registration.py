"""Registration: a new account, the verification of its address, and then its company."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from documents import uscc as usccs
from employers.accounts import sightings
from employers.models import PHONE_FIELDS, Employer, Member, User
from employers.security import one_time_codes, second_factor, sign_ins
from employers.security.backends import unconfirmed_accounts
from employers.security.one_time_codes import Purpose, issue_code
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.db.dialect import current_dialect
from events.delivery.mail import queue_mail
from events.doorbell import notify_worker
from events.models import Event, record

VERIFY_SALT = "employers.verify-email"
TOLD_PER_DAY = 5
"""Mails to the holder of an address, whoever names it."""
_ADDRESSES = 20263
"""Number of the advisory locks of addresses."""
_NOT_A_NAME = re.compile(
    r"://|www\.|[【】]|"
    # Mail programs turn these into links. Other dots are allowed in names.
    r"[a-z0-9][.。"
    r"｡](?:com|cn|net|org|top|xyz|vip|cc|info|io|shop|club|site|online|store|app|link|live|fun|icu|tk|ru|hk|tw)(?![a-z0-9])"
)


@dataclass(frozen=True)
class Links:
    """The base of mailed links: the site's address without a trailing slash."""

    site_url: str

    def to(self, view: str, *parts: str) -> str:
        return self.site_url + reverse(view, args=parts)


def check_code(text: str, *, contest: bool = False, test: bool = False) -> str:
    """Return `text` as a normalised code that a new employer may register with.

    Raises Refused: `uscc_invalid`, or `duplicate_same_uscc_active` if an approved employer holds
    the code. With `contest` the latter is allowed: a reviewer decides who owns the code, and the
    holder's owners are notified. A `test` must use codes reserved for tests (`test_code_required`).
    """
    code = usccs.normalise_uscc(text)
    if refused := usccs.uscc_problem(code):
        raise refused
    if usccs.is_of_test(code) is not test:
        raise Refused("test_code_required" if test else "uscc_invalid", "uscc", seen=code)
    if (
        not contest
        and Employer.objects.filter(uscc=code, confirmed_at__isnull=False, test=test).exists()
    ):
        raise Refused("duplicate_same_uscc_active", "uscc", seen=code)
    return code


def check_name(text: str, field: str = "company") -> str:
    """Return `text` if it is a plain name. Our mails carry it to strangers.

    Raises Refused `name_not_plain` for a web address, the brackets that mark a message's sender, or
    invisible characters (control, direction, zero width).
    """
    spelt = unicodedata.normalize("NFKC", text).casefold()
    unseen = any(
        unicodedata.category(character) in ("Cc", "Cf", "Co", "Zl", "Zp") for character in text
    )
    if unseen or _NOT_A_NAME.search(spelt):
        raise Refused("name_not_plain", field)
    return text


def open_account(
    *, email: str, password: str, language: str, links: Links, now: datetime, phone: str = ""
) -> User:
    """Create an account without a company, and mail a code and a link to confirm its address.

    An address that another account holds gets an account too, which can never be confirmed. So
    nobody learns here which addresses have an account; the holder gets a mail instead.

    Submitting the form twice returns the same account: anyone who knows the password of an account
    with this address is signed in. Raises Refused: those of `sightings.check_phone`.
    """
    email, phone = email.strip().lower(), sightings.check_phone(phone)
    earlier = {user.pk for user in unconfirmed_accounts(email)}
    if again := user_with(email, password):
        return again
    hashed, sealed = make_password(password), sightings.seal_phone(phone)
    with transaction.atomic():
        lock_address(email)
        for user in unconfirmed_accounts(email):  # the same form was submitted a moment earlier
            if user.pk not in earlier and user.check_password(password):
                return user
        user = User.objects.create(
            email=email, password=hashed, language=language, joined_at=now, phone_sealed=sealed
        )
        sightings.record_sighting(user, now, phone=phone)
        record("open_account", user, Actor(Role.OWNER, str(user.pk)), now)
        send_verification(user, links, now)
    return user


def register_company(
    user: User, *, company: str, uscc: str, account_class: str, now: datetime, contest: bool = False
) -> tuple[Member, bool]:
    """Make `user` the owner of a new employer. Return the membership, and whether it is new:
    registering again changes nothing.

    The address or the number must be proven, so that nobody registers a company in another's name.
    Raises Refused: `authority_email_unverified`, and those of `check_code` and `check_name`.
    """
    code, company = check_code(uscc, contest=contest), check_name(company.strip())
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not user.is_proven or user.is_staff or not user.is_active:
            raise Refused("authority_email_unverified", "email")
        if member := Member.objects.select_related("employer").filter(user=user).first():
            if member.left_at is not None:
                raise Refused("not_allowed", seen=member.role)
            return member, False
        employer = Employer.objects.create(
            name=company, uscc=code, account_class=account_class, registered_at=now
        )
        member = Member.objects.create(
            user=user, employer=employer, role=Member.MemberRole.OWNER, joined_at=now
        )
        record(
            "register",
            employer,
            member.as_actor(),
            now,
            employer_id=employer.pk,
            data={"contest": contest},
        )
    return member, True


def user_with(email: str, password: str) -> User | None:
    """Return the account with this address and password."""
    user = authenticate(email=email, password=password)
    return user if isinstance(user, User) and not user.is_staff else None


def member_with(email: str, password: str) -> Member | None:
    """Return the member with this address and password."""
    user = user_with(email, password)
    return Member.objects.active().filter(user=user).first() if user else None


def member_again(email: str, password: str) -> Member:
    """Return the member with this address and password. Raises Refused `email_taken`."""
    member = member_with(email, password)
    if member is None:
        raise Refused("email_taken", "email", seen=email)
    return member


# --- Who holds an address -------------------------------------------------------------------------


def lock_address(email: str) -> None:
    """Wait for others who register or confirm this address, until the transaction ends."""
    current_dialect().advisory_lock(_ADDRESSES, email)


def holder_of(email: str) -> User | None:
    """Return the account that keeps others from holding this address. A closed account of a
    recruiter keeps nobody from it.
    """
    holder = User.objects.holder(email)
    return holder if holder and (holder.is_active or holder.is_staff) else None


def other_holder(user: User) -> User | None:
    """Return the account that keeps `user` from holding its address."""
    holder = holder_of(user.email)
    return holder if holder and holder.pk != user.pk else None


def hold_address(user: User, now: datetime) -> None:
    """Record that the owner of the address has confirmed it for this account, within the caller's
    transaction.

    Raises Refused `email_taken` if another account holds it.
    """
    lock_address(user.email)
    if other_holder(user) is not None:
        raise Refused("email_taken", "email", seen=user.email)
    for closed in User.objects.filter(email=user.email, is_staff=False, is_active=False):
        if closed.pk != user.pk and closed.email_verified_at is not None:
            User.objects.filter(pk=closed.pk).update(email_verified_at=None)
            record("lapse_address", closed, SYSTEM, now)
    user.email_verified_at = now
    user.save(update_fields=["email_verified_at"])
    notify_worker("verification.tasks.open_held_uploads_of", user.pk)


def tell_holder(holder: User, company: str, now: datetime) -> None:
    """Tell the holder of an address that somebody named it for an account at `company`, at most
    `TOLD_PER_DAY` times a day.
    """
    lately = Event.objects.about(holder).filter(verb="tell_holder", at__gt=now - timedelta(days=1))
    if lately.count() < TOLD_PER_DAY:
        record("tell_holder", holder, SYSTEM, now)
        queue_mail(holder.email, "address_taken", holder.language, {"company": company}, now)


def send_verification(user: User, links: Links, now: datetime) -> None:
    """Queue the verification mail. When the signed-in user opens its link or enters its code, they
    prove that they read this address.

    If another account holds the address, its holder gets a mail instead, without a code.
    """
    company, code = company_of(user), _new_code(user, now)
    if holder := other_holder(user):
        tell_holder(holder, company, now)
        return
    token = signing.dumps([str(user.pk), user.email], salt=VERIFY_SALT)
    link = links.to("employers:verify_email", token)
    context = {"company": company, "link": link, "code": code}
    queue_mail(user.email, "verify_email", user.language, context, now)


def _new_code(user: User, now: datetime) -> str:
    """Return a new code that confirms the user's address, or "" if none can be sent now: the link
    in the same mail always works.
    """
    try:
        return issue_code(Purpose.CONFIRM_ADDRESS, user.email, now, holder=str(user.pk))
    except Refused:
        return ""


def send_password_link(user: User, links: Links, now: datetime) -> None:
    """Queue a mail with a link to set a password.

    If another account holds the address, its holder gets a mail instead.
    """
    company = "" if user.email_verified_at or user.is_staff else company_of(user)
    if holder := other_holder(user):
        tell_holder(holder, company, now)
        return
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    context = {"company": company, "link": links.to("employers:password_reset_confirm", uid, token)}
    queue_mail(user.email, "password_reset", user.language, context, now)


def company_of(user: User) -> str:
    """Return the name of the user's company, or "" if there is none."""
    member = Member.objects.active().select_related("employer").filter(user=user).first()
    return member.employer.name if member else ""


def read_verification(token: str, max_age: int) -> str:
    """Return the address in a verification link.

    Raises Refused `link_invalid` or `link_expired`.
    """
    user_id, email = read_token(token, VERIFY_SALT, max_age)
    if not User.objects.filter(pk=user_id, email=email, is_active=True).exists():
        raise Refused("link_invalid")
    return email


def verify_email(token: str, user: User, max_age: int, now: datetime) -> User:
    """Confirm the address of the signed-in `user` with the mailed link.

    Confirming again has no effect.

    Someone else may have registered with this address and chosen the password. The owner of the
    address must not verify that account by pressing a button, so the same person must be signed in
    and have the link.

    Raises Refused: `link_invalid`, `link_expired`, `link_of_other_account`, `email_taken`.
    """
    user_id, email = read_token(token, VERIFY_SALT, max_age)
    if str(user.pk) != user_id:
        raise Refused("link_of_other_account")
    if user.email != email or not user.is_active:
        raise Refused("link_invalid")
    return _confirm(user, now)


def confirm_with_code(user: User, typed: str, now: datetime) -> User:
    """Confirm the address of the signed-in `user` with the mailed code.

    Confirming again has no effect. Not for use in a transaction, as `check_code`. Raises Refused:
    those of `one_time_codes.check_code`, and `email_taken`.
    """
    if user.email_verified_at is not None:
        return user
    one_time_codes.check_code(Purpose.CONFIRM_ADDRESS, user.email, typed, now, holder=str(user.pk))
    return _confirm(user, now)


def _confirm(user: User, now: datetime) -> User:
    if user.email_verified_at is None:
        with transaction.atomic():
            lock_address(user.email)
            user = User.objects.select_for_update().get(pk=user.pk)
            if user.email_verified_at is None:
                hold_address(user, now)
                member = Member.objects.filter(user=user).first()
                record(
                    "verify_email",
                    user,
                    Actor(Role.OWNER, str(user.pk)),
                    now,
                    employer_id=member.employer_id if member else None,
                )
    return user


def read_token(token: str, salt: str, max_age: int | None) -> list[str]:
    """Return the payload of a signed link. Raises Refused `link_invalid` or `link_expired`."""
    try:
        values: list[str] = signing.loads(token, salt=salt, max_age=max_age)
    except signing.SignatureExpired as error:
        raise Refused("link_expired") from error
    except signing.BadSignature as error:
        raise Refused("link_invalid") from error
    return values


def taken_back(user: User, now: datetime) -> None:
    """Secure an account whose password the reader of its address resets.

    If the address was unconfirmed, someone else may have registered with it: phone, sightings and
    second factor need not be this person's and go. Otherwise a thief may have proven the number: it
    does not sign in again without a code by mail.
    """
    with transaction.atomic():
        if user.email_verified_at is not None:
            user.phone_verified_at = None
            user.save(update_fields=["phone_verified_at"])
        elif not user.is_staff:
            user.forget_phone()
            user.save(update_fields=PHONE_FIELDS)
            user.sightings.all().delete()
            second_factor.delete_second_factor(user)
            sign_ins.end_all(user)
            record("take_back", user, Actor(Role.OWNER, str(user.pk)), now)
