"""Facts about employers, and the resulting states of their requirements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories import make_uscc
from verification.rules.facts import (
    STRENGTH,
    Facts,
    Paper,
    Proof,
    Report,
    RequirementState,
    Strength,
    Why,
)
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT
from verification.rules.requirements import Requirement, due_requirements, next_of
from verification.rules.states import State

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
DUE, PENDING = RequirementState.CURRENTLY_DUE, RequirementState.PENDING_VERIFICATION
PAST, SATISFIED = RequirementState.PAST_DUE, RequirementState.SATISFIED
COMPANY = make_uscc(27)
INSTITUTION, ASSOCIATION, COLLECTIVE, OTHER = (
    "12990000XXXXXXXXXX",
    "51990000XXXXXXXXXX",
    "N2990000XXXXXXXXXX",
    "Y1990000XXXXXXXXXX",
)
LICENCE, LETTER = Paper("business_licence", BEFORE), Paper("authorization_letter", BEFORE)
DRAFT = Facts(
    "direct_employer",
    COMPANY,
    "云溪市示例科技有限公司",
    State.DRAFT,
    email_verified=True,
    email_shown="h***@qq.com",
)
GIVEN = replace(DRAFT, papers=(LICENCE,))
PASSED = tuple(
    Report(check, LATER) for check in ("reading", "registry", "agency_licence", "authority")
)


def proof(kind: str, state: str = "proven", **changed: Any) -> Proof:
    made = Proof(
        kind,
        state,
        STRENGTH.get(kind, Strength.MEDIUM),
        BEFORE,
        NOW + timedelta(days=10),
        NOW + timedelta(days=180),
    )
    return replace(made, **changed)


def stands(facts: Facts, now: datetime = NOW) -> dict[str, RequirementState]:
    return {
        requirement.code: requirement.state for requirement in due_requirements(facts, CURRENT, now)
    }


def of(facts: Facts, code: str, now: datetime = NOW) -> Requirement:
    (requirement,) = [
        requirement
        for requirement in due_requirements(facts, CURRENT, now)
        if requirement.code == code
    ]
    return requirement


def next_code(facts: Facts) -> str:
    following = next_of(due_requirements(facts, CURRENT, NOW))
    return following.code if following else ""


def found(
    check: str, code: str, severity: Severity, field: str = "", at: datetime = LATER
) -> Report:
    return Report(check, at, (Finding(check, code, severity, field, "seen", "expected"),))


SENT_BACK = replace(
    GIVEN,
    state=State.CHANGES_REQUESTED,
    papers=(LICENCE, LETTER),
    reports=PASSED,
    decided_at=LATER,
    reasons=(Why("authority_unproven", "authorization_letter", check="authority"),),
)
AGENCY = replace(GIVEN, account_class="commercial_agency")
