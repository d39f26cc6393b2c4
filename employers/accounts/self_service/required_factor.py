"""Whether a platform requires a second factor of a recruiter: the platform that added their
employer, or one that they have linked.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from employers.models import ApiClient, Member, MemberLink
from employers.security import second_factor
from employers.security.backends import is_vouched_only


def _requiring(member: OuterRef | UUID) -> QuerySet[MemberLink]:
    """Return the member's links with platforms that require a second factor."""
    links = MemberLink.objects.in_force().order_by("linked_at")
    return links.filter(member=member, client__second_factor_required=True)


LINKED_SITE_REQUIRES = Exists(_requiring(OuterRef("pk")))
"""For queries of members: whether a platform that they have linked requires it."""


def requiring_platform(member: Member) -> ApiClient | None:
    """Return the platform that requires a second factor of the member, if one does."""
    if (own := member.employer.platform) is not None:
        return own if own.second_factor_required else None
    link = _requiring(member.pk).select_related("client").first()
    return link.client if link else None


def lacks_factor(request: HttpRequest, member: Member) -> bool:
    """Return whether the member has no second factor although a platform requires one.

    `member` comes with `site_requires_factor` (`LINKED_SITE_REQUIRES`). A session that the
    platform's own link began needs none: the platform knows who it is.
    """
    platform = member.employer.platform
    required = platform.second_factor_required if platform else member.site_requires_factor  # type: ignore[attr-defined]  # annotated
    return (
        bool(required)
        and not is_vouched_only(request)
        and not second_factor.second_factor_of(member.user)
    )
