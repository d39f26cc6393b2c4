"""Members of an employer: joining, leaving, and their phone numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from employers.accounts import sightings
from employers.masking import masked_phone
from employers.models import PHONE_FIELDS, Employer, Member, MemberLink, User
from employers.notices import tell_user
from employers.security import second_factor, sign_ins
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import record

NewcomerReviewed = Callable[[Member, datetime], object]


class _Asked:
    newcomer_reviewed: NewcomerReviewed | None = None


def newcomers_reviewed_by(reviewed: NewcomerReviewed) -> None:
    """Register the function that holds a newcomer who is on the exclusion list. The list is in a
    package above this one.
    """
    _Asked.newcomer_reviewed = reviewed


def review_newcomer(member: Member, now: datetime) -> None:
    """Hold the member for a reviewer if they are on the exclusion list, within the caller's
    transaction.
    """
    if _Asked.newcomer_reviewed is None:
        raise RuntimeError("Nobody reviews newcomers: call membership.newcomers_reviewed_by.")
    _Asked.newcomer_reviewed(member, now)


def record_joining(member: Member, now: datetime) -> None:
    """Record that a member joined, and tell the owners: last, because messages wait for each other
    until the commit.
    """
    record(
        "join",
        member.employer,
        member.as_actor(),
        now,
        employer_id=member.employer_id,
        data={"member": str(member.pk)},
    )
    review_newcomer(member, now)
    tell_owners_of(member, now)


def tell_owners_of(member: Member, now: datetime) -> None:
    """Notify the employer's other owners of the new colleague."""
    context = {"company": member.employer.name, "member": member.user.contact}
    owners = (
        member.employer.members.active().filter(role=Member.MemberRole.OWNER).exclude(pk=member.pk)
    )
    for owner in owners.select_related("user"):
        tell_user(owner.user, "member_joined", context, now)


def end_links_of(member_id: UUID, employer_id: UUID, now: datetime) -> None:
    """End a member's links with platforms. The gate locks links first, so do this before you lock
    the employer or the member.
    """
    links = MemberLink.objects.in_force().filter(member=member_id, employer=employer_id)
    links.update(ended_at=now)


def end_membership(member: Member, actor: Actor, now: datetime) -> bool:
    """End a membership at once, within the caller's transaction. Return False if it had ended.

    The gate refuses the member from now on, and their sessions and links end.
    """
    if not Member.objects.active().filter(pk=member.pk).update(left_at=now, held_at=None):
        return False
    User.objects.filter(pk=member.user_id, is_staff=False).update(is_active=False)
    sign_ins.end_all(member.user)
    end_links_of(member.pk, member.employer_id, now)  # those made since the caller ended them
    record(
        "remove_member",
        member.employer,
        actor,
        now,
        employer_id=member.employer_id,
        data={"member": str(member.pk)},
    )
    return True


def forget_access(user: User) -> None:
    """Remove the number and the second factor of an account that somebody else may have next, and
    end its sessions, within the caller's transaction.
    """
    user.forget_phone()
    user.save(update_fields=PHONE_FIELDS)
    second_factor.delete_second_factor(user)
    sign_ins.end_all(user)


def tell_removed(member: Member, now: datetime) -> None:
    """Tell a member whom somebody else removed."""
    company = {"company": member.employer.name}
    tell_user(member.user, "member_removed", company, now)


def check_owner(owner: Member, member_id: UUID) -> None:
    """Raise Refused `not_allowed` unless `owner` may act on this colleague, which is not
    themselves; `member_in_review` while a reviewer is asked about the owner; and
    `authority_email_unverified`, because a platform's key can add an owner.
    """
    if (
        owner.role != Member.MemberRole.OWNER
        or owner.left_at is not None
        or str(owner.pk) == str(member_id)
    ):
        raise Refused("not_allowed", seen=owner.role)
    if owner.held_at is not None:
        raise Refused("member_in_review")
    if not owner.user.is_proven:
        raise Refused("authority_email_unverified")


def _colleague(owner: Member, member_id: UUID) -> Member | None:
    """Return an active member of the owner's employer, locked.

    One owner acts at a time, so that two do not remove each other. Raises Refused `not_allowed` if
    `owner` is none any more.
    """
    Employer.objects.select_for_update(no_key=True).get(pk=owner.employer_id)
    check_owner(Member.objects.get(pk=owner.pk), member_id)
    return (
        Member.objects.active()
        .select_for_update(of=("self",))
        .select_related("user", "employer")
        .filter(pk=member_id, employer_id=owner.employer_id)
        .first()
    )


