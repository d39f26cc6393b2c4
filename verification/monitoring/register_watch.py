"""Does the register still speak for whom we approved?

What it says anew, since a later import, stops rights until a person has looked.

What a person has looked at already is no news: who approved all the same, or lifted the suspension,
is not overruled.
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
"""Statuses by which a company is no more, with their reasons."""

LISTED: Final = "registry_serious_violation_list"


def news(now: datetime) -> Iterator[tuple[UUID, list[str]]]:
    """Each case in force against which the register says something that nobody has looked at, and
    the reasons.
    """
    against = RegistryRecord.objects.filter(Q(status__in=ENDED) | Q(serious_violation_list=True))
    for case in Case.objects.real().in_force(now).filter(declared_uscc__in=against.values("uscc")):
        record = RegistryRecord.objects.get(pk=case.declared_uscc)
        said = [ENDED[record.status]] if record.status in ENDED else []
        said += [LISTED] if record.serious_violation_list else []
        if fresh := [code for code in said if code not in _known_reasons(case)]:
            yield case.pk, fresh


def _known_reasons(case: Case) -> set[str]:
    """For what the case was before a person: what its checks found, and what it was suspended for
    and reinstated.
    """
    runs = CheckRun.objects.filter(
        attempt__case=case, attempt__number=case.attempt_number, code=Registry.code
    )
    return {
        finding.code for run in runs for finding in run.as_findings()
    } | case.decisions.stopped_for()


def watch_register(now: datetime) -> None:
    """Suspend each case against which there is news, with its reasons."""
    for case_id, codes in news(now):
        try:
            operations.suspend(case_id, SYSTEM, now, codes)
        except Refused:  # moved in the same moment
            continue
