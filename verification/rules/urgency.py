"""Which case does a reviewer look at next? Harm × waiting × deadline, as one stored number.

The order of the queue, and nothing else: no case is decided by it. What a case would do if it
waited is multiplied by what it has waited and by how near its deadline is,

    score(now) = harm × 2^(waited / 8 h) × 2^(−left / 4 h)        in working hours, `left` below 0 once it is late
    key        = log2(harm) − W(entered) / 8 h − W(due) / 4 h     with W the working hours counted until then

As `now` moves on, the logarithm of every score grows by the same, so the order by `key` is the
order by `score` at every moment: an index serves it, and a key is reckoned once. Stored keys are
worth comparing only under the same rules and the same working hours; where either changes, they are
reckoned anew.
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
    """What a case is to the queue; it may be several at once. Stored."""

    FRAUD = "fraud"
    """A trace of editing, an excluded party, or a device or phone that many companies share."""
    AGENCY = "agency"
    """One approval opens the resumes of many clients' candidates."""
    LAPSING = "lapsing"
    """An approval in force ends soon, and with it an honest employer's rights."""
    APPEAL = "appeal"
    """Somebody was refused, perhaps wrongly."""
    ORDINARY = "ordinary"


@dataclass(frozen=True)
class Rules:
    """One version of what weighs how much. Change anything and it gets a new version."""

    version: str
    harm: Mapping[Kind, float]
    """What a case of this kind weighs, above 0. Of several kinds the heaviest counts."""
    target: Mapping[Kind, timedelta]
    """Working time within which it shall be decided; of several kinds the shortest.

    Those not named have that of `ORDINARY`.
    """
    waiting_doubles: timedelta
    """Each time it has waited this long it weighs twice as much."""
    deadline_doubles: timedelta
    """Each time this much less is left it weighs twice as much."""


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
"""By version, so that what a stored key rests on can still be said."""

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
"""Doublings from which a factor is shown no larger: two years of waiting, or one of being late.

Keys know no cap.
"""


def kinds(
    reasons: Collection[str], account_class: str, *, appealed: bool, lapsing: bool
) -> frozenset[Kind]:
    """What a case is to the queue. `lapsing`: its employer's approval in force ends soon."""
    applies = {
        Kind.FRAUD: not FRAUD.isdisjoint(reasons),
        Kind.AGENCY: account_class == _AGENCY,
        Kind.LAPSING: lapsing,
        Kind.APPEAL: appealed,
    }
    return frozenset(kind for kind, does in applies.items() if does) or frozenset({Kind.ORDINARY})


@dataclass(frozen=True)
class Factors:
    """The three factors of a case at one moment, and the working hours from which two of them
    come.
    """

    harm: float
    waiting: float
    deadline: float
    waited: float
    """Working hours since it came to the reviewers."""
    left: float
    """Working hours until it is due; below 0 once it is late."""

    @property
    def score(self) -> float:
        return self.harm * self.waiting * self.deadline


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
        """The number by which the queue is ordered, the highest first.

        Without a unit: doublings.
        """
        waiting = hours.cumulative(self.entered) / _hours(rules.waiting_doubles)
        return (
            log2(rules.harm[self.weighs])
            - waiting
            - hours.cumulative(self.due) / _hours(rules.deadline_doubles)
        )

    def factors(self, now: datetime, hours: Hours, rules: Rules = CURRENT) -> Factors:
        """Why this case is where it is, to be shown: `factors.score` orders as `key` does."""
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
    """The position of a case of these kinds (at least one) that came to the reviewers at
    `entered`.
    """
    ordinary = rules.target[Kind.ORDINARY]
    target = min(rules.target.get(kind, ordinary) for kind in of)
    # Of two that weigh the same, the first of the rules is named.
    weighs = max((kind for kind in rules.harm if kind in of), key=lambda kind: rules.harm[kind])
    return QueuePosition(weighs, entered, hours.after(entered, target))


def _hours(amount: timedelta) -> float:
    return amount / timedelta(hours=1)


def _doubled(times: float) -> float:
    return exp2(min(times, _CAPPED))
