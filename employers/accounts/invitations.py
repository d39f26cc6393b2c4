"""Invitations: an owner invites an address or a number, and its owner joins as a recruiter.

An invitation speaks for the company in its inviter's name. So it can be accepted only while the
inviter is an owner without interruption since it was sent, and the company is approved and not
suspended. Another owner can send it again, and then speaks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from employers.accounts.membership import forget_access, record_joining
from employers.accounts.registration import (
    Links,
    hold_address,
    holder_of,
    lock_address,
    member_again,
    tell_holder,
    user_with,
)
from employers.models import INVITED_PURPOSE, PHONE_PURPOSE, Employer, Invitation, Member, User
from events.core.errors import Refused
from events.core.sealing import blind_index, blind_indexes, seal_text
from events.delivery.mail import NOWHERE, queue_mail
from events.models import Event, record

SALT: Final = "employers.invitation"
VALID_FOR: Final = timedelta(days=7)
KEPT_FOR: Final = timedelta(days=30)
"""How long the invitation is kept after its end. It contains an address."""
INVITATIONS_PER_DAY: Final = 20
"""Mails that an employer can send through us to people without an account."""

Suspended = Callable[[UUID], bool]


class _Asked:
    suspended: Suspended | None = None


def suspensions_known_by(suspended: Suspended) -> None:
    """Register the function that tells whether an employer's approval is suspended or revoked. The
    cases are in a package above this one.
    """
    _Asked.suspended = suspended


def may_invite(owner: Member) -> Refused | None:
    """Return why this member may not invite, or None. Invitations use the company's name, so it
    must be verified.
    """
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None:
        return Refused("not_allowed", seen=owner.role)
    if owner.held_at is not None:
        return Refused("member_in_review")
    if not owner.user.is_proven:
        return Refused("authority_email_unverified")
    if owner.employer.confirmed_at is None:
        return Refused("employer_not_approved")
    if _Asked.suspended is None:
        raise RuntimeError("Nobody knows suspensions: call invitations.suspensions_known_by.")
    if _Asked.suspended(owner.employer_id):
        return Refused("employer_suspended")
    return None


def is_live(invitation: Invitation, now: datetime) -> bool:
    """Return whether the invitation can be accepted."""
    inviter = invitation.inviter
    return (
        invitation.accepted_at is None
        and invitation.withdrawn_at is None
        and now < invitation.expires_at
        and inviter.joined_at <= invitation.sent_at  # who left and came back did not send it
        and inviter.user.is_active
        and may_invite(inviter) is None
    )


# --- The owner's side -----------------------------------------------------------------------------


def invite_colleague(owner: Member, email: str, links: Links, now: datetime) -> Invitation:
    """Send a new or former colleague a link to join as recruiter. An open invitation of the same
    address is sent again, from now on in this owner's name.

    If another account holds the address, its holder gets a mail instead, and the owner learns
    nothing about that.

    Raises Refused: those of `may_invite`, `email_taken` for a colleague, `invited_too_often`; in a
    platform's test, which sends no mail to real addresses, `test_email_required`.
    """
    if refused := may_invite(owner):
        raise refused
    email = email.strip().lower()
    if owner.employer.test and not email.endswith(NOWHERE):
        raise Refused("test_email_required", "email")
    holder = holder_of(email)
    if Member.objects.active().filter(employer=owner.employer, user=holder).exists():
        raise Refused("email_taken", "email", seen=email)
    with transaction.atomic():
        invitation = store_invitation(owner, now, email=email)
        # Asked for every address, so that the work does not tell which have an account.
        confirmed = Member.objects.filter(user__email_verified_at__isnull=False)
        has_company = confirmed.filter(user__email=email).exists()
        if holder and (holder.is_staff or has_company):
            tell_holder(holder, owner.employer.name, now)
        else:
            token = signing.dumps(str(invitation.pk), salt=SALT)
            context = {"company": owner.employer.name, "link": links.to("employers:join", token)}
            queue_mail(email, "invitation", owner.user.language, context, now)
    return invitation


def store_invitation(
    owner: Member, now: datetime, *, email: str = "", phone: str = ""
) -> Invitation:
    """Store the invitation of an address or a number that is about to be sent, within the caller's
    transaction. An open one of the same is renewed. Raises Refused `invited_too_often`.
    """
    # Serialises concurrent invitations, so that all are counted. Whoever joins meanwhile is not
    # blocked.
    Employer.objects.select_for_update(no_key=True).get(pk=owner.employer_id)
    sent = Event.objects.filter(
        employer_id=owner.employer_id, verb="invite", at__gt=now - timedelta(days=1)
    ).count()
    if sent >= INVITATIONS_PER_DAY:
        raise Refused("invited_too_often", expected=f"≤ {INVITATIONS_PER_DAY}")
    of_employer = Invitation.objects.open().filter(employer=owner.employer)
    same = (
        of_employer.filter(phone_index__in=blind_indexes(phone, INVITED_PURPOSE))
        if phone
        else of_employer.filter(email=email)
    )
    sending = {"inviter": owner, "sent_at": now, "expires_at": now + VALID_FOR}
    if same.update(**sending):
        invitation = same.get()
    else:
        invitation = Invitation.objects.create(
            employer=owner.employer,
            email=email,
            phone_sealed=seal_text(phone, INVITED_PURPOSE) if phone else "",
            phone_index=blind_index(phone, INVITED_PURPOSE) if phone else "",
            **sending,
        )
    record(
        "invite",
        owner.employer,
        owner.as_actor(),
        now,
        employer_id=owner.employer_id,
        data={"invitation": str(invitation.pk)},
    )
    return invitation


def to_send_again(owner: Member, invitation_id: UUID) -> Invitation:
    """Return an open invitation, for an owner who sends it again.

    Raises Refused: those of `may_invite`, `invitation_gone`.
    """
    if refused := may_invite(owner):
        raise refused
    return _open(owner, invitation_id)


def cancel_invitation(owner: Member, invitation_id: UUID, now: datetime) -> None:
    """Cancel an open invitation of the owner's employer. Its link no longer works.

    Raises Refused: `not_allowed`, `invitation_gone`.
    """
    if owner.role != Member.MemberRole.OWNER or owner.left_at is not None:
        raise Refused("not_allowed", seen=owner.role)
    with transaction.atomic():
        invitation = _open(owner, invitation_id)
        if not Invitation.objects.open().filter(pk=invitation.pk).update(withdrawn_at=now):
            raise Refused("invitation_gone")
        record(
            "withdraw_invitation",
            owner.employer,
            owner.as_actor(),
            now,
            employer_id=owner.employer_id,
            data={"invitation": str(invitation.pk)},
        )


def _open(owner: Member, invitation_id: UUID) -> Invitation:
    found = Invitation.objects.open().filter(pk=invitation_id, employer_id=owner.employer_id)
    if (invitation := found.first()) is None:
        raise Refused("invitation_gone")
    return invitation


def delete_old_invitations(now: datetime) -> int:
    """Delete invitations that ended long ago. Return their number."""
    gone, _ = Invitation.objects.filter(expires_at__lt=now - KEPT_FOR).delete()
    return gone


# --- The colleague's side -------------------------------------------------------------------------


def read_invitation(token: str) -> Invitation:
    """Return the invitation of a link. It may have ended.

    Raises Refused `invitation_gone`, also for links from before invitations were stored.
    """
    try:
        return invitation_by_key(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValidationError) as error:
        raise Refused("invitation_gone") from error


def invitation_by_key(pk: UUID | str) -> Invitation:
    """Return the invitation with this key. It may have ended. Raises Refused `invitation_gone`."""
    found = Invitation.objects.select_related("employer__platform", "inviter__user")
    invitation: Invitation | None = found.filter(pk=pk).first()
    if invitation is None:
        raise Refused("invitation_gone")
    invitation.inviter.employer = invitation.employer
    return invitation


def check_open(invitation: Invitation, now: datetime) -> None:
    """Raise Refused `invitation_gone` unless the invitation can be accepted, or was accepted by
    somebody who is still a member.
    """
    joined = members_invited(invitation).filter(left_at=None)
    if not is_live(invitation, now) and not (invitation.accepted_at and joined.exists()):
        raise Refused("invitation_gone")


def members_invited(invitation: Invitation) -> QuerySet[Member]:
    """Return the employer's members, present and former, whose address or number was invited."""
    of_employer = Member.objects.filter(employer=invitation.employer)
    if invitation.email:
        return of_employer.filter(user__email=invitation.email)
    return of_employer.filter(user__phone_index__in=blind_indexes(invitation.phone, PHONE_PURPOSE))


