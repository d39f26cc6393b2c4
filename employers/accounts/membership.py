"""Members of an employer: inviting, joining, leaving, and their phone numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from employers.accounts import sightings
from employers.accounts.registration import Links, member_again, read_token
from employers.models import Employer, Member, User
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.delivery.mail import NOWHERE, queue_mail
from events.models import Event, record

INVITE_SALT = "employers.invite"
INVITATIONS_PER_DAY = 20
"""Mails that an employer can send through us to people without an account."""


@dataclass(frozen=True)
class Invitation:
    """An employer's invitation to an address, and when it was sent."""

    employer: Employer
    email: str
    sent_at: datetime


def may_invite(owner: Member) -> Refused | None:
    """Return why this member may not invite, or None. Invitations use the company's name, so it
    must be verified first.
    """
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None:
        return Refused("not_allowed", seen=owner.role)
    if owner.user.email_verified_at is None:
        return Refused("authority_email_unverified")
    if owner.employer.confirmed_at is None:
        return Refused("employer_not_approved")
    return None


def invite(owner: Member, email: str, links: Links, now: datetime) -> None:
    """Send a new or former colleague a link to join as recruiter.

    Raises Refused: those of `may_invite`, `email_taken`, `invited_too_often`; in a platform's test,
    which sends no mail to real addresses, `test_email_required`.
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
        )  # serialises concurrent invitations, so that all are counted
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
    """Return the former colleague with this address, if there is one."""
    return (
        Member.objects.filter(employer=employer, user__email=email, left_at__isnull=False)
        .select_related("user")
        .first()
    )


def _unclaimed(email: str) -> QuerySet[User]:
    """Return the account with this address if the address was never confirmed: anyone can register
    with anyone's address.
    """
    return User.objects.filter(
        email=email, email_verified_at=None, is_staff=False, member__isnull=False
    )


def _free_address(user: User, now: datetime) -> None:
    """Close an account that never confirmed its address, so that the invited person can use the
    address.
    """
    member = Member.objects.get(user=user)
    Member.objects.filter(pk=member.pk, left_at=None).update(
        left_at=now
    )  # first, in the gate's lock order
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


def read_invitation(token: str, max_age: int) -> Invitation:
    """Read an invitation's token. Raises Refused `link_invalid` or `link_expired`."""
    try:
        employer_id, email, sent_at = read_token(token, INVITE_SALT, max_age)
    except ValueError as error:  # an older format
        raise Refused("link_invalid") from error
    employer = Employer.objects.filter(pk=employer_id).first()
    if employer is None:
        raise Refused("link_invalid")
    return Invitation(employer, email, datetime.fromisoformat(sent_at))


def join(token: str, password: str, language: str, max_age: int, now: datetime) -> Member:
    """Accept an invitation.

    This verifies the address, because the link was sent there. The owners are notified.

    Raises Refused: `email_taken`, and `link_invalid` if the membership ended after the invitation
    was sent.
    """
    invitation = read_invitation(token, max_age)
    employer, email = invitation.employer, invitation.email
    if former := _former(employer, email):
        return _rejoin(former, invitation, password, language, now)
    if User.objects.filter(email=email).exists() and not _unclaimed(email).exists():
        return member_again(email, password)
    try:
        with transaction.atomic():
            if squatter := _unclaimed(email).select_for_update(of=("self",)).first():
                _free_address(squatter, now)
            user = User.objects.create_user(
                email, password, language=language, joined_at=now, email_verified_at=now
            )
            member = Member.objects.create(
                user=user, employer=employer, role=Member.MemberRole.RECRUITER, joined_at=now
            )
            _tell_of_joining(member, now)
    except IntegrityError:
        return member_again(email, password)
    return member


def _rejoin(
    former: Member, invitation: Invitation, password: str, language: str, now: datetime
) -> Member:
    """Restart an ended membership with a new password.

    Invitations sent before its end are not valid.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=former.pk)
        if member.left_at is None:  # the same form was submitted a moment earlier
            return member_again(invitation.email, password)
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
    """Notify the employer's other owners of the new colleague."""
    context = {"company": member.employer.name, "member": member.user.email}
    owners = (
        member.employer.members.active().filter(role=Member.MemberRole.OWNER).exclude(pk=member.pk)
    )
    for owner in owners.select_related("user"):
        queue_mail(owner.user.email, "member_joined", owner.user.language, context, now)


def remove_member(owner: Member, member_id: UUID, now: datetime) -> None:
    """End a colleague's membership at once. The gate refuses them from now on, and they are
    notified.

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
    """Set the number that the member calls from. "" removes it.

    It is stored sealed. The event records that it changed, not the number.

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
