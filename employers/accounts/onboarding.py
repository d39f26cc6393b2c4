"""Onboarding links: single-use links that sign a recruiter in from their platform, for minutes.

The platform vouches for who is signed in there, so it can only make links for recruiters that it
added to employers that it created. Opening the link does nothing until its button is pressed, since
mail scanners and previews open links too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core import signing
from django.db import transaction

from employers.accounts import return_urls
from employers.accounts.registration import Links
from employers.models import ApiClient, Employer, LinkPurpose, Member, OnboardingLink
from events.core.errors import Refused
from events.models import record

SALT: Final = "employers.onboarding"
VALID_FOR: Final = timedelta(minutes=15)
KEPT_FOR: Final = timedelta(days=7)
VIEW: Final = "verification:onboard"

Clock = Callable[[ApiClient], datetime]
"""Returns the current time of a platform."""


def make_link(
    client: ApiClient,
    employer: Employer,
    member_id: UUID,
    *,
    purpose: LinkPurpose,
    return_url: str,
    language: str,
    links: Links,
    now: datetime,
) -> tuple[OnboardingLink, str]:
    """Create a link for one recruiter of the platform's `employer`. Return it and its address.

    Raises Refused: `member_unknown`, `member_not_added`, `return_url_unknown`.
    """
    member = (
        Member.objects.active()
        .select_related("user")
        .filter(pk=member_id, employer=employer)
        .first()
    )
    if member is None or not member.user.is_active:
        raise Refused("member_unknown")
    if not member.reference or member.user.is_staff:
        raise Refused("member_not_added")
    if not return_urls.is_registered_return_url(client.return_urls, return_url, local=client.test):
        raise Refused("return_url_unknown", "return_url", seen=return_url[:100])
    with transaction.atomic():
        link = OnboardingLink.objects.create(
            client=client,
            member=member,
            purpose=purpose,
            return_url=return_url,
            language=language,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        data = {"purpose": str(purpose), "link": str(link.pk)}
        record(
            "make_onboarding_link",
            member,
            client.as_actor(),
            now,
            employer_id=employer.pk,
            data=data,
        )
    return link, links.to(VIEW, signing.dumps(str(link.pk), salt=SALT))


def read_link(token: str, clock: Clock) -> OnboardingLink:
    """Return the link if it is still valid.

    Raises Refused `onboarding_link_gone`, whatever the cause.
    """
    try:
        pk = UUID(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError) as error:
        raise Refused("onboarding_link_gone") from error
    link = (
        OnboardingLink.objects.select_related("client", "member__user", "member__employer")
        .filter(pk=pk)
        .first()
    )
    if link is None or link.used_at is not None or link.expires_at <= clock(link.client):
        raise Refused("onboarding_link_gone")
    user, member = link.member.user, link.member
    if (
        not user.is_active
        or user.is_staff
        or user.is_superuser
        or member.left_at is not None
        or link.client.revoked_at is not None
    ):
        raise Refused("onboarding_link_gone")
    return link


def spend_link(token: str, clock: Clock) -> OnboardingLink:
    """Use up the link. The caller then signs its member in.

    Raises Refused `onboarding_link_gone`.
    """
    link = read_link(token, clock)
    now = clock(link.client)
    with transaction.atomic():
        if not OnboardingLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            raise Refused("onboarding_link_gone")
        data = {"purpose": link.purpose, "link": str(link.pk), "client": str(link.client_id)}
        record(
            "onboard",
            link.member,
            link.member.as_actor(),
            now,
            employer_id=link.member.employer_id,
            data=data,
        )
    return link


def delete_old_onboarding_links(now: datetime) -> int:
    """Delete links that ended long ago and whose recruiters can no longer return. Return their
    number.
    """
    gone, _ = OnboardingLink.objects.filter(expires_at__lt=now - KEPT_FOR).delete()
    return gone


def address_back(link: OnboardingLink, state: str) -> str | None:
    """Return the address that the recruiter returns to, with the state of their case. None if it is
    no longer registered.
    """
    if link.client.revoked_at is not None or not return_urls.is_registered_return_url(
        link.client.return_urls, link.return_url, local=link.client.test
    ):
        return None
    return return_urls.with_query(
        link.return_url, {"zizhi_employer": str(link.member.employer_id), "state": state}
    )
