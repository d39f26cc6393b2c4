"""Cases that wait for a reviewer, and a reviewer's actions on their pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.factories import make_case, make_document, make_employer, make_member
from verification.cases import queue_placement
from verification.models import Attempt, Case, CheckRun, Decision
from verification.reviewing import rulings
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

QUEUE = "/console/verification/case/"


def waiting(
    now: datetime, *, hours: float = 1, account_class: str = "direct_employer", **fields: Any
) -> Case:
    at = now - timedelta(hours=hours)
    member = make_member(at, make_employer(at, account_class=account_class))
    case = make_case(member, at, State.IN_REVIEW, **fields)
    document = make_document(case, at)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    observation = {
        "document": str(document.pk),
        "page": 1,
        "fields": {"name": "别的公司"},
        "regions": {"name": [1, 2, 30, 40]},
    }
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        observation=observation,
        started_at=at,
        finished_at=at,
    )
    return case


def door(case: Case, name: str) -> str:
    return f"{QUEUE}{case.pk}/{name}/"


def page_of(case: Case) -> str:
    return door(case, "change")


def told(
    client: Client, case: Case, name: str, /, status: int = 200, **data: Any
) -> dict[str, Any]:
    """Return the JSON response to the page's script."""
    response = press(client, case, name, **data)
    assert response.status_code == status, response.content.decode()[:400]
    return dict(response.json())


def waiting_case(
    now: datetime, *, hours: float = 1, codes: tuple[str, ...] = ("name_mismatch",), **fields: Any
) -> Case:
    """Return a case that the policy has held for review, with its checks' observations."""
    at = now - timedelta(hours=hours)
    case = make_case(make_member(at), at, State.IN_REVIEW, **fields)
    document = make_document(case, at)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    observations = {
        "reading": {
            "document": str(document.pk),
            "page": 1,
            "turn": 90,
            "qr": "https://example.com",
            "qr_uscc": case.declared_uscc,
            "looks_like_licence": True,
            "fields": {
                "name": "云溪市另一家科技有限公司",
                "uscc": case.declared_uscc,
                "type": "有限责任公司",
            },
            "regions": {"name": [100, 200, 300, 240], "uscc": [100, 100, 300, 130]},
        },
        "registry": {
            "record": {
                "name": case.declared_name,
                "uscc": case.declared_uscc,
                "status": "active",
                "as_of": "2026-11-01",
            }
        },
        "duplicates": {"same_bytes": [], "near_same": [], "same_uscc": []},
    }
    for code, observation in observations.items():
        findings = (
            [
                Finding("reading", reason, Severity.CONCERN, "name", "seen-there", "wanted-this")
                for reason in codes
            ]
            if code == "reading"
            else []
        )
        CheckRun.objects.create(
            attempt=attempt,
            code=code,
            version="1",
            observation=observation,
            findings=[finding.as_json() for finding in findings],
            started_at=at,
            finished_at=at,
        )
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=[{"code": code} for code in codes],
        policy_version="1",
        decided_at=at,
    )
    queue_placement.place_in_queue(case, codes, at)
    case.save()
    return case


def press(client: Client, case: Case, button: str, /, **data: Any) -> Any:
    case.refresh_from_db()
    return client.post(f"{QUEUE}{case.pk}/{button}/", {"seen_version": case.version, **data})


def when_it_cannot_be_undone() -> None:
    """Carry out the rulings that can no longer be undone."""
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))


def says(response: Any) -> list[str]:
    return [str(message) for message in response.wsgi_request._messages]


def companies(response: Any) -> list[str]:
    return [str(case.pk) for case in response.context["cl"].result_list]
