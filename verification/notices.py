"""Who else has to know? The company's known admins, of everybody who wants to act for it.

A thief with a borrowed licence is seen first by the company it was borrowed from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.urls import reverse

from employers.models import Employer, Member
from events.mail import queue_mail
from events.models import Event, record

STRANGERS_PER_DAY: Final = 10
"""Of so many a day an employer is told. Whoever has read ten such mails knows that something is going on."""


def tell_admins(uscc: str, member: Member, way: str, now: datetime, *, proven: bool = False, but: UUID | None = None) -> None:
    """Write to the owners of the approved employer that holds the code: of a stranger at once, of a colleague once proven.

    Of one stranger they are told once a day, and once more when something is proven: a stranger's every try would be a flood.
    `way` is a kind of proof, or of a document that was handed in; `but` is an owner who knows already. A stranger's address is
    masked: who registered it may be a namesake who mistyped a code.
    """
    owners = Member.objects.active().filter(
        role=Member.MemberRole.OWNER, employer__uscc=uscc, employer__confirmed_at__isnull=False, user__is_active=True
    )
    holder = Employer.objects.filter(uscc=uscc, confirmed_at__isnull=False).first()
    if holder is None or (holder.pk != member.employer_id and not _worth_telling(holder, member, proven, now)):
        return
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


def _worth_telling(holder: Employer, stranger: Member, proven: bool, now: datetime) -> bool:
    """Whether the holder of the code has not been told this of the stranger, nor too much, today; then that is put down."""
    told = {"of": str(stranger.employer_id), "proven": proven}
    lately = Event.objects.filter(employer_id=holder.pk, verb="warn_owners", at__gt=now - timedelta(days=1))
    today = list(lately.values_list("data", flat=True)[:STRANGERS_PER_DAY])
    if told in today or len(today) >= STRANGERS_PER_DAY:
        return False
    record("warn_owners", holder, stranger.as_actor(), now, employer_id=holder.pk, data=told)
    return True
