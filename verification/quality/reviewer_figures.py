"""Quality figures of decisions, for all reviewers together and for each.

The database counts them from what is on record, in a number of queries that depends neither on the
number of reviewers nor on their work. A figure from fewer than `AT_LEAST` cases is reported as too
few to say. Nothing here ranks people by a figure.

The quality of photographs is in `documents.photo.quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, UUIDField
from django.db.models.functions import Floor

from employers.models import User
from verification.models import (
    Appeal,
    Decision,
    GoldenTurn,
    Ruling,
    RulingOutcome,
    RulingStage,
    SecondReview,
)
from verification.models.decisions import SENT_BACK, STOPS
from verification.quality import kappa
from verification.quality.kappa import AT_LEAST, Kappa

_Z: Final = 1.959964
CATEGORY: Final[Mapping[str, str]] = {"approve": "let_through", "reinstate": "let_through"}
"""Categories of decisions; verbs not listed do not let the employer through."""
NOT_LET_THROUGH: Final = "not_let_through"
DECIDED: Final = ("approve", *SENT_BACK, *STOPS, "reinstate", "uphold")
GIVES_BACK: Final = ("approve", "reinstate")
BUCKETS: Final = (15, 30, 60, 120, 300, 600)
"""Upper bounds in seconds of the histogram's buckets; the last bucket holds longer times."""


# --- Figures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share n of a total, with its 95 % interval by E. B. Wilson (JASA 22, 1927).

    Wilson's interval also holds for small samples and extreme shares.
    """

    n: int
    of: int

    @property
    def is_told(self) -> bool:
        return self.of >= AT_LEAST

    @property
    def percent(self) -> float:
        return 100 * self.n / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        return self._end(-1)

    @property
    def high(self) -> float:
        return self._end(1)

    def _end(self, side: int) -> float:
        if not self.of:
            return 0.0 if side < 0 else 100.0
        share, n = self.n / self.of, self.of
        middle, half = (
            share + _Z**2 / (2 * n),
            _Z * sqrt(share * (1 - share) / n + (_Z / (2 * n)) ** 2),
        )
        return min(100.0, max(0.0, 100 * (middle + side * half) / (1 + _Z**2 / n)))


@dataclass(frozen=True)
class Times:
    """How long reviewers had cases open before they ruled, in seconds."""

    counts: Mapping[int, int]
    """The number of rulings by whole seconds."""
    total: float = 0.0

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def is_told(self) -> bool:
        return self.n >= AT_LEAST

    @property
    def median(self) -> int:
        return self._least(0.5)

    @property
    def p90(self) -> int:
        return self._least(0.9)

    @property
    def per_hour(self) -> float:
        """Rulings per hour of review, not per working hour."""
        return 3600 * self.n / self.total if self.total else 0.0

    def _least(self, share: float) -> int:
        """Return the smallest value that at least this share of the rulings do not exceed."""
        reached, wanted = 0, share * self.n
        for value in sorted(self.counts):
            reached += self.counts[value]
            if reached >= wanted:
                return value
        return 0

    @property
    def buckets(self) -> list[int]:
        """The number of rulings in each of `BUCKETS`, and of longer ones."""
        sums = [0] * (len(BUCKETS) + 1)
        for seconds, n in self.counts.items():
            sums[
                next(
                    (bucket for bucket, most in enumerate(BUCKETS) if seconds < most), len(BUCKETS)
                )
            ] += n
        return sums


@dataclass(frozen=True)
class GoldenAnswers:
    """The answers to golden cases of one kind with one right decision."""

    kind: str
    right_verb: str
    by_verb: Mapping[str, int]
    right: int
    """Answers with the right verb and at least the right reasons."""

    @property
    def n(self) -> int:
        return sum(self.by_verb.values())


@dataclass(frozen=True)
class Figures:
    """The figures of one reviewer's decisions, or of all."""

    golden: Share
    answers: Sequence[GoldenAnswers]
    by_verb: Kappa
    """Agreement on the decision, for cases sampled at random for a second, blind review."""
    by_category: Kappa
    """Agreement on whether the employer is let through."""
    by_policy: Share
    """Agreement where the policy requires a second review. Only approvals are reviewed twice there,
    so there is no κ.
    """
    times: Times
    undone: Share
    refused: Share
    """Rulings that could not be carried out."""
    changed_of_appealed: Share
    changed_of_all: Share
    reopened: Share

    @property
    def rulings(self) -> int:
        return self.undone.of

    @property
    def is_empty(self) -> bool:
        return not (
            self.golden.of
            or self.by_verb.n
            or self.by_policy.of
            or self.rulings
            or self.changed_of_all.of
        )


