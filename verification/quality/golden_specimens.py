"""Makes golden cases of fictitious companies, for a deployment that has decided no case yet.

Each goes through intake, checks and policy like any applicant, in a transaction that keeps only the
recipe. Anyone who knows the generator can recognise its companies (their codes have the
region 99), so a deployment should save cases of its own as soon as it can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from documents.licence.read import read_pages
from documents.photo.flaws import PhotoQuality
from documents.photo.quality import judge_page
from documents.specimens import EDITIONS, Company, make_specimen
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import LAYOUTS, make_letter
from documents.upload.intake import Intake, open_upload
from employers.models import AccountClass, Employer, Member, User
from verification.cases import documents, operations
from verification.checks.reading import Reading, chosen_cloud
from verification.decision import pipeline
from verification.models import (
    Case,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    GoldenCase,
    GoldenKind,
    RegistryRecord,
)
from verification.quality import golden_cases
from verification.rules.states import State

MAIL: Final = ("qq.com", "163.com", "foxmail.com", "126.com")
"""Addresses that prove nothing and name no company, so that a person has to decide."""
LEASE: Final = 600.0
ROUNDS: Final = 20
"""More rounds than any policy waits."""
AGENCY_SCOPE: Final = "人力资源服务（含职业中介活动、劳务派遣）；企业管理咨询；会议及展览服务。"

Paper = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True)
class _Applicant:
    """What a company declares and uploads, what the register says of it, and the right decision."""

    declared: Company
    papers: tuple[Paper, ...]
    right: tuple[str, tuple[str, ...]]
    account_class: str = AccountClass.DIRECT_EMPLOYER
    register: tuple[tuple[str, Any], ...] = ()


def _papers(
    seed: int, company: Company, damage: str = "light", **printed: Any
) -> tuple[Paper, ...]:
    """Return a licence, and a letter that authorises the recruiter."""
    edition, layout = EDITIONS[seed % len(EDITIONS)], LAYOUTS[seed % len(LAYOUTS)]
    return (
        (
            DocumentKind.BUSINESS_LICENCE,
            lambda: make_specimen(
                seed, edition=edition, damage=damage, company=company, **printed
            ).jpeg(),
        ),
        (
            DocumentKind.AUTHORIZATION_LETTER,
            lambda: make_letter(seed, layout, "light", company).jpeg(),
        ),
    )


def _honest(seed: int) -> _Applicant:
    company = Company.fictitious(seed, "company")
    return _Applicant(company, _papers(seed, company), ("approve", ()))


def _name(seed: int) -> _Applicant:
    """The licence belongs to another company."""
    company, other = Company.fictitious(seed, "company"), Company.fictitious(seed + 31, "company")
    return _Applicant(
        company, _papers(seed, company, name=other.name), ("reject", ("name_mismatch",))
    )


def _forged(seed: int) -> _Applicant:
    """A digit of the code was edited: it is not the declared one and fails the check digit."""
    company = Company.fictitious(seed, "company")
    return _Applicant(
        company, _papers(seed, company, "forged_digit"), ("reject", ("uscc_mismatch",))
    )


def _register(seed: int) -> _Applicant:
    """The register lists the company for serious violations.

    A revoked licence would be rejected automatically and never reach a reviewer.
    """
    company = Company.fictitious(seed, "company")
    right = ("reject", ("registry_serious_violation_list",))
    return _Applicant(
        company, _papers(seed, company), right, register=(("serious_violation_list", True),)
    )


def _agency(seed: int) -> _Applicant:
    """The agency is licensed, but has no client's letter."""
    company = replace(Company.fictitious(seed, "company"), business_scope=AGENCY_SCOPE)
    licence: Paper = (
        DocumentKind.HR_SERVICE_LICENCE,
        lambda: make_hr_service(seed, company=company, damage="light").jpeg(),
    )
    right = ("request_changes", ("agency_client_missing",))
    return _Applicant(
        company, (*_papers(seed, company), licence), right, AccountClass.COMMERCIAL_AGENCY
    )


KINDS: Final[dict[str, Callable[[int], _Applicant]]] = {
    GoldenKind.HONEST: _honest,
    GoldenKind.NAME: _name,
    GoldenKind.FORGED: _forged,
    GoldenKind.REGISTER: _register,
    GoldenKind.AGENCY: _agency,
}


