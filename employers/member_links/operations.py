"""Linking a recruiter with a platform, ending that, and the code that they bring back.

A platform may act only for recruiters who linked their accounts with it (`MemberLink`). Its own
system cannot make a link. It learns the recruiter's IDs from a code that works once, which the
recruiter's browser brings back: IDs in an address could be anybody's.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from employers.models import ApiClient, Member, MemberLink
from events.core.errors import Refused
from events.models import record

CODE_FOR: Final = timedelta(minutes=10)


def linkable_platform(client_id: UUID | str) -> ApiClient:
    """Return the live platform with this ID. Raises Refused `platform_unknown`."""
    try:
        return ApiClient.objects.get(pk=UUID(str(client_id)), test=False, revoked_at=None)
    except (ValueError, ApiClient.DoesNotExist) as error:
        raise Refused("platform_unknown") from error


def link_in_test(member: Member, client: ApiClient, now: datetime) -> MemberLink:
    """Return the link that a test recruiter would make, so that its code can be redeemed.

    It changes no answer: the test platform created their employer.
    """
    link, _ = MemberLink.objects.in_force().get_or_create(
        member=member,
        client=client,
        defaults={
            "employer_id": member.employer_id,
            "origin": MemberLink.Origin.RECRUITER,
            "linked_at": now,
        },
    )
    return link


def may_link(member: Member) -> bool:
    """Whether the member's employer registered on our own pages. Others belong to the platform that
    created them.
    """
    return member.employer.platform_id is None


def link_member(member: Member, client_id: UUID | str, now: datetime) -> MemberLink:
    """Link the member with a platform, and return the link, also if there was one already.

    Raises Refused: `not_allowed`, `platform_unknown`.
    """
    client = linkable_platform(client_id)
    if not may_link(member):
        raise Refused("not_allowed")
    with transaction.atomic():
        # The membership may end at this moment, and with it the member's links.
        if not Member.objects.active().select_for_update(no_key=True).filter(pk=member.pk).exists():
            raise Refused("not_allowed")
        link, is_new = MemberLink.objects.in_force().get_or_create(
            member=member,
            client=client,
            defaults={
                "employer_id": member.employer_id,
                "origin": MemberLink.Origin.RECRUITER,
                "linked_at": now,
            },
        )
        if is_new:
            _record("link_member", link, member, now)
    return link


def end_link(member: Member, link_id: UUID, now: datetime) -> MemberLink | None:
    """End a link of the member; an owner may end those of colleagues. Return it, or None if it had
    ended already. The gate refuses the platform from now on.

    Raises Refused `not_allowed` if the link is somebody else's.
    """
    with transaction.atomic():
        found = MemberLink.objects.select_for_update(of=("self",)).select_related("client")
        link = found.filter(pk=link_id, employer_id=member.employer_id).first()
        is_owner = member.role == Member.MemberRole.OWNER
        if link is None or not (is_owner or link.member_id == member.pk):
            raise Refused("not_allowed")
        if link.ended_at is not None:
            return None
        link.ended_at = now
        link.save(update_fields=["ended_at"])
        _record("unlink_member", link, member, now)
    return link


def _record(verb: str, link: MemberLink, member: Member, now: datetime) -> None:
    data = {"member": str(link.member_id), "client": str(link.client_id)}
    employer = member.employer
    record(verb, employer, member.as_actor(), now, employer_id=employer.pk, data=data)


# --- The code that the recruiter brings back ------------------------------------------------------


def make_code(link: MemberLink, now: datetime) -> str:
    """Return a new code for the link. An earlier one no longer works."""
    code = secrets.token_urlsafe(24)
    MemberLink.objects.in_force().filter(pk=link.pk).update(
        code_hash=_hash(code), code_until=now + CODE_FOR
    )
    return code


def redeem_code(client: ApiClient, code: str, now: datetime) -> MemberLink:
    """Use up the code and return its link with the platform, if that is still in force.

    Raises Refused `link_code_gone`, whatever the cause.
    """
    with transaction.atomic():
        link = (
            MemberLink.objects.in_force()
            .select_for_update()
            .filter(client=client, code_hash=_hash(code), code_until__gt=now)
            .first()
        )
        if link is None:
            raise Refused("link_code_gone", "code")
        link.code_hash, link.code_until = "", None
        link.save(update_fields=["code_hash", "code_until"])
    return link


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
