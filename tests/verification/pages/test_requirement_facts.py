"""Tests of gathering facts from rows, for the right member and in few queries."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.html import escape

from employers.models import Member
from events.core.actor import SYSTEM
from events.core.reasons import REASONS
from events.delivery import mail
from events.models import Mail, record
from tests.factories import make_case, make_document, make_employer, make_member
from verification.authority import proofs
from verification.cases import documents, wording
from verification.cases.notices import tell_employer
from verification.checks.authority import Authority
from verification.decision.pipeline import subject_of
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    ClientAuthorisation,
    Decision,
    DocumentKind,
    Proof,
    ProofKind,
    ProofState,
)
from verification.pages.requirement_facts import facts_before, facts_of, requirements_of
from verification.rules.facts import RequirementState, Strength, Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT, SUBMISSION
from verification.rules.requirements import due_requirements, next_of
from verification.rules.states import State

pytestmark = pytest.mark.django_db

DUE, PENDING, SATISFIED = (
    RequirementState.CURRENTLY_DUE,
    RequirementState.PENDING_VERIFICATION,
    RequirementState.SATISFIED,
)
DOMAIN = "shili.example"


def states_of(case: Case, member: Member | None, now: datetime) -> dict[str, RequirementState]:
    return {
        requirement.code: requirement.state for requirement in requirements_of(case, member, now)
    }


def ran(
    case: Case,
    now: datetime,
    code: str,
    *findings: Finding,
    number: int = 1,
    round_: int = 0,
    **observation: Any,
) -> None:
    attempt, _ = Attempt.objects.get_or_create(
        case=case, number=number, defaults={"submitted_at": now, "due_at": now}
    )
    CheckRun.objects.create(
        attempt=attempt,
        code=code,
        round=round_,
        version="1",
        observation=observation,
        findings=[f.as_json() for f in findings],
        started_at=now,
        finished_at=now,
    )


def prove(
    member: Member,
    case: Case,
    now: datetime,
    kind: str,
    state: str = ProofState.PROVEN,
    **fields: Any,
) -> Proof:
    proven = {"proven_at": now} if state == ProofState.PROVEN else {}
    return Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=case.declared_uscc,
        kind=kind,
        state=state,
        started_at=now,
        due_at=now,
        expires_at=now + timedelta(days=10),
        **proven,
        **fields,
    )


def test_a_draft_with_its_licence(now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now)
    assert states_of(case, member, now)["business_licence"] is DUE
    document = make_document(case, now)
    flaw = {
        "version": "1",
        "problems": [{"code": "document_blurred", "area": [0, 0, 9, 9], "measure": 5}],
    }
    document.pages.update(quality=flaw)
    (licence,) = [r for r in requirements_of(case, member, now) if r.code == "business_licence"]
    assert licence.state is PENDING and licence.reasons == (
        Why("document_blurred", "business_licence"),
    )
    following = next_of(requirements_of(case, member, now))
    assert following is not None and following.code == "authority"
    (mail,) = [r for r in requirements_of(case, member, now) if r.code == "mail_address"]
    assert mail.state is SATISFIED and mail.ways[0].shown == "l***@qq.com"
    documents.remove_document(document.pk, member.as_actor(), now)
    assert states_of(case, member, now)["business_licence"] is DUE


def test_nobody_in_particular_is_whoever_handed_it_in_else_the_first_owner(now: datetime) -> None:
    owner = make_member(now, email="a@qq.com")
    recruiter = make_member(now, owner.employer, role="recruiter", email="b@qq.com")
    draft = make_case(owner, now)
    assert facts_of(draft, None, now).email_shown == "a***@qq.com"
    Case.objects.filter(pk=draft.pk).update(submitted_by=recruiter.user)
    draft.refresh_from_db()
    assert facts_of(draft, None, now).email_shown == "b***@qq.com"
    recruiter.left_at = now
    recruiter.save()
    assert facts_of(draft, None, now).email_shown == "a***@qq.com"
    assert facts_of(draft, recruiter, now).email_shown == "b***@qq.com"


def test_a_proof_is_one_persons_for_one_company_and_one_name(now: datetime) -> None:
    owner = make_member(now, email="zhou@qq.com")
    member = make_member(now, owner.employer, role="recruiter", email="lin@qq.com")
    case = make_case(member, now)
    prove(
        member,
        case,
        now,
        ProofKind.BANK_DEPOSIT,
        observed={"name": case.declared_name},
        shown="**** 1234",
    )
    assert states_of(case, member, now)["authority"] is SATISFIED
    assert facts_of(case, owner, now).proofs == (), "the future submitter and the owners count"
    Case.objects.filter(pk=case.pk).update(declared_name="云溪市另一家有限公司")
    case.refresh_from_db()
    assert states_of(case, member, now)["authority"] is DUE, "it proves authority for another name"


def test_the_page_and_the_check_count_the_same_proofs(now: datetime) -> None:
    """A recruiter submits and an owner proves authority: all members see it, and the attempt
    becomes due.
    """
    owner = make_member(now, email="boss@qq.com")
    recruiter = make_member(now, owner.employer, role="recruiter", email="lin@qq.com")
    idle = make_member(now, owner.employer, role="recruiter", email="zhou@qq.com")
    case = make_case(recruiter, now, State.CHECKING)
    attempt = Attempt.objects.create(
        case=case,
        number=1,
        submitted_at=now,
        due_at=now + timedelta(days=1),
        waiting_for="authority_missing",
    )
    found = {"name": case.declared_name}
    prove(idle, case, now, ProofKind.E_LICENCE, observed=found)
    for looking in (owner, recruiter, idle, None):
        assert states_of(case, looking, now)["authority"] is DUE
    proof = prove(owner, case, now, ProofKind.BANK_DEPOSIT, ProofState.PENDING, observed=found)
    proofs.end_proof(proof, ProofState.PROVEN, now, owner.as_actor())
    for looking in (owner, recruiter, idle, None):
        assert states_of(case, looking, now)["authority"] is SATISFIED
    attempt.refresh_from_db()
    assert attempt.due_at == now
    subject = subject_of(case, now)
    (said,) = Authority().judge(subject, {}, Authority().observe(subject, {}))
    assert (said.code, said.seen) == ("authority_proven", "bank_deposit")


def test_an_address_is_worth_what_the_register_says_of_its_domain(now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.CHECKING)
    prove(member, case, now, ProofKind.COMPANY_EMAIL, shown=f"lin@{DOMAIN}")
    ran(case, now, "registry", source="snapshot", record={"email_domain": "other.example"})
    (proof,) = facts_of(case, member, now).proofs
    assert (proof.strength, proof.shown) == (Strength.WEAK, f"l***@{DOMAIN}")
    ran(case, now, "registry", round_=1, source="snapshot", record={"email_domain": DOMAIN})
    (proof,) = facts_of(case, member, now).proofs
    assert proof.strength is Strength.MEDIUM
    ran(case, now, "registry", round_=2, source="snapshot", record=None)
    assert facts_of(case, member, now).proofs[0].strength is Strength.WEAK


def test_a_deposit_under_way_is_pending_until_its_time_is_over(now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now)
    prove(member, case, now, ProofKind.BANK_DEPOSIT, ProofState.PENDING)
    assert states_of(case, member, now)["authority"] is PENDING
    assert states_of(case, member, now + timedelta(days=10))["authority"] is DUE


def test_the_last_word_of_each_check_counts_and_the_attempt_before_still_speaks(
    now: datetime,
) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.CHECKING, attempt_number=2)
    make_document(case, now - timedelta(hours=1))
    old = Finding("reading", "document_unreadable", Severity.UNABLE, "name")
    ran(case, now - timedelta(minutes=9), "reading", old)
    assert states_of(case, member, now)["business_licence"] is PENDING
    ran(case, now, "reading", Finding("reading", "uscc_agrees", Severity.PASS, "uscc"), number=2)
    assert states_of(case, member, now)["business_licence"] is SATISFIED
    assert states_of(case, member, now)["company_facts"] is PENDING, (
        "the register has not been asked"
    )
    ran(
        case,
        now,
        "registry",
        Finding("registry", "registry_active", Severity.PASS, "status"),
        number=2,
    )
    assert states_of(case, member, now)["company_facts"] is SATISFIED


def test_what_the_register_knows_is_not_told(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, State.IN_REVIEW)
    ran(
        case,
        now,
        "registry",
        Finding(
            "registry", "name_mismatch", Severity.CONCERN, "name", "declared", "the register's own"
        ),
    )
    (facts,) = [r for r in requirements_of(case, member, now) if r.code == "company_facts"]
    assert [(why.seen, why.expected) for why in facts.reasons] == [("declared", "")]


def test_only_what_was_named_is_done_again_and_a_change_mends_it(now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.CHANGES_REQUESTED)
    make_document(case, now - timedelta(hours=2))
    make_document(case, now - timedelta(hours=2), DocumentKind.AUTHORIZATION_LETTER)
    reasons = [
        {
            "code": "name_mismatch",
            "field": "name",
            "check": "reading",
            "seen": "甲",
            "expected": "乙",
        },
        {"code": "no such code"},
    ]
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="request_changes",
        reasons=reasons,
        policy_version="1",
        decided_at=now - timedelta(hours=1),
    )
    asked = states_of(case, member, now)
    assert {code for code, state in asked.items() if state is DUE} == {
        "company_facts",
        "submission",
    }
    record("declare", case, SYSTEM, now, employer_id=case.employer_id)
    assert states_of(case, member, now)["company_facts"] is PENDING


def test_a_new_case_is_to_replace_the_one_in_force_by_its_end(now: datetime) -> None:
    member = make_member(now)
    ends = now + timedelta(days=20)
    old = make_case(member, now, State.APPROVED, expires_at=ends)
    assert states_of(old, member, now)["reverification"] is DUE
    new = make_case(member, now)
    assert facts_of(new, member, now).renew_by == ends
    assert {r.deadline for r in requirements_of(new, member, now) if r.open} == {ends}


def test_what_may_be_done_besides(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, State.REJECTED)
    assert facts_of(case, member, now).verbs == {"appeal"}
    case.appealed_at = now
    assert facts_of(case, member, now).verbs == frozenset()
    assert facts_of(make_case(make_member(now), now), None, now).verbs == {"submit"}


def test_clients_are_those_of_the_letters_that_stand(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now)
    days = [now.date() + timedelta(days=days) for days in (1, 2, 3)]
    for until in days:
        document = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
        ClientAuthorisation.objects.create(
            employer=case.employer,
            document=document,
            client_name="甲",
            client_uscc="",
            valid_until=until,
            added_at=now,
        )
    ClientAuthorisation.objects.filter(valid_until=days[0]).update(ended_at=now)
    documents.remove_document(
        ClientAuthorisation.objects.get(valid_until=days[1]).document_id, member.as_actor(), now
    )
    assert facts_of(case, member, now).clients_until == (days[2],)


def test_before_there_is_a_case(now: datetime) -> None:
    employer = make_employer(now)
    assert {
        r.code for r in due_requirements(facts_before(employer, None), CURRENT, now) if r.open
    } >= {"mail_address", "business_licence", "submission"}
    member = make_member(now, employer)
    assert [
        r.state
        for r in due_requirements(facts_before(employer, member), CURRENT, now)
        if r.code == "mail_address"
    ] == [SATISFIED]


@pytest.mark.parametrize(
    "state", [State.DRAFT, State.CHECKING, State.CHANGES_REQUESTED, State.REJECTED, State.APPROVED]
)
def test_few_queries(state: State, now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, state)
    for kind in (
        DocumentKind.BUSINESS_LICENCE,
        DocumentKind.AUTHORIZATION_LETTER,
        DocumentKind.CLIENT_AUTHORIZATION,
    ):
        make_document(case, now, kind)
    for number in range(1, 4):
        for code in ("reading", "registry", "authority"):
            ran(case, now, code, number=number)
    for way in (ProofKind.BANK_DEPOSIT, ProofKind.E_LICENCE, ProofKind.COMPANY_EMAIL):
        prove(member, case, now, way, observed={"name": case.declared_name})
    with CaptureQueriesContext(connection) as queries:
        requirements_of(case, member, now)
    assert len(queries) <= 15, [query["sql"][:90] for query in queries]
    with CaptureQueriesContext(connection) as more:
        make_document(case, now, DocumentKind.HR_SERVICE_LICENCE)
        before = len(more)
        requirements_of(case, member, now)
    assert len(more) - before == len(queries), "more documents cost no more queries"


def test_a_way_that_nobody_stands_behind_is_not_told_of(now: datetime, settings: Any) -> None:
    member = make_member(now)
    case = make_case(member, now)
    for bank, told in (("simulator", True), ("", False)):
        settings.BANK = bank
        for requirements in (
            requirements_of(case, member, now),
            due_requirements(facts_before(member.employer, member), CURRENT, now),
        ):
            (authority,) = [r for r in requirements if r.code == "authority"]
            assert ("bank_deposit" in {way.code for way in authority.ways}) is told


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_mail_says_what_is_asked_as_the_page_does_when_it_leaves(
    language: str, now: datetime
) -> None:
    member = make_member(now, email="lin@qq.com", language=language)
    case = make_case(member, now, State.CHANGES_REQUESTED, submitted_by=member.user)
    context = {"reasons": ["authority_missing"], "note": "N.B.", "path": "/case/"}

    def sent() -> tuple[str, str]:
        tell_employer(case, "case_request_changes", context, now)
        assert mail.send_mail(Mail.objects.latest("pk").pk, now, "https://zizhi.example")
        letter = outbox.outbox[-1]
        assert isinstance(letter, EmailMultiAlternatives)
        return str(letter.body), str(letter.alternatives[0][0])

    text, html = sent()
    asked = [
        requirement
        for requirement in requirements_of(case, None, now)
        if requirement.open and requirement.code != SUBMISSION
    ]
    (authority,) = [requirement for requirement in asked if requirement.code == "authority"]
    for part in (text, html):
        with translation.override(language):
            words = [str(wording.REQUIREMENTS[requirement.code][0]) for requirement in asked]
            words += [str(wording.WAYS[way.code]) for way in authority.ways]
            not_submitted = REASONS["case_not_submitted"].says.in_(language)
        assert not_submitted not in part, "the reviewer has just sent it back"
        assert [
            said for said in (*words, "N.B.") if said not in part and escape(said) not in part
        ] == []
    assert re.findall(r"#requirement-([a-z_]+)", html)[: len(asked)] == [
        requirement.code for requirement in asked
    ]

    prove(member, case, now, ProofKind.BANK_DEPOSIT, observed={"name": case.declared_name})
    text, html = sent()
    with translation.override(language):
        assert str(wording.REQUIREMENTS["authority"][0]) not in text, (
            "a document added since is not requested"
        )
