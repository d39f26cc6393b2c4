"""Who else has to know? The company's known admins, of everybody who wants to act for it.

A thief with a borrowed licence is seen first by the company it was borrowed from.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse

from employers.models import Member
from events.mail import queue_mail


def tell_admins(uscc: str, member: Member, way: str, now: datetime, *, proven: bool = False, but: UUID | None = None) -> None:
    """Write to the owners of the approved employer that holds the code: of a stranger at once, of a colleague once proven.

    `way` is a kind of proof, or of a document that was handed in; `but` is an owner who knows already. A stranger's address is
    masked: who registered it may be a namesake who mistyped a code.
    """
    owners = Member.objects.active().filter(
        role=Member.MemberRole.OWNER, employer__uscc=uscc, employer__confirmed_at__isnull=False, user__is_active=True
    )
    for owner in owners.exclude(pk=member.pk).select_related("user", "employer"):
        colleague = owner.employer_id == member.employer_id
        if colleague and (not proven or owner.pk == but):
            continue
        email = member.user.email
        context = {
            "company": owner.employer.name, "way": way, "proven": proven, "colleague": colleague,
            "member": email if colleague else f"***@{email.rpartition('@')[2]}", "path": reverse("employers:team"),
        }  # fmt: skip
        queue_mail(owner.user.email, "authority_notice", owner.user.language, context, now)
