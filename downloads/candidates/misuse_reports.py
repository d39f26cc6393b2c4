"""A candidate's report that a receiver misuses their resume: recorded at once, and reviewed by a
person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from downloads.candidates import notices, operations
from downloads.models import Candidate, MisuseReport, Release
from employers.models import User
from employers.permissions import Power
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record

NOT_AGAIN_FOR: Final = timedelta(minutes=10)
LONGEST: Final = 1000


def report_misuse(
    candidate_id: UUID, release_id: UUID, about: str, said: str, actor: Actor, now: datetime
) -> MisuseReport:
    """Record a report.

    Raises Refused: `release_unknown` if it is not a release of this candidate, `report_twice`.
    """
    with transaction.atomic():
        candidate = operations.locked_candidate(candidate_id)
        release = Release.objects.about(candidate).filter(pk=release_id).first()
        if release is None:
            raise Refused("release_unknown")
        if candidate.reports.filter(
            release=release, about=about, reported_at__gt=now - NOT_AGAIN_FOR
        ).exists():
            raise Refused("report_twice")
        made = MisuseReport.objects.create(
            candidate=candidate,
            release=release,
            about=about,
            said=said.strip()[:LONGEST],
            reported_at=now,
        )
        of_release = {"receipt": str(release.pk), "decision": str(release.decision_id)}
        notices.record_candidate_event(
            "report_misuse",
            made,
            candidate,
            release.employer_id,
            actor,
            now,
            **of_release,
            about=about,
        )
    return made


def settle_misuse_report(report_id: UUID, outcome: str, user: User, now: datetime) -> None:
    """Record the outcome of the review.

    Raises Refused: `not_allowed`, `state_conflict` if somebody else has settled it.
    """
    if not user.as_reviewer().can(Power.DECIDE):
        raise Refused("not_allowed")
    with transaction.atomic():
        row = (
            MisuseReport.objects.select_for_update(of=("self",))
            .filter(pk=report_id, settled_at=None)
            .first()
        )
        if row is None:
            raise Refused("state_conflict")
        row.settled_at, row.settled_by, row.outcome = now, user, outcome.strip()
        row.save()
        candidate = Candidate.objects.get(pk=row.candidate_id)
        record(
            "settle_report", row, user.as_reviewer(), now, data={"only": str(candidate.client_id)}
        )
