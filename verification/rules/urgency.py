"""The urgency of a case in the reviewers' queue: harm × waiting × deadline, as one stored number.

It orders the queue and decides no case. The harm that a case would do if it waited is multiplied by
how long it has waited and how near its deadline is:

    score(now) = harm × 2^(waited / 8 h) × 2^(−left / 4 h)        in working hours, `left` below 0 once it is late
    key        = log2(harm) − W(entered) / 8 h − W(due) / 4 h     with W the working hours counted until then

As `now` advances, the logarithms of all scores grow equally, so the order by `key` is the order by
`score` at any time. A key is computed once, and an index serves the order. Keys are comparable only
under the same rules and the same working hours; if either changes, they are computed again.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp2, log2
from typing import Final

from verification.rules.working_hours import Hours


class Kind(StrEnum):
    """The kind of a case in the queue. A case may be of several kinds. Stored."""

    FRAUD = "fraud"
    """Signs of editing, an excluded party, or a device or phone that many companies share."""
    AGENCY = "agency"
    """One approval opens the resumes of many clients' candidates."""
    LAPSING = "lapsing"
    """An approval in force ends soon, and with it an honest employer's rights."""
    APPEAL = "appeal"
    """An employer may have been rejected wrongly."""
    ORDINARY = "ordinary"


@dataclass(frozen=True)
class Rules:
    """One version of the weights. Every change needs a new version."""

    version: str
    harm: Mapping[Kind, float]
    """The weight of a case of this kind, above 0. If several kinds apply, the heaviest counts."""
    target: Mapping[Kind, timedelta]
    """Working time until the decision is due. If several kinds apply, the shortest counts.

    Kinds not listed have the target of `ORDINARY`.
    """
    waiting_doubles: timedelta
    """Working time after which the weight has doubled."""
    deadline_doubles: timedelta
    """The weight doubles with each reduction of the remaining working time by this amount."""


CURRENT: Final = Rules(
    version="2026-11.1",
    harm={Kind.FRAUD: 8, Kind.AGENCY: 4, Kind.LAPSING: 4, Kind.APPEAL: 3, Kind.ORDINARY: 1},
    target={
        Kind.LAPSING: timedelta(hours=4),
        Kind.APPEAL: timedelta(hours=8),
        Kind.ORDINARY: timedelta(hours=16),
    },
    waiting_doubles=timedelta(hours=8),
    deadline_doubles=timedelta(hours=4),
)
RULES: Final = {rules.version: rules for rules in (CURRENT,)}
"""By version, to explain stored keys."""

FRAUD: Final = frozenset(
    {
        "forgery_suspected",
        "forgery_inconsistent_compression",
        "forgery_retyped_field",
        "forgery_copied_patch",
        "forgery_edited",
        "qr_not_registry",
        "duplicate_excluded",
        "duplicate_device_cluster",
        "duplicate_phone_cluster",
    }
)
"""Reasons that make a case one of `Kind.FRAUD`."""
_AGENCY: Final = "commercial_agency"
_CAPPED: Final = 500.0
"""Doublings that a displayed factor shows at most: two years of waiting, or one year late.

Keys are not capped.
"""


def urgency_kinds(
    reasons: Collection[str], account_class: str, *, appealed: bool, lapsing: bool
) -> frozenset[Kind]:
    """The kinds of a case. `lapsing` means that its employer's approval in force ends soon."""
    applies = {
        Kind.FRAUD: not FRAUD.isdisjoint(reasons),
        Kind.AGENCY: account_class == _AGENCY,
        Kind.LAPSING: lapsing,
        Kind.APPEAL: appealed,
    }
    return frozenset(kind for kind, does in applies.items() if does) or frozenset({Kind.ORDINARY})


class Level(StrEnum):
    """How urgent a case is, in the order of the queue."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


MIDDLE_FROM: Final = 0.5
"""The score of an ordinary case in the middle of its time, and of a new one with signs of fraud."""
HIGH_FROM: Final = 4.0
"""The score of an ordinary case at its deadline; others have reached it by then."""


@dataclass(frozen=True)
class Factors:
    """The three factors of a case at one moment, and the working hours behind two of them."""

    harm: float
    waiting: float
    deadline: float
    waited: float
    """Working hours since it came to the reviewers."""
    left: float
    """Working hours until it is due; negative once it is late."""

    @property
    def score(self) -> float:
        return self.harm * self.waiting * self.deadline

    @property
    def level(self) -> Level:
        if self.score >= HIGH_FROM or self.left < 0:
            return Level.HIGH
        return Level.MIDDLE if self.score >= MIDDLE_FROM else Level.LOW


@dataclass(frozen=True)
class QueuePosition:
    """A case's position in the queue: its heaviest kind, when it came to the reviewers, and when it
    is due.
    """

    weighs: Kind
    """The heaviest of the kinds that apply."""
    entered: datetime
    due: datetime

    def key(self, hours: Hours, rules: Rules = CURRENT) -> float:
        """The queue's sort key: the base-2 logarithm of the score. The highest comes first."""
        waiting = hours.cumulative(self.entered) / _hours(rules.waiting_doubles)
        return (
            log2(rules.harm[self.weighs])
            - waiting
            - hours.cumulative(self.due) / _hours(rules.deadline_doubles)
        )

    def factors(self, now: datetime, hours: Hours, rules: Rules = CURRENT) -> Factors:
        """The factors of this position, for display. `Factors.score` gives the same order as
        `key`.
        """
        waited, left = (
            _hours(hours.between(self.entered, now)),
            _hours(hours.between(now, self.due)),
        )
        waiting = _doubled(waited / _hours(rules.waiting_doubles))
        return Factors(
            rules.harm[self.weighs],
            waiting,
            _doubled(-left / _hours(rules.deadline_doubles)),
            waited,
            left,
        )


def queue_position(
    of: Collection[Kind], entered: datetime, hours: Hours, rules: Rules = CURRENT
) -> QueuePosition:
    """Return the position of a case of these kinds (at least one) that came to the reviewers at
    `entered`.
    """
    ordinary = rules.target[Kind.ORDINARY]
    target = min(rules.target.get(kind, ordinary) for kind in of)
    # Of two kinds with the same weight, the first in the rules is named.
    weighs = max((kind for kind in rules.harm if kind in of), key=lambda kind: rules.harm[kind])
    return QueuePosition(weighs, entered, hours.after(entered, target))


def _hours(amount: timedelta) -> float:
    return amount / timedelta(hours=1)


def _doubled(times: float) -> float:
    return exp2(min(times, _CAPPED))
