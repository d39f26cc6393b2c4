"""Tests of what strangers can do to an honest company."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from employers.accounts import invitations, registration, sightings
from employers.models import Invitation, Member, User
from events.core.errors import Refused
from events.models import Mail
from tests.factories import (
    PASSWORD,
    make_case,
    make_document,
    make_employer,
    make_member,
    make_reviewer,
    make_user,
)
from tests.stories.victims import ACCOUNT, DAY, LINKS, company, handed_in
from tests.verification.decision.test_apply_verdict import MEDIUM, run
from verification.authority import deposits, email_codes
from verification.cases import documents, operations
from verification.checks.duplicates import Duplicates
from verification.decision.pipeline import subject_of
from verification.models import Case, DocumentPage
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_books")]


# --- Hurting an honest company --------------------------------------------------------------------


def notices() -> int:
    return Mail.objects.filter(template="authority_notice").count()


def test_a_stranger_does_not_flood_the_owner(now: datetime) -> None:
    owner = company(now)
    for number in range(30):
        thief = make_member(now, make_employer(now, uscc=owner.employer.uscc))
        for minute in range(3):
            email_codes.send_code(
                thief, f"hr@elsewhere{number}.example", now + timedelta(minutes=2 * minute)
            )
        if number == 0:
            assert notices() == 1, "from one stranger, once a day"
    assert 2 < notices() <= 10, "from many strangers, a few"


def test_the_owner_hears_again_the_next_day_and_when_it_is_proven(now: datetime) -> None:
    owner = company(now)
    thief = make_member(now, make_employer(now, uscc=owner.employer.uscc))
    proof = email_codes.send_code(thief, "hr@elsewhere.example", now)
    code = Mail.objects.get(template="company_code").context["code"]
    email_codes.confirm_code(proof.pk, thief, code, now + timedelta(minutes=1))
    assert notices() == 2
    email_codes.send_code(thief, "hr@elsewhere.example", now + 2 * DAY)
    assert notices() == 3


def test_a_stranger_s_codes_do_not_lock_an_address(now: datetime) -> None:
    thief, member = make_member(now), make_member(now)
    for minute in range(email_codes.MAILS_PER_ADDRESS_OF_ONE):
        email_codes.send_code(thief, "hr@shili.example", now + timedelta(minutes=2 * minute))
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(thief, "hr@shili.example", now + timedelta(minutes=19))
    email_codes.send_code(member, "hr@shili.example", now + timedelta(minutes=20))


def test_an_address_that_was_registered_by_somebody_else_can_be_invited(now: datetime) -> None:
    owner = company(now)
    squatter = make_member(now, email="colleague@shili.example", email_verified_at=None)
    invitations.invite_colleague(owner, "colleague@shili.example", LINKS, now)
    token = Mail.objects.get(template="invitation").context["link"].rstrip("/").rpartition("/")[2]
    joined = invitations.accept_invitation(token, PASSWORD + "!", "zh-hans", now)
    assert joined.employer == owner.employer and joined.user.email == "colleague@shili.example"
    assert joined.user_id != squatter.user_id
    assert User.objects.holder("colleague@shili.example") == joined.user
    registration.send_verification(squatter.user, LINKS, now)
    told = Mail.objects.get(template="address_taken")
    assert (told.to, "link" in told.context) == ("colleague@shili.example", False)
    with pytest.raises(Refused, match="email_taken"), transaction.atomic():
        registration.hold_address(squatter.user, now)


@pytest.mark.parametrize("staff", [True, False])
def test_an_address_that_somebody_confirmed_stays_theirs(staff: bool, now: datetime) -> None:
    owner = company(now)
    if staff:
        User.objects.create_user("taken@shili.example", PASSWORD, is_staff=True, joined_at=now)
    else:
        make_member(now, email="taken@shili.example")
    invitations.invite_colleague(owner, "taken@shili.example", LINKS, now)
    assert Mail.objects.get(to="taken@shili.example").template == "address_taken"
    invited = Invitation.objects.get()
    token = signing.dumps(str(invited.pk), salt=invitations.SALT)
    with pytest.raises(Refused, match="email_taken"):
        invitations.accept_invitation(token, "not their password", "zh-hans", now)
    assert User.objects.get(email="taken@shili.example").check_password(PASSWORD)


def test_a_revoked_thief_does_not_keep_the_code(now: datetime) -> None:
    thief, reviewer = company(now), make_reviewer(now)
    case = Case.objects.get(employer=thief.employer)
    operations.suspend_case(case.pk, reviewer.as_reviewer(), now, ["duplicate_same_uscc_active"])
    operations.revoke_case(case.pk, reviewer, now, ["duplicate_same_uscc_active"])
    code = thief.employer.uscc
    boss = make_user(now, "boss@shili.example", email_verified_at=now)
    owner, _ = registration.register_company(
        boss, company="云溪市示例科技有限公司", uscc=code, account_class="direct_employer", now=now
    )
    theirs = make_case(owner, now, State.IN_REVIEW)
    findings = Duplicates().judge(
        subject_of(theirs, now), {}, Duplicates().observe(subject_of(theirs, now), {})
    )
    assert "duplicate_same_uscc_active" in {finding.code for finding in findings}, (
        "a person reviews a company whose code was revoked"
    )
    claims.claim_case(theirs.pk, reviewer, now)
    operations.approve_case(theirs.pk, reviewer, now)
    assert Duplicates().observe(subject_of(theirs, now), {})["same_uscc"] == [], "once is enough"
    with pytest.raises(Refused, match="employer_revoked"):
        operations.open_case(thief.employer, thief.as_actor(), now)


def test_a_phone_typed_by_strangers_accuses_nobody(now: datetime) -> None:
    phone = "+8613800138000"
    honest = make_member(now)
    sightings.record_sighting(honest.user, now, phone=phone)
    for _ in range(4):
        stranger = make_member(now, email_verified_at=None)
        sightings.record_sighting(stranger.user, now, phone=phone)
    subject = subject_of(make_case(honest, now, State.CHECKING), now)
    assert Duplicates().observe(subject, {})["companies_seen_with"] == {}


def test_what_was_removed_is_not_brought_back_beyond_the_limit(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now)
    removed = make_document(case, now)
    documents.remove_document(removed.pk, member.as_actor(), now)
    for _ in range(documents.DOCUMENTS_PER_KIND):
        make_document(case, now)
    with pytest.raises(Refused, match="document_too_many"):
        documents.restore_document(removed.pk, member.as_actor(), now)


# --- Regressions ----------------------------------------------------------------------------------


def test_strangers_do_not_have_money_sent_to_an_account_all_day(now: datetime) -> None:
    for _ in range(deposits.DEPOSITS_PER_ACCOUNT):
        stranger = make_member(now)
        deposits.start_deposit(stranger, stranger.employer.name, ACCOUNT, "示例银行", now)
    stranger = make_member(now)
    with pytest.raises(Refused, match="proof_too_often"):
        deposits.start_deposit(
            stranger, stranger.employer.name, ACCOUNT, "示例银行", now + timedelta(hours=1)
        )
    deposits.start_deposit(stranger, stranger.employer.name, ACCOUNT, "示例银行", now + 2 * DAY)


@pytest.mark.parametrize("same_code", [True, False])
def test_whose_licence_was_borrowed_is_not_accused_by_it(same_code: bool, now: datetime) -> None:
    owner = company(now)
    renewal = make_case(owner, now, State.CHECKING)
    make_document(renewal, now, sha256="a" * 64).pages.all().delete()
    other = make_employer(now, uscc=owner.employer.uscc if same_code else None)
    make_document(make_case(make_member(now, other), now, State.REJECTED), now, sha256="a" * 64)
    subject = subject_of(renewal, now)
    accused = "duplicate_same_image" in {
        f.code for f in Duplicates().judge(subject, {}, Duplicates().observe(subject, {}))
    }
    assert accused is not same_code


def test_who_takes_an_address_back_takes_no_phone_with_it(client: Client, now: datetime) -> None:
    """A stranger registers with somebody else's address, who then sets a new password by the mail
    that arrives.
    """
    member = make_member(
        now,
        email="hr@shili.example",
        email_verified_at=None,
        phone_sealed=sightings.seal_phone("+8613800138000"),
    )
    sightings.record_sighting(member.user, now, phone="+8613800138000", device="somebody's")
    user = member.user
    who, token = (
        urlsafe_base64_encode(force_bytes(user.pk)),
        default_token_generator.make_token(user),
    )
    client.get(reverse("employers:password_reset_confirm", args=[who, token]))
    typed = {"password": PASSWORD + "!"}
    assert (
        client.post(
            reverse("employers:password_reset_confirm", args=[who, "set-password"]), typed
        ).status_code
        == 302
    )
    user.refresh_from_db()
    assert (
        user.check_password(PASSWORD + "!")
        and user.phone_sealed == ""
        and not user.sightings.exists()
    )


def test_asked_for_passwords_do_not_stop_the_mail_that_confirms(
    client: Client, now: datetime
) -> None:
    member = make_member(now, email="hr@shili.example", email_verified_at=None)
    for _ in range(6):
        Client().post("/password/", {"email": "hr@shili.example"})
    client.force_login(member.user)
    client.post("/verify-email/resend/")
    assert Mail.objects.filter(template="verify_email", to="hr@shili.example").exists()


def test_the_company_itself_comes_although_somebody_holds_its_code(
    client: Client, now: datetime
) -> None:
    """The first account may have used a borrowed licence.

    A claim alone decides nothing; a person reviews it.
    """
    holder = company(now)
    client.force_login(make_user(now, "boss@shili.example", email_verified_at=now))
    typed = {
        "company": "云溪市示例科技有限公司",
        "uscc": holder.employer.uscc,
        "account_class": "direct_employer",
    }
    page = client.post("/register/company/", typed, headers={"accept-language": "en"})
    assert page.status_code == 422 and 'name="contest"' in page.content.decode()
    assert 'name="contest"' not in client.get("/register/company/").content.decode(), (
        "no member is asked without need"
    )
    assert client.post("/register/company/", typed | {"contest": "on"}).status_code == 302
    owner = Member.objects.select_related("user", "employer").get(user__email="boss@shili.example")
    attempt = handed_in(owner, now)
    assert notices() == 1
    subject = subject_of(attempt.case, now)
    DocumentPage.objects.filter(document__case=attempt.case).delete()
    findings = Duplicates().judge(subject, {}, Duplicates().observe(subject, {}))
    assert run(attempt, now, MEDIUM, *findings).state == State.IN_REVIEW


def test_strangers_do_not_mail_everybody_at_a_company(now: datetime) -> None:
    for number in range(email_codes.MAILS_PER_DOMAIN):
        email_codes.send_code(make_member(now), f"person{number}@shili.example", now)
    with pytest.raises(Refused, match="proof_domain_too_often"):
        email_codes.send_code(make_member(now), "hr@shili.example", now)
    assert not Mail.objects.filter(to="hr@shili.example").exists()
    email_codes.send_code(make_member(now), "hr@other.example", now)
    email_codes.send_code(make_member(now), "hr@shili.example", now + DAY)


def test_nobody_is_sent_new_passwords_all_day(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_member(now, email="owner@shili.example")
    for quarter in range(40):
        monkeypatch.setattr(
            "employers.accounts.views.timezone.now",
            lambda at=now + quarter * timedelta(minutes=20): at,
        )
        Client().post("/password/", {"email": "owner@shili.example"})
    assert 4 <= Mail.objects.filter(template="password_reset").count() <= 10