def remove_member(owner: Member, member_id: UUID, now: datetime) -> None:
    """End a colleague's membership at once, and notify them.

    Owners cannot remove themselves.
    """
    check_owner(owner, member_id)
    with transaction.atomic():
        end_links_of(member_id, owner.employer_id, now)
        member = _colleague(owner, member_id)
        if member is not None and end_membership(member, owner.as_actor(), now):
            tell_removed(member, now)


def make_owner(owner: Member, member_id: UUID, now: datetime) -> None:
    """Make a colleague an owner too. All owners are notified, also the one who did it: a session
    left open is enough to do this.

    Raises Refused: `not_allowed`, and `authority_email_unverified` if the colleague has not
    confirmed their address.
    """
    check_owner(owner, member_id)
    with transaction.atomic():
        member = _colleague(owner, member_id)
        if member is None:
            raise Refused("not_allowed", seen=owner.role)
        if not member.user.is_proven:
            raise Refused("authority_email_unverified")
        if member.role == Member.MemberRole.OWNER:
            return
        member.role = Member.MemberRole.OWNER
        member.save(update_fields=["role"])
        data = {"member": str(member.pk)}
        employer = member.employer
        record("make_owner", employer, owner.as_actor(), now, employer_id=employer.pk, data=data)
        context = {
            "company": employer.name,
            "member": member.user.contact,
            "by": owner.user.contact,
        }
        owners = employer.members.active().filter(role=Member.MemberRole.OWNER)
        for each in owners.select_related("user"):
            tell_user(each.user, "owner_made", context, now)


def reset_factor(owner: Member, member_id: UUID, now: datetime) -> None:
    """Remove the second factor of a colleague who has lost it. Their sessions end, and they are
    notified.

    Raises Refused: `not_allowed`, `second_factor_missing`.
    """
    check_owner(owner, member_id)
    with transaction.atomic():
        member = _colleague(owner, member_id)
        if member is None or member.user.is_staff:
            raise Refused("not_allowed", seen=owner.role)
        user = User.objects.select_for_update().get(pk=member.user_id)
        if not second_factor.delete_second_factor(user):
            raise Refused("second_factor_missing")
        sign_ins.end_all(user)
        record(
            "reset_second_factor",
            user,
            owner.as_actor(),
            now,
            employer_id=owner.employer_id,
            data={"member": str(member.pk)},
        )
        second_factor.tell_owner(user, "reset", now, by=owner.user.contact)


def give_phone(
    member: Member, phone: str, actor: Actor, now: datetime, *, vouched: bool = False
) -> None:
    """Set the number that the member calls from, without a proof. "" removes it.

    A platform may say that it has proven the number (`vouched`). It is stored sealed. The event
    records that it changed, not the number. The member is told, unless they have not confirmed
    their address yet, which may be a stranger's.

    Raises Refused: `phone_invalid`, `phone_proven` if a platform would replace a number that the
    member has proven themselves, since they also sign in with it.
    """
    phone = sightings.check_phone(phone)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        is_same, is_vouched = user.phone == phone, user.phone_vouched_at is not None
        if is_same and (user.phone_index or is_vouched is vouched):
            return
        if user.phone_index and actor.role == Role.PLATFORM:
            raise Refused("phone_proven", "phone")
        user.phone_sealed, user.phone_index = sightings.seal_phone(phone), ""
        user.phone_verified_at, user.phone_vouched_at = None, now if phone and vouched else None
        user.save(update_fields=PHONE_FIELDS)
        if phone:
            sightings.record_sighting(user, now, phone=phone)
        if user.email_verified_at is not None and not is_same:
            context = {
                "company": member.employer.name,
                "phone": masked_phone(phone),
                "by_platform": actor.role == Role.PLATFORM,
                "signs_in": False,
            }
            tell_user(user, "phone_changed", context, now)
        data = {"member": str(member.pk), "given": bool(phone), "vouched": vouched}
        record("set_phone", member.employer, actor, now, employer_id=member.employer_id, data=data)
