"""Members of an employer: joining, leaving, and their phone numbers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from employers.accounts import sightings
from employers.models import Member, MemberLink, User
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.models import record


def record_joining(member: Member, now: datetime) -> None:
    """Record that a member joined, and tell the owners."""
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
    """End a colleague's membership at once, with their links. The gate refuses them from now on,
    and they are notified.

    Owners cannot remove themselves.
    """
    if (
        owner.role != Member.MemberRole.OWNER
        or owner.left_at is not None
        or str(owner.pk) == str(member_id)
    ):
        raise Refused("not_allowed", seen=owner.role)
    with transaction.atomic():
        end_links_of(member_id, owner.employer_id, now)
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


def end_links_of(member_id: UUID, employer_id: UUID, now: datetime) -> None:
    """End a member's links with platforms. As in the gate, they are locked before the member."""
    links = MemberLink.objects.in_force().filter(member=member_id, employer=employer_id)
    links.update(ended_at=now)


def give_phone(member: Member, phone: str, actor: Actor, now: datetime) -> None:
    """Set the number that the member calls from. "" removes it.

    It is stored sealed. The event records that it changed, not the number. The member is told by
    mail, unless they have not confirmed their address yet, which may be a stranger's.

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
        if user.email_verified_at is not None:
            context = {
                "company": member.employer.name,
                "phone": sightings.masked_phone(phone),
                "by_platform": actor.role == Role.PLATFORM,
            }
            queue_mail(user.email, "phone_changed", user.language, context, now)
        data = {"member": str(member.pk), "given": bool(phone)}
        record("set_phone", member.employer, actor, now, employer_id=member.employer_id, data=data)
