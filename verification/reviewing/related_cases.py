"""Which other cases have to do with this one?

Those that share a code, a person, a phone, a device or a picture, and theirs in turn.

In at most `QUERIES` queries, whatever there is: what more than `COMMON` cases share is told as a
number and not followed, since it tells cases apart no longer; and no more than `AT_MOST` cases are
shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from employers.models import SightingKind, User
from events.db.dialect import current_dialect
from verification.cases import wording
from verification.checks import picture_index
from verification.models import Case, CheckRun, Decision, DocumentKind, DocumentPage
from verification.rules import states
from verification.rules.states import State

COMMON: Final = 20
AT_MOST: Final = 50
QUERIES: Final = 10
COUNTED: Final = 1000
"""How far it is counted how many share a thing."""
DECISIONS: Final = 20
"""How many decisions are shown."""
READ_AT_MOST: Final = 100
"""How many of the latest decisions they are chosen from: the reviewer's own come first."""
_ALIKE: Final = 20
_UNSAID: Final = (State.DRAFT, State.WITHDRAWN)
"""Nobody stands by what is declared there: it says nothing of anybody."""


class Shared(StrEnum):
    """What two cases have in common, the strongest first."""

    EMPLOYER = "employer"
    IMAGE = "image"
    """The same file."""
    PICTURE = "picture"
    """Nearly the same picture, as the checks of either have seen it."""
    CODE = "code"
    PHONE = "phone"
    DEVICE = "device"
    REPRESENTATIVE = "representative"


SHARED_WORDS: Final[Mapping[Shared, wording.Word]] = {
    Shared.EMPLOYER: _("the same employer"),
    Shared.IMAGE: _("the same file"),
    Shared.PICTURE: _("nearly the same picture"),
    Shared.CODE: _("the same credit code"),
    Shared.PHONE: _("the same phone"),
    Shared.DEVICE: _("the same device"),
    Shared.REPRESENTATIVE: _("the same legal representative"),
}


@dataclass(frozen=True)
class Link:
    """How a case was reached."""

    by: Shared
    through: UUID | None = None
    """The case in between; None where it is linked with this one itself."""


@dataclass
class Related:
    case: Case
    links: list[Link]
    picture: dict[str, Any] | None = None
    """Which of its pages shows the same picture, as the checks observed it."""

    @property
    def hops(self) -> int:
        return 1 if any(link.through is None for link in self.links) else 2

    @property
    def why(self) -> list[str]:
        """What it has in common, in words, the strongest first; of one in between, with that
        one.
        """
        shown = sorted(
            {link.by for link in self.links if link.through is None or self.hops > 1},
            key=list(Shared).index,
        )
        return [str(SHARED_WORDS[by]) for by in shown]

    @property
    def through(self) -> str:
        """The id of the case in between; empty where it is linked with this one itself."""
        return "" if self.hops == 1 else str(self.links[0].through)

    @property
    def state(self) -> wording.Word:
        return wording.STATES[State(self.case.state)].staff

    @property
    def percent(self) -> int | None:
        """How much of the picture agrees."""
        share = (self.picture or {}).get("agreement")
        return round(100 * share) if share is not None else None

    @property
    def region(self) -> list[int]:
        return [round(side) for side in (self.picture or {}).get("region") or ()]


@dataclass(frozen=True)
class DecidedCase:
    """What somebody decided on one of the cases, in words."""

    case: Case
    at: datetime
    words: wording.Word
    reasons: list[wording.Word]
    by: str
    mine: bool


@dataclass
class Cluster:
    """What has to do with a case."""

    case: Case
    related: list[Related] = field(default_factory=list)
    """The nearest first, and of those the ones with most in common."""
    common: list[tuple[wording.Word, int]] = field(default_factory=list)
    """What it shares with so many others that they are not followed, and how many those are;
    `COUNTED` stands for more.
    """
    alike: list[Case] = field(default_factory=list)
    """Cases of other codes whose names a passing eye takes for this one's."""
    decisions: list[DecidedCase] = field(default_factory=list)
    """What people decided on these cases; those of the reviewer who looks first, then the latest
    first.
    """

    @property
    def waiting(self) -> list[Case]:
        """Those of them, with the case itself, that wait for a reviewer."""
        return [
            case
            for case in (self.case, *(found.case for found in self.related))
            if case.state in states.REVIEWABLE
        ]


