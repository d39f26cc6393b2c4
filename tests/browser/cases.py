"""Cases that wait for a reviewer, with pictures of fictitious licences and their findings."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.base import ContentFile

from documents.specimens import Company, make_specimen
from tests.factories import make_case, make_employer, make_member
from verification.models import Attempt, Case, CheckRun, Decision, Document, DocumentPage
from verification.rules.findings import Finding, Severity
from verification.rules.states import State


def waiting(now: datetime, seed: int, hours: int, name: str = "") -> Case:
    """Return a case whose declared name differs from the one on its licence."""
    name = name or f"第{seed}号申报名称有限公司"
    at, company, specimen = (
        now - timedelta(hours=hours),
        Company.fictitious(seed),
        make_specimen(seed),
    )
    case = make_case(
        make_member(at, make_employer(at, name=name, uscc=company.uscc)), at, State.IN_REVIEW
    )
    document = Document.objects.create(
        case=case,
        kind="business_licence",
        sha256=f"{seed:064}",
        size=1,
        media_type="image/jpeg",
        uploaded_by=case.submitted_by,
        uploaded_at=at,
    )
    width, height = specimen.image.size
    page = DocumentPage(
        document=document, number=1, width=width, height=height, fingerprint="0" * 64
    )
    page.image.save("page.jpg", ContentFile(specimen.jpeg()), save=False)
    page.save()
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    observation = {
        "document": str(document.pk),
        "page": 1,
        "turn": 0,
        "qr": None,
        "qr_uscc": None,
        "looks_like_licence": True,
        "fields": {"name": company.name, "uscc": company.uscc},
        "regions": {
            "name": [width * 0.17, height * 0.455, width * 0.43, height * 0.485],
            "uscc": [width * 0.06, height * 0.325, width * 0.23, height * 0.352],
        },
    }
    finding = Finding(
        "reading", "name_mismatch", Severity.CONCERN, "name", company.name, case.declared_name
    )
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        observation=observation,
        findings=[finding.as_json()],
        started_at=at,
        finished_at=at,
    )
    reasons = [finding.as_reason()]
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=reasons,
        policy_version="1",
        decided_at=at,
    )
    return case