def accept_invitation(token: str, password: str, language: str, now: datetime) -> Member:
    """Accept an invitation.

    This confirms the address, because the link was sent there. The owners are notified. Accepting
    again with the same password returns the same member.

    Raises Refused: `invitation_gone`, `email_taken`.
    """
    pk, hashed = read_invitation(token).pk, make_password(password)
    with transaction.atomic():
        invitation = locked_invitation(pk)
        check_open(invitation, now)
        if invitation.accepted_at is None and (member := _join(invitation, hashed, language, now)):
            invitation.accepted_at = now
            invitation.save(update_fields=["accepted_at"])
            record_joining(member, now)
            return member
        if invitation.accepted_at is None and (user := _without_company(invitation, password)):
            return accept_as_member(invitation, user, now)
    return member_again(invitation.email, password)


def _without_company(invitation: Invitation, password: str) -> User | None:
    """Return the account that holds the address and has no company yet, locked, if this is its
    password.
    """
    user = user_with(invitation.email, password)
    if user is None or user.email_verified_at is None:
        return None
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    return None if Member.objects.filter(user=user).exists() else user


def accept_as_member(invitation: Invitation, user: User, now: datetime) -> Member:
    """Make an account that has no company the employer's recruiter, within the caller's
    transaction, which has locked the invitation.
    """
    member = Member.objects.create(
        user=user, employer=invitation.employer, role=Member.MemberRole.RECRUITER, joined_at=now
    )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    record_joining(member, now)
    return member


