"""Tells the owners of an employer when a platform first asks the gate for one of its members.

A round looks for such decisions, so that nothing is in the way of the answer. The owners get one
mail for each platform, whichever member it asks for first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from downloads.models import GateDecision
from employers.models import Member, MemberLink
from employers.notices import tell_user
from employers.platforms.unlinked_askings import NOT_LINKED
from events.core.actor import SYSTEM
from events.models import record

AT_ONCE: Final = 500
LOOKED_BACK: Final = timedelta(days=1)
"""Decisions older than this are not read, so that links that are never used stay cheap."""


def tell_first_askings(now: datetime) -> None:
    """Note which links have been used, and mail the owners about platforms that are new to them."""
    asked = GateDecision.objects.filter(
        employer_id=OuterRef("employer_id"),
        member_id=OuterRef("member_id"),
        client_id=OuterRef("client_id"),
        decided_at__gte=OuterRef("linked_at"),
        decided_at__gt=now - LOOKED_BACK,
    ).exclude(reason=NOT_LINKED)
    # Ended links too: one that was used and ended between two rounds is told of as any other.
    lately = Q(ended_at=None) | Q(ended_at__gt=now - LOOKED_BACK)
    new = MemberLink.objects.filter(lately, Exists(asked), first_asked_at=None)
    for pk in list(new.order_by("linked_at").values_list("pk", flat=True)[:AT_ONCE]):
        _tell(pk, now)


def _tell(link_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        one = MemberLink.objects.filter(pk=link_id)
        # Ended links too: a platform that the owners have heard of is not new.
        links = list(
            MemberLink.objects.filter(
                employer__in=one.values("employer"), client__in=one.values("client")
            )
            .select_for_update(of=("self",))
            .select_related("client", "employer", "member__user")
            .order_by("pk")
        )
        link = next(one for one in links if one.pk == link_id)
        if link.first_asked_at is not None:
            return
        link.first_asked_at = now
        link.save(update_fields=["first_asked_at"])
        if any(one.first_asked_at for one in links if one.pk != link_id):
            return
        context = {
            "company": link.employer.name,
            "platform": link.client.name,
            "member": link.member.user.contact,
        }
        owners = link.employer.members.active().proven().filter(role=Member.MemberRole.OWNER)
        for owner in owners.select_related("user"):
            tell_user(owner.user, "platform_first_asked", context, now)
        data = {"member": str(link.member_id), "client": str(link.client_id)}
        record("first_asking", link.employer, SYSTEM, now, employer_id=link.employer_id, data=data)
