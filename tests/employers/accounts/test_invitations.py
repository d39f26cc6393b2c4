"""Tests of invitations: what ends them, who sends them again, and that no removed owner leaves one
behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pyotp
import pytest
from django.core import signing
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from employers.accounts import invitations, membership
from employers.accounts.enrolling import add_member
from employers.accounts.phones import numbers
from employers.accounts.views import site_links
from employers.models import ApiClient, Invitation, Member, User
from employers.security import second_factor, throttle, totp
from employers.tasks import sweep_links
from events.core.errors import Refused
from events.models import Event, Mail
from tests import factories
from tests.employers.accounts.account_pages import invitation, text
from tests.employers.accounts.phone_codes import NUMBER
from tests.factories import make_employer, make_member, make_reviewer, make_user, sign_in
from verification.cases import operations
from verification.models import Case

pytestmark = pytest.mark.django_db
NEW = "new@example.com"
PASSWORD = {"password": "a sentence nobody knows"}


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


def is_refused(link: str) -> bool:
    """Whether neither looking at the link nor joining by it works."""
    guest = Client(headers={"accept-language": "en"})
    answers = [guest.get(link), guest.post(link, PASSWORD)]
    return all(
        answer.status_code == 410 and "Ask an owner at your company" in text(answer)
        for answer in answers
    )


def removed(owner: Member, second: Member) -> None:
    membership.remove_member(second, owner.pk, timezone.now())


def demoted(owner: Member, second: Member) -> None:
    Member.objects.filter(pk=owner.pk).update(role="recruiter")


def closed(owner: Member, second: Member) -> None:
    User.objects.filter(pk=owner.user_id).update(is_active=False)


def removed_and_invited_again(owner: Member, second: Member) -> None:
    """Even somebody who becomes an owner again did not send it as this owner."""
    removed(owner, second)
    later = timezone.now()
    invitations.invite_colleague(second, owner.user.email, site_links(), later)
    Client().post(invitation(owner.user.email), PASSWORD)
    Member.objects.filter(pk=owner.pk).update(role="owner")


def suspended(owner: Member, second: Member) -> None:
    case, reviewer = Case.objects.get(), make_reviewer(timezone.now())
    operations.suspend_case(
        case.pk, reviewer.as_reviewer(), timezone.now(), ["registry_not_active"]
    )


def revoked(owner: Member, second: Member) -> None:
    suspended(owner, second)
    operations.revoke_case(
        Case.objects.get().pk,
        User.objects.get(is_staff=True),
        timezone.now(),
        ["registry_not_active"],
    )


def expired(owner: Member, second: Member) -> None:
    Invitation.objects.filter(email=NEW).update(expires_at=timezone.now())


def cancelled(owner: Member, second: Member) -> None:
    invitations.cancel_invitation(second, Invitation.objects.get(email=NEW).pk, timezone.now())


ENDS = (removed, demoted, closed, removed_and_invited_again, suspended, revoked, expired, cancelled)


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_an_invitation(
    owner: Member, second: Member, now: datetime, end: Callable[[Member, Member], None]
) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    link = invitation(NEW)
    assert Client().get(link).status_code == 200
    end(owner, second)
    assert is_refused(link)
    assert not User.objects.filter(email=NEW).exists()


def test_a_suspension_only_interrupts_invitations(owner: Member, now: datetime) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    suspended(owner, owner)
    assert is_refused(invitation(NEW))
    with pytest.raises(Refused, match="employer_suspended"):
        invitations.invite_colleague(owner, "other@example.com", site_links(), timezone.now())
    reviewer = make_reviewer(timezone.now())
    operations.reinstate_case(Case.objects.get().pk, reviewer, timezone.now())
    assert Client().post(invitation(NEW), PASSWORD)["Location"] == "/case/"


def test_a_link_from_before_invitations_were_stored_asks_for_a_new_one(
    owner: Member, now: datetime
) -> None:
    old = [str(owner.employer_id), NEW, now.isoformat()]
    for salt in ("employers.invite", invitations.SALT):
        assert is_refused(f"/join/{signing.dumps(old, salt=salt)}/")


def test_another_owner_sends_it_again_and_then_speaks_for_it(
    owner: Member, second: Member, now: datetime
) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    first = invitation(NEW)
    removed(owner, second)
    browser = sign_in(second.user)
    page = text(browser.get("/team/"))
    assert NEW in page and "no longer works" in page and owner.user.email in page
    again = f"/team/invitations/{Invitation.objects.get().pk}/again/"
    assert browser.post(again)["Location"] == "/team/"
    page = text(browser.get("/team/"))
    assert "no longer works" not in page and "works until" in page
    assert Invitation.objects.get().inviter == second
    assert Mail.objects.filter(template="invitation", to=NEW).count() == 2
    assert Event.objects.filter(verb="invite").count() == 2
    guest = Client()
    assert guest.get(first).status_code == 200, "both mails lead to the same invitation"
    assert guest.post(invitation(NEW), PASSWORD)["Location"] == "/case/"
    assert NEW not in text(browser.get("/team/")).partition("Open invitations")[2]


def test_cancelling_and_inviting_again_makes_a_new_link(owner: Member, now: datetime) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    first, browser = invitation(NEW), sign_in(owner.user)
    cancel = f"/team/invitations/{Invitation.objects.get().pk}/cancel/"
    page = text(browser.post(cancel, follow=True))
    assert "The invitation is cancelled" in page and NEW not in page
    assert "This invitation no longer works" in text(browser.post(cancel, follow=True))
    assert Event.objects.filter(verb="withdraw_invitation").count() == 1
    invitations.invite_colleague(owner, NEW, site_links(), timezone.now())
    assert is_refused(first) and Client().get(invitation(NEW)).status_code == 200


def test_only_owners_of_this_company_see_and_touch_invitations(
    owner: Member, now: datetime
) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    pk = Invitation.objects.get().pk
    recruiter = make_member(now, owner.employer, role="recruiter")
    stranger = make_member(now, make_employer(now, confirmed_at=now))
    for member in (recruiter, stranger):
        browser = sign_in(member.user)
        assert NEW not in text(browser.get("/team/"))
        for do in ("again", "cancel"):
            browser.post(f"/team/invitations/{pk}/{do}/")
    assert Invitation.objects.open().get().inviter == owner
    assert Mail.objects.filter(to=NEW).count() == 1


def test_sending_again_counts_as_inviting(owner: Member, now: datetime) -> None:
    browser = sign_in(owner.user)
    browser.post("/team/", {"contact": NEW})
    again = f"/team/invitations/{Invitation.objects.get().pk}/again/"
    for _ in range(throttle.INVITATIONS_TO_ADDRESS.tries):
        page = text(browser.post(again, follow=True))
    assert "You have tried too many times" in page
    assert Mail.objects.filter(to=NEW).count() == throttle.INVITATIONS_TO_ADDRESS.tries


def test_an_invitation_is_accepted_once(owner: Member, now: datetime) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    link = invitation(NEW)
    assert Client().post(link, PASSWORD).status_code == 302
    other = Client(headers={"accept-language": "en"})
    answer = other.post(link, {"password": "another sentence of mine"})
    assert (answer.status_code, "_auth_user_id" in other.session) == (422, False)
    assert Member.objects.filter(employer=owner.employer).count() == 2
    member = Member.objects.get(user__email=NEW)
    membership.remove_member(owner, member.pk, timezone.now())
    assert is_refused(link)


def test_invitations_are_forgotten(owner: Member, now: datetime) -> None:
    long_ago = now - invitations.VALID_FOR - invitations.KEPT_FOR - timedelta(minutes=1)
    invitations.invite_colleague(owner, NEW, site_links(), long_ago)
    invitations.invite_colleague(
        owner, "other@example.com", site_links(), long_ago + timedelta(days=1)
    )
    sweep_links()
    assert Invitation.objects.get().email == "other@example.com"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_who_joins_while_the_inviter_is_removed_waits_and_is_refused(
    owner: Member, second: Member, now: datetime
) -> None:
    invitations.invite_colleague(owner, NEW, site_links(), now)
    link, answers = invitation(NEW), []

    def press() -> None:
        try:
            answers.append(Client().post(link, PASSWORD).status_code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=press)
    with transaction.atomic():
        removed(owner, second)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive() and not answers
    thread.join()
    assert answers == [410]


def test_a_platform_that_restores_an_owner_revives_none_of_their_invitations(
    owner: Member, second: Member, now: datetime
) -> None:
    """Restoring a membership begins it anew."""
    client = ApiClient.objects.create(name="a platform", created_at=now)
    Member.objects.filter(pk=owner.pk).update(reference="hr-1")
    invitations.invite_colleague(owner, NEW, site_links(), now)
    removed(owner, second)
    User.objects.filter(pk=second.user_id).update(email_verified_at=None)  # else no key may
    add_member(
        client,
        owner.employer,
        reference="hr-1",
        email=owner.user.email,
        role="owner",
        language="en",
        now=timezone.now(),
    )
    User.objects.filter(pk=owner.user_id).update(email_verified_at=timezone.now())
    assert is_refused(invitation(NEW))


def test_an_account_without_a_company_joins_with_its_password(owner: Member, now: datetime) -> None:
    """Its password is asked, because the invitation alone must not replace it."""
    user = make_user(now, NEW, email_verified_at=now)
    invitations.invite_colleague(owner, NEW, site_links(), now)
    guest = Client(headers={"accept-language": "en"})
    assert guest.post(invitation(NEW), PASSWORD).status_code == 422
    assert not Member.objects.filter(user=user).exists(), "another password joins nothing"
    own = {"password": factories.PASSWORD}
    assert guest.post(invitation(NEW), own)["Location"] == "/case/"
    assert Member.objects.get(user=user).employer == owner.employer
    assert User.objects.filter(email=NEW).count() == 1


@pytest.mark.parametrize("by", ["invitation", "platform"])
def test_who_gets_a_former_colleagues_account_shares_it_with_nobody(
    owner: Member, now: datetime, by: str
) -> None:
    """The address of a post goes on to the next person; the number and the app do not."""
    former = make_member(now, owner.employer, role="recruiter", email=NEW)
    Member.objects.filter(pk=former.pk).update(reference="r-1")
    numbers.take_number(former.user, NUMBER, now)
    secret = totp.new_secret()
    second_factor.enrol_second_factor(former.user, secret, pyotp.TOTP(secret).at(now), None, now)
    membership.remove_member(owner, former.pk, now)
    if by == "invitation":
        invitations.invite_colleague(owner, NEW, site_links(), now + timedelta(seconds=1))
        token = invitation(NEW).strip("/").split("/")[-1]
        member = invitations.accept_invitation(
            token, "a sentence", "en", now + timedelta(seconds=2)
        )
    else:
        member = add_member(
            factories.make_api_client(now)[0],
            owner.employer,
            reference="r-2",
            email=NEW,
            role="recruiter",
            language="en",
            now=now,
        )
    user = User.objects.get(pk=member.user_id)
    assert user == former.user and second_factor.second_factor_of(user) is None
    assert (user.phone, user.phone_index, user.phone_verified_at) == ("", "", None)
    assert numbers.account_of(NUMBER) is None