def around(case: Case, reviewer: User | None, observed: dict[str, Any] | None = None) -> Cluster:
    """What has to do with `case`.

    `observed` is what its last check of duplicates saw, for who has that at hand.
    """
    cluster, links = Cluster(case), defaultdict[UUID, list[Link]](list)
    if case.golden:  # what its like was kept from would tell the decision
        return replace(cluster, alike=_alike(case))
    near = _seen_near(case, observed)
    for other in near:
        links[other].append(Link(Shared.PICTURE))
    for by, __, others, shared_by in _sharing([case.pk]):
        if shared_by > COMMON:
            cluster.common.append((SHARED_WORDS[by], shared_by))
        for other in others if shared_by <= COMMON else ():
            links[other].append(Link(by))
    first = sorted(links, key=lambda other: -len(links[other]))[:AT_MOST]
    for by, seed, others, shared_by in _sharing(first) if first else ():
        for other in others if shared_by <= COMMON and by is not Shared.EMPLOYER else ():
            if (
                other != case.pk
                and other not in first
                and not any(link.by is by and link.through == seed for link in links[other])
            ):
                links[other].append(Link(by, seed))
    chosen = [*first, *sorted(links.keys() - set(first), key=lambda other: -len(links[other]))][
        :AT_MOST
    ]
    cases: dict[UUID, Case] = Case.objects.in_bulk(chosen)
    cluster.related = [
        Related(cases[other], links[other], near.get(other)) for other in chosen if other in cases
    ]
    cluster.alike = _alike(case)
    cluster.decisions = _decided(cluster, reviewer)
    return cluster


def _alike(case: Case) -> list[Case]:
    if not case.name_key:
        return []
    alike = (
        Case.objects.real()
        .filter(name_key=case.name_key)
        .exclude(declared_uscc=case.declared_uscc)
        .exclude(state__in=_UNSAID)
    )
    return list(alike.order_by("-opened_at")[:_ALIKE])


def _decided(cluster: Cluster, reviewer: User | None) -> list[DecidedCase]:
    among = [found.case.pk for found in cluster.related]
    latest = (
        Decision.objects.filter(case__in=among, decided_by__isnull=False)
        .select_related("case", "decided_by")
        .order_by("-pk")
    )
    told = [
        DecidedCase(
            case=decision.case,
            at=decision.decided_at,
            words=wording.HAPPENED_FOR_STAFF.get(decision.verb, decision.verb),
            reasons=[wording.code_for_staff(reason["code"]) for reason in decision.reasons],
            by=str(decision.decided_by),
            mine=reviewer is not None and decision.decided_by_id == reviewer.pk,
        )
        for decision in latest[:READ_AT_MOST]
    ]
    return sorted(told, key=lambda decided: not decided.mine)[:DECISIONS]


# --- Shared things --------------------------------------------------------------------------------

Sharing = tuple[Shared, UUID, list[UUID], int]
"""By what, which case, with which others, and how many share it (counted as far as `COUNTED`)."""


def _sharing(seeds: Sequence[UUID]) -> list[Sharing]:
    """Whatever `seeds` share with other cases, in one query whose work is bounded by `COMMON` and
    `COUNTED` for each thing.
    """
    key = Case._meta.pk
    listed = current_dialect().joined("o.id")
    marks = ",".join(["%s"] * len(seeds))
    parts = []
    for by, (things, thing, others) in _THINGS.items():
        # Only names and numbers of our own stand in the text; what comes from outside is a
        # parameter.
        parts.append(
            f"SELECT '{by}', t.seed, (SELECT {listed} FROM (SELECT DISTINCT x.id FROM ({others}"
            f" LIMIT {COUNTED}) x LIMIT {COMMON + 1}) o), (SELECT COUNT(DISTINCT n.id) FROM"
            f" ({others} LIMIT {COUNTED}) n) FROM (SELECT DISTINCT s.id AS seed, s.employer_id AS"
            f" employer, {thing} AS thing {things.format(marks=marks)}) t"
        )
    with connection.cursor() as cursor:
        prepared = [key.get_db_prep_value(seed, connection) for seed in seeds]
        cursor.execute(" UNION ALL ".join(parts), prepared * len(parts))
        rows = cursor.fetchall()
    return [
        (
            Shared(by),
            UUID(str(seed)),
            sorted({UUID(other) for other in others.split(",")}, key=str),
            shared_by,
        )
        for by, seed, others, shared_by in rows
        if others
    ]


