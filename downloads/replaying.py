"""May an answer of the gate be said once more? A no always; a yes only while everything that it rested on still stands.

A platform that lost the answer sends the same question with the same key. Asking anew would count a second download; but a yes
that was kept must never be heard after a suspension.
"""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from downloads.models import GateDecision
from employers.models import Member
from verification.models import Case
from verification.states import State


def still_holds(body: bytes, now: datetime) -> bool:
    """Whether the answer in `body` may be given again at `now`."""
    answer = json.loads(body)
    if not isinstance(answer, dict) or answer.get("allowed") is not True:
        return True
    decision = GateDecision.objects.filter(pk=UUID(answer["id"])).first()
    if decision is None:
        return False
    members = Member.objects.active().filter(user__email_verified_at__isnull=False).select_related("employer")
    member = members.filter(pk=decision.member_id, employer_id=decision.employer_id).first()
    if member is None:
        return False
    case = Case.objects.of(member.employer).first()
    return (
        case is not None
        and (case.pk, case.version, case.state) == (decision.case_id, decision.case_version, State.APPROVED)
        and case.expires_at is not None
        and case.expires_at > now
    )
