"""Registration: a new user as owner of a new employer, and the verification of addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import authenticate
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse

from documents import uscc as usccs
from employers.accounts import sightings
from employers.models import Employer, Member, User
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.models import record

VERIFY_SALT = "employers.verify-email"
_NOT_A_NAME = re.compile(
    r"://|www\.|[【】]|"
    # What mail programs make a link of by themselves; a name has other dots.
    r"[a-z0-9][.。"
    r"｡](?:com|cn|net|org|top|xyz|vip|cc|info|io|shop|club|site|online|store|app|link|live|fun|icu|tk|ru|hk|tw)(?![a-z0-9])"
)


@dataclass(frozen=True)
class Links:
    """Where mailed links lead: the site's address, without a trailing slash."""

    site_url: str

    def to(self, view: str, token: str) -> str:
        return self.site_url + reverse(view, args=[token])


def check_code(text: str, *, contest: bool = False, test: bool = False) -> str:
    """`text` as a normalised code that a new employer may register with.

    Raises Refused: `uscc_invalid`, or `duplicate_same_uscc_active` when an approved employer holds
    the code, unless whoever registers does `contest` that: then a reviewer decides whose it is, and
    the holder's owners are told. Those of a `test` have codes of their own (`test_code_required`),
    which nobody else can use.
    """
    code = usccs.normalise(text)
    if refused := usccs.problem(code):
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
    """`text`, if it is nothing but a name: our mails carry it to people who never asked for one.

    Raises Refused `name_not_plain`: a web address, the brackets in which senders of messages stand,
    or characters that do not show (of control, of direction, of no width).
    """
    spelt = unicodedata.normalize("NFKC", text).casefold()
    unseen = any(
        unicodedata.category(character) in ("Cc", "Cf", "Co", "Zl", "Zp") for character in text
    )
    if unseen or _NOT_A_NAME.search(spelt):
        raise Refused("name_not_plain", field)
    return text


def register(
    *,
    email: str,
    password: str,
    company: str,
    uscc: str,
    account_class: str,
    language: str,
    links: Links,
    now: datetime,
    phone: str = "",
    contest: bool = False,
) -> Member:
    """A new user as owner of a new employer; a mail with a link verifies the address.

    The same form sent twice gives the same member: whoever knows the password of an existing
    address is signed in by it. Raises Refused: `email_taken`, and what `check_code`, `check_name`
    and `sightings.check_phone` raise.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        return member_again(email, password)
    code, company, phone = (
        check_code(uscc, contest=contest),
        check_name(company.strip()),
        sightings.check_phone(phone),
    )
    try:
        with transaction.atomic():
            sealed = sightings.seal_phone(phone)
            user = User.objects.create_user(
                email, password, language=language, joined_at=now, phone_sealed=sealed
            )
            sightings.record(user, now, phone=phone)
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
            send_verification(user, links, now)
    except IntegrityError:  # the same form, a moment earlier
        return member_again(email, password)
    return member


def member_again(email: str, password: str) -> Member:
    """The member that already has this address and password. Raises Refused `email_taken`."""
    user = authenticate(email=email, password=password)
    member = Member.objects.active().filter(user=user).first() if isinstance(user, User) else None
    if member is None:
        raise Refused("email_taken", "email", seen=email)
    return member


def send_verification(user: User, links: Links, now: datetime) -> None:
    """Queue the mail whose link, opened by the signed-in user, proves that they read this
    address.
    """
    token = signing.dumps([str(user.pk), user.email], salt=VERIFY_SALT)
    context = {"company": company_of(user), "link": links.to("employers:verify_email", token)}
    queue_mail(user.email, "verify_email", user.language, context, now)


def company_of(user: User) -> str:
    """The name of the company that the user's account acts for; "" if it acts for none."""
    member = Member.objects.active().select_related("employer").filter(user=user).first()
    return member.employer.name if member else ""


def read_verification(token: str, max_age: int) -> str:
    """The address that a verification link is about.

    Raises Refused `link_invalid` or `link_expired`.
    """
    user_id, email = read_token(token, VERIFY_SALT, max_age)
    if not User.objects.filter(pk=user_id, email=email, is_active=True).exists():
        raise Refused("link_invalid")
    return email


def verify_email(token: str, user: User, max_age: int, now: datetime) -> User:
    """The signed-in `user` confirms the address by the mailed link.

    Doing so again is the same as once.

    Whoever reads the mail need not be who chose the password: an account that somebody else
    registered with this address must not be verified by the address's owner pressing a button. So
    both are asked of one person.

    Raises Refused: `link_invalid`, `link_expired`, `link_of_other_account`.
    """
    user_id, email = read_token(token, VERIFY_SALT, max_age)
    if str(user.pk) != user_id:
        raise Refused("link_of_other_account")
    if user.email != email or not user.is_active:
        raise Refused("link_invalid")
    if user.email_verified_at is None:
        with transaction.atomic():
            if User.objects.filter(pk=user.pk, email_verified_at=None).update(
                email_verified_at=now
            ):
                member = Member.objects.filter(user=user).first()
                record(
                    "verify_email",
                    user,
                    Actor(Role.OWNER, str(user.pk)),
                    now,
                    employer_id=member.employer_id if member else None,
                )
        user.refresh_from_db(fields=["email_verified_at"])
    return user


def read_token(token: str, salt: str, max_age: int) -> list[str]:
    """What a signed link carries. Raises Refused `link_invalid` or `link_expired`."""
    try:
        values: list[str] = signing.loads(token, salt=salt, max_age=max_age)
    except signing.SignatureExpired as error:
        raise Refused("link_expired") from error
    except signing.BadSignature as error:
        raise Refused("link_invalid") from error
    return values


def taken_back(user: User, now: datetime) -> None:
    """Called when the reader of an address sets a new password for its account.

    If nobody had confirmed the address, somebody else may have registered with it: the phone they
    gave, and what they were seen with, is not this person's.
    """
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, email_verified_at=None, is_staff=False).update(
            phone_sealed=""
        ):
            user.phone_sealed = ""
            user.sightings.all().delete()
            record("take_back", user, Actor(Role.OWNER, str(user.pk)), now)
