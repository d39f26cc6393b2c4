"""Tests that only recruiters make and end links, and that a code tells who came back once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from employers.accounts.api_clients import create_api_client, revoke_api_client
from employers.accounts.membership import remove_member
from employers.member_links.operations import (
    CODE_FOR,
    end_link,
    link_member,
    make_code,
    redeem_code,
)
from employers.models import ApiClient, Employer, Member, MemberLink, Scope
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_employer, make_member

pytestmark = pytest.mark.django_db


def platform(now: datetime, name: str = "Site A", **more: bool) -> ApiClient:
    return create_api_client(name, [Scope.GATE_DECIDE], now, **more)[0]


def test_a_link_is_made_once_ended_once_and_made_again(now: datetime) -> None:
    member, client = make_member(now), platform(now)
    first = link_member(member, client.pk, now)
    assert link_member(member, str(client.pk), now) == first
    assert (first.employer, first.client, first.origin) == (member.employer, client, "recruiter")
    assert end_link(member, first.pk, now) and end_link(member, first.pk, now) is None
    again = link_member(member, client.pk, now)
    assert again != first and list(Employer.objects.seen_by(client)) == [member.employer]
    verbs = Event.objects.filter(employer_id=member.employer_id).order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == [
        "link_member",
        "unlink_member",
        "link_member",
    ]


@pytest.mark.parametrize("case", ["test", "revoked", "unknown", "no id"])
def test_only_live_platforms_are_linked(case: str, now: datetime) -> None:
    client = platform(now, test=case == "test")
    if case == "revoked":
        revoke_api_client(client, SYSTEM, now)
    wanted = {"unknown": uuid4(), "no id": "' OR 1=1"}.get(case, client.pk)
    with pytest.raises(Refused, match="platform_unknown"):
        link_member(make_member(now), wanted, now)


def test_a_platforms_own_employer_is_linked_with_nobody_else(now: datetime) -> None:
    theirs = make_member(now, make_employer(now, platform=platform(now)))
    with pytest.raises(Refused, match="not_allowed"):
        link_member(theirs, platform(now, "Site B").pk, now)


def test_whose_links_one_may_end(now: datetime) -> None:
    owner, client = make_member(now), platform(now)
    recruiter = make_member(now, owner.employer, role="recruiter")
    colleague = make_member(now, owner.employer, role="recruiter")
    link = link_member(recruiter, client.pk, now)
    for stranger in (colleague, make_member(now)):
        with pytest.raises(Refused, match="not_allowed"):
            end_link(stranger, link.pk, now)
    assert end_link(owner, link.pk, now)


def test_links_end_with_the_membership_and_do_not_come_back(now: datetime) -> None:
    owner, client = make_member(now), platform(now)
    recruiter = make_member(now, owner.employer, role="recruiter")
    link_member(recruiter, client.pk, now)
    kept = link_member(owner, client.pk, now)
    remove_member(owner, recruiter.pk, now)
    assert list(MemberLink.objects.in_force()) == [kept]
    Member.objects.filter(pk=recruiter.pk).update(left_at=None)
    assert list(MemberLink.objects.in_force()) == [kept]
    Member.objects.filter(pk=recruiter.pk).update(left_at=now)
    with pytest.raises(Refused, match="not_allowed"):
        link_member(recruiter, client.pk, now)


def test_a_code_is_redeemed_once_by_the_platform_it_was_made_for(now: datetime) -> None:
    member, client, other = make_member(now), platform(now), platform(now, "Site B")
    link = link_member(member, client.pk, now)
    old, code = make_code(link, now), make_code(link, now)
    for who, given, at in (
        (client, old, now),
        (other, code, now),
        (client, "", now),
        (client, code + "x", now),
        (client, code, now + CODE_FOR),
    ):
        with pytest.raises(Refused, match="link_code_gone"):
            redeem_code(who, given, at)
    assert redeem_code(client, code, now + CODE_FOR - timedelta(seconds=1)) == link
    with pytest.raises(Refused, match="link_code_gone"):
        redeem_code(client, code, now)
    code = make_code(link, now)
    end_link(member, link.pk, now)
    with pytest.raises(Refused, match="link_code_gone"):
        redeem_code(client, code, now)
