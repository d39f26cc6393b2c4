"""Tests of invitations by text message: who joins with which account, what ends them, and what they
cost at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from employers.accounts import invitations, membership
from employers.accounts.phones import invitations as phone_invitations
from employers.accounts.phones import numbers
from employers.models import Invitation, Member, User
from employers.security import throttle
from events.core.errors import Refused
from events.delivery.sms import queue_sms
from events.models import Event, Sms
from events.sms.base import NUMBER_BLOCKED
from tests.employers.accounts.account_pages import text
from tests.employers.accounts.phone_codes import (
    NUMBER,
    OTHER,
    again,
    by_phone_alone,
    code_to,
    messages,
    with_number,
)
from tests.factories import make_member

pytestmark = pytest.mark.django_db
TYPED = "138 0013 8000"


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


@pytest.fixture(autouse=True)
def text_messages(settings: Any) -> None:
    settings.SMS_PROVIDER = "simulator"


def browser_of(member: Member) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


def guest() -> Client:
    return Client(headers={"accept-language": "en"})


def invited(owner: Member, now: datetime) -> str:
    """Invite the number, and return the link in the message."""
    phone_invitations.invite_number(owner, NUMBER, "203.0.113.7", now)
    return link()


def link() -> str:
    return "/" + [p["path"] for template, p in messages() if template == "colleague_invited"][-1]


def joins(client: Client, path: str) -> Any:
    """Get a code and enter it."""
    client.post(path, {"send": "1"})
    return client.post(path, {"code": code_to()})


def test_the_whole_way(owner: Member, now: datetime) -> None:
    page = text(browser_of(owner).post("/team/", {"contact": TYPED}, follow=True))
    assert "sent the invitation to 138 0013 8000" in page and "+86 138****8000" in page
    (said,) = messages()
    assert said[1]["company"] == owner.employer.name
    visitor = guest()
    page = text(visitor.get(link()))
    assert f"Join {owner.employer.name}" in page and "+86 138****8000" in page
    assert TYPED not in page and NUMBER not in page, "the link alone does not tell the number"
    assert joins(visitor, link())["Location"] == "/case/"
    member = Member.objects.get(user__phone_index__gt="", employer=owner.employer)
    assert (member.role, member.user.phone, member.user.email) == ("recruiter", NUMBER, "")
    assert visitor.get("/case/").status_code == 200
    assert Event.objects.filter(verb="join", employer_id=owner.employer_id).exists()
    assert "Open invitations" not in text(browser_of(owner).get("/team/"))


def test_the_link_opens_nothing_without_the_code(owner: Member, now: datetime) -> None:
    path = invited(owner, now)
    visitor = guest()
    visitor.post(path, {"send": "1"})
    wrong = f"{(int(code_to()) + 1) % 10**6:06d}"
    assert visitor.post(path, {"code": wrong}).status_code == 422
    assert guest().post(path, {"code": code_to()}).status_code == 422, "another browser's code"
    assert not User.objects.exclude(phone_index="").exists()


def test_the_account_of_the_number_joins_if_it_has_no_company(owner: Member, now: datetime) -> None:
    user = numbers.open_account(NUMBER, "en", now)
    assert joins(guest(), invited(owner, now))["Location"] == "/case/"
    assert Member.objects.get(user=user).employer == owner.employer


def test_a_colleague_is_not_invited(owner: Member, second: Member, now: datetime) -> None:
    with_number(second, now)
    page = text(browser_of(owner).post("/team/", {"contact": TYPED}))
    assert "already a colleague here" in page and TYPED in page
    assert not Sms.objects.exists() and not Invitation.objects.exists()


def test_of_an_account_with_another_company_only_its_owner_learns(
    owner: Member, now: datetime
) -> None:
    elsewhere = by_phone_alone(now)
    page = text(browser_of(owner).post("/team/", {"contact": TYPED}, follow=True))
    assert "sent the invitation to" in page, "as for any other number"
    answer = joins(guest(), link())
    assert answer.status_code == 422 and "Another account uses this number" in text(answer)
    assert Member.objects.get(user=elsewhere.user).employer != owner.employer


def test_no_number_is_taken_from_an_account_that_works_elsewhere(
    owner: Member, now: datetime
) -> None:
    """The proof is old, but it may be their only way in, and here nobody asks which they want."""
    elsewhere = by_phone_alone(now)
    User.objects.filter(pk=elsewhere.user_id).update(
        phone_verified_at=now - numbers.STALE_AFTER - timedelta(days=1)
    )
    assert joins(guest(), invited(owner, now)).status_code == 422
    assert again(elsewhere.user).phone_index and not owner.employer.members.exclude(pk=owner.pk)


def test_a_number_of_somebody_who_has_left_a_company_gets_a_new_account(
    owner: Member, now: datetime
) -> None:
    before = by_phone_alone(now)
    membership.remove_member(make_member(now, before.employer), before.pk, now)
    Sms.objects.all().delete()  # the notice of it
    assert joins(guest(), invited(owner, now))["Location"] == "/case/"
    assert again(before.user).phone == "" and Member.objects.filter(user=before.user).exists()


def test_new_accounts_are_counted_by_network(owner: Member, now: datetime) -> None:
    path, most = invited(owner, now), throttle.REGISTRATIONS_FROM_NETWORK
    for _ in range(most.tries):
        throttle.count_try([(most, "127.0.0.1")], timezone.now())
    answer = joins(guest(), path)
    assert answer.status_code == 429 and not User.objects.filter(phone_index__gt="").exists()


def test_an_owner_does_not_learn_that_a_number_has_blocked_us(owner: Member, now: datetime) -> None:
    before = now - timedelta(hours=2)
    queue_sms(NUMBER, "candidate_link", "en", {"path": "m/x"}, before, payer="x", network="")
    Sms.objects.update(failure=NUMBER_BLOCKED)
    page = text(browser_of(owner).post("/team/", {"contact": TYPED}, follow=True))
    assert "sent the invitation to" in page and "use an email address" in page
    assert Invitation.objects.exists() and Sms.objects.count() == 1


def test_invitations_do_not_use_up_the_budget_for_warnings(owner: Member, now: datetime) -> None:
    invited(owner, now)
    assert Sms.objects.get().payer == "invitations"


def removed(owner: Member, second: Member) -> None:
    membership.remove_member(second, owner.pk, timezone.now())


def demoted(owner: Member, second: Member) -> None:
    Member.objects.filter(pk=owner.pk).update(role="recruiter")


def expired(owner: Member, second: Member) -> None:
    Invitation.objects.update(expires_at=timezone.now())


def cancelled(owner: Member, second: Member) -> None:
    browser_of(second).post(f"/team/invitations/{Invitation.objects.get().pk}/cancel/")


@pytest.mark.parametrize("end", [removed, demoted, expired, cancelled])
def test_what_ends_it(
    owner: Member, second: Member, now: datetime, end: Callable[[Member, Member], None]
) -> None:
    path, visitor = invited(owner, now), guest()
    visitor.post(path, {"send": "1"})
    code = code_to()
    end(owner, second)
    for answer in (visitor.get(path), visitor.post(path, {"code": code})):
        assert answer.status_code == 410 and "invite you again" in text(answer)
    assert not User.objects.exclude(phone_index="").exists()


def test_who_was_removed_after_it_was_sent_does_not_come_back(owner: Member, now: datetime) -> None:
    path = invited(owner, now)
    assert joins(guest(), path)["Location"] == "/case/"
    member = Member.objects.get(user__phone_index__gt="")
    membership.remove_member(owner, member.pk, timezone.now())
    assert guest().get(path).status_code == 410
    Sms.objects.all().delete()  # not within a minute of the last one
    assert joins(guest(), invited(owner, timezone.now()))["Location"] == "/case/"
    assert Member.objects.active().filter(employer=owner.employer).count() == 2


def test_opening_it_again_signs_in(owner: Member, now: datetime) -> None:
    path = invited(owner, now)
    joins(guest(), path)
    Sms.objects.all().delete()
    assert joins(guest(), path)["Location"] == "/case/"
    assert Member.objects.filter(employer=owner.employer).count() == 2


def test_another_owner_sends_it_again_in_their_name(
    owner: Member, second: Member, now: datetime
) -> None:
    path = invited(owner, now)
    removed(owner, second)
    assert guest().get(path).status_code == 410
    Sms.objects.all().delete()
    pk = Invitation.objects.get().pk
    page = text(browser_of(second).post(f"/team/invitations/{pk}/again/", follow=True))
    assert "sent the invitation to +86 138****8000" in page
    assert link() == path and guest().get(path).status_code == 200
    assert Invitation.objects.get().inviter == second


def test_only_so_many_messages_to_one_number(owner: Member, now: datetime) -> None:
    client, answers = browser_of(owner), []
    for _ in range(4):
        Sms.objects.all().delete()  # so that only our own limit counts
        answers.append(client.post("/team/", {"contact": TYPED}).status_code)
    assert answers == [302, 302, 302, 429]
    assert Invitation.objects.count() == 1, "the same one, sent again"


def test_a_refused_message_leaves_no_invitation(owner: Member, now: datetime) -> None:
    """The number had a message within this minute, of whatever kind."""
    phone_invitations.invite_number(owner, NUMBER, "", now)
    Invitation.objects.all().delete()
    answer = browser_of(owner).post("/team/", {"contact": TYPED})
    assert answer.status_code in (422, 429) and not Invitation.objects.exists()


def test_mails_and_messages_of_a_day_are_counted_together(
    owner: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "INVITATIONS_PER_DAY", 1)
    phone_invitations.invite_number(owner, NUMBER, "", now)
    with pytest.raises(Refused, match="invited_too_often"):
        phone_invitations.invite_number(owner, OTHER, "", now)


def test_an_address_and_a_number_side_by_side(owner: Member, now: datetime) -> None:
    client = browser_of(owner)
    client.post("/team/", {"contact": TYPED})
    client.post("/team/", {"contact": "Lin@firma.example"})
    client.post("/team/", {"contact": "13900139000"})
    assert sorted(i.contact for i in Invitation.objects.all()) == [
        "+86 138****8000",
        "+86 139****9000",
        "lin@firma.example",
    ]


@pytest.mark.parametrize("typed", ["lin@", "lin.example", "12345", "+1 202 555 0100"])
def test_what_is_neither_is_refused_beside_the_field(owner: Member, typed: str) -> None:
    answer = browser_of(owner).post("/team/", {"contact": typed})
    assert answer.status_code == 422 and 'id="id_contact_error"' in text(answer)
    assert not Invitation.objects.exists()


def test_without_a_provider_only_addresses_are_invited(owner: Member, settings: Any) -> None:
    settings.SMS_PROVIDER = ""
    client = browser_of(owner)
    assert "mobile number or email" not in text(client.get("/team/"))
    assert client.post("/team/", {"contact": TYPED}).status_code == 422


@pytest.mark.parametrize("key", ["", "x", "A" * 22, "中文", "../etc"])
def test_other_links_are_refused(key: str) -> None:
    assert guest().get(f"/j/{key}").status_code in (404, 410)


def test_the_link_of_an_invited_address_is_another_one(owner: Member, now: datetime) -> None:
    invitation = invitations.store_invitation(owner, now, email="lin@firma.example")
    assert guest().get(f"/j/{phone_invitations.key_of(invitation)}").status_code == 410
