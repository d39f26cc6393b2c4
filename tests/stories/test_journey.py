"""Tests of whole verifications with real pictures and readers: approved, held and revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from documents.specimens import make_specimen
from downloads.gate import decide
from employers.models import Member
from tests.factories import PLATFORM, make_link, make_reviewer
from tests.stories.conftest import licence, recruiter_of, register_company, upload_licence
from verification.cases import documents, operations
from verification.decision import pipeline
from verification.models import Case, RegistryRecord
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.reading]


def ask(member: Member, now: datetime) -> decide.Answer:
    return decide.decide_download(
        client_id=make_link(member, PLATFORM, now).client_id,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate="c",
        now=now,
        zone=ZoneInfo("UTC"),
    )


def submit_and_run(case: Case, member: Member, now: datetime) -> Case:
    attempt = operations.submit_case(case.pk, member.user, member.as_actor(), now)
    assert pipeline.run_checks(attempt.pk, lambda: now, 60)
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("edition", ["landscape", "portrait"])
@pytest.mark.sampled(1)
def test_an_honest_employer_is_through(edition: str, now: datetime) -> None:
    company = register_company(101)
    member = recruiter_of(company, now)
    assert ask(member, now).reasons[0].code == "employer_not_approved"
    case, _ = upload_licence(member, now, licence(101, company, edition=edition))
    case = submit_and_run(case, member, now)
    assert case.state == State.APPROVED, list(case.decisions.values_list("reasons", flat=True))
    answer = ask(member, now)
    assert answer.allowed and answer.tier == "provisional" and "mark" in answer.obligations


@pytest.mark.slow
def test_a_wrong_licence_is_held_and_mended(now: datetime) -> None:
    company, other = register_company(102), register_company(103)
    member, reviewer = recruiter_of(company, now), make_reviewer(now)
    case, wrong = upload_licence(member, now, licence(103, other, edition="portrait"))
    case = submit_and_run(case, member, now)
    assert case.state == State.IN_REVIEW
    assert {"uscc_mismatch", "name_mismatch"} <= {
        reason["code"] for reason in case.decisions.first().reasons
    }
    assert not ask(member, now).allowed
    claims.claim_case(case.pk, reviewer, now)
    operations.request_changes(case.pk, reviewer, now, ["uscc_mismatch"])
    documents.remove_document(wrong.pk, member.as_actor(), now)
    upload_licence(member, now, licence(104, company, edition="portrait"))
    case = submit_and_run(case, member, now)
    assert case.state == State.APPROVED and case.attempt_number == 2
    assert ask(member, now).allowed


@pytest.mark.slow
def test_a_revoked_company_is_refused_by_the_register_alone(now: datetime) -> None:
    company = register_company(105, status="吊销")
    member = recruiter_of(company, now)
    case, _ = upload_licence(member, now, licence(105, company))
    case = submit_and_run(case, member, now)
    assert case.state == State.REJECTED
    assert [reason["code"] for reason in case.decisions.first().reasons] == ["registry_revoked"]
    assert ask(member, now).reasons[0].code == "employer_rejected"


def test_a_borrowed_licence_opens_nothing(now: datetime) -> None:
    """Every field agrees, but the address is at a look-alike domain: the case waits for better
    proof, and then a person decides.
    """
    company = register_company(106)
    thief = recruiter_of(company, now, domain="secure-" + company.domain)
    case, _ = upload_licence(thief, now, licence(106, company))
    case = submit_and_run(case, thief, now)
    attempt = case.attempts.get()
    assert case.state == State.CHECKING and attempt.waiting_for == "authority_missing"
    while not attempt.finished_at:
        assert not ask(thief, attempt.due_at).allowed
        assert pipeline.run_checks(attempt.pk, lambda: attempt.due_at, 60)
        attempt.refresh_from_db()
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    assert [reason["code"] for reason in case.decisions.first().reasons] == ["authority_missing"]


@pytest.mark.slow
def test_a_new_company_waits_and_is_told_so(now: datetime) -> None:
    company = register_company(107)
    member = recruiter_of(company, now)
    RegistryRecord.objects.all().delete()
    young = (now - timedelta(days=5)).date()
    case, _ = upload_licence(
        member, now, make_specimen(107, company=company, established_on=young, damage="none").jpeg()
    )
    case = submit_and_run(case, member, now)
    attempt = case.attempts.get()
    assert case.state == State.CHECKING and attempt.waiting_for == "authority_missing"
    assert not ask(member, now).allowed
    RegistryRecord.objects.create(
        uscc=company.uscc,
        name=company.name,
        legal_representative=company.legal_representative,
        status="存续",
        established_on=young,
        email_domain=company.domain,
        as_of=now.date(),
    )
    assert pipeline.run_checks(attempt.pk, lambda: attempt.due_at, 60)
    assert Case.objects.get(pk=case.pk).state == State.APPROVED
