"""Tests of the check of a recruiter's authority.

Judged from tables of observations; observed on real proofs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from employers.models import Member
from tests.factories import make_case, make_document, make_member, make_uscc
from verification.cases.authority_evidence import SHARED_BY, at_company_domain, is_public
from verification.checks.authority import Authority
from verification.checks.base import Subject
from verification.decision.pipeline import subject_of
from verification.models import DocumentKind, Proof, ProofKind, ProofState, RegistryRecord
from verification.rules.facts import Strength
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NAME = "云溪市示例科技有限公司"
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name=NAME,
    uscc=make_uscc(7),
    legal_representative="",
    account_class="direct_employer",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(),
    now=NOW,
)

BANK = {"id": "1", "kind": "bank_deposit", "name": NAME}
SCAN = {"id": "2", "kind": "e_licence", "name": NAME}
VOUCH = {"id": "3", "kind": "vouch", "voucher_stands": True}
MAIL = {"id": "4", "kind": "company_email", "domain": "shili.example"}


def observed(
    proven: tuple[Any, ...] = (), under_way: tuple[Any, ...] = (), **changed: Any
) -> dict[str, Any]:
    observation = {
        "unlisted": False,
        "email_domain": "other.example",
        "email_verified": True,
        "registry_domain": "shili.example",
        "letter": False,
        "proofs": {"standing": list(proven), "under_way": list(under_way)},
    }
    return observation | changed


def judged(observation: dict[str, Any]) -> Finding:
    (finding,) = Authority().judge(SUBJECT, {}, observation)
    return finding


@pytest.mark.parametrize(
    ("observation", "way", "strength"),
    [
        (observed(email_domain="shili.example"), "company_email", Strength.MEDIUM),
        (observed((MAIL,)), "company_email", Strength.MEDIUM),
        (observed((VOUCH,)), "vouch", Strength.MEDIUM),
        (observed((BANK,)), "bank_deposit", Strength.STRONG),
        (observed((SCAN,)), "e_licence", Strength.STRONG),
        (
            observed((VOUCH, SCAN, MAIL), letter=True, email_domain="shili.example"),
            "e_licence",
            Strength.STRONG,
        ),
        (observed((BANK,), unlisted=True, registry_domain=""), "bank_deposit", Strength.STRONG),
        (observed((BANK | {"name": "云溪市 示例科技有限公司"},)), "bank_deposit", Strength.STRONG),
    ],
)
def test_proven(observation: dict[str, Any], way: str, strength: Strength) -> None:
    finding = judged(observation)
    assert (finding.code, finding.severity, finding.seen, finding.expected) == (
        "authority_proven",
        Severity.PASS,
        way,
        strength,
    )


@pytest.mark.parametrize(
    ("observation", "code", "severity"),
    [
        (observed(), "authority_missing", Severity.WAIT),
        (
            observed(email_domain="qq.com", registry_domain="qq.com"),
            "authority_missing",
            Severity.WAIT,
        ),
        (observed(email_domain="mail.shili.example"), "authority_missing", Severity.WAIT),
        (observed(email_domain="shi1i.example"), "authority_missing", Severity.WAIT),
        (observed(email_domain="", registry_domain=""), "authority_missing", Severity.WAIT),
        (
            observed(email_verified=False, proven=(BANK,)),
            "authority_email_unverified",
            Severity.UNABLE,
        ),
        (observed(letter=True), "authority_unproven", Severity.UNABLE),
        (observed((MAIL | {"domain": "shi1i.example"},)), "authority_unproven", Severity.UNABLE),
        (observed((MAIL,), registry_domain=""), "authority_unproven", Severity.UNABLE),
        (observed(letter=True, unlisted=True), "authority_missing", Severity.WAIT),
        (observed(under_way=(BANK,)), "authority_pending", Severity.WAIT),
        (observed(under_way=(VOUCH,), letter=True), "authority_pending", Severity.WAIT),
        (observed(under_way=(MAIL,)), "authority_pending", Severity.WAIT),
        (
            observed(under_way=(MAIL | {"domain": "shi1i.example"},)),
            "authority_missing",
            Severity.WAIT,
        ),
        # A proof for another name, or by a colleague who can no longer vouch, counts for nothing.
        (observed((BANK | {"name": "云溪市空壳有限公司"},)), "authority_missing", Severity.WAIT),
        (observed((SCAN | {"name": ""},)), "authority_missing", Severity.WAIT),
        (observed((VOUCH | {"voucher_stands": False},)), "authority_missing", Severity.WAIT),
    ],
)
def test_not_proven(observation: dict[str, Any], code: str, severity: Severity) -> None:
    finding = judged(observation)
    assert (finding.code, finding.severity) == (code, severity)


@pytest.mark.parametrize(
    ("domain", "public"),
    [
        ("qq.com", True),
        ("QQ.com", True),
        ("mail.qq.com", True),
        ("yopmail.com", True),
        ("qq.com.example", False),
        ("shili.example", False),
    ]
    + [
        (domain, True)
        for domain in """petalmail.com 88.com 111.com email.cn wo.com.cn zohomail.com zoho.com.cn yahoo.de yahoo.com.sg yahoo.co.in
        hotmail.es hotmail.com.br outlook.co.th outlook.com.tr outlook.it yandex.ru yandex.kz list.ru mailbox.org mail.yahoo.fr""".split()  # noqa: E501
    ]
    + [
        (domain, False)
        for domain in (
            "yahoo-shili.com",
            "outlook.shili.com",
            "myhotmail.com.cn",
            "yandex.shili.example",
            "188188.com",
        )
    ],
)
def test_public_domains(domain: str, public: bool) -> None:
    assert is_public(domain) is public
    assert at_company_domain(domain, domain) is not public
    assert not at_company_domain(domain, "")


# --- Observing ------------------------------------------------------------------------------------


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


def proof(
    member: Member, now: datetime, kind: str, state: str = ProofState.PROVEN, **changed: Any
) -> Proof:
    fields: dict[str, Any] = {
        "uscc": member.employer.uscc,
        "started_at": now,
        "expires_at": now + timedelta(days=10),
        "due_at": now,
    }
    if state == ProofState.PROVEN:
        fields |= {"proven_at": now, "holds_until": now + timedelta(days=180), "finished_at": now}
    return Proof.objects.create(
        employer=member.employer, member=member, kind=kind, state=state, **(fields | changed)
    )


def found(member: Member, now: datetime, **registry: Any) -> Finding:
    """The check's finding in the member's case, which is submitted."""
    case = member.employer.cases.first() or make_case(member, now, State.CHECKING)
    subject = subject_of(case, now)
    observation = Authority().observe(
        subject, {"registry": {"record": {"email_domain": "shili.example"} | registry}}
    )
    (finding,) = Authority().judge(subject, {}, observation)
    return finding


@pytest.mark.django_db
def test_a_proof_is_found_until_it_ends(member: Member, now: datetime) -> None:
    assert found(member, now).code == "authority_missing"
    proof(member, now, ProofKind.BANK_DEPOSIT, observed={"name": NAME})
    assert found(member, now).seen == "bank_deposit"
    assert found(member, now + timedelta(days=180)).code == "authority_missing"


@pytest.mark.django_db
@pytest.mark.parametrize("state", [ProofState.FAILED, ProofState.LAPSED])
def test_what_failed_proves_nothing(state: str, member: Member, now: datetime) -> None:
    proof(member, now, ProofKind.BANK_DEPOSIT, state, observed={"name": NAME})
    assert found(member, now).code == "authority_missing"


@pytest.mark.django_db
def test_a_proof_is_one_persons_and_one_companys(member: Member, now: datetime) -> None:
    proof(member, now, ProofKind.E_LICENCE, uscc=make_uscc(), observed={"name": NAME})
    recruiter = make_member(now, member.employer, role="recruiter")
    proof(recruiter, now, ProofKind.E_LICENCE, observed={"name": NAME})
    assert found(member, now).code == "authority_missing"
    recruiter.role = Member.MemberRole.OWNER
    recruiter.save()
    assert found(member, now).seen == "e_licence", (
        "an owner acts for the company, whoever submitted the case"
    )
    recruiter.left_at = now
    recruiter.save()
    assert found(member, now).code == "authority_missing"


@pytest.mark.django_db
def test_an_owners_address_counts_for_what_a_recruiter_handed_in(now: datetime) -> None:
    owner = make_member(now, email="boss@shili.example")
    recruiter = make_member(now, owner.employer, role="recruiter", email="lin@qq.com")
    make_case(recruiter, now, State.CHECKING)
    assert (found(recruiter, now).code, found(recruiter, now).seen) == (
        "authority_proven",
        "company_email",
    )
    owner.user.email_verified_at = None
    owner.user.save()
    assert found(recruiter, now).code == "authority_missing"


@pytest.mark.django_db
def test_a_shells_account_does_not_prove_the_company_declared_afterwards(
    member: Member, now: datetime
) -> None:
    case = make_case(member, now, State.CHECKING)
    proof(member, now, ProofKind.BANK_DEPOSIT, observed={"name": NAME})
    case.declared_name = "云溪市真实公司"
    case.save()
    assert found(member, now).code == "authority_missing"


@pytest.mark.django_db
def test_a_vouch_falls_with_who_gave_it(member: Member, now: datetime) -> None:
    colleague = make_member(now, member.employer, role="recruiter", email="boss@shili.example")
    register = RegistryRecord.objects.create(
        uscc=member.employer.uscc,
        name=NAME,
        email_domain="shili.example",
        status="active",
        as_of=now,
    )
    proof(member, now, ProofKind.VOUCH, voucher=colleague)
    assert found(member, now).seen == "vouch"
    colleague.left_at = now
    colleague.save()
    assert found(member, now).code == "authority_missing"
    colleague.left_at = None
    colleague.save()
    register.email_domain = ""
    register.save()
    assert found(member, now).code == "authority_missing", (
        "two who only vouch for each other prove nothing"
    )
    proof(colleague, now, ProofKind.VOUCH, voucher=member)
    assert found(member, now).code == "authority_missing"
    proof(colleague, now, ProofKind.BANK_DEPOSIT, observed={"name": NAME})
    assert found(member, now).seen == "vouch"


@pytest.mark.django_db
def test_what_is_under_way_is_waited_for_until_its_time_is_over(
    member: Member, now: datetime
) -> None:
    proof(member, now, ProofKind.BANK_DEPOSIT, ProofState.PENDING, observed={"name": NAME})
    assert found(member, now).code == "authority_pending"
    assert found(member, now + timedelta(days=10)).code == "authority_missing"


@pytest.mark.django_db
def test_a_letter_and_an_address_elsewhere_are_for_a_person(member: Member, now: datetime) -> None:
    proof(member, now, ProofKind.COMPANY_EMAIL, shown="hr@shi1i.example")
    assert (found(member, now).code, found(member, now).seen) == (
        "authority_unproven",
        "company_email",
    )
    Proof.objects.all().delete()
    make_document(member.employer.cases.get(), now, DocumentKind.AUTHORIZATION_LETTER)
    assert (found(member, now).code, found(member, now).seen) == (
        "authority_unproven",
        "authorization_letter",
    )


@pytest.mark.django_db
def test_who_has_left_since_proves_nothing(member: Member, now: datetime) -> None:
    proof(member, now, ProofKind.BANK_DEPOSIT, observed={"name": NAME})
    member.left_at = now
    member.save()
    subject = subject_of(make_case(member, now, State.CHECKING), now)
    assert subject.member_id == "" and replace(subject, member_id=str(member.pk)) != subject
    assert found(member, now).code == "authority_missing"


@pytest.mark.django_db
def test_a_domain_that_the_register_names_for_many_is_nobodys_own(now: datetime) -> None:
    """A registration agent enters its own domain in the record of each company that it sets up."""
    member = make_member(now, email="lin@agent.example")
    make_case(member, now, State.CHECKING)
    for number in range(SHARED_BY):
        assert found(member, now, email_domain="Agent.example").code == "authority_proven"
        RegistryRecord.objects.create(
            uscc=make_uscc(),
            name=str(number),
            email_domain="agent.example",
            status="active",
            as_of=now,
        )
    assert found(member, now, email_domain="agent.example").code == "authority_missing"
    proof(member, now, ProofKind.COMPANY_EMAIL, shown="hr@agent.example")
    assert found(member, now, email_domain="agent.example").code == "authority_unproven", (
        "weak: a person reviews it"
    )


@pytest.mark.django_db
def test_no_personal_data_is_observed(member: Member, now: datetime) -> None:
    proof(member, now, ProofKind.COMPANY_EMAIL, shown="zhang.san@shili.example")
    subject = subject_of(make_case(member, now, State.CHECKING), now)
    assert "zhang.san" not in str(Authority().observe(subject, {}))
