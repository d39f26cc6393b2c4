"""Decides whether a decision of the gate may be returned again for the same `Idempotency-Key`.

A no always may; a yes only while every fact that it used still holds. A platform that lost the
response repeats the request with the same key. A new decision would count a second download, but a
stored yes must never be returned after a suspension. A response in an unknown format counts as a
yes that no longer holds.
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
from employers.models import Member, MemberLink
from verification.models import Case


def still_allows(body: bytes, now: datetime) -> bool:
    """Whether the successful response in `body` may be returned again at `now`."""
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
    """Yield the decision id if `row` says yes, nothing if it says no, and None if it is unclear."""
    if not isinstance(row, dict):
        yield None
    elif "allowed" in row:
        if row["allowed"] is not False:
            yield row.get("id")
    else:
        yield row.get("decision_id")


def _still_in_force(decision_id: UUID, now: datetime) -> bool:
    """Whether the decision would be the same now, and is recent enough for a pass."""
    decision = GateDecision.objects.filter(pk=decision_id).first()
    if decision is None or decision.decided_at + GOOD_FOR <= now:  # as long as its pass
        return False
    members = Member.objects.active().proven().select_related("employer")
    member = members.filter(pk=decision.member_id, employer_id=decision.employer_id).first()
    if member is None or not _acts_for(decision.client_id, member):
        return False
    case = Case.objects.of(member.employer).first()
    if case is None or (case.pk, case.version) != (decision.case_id, decision.case_version):
        return False
    ladder, override = ladder_versions.in_force(), Standing.objects.of(decision.employer_id, now)
    current = current_tier(case, member.employer.confirmed_at, now, ladder, override)
    if current.reason or not ladder.rights[current.tier].download:
        return False
    return not consent_refusal(decision.client_id, decision.candidate, decision.uscc, now)


def _acts_for(client_id: UUID, member: Member) -> bool:
    """Whether the platform created the member's employer, or the member is linked with it."""
    if member.employer.platform_id is not None:
        return member.employer.platform_id == client_id
    return MemberLink.objects.in_force().filter(member=member, client=client_id).exists()
