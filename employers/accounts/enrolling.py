"""Recruiters that a platform adds to its employers, under its own references.

A platform can only change employers that it created and recruiters that it added. Those who
registered on our own pages manage their accounts there. An account created by a platform has no
password and gives no access until the recruiter confirms its address.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from employers.accounts.membership import (
    end_membership,
    forget_access,
    give_phone,
    review_newcomer,
    tell_owners_of,
    tell_removed,
)
from employers.accounts.registration import hold_address, lock_address, other_holder
from employers.models import AddressChange, ApiClient, Employer, Member, User
from events.api.texts import checked_reference
from events.core.errors import Refused
from events.delivery.mail import NOWHERE
from events.models import record


def employer_created_by(client: ApiClient, employer_id: UUID) -> Employer:
    """Return the employer if this platform created it.

    Raises Refused: `employer_unknown`, `employer_not_yours`.
    """
    employer: Employer | None = Employer.objects.seen_by(client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    if employer.platform_id != client.pk:
        raise Refused("employer_not_yours")
    return employer


def add_member(
    client: ApiClient,
    employer: Employer,
    *,
    reference: str,
    email: str,
    role: str,
    language: str,
    now: datetime,
) -> Member:
    """Add a recruiter to the platform's `employer`, or restore a membership that has ended.

    The owners are notified.

    The address stays unconfirmed until its owner confirms it, and until then keeps nobody else from
    it. An address that another account holds is added like any other, so the platform learns
    nothing about it, but it can never be confirmed.

    Nobody reads mail in a platform's test: addresses there end with `.test` and count as confirmed,
    unless they begin with `unverified` or another account holds them.

    Raises Refused: `reference_invalid`, `email_invalid`, `test_email_required`, `email_taken` (the
    platform itself added this recruiter before), `reference_taken`, `owner_by_key`.
    """
    reference = checked_reference(reference)
    email = _checked(email)
    if client.test is not email.endswith(NOWHERE):
        raise Refused("test_email_required" if client.test else "email_invalid", "email")
    is_confirmed = client.test and not email.startswith("unverified")
    named = Member.objects.filter(employer=employer, reference=reference)
    if named.exclude(_given(email)).exists():
        raise Refused("reference_taken", "reference", seen=reference)
    try:
        with transaction.atomic():
            lock_address(email)
            # Somebody who joined on our own pages is not restored: their ID would tell whose
            # address this is.
            former = (
                Member.objects.select_for_update(of=("self",))
                .filter(_given(email), employer=employer, user__deleted_at=None)
                .exclude(reference="")
                .first()
            )
            if role == Member.MemberRole.OWNER:
                _check_no_owner(employer)
            if former is not None:
                member = _again(former, reference, role, language, now)
            else:
                user = User.objects.create_user(email, None, language=language, joined_at=now)
                member = Member.objects.create(
                    user=user, employer=employer, role=role, joined_at=now, reference=reference
                )
            if is_confirmed and other_holder(member.user) is None:
                hold_address(member.user, now)
            data = {"member": str(member.pk), "role": role}
            record(
                "add_member", employer, client.as_actor(), now, employer_id=employer.pk, data=data
            )
            review_newcomer(member, now)
            tell_owners_of(member, now)
    except IntegrityError as error:
        raise Refused("reference_taken", "reference", seen=reference) from error
    return member


def _given(email: str) -> Q:
    """Return the condition of members with this address, unless they have changed to it themselves:
    a platform that guesses must not learn the address that a recruiter uses now.
    """
    changed = AddressChange.objects.filter(
        user=OuterRef("user"), confirmed_at__isnull=False, stopped_at=None
    )
    return Q(~Exists(changed), user__email=email)


def _check_no_owner(employer: Employer) -> None:
    """Raise Refused `owner_by_key` if the employer has an owner who has confirmed their address.
    Only they decide who else is one, or whoever steals a key could take the account over.
    """
    owners = Member.objects.active().proven()
    if owners.filter(employer=employer, role=Member.MemberRole.OWNER).exists():
        raise Refused("owner_by_key", "role")


def _checked(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused("email_invalid", "email") from error
    return email


def _again(former: Member, reference: str, role: str, language: str, now: datetime) -> Member:
    """Restart an ended membership.

    The old password, confirmation, number and second factor are no longer valid.
    """
    if former.left_at is None or former.user.is_staff:
        raise Refused("email_taken", "email")
    user = former.user
    user.set_unusable_password()
    user.is_active, user.language, user.email_verified_at = True, language, None
    user.save(update_fields=["password", "is_active", "language", "email_verified_at"])
    forget_access(user)
    former.reference, former.role, former.joined_at = reference, role, now
    former.left_at = former.held_at = None
    former.save(update_fields=["reference", "role", "joined_at", "left_at", "held_at"])
    return former


def set_phone(
    client: ApiClient,
    employer: Employer,
    member_id: UUID,
    phone: str,
    now: datetime,
    *,
    proven: bool,
) -> Member:
    """Set the number that a recruiter added by the platform calls from. "" removes it.

    Only a number that is `proven` may call: the platform says that it has proven it itself, for
    example by a code. What it says is recorded.

    It is stored sealed and never returned.

    Raises Refused: `member_unknown`, `member_not_added`, `phone_invalid`, `phone_proven`.
    """
    member: Member | None = Member.objects.active().filter(pk=member_id, employer=employer).first()
    if member is None:
        raise Refused("member_unknown")
    if not member.reference:
        raise Refused("member_not_added")
    give_phone(member, phone, client.as_actor(), now, vouched=proven)
    return member


def end_member(client: ApiClient, employer: Employer, member_id: UUID, now: datetime) -> None:
    """End a membership at once. The gate refuses the member from now on, and they are notified.

    Ending it again has no effect. An owner who has confirmed their address is removed by another
    owner on our pages, not by a key: whoever holds the key could take the company's account over.

    Raises Refused: `member_unknown`, `member_is_owner`.
    """
    with transaction.atomic():
        member = (
            Member.objects.select_for_update(of=("self",))
            .select_related("user", "employer")
            .filter(pk=member_id, employer=employer)
            .first()
        )
        if member is None:
            raise Refused("member_unknown")
        if member.left_at is None and _is_confirmed_owner(member):
            raise Refused("member_is_owner")
        if end_membership(member, client.as_actor(), now):
            tell_removed(member, now)


def _is_confirmed_owner(member: Member) -> bool:
    return member.role == Member.MemberRole.OWNER and member.user.is_proven
