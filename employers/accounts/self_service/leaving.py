"""Leaving the company, and deleting one's account.

Deleting forgets at once what is only for the account's owner: phone, networks, password, second
factor, sessions and requested changes. What the law requires us to keep stays: what the account
did, and its address, or the number of an account without one: otherwise nobody could say who did
it. The blind indexes of its phones and devices stay as long, or excluded people could come back by
deleting an account. All are erased when the records are.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from employers.accounts.membership import end_links_of, end_membership
from employers.models import PHONE_FIELDS, Employer, Member, SightingKind, User
from employers.notices import tell_user
from employers.security import second_factor
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import record

ERASED_AT_ONCE: Final = 500
LEAST_DAYS: Final = 1096
"""Three years, which the rules for online recruitment require."""


def hindrance_to_leaving(member: Member, *, deletes: bool) -> Refused | None:
    """Return why this member may not leave, or None. A company with members keeps an owner.

    The only member may delete their account, and with that leaves a company without members.
    """
    others = member.employer.members.active().exclude(pk=member.pk)
    if member.role != Member.MemberRole.OWNER or others.filter(role=member.role).exists():
        return None
    if others.exists():
        return Refused("last_owner")
    return None if deletes else Refused("last_member")


def leave_company(member: Member, now: datetime) -> None:
    """End one's own membership. The owners are notified.

    Raises Refused: `last_owner`, `last_member`.
    """
    with transaction.atomic():
        _end(member, now, deletes=False)
        _tell_owners(member, now)


def delete_account(member: Member, now: datetime) -> None:
    """Delete one's own account. The owners are notified, and so is its owner, for the last time:
    at the end, because messages wait for each other until the commit.

    Raises Refused `last_owner`.
    """
    with transaction.atomic():
        _end(member, now, deletes=True)
        before = User.objects.select_for_update().get(pk=member.user_id)
        user = copy(before)
        second_factor.delete_second_factor(user)
        _forget_sightings(user)
        user.address_changes.all().delete()
        user.set_unusable_password()
        kept = "" if user.email else user.phone_sealed  # who did it
        user.forget_phone()
        user.phone_sealed = kept
        user.email_verified_at, user.deleted_at = None, now
        user.save(update_fields=["password", *PHONE_FIELDS, "email_verified_at", "deleted_at"])
        # Its platform may add the same person again, to another account.
        Member.objects.filter(pk=member.pk).update(reference="")
        record("delete_account", user, member.as_actor(), now, employer_id=member.employer_id)
        _tell_owners(member, now)
        if before.is_proven:
            tell_user(before, "account_deleted", {"company": member.employer.name}, now)


def _forget_sightings(user: User) -> None:
    """Delete what says where the account was used. Phones and devices of a confirmed address stay,
    to recognise excluded people; without one, they may be a stranger's.
    """
    seen = user.sightings.all()
    if user.is_proven:
        seen = seen.filter(kind=SightingKind.NETWORK)
    seen.delete()


def _end(member: Member, now: datetime, *, deletes: bool) -> None:
    end_links_of(member.pk, member.employer_id, now)
    # Of two last owners who leave at once, one stays.
    Employer.objects.select_for_update(no_key=True).get(pk=member.employer_id)
    if refused := hindrance_to_leaving(member, deletes=deletes):
        raise refused
    if not end_membership(member, member.as_actor(), now):
        raise Refused("not_allowed")


def _tell_owners(member: Member, now: datetime) -> None:
    context = {"company": member.employer.name, "member": member.user.contact}
    owners = member.employer.members.active().filter(role=Member.MemberRole.OWNER)
    for owner in owners.select_related("user"):
        tell_user(owner.user, "member_left", context, now)


def erase_deleted_accounts(keep_days: int, now: datetime) -> int:
    """Erase what is left of accounts that were deleted long ago. Return their number."""
    before = now - timedelta(days=max(keep_days, LEAST_DAYS))
    due = User.objects.filter(deleted_at__lt=before).exclude(email__endswith=".invalid")
    users = list(due.order_by("deleted_at")[:ERASED_AT_ONCE])
    for user in users:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(
                email=f"{user.pk}@deleted.invalid", phone_sealed=""
            )
            user.sightings.all().delete()
            record("erase_address", user, SYSTEM, now)
    return len(users)
