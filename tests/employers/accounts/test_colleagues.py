"""Tests of the pages on which colleagues are invited, join, change and leave."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from employers.accounts import invitations, membership
from employers.accounts.views import site_links
from employers.models import Member, User
from employers.security import throttle
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.employers.accounts.account_pages import invitation, text, verified_owner
from tests.employers.accounts.phone_codes import code_to
from tests.factories import PASSWORD, make_api_client, make_employer, make_member

pytestmark = pytest.mark.django_db


class TestColleagues:
    def test_invite_join_remove(self, visitor: Client, now: datetime) -> None:
        owner = verified_owner(now)
        visitor.force_login(owner.user)
        assert visitor.post("/team/", {"contact": "new@example.com"}).status_code == 302
        address = invitation("new@example.com")
        guest = Client(headers={"accept-language": "en"})
        assert owner.employer.name in text(guest.get(address))
        assert "too short" in text(guest.post(address, {"password": "x"}))
        for _ in range(2):
            assert (
                guest.post(address, {"password": "a sentence nobody knows"})["Location"] == "/case/"
            )
        member = Member.objects.get(user__email="new@example.com")
        assert (member.employer, member.user.email_verified_at is not None) == (
            owner.employer,
            True,
        )
        assert "new@example.com" in text(visitor.get("/team/"))
        assert visitor.post(f"/team/{member.pk}/remove/")["Location"] == "/team/"
        assert guest.get("/case/")["Location"].startswith("/sign-in/")

    def test_who_was_removed_comes_back_by_a_new_invitation_only(
        self, visitor: Client, now: datetime
    ) -> None:
        owner = verified_owner(now)
        visitor.force_login(owner.user)
        visitor.post("/team/", {"contact": "new@example.com"})
        first, guest = invitation("new@example.com"), Client(headers={"accept-language": "en"})
        guest.post(first, {"password": "a sentence nobody knows"})
        member = Member.objects.get(user__email="new@example.com")
        visitor.post(f"/team/{member.pk}/remove/")
        answer = guest.post(first, {"password": "a sentence nobody knows"})
        assert (answer.status_code, "invite you again" in text(answer)) == (410, True)
        member.refresh_from_db()
        assert member.left_at is not None
        assert not member.user.is_active

        visitor.post("/team/", {"contact": "NEW@example.com"})
        for _ in range(2):
            assert (
                guest.post(invitation("new@example.com"), {"password": "quite another sentence"})[
                    "Location"
                ]
                == "/case/"
            )
        member.refresh_from_db()
        assert (member.left_at, member.role, member.user.is_active) == (None, "recruiter", True)
        assert member.user.check_password("quite another sentence")
        assert Event.objects.filter(verb="join").count() == 2
        assert Mail.objects.filter(template="member_joined", to=owner.user.email).count() == 2
        assert guest.get("/case/").status_code == 200

    def test_who_left_another_employer_can_join_this_one(
        self, visitor: Client, now: datetime
    ) -> None:
        former, owner = verified_owner(now), verified_owner(now)
        colleague = make_member(now, former.employer, role="recruiter", email="new@example.com")
        membership.remove_member(former, colleague.pk, now)
        invitations.invite_colleague(owner, "new@example.com", site_links(), timezone.now())
        password = {"password": "a sentence nobody knows"}
        assert visitor.post(invitation("new@example.com"), password)["Location"] == "/case/"
        holder = User.objects.holder("new@example.com")
        assert holder is not None and holder.member.employer == owner.employer
        colleague.refresh_from_db()
        assert (colleague.employer, colleague.left_at) == (former.employer, now)

    @pytest.mark.parametrize(
        ("confirmed", "verified", "says"),
        [(True, False, "has not been verified"), (False, True, "is not verified yet")],
    )
    def test_nobody_invites_in_a_name_that_is_not_proven(
        self, visitor: Client, now: datetime, confirmed: bool, verified: bool, says: str
    ) -> None:
        employer = make_employer(now, confirmed_at=now if confirmed else None)
        visitor.force_login(
            make_member(now, employer, email_verified_at=now if verified else None).user
        )
        page = text(visitor.get("/team/"))
        assert says in page
        assert "Send invitation" not in page
        assert says in text(visitor.post("/team/", {"contact": "new@example.com"}, follow=True))
        assert not Mail.objects.exists()

    def test_a_day_holds_so_many_invitations_of_one_employer(self, now: datetime) -> None:
        owner = verified_owner(now)
        for number in range(invitations.INVITATIONS_PER_DAY):
            invitations.invite_colleague(owner, f"new{number}@example.com", site_links(), now)
        invitations.invite_colleague(
            verified_owner(now), "elsewhere@example.com", site_links(), now
        )
        with pytest.raises(Refused, match="invited_too_often"):
            invitations.invite_colleague(
                owner, "one-more@example.com", site_links(), now + timedelta(hours=23)
            )
        invitations.invite_colleague(
            owner, "one-more@example.com", site_links(), now + timedelta(hours=24)
        )

    def test_one_address_is_not_pestered(self, visitor: Client, now: datetime) -> None:
        visitor.force_login(verified_owner(now).user)
        for _ in range(throttle.INVITATIONS_TO_ADDRESS.tries):
            visitor.post("/team/", {"contact": "new@example.com"})
        answer = visitor.post("/team/", {"contact": "new@example.com"})
        assert (answer.status_code, "You have tried too many times" in text(answer)) == (429, True)
        assert Mail.objects.count() == throttle.INVITATIONS_TO_ADDRESS.tries

    def test_a_recruiter_neither_invites_nor_removes(self, visitor: Client, now: datetime) -> None:
        owner = make_member(now)
        visitor.force_login(make_member(now, owner.employer, role="recruiter").user)
        assert "Only your company's owner" in text(visitor.get("/team/"))
        assert "You do not have permission to do this" in text(
            visitor.post("/team/", {"contact": "new@example.com"}, follow=True)
        )
        assert not Mail.objects.exists()
        assert "You do not have permission to do this" in text(
            visitor.post(f"/team/{owner.pk}/remove/", follow=True)
        )
        owner.refresh_from_db()
        assert owner.left_at is None

    def test_another_owner_is_removed_with_the_password_only(
        self, visitor: Client, now: datetime
    ) -> None:
        owner = verified_owner(now)
        other = make_member(now, owner.employer)
        visitor.force_login(owner.user)
        for password, is_left in (("", False), ("wrong", False), (PASSWORD, True)):
            visitor.post(f"/team/{other.pk}/remove/", {"current_password": password})
            assert Member.objects.filter(pk=other.pk, left_at=None).exists() is not is_left

    def test_another_employers_member_stays(self, visitor: Client, now: datetime) -> None:
        other = make_member(now)
        visitor.force_login(make_member(now).user)
        visitor.post(f"/team/{other.pk}/remove/")
        other.refresh_from_db()
        assert other.left_at is None

    def test_a_colleague_is_not_invited(self, visitor: Client, now: datetime) -> None:
        owner = verified_owner(now)
        colleague = make_member(now, owner.employer, role="recruiter")
        visitor.force_login(owner.user)
        page = text(visitor.post("/team/", {"contact": colleague.user.email}))
        assert "already an account with this" in page
        assert f'value="{colleague.user.email}"' in page

    def test_a_broken_invitation(self, visitor: Client) -> None:
        response = visitor.get("/join/nonsense/")
        assert (response.status_code, "invite you again" in text(response)) == (410, True)


class TestPhone:
    def test_a_changed_number_is_told_by_mail(self, visitor: Client, now: datetime) -> None:
        member = make_member(now, language="en")
        visitor.force_login(member.user)
        visitor.post("/account/phone/", {"phone": "13800138000", "send": "1"})
        proven = {"phone": "138 0013 8000", "code": code_to()}
        for sent in (proven, {"delete": "1"}):
            visitor.post("/account/phone/", {"current_password": PASSWORD, **sent})
        told = [(mail.to, mail.template, mail.context) for mail in Mail.objects.order_by("pk")]
        company = {"company": member.employer.name, "by_platform": False}
        assert told == [
            (
                member.user.email,
                "phone_changed",
                company | {"phone": "+86 138****8000", "signs_in": True},
            ),
            (member.user.email, "phone_changed", company | {"phone": "", "signs_in": False}),
        ]
        letters = [mail_message(mail, "https://s.example", now).body for mail in Mail.objects.all()]
        assert all("It was changed in your account" in body for body in letters)
        assert "13800138000" not in "".join(letters)
        assert ["sign in with this number" in body for body in letters] == [True, False]

    def test_a_number_that_a_platform_sets_is_told_too(self, now: datetime) -> None:
        member, platform = make_member(now, language="en"), make_api_client(now)[0]
        membership.give_phone(member, "13800138000", platform.as_actor(), now)
        assert "Your recruitment site changed it" in mail_message(Mail.objects.get(), "", now).body

    def test_nobody_else_reads_of_it(self, now: datetime) -> None:
        """An unconfirmed address may be a stranger's."""
        member = make_member(now, email_verified_at=None)
        membership.give_phone(member, "13800138000", member.as_actor(), now)
        assert not Mail.objects.exists()
