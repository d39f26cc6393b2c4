"""Mails about a case to an employer's members, and warnings to its owners about others who act in
its name.

If a borrowed licence is used for fraud, the company that owns it can notice first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from employers.models import Employer, Member, User
from employers.notices import tell_user
from events.models import Event, record
from verification.models import Case, ClientAuthorisation

STRANGERS_PER_DAY: Final = 10
"""Warnings about strangers that an employer gets in a day. Ten such mails are warning enough."""


def tell_admins(
    uscc: str,
    member: Member,
    way: str,
    now: datetime,
    *,
    proven: bool = False,
    but: UUID | None = None,
) -> None:
    """Mail the owners of the approved employer that owns the code: about a stranger at once, about
    a colleague once authority is proven.

    The owners get one mail a day about the same stranger, and another once authority is proven, so
    that repeated tries do not flood them. `way` is a kind of proof or of a submitted document.
    `but` is an owner who already knows. A stranger's address is masked: it may belong to an
    innocent person who mistyped a code.
    """
    owners = Member.objects.active().filter(
        role=Member.MemberRole.OWNER,
        employer__uscc=uscc,
        employer__confirmed_at__isnull=False,
        user__is_active=True,
        employer__test=member.employer.test,
    )
    owner_of_code = Employer.objects.filter(
        uscc=uscc, confirmed_at__isnull=False, test=member.employer.test
    ).first()
    if owner_of_code is None or (
        owner_of_code.pk != member.employer_id
        and not _worth_telling(owner_of_code, member, proven, now)
    ):
        return
    for owner in owners.exclude(pk=member.pk).select_related("user", "employer"):
        colleague = owner.employer_id == member.employer_id
        if colleague and (not proven or owner.pk == but):
            continue
        name = member.user.contact
        context = {
            "company": owner.employer.name,
            "way": way,
            "proven": proven,
            "colleague": colleague,
            "member": name if colleague else member.user.contact_hidden,
            "path": reverse("employers:team"),
        }
        tell_user(owner.user, "authority_notice", context, now)


def tell_employer(
    case: Case, template: str, context: dict[str, Any], now: datetime, *, by: User | None = None
) -> None:
    """Queue a mail about the case to its employer's active owners, to the member who submitted it,
    and to `by`.

    The mail states the requirements as they are when it is sent.
    """
    about = {"name": case.declared_name, "case": str(case.pk)}
    readers = [
        *concerned_members(case.employer_id, case.submitted_by_id),
        *(concerned_members(case.employer_id, by.pk) if by else ()),
    ]
    for user in dict.fromkeys(member.user for member in readers):
        tell_user(user, template, about | context, now)


def concerned_members(employer_id: UUID, user: Any) -> list[Member]:
    """An employer's active owners, and `user`, who submitted the case or document, if still
    active.
    """
    members = (
        Member.objects.active()
        .filter(employer=employer_id, user__is_active=True)
        .select_related("user")
    )
    return list(members.filter(Q(role=Member.MemberRole.OWNER) | Q(user=user)))


def _worth_telling(owner: Employer, stranger: Member, proven: bool, now: datetime) -> bool:
    """Whether the owner of the code has not been warned of this today, nor too often. If so, record
    the warning.
    """
    told = {"of": str(stranger.employer_id), "proven": proven}
    lately = Event.objects.filter(
        employer_id=owner.pk, verb="warn_owners", at__gt=now - timedelta(days=1)
    )
    today = list(lately.values_list("data", flat=True)[:STRANGERS_PER_DAY])
    if told in today or len(today) >= STRANGERS_PER_DAY:
        return False
    record("warn_owners", owner, stranger.as_actor(), now, employer_id=owner.pk, data=told)
    return True


def tell_client_ended(client: ClientAuthorisation, reasons: Sequence[str], now: datetime) -> None:
    """Mail an agency's owners, and the member who submitted the letter, that a reviewer has ended
    this client.
    """
    _tell_of_client(client, "client_ended", {"reasons": list(reasons)}, now)


def tell_client_judged(
    client: ClientAuthorisation, reasons: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Mail the same people that this client's letter is accepted, or why it is not."""
    _tell_of_client(
        client, "client_wrong" if reasons else "client_accepted", {"reasons": list(reasons)}, now
    )


def tell_client_expired(client: ClientAuthorisation, now: datetime) -> None:
    """Mail the same people that this client's letter has expired."""
    _tell_of_client(client, "client_expired", {}, now)


def _tell_of_client(
    client: ClientAuthorisation, template: str, more: dict[str, Any], now: datetime
) -> None:
    path = reverse("verification:home") + f"#client-{client.document_id}"
    context = {"name": client.employer.name, "client": client.client_name, "path": path} | more
    for member in concerned_members(client.employer_id, client.document.uploaded_by_id):
        tell_user(member.user, template, context, now)
