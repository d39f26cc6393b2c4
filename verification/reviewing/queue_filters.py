"""Filters of the review queue, and a case's neighbours under them.

The list and the navigation between cases use the same filters. The order is that of
`CaseQuerySet.awaiting_review`, which indexes serve; nothing here sorts.
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

from documents.uscc import normalise_uscc
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
    """Past its review deadline."""
    DAY = "1d"
    THREE_DAYS = "3d"
    WEEK = "7d"


class Claim(StrEnum):
    """Who works on a case."""

    MINE = "mine"
    FREE = "free"
    EXPIRING = "expiring"
    """Claimed, but the reviewer's page has been silent for a while."""
    HELD = "held"


OLDER_THAN: Final = {
    Age.DAY: timedelta(days=1),
    Age.THREE_DAYS: timedelta(days=3),
    Age.WEEK: timedelta(days=7),
}
EXPIRING_WITHIN: Final = timedelta(minutes=2)
"""An open page renews its claim every few seconds for three minutes, so a claim with less than this
left has no open page.
"""


@dataclass(frozen=True)
class Filters:
    """What a reviewer wants to see; an empty field does not filter."""

    state: str = State.IN_REVIEW
    """In review includes the appeals against suspensions, which also wait for a reviewer."""
    reason: str = ""
    account_class: str = ""
    tier: str = ""
    """The rights that the employer holds through another case (`RightsNow`)."""
    age: str = ""
    province: str = ""
    """The third and fourth characters of the code."""
    claim: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters of a query string.

        Unknown values are ignored. A text search covers every state unless a state is given.
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
        """Return the query string from which `from_query` makes the same filters."""
        usual = Filters(state=ALL if self.text else State.IN_REVIEW)
        names = PARAMETERS | {"text": "q"}
        asked = ((field.name, getattr(self, field.name)) for field in fields(self))
        return urlencode(
            {names[name]: str(value) for name, value in asked if value != getattr(usual, name)}
        )

    def suffix(self) -> str:
        """Return `as_query` with its question mark, or "" if it is empty."""
        return f"?{query}" if (query := self.as_query()) else ""

    def apply(self, cases: CaseQuerySet, actor: Actor, now: datetime) -> CaseQuerySet:
        """Return the `cases` that match, in queue order.

        `actor` is the reviewer who filters.
        """
        if self.text:
            cases = matching_cases(cases, self.text)
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
"""Query parameters by field."""
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


def matching_cases(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Return the cases that match `text`: a whole credit code, a case id, or a part of the
    company's name or of one that looks like it.
    """
    if len(code := normalise_uscc(text)) == USCC_LENGTH and code.isascii():
        return cases.filter(declared_uscc=code)
    try:
        return cases.filter(pk=UUID(text))
    except ValueError:
        pass
    named = Q(declared_name__contains=text)
    if key := name_lookalikes.lookalike_key(text):
        named |= Q(name_key__contains=key)
    return cases.filter(named)


# --- Neighbours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbours:
    before: UUID | None
    after: UUID | None


def neighbours_of(case: Case, filters: Filters, actor: Actor, now: datetime) -> Neighbours:
    """Return the cases before and after this one among those that match, in two queries.

    The case itself need not match.
    """
    cases = filters.apply(Case.objects.shown_to(actor.id).order_by(*ORDER), actor, now).exclude(
        pk=case.pk
    )
    return Neighbours(
        _first(cases.filter(_before(case)).reverse()), _first(cases.filter(_after(case)))
    )


ORDER: Final = ("-urgency", "submitted_at", "pk")
"""Queue order, for cases in any state."""


def _first(cases: CaseQuerySet) -> UUID | None:
    return cases.values_list("pk", flat=True).first()


def _after(case: Case) -> Q:
    """Return the condition for the cases after this one.

    The separate bound on `urgency` lets an index start at the case instead of at its beginning.
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
