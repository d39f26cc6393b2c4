"""Findings about one document of an agency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from documents.page.confidence import SURE
from documents.papers.hr_service import OPEN_ENDED
from verification.rules.findings import Finding, Severity

CODE: Final = "agency_licence"
"""The stored code of the check."""


def day_of(text: str) -> date | None:
    """Parse an ISO date; None if there is none, or no end (长期)."""
    try:
        return None if text == OPEN_ENDED else date.fromisoformat(text)
    except ValueError:
        return None


def mismatch_severity(paper: Mapping[str, Any], field: str) -> Severity:
    """The severity of a mismatch. If the reader is not confident, the mistake may be the
    reader's.
    """
    return Severity.CONCERN if paper["confidence"].get(field, 0.0) >= SURE else Severity.UNABLE


def finding_about(
    paper: Mapping[str, Any],
    code: str,
    severity: Severity,
    field: str,
    seen: str = "",
    expected: str = "",
) -> Finding:
    """A finding about `field` of the document, with the region where it was read."""
    region = paper["regions"].get(field)
    return Finding(
        CODE,
        code,
        severity,
        field,
        seen,
        expected,
        paper["page"],
        tuple(region) if region else None,
    )