_CASE: Final = "FROM verification_case s WHERE s.id IN ({marks})"
_PEOPLE: Final = (
    "FROM verification_case s JOIN employers_member m ON m.employer_id = s.employer_id "
    "JOIN employers_sighting g ON g.user_id = m.user_id WHERE s.id IN ({marks}) AND g.kind = "
)
_LICENCE: Final = (
    "FROM verification_case s JOIN verification_document d ON d.case_id = s.id "
    f"WHERE s.id IN ({{marks}}) AND d.kind = '{DocumentKind.BUSINESS_LICENCE}'"
)
_STOOD_BY: Final = (
    "c.id <> t.seed AND NOT c.golden AND NOT c.test AND c.state NOT IN"
    f" ({', '.join(repr(str(state)) for state in _UNSAID)})"
)
_OTHERS: Final = f"{_STOOD_BY} AND c.employer_id <> t.employer"
# An account without an address of its own is nobody yet: a stranger types anybody's phone.
_SEEN: Final = (
    "SELECT c.id FROM employers_sighting g JOIN employers_user u ON u.id = g.user_id JOIN"
    " employers_member m ON m.user_id = g.user_id JOIN verification_case c ON c.employer_id ="
    f" m.employer_id WHERE {_OTHERS} AND u.email_verified_at IS NOT NULL AND g.digest = t.thing AND"
    " g.kind = "
)
_THINGS: Final[dict[Shared, tuple[str, str, str]]] = {
    Shared.EMPLOYER: (
        _CASE,
        "s.employer_id",
        f"SELECT c.id FROM verification_case c WHERE c.employer_id = t.thing AND {_STOOD_BY}",
    ),
    Shared.CODE: (
        _CASE,
        "s.declared_uscc",
        f"SELECT c.id FROM verification_case c WHERE c.declared_uscc = t.thing AND {_OTHERS}",
    ),
    Shared.REPRESENTATIVE: (
        f"{_CASE} AND s.declared_legal_representative <> ''",
        "s.declared_legal_representative",
        (
            "SELECT c.id FROM verification_case c WHERE c.declared_legal_representative = t.thing "
            f"AND c.declared_legal_representative <> '' AND {_OTHERS}"
        ),
    ),
    Shared.PHONE: (
        f"{_PEOPLE}'{SightingKind.PHONE}'",
        "g.digest",
        f"{_SEEN}'{SightingKind.PHONE}'",
    ),
    Shared.DEVICE: (
        f"{_PEOPLE}'{SightingKind.DEVICE}'",
        "g.digest",
        f"{_SEEN}'{SightingKind.DEVICE}'",
    ),
    Shared.IMAGE: (
        _LICENCE,
        "d.sha256",
        (
            "SELECT c.id FROM verification_document d JOIN verification_case c ON c.id = d.case_id "
            f"WHERE d.sha256 = t.thing AND d.kind = '{DocumentKind.BUSINESS_LICENCE}' AND {_OTHERS}"
        ),
    ),
}
"""Of each shared thing: where it is found at the cases that are asked about, what it is there, and
which other cases have it.
"""


# --- Pictures that are nearly the same ------------------------------------------------------------


def _seen_near(case: Case, observed: dict[str, Any] | None) -> dict[UUID, dict[str, Any]]:
    """Cases with nearly the same picture, as this one's check saw them and as theirs saw this one,
    which came later.

    Those are looked for among the pages that share this one's rare words: no index leads from an
    observation back.
    """
    seen = observed if observed is not None else _observed([case.pk]).get(case.pk, {})
    near = {
        UUID(found["case"]): found for found in reversed(seen.get("near_same", ()))
    }  # of each case the best, which is the first
    mine = DocumentPage.objects.filter(
        document__case=case,
        document__kind=DocumentKind.BUSINESS_LICENCE,
        document__superseded_at=None,
    )
    pages = list(mine.values_list("pk", flat=True))
    likely = (
        {page for found in picture_index.candidates(pages).values() for page in found}
        if pages
        else set()
    )
    if likely:
        others = DocumentPage.objects.filter(pk__in=likely, document__case__golden=False).exclude(
            document__case__employer=case.employer_id
        )
        for other, its in _observed(others.values("document__case")).items():
            for found in its.get("near_same", ()):
                if UUID(found["case"]) == case.pk and other not in near and "page" in found:
                    near[other] = _from_here(other, found)
    return near


def _observed(cases: Iterable[Any]) -> dict[UUID, dict[str, Any]]:
    """What the check of duplicates saw of each of these cases, the last time that it looked."""
    runs = CheckRun.objects.filter(attempt__case__in=cases, code="duplicates").order_by("pk")
    return dict(runs.values_list("attempt__case", "observation"))


def _from_here(other: UUID, found: dict[str, Any]) -> dict[str, Any]:
    """What another case's check saw of this one, told from this one's side: its page is theirs, and
    the region is not known.
    """
    return {
        "case": str(other),
        "page": found.get("of_page", 0),
        "of_page": found["page"],
        "agreement": found.get("agreement"),
    }
