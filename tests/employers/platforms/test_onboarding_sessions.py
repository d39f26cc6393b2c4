"""Tests that a session which a platform's link began is only for the case until the person has
signed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from employers.accounts.onboarding import make_link
from employers.accounts.registration import Links
from employers.models import ApiClient, Invitation, LinkPurpose, Member, User
from employers.security import throttle
from events.models import Mail
from tests.employers.accounts.account_pages import text
from tests.factories import make_case, make_employer, make_member
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db
BACK = "https://www.site-a.example/hr"
NEW_PASSWORD = "another long sentence"
FOR_THE_CASE = {
    "downloads:restriction",
    "employers:prove_yourself",
    "verification:appeal",
    "verification:back",
    "verification:bank_deposit",
    "verification:cancel_proof",
    "verification:client",
    "verification:company_email",
    "verification:confirm_proof",
    "verification:crop",
    "verification:declare",
    "verification:drop_upload",
    "verification:e_licence",
    "verification:held_upload",
    "verification:home",
    "verification:page_image",
    "verification:reading",
    "verification:remove_document",
    "verification:restore_document",
    "verification:scan_code",
    "verification:start",
    "verification:state_values",
    "verification:status",
    "verification:submit",
    "verification:upload",
    "verification:use_again",
}
"""The pages of members that a platform's link opens. Think before adding one: a platform's key
opens it in any recruiter's name.
"""


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


@pytest.fixture
def owner(now: datetime) -> Member:
    """The owner of an approved company, whom a platform added."""
    platform = ApiClient.objects.create(name="Site A", return_urls=BACK, created_at=now)
    employer = make_employer(now, platform=platform, reference="co-1", confirmed_at=now)
    made = make_member(now, employer)
    Member.objects.filter(pk=made.pk).update(reference="hr-1")
    make_case(made, now, State.APPROVED)
    return made


def entered(owner: Member) -> Client:
    """Return a browser that a platform's link has signed in."""
    platform = owner.employer.platform
    assert platform is not None
    _link, url = make_link(
        platform,
        owner.employer,
        owner.pk,
        purpose=LinkPurpose.VERIFY,
        return_url=BACK,
        language="en",
        links=Links(settings.SITE_URL),
        now=timezone.now(),
    )
    browser = Client(headers={"accept-language": "en"})
    assert browser.post(url.removeprefix(settings.SITE_URL)).status_code == 302
    return browser


def views_of_members(
    patterns: Any = None, namespace: str = ""
) -> Iterator[tuple[str, URLPattern, bool]]:
    """Yield the pages that members sign in for, and whether each needs their password."""
    for found in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(found, URLResolver):
            if found.namespace not in ("admin", "api"):
                yield from views_of_members(found.url_patterns, found.namespace or namespace)
        elif hasattr(found.callback, "needs_proof"):
            yield f"{namespace}:{found.name}", found, found.callback.needs_proof


def test_the_pages_that_a_link_opens_are_chosen_one_by_one() -> None:
    pages = {name: needs_proof for name, _pattern, needs_proof in views_of_members()}
    assert {name for name, needs_proof in pages.items() if not needs_proof} == FOR_THE_CASE
    assert {name for name, needs_proof in pages.items() if needs_proof} == {
        "employers:account",
        "employers:add_passkey",
        "employers:cancel_address",
        "employers:end_other_sessions",
        "employers:end_session",
        "employers:fresh_code",
        "employers:delete_account",
        "employers:invite_again",
        "employers:leave",
        "employers:make_owner",
        "employers:own_address",
        "employers:own_password",
        "employers:own_phone",
        "employers:remove_member",
        "employers:remove_passkey",
        "employers:reset_factor",
        "employers:second_factor",
        "employers:sessions",
        "employers:team",
        "employers:withdraw_invitation",
        "erasures:answer",
        "erasures:list",
        "member_links:end",
        "member_links:link",
        "member_links:sites",
        "verification:answer_vouch",
        "verification:asked_to_vouch",
        "verification:end_client",
        "verification:vouching",
        "verification:withdraw",
    }


def test_a_link_opens_the_case_and_no_page_about_others(owner: Member, now: datetime) -> None:
    colleague = make_member(now, owner.employer, role="recruiter", email="secret@example.com")
    invited = Invitation.objects.create(
        employer=owner.employer,
        inviter=owner,
        email="invited@example.com",
        sent_at=now,
        expires_at=now,
    )
    ids = {
        "member_id": colleague.pk,
        "invitation_id": invited.pk,
        "proof_id": colleague.pk,
        "document_id": colleague.pk,
        "order_id": colleague.pk,
        "sign_in_id": colleague.pk,
        "passkey_id": colleague.pk,
        "link_id": colleague.pk,
    }
    browser, proven = entered(owner), Client()
    proven.force_login(owner.user)
    assert browser.get("/case/").status_code == 200
    before = (Case.objects.get().version, owner.user.phone_sealed)
    for name, pattern, needs_proof in views_of_members():
        if needs_proof:
            known = pattern.pattern.converters
            address = reverse(name, kwargs={key: ids[key] for key in known})
            sent = {"email": "x@example.com", "phone": "13800138000", "answer": "yes"}
            refused = browser.post(address, sent)
            if refused.status_code == 405:
                refused = browser.get(address)
            assert refused.status_code == 403, name
            assert "secret@example.com" not in text(refused)
            assert "Email me a link" in text(refused)
    owner.user.refresh_from_db()
    assert (Case.objects.get().version, owner.user.phone_sealed) == before
    assert Member.objects.active().count() == 2 and Invitation.objects.open().count() == 1
    assert not Mail.objects.exists()
    assert proven.get("/team/").status_code == 200


