"""Tests of leaving the company and deleting one's account."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from employers.accounts import membership, sightings
from employers.accounts.self_service import leaving
from employers.models import Employer, Member, MemberLink, SecondFactor, Sighting, SignIn, User
from employers.tasks import sweep_accounts
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Event, Mail, record
from tests.employers.accounts.account_pages import invitation
from tests.employers.accounts.phone_codes import by_phone_alone, messages
from tests.employers.security.staff_sign_in import Clock, enrolled
from tests.factories import PASSWORD, PLATFORM, make_link, make_member, sign_in

pytestmark = pytest.mark.django_db
LEAVE, DELETE = "/account/leave/", "/account/delete/"
SURE = {"current_password": PASSWORD}


@pytest.fixture
def colleague(member: Member, clock: Clock) -> Member:
    return make_member(clock.now, member.employer, role="recruiter", language="en")


@pytest.mark.parametrize("path", [LEAVE, DELETE])
def test_a_recruiter_leaves_and_the_owner_is_told(
    member: Member, colleague: Member, clock: Clock, path: str
) -> None:
    theirs = sign_in(colleague.user)
    assert theirs.get(path).status_code == 200
    assert theirs.post(path, {"current_password": "wrong"}).status_code == 422
    assert Member.objects.active().filter(pk=colleague.pk).exists()
    page = theirs.post(path, SURE, follow=True)
    assert page.redirect_chain[-1][0] == "/"
    assert theirs.get("/case/").status_code == 302
    colleague.refresh_from_db()
    assert colleague.left_at == clock.now and not User.objects.get(pk=colleague.user_id).is_active
    event = Event.objects.get(verb="remove_member")
    assert (event.actor_id, event.data) == (str(colleague.user_id), {"member": str(colleague.pk)})
    mail = Mail.objects.get(template="member_left")
    assert mail.to == member.user.email
    assert colleague.user.email in mail_message(mail, "https://s.example", clock.now).body
    entry = {"username": colleague.user.email, "password": PASSWORD}
    assert Client().post("/sign-in/", entry).status_code == 200


@pytest.mark.parametrize("path", [LEAVE, DELETE])
def test_the_last_owner_of_others_stays_and_is_told_why(
    mine: Client, member: Member, colleague: Member, path: str
) -> None:
    page = mine.get(path).content.decode()
    assert "only owner of your company" in page and "make a colleague an owner first" in page
    assert "lose access" not in page and "no longer sign in" not in page, "it cannot happen yet"
    assert mine.post(path, SURE).status_code == 422
    assert Member.objects.active().filter(pk=member.pk).exists()


def test_an_owner_leaves_after_making_another(
    mine: Client, member: Member, colleague: Member, clock: Clock
) -> None:
    assert "Make owner" in mine.get("/team/").content.decode()
    mine.post(f"/team/{colleague.pk}/make-owner/", {"current_password": "guessed"})
    colleague.refresh_from_db()
    assert colleague.role == "recruiter", "an open session is not enough"
    mine.post(f"/team/{colleague.pk}/make-owner/", SURE)
    told = Mail.objects.filter(template="owner_made").values_list("to", flat=True)
    assert set(told) == {colleague.user.email, member.user.email}, "the session may be a thief's"
    assert mine.post(LEAVE, SURE).status_code == 302
    assert [each.user for each in Member.objects.active()] == [colleague.user]
    assert "Send invitation" not in sign_in(member.user).get("/team/").content.decode()


@pytest.mark.parametrize("who", ["recruiter", "stranger", "unconfirmed"])
def test_who_makes_an_owner(
    mine: Client, member: Member, colleague: Member, clock: Clock, who: str
) -> None:
    by: Any = mine
    if who == "recruiter":
        by = sign_in(make_member(clock.now, member.employer, role="recruiter").user)
    elif who == "stranger":
        by = sign_in(make_member(clock.now).user)
    else:
        User.objects.filter(pk=colleague.user_id).update(email_verified_at=None)
    by.post(f"/team/{colleague.pk}/make-owner/", SURE)
    colleague.refresh_from_db()
    assert colleague.role == "recruiter"


def test_of_two_owners_who_leave_one_stays(member: Member, clock: Clock) -> None:
    other = make_member(clock.now, member.employer)
    make_member(clock.now, member.employer, role="recruiter")
    leaving.leave_company(other, clock.now)
    with pytest.raises(Refused, match="last_owner"):
        leaving.leave_company(member, clock.now)
    with pytest.raises(Refused, match="not_allowed"):
        leaving.leave_company(other, clock.now)  # twice


def test_people_are_told_last_because_messages_wait_for_each_other(
    member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever queues a message locks the budget of the day until the commit."""
    done: list[tuple[str, str]] = []

    def note(_user: User, template: str, _context: object, _now: datetime) -> bool:
        done.append((template, Event.objects.latest("pk").verb))
        return True

    for module in (leaving, membership):
        monkeypatch.setattr(module, "tell_user", note)
    monkeypatch.setattr(
        membership._Asked,
        "newcomer_reviewed",
        lambda each, now: record("hold_member", each, SYSTEM, now),
    )
    joined = make_member(clock.now, member.employer)
    membership.record_joining(joined, clock.now)
    leaving.delete_account(joined, clock.now)
    assert done == [
        ("member_joined", "hold_member"),
        ("member_left", "delete_account"),
        ("account_deleted", "delete_account"),
    ]