class NotForReviewers(Exception):
    """The policy decided this case automatically, so it would never reach a reviewer."""


def make_golden_case(kind: str, seed: int, now: datetime) -> GoldenCase:
    """Make a golden case of this kind; equal seeds make equal cases. Raise NotForReviewers.

    Slow work comes before the transaction, which blocks all other writers of a SQLite database.
    """
    applicant = KINDS[kind](seed)
    papers = [_taken_in(applicant.declared, kind, shot()) for kind, shot in applicant.papers]
    files: list[str] = []
    try:
        with transaction.atomic():
            case = _walked(applicant, papers, seed, now)
            files = list(
                DocumentPage.objects.filter(document__case=case).values_list("image", flat=True)
            )
            if case.state != State.IN_REVIEW:
                raise NotForReviewers(f"{kind} {seed}: {case.state}")
            recipe = golden_cases.recipe_of(case)
            transaction.set_rollback(True)
    finally:
        for name in files:
            default_storage.delete(name)
    verb, codes = applicant.right
    return golden_cases.put_golden_case(recipe, kind, verb, codes, now)


@dataclass(frozen=True)
class _TakenIn:
    """A document after intake; for a licence, with photo quality and reading."""

    kind: str
    intake: Intake
    photo_quality: list[PhotoQuality | None]
    read: dict[str, Any] | None


def _taken_in(declared: Company, kind: str, shot: bytes) -> _TakenIn:
    intake = open_upload(shot, required=settings.SANDBOX_REQUIRED)
    is_licence = kind == DocumentKind.BUSINESS_LICENCE
    read = None
    if is_licence:
        pages = [Image.open(BytesIO(page.jpeg)).convert("RGB") for page in intake.pages]
        read = read_pages(
            pages, declared=_declared(declared), cloud=chosen_cloud(settings.CLOUD_READER)
        ).as_json()
    return _TakenIn(kind, intake, [judge_page(page, is_licence) for page in intake.pages], read)


def _declared(company: Company) -> dict[str, str]:
    return {
        "uscc": company.uscc,
        "name": company.name,
        "legal_representative": company.legal_representative,
    }


def _walked(applicant: _Applicant, papers: Sequence[_TakenIn], seed: int, now: datetime) -> Case:
    """Take the case from registration to the verdict. Nothing is committed, so nothing is sent."""
    company = applicant.declared
    register = {
        "name": company.name,
        "legal_representative": company.legal_representative,
        "status": "存续",
        "as_of": now.date(),
        "established_on": company.established_on,
        "business_scope": company.business_scope,
    } | dict(applicant.register)
    RegistryRecord.objects.update_or_create(uscc=company.uscc, defaults=register)
    employer = Employer.objects.create(
        name=company.name,
        uscc=company.uscc,
        account_class=applicant.account_class,
        registered_at=now,
    )
    user = User(
        email=f"hr.golden.{seed}@{MAIL[seed % len(MAIL)]}", email_verified_at=now, joined_at=now
    )
    user.set_unusable_password()
    user.save()
    member = Member.objects.create(
        user=user, employer=employer, role=Member.MemberRole.OWNER, joined_at=now
    )
    actor = member.as_actor()
    case = operations.open_case(employer, actor, now)
    operations.declare_facts(
        case.pk,
        actor,
        now,
        name=company.name,
        uscc=company.uscc,
        legal_representative=company.legal_representative,
        account_class=applicant.account_class,
    )
    for paper in papers:
        document = documents.add_document(
            case.pk,
            paper.kind,
            paper.intake,
            {"clean": None},
            user,
            actor,
            now,
            paper.photo_quality,
        )
        if paper.read is not None:
            reading = {"document": str(document.pk), "declared": _declared(company)} | paper.read
            DocumentReading.objects.filter(document=document).update(
                reading=reading, version=Reading.version
            )
    attempt = operations.submit_case(case.pk, user, actor, now)
    for _ in range(ROUNDS):
        pipeline.run_checks(attempt.pk, partial(_same, now), LEASE)
        attempt.refresh_from_db()
        if attempt.finished_at is not None:
            break
        now = max(attempt.due_at, now + timedelta(seconds=1))
    decided: Case = Case.objects.get(pk=case.pk)
    return decided


def _same(moment: datetime) -> datetime:
    return moment
