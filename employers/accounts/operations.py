"""How does somebody come to act for an employer?

Registration, a verified address, invitations; and API keys.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import authenticate
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from documents import uscc as usccs
from employers.accounts import sightings
from employers.accounts.return_urls import registered
from employers.models import ApiClient, ApiKey, Employer, Member, Scope, User
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.delivery import webhooks
from events.delivery.mail import NOWHERE, queue_mail
from events.models import Event, record

VERIFY_SALT = "employers.verify-email"
INVITE_SALT = "employers.invite"
INVITATIONS_PER_DAY = 20
"""Mails that an employer can make us send to people who have no account."""

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
        return _member_again(email, password)
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
        return _member_again(email, password)
    return member


def _member_again(email: str, password: str) -> Member:
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
    user_id, email = _unsign(token, VERIFY_SALT, max_age)
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
    user_id, email = _unsign(token, VERIFY_SALT, max_age)
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


def _unsign(token: str, salt: str, max_age: int) -> list[str]:
    try:
        values: list[str] = signing.loads(token, salt=salt, max_age=max_age)
    except signing.SignatureExpired as error:
        raise Refused("link_expired") from error
    except signing.BadSignature as error:
        raise Refused("link_invalid") from error
    return values


@dataclass(frozen=True)
class Invitation:
    """Which employer invited which address, and when."""

    employer: Employer
    email: str
    sent_at: datetime


def may_invite(owner: Member) -> Refused | None:
    """Why this member may not invite, or None: an invitation speaks in the company's name, so that
    name is proven first.
    """
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None:
        return Refused("not_allowed", seen=owner.role)
    if owner.user.email_verified_at is None:
        return Refused("authority_email_unverified")
    if owner.employer.confirmed_at is None:
        return Refused("employer_not_approved")
    return None


def invite(owner: Member, email: str, links: Links, now: datetime) -> None:
    """Mail a colleague, or one who was removed, a link by which they join as recruiter.

    Raises Refused: what `may_invite` answers, `email_taken`, `invited_too_often`; in a platform's
    test `test_email_required`, since it writes to nobody.
    """
    if refused := may_invite(owner):
        raise refused
    email = email.strip().lower()
    if owner.employer.test and not email.endswith(NOWHERE):
        raise Refused("test_email_required", "email")
    if (
        User.objects.filter(email=email).exists()
        and _former(owner.employer, email) is None
        and not _unclaimed(email).exists()
    ):
        raise Refused("email_taken", "email", seen=email)
    with transaction.atomic():
        Employer.objects.select_for_update().get(
            pk=owner.employer_id
        )  # counted one after the other
        sent = Event.objects.filter(
            employer_id=owner.employer_id, verb="invite", at__gt=now - timedelta(days=1)
        ).count()
        if sent >= INVITATIONS_PER_DAY:
            raise Refused("invited_too_often", expected=f"≤ {INVITATIONS_PER_DAY}")
        token = signing.dumps([str(owner.employer_id), email, now.isoformat()], salt=INVITE_SALT)
        record("invite", owner.employer, owner.as_actor(), now, employer_id=owner.employer_id)
        context = {"company": owner.employer.name, "link": links.to("employers:join", token)}
        queue_mail(email, "invitation", owner.user.language, context, now)


def _former(employer: Employer, email: str) -> Member | None:
    """The colleague with this address whose membership of this employer has ended."""
    return (
        Member.objects.filter(employer=employer, user__email=email, left_at__isnull=False)
        .select_related("user")
        .first()
    )


def _unclaimed(email: str) -> QuerySet[User]:
    """The account with this address that nobody has shown to be theirs: anybody can register with
    anybody's address.
    """
    return User.objects.filter(
        email=email, email_verified_at=None, is_staff=False, member__isnull=False
    )


def _release(user: User, now: datetime) -> None:
    """Take the address from an account that never confirmed it, for whoever has the mail that went
    there; the account is closed.
    """
    member = Member.objects.get(user=user)
    Member.objects.filter(pk=member.pk, left_at=None).update(
        left_at=now
    )  # first, as the gate locks them
    user.email, user.is_active = f"{user.pk}@released.invalid", False
    user.save(update_fields=["email", "is_active"])
    record(
        "release_address",
        user,
        SYSTEM,
        now,
        employer_id=member.employer_id,
        data={"member": str(member.pk)},
    )


def taken_back(user: User, now: datetime) -> None:
    """Who reads an address sets a new password for its account.

    Where nobody had confirmed the address, somebody else may have registered with it: the phone
    they gave, and what they were seen with, is not this person's.
    """
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, email_verified_at=None, is_staff=False).update(
            phone_sealed=""
        ):
            user.phone_sealed = ""
            user.sightings.all().delete()
            record("take_back", user, Actor(Role.OWNER, str(user.pk)), now)


def read_invitation(token: str, max_age: int) -> Invitation:
    """What an invitation's link says. Raises Refused `link_invalid` or `link_expired`."""
    try:
        employer_id, email, sent_at = _unsign(token, INVITE_SALT, max_age)
    except ValueError as error:  # of an older form
        raise Refused("link_invalid") from error
    employer = Employer.objects.filter(pk=employer_id).first()
    if employer is None:
        raise Refused("link_invalid")
    return Invitation(employer, email, datetime.fromisoformat(sent_at))


