"""How does somebody come to act for an employer? Registration, a verified address, invitations; and API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import authenticate
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse

from employers import uscc as usccs
from employers.models import ApiClient, Employer, Member, Scope, User
from events.actor import SYSTEM, Actor, Role
from events.errors import Refused
from events.mail import queue_mail
from events.models import record

VERIFY_SALT = "employers.verify-email"
INVITE_SALT = "employers.invite"


@dataclass(frozen=True)
class Links:
    """Where mailed links lead: the site's address, without a trailing slash."""

    site_url: str

    def to(self, view: str, token: str) -> str:
        return self.site_url + reverse(view, args=[token])


def check_code(text: str) -> str:
    """`text` as a normalised code that a new employer may register with.

    Raises Refused: `uscc_invalid`, or `duplicate_same_uscc_active` when an approved employer holds the code.
    """
    code = usccs.normalise(text)
    if refused := usccs.problem(code):
        raise refused
    if Employer.objects.filter(uscc=code, confirmed_at__isnull=False).exists():
        raise Refused("duplicate_same_uscc_active", "uscc", seen=code)
    return code


def register(
    *, email: str, password: str, company: str, uscc: str, account_class: str, language: str, links: Links, now: datetime
) -> Member:
    """A new user as owner of a new employer; a mail with a link verifies the address.

    The same form sent twice gives the same member: whoever knows the password of an existing address is signed
    in by it. Raises Refused: `email_taken`, and what `check_code` raises.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        return _member_again(email, password)
    code = check_code(uscc)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, language=language, joined_at=now)
            employer = Employer.objects.create(name=company.strip(), uscc=code, account_class=account_class, registered_at=now)
            member = Member.objects.create(user=user, employer=employer, role=Member.MemberRole.OWNER, joined_at=now)
            record("register", employer, member.as_actor(), now, employer_id=employer.pk)
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
    """Queue the mail whose link proves that the user reads this address."""
    token = signing.dumps([str(user.pk), user.email], salt=VERIFY_SALT)
    queue_mail(user.email, "verify_email", user.language, {"link": links.to("employers:verify_email", token)}, now)


def verify_email(token: str, max_age: int, now: datetime) -> User:
    """The link was opened. Opening it again is the same as once. Raises Refused `link_invalid` or `link_expired`."""
    user_id, email = _unsign(token, VERIFY_SALT, max_age)
    user = User.objects.filter(pk=user_id, email=email).first()
    if user is None:
        raise Refused("link_invalid")
    if user.email_verified_at is None:
        with transaction.atomic():
            User.objects.filter(pk=user.pk, email_verified_at=None).update(email_verified_at=now)
            user.email_verified_at = now
            member = Member.objects.filter(user=user).first()
            record("verify_email", user, Actor(Role.OWNER, str(user.pk)), now, employer_id=member.employer_id if member else None)
    return user


def _unsign(token: str, salt: str, max_age: int) -> list[str]:
    try:
        values: list[str] = signing.loads(token, salt=salt, max_age=max_age)
    except signing.SignatureExpired as error:
        raise Refused("link_expired") from error
    except signing.BadSignature as error:
        raise Refused("link_invalid") from error
    return values


def invite(owner: Member, email: str, links: Links, now: datetime) -> None:
    """Mail a colleague a link by which they join as recruiter. Raises Refused: only an owner invites."""
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None:
        raise Refused("not_allowed", seen=owner.role)
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise Refused("email_taken", "email", seen=email)
    with transaction.atomic():
        token = signing.dumps([str(owner.employer_id), email], salt=INVITE_SALT)
        record("invite", owner.employer, owner.as_actor(), now, employer_id=owner.employer_id)
        context = {"company": owner.employer.name, "link": links.to("employers:join", token)}
        queue_mail(email, "invitation", owner.user.language, context, now)


def read_invitation(token: str, max_age: int) -> tuple[Employer, str]:
    """Which employer invites which address. Raises Refused `link_invalid` or `link_expired`."""
    employer_id, email = _unsign(token, INVITE_SALT, max_age)
    employer = Employer.objects.filter(pk=employer_id).first()
    if employer is None:
        raise Refused("link_invalid")
    return employer, email


def join(token: str, password: str, language: str, max_age: int, now: datetime) -> Member:
    """Accept an invitation. The address is verified by it: the link came there. The owners are told."""
    employer, email = read_invitation(token, max_age)
    if User.objects.filter(email=email).exists():
        return _member_again(email, password)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, language=language, joined_at=now, email_verified_at=now)
            member = Member.objects.create(user=user, employer=employer, role=Member.MemberRole.RECRUITER, joined_at=now)
            record("join", employer, member.as_actor(), now, employer_id=employer.pk)
            for owner in employer.members.active().filter(role=Member.MemberRole.OWNER).select_related("user"):
                queue_mail(owner.user.email, "member_joined", owner.user.language, {"company": employer.name, "member": email}, now)
    except IntegrityError:
        return _member_again(email, password)
    return member


def remove_member(owner: Member, member_id: UUID, now: datetime) -> None:
    """End a colleague's membership at once: the gate knows them no more. Owners cannot remove themselves."""
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None or str(owner.pk) == str(member_id):
        raise Refused("not_allowed", seen=owner.role)
    with transaction.atomic():
        left = Member.objects.active().filter(pk=member_id, employer_id=owner.employer_id).update(left_at=now)
        if left:
            User.objects.filter(member__pk=member_id).update(is_active=False)
            record("remove_member", owner.employer, owner.as_actor(), now, employer_id=owner.employer_id, data={"member": str(member_id)})


def create_api_client(name: str, scopes: list[Scope], now: datetime, actor: Actor = SYSTEM) -> tuple[ApiClient, str]:
    """A platform's client and its key, which is not kept and cannot be shown again."""
    key = ApiClient.new_key()
    with transaction.atomic():
        client = ApiClient.objects.create(
            name=name, key_hash=ApiClient.hash_key(key), key_start=key[:8], scopes=[str(scope) for scope in scopes], created_at=now
        )
        record("create_api_client", client, actor, now, data={"scopes": client.scopes})
    return client, key


def revoke_api_client(client: ApiClient, actor: Actor, now: datetime) -> None:
    """No request with this client's key is answered from now on."""
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=now):
            record("revoke_api_client", client, actor, now)