def test_who_has_a_number_alone_is_told_of_the_deletion_there(clock: Clock) -> None:
    leaving.delete_account(by_phone_alone(clock.now), clock.now)
    assert [template for template, _ in messages()] == ["account_notice"]


def test_two_owners_do_not_remove_each_other(member: Member, clock: Clock) -> None:
    """Each acts on a page from before the other acted."""
    other = make_member(clock.now, member.employer)
    membership.remove_member(member, other.pk, clock.now)
    with pytest.raises(Refused, match="not_allowed"):
        membership.remove_member(other, member.pk, clock.now)
    assert list(Member.objects.active()) == [member]


def test_a_link_made_at_that_moment_ends_too(
    member: Member, colleague: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links are ended before the member is locked; one may come in between."""
    ends = membership.end_links_of

    def then_one_more(member_id: UUID, employer_id: UUID, now: datetime) -> None:
        ends(member_id, employer_id, now)
        if Member.objects.active().filter(pk=member_id).exists():
            make_link(colleague, PLATFORM, now)

    for module in (membership, leaving):
        monkeypatch.setattr(module, "end_links_of", then_one_more)
    leaving.leave_company(colleague, clock.now)
    assert MemberLink.objects.get().ended_at == clock.now


def test_the_only_member_deletes_but_does_not_leave(mine: Client, member: Member) -> None:
    assert "delete your account" in mine.get(LEAVE).content.decode()
    assert mine.post(LEAVE, SURE).status_code == 422
    assert mine.post(DELETE, SURE).status_code == 302
    assert not Member.objects.active().exists()


def test_what_is_deleted_at_once_and_what_later(
    member: Member, colleague: Member, clock: Clock, settings: Any
) -> None:
    user = colleague.user
    enrolled(user, clock.now)
    theirs, address = sign_in(user), user.email
    theirs.get("/account/")
    sightings.record_sighting(user, clock.now, device="browser", network="192.0.2.7")
    membership.give_phone(colleague, "13800138000", colleague.as_actor(), clock.now)
    theirs.post(DELETE, SURE)
    user.refresh_from_db()
    assert (user.phone_sealed, user.email_verified_at, user.email) == ("", None, address)
    assert not user.has_usable_password()
    for model in (SecondFactor, SignIn):
        assert not model.objects.filter(user=user).exists()
    kept = set(Sighting.objects.filter(user=user).values_list("kind", flat=True))
    assert kept == {"device", "phone"}, "they recognise excluded people"
    assert Mail.objects.filter(to=address).latest("pk").template == "account_deleted"
    clock.forward(days=settings.KEEP_ANSWERS_DAYS - 1)
    sweep_accounts()
    assert User.objects.get(pk=user.pk).email == address
    clock.forward(days=2)
    sweep_accounts()
    sweep_accounts()
    assert User.objects.get(pk=user.pk).email == f"{user.pk}@deleted.invalid"
    assert not Sighting.objects.filter(user=user).exists()
    assert Event.objects.filter(verb="erase_address").count() == 1
    assert address not in str(list(Event.objects.values_list("data", flat=True)))


def test_nothing_is_kept_of_an_address_that_was_never_confirmed(
    colleague: Member, clock: Clock
) -> None:
    User.objects.filter(pk=colleague.user_id).update(email_verified_at=None)
    sightings.record_sighting(colleague.user, clock.now, device="browser", phone="+8613800138000")
    leaving.delete_account(colleague, clock.now)
    assert not Sighting.objects.filter(user=colleague.user).exists()


def test_the_address_is_free_again_and_joins_as_somebody_new(
    member: Member, colleague: Member, clock: Clock
) -> None:
    sign_in(colleague.user).post(DELETE, SURE)
    Employer.objects.filter(pk=member.employer_id).update(confirmed_at=clock.now)
    member.employer.refresh_from_db()
    clock.forward(days=1)
    browser = sign_in(member.user)
    browser.post("/team/", {"contact": colleague.user.email})
    joined = Client(headers={"accept-language": "en"})
    sent = {"password": "another sentence nobody knows"}
    assert joined.post(invitation(colleague.user.email), sent).status_code == 302
    new = Member.objects.active().get(user__email=colleague.user.email)
    assert new.user_id != colleague.user_id


def test_a_deleted_account_gets_no_password_link(
    member: Member, colleague: Member, clock: Clock
) -> None:
    sign_in(colleague.user).post(DELETE, SURE)
    Client().post("/password/", {"email": colleague.user.email})
    assert Mail.objects.latest("pk").template == "no_account"
