"""Which cases are before and after this one in the queue?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from events.actor import Actor
from verification.models import Case, CaseQuerySet


@dataclass(frozen=True)
class Filters:
    """What a reviewer wants to see: all that waits."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        return cls()

    def as_query(self) -> str:
        return ""

    def apply(self, cases: CaseQuerySet, actor: Actor, now: datetime) -> CaseQuerySet:
        return cases


@dataclass(frozen=True)
class Neighbours:
    before: UUID | None
    after: UUID | None


def neighbours(case: Case, filters: Filters, actor: Actor, now: datetime) -> Neighbours:
    """The cases before and after this one among what waits: two queries."""
    cases = filters.apply(Case.objects.awaiting_review(), actor, now).exclude(pk=case.pk)
    later = Q(submitted_at__gt=case.submitted_at) | Q(submitted_at=case.submitted_at, pk__gt=case.pk)
    earlier = Q(submitted_at__lt=case.submitted_at) | Q(submitted_at=case.submitted_at, pk__lt=case.pk)
    return Neighbours(
        cases.filter(Q(urgency__gt=case.urgency) | Q(urgency=case.urgency) & earlier).reverse().values_list("pk", flat=True).first(),
        cases.filter(Q(urgency__lt=case.urgency) | Q(urgency=case.urgency) & later).values_list("pk", flat=True).first(),
    )