@dataclass(frozen=True)
class ReviewerQuality:
    everybody: Figures
    reviewers: Sequence[tuple[User, Figures]] = field(default_factory=tuple)
    """In alphabetical order of email addresses."""


# --- Counting -------------------------------------------------------------------------------------

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Counted:
    """Rows counted by the database; each row names its reviewer."""

    golden: Sequence[Row]
    pairs: Sequence[Row]
    timings: Sequence[Row]
    decisions: Sequence[Row]

    def people(self) -> set[UUID]:
        of = {
            row["by"]
            for rows in (self.golden, self.pairs, self.timings, self.decisions)
            for row in rows
        }
        return {person for person in of | {row["first_by"] for row in self.pairs} if person}


def reviewer_quality(since: datetime | None) -> ReviewerQuality:
    """Return the figures since then, of all reviewers together and of each, in five queries.

    Golden cases count for their answers and in the review times.
    """
    counted = _count(since, None)
    people = User.objects.filter(pk__in=counted.people()).order_by("email")
    return ReviewerQuality(
        _figures(counted, None), [(person, _figures(counted, person.pk)) for person in people]
    )


def of_one(reviewer: User, since: datetime | None, golden_until: datetime) -> Figures:
    """Return a reviewer's own figures since then.

    They do not reveal golden cases: answers count only up to `golden_until`, and their decisions
    count like all others. Otherwise a count that does not grow would give one away.
    """
    return _figures(_count(since, reviewer, golden_until), reviewer.pk)


def _count(
    since: datetime | None, reviewer: User | None, golden_until: datetime | None = None
) -> _Counted:
    assignments = GoldenTurn.objects.filter(right__isnull=False, **_after("answered_at", since))
    rulings = Ruling.objects.filter(**_after("made_at", since))
    decisions = Decision.objects.filter(
        decided_by__isnull=False, verb__in=DECIDED, **_after("decided_at", since)
    )
    pairs = _paired(rulings.filter(case__golden=False))
    if reviewer is None:
        decisions = decisions.filter(case__golden=False)
    else:
        assignments = assignments.filter(reviewer=reviewer, answered_at__lt=golden_until)
        pairs = pairs.filter(Q(by=reviewer) | Q(first_by=reviewer.pk))
        rulings, decisions = rulings.filter(by=reviewer), decisions.filter(decided_by=reviewer)
    answered = assignments.order_by().values(
        "verb",
        "right",
        by=F("reviewer"),
        kind=F("golden__kind"),
        right_verb=F("golden__right_verb"),
    )
    timings = rulings.order_by().annotate(whole=Floor("seconds")).values("by", "outcome", "whole")
    return _Counted(
        golden=list(answered.annotate(n=Count("pk"))),
        pairs=list(
            pairs.order_by()
            .values("by", "first_by", "second_review", "first_verb", "verb")
            .annotate(n=Count("pk"))
        ),
        timings=list(timings.annotate(n=Count("pk"), total=Sum("seconds"))),
        decisions=list(_overturned(decisions)),
    )


def _after(moment: str, since: datetime | None) -> dict[str, Any]:
    return {f"{moment}__gte": since} if since else {}


def _paired(rulings: QuerySet[Any]) -> QuerySet[Any]:
    """Return second reviews, each with the first reviewer's ruling on the same version of the case.

    Rulings that were undone are left out.
    """
    first = Ruling.objects.given().filter(
        case=OuterRef("case"), case_version=OuterRef("case_version"), stage=RulingStage.FIRST
    )
    latest = first.order_by("-pk")
    seconds = rulings.filter(
        stage=RulingStage.SECOND, outcome__in=(RulingOutcome.FILED, RulingOutcome.CARRIED_OUT)
    )
    said = {
        "first_by": Subquery(latest.values("by")[:1], UUIDField()),
        "first_verb": Subquery(latest.values("verb")[:1]),
    }
    paired: QuerySet[Any] = seconds.annotate(**said).filter(first_by__isnull=False)
    return paired


