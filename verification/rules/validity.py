"""Whether an approval is in force, and when it and the documents behind it end.

Findings about a document with an end name its last day (`Finding.until`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final, Protocol

from verification.rules.findings import Finding, Severity
from verification.rules.states import State

CHINA: Final = timezone(timedelta(hours=8))
"""A document's dates are those of the place where it was issued."""
ENDS_SOON: Final = timedelta(days=7)
"""A document that ends within this time is not enough: we ask for its renewal."""

IN_FORCE: Final[dict[str, Any]] = {"state": State.APPROVED, "golden": False}
"""The fields of a case that is in force until its `expires_at`. A golden case gives no rights."""


class Approval(Protocol):
    """The fields of a case that tell whether it is in force."""

    @property
    def state(self) -> str: ...
    @property
    def golden(self) -> bool: ...
    @property
    def expires_at(self) -> datetime | None: ...


def in_force(case: Approval, now: datetime) -> bool:
    """Whether the case gives its employer rights at `now`: it is approved and has not ended."""
    fits = all(getattr(case, field) == value for field, value in IN_FORCE.items())
    return fits and case.expires_at is not None and case.expires_at > now


def in_force_lookups(now: datetime) -> dict[str, Any]:
    """`in_force` as arguments of `QuerySet.filter`."""
    return IN_FORCE | {"expires_at__gt": now}


def in_force_sql(case: str, now: str) -> str:
    """`in_force` as an SQL condition on the row `case`; `now` is the placeholder for the time."""
    fits = [f"{case}.{field} = {_literal(value)}" for field, value in IN_FORCE.items()]
    return " AND ".join([*fits, f"{case}.expires_at > {now}"])


def _literal(value: object) -> str:
    return str(value).upper() if isinstance(value, bool) else f"'{value}'"


def day_of(moment: datetime) -> date:
    """The date at `moment` where documents are issued."""
    return moment.astimezone(CHINA).date()


def end_of(last_day: date) -> datetime:
    """The moment when a document with this last day ends."""
    return datetime.combine(last_day + timedelta(days=1), time(), CHINA)


def ends_soon(last_day: date, now: datetime) -> bool:
    """Whether a document that is still valid ends within a few days."""
    return timedelta(0) < end_of(last_day) - now <= ENDS_SOON


def has_ended(findings: Iterable[Finding], now: datetime) -> Finding | None:
    """The first passed finding whose document has ended since, for example while an attempt
    waited.
    """
    ended = (
        f
        for f in findings
        if f.until and f.severity is Severity.PASS and end_of(date.fromisoformat(f.until)) <= now
    )
    return next(ended, None)


def end_of_papers(findings: Iterable[Finding], now: datetime) -> datetime | None:
    """When the first document that `findings` name ends; None if none has an end.

    Documents that had already ended at `now` are ignored: the approver saw that they had ended, and
    their end does not end the approval.
    """
    ends = (end_of(date.fromisoformat(finding.until)) for finding in findings if finding.until)
    return min((end for end in ends if end > now), default=None)


def rights_end(
    began_at: datetime, valid_for: timedelta, findings: Iterable[Finding], now: datetime
) -> datetime:
    """When an approval ends: no later than any document that it relies on."""
    by_papers = end_of_papers(findings, now)
    return min(began_at + valid_for, by_papers) if by_papers else began_at + valid_for
