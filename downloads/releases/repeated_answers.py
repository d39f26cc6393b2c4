"""May an answer of the gate be said once more?

A no always; a yes only while everything that it rested on still stands.

A platform that lost the answer sends the same question with the same key. Asking anew would count a
second download; but a yes that was kept must never be heard after a suspension. What is in a form
that is not known here is taken for a yes that does not stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from downloads.gate import ladder_versions
from downloads.gate.candidate_consent import consent_refusal
from downloads.models import GateDecision, Standing
from downloads.releases.passes import GOOD_FOR
from downloads.rules.ladder import current_tier
from employers.models import Member
from verification.models import Case


def still_allows(body: bytes, now: datetime) -> bool:
    """Whether the answer in `body`, which was no error, may be given again at `now`."""
    if not body:
        return True
    answer = json.loads(body)
    rows = answer if isinstance(answer, list) else [answer]
    return all(
        decision is not None and _still_in_force(UUID(decision), now)
        for row in rows
        for decision in _yes(row)
    )


def _yes(row: Any) -> Iterator[str | None]:
    """The decision by which `row` says yes; none where it says no; None where it cannot be told."""
    if not isinstance(row, dict):
        yield None
    elif "allowed" in row:
        if row["allowed"] is not False:
            yield row.get("id")
    else:
        yield row.get("decision_id")


def _still_in_force(decision_id: UUID, now: datetime) -> bool:
    """Whether the decision would be the same now, and is young enough for a pass."""
    decision = GateDecision.objects.filter(pk=decision_id).first()
    if decision is None or decision.decided_at + GOOD_FOR <= now:  # as long as its pass
        return False
    members = (
        Member.objects.active()
        .filter(user__email_verified_at__isnull=False)
        .select_related("employer")
    )
    member = members.filter(pk=decision.member_id, employer_id=decision.employer_id).first()
    if member is None:
        return False
    case = Case.objects.of(member.employer).first()
    if case is None or (case.pk, case.version) != (decision.case_id, decision.case_version):
        return False
    ladder, override = ladder_versions.in_force(), Standing.objects.of(decision.employer_id, now)
    current = current_tier(case, member.employer.confirmed_at, now, ladder, override)
    if current.reason or not ladder.rights[current.tier].download:
        return False
    return not consent_refusal(decision.client_id, decision.candidate, decision.uscc, now)