def join(token: str, password: str, language: str, max_age: int, now: datetime) -> Member:
    """Accept an invitation.

    The address is verified by it: the link came there. The owners are told.

    Raises Refused: `email_taken`, and `link_invalid` where the membership ended after the
    invitation was sent.
    """
    invitation = read_invitation(token, max_age)
    employer, email = invitation.employer, invitation.email
    if former := _former(employer, email):
        return _rejoin(former, invitation, password, language, now)
    if User.objects.filter(email=email).exists() and not _unclaimed(email).exists():
        return _member_again(email, password)
    try:
        with transaction.atomic():
            if squatter := _unclaimed(email).select_for_update(of=("self",)).first():
                _release(squatter, now)
            user = User.objects.create_user(
                email, password, language=language, joined_at=now, email_verified_at=now
            )
            member = Member.objects.create(
                user=user, employer=employer, role=Member.MemberRole.RECRUITER, joined_at=now
            )
            _tell_of_joining(member, now)
    except IntegrityError:
        return _member_again(email, password)
    return member


def _rejoin(
    former: Member, invitation: Invitation, password: str, language: str, now: datetime
) -> Member:
    """Begin an ended membership anew, with a new password.

    An invitation from before its end brings nobody back.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=former.pk)
        if member.left_at is None:  # the same form, a moment earlier
            return _member_again(invitation.email, password)
        if member.left_at >= invitation.sent_at:
            raise Refused("link_invalid")
        user = User.objects.get(pk=member.user_id)
        user.set_password(password)
        user.is_active, user.language, user.email_verified_at = True, language, now
        user.save(update_fields=["password", "is_active", "language", "email_verified_at"])
        member.user, member.employer = user, invitation.employer
        member.role, member.joined_at, member.left_at = Member.MemberRole.RECRUITER, now, None
        member.save(update_fields=["role", "joined_at", "left_at"])
        _tell_of_joining(member, now)
    return member


def _tell_of_joining(member: Member, now: datetime) -> None:
    record(
        "join",
        member.employer,
        member.as_actor(),
        now,
        employer_id=member.employer_id,
        data={"member": str(member.pk)},
    )
    tell_owners_of(member, now)


def tell_owners_of(member: Member, now: datetime) -> None:
    """Write to the employer's other owners that this colleague acts for it, too."""
    context = {"company": member.employer.name, "member": member.user.email}
    owners = (
        member.employer.members.active().filter(role=Member.MemberRole.OWNER).exclude(pk=member.pk)
    )
    for owner in owners.select_related("user"):
        queue_mail(owner.user.email, "member_joined", owner.user.language, context, now)


def remove_member(owner: Member, member_id: UUID, now: datetime) -> None:
    """End a colleague's membership at once: the gate knows them no more, and they are told.

    Owners cannot remove themselves.
    """
    if (
        owner.role != Member.MemberRole.OWNER
        or owner.left_at is not None
        or str(owner.pk) == str(member_id)
    ):
        raise Refused("not_allowed", seen=owner.role)
    with transaction.atomic():
        left = (
            Member.objects.active()
            .filter(pk=member_id, employer_id=owner.employer_id)
            .update(left_at=now)
        )
        if left:
            user = User.objects.get(member__pk=member_id)
            queue_mail(
                user.email, "member_removed", user.language, {"company": owner.employer.name}, now
            )
            User.objects.filter(member__pk=member_id).update(is_active=False)
            record(
                "remove_member",
                owner.employer,
                owner.as_actor(),
                now,
                employer_id=owner.employer_id,
                data={"member": str(member_id)},
            )


def give_phone(member: Member, phone: str, actor: Actor, now: datetime) -> None:
    """The number that the member calls from; "" for none.

    It rests sealed; that it is another one is on record, not which.

    Raises Refused `phone_invalid`.
    """
    phone = sightings.check_phone(phone)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        if sightings.phone_of(user) == phone:
            return
        user.phone_sealed = sightings.seal_phone(phone)
        user.save(update_fields=["phone_sealed"])
        if phone:
            sightings.record(user, now, phone=phone)
        data = {"member": str(member.pk), "given": bool(phone)}
        record("set_phone", member.employer, actor, now, employer_id=member.employer_id, data=data)


