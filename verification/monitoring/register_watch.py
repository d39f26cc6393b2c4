"""Watches the company register for approved companies.

If a later import brings something against a company, its rights are suspended until a person has
reviewed it. What a person has already reviewed is not news: an approval made in spite of it, or a
lifted suspension, is not overruled.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from events.core.actor import SYSTEM
from events.core.errors import Refused
from verification.cases import operations
from verification.checks.registry import STATUS_REASON, Registry
from verification.models import Case, CheckRun, RegistryRecord
from verification.rules.findings import Severity

ENDED: Final = {
    str(status): code
    for status, (code, severity) in STATUS_REASON.items()
    if severity is Severity.BLOCK
}
"""Reasons of the statuses in which a company no longer exists."""

LISTED: Final = "registry_serious_violation_list"


def unreviewed_entries(now: datetime) -> Iterator[tuple[UUID, list[str]]]:
    """Yield each approved case with an entry that no one has reviewed, and the reasons."""
    against = RegistryRecord.objects.filter(Q(status__in=ENDED) | Q(serious_violation_list=True))
    for case in Case.objects.real().in_force(now).filter(declared_uscc__in=against.values("uscc")):
        record = RegistryRecord.objects.get(pk=case.declared_uscc)
        said = [ENDED[record.status]] if record.status in ENDED else []
        said += [LISTED] if record.serious_violation_list else []
        if fresh := [code for code in said if code not in _known_reasons(case)]:
            yield case.pk, fresh


def _known_reasons(case: Case) -> set[str]:
    """Return the reasons a person has already seen: the findings of the register check, and the
    reasons of suspensions that were lifted.
    """
    runs = CheckRun.objects.filter(
        attempt__case=case, attempt__number=case.attempt_number, code=Registry.code
    )
    return {
        finding.code for run in runs for finding in run.as_findings()
    } | case.decisions.stopped_for()


def watch_register(now: datetime) -> None:
    """Suspend each case with news against it, with its reasons."""
    for case_id, codes in unreviewed_entries(now):
        try:
            operations.suspend_case(case_id, SYSTEM, now, codes)
        except Refused:  # changed at the same moment
            continue
