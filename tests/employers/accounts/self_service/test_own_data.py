"""Tests of one's own password, language and phone, and of the password asked before a change."""

from __future__ import annotations

import pytest
from django.test import Client

from employers.accounts.sightings import phone_of, seal_phone
from employers.models import Member, Sighting, SignIn
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.employers.accounts.phone_codes import code_to
from tests.employers.security.staff_sign_in import Clock
from tests.factories import PASSWORD, make_member, sign_in

pytestmark = pytest.mark.django_db
NEW = "another sentence that nobody knows"
CHANGE = {"current_password": PASSWORD, "password": NEW}
GUARDED = (
    ("/account/password/", {"password": NEW}),
    ("/account/email/", {"email": "new@example.com"}),
    ("/account/phone/", {"phone": "13800138000", "code": "123456"}),
    ("/account/phone/", {"delete": "1"}),
)


def test_the_page_shows_what_is_known_and_the_menu_leads_there(
    mine: Client, member: Member
) -> None:
    assert 'href="/account/"' in mine.get("/case/help/").content.decode()
    page = mine.get("/account/").content.decode()
    assert member.user.email in page and member.employer.name in page
    assert mine.get("/account/")["Cache-Control"] == "private, no-store"


def test_a_stranger_and_staff_see_no_account(member: Member, now: object) -> None:
    assert Client().get("/account/")["Location"] == "/sign-in/?next=/account/"
    member.left_at = now
    member.save()
    assert sign_in(member.user).get("/account/").status_code == 403


@pytest.mark.parametrize(("path", "sent"), GUARDED)
@pytest.mark.parametrize("typed", ["", "wrong", PASSWORD.upper(), PASSWORD + " "])
def test_nothing_changes_without_the_current_password(
    mine: Client, member: Member, path: str, sent: dict[str, str], typed: str
) -> None:
    member.user.phone_sealed = seal_phone("+8613800138001")
    member.user.save()
    before = (member.user.password, member.user.email, member.user.phone_sealed)
    answer = mine.post(path, {**sent, "current_password": typed})
    assert answer.status_code == 422 and "except the password" in answer.content.decode()
    member.user.refresh_from_db()
    assert (member.user.password, member.user.email, member.user.phone_sealed) == before
    assert not Mail.objects.exists()


def test_a_stolen_session_does_not_guess_the_password(
    mine: Client, member: Member, clock: Clock
) -> None:
    codes = [
        mine.post("/account/password/", {**CHANGE, "current_password": f"guess {n}"}).status_code
        for n in range(12)
    ]
    assert codes == [422] * 10 + [429] * 2
    assert mine.post("/account/password/", CHANGE).status_code == 429
    clock.forward(minutes=16)
    assert mine.post("/account/password/", CHANGE).status_code == 302


def test_a_new_password_ends_the_other_sessions_and_is_told(
    mine: Client, member: Member, clock: Clock
) -> None:
    other = sign_in(member.user)
    assert other.get("/account/").status_code == 200
    assert mine.post("/account/password/", CHANGE)["Location"] == "/account/"
    assert mine.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == (member.user.email, "password_changed")
    assert "/password/" in mail_message(mail, "https://s.example", clock.now).body
    assert Event.objects.get(verb="set_password").data == {}
    entry = {"username": member.user.email, "password": NEW}
    assert Client().post("/sign-in/", entry).status_code == 302


@pytest.mark.parametrize("weak", ["short", "1234567890123", "old@example.com", "password123"])
def test_a_weak_password_is_refused(mine: Client, member: Member, weak: str) -> None:
    assert mine.post("/account/password/", CHANGE | {"password": weak}).status_code == 422
    member.user.refresh_from_db()
    assert member.user.check_password(PASSWORD)


def test_a_reset_password_is_told_too(member: Member, clock: Clock) -> None:
    sign_in(member.user).get("/account/")
    assert SignIn.objects.exists()
    mine = Client(headers={"accept-language": "en"})
    mine.post("/password/", {"email": member.user.email})
    path = "/password/" + Mail.objects.get().context["link"].partition("/password/")[2]
    page = mine.get(path, follow=True)
    new = {"password": NEW}
    assert mine.post(page.redirect_chain[-1][0], new).status_code == 302
    assert Mail.objects.latest("pk").template == "password_changed"
    assert not SignIn.objects.exists(), "no session outlives it, so none is listed"


def test_a_stranger_whose_address_was_named_is_told_nothing(clock: Clock) -> None:
    member = make_member(clock.now, email_verified_at=None)
    assert sign_in(member.user).post("/account/password/", CHANGE).status_code == 302
    assert not Mail.objects.exists()


def test_a_number_is_sealed_recorded_and_deleted(mine: Client, member: Member) -> None:
    sent = {"current_password": PASSWORD, "phone": "138 0013 8000"}
    assert mine.post("/account/phone/", {"phone": "138 0013 8000", "send": "1"}).status_code == 302
    assert mine.post("/account/phone/", sent | {"code": code_to()}).status_code == 302
    member.user.refresh_from_db()
    assert phone_of(member.user) == "+8613800138000"
    assert "13800138000" not in member.user.phone_sealed
    assert Sighting.objects.filter(user=member.user, kind="phone").exists()
    gone = {"current_password": PASSWORD, "delete": "1"}
    assert mine.post("/account/phone/", gone).status_code == 302
    member.user.refresh_from_db()
    assert phone_of(member.user) == ""


def test_the_language_is_for_pages_and_mails(mine: Client, member: Member) -> None:
    mine.post("/language/", {"language": "zh-hans", "next": "/account/"})
    member.user.refresh_from_db()
    assert member.user.language == "zh-hans"
    assert 'lang="zh-Hans"' in mine.get("/account/").content.decode()