def create_api_client(
    name: str,
    scopes: Sequence[Scope],
    now: datetime,
    actor: Actor = SYSTEM,
    *,
    test: bool = False,
    return_urls: str = "",
    contact_email: str = "",
    contact_language: str = "zh-hans",
) -> tuple[ApiClient, str]:
    """A platform and its first key, which is not kept and cannot be shown again.

    `return_urls` is one address a line. Raises Refused `return_url_invalid`.
    """
    of_it = {
        "return_urls": "\n".join(registered(return_urls, local=test)),
        "contact_email": contact_email,
    }
    with transaction.atomic():
        client = ApiClient.objects.create(
            name=name, test=test, contact_language=contact_language, created_at=now, **of_it
        )
        _, text = _new_key(client, scopes, now)
        record(
            "create_api_client",
            client,
            actor,
            now,
            data={"scopes": [str(scope) for scope in scopes]},
        )
    return client, text


def _new_key(client: ApiClient, scopes: Sequence[str], now: datetime) -> tuple[ApiKey, str]:
    text = ApiKey.new_key(test=client.test)
    key = ApiKey.objects.create(
        client=client,
        key_hash=ApiKey.hash_key(text),
        key_start=text[:8],
        scopes=[str(scope) for scope in scopes],
        created_at=now,
    )
    return key, text


def rotate_key(key: ApiKey, overlap: timedelta, actor: Actor, now: datetime) -> tuple[ApiKey, str]:
    """A new key with the same scopes in the place of `key`, which opens for another `overlap` (it
    may be none) and then no more.

    Rotated twice, the old one ends at the earlier time. Raises Refused `state_conflict` where the
    key opens nothing any more.
    """
    with transaction.atomic():
        old = (
            ApiKey.objects.select_for_update(of=("self",))
            .live(now)
            .select_related("client")
            .filter(pk=key.pk)
            .first()
        )
        if old is None:
            raise Refused("state_conflict", "key")
        new, text = _new_key(old.client, old.scopes, now)
        old.expires_at = min(old.expires_at or now + overlap, now + overlap)
        old.save(update_fields=["expires_at"])
        data = {"old": str(old.pk), "new": str(new.pk), "until": old.expires_at.isoformat()}
        record("rotate_key", old.client, actor, now, data=data)
    return new, text


def set_return_urls(client: ApiClient, text: str, actor: Actor, now: datetime) -> None:
    """Register below which addresses, one a line, recruiters may be sent back.

    Raises Refused `return_url_invalid`.
    """
    addresses = registered(text, local=client.test)
    with transaction.atomic():
        changed = ApiClient.objects.filter(pk=client.pk).exclude(return_urls="\n".join(addresses))
        if changed.update(return_urls="\n".join(addresses)):
            record("set_return_urls", client, actor, now, data={"return_urls": addresses})


def set_contact(client: ApiClient, email: str, language: str, actor: Actor, now: datetime) -> None:
    """Who is written to about the platform's webhooks, in which language; an empty address:
    nobody.
    """
    given = {"contact_email": email, "contact_language": language}
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk).exclude(**given).update(**given):
            record("set_contact", client, actor, now)


def add_key(
    client: ApiClient, scopes: Sequence[Scope], actor: Actor, now: datetime
) -> tuple[ApiKey, str]:
    """Another key of a platform, beside those that it has.

    Raises Refused `state_conflict` where the platform is revoked.
    """
    with transaction.atomic():
        found = ApiClient.objects.select_for_update().filter(pk=client.pk, revoked_at=None).first()
        if found is None:
            raise Refused("state_conflict", "client")
        key, text = _new_key(found, scopes, now)
        record("add_key", found, actor, now, data={"key": str(key.pk), "scopes": key.scopes})
    return key, text


def revoke_key(key: ApiKey, actor: Actor, now: datetime) -> None:
    """No request with this one key is answered from now on; the platform's others go on."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            record("revoke_key", key.client, actor, now, data={"key": str(key.pk)})


def note_key_use(key: ApiKey, now: datetime) -> None:
    """Keep that `key` is in use, at most once an hour."""
    if key.last_used_at is None or now - key.last_used_at >= timedelta(hours=1):
        unused = Q(last_used_at=None) | Q(last_used_at__lte=now - timedelta(hours=1))
        ApiKey.objects.live(now).filter(unused, pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def revoke_api_client(client: ApiClient, actor: Actor, now: datetime) -> None:
    """No request with any of this platform's keys is answered from now on, and it is told nothing
    more.
    """
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=now):
            record("revoke_api_client", client, actor, now)
            webhooks.delete_all(client.pk, actor, now)
