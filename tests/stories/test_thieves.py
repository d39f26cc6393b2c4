"""What would somebody with money for a fake kit, a borrowed licence, several accounts or a
colleague inside try? (docs/how-it-works/abuse.md)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from employers.accounts import membership, registration, sightings
from employers.accounts.registration import Links
from employers.models import AccountClass, Member, User
from events.core.errors import Refused
from events.models import Mail
from tests.factories import (
    PASSWORD,
    make_case,
    make_document,
    make_employer,
    make_member,
    make_reviewer,
    make_uscc,
)
from tests.verification.authority.test_proofs import at_once
from tests.verification.decision.test_apply_verdict import (
    MEDIUM,
    PENDING,
    STRONG,
    Says,
    letter,
    run,
)
from verification.authority import codes, deposits, email_codes, proof_polling, vouches
from verification.authority import proofs as authority_proofs
from verification.cases import documents, operations
from verification.cases.authority_evidence import can_vouch, is_public
from verification.checks import exclusion_list
from verification.checks.authority import Authority
from verification.checks.duplicates import Duplicates
from verification.checks.registry import Registry
from verification.decision import apply_verdict
from verification.decision.pipeline import subject_of
from verification.intake import client_letters, early_reading
from verification.models import (
    Attempt,
    Case,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    Proof,
    ProofState,
    RegistryRecord,
)
from verification.monitoring import conditional_approvals
from verification.pages.forms import DeclareForm
from verification.providers import banks
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.registries.base import Agreement, Agrees, Status
from verification.reviewing import claims
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ACCOUNT = "100000001188"
LINKS = Links("https://site.example")
REVOKED = Finding("registry", "registry_revoked", Severity.BLOCK, "status")


@pytest.fixture(autouse=True)
def _own_books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.BANK = tmp_path, "simulator"


def handed_in(member: Member, now: datetime) -> Attempt:
    case = operations.open_case(member.employer, member.as_actor(), now)
    make_document(case, now)
    return operations.submit(case.pk, member.user, member.as_actor(), now)


def company(now: datetime, **fields: Any) -> Member:
    """The owner of a company that was approved."""
    owner = make_member(now, make_employer(now, confirmed_at=now))
    make_case(owner, now, State.APPROVED, **fields)
    return owner


# --- Keeping rights that should end ---------------------------------------------------------------


def test_a_condition_is_not_renewed_while_it_runs(now: datetime) -> None:
    member = make_member(now)
    assert run(handed_in(member, now), now, PENDING, STRONG).conditional
    later = now + 13 * DAY
    again = run(handed_in(member, later), later, PENDING, STRONG)
    assert again.state == State.IN_REVIEW and not again.conditional


def test_a_condition_is_not_chained_by_a_second_account(now: datetime) -> None:
    member = make_member(now)
    first = run(handed_in(member, now), now, PENDING, STRONG)
    later = now + 14 * DAY
    apply_verdict.end(first.pk, later)
    second = make_member(later, make_employer(later, uscc=member.employer.uscc))
    assert run(handed_in(second, later), later, PENDING, STRONG).state == State.IN_REVIEW


def test_what_the_register_refuses_is_in_force_no_more(now: datetime) -> None:
    owner = company(now)
    later = now + 100 * DAY
    refused = run(handed_in(owner, later), later, REVOKED)
    assert refused.state == State.REJECTED
    old = Case.objects.exclude(pk=refused.pk).get(employer=owner.employer)
    assert (
        old.state == State.SUSPENDED
        and old.decisions.get().reasons[0]["code"] == "registry_revoked"
    )


@pytest.mark.parametrize("suspended", [True, False])
def test_of_a_refusal_that_is_no_register_s_a_person_says_whether_the_old_approval_goes_too(
    now: datetime, suspended: bool
) -> None:
    owner = company(now)
    case = make_case(owner, now, State.IN_REVIEW)
    reviewer = make_reviewer(now)
    claims.claim(case.pk, reviewer, now)
    with pytest.raises(Refused, match="in_force_undecided"):
        operations.reject(case.pk, reviewer, now, ["document_not_a_licence"])
    operations.reject(
        case.pk, reviewer, now, ["document_not_a_licence"], suspend_in_force=suspended
    )
    assert Case.objects.in_force(now).filter(employer=owner.employer).exists() is not suspended


# --- Proofs ---------------------------------------------------------------------------------------


def test_one_account_proves_no_second_company_begun_at_the_same_time(now: datetime) -> None:
    """Both orders are under way before either is proven."""
    thieves = [make_member(now) for _ in range(2)]
    proofs = [
        deposits.start_deposit(thief, thief.employer.name, ACCOUNT, "示例银行", now)
        for thief in thieves
    ]
    later = now + timedelta(minutes=5)
    for proof in proofs:
        proof_polling.follow(proof.pk, lambda: now, 60)
    bank = banks.named("simulator")
    assert isinstance(bank, SimulatedBank)
    codes = [memo for _, memo in bank.statement(ACCOUNT, later)]
    for proof, thief in zip(proofs, thieves, strict=True):
        for code in codes:
            try:
                deposits.confirm_deposit(proof.pk, thief, code, later)
            except Refused:
                continue
        proof_polling.follow(proof.pk, lambda: later + timedelta(hours=1), 60)
    states = sorted((proof.state, proof.failure) for proof in Proof.objects.all())
    assert states == [(ProofState.FAILED, "bank_account_of_other"), (ProofState.PROVEN, "")]


@pytest.mark.django_db(transaction=True)
def test_one_account_proves_one_company_of_four_at_once(now: datetime) -> None:
    thieves = [make_member(now) for _ in range(4)]
    proofs = [
        deposits.start_deposit(thief, thief.employer.name, ACCOUNT, "示例银行", now)
        for thief in thieves
    ]
    for proof in proofs:
        Proof.objects.filter(pk=proof.pk).update(
            stage="arrived", code_hash=codes.hash_of(proof, "123456")
        )
    told = at_once(
        *[
            lambda a=a, b=b: deposits.confirm_deposit(a.pk, b, "123456", now)
            for a, b in zip(proofs, thieves, strict=True)
        ]
    )
    assert told == ["failed", "failed", "failed", "proven"]


def test_a_colleague_is_of_the_same_employer(now: datetime) -> None:
    """Whoever registers with another's code is not that company's colleague."""
    owner = company(now)
    RegistryRecord.objects.create(
        uscc=owner.employer.uscc,
        name=owner.employer.name,
        status="active",
        email_domain="example.com",
        as_of=now.date(),
    )
    thief = make_member(now, make_employer(now, uscc=owner.employer.uscc))
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.ask_vouch(thief, owner, now)


def test_the_address_of_who_was_removed_proves_nothing(now: datetime) -> None:
    owner = company(now)
    insider = make_member(now, owner.employer, role="recruiter", email="insider@shili.example")
    attempt = handed_in(insider, now)
    membership.remove_member(owner, insider.pk, now)
    subject = subject_of(attempt.case, now)
    earlier = {"registry": {"record": {"email_domain": "shili.example"}}}
    (finding,) = Authority().judge(subject, earlier, Authority().observe(subject, earlier))
    assert finding.code == "authority_missing"


@pytest.mark.parametrize(
    "address", ["hr@[127.0.0.1]", "hr@localhost", "hr@qq。com", "hr@ＱＱ．com", "hr@mail.qq。com"]
)
def test_addresses_that_are_no_company_s(address: str, now: datetime) -> None:
    with pytest.raises(Refused, match=r"proof_email_(invalid|public)"):
        email_codes.send_code(make_member(now), address, now)


def test_one_domain_in_another_script_is_one_address(now: datetime) -> None:
    proof = email_codes.send_code(make_member(now), "hr@shili。example", now)
    assert proof.shown == "hr@shili.example"


def test_what_came_while_the_checks_ran_is_looked_at(now: datetime) -> None:
    member = make_member(now)
    attempt = handed_in(member, now)
    at = now + timedelta(seconds=3)

    def add() -> None:
        scan = {"clean": False}
        documents.add_document(
            attempt.case_id,
            DocumentKind.CLIENT_AUTHORIZATION,
            letter(),
            scan,
            member.user,
            member.as_actor(),
            at,
        )

    assert run(attempt, now + timedelta(seconds=5), MEDIUM, first=add).state == State.CHECKING
    assert run(attempt, now + timedelta(seconds=6), MEDIUM).state == State.APPROVED


def test_a_register_that_could_not_compare_has_not_agreed(now: datetime) -> None:
    class Unsure:
        name, behind = "unsure", timedelta(0)

        def verify(
            self, uscc: str, name: str, legal_representative: str, id_number: str = ""
        ) -> Agreement:
            return Agreement(True, Agrees.MATCH, Agrees.UNABLE, Agrees.MATCH, Status.ACTIVE)

    subject = subject_of(handed_in(make_member(now), now).case, now)
    check = Registry(agreements=Unsure())
    findings = check.judge(subject, {}, check.observe(subject, {}))
    assert "name_agrees" not in {finding.code for finding in findings}
    assert max(finding.severity for finding in findings) >= Severity.UNABLE


def test_a_register_that_lists_an_agency_does_not_confirm_an_employer(now: datetime) -> None:
    """The scope had been edited out of the picture; when the register lists the company it says
    what it does.
    """
    member = make_member(now)
    case = run(handed_in(member, now), now, PENDING, STRONG)
    RegistryRecord.objects.create(
        uscc=case.declared_uscc,
        name=case.declared_name,
        legal_representative="林知白",
        status="active",
        as_of=now.date(),
        business_scope="人力资源服务；劳务派遣",
    )

    class Listed(Says):
        def observe(self, subject: Any, earlier: Any) -> Any:
            return {
                "record": {
                    "business_scope": "人力资源服务；劳务派遣",
                    "legal_representative": "林知白",
                }
            }

    conditional_approvals.look(case.pk, lambda: now + DAY, Listed("registry"))
    case = Case.objects.get(pk=case.pk)
    assert (
        case.state == State.SUSPENDED
        and case.decisions.first().reasons[0]["code"] == "agency_licence_missing"
    )


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
            assert notices() == 1, "of one stranger once a day"
    assert 2 < notices() <= 10, "of many strangers some"


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
    membership.invite(owner, "colleague@shili.example", LINKS, now)
    token = Mail.objects.get(template="invitation").context["link"].rstrip("/").rpartition("/")[2]
    joined = membership.join(token, PASSWORD + "!", "zh-hans", 3600 * 24 * 7, now)
    assert joined.employer == owner.employer and joined.user.email == "colleague@shili.example"
    squatter.refresh_from_db()
    assert squatter.left_at == now and joined.user_id != squatter.user_id
    left = User.objects.get(pk=squatter.user_id)
    assert not left.is_active and left.email != "colleague@shili.example"


@pytest.mark.parametrize("staff", [True, False])
def test_an_address_that_somebody_confirmed_stays_theirs(staff: bool, now: datetime) -> None:
    owner = company(now)
    if staff:
        User.objects.create_user("taken@shili.example", PASSWORD, is_staff=True, joined_at=now)
    else:
        make_member(now, email="taken@shili.example")
    with pytest.raises(Refused, match="email_taken"):
        membership.invite(owner, "taken@shili.example", LINKS, now)


def test_a_revoked_thief_does_not_keep_the_code(now: datetime) -> None:
    thief, reviewer = company(now), make_reviewer(now)
    case = Case.objects.get(employer=thief.employer)
    operations.suspend(case.pk, reviewer.as_reviewer(), now, ["duplicate_same_uscc_active"])
    operations.revoke(case.pk, reviewer, now, ["duplicate_same_uscc_active"])
    code = thief.employer.uscc
    owner = registration.register(
        email="boss@shili.example",
        password=PASSWORD,
        company="云溪市示例科技有限公司",
        uscc=code,
        account_class="direct_employer",
        language="zh-hans",
        links=LINKS,
        now=now,
    )
    theirs = make_case(owner, now, State.IN_REVIEW)
    findings = Duplicates().judge(
        subject_of(theirs, now), {}, Duplicates().observe(subject_of(theirs, now), {})
    )
    assert "duplicate_same_uscc_active" in {finding.code for finding in findings}, (
        "whose code was revoked, a person looks at"
    )
    claims.claim(theirs.pk, reviewer, now)
    operations.approve(theirs.pk, reviewer, now)
    assert Duplicates().observe(subject_of(theirs, now), {})["same_uscc"] == [], "once is enough"
    with pytest.raises(Refused, match="employer_revoked"):
        operations.open_case(thief.employer, thief.as_actor(), now)


def test_a_phone_typed_by_strangers_accuses_nobody(now: datetime) -> None:
    phone = "+8613800138000"
    honest = make_member(now)
    sightings.record(honest.user, now, phone=phone)
    for _ in range(4):
        stranger = make_member(now, email_verified_at=None)
        sightings.record(stranger.user, now, phone=phone)
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


# --- What was looked at a second time -------------------------------------------------------------


def test_an_account_under_another_legal_form_is_another_s(now: datetime) -> None:
    """A sole trader of the same words has an account of that name; the register's company has
    not.
    """
    member = make_member(now, make_employer(now, name="云溪市示例中心(个体工商户)"))
    attempt = handed_in(member, now)
    proof = deposits.start_deposit(member, "云溪市示例中心(个体工商户)", ACCOUNT, "示例银行", now)
    authority_proofs.end(proof, ProofState.PROVEN, now, member.as_actor())
    subject = subject_of(attempt.case, now)
    for registered, code in (
        ("云溪市示例中心（有限合伙）", "authority_missing"),
        ("云溪市示例中心（个体工商户）", "authority_proven"),
    ):
        earlier = {"registry": {"record": {"email_domain": "", "name": registered}}}
        (finding,) = Authority().judge(subject, earlier, Authority().observe(subject, earlier))
        assert finding.code == code


def test_what_was_proven_before_somebody_was_removed_is_proven_no_more(now: datetime) -> None:
    owner = company(now)
    insider = make_member(now, owner.employer, role="recruiter", email="insider@shili.example")
    proof = deposits.start_deposit(insider, owner.employer.name, ACCOUNT, "示例银行", now)
    authority_proofs.end(proof, ProofState.PROVEN, now, insider.as_actor())
    membership.remove_member(owner, insider.pk, now + DAY)
    membership.invite(owner, "insider@shili.example", LINKS, now + 2 * DAY)
    token = Mail.objects.get(template="invitation").context["link"].rstrip("/").rpartition("/")[2]
    back = membership.join(token, PASSWORD, "en", 3600 * 24 * 7, now + 2 * DAY)
    assert (
        back.pk == insider.pk
        and not Proof.objects.of(back, owner.employer.uscc).standing(now + 2 * DAY).exists()
    )
    assert not can_vouch(back, owner.employer.uscc, now + 2 * DAY)


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


@pytest.mark.parametrize(
    "domain",
    ["sina.com.cn", "163.net", "yahoo.com.hk", "hotmail.co.uk", "mac.com", "msn.cn", "vip.126.com"],
)
def test_mailboxes_for_everybody(domain: str) -> None:
    assert is_public(domain)


def test_what_an_employer_says_of_a_value_shows(now: datetime) -> None:
    member = make_member(now)
    document = make_document(make_case(member, now), now)
    DocumentReading.objects.create(
        document=document, due_at=now, reading={"fields": {"name": "甲公司"}, "regions": {}}
    )
    (said,) = early_reading.state(document.pk, member, {"name": "甲\x00公\u202e司"}, now)
    assert said.said == "甲公司"


def test_who_takes_an_address_back_takes_no_phone_with_it(client: Client, now: datetime) -> None:
    """Somebody registered with the address of another, who sets a new password by the mail that
    came to it.
    """
    member = make_member(
        now,
        email="hr@shili.example",
        email_verified_at=None,
        phone_sealed=sightings.seal_phone("+8613800138000"),
    )
    sightings.record(member.user, now, phone="+8613800138000", device="somebody's")
    user = member.user
    who, token = (
        urlsafe_base64_encode(force_bytes(user.pk)),
        default_token_generator.make_token(user),
    )
    client.get(reverse("employers:password_reset_confirm", args=[who, token]))
    typed = {"new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
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
    cache.clear()
    member = make_member(now, email="hr@shili.example", email_verified_at=None)
    for _ in range(6):
        Client().post("/password/", {"email": "hr@shili.example"})
    client.force_login(member.user)
    client.post("/verify-email/resend/")
    assert Mail.objects.filter(template="verify_email", to="hr@shili.example").exists()


def test_the_company_itself_comes_although_somebody_holds_its_code(
    client: Client, now: datetime
) -> None:
    """Whoever registered first may have had a borrowed licence.

    What is said decides nothing; a person looks.
    """
    cache.clear()
    holder = company(now)
    typed = {
        "email": "boss@shili.example",
        "password": "a sentence nobody knows",
        "company": "云溪市示例科技有限公司",
        "uscc": holder.employer.uscc,
        "account_class": "direct_employer",
    }
    page = client.post("/register/", typed, headers={"accept-language": "en"})
    assert page.status_code == 422 and 'name="contest"' in page.content.decode()
    assert 'name="contest"' not in client.get("/register/").content.decode(), (
        "nobody is asked for no reason"
    )
    assert client.post("/register/", typed | {"contest": "on"}).status_code == 302
    owner = Member.objects.select_related("user", "employer").get(user__email="boss@shili.example")
    User.objects.filter(pk=owner.user_id).update(email_verified_at=now)
    attempt = handed_in(owner, now)
    assert notices() == 1
    subject = subject_of(attempt.case, now)
    DocumentPage.objects.filter(document__case=attempt.case).delete()
    findings = Duplicates().judge(subject, {}, Duplicates().observe(subject, {}))
    assert run(attempt, now, MEDIUM, *findings).state == State.IN_REVIEW


def test_marks_after_a_plus_are_one_mailbox(now: datetime) -> None:
    for number in range(email_codes.MAILS_PER_ADDRESS):
        email_codes.send_code(make_member(now), f"hr+{number}@shili.example", now)
    email_codes.send_code(make_member(now), "hr@elsewhere.example", now)
    email_codes.send_code(make_member(now), "other@shili.example", now)
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(make_member(now), "hr@shili.example", now)


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
    cache.clear()
    make_member(now, email="owner@shili.example")
    for quarter in range(40):
        monkeypatch.setattr(
            "employers.accounts.views.timezone.now",
            lambda at=now + quarter * timedelta(minutes=20): at,
        )
        Client().post("/password/", {"email": "owner@shili.example"})
    assert 4 <= Mail.objects.filter(template="password_reset").count() <= 10


@pytest.mark.parametrize(
    "name", ["领奖请到 evil.com", "evil。cn 云溪公司", "ｅｖｉｌ．ｔｏｐ", "云溪evil-1.com.cn公司"]
)
def test_a_name_that_mail_programs_make_a_link_of(name: str) -> None:
    with pytest.raises(Refused, match="name_not_plain"):
        registration.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "艾欧史密斯(A.O.Smith)热水器有限公司",
        "Yunxi Trading.Co.Ltd",
        "云溪No.1餐饮店",
        "上海.云溪科技有限公司",
    ],
)
def test_names_with_dots_that_are_no_address(name: str) -> None:
    assert registration.check_name(name) == name


def test_a_person_s_name_shows_whole(now: datetime) -> None:
    typed = {
        "name": "云溪市示例科技有限公司",
        "uscc": make_uscc(),
        "legal_representative": "林\u202e知白",
        "account_class": "direct_employer",
    }
    assert "legal_representative" in DeclareForm(typed).errors
    assert not DeclareForm(typed | {"legal_representative": " 林知白 "}).errors


def test_who_is_excluded_is_so_with_a_mark_after_a_plus() -> None:
    assert (
        exclusion_list.email("Thief+2@shili.example")
        == exclusion_list.email("thief@shili.example")
        != exclusion_list.email("chief@shili.example")
    )


def agency(now: datetime) -> Case:
    owner = make_member(
        now, make_employer(now, confirmed_at=now, account_class=AccountClass.COMMERCIAL_AGENCY)
    )
    return make_case(owner, now, State.APPROVED)


def test_a_letter_that_was_judged_with_its_case_is_not_another_client_s_afterwards(
    now: datetime,
) -> None:
    case = agency(now)
    old = make_document(case, now - DAY, DocumentKind.CLIENT_AUTHORIZATION)
    actor = case.employer.members.get().as_actor()
    with pytest.raises(Refused, match="state_conflict"):
        client_letters.add_client(
            old.pk, actor, now + DAY, name="云溪市乙有限公司", uscc=make_uscc(), valid_until=None
        )


def test_a_letter_that_comes_in_the_moment_of_the_approval_is_judged(now: datetime) -> None:
    """Who sent it waited for the lock that the approval held."""
    case = agency(now)
    member, before = case.employer.members.get(), now - timedelta(seconds=1)
    kind = DocumentKind.CLIENT_AUTHORIZATION
    late = documents.add_document(
        case.pk, kind, letter(), {"clean": None}, member.user, member.as_actor(), before
    )
    assert [standing.document for standing in client_letters.standings(case, now)] == [late]
