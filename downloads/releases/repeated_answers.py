"""Decides whether a decision of the gate may be returned again for the same `Idempotency-Key`.

A no always may; a yes only while every fact that it used still holds, by the gate's own statement.
A platform that lost the response repeats the request with the same key. A new decision would count
a second download, but a stored yes must never be returned after a suspension. A response in an
unknown format counts as a yes that no longer holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from downloads import locks
from downloads.gate import ladder_versions, sql
from downloads.models import GateDecision
from downloads.releases.passes import GOOD_FOR
from events.db.dialect import current_dialect


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
    decision = GateDecision.objects.filter(pk=decision_id, allowed=True).first()
    if decision is None:
        return False
    parameters: dict[str, Any] = {
        "decision": decision.pk,
        "client": decision.client_id,
        "employer": decision.employer_id,
        "member": decision.member_id,
        "mode": settings.CANDIDATES_DEFAULT,
        "now": now,
        "expired": now - GOOD_FOR,  # as long as its pass
    }
    for ladder in ladder_versions.until_in_force():
        statement = sql.repeat_statement(current_dialect(), decision.test, ladder)
        moment = {"ladder": ladder.version, "young_after": now - ladder.provisional_for}
        for (why,) in locks.with_company_lock(statement, parameters | moment):
            return not why
    return False