def locked_invitation(pk: UUID) -> Invitation:
    """Return the invitation with its inviter, both locked: an owner who is removed at this moment
    waits, or was removed before.
    """
    invitation = Invitation.objects.select_for_update().get(pk=pk)
    if invitation.email:
        lock_address(invitation.email)
    invitation.inviter = (
        Member.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user", "employer")
        .get(pk=invitation.inviter_id)
    )
    invitation.employer = invitation.inviter.employer
    return invitation


def _join(invitation: Invitation, hashed: str, language: str, now: datetime) -> Member | None:
    """Return the new or restored member, or None if another account holds the address.

    The address may be another person's by now, so the former's number and second factor go.

    Raises Refused `invitation_gone` if a membership ended after the invitation was sent.
    """
    employer, email = invitation.employer, invitation.email
    former = _former(employer, email)
    if former is not None and former.left_at is not None and former.left_at >= invitation.sent_at:
        raise Refused("invitation_gone")
    user = former.user if former else User(email=email, joined_at=now)
    user.password, user.language, user.is_active = hashed, language, True
    try:
        with transaction.atomic():
            if former is None:
                user.save()
            else:
                user.save(update_fields=["password", "language", "is_active"])
                forget_access(user)
            hold_address(user, now)
    except Refused:
        return None
    member = former or Member(user=user, employer=employer)
    member.role, member.joined_at = Member.MemberRole.RECRUITER, now
    member.left_at = member.held_at = None  # an exclusion that was lifted since holds nobody
    member.save()
    return member


def _former(employer: Employer, email: str) -> Member | None:
    """Return the former colleague with this address, if there is one."""
    return (
        Member.objects.select_for_update(of=("self",))
        .filter(employer=employer, user__email=email, left_at__isnull=False, user__deleted_at=None)
        .select_related("user")
        .order_by("-left_at")
        .first()
    )