def test_setting_a_password_by_mail_is_the_way_on(owner: Member) -> None:
    browser = entered(owner)
    assert browser.post("/prove/")["Location"] == "/case/"
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == (owner.user.email, "password_reset")
    page = browser.get(mail.context["link"].removeprefix(settings.SITE_URL), follow=True)
    new = {"password": NEW_PASSWORD}
    assert browser.post(page.redirect_chain[-1][0], new)["Location"] == "/sign-in/"
    assert browser.get("/team/").status_code != 200, "the password alone proves it"
    entry = {"username": owner.user.email, "password": NEW_PASSWORD}
    assert browser.post("/sign-in/", entry).status_code == 302
    assert browser.get("/team/").status_code == 200


def test_signing_in_ends_the_limits_and_keeps_the_way_back(owner: Member) -> None:
    owner.user.set_password(NEW_PASSWORD)
    owner.user.save()
    browser = entered(owner)
    assert browser.get("/sign-in/").status_code == 200, "although somebody is signed in"
    wrong = {"username": owner.user.email, "password": "wrong"}
    browser.post("/sign-in/", wrong)
    assert browser.get("/team/").status_code == 403
    assert browser.post("/sign-in/", wrong | {"password": NEW_PASSWORD}).status_code == 302
    page = browser.get("/team/")
    assert page.status_code == 200 and "Back to Site A" in text(page)
    assert browser.get("/sign-in/").status_code == 302


def test_a_new_link_limits_a_browser_that_had_signed_in(owner: Member) -> None:
    """Whoever presses the platform's button is the person it vouches for, not the one before."""
    browser = entered(owner)
    browser.force_login(owner.user)
    assert browser.get("/team/").status_code == 200
    assert entered(owner).get("/team/").status_code == 403


def test_links_to_set_a_password_are_few(owner: Member) -> None:
    browser = entered(owner)
    for _ in range(throttle.MAILS_TO_ADDRESS.tries + 1):
        page = text(browser.post("/prove/", follow=True))
    assert "You have tried too many times" in page
    assert Mail.objects.count() == throttle.MAILS_TO_ADDRESS.tries


def test_an_unconfirmed_recruiter_proves_it_by_the_same_mail(owner: Member) -> None:
    User.objects.filter(pk=owner.user_id).update(email_verified_at=None, password="!")
    browser = entered(owner)
    browser.post("/prove/")
    mail = Mail.objects.get(template="password_reset")
    assert mail.context["company"] == owner.employer.name
    page = browser.get(mail.context["link"].removeprefix(settings.SITE_URL), follow=True)
    new = {"password": NEW_PASSWORD}
    browser.post(page.redirect_chain[-1][0], new)
    entry = {"username": owner.user.email, "password": NEW_PASSWORD}
    assert browser.post("/sign-in/", entry).status_code == 302
    assert browser.get("/team/").status_code == 200


def test_staff_are_never_signed_in_by_a_session_of_a_link(owner: Member) -> None:
    browser = entered(owner)
    User.objects.filter(pk=owner.user_id).update(is_staff=True, is_superuser=True)
    assert browser.get("/console/").status_code == 302
    assert browser.get("/case/")["Location"].startswith("/sign-in/")


def test_links_do_not_flood_an_unconfirmed_address(owner: Member) -> None:
    User.objects.filter(pk=owner.user_id).update(email_verified_at=None)
    for _ in range(throttle.MAILS_TO_ADDRESS.tries + 1):
        assert entered(owner).get("/case/").status_code == 200
    assert Mail.objects.filter(template="verify_email").count() == throttle.MAILS_TO_ADDRESS.tries


def test_sessions_from_before_the_limits_are_told_apart(owner: Member) -> None:
    """Both kinds were stored alike, but those of links name the platform."""
    former = "django.contrib.auth.backends.ModelBackend"
    signed_in, linked = Client(), entered(owner)
    signed_in.force_login(owner.user, backend=former)
    session = linked.session
    session["_auth_user_backend"] = former
    session.save()
    assert signed_in.get("/team/").status_code == 200
    assert linked.get("/case/").status_code == 200
    assert linked.get("/team/").status_code == 403
