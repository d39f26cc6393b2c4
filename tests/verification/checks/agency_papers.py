"""Agencies with their documents, as the check of their licence sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.factories import make_uscc
from verification.checks.base import Subject
from verification.rules.findings import Finding

NOW = datetime(2026, 11, 24, tzinfo=UTC)
USCC, OTHER = make_uscc(17), make_uscc(18)
AGENCY = "云溪市示例人力资源有限公司"
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name=AGENCY,
    uscc=USCC,
    legal_representative="",
    account_class="commercial_agency",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(),
    now=NOW,
)
DIRECT = replace(SUBJECT, account_class="direct_employer")
PUBLIC = replace(SUBJECT, account_class="public_service")
BODY = replace(DIRECT, uscc="52" + USCC[2:])


def paper(sure: float = 0.995, **fields: str) -> dict[str, Any]:
    return {
        "document": "d",
        "titled": True,
        "page": 2,
        "fields": {k: v for k, v in fields.items() if v},
        "confidence": dict.fromkeys(fields, sure),
        "regions": {name: [1, 2, 3, 4] for name in fields},
    }


def licence(sure: float = 0.995, **changed: str) -> dict[str, Any]:
    fields = {
        "number": "990108230123",
        "name": AGENCY,
        "uscc": USCC,
        "scope": "职业中介活动：为用人单位推荐劳动者",
        "valid_from": "2023-05-10",
        "valid_until": "2028-05-09",
    }
    return paper(sure, **fields | changed)


def letter(
    sure: float = 0.995,
    declared: str = "",
    until: str = "",
    sealed: bool | None = True,
    **changed: str,
) -> dict[str, Any]:
    fields = {"company": "云溪市甲有限公司", "valid_until": "2027-01-01"} | changed
    more = {"sealed": sealed, "names_agency": True, "declared": declared, "declared_until": until}
    return paper(sure, **fields) | more


def listed(*approved_with: str, **changed: Any) -> dict[str, Any]:
    """The licence is on the list and correct."""
    record = {
        "name": AGENCY,
        "uscc": USCC,
        "valid_until": "2028-05-09",
        "as_of": "2026-11-01",
    } | changed
    return {"number": "990108230123", "record": record, "approved_with": list(approved_with)}


def seen(**changed: Any) -> dict[str, Any]:
    observation = {
        "scope_from": "registry",
        "scope_expected": True,
        "agency_words": ["人力资源服务"],
        "kinds": ["business_licence"],
        "licence": licence(),
        "listed": listed(),
        "clients": [letter()],
    }
    return observation | changed


def worst(findings: Sequence[Finding]) -> Finding:
    return max(findings, key=lambda finding: finding.severity)


def register(listed: str, *former: str, **agreement: Any) -> dict[str, Any]:
    told = {"known": True, "uscc": "match", "name": "match", "asked": {"name": AGENCY}} | agreement
    return {"record": {"name": listed, "former_names": list(former)}} | (
        {"agreement": told} if agreement else {}
    )


def reading(scope: str) -> dict[str, Any]:
    return {
        "reading": {
            "looks_like_licence": True,
            "fields": {"business_scope": scope} if scope else {},
        }
    }
