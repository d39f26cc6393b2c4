"""Tests of thieves' attempts to get rights, and to keep them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.accounts import invitations, membership, registration
from employers.models import AccountClass
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
from tests.stories.victims import ACCOUNT, DAY, LINKS, company, handed_in
from tests.verification.authority.proof_steps import at_once
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
from verification.checks.registry import Registry
from verification.decision import apply_verdict
from verification.decision.pipeline import subject_of
from verification.intake import client_letters, early_reading
from verification.models import (
    Case,
    DocumentKind,
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_books")]

REVOKED = Finding("registry", "registry_revoked", Severity.BLOCK, "status")


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
    apply_verdict.end_approval(first.pk, later)
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
    claims.claim_case(case.pk, reviewer, now)
    with pytest.raises(Refused, match="in_force_undecided"):
        operations.reject_case(case.pk, reviewer, now, ["document_not_a_licence"])
    operations.reject_case(
        case.pk, reviewer, now, ["document_not_a_licence"], suspend_in_force=suspended
    )
    assert Case.objects.in_force(now).filter(employer=owner.employer).exists() is not suspended


# --- Proofs ---------------------------------------------------------------------------------------


def test_one_account_proves_no_second_company_begun_at_the_same_time(now: datetime) -> None:
    """Both proofs are under way before either succeeds."""
    thieves = [make_member(now) for _ in range(2)]
    proofs = [
        deposits.start_deposit(thief, thief.employer.name, ACCOUNT, "示例银行", now)
        for thief in thieves
    ]
    later = now + timedelta(minutes=5)
    for proof in proofs:
        proof_polling.poll_provider(proof.pk, lambda: now, 60)
    bank = banks.bank_named("simulator")
    assert isinstance(bank, SimulatedBank)
    codes = [memo for _, memo in bank.statement(ACCOUNT, later)]
    for proof, thief in zip(proofs, thieves, strict=True):
        for code in codes:
            try:
                deposits.confirm_deposit(proof.pk, thief, code, later)
            except Refused:
                continue
        proof_polling.poll_provider(proof.pk, lambda: later + timedelta(hours=1), 60)
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
    """An account that declares another company's code does not become that company's colleague."""
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

        def verify(self, uscc: str, name: str, legal_representative: str) -> Agreement:
            return Agreement(True, Agrees.MATCH, Agrees.UNABLE, Agrees.MATCH, Status.ACTIVE)

    subject = subject_of(handed_in(make_member(now), now).case, now)
    check = Registry(agreements=Unsure())
    findings = check.judge(subject, {}, check.observe(subject, {}))
    assert "name_agrees" not in {finding.code for finding in findings}
    assert max(finding.severity for finding in findings) >= Severity.UNABLE


def test_a_register_that_lists_an_agency_does_not_confirm_an_employer(now: datetime) -> None:
    """The scope was edited out of the picture; once the register lists the company, it has the real
    scope.
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

    conditional_approvals.recheck_conditional(case.pk, lambda: now + DAY, Listed("registry"))
    case = Case.objects.get(pk=case.pk)
    assert (
        case.state == State.SUSPENDED
        and case.decisions.first().reasons[0]["code"] == "agency_licence_missing"
    )


# --- Regressions ----------------------------------------------------------------------------------


def test_an_account_under_another_legal_form_is_another_s(now: datetime) -> None:
    """A sole trader with the same words in its name has an account in that name; the registered
    company has not.
    """
    member = make_member(now, make_employer(now, name="云溪市示例中心(个体工商户)"))
    attempt = handed_in(member, now)
    proof = deposits.start_deposit(member, "云溪市示例中心(个体工商户)", ACCOUNT, "示例银行", now)
    authority_proofs.end_proof(proof, ProofState.PROVEN, now, member.as_actor())
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
    authority_proofs.end_proof(proof, ProofState.PROVEN, now, insider.as_actor())
    membership.remove_member(owner, insider.pk, now + DAY)
    invitations.invite_colleague(owner, "insider@shili.example", LINKS, now + 2 * DAY)
    token = Mail.objects.get(template="invitation").context["link"].rstrip("/").rpartition("/")[2]
    back = invitations.accept_invitation(token, PASSWORD, "en", now + 2 * DAY)
    assert (
        back.pk == insider.pk
        and not Proof.objects.of(back, owner.employer.uscc).in_force(now + 2 * DAY).exists()
    )
    assert not can_vouch(back, owner.employer.uscc, now + 2 * DAY)


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
    (said,) = early_reading.save_statements(document.pk, member, {"name": "甲\x00公\u202e司"}, now)
    assert said.said == "甲公司"


def test_marks_after_a_plus_are_one_mailbox(now: datetime) -> None:
    for number in range(email_codes.MAILS_PER_ADDRESS):
        email_codes.send_code(make_member(now), f"hr+{number}@shili.example", now)
    email_codes.send_code(make_member(now), "hr@elsewhere.example", now)
    email_codes.send_code(make_member(now), "other@shili.example", now)
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(make_member(now), "hr@shili.example", now)


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
        exclusion_list.email_indexes("Thief+2@shili.example")
        == exclusion_list.email_indexes("thief@shili.example")
        != exclusion_list.email_indexes("chief@shili.example")
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
    """The letter's sender waited for the lock that the approval held."""
    case = agency(now)
    member, before = case.employer.members.get(), now - timedelta(seconds=1)
    kind = DocumentKind.CLIENT_AUTHORIZATION
    late = documents.add_document(
        case.pk, kind, letter(), {"clean": None}, member.user, member.as_actor(), before
    )
    assert [status.document for status in client_letters.letter_statuses(case, now)] == [late]