def _overturned(decisions: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Count by reviewer: decisions, those with an answered appeal, those changed by it, and those
    reopened by a colleague.

    An appeal counts against the last rejection, suspension or revocation before it.
    """
    appeals = Appeal.objects.filter(
        case=OuterRef("case"),
        verb="appeal",
        at__gte=OuterRef("decided_at"),
        answered_at__isnull=False,
    )
    later = Decision.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"))
    annotated = decisions.annotate(
        heard_at=Subquery(appeals.order_by("at").values("at")[:1]),
        answered_at=Subquery(appeals.order_by("at").values("answered_at")[:1]),
        next_verb=Subquery(later.order_by("pk").values("verb")[:1]),
    ).annotate(
        # Decided again before the appeal, which then counts against the later decision.
        again=Exists(
            later.filter(verb__in=(*SENT_BACK, *STOPS), decided_at__lte=OuterRef("heard_at"))
        ),
        answer=Subquery(
            later.filter(decided_at__gte=OuterRef("answered_at")).order_by("pk").values("verb")[:1]
        ),
    )
    appealed = Q(verb__in=("reject", *STOPS), heard_at__isnull=False, again=False)
    counts = {
        "n": Count("pk"),
        "appealed": Count("pk", filter=appealed),
        "changed": Count("pk", filter=appealed & Q(answer__in=GIVES_BACK)),
        "reopened": Count("pk", filter=Q(next_verb="reopen")),
    }
    counted: QuerySet[Any, Any] = annotated.order_by().values(by=F("decided_by")).annotate(**counts)
    return counted


# --- Adding up ------------------------------------------------------------------------------------


def _figures(counted: _Counted, of: UUID | None) -> Figures:
    timings = [row for row in counted.timings if of in (None, row["by"])]
    golden = [row for row in counted.golden if of in (None, row["by"])]
    outcomes: Counter[str] = Counter()
    for row in timings:
        outcomes[row["outcome"]] += row["n"]
    rulings = outcomes.total()
    timed = [
        row
        for row in timings
        if row["whole"] is not None and row["outcome"] != RulingOutcome.UNDONE
    ]
    counts: Counter[int] = Counter()
    for row in timed:
        counts[int(row["whole"])] += row["n"]
    decided = Counter[str]()
    for row in counted.decisions:
        if of in (None, row["by"]):
            decided.update({name: row[name] for name in ("n", "appealed", "changed", "reopened")})
    sample, policy = (
        _table(counted.pairs, of, SecondReview.SAMPLE),
        _table(counted.pairs, of, SecondReview.POLICY),
    )
    categories: Counter[tuple[str, str]] = Counter()
    for (one, other), n in sample.items():
        categories[(_category(one), _category(other))] += n
    return Figures(
        golden=Share(
            sum(row["n"] for row in golden if row["right"]), sum(row["n"] for row in golden)
        ),
        answers=_answers(golden),
        by_verb=kappa.kappa(sample),
        by_category=kappa.kappa(categories),
        by_policy=Share(
            sum(n for (one, other), n in policy.items() if one == other), sum(policy.values())
        ),
        times=Times(counts, sum(row["total"] for row in timed)),
        undone=Share(outcomes[RulingOutcome.UNDONE], rulings),
        refused=Share(outcomes[RulingOutcome.REFUSED], rulings),
        changed_of_appealed=Share(decided["changed"], decided["appealed"]),
        changed_of_all=Share(decided["changed"], decided["n"]),
        reopened=Share(decided["reopened"], decided["n"]),
    )


def _table(pairs: Iterable[Row], of: UUID | None, why: str) -> Counter[tuple[str, str]]:
    """Count pairs of first and second ruling; for one reviewer, pairs of their ruling and the
    other.
    """
    table: Counter[tuple[str, str]] = Counter()
    for row in pairs:
        if row["second_review"] != why or of not in (None, row["by"], row["first_by"]):
            continue
        said = (row["first_verb"], row["verb"])
        table[said if of in (None, row["first_by"]) else said[::-1]] += row["n"]
    return table


def _category(verb: str) -> str:
    return CATEGORY.get(verb, NOT_LET_THROUGH)


def _answers(rows: Iterable[Row]) -> list[GoldenAnswers]:
    grouped: dict[tuple[str, str], Counter[str]] = {}
    right: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = (row["kind"], row["right_verb"])
        grouped.setdefault(key, Counter())[row["verb"]] += row["n"]
        right[key] += row["n"] if row["right"] else 0
    return [GoldenAnswers(*key, by_verb, right[key]) for key, by_verb in sorted(grouped.items())]
