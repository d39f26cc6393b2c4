"""Tests of changes of one's own address: confirmed by the new one, stopped by the old one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from employers.accounts.phones import numbers
from employers.accounts.self_service import address_change
from employers.models import AddressChange, Member, User
from employers.security import second_factor
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.employers.accounts.phone_codes import NUMBER
from tests.employers.security.staff_sign_in import SECRET, Clock, code_at
from tests.factories import PASSWORD, make_employer, make_member, make_user, sign_in

pytestmark = pytest.mark.django_db
NEW = "new@example.com"


def ask(browser: Client, email: str = NEW) -> Any:
    return browser.post("/account/email/", {"email": email, "current_password": PASSWORD})


def link(template: str, to: str = "") -> str:
    found = Mail.objects.filter(template=template).order_by("-pk")
    mail = (found.filter(to=to) if to else found)[0]
    return str(mail.context["link"].removeprefix(settings.SITE_URL))


def address(member: Member) -> str:
    return User.objects.get(pk=member.user_id).email


def test_the_new_address_confirms_and_the_old_one_is_told(
    mine: Client, member: Member, clock: Clock
) -> None:
    assert ask(mine, " NEW@example.com ").status_code == 302
    assert [(mail.to, mail.template) for mail in Mail.objects.order_by("pk")] == [
        (NEW, "address_confirm"),
        ("old@example.com", "address_changing"),
    ]
    account = mine.get("/account/").content.decode()
    assert (NEW in account, "notice success" in account) == (True, False), "said once"
    clock.forward(hours=1)
    path = link("address_confirm")
    assert mine.get(path).status_code == 200
    assert address(member) == "old@example.com", "a mail filter opens links"
    assert mine.post(path)["Location"] == "/account/"
    user = User.objects.get(pk=member.user_id)
    assert (user.email, user.email_verified_at) == (NEW, clock.now)
    assert Mail.objects.latest("pk").template == "address_changed"
    assert mine.post(path).status_code == 302, "twice is as good as once"
    assert Event.objects.filter(verb="change_address").count() == 1
    assert NEW not in str(list(Event.objects.values_list("data", flat=True)))
    for mail in Mail.objects.all():
        assert mail.context["link"] in mail_message(mail, "", clock.now).body


def test_who_is_not_signed_in_signs_in_first_and_another_account_confirms_nothing(
    mine: Client, member: Member, clock: Clock
) -> None:
    ask(mine)
    path = link("address_confirm")
    assert Client().get(path)["Location"] == f"/sign-in/?{urlencode({'next': path}, safe='/')}"
    assert Client().post(path)["Location"] == f"/sign-in/?{urlencode({'next': path}, safe='/')}"
    other = sign_in(make_member(clock.now).user)
    assert other.post(path).status_code == 410
    assert address(member) == "old@example.com"


@pytest.mark.parametrize("what", ["cancelled", "replaced", "late", "forged", "of the stop link"])
def test_a_link_that_does_not_confirm(
    mine: Client, member: Member, clock: Clock, what: str
) -> None:
    ask(mine)
    path = link("address_confirm")
    if what == "cancelled":
        mine.post("/account/email/cancel/")
    elif what == "replaced":
        ask(mine, "third@example.com")
    elif what == "late":
        # Signatures have a clock of their own, so the link is read as if it may last no time.
        settings_timeout = settings.EMAIL_VERIFICATION_TIMEOUT
        settings.EMAIL_VERIFICATION_TIMEOUT = -1
    elif what == "forged":
        path = path[:-3] + "xx/"
    else:
        path = link("address_changing").replace("/stop/", "/confirm/")
    try:
        assert mine.post(path).status_code == 410
    finally:
        if what == "late":
            settings.EMAIL_VERIFICATION_TIMEOUT = settings_timeout
    assert address(member) == "old@example.com"


def test_an_address_that_another_account_holds_is_not_told_apart(
    mine: Client, member: Member, clock: Clock
) -> None:
    make_member(clock.now, email="held@example.com")
    free, held = ask(mine, "free@example.com"), ask(mine, "held@example.com")
    assert (free.status_code, free["Location"]) == (held.status_code, held["Location"])
    told = Mail.objects.filter(to="held@example.com")
    assert [mail.template for mail in told] == ["address_taken"]


def test_who_confirms_first_gets_the_address(mine: Client, clock: Clock) -> None:
    ask(mine)
    make_user(clock.now, NEW, email_verified_at=clock.now)
    assert mine.post(link("address_confirm")).status_code == 410


@pytest.mark.parametrize(
    ("email", "status"), [("old@example.com", 422), ("nonsense", 422), ("x@example.test", 422)]
)
def test_addresses_that_are_refused(mine: Client, email: str, status: int) -> None:
    assert ask(mine, email).status_code == status
    assert not Mail.objects.exists() and not AddressChange.objects.exists()


def test_a_platforms_test_mails_no_real_address(clock: Clock) -> None:
    employer = make_employer(clock.now, test=True)
    member = make_member(clock.now, employer, email="hr@example.test")
    assert ask(sign_in(member.user), "real@example.com").status_code == 422
    assert ask(sign_in(member.user), "other@example.test").status_code == 302


def test_an_unconfirmed_address_is_corrected_and_its_owner_told_nothing(clock: Clock) -> None:
    member = make_member(clock.now, email="typo@example.com", email_verified_at=None)
    mine = sign_in(member.user)
    ask(mine)
    mine.post(link("address_confirm"))
    assert User.objects.get(pk=member.user_id).email_verified_at == clock.now
    assert not Mail.objects.filter(to="typo@example.com").exists()


def test_one_address_is_not_pestered(mine: Client) -> None:
    assert [ask(mine).status_code for _ in range(6)] == [302] * 4 + [429] * 2


# --- The old address ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_the_old_address_stops_it_and_secures_the_account(
    mine: Client, member: Member, clock: Clock, is_confirmed: bool
) -> None:
    numbers.take_number(member.user, NUMBER, clock.now)
    ask(mine)
    if is_confirmed:
        mine.post(link("address_confirm"))
        clock.forward(days=6)
        second_factor.enrol_second_factor(member.user, SECRET, code_at(clock.now), None, clock.now)
    path, reader = link("address_changing"), Client(headers={"accept-language": "en"})
    assert reader.get(path).status_code == 200
    assert address(member) == (NEW if is_confirmed else "old@example.com")
    assert reader.post(path).status_code == 200
    user = User.objects.get(pk=member.user_id)
    assert user.email == "old@example.com" and user.email_verified_at is not None
    assert not user.has_usable_password() and second_factor.second_factor_of(user) is None
    assert not user.phone_index and not user.phone, "the number may be the thief's"
    assert mine.get("/account/").status_code == 302
    assert mine.post(link("address_confirm")).status_code in (302, 410)
    assert address(member) == "old@example.com"
    assert Mail.objects.filter(to="old@example.com", template="password_reset").count() == 1
    assert reader.post(path).status_code == 200, "twice is as good as once"
    assert Mail.objects.filter(template="password_reset").count() == 1


def test_a_thief_cannot_outrun_it_by_changing_again(
    mine: Client, member: Member, clock: Clock
) -> None:
    ask(mine, "thief@example.com")
    mine.post(link("address_confirm"))
    ask(mine, "second@example.com")
    mine.post(link("address_confirm"))
    assert address(member) == "second@example.com"
    of_thief = link("address_changing", "thief@example.com")
    Client().post(link("address_changed", "old@example.com"))
    assert address(member) == "old@example.com"
    Client().post(of_thief)
    assert address(member) == "old@example.com"


def test_it_can_be_stopped_for_a_week(mine: Client, member: Member, clock: Clock) -> None:
    ask(mine)
    mine.post(link("address_confirm"))
    clock.forward(days=7)
    assert Client().post(link("address_changing")).status_code == 410
    assert address(member) == NEW


def test_an_old_address_that_was_taken_since_is_not_taken_back(
    mine: Client, member: Member, clock: Clock
) -> None:
    ask(mine)
    mine.post(link("address_confirm"))
    make_user(clock.now, "old@example.com", email_verified_at=clock.now)
    assert Client().post(link("address_changed")).status_code == 410
    assert address(member) == NEW


def test_rows_with_addresses_are_kept_for_a_month(mine: Client, clock: Clock) -> None:
    ask(mine)
    assert address_change.delete_old_changes(clock.forward(days=29)) == 0
    assert address_change.delete_old_changes(clock.forward(days=2)) == 1
