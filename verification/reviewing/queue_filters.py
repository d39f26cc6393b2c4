"""Which cases does a reviewer see, and which are before and after this one?

The same filters for the list and for every way through it.

The order is that of `CaseQuerySet.awaiting_review`, which indexes serve; nothing here sorts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Substr

from documents.uscc import normalise
from employers.models import AccountClass
from events.core.actor import Actor
from events.core.reasons import REASONS
from verification.cases import wording
from verification.models import Case, CaseQuerySet, RightsNow
from verification.rules import name_lookalikes
from verification.rules.states import State

ALL: Final = "all"
USCC_LENGTH: Final = 18


class Age(StrEnum):
    """How long a case has waited."""

    LATE = "late"
    """Past the time by which it should have been decided."""
    DAY = "1d"
    THREE_DAYS = "3d"
    WEEK = "7d"


class Claim(StrEnum):
    """Who works on a case."""

    MINE = "mine"
    FREE = "free"
    EXPIRING = "expiring"
    """Claimed, but whoever did no longer has it before them: their page has been silent for a
    while.
    """
    HELD = "held"


OLDER_THAN: Final = {
    Age.DAY: timedelta(days=1),
    Age.THREE_DAYS: timedelta(days=3),
    Age.WEEK: timedelta(days=7),
}
EXPIRING_WITHIN: Final = timedelta(minutes=2)
"""An open page renews its claim every few seconds for three minutes; a claim with less than this
left has none.
"""


@dataclass(frozen=True)
class Filters:
    """What a reviewer wants to see; empty fields ask for nothing."""

    state: str = State.IN_REVIEW
    """In review: with the appeals of those whose rights were taken away, which wait for a reviewer,
    too.
    """
    reason: str = ""
    account_class: str = ""
    tier: str = ""
    """What the employer holds by another case (`RightsNow`)."""
    age: str = ""
    province: str = ""
    """The third and fourth character of the code."""
    claim: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        """As an address says it.

        What is not known asks for nothing, and who searches does so in every state.
        """
        text = query.get("q", "").strip()
        chosen = {
            field: value
            for field, parameter in PARAMETERS.items()
            if (value := query.get(parameter, "")) and (value == ALL or _known(field, value))
        }
        state = chosen.pop("state", ALL if text else State.IN_REVIEW)
        return cls(
            state=state,
            text=text,
            **{field: value for field, value in chosen.items() if value != ALL},
        )

    def as_query(self) -> str:
        """As an address says it: `from_query` makes the same of it."""
        usual = Filters(state=ALL if self.text else State.IN_REVIEW)
        names = PARAMETERS | {"text": "q"}
        asked = ((field.name, getattr(self, field.name)) for field in fields(self))
        return urlencode(
            {names[name]: str(value) for name, value in asked if value != getattr(usual, name)}
        )

    def suffix(self) -> str:
        """What an address ends with to ask for the same: `as_query`, after its question mark."""
        return f"?{query}" if (query := self.as_query()) else ""

    def apply(self, cases: CaseQuerySet, actor: Actor, now: datetime) -> CaseQuerySet:
        """Those of `cases` that are asked for, in the order in which they came.

        `actor` is the reviewer who asks.
        """
        if self.text:
            cases = found(cases, self.text)
        if self.state == State.IN_REVIEW:
            cases = cases.queued()
        elif self.state != ALL:
            cases = cases.filter(state=self.state)
        if self.reason:
            cases = cases.filter(review_reasons__code=self.reason)
        if self.account_class:
            cases = cases.filter(account_class=self.account_class)
        if self.tier:
            cases = cases.filter(rights_now=self.tier)
        if self.province:
            cases = cases.alias(province=Substr("declared_uscc", 3, 2)).filter(
                province=self.province
            )
        return _of_claim(_of_age(cases, self.age, now), self.claim, actor, now)


PARAMETERS: Final = {
    "state": "state",
    "reason": "reason",
    "account_class": "class",
    "tier": "tier",
    "age": "age",
    "province": "province",
    "claim": "claim",
}
"""How an address names what is asked for."""
NO_FILTERS: Final = Filters()


def _known(field: str, value: str) -> bool:
    if field == "reason":
        return value in REASONS or value in wording.FOUND
    if field == "province":
        return len(value) == 2 and value.isascii() and value.isalnum()
    return value in _VALUES[field]


_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "state": frozenset(State),
    "account_class": frozenset(AccountClass.values),
    "tier": frozenset(RightsNow.values),
    "age": frozenset(Age),
    "claim": frozenset(Claim),
}


def _of_age(cases: CaseQuerySet, age: str, now: datetime) -> CaseQuerySet:
    if not age:
        return cases
    if age == Age.LATE:
        return cases.filter(review_due__lte=now)
    return cases.filter(review_since__lte=now - OLDER_THAN[Age(age)])


def _of_claim(cases: CaseQuerySet, claim: str, actor: Actor, now: datetime) -> CaseQuerySet:
    if claim == Claim.MINE:
        return cases.filter(claimed_by=UUID(actor.id), claimed_until__gt=now)
    if claim == Claim.FREE:
        return cases.free(now)
    if claim == Claim.EXPIRING:
        return cases.filter(claimed_until__gt=now, claimed_until__lte=now + EXPIRING_WITHIN)
    if claim == Claim.HELD:
        return cases.filter(held_until__gt=now)
    return cases


def found(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Those that `text` names: by a whole credit code, by the id, else by a part of the company's
    name, or of one that looks like it.
    """
    if len(code := normalise(text)) == USCC_LENGTH and code.isascii():
        return cases.filter(declared_uscc=code)
    try:
        return cases.filter(pk=UUID(text))
    except ValueError:
        pass
    named = Q(declared_name__contains=text)
    if key := name_lookalikes.key(text):
        named |= Q(name_key__contains=key)
    return cases.filter(named)


# --- Before and after -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbours:
    before: UUID | None
    after: UUID | None


def neighbours(case: Case, filters: Filters, actor: Actor, now: datetime) -> Neighbours:
    """The cases before and after this one among what is asked for, whether or not it is among them
    itself: two queries.
    """
    cases = filters.apply(Case.objects.shown_to(actor.id).order_by(*ORDER), actor, now).exclude(
        pk=case.pk
    )
    return Neighbours(
        _first(cases.filter(_before(case)).reverse()), _first(cases.filter(_after(case)))
    )


ORDER: Final = ("-urgency", "submitted_at", "pk")
"""That of the queue, for cases in any state."""


def _first(cases: CaseQuerySet) -> UUID | None:
    return cases.values_list("pk", flat=True).first()


def _after(case: Case) -> Q:
    """The bound stands apart: by it an index is entered where the case is, and not at its
    beginning.
    """
    later = Q(submitted_at__gt=case.submitted_at) | Q(
        submitted_at=case.submitted_at, pk__gt=case.pk
    )
    return Q(urgency__lte=case.urgency) & (Q(urgency__lt=case.urgency) | later)


def _before(case: Case) -> Q:
    earlier = Q(submitted_at__lt=case.submitted_at) | Q(
        submitted_at=case.submitted_at, pk__lt=case.pk
    )
    return Q(urgency__gte=case.urgency) & (Q(urgency__gt=case.urgency) | earlier)
