"""Finds cases related to a case: those that share a code, person, phone, device or picture with it,
and those that share one with them.

It needs at most `QUERIES` queries, and two more during a change of keys. A thing shared by more
than `COMMON` cases no longer distinguishes them, so it is shown as a number and not followed. At
most `AT_MOST` cases are shown.
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

from employers.models import Sighting, SightingKind, User
from events.core.sealing import data_keys, forms_of
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
"""Cases that share a thing are counted up to this number."""
DECISIONS: Final = 20
"""The number of decisions shown."""
READ_AT_MOST: Final = 100
"""Decisions are chosen from this many of the latest, the reviewer's own first."""
_ALIKE: Final = 20
_UNSAID: Final = (State.DRAFT, State.WITHDRAWN)
"""No one has confirmed what is declared in these states, so it counts for nothing."""


class Shared(StrEnum):
    """What two cases have in common, the strongest first."""

    EMPLOYER = "employer"
    IMAGE = "image"
    """The same file."""
    PICTURE = "picture"
    """Nearly the same picture, as the checks of either case observed."""
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
    """The case in between; None if it is linked directly."""


@dataclass
class Related:
    case: Case
    links: list[Link]
    picture: dict[str, Any] | None = None
    """The page with the same picture, as the checks observed it."""

    @property
    def hops(self) -> int:
        return 1 if any(link.through is None for link in self.links) else 2

    @property
    def why(self) -> list[str]:
        """What the case shares, in words, the strongest first; for an indirect link, with the case
        between.
        """
        shown = sorted(
            {link.by for link in self.links if link.through is None or self.hops > 1},
            key=list(Shared).index,
        )
        return [str(SHARED_WORDS[by]) for by in shown]

    @property
    def through(self) -> str:
        """The id of the case in between; empty if it is linked directly."""
        return "" if self.hops == 1 else str(self.links[0].through)

    @property
    def state(self) -> wording.Word:
        return wording.STATES[State(self.case.state)].staff

    @property
    def percent(self) -> int | None:
        """The share of the picture that agrees, in per cent."""
        share = (self.picture or {}).get("agreement")
        return round(100 * share) if share is not None else None

    @property
    def region(self) -> list[int]:
        return [round(side) for side in (self.picture or {}).get("region") or ()]


@dataclass(frozen=True)
class DecidedCase:
    """A reviewer's decision on one of the cases, in words."""

    case: Case
    at: datetime
    words: wording.Word
    reasons: list[wording.Word]
    by: str
    mine: bool


@dataclass
class Cluster:
    """The cases related to a case."""

    case: Case
    related: list[Related] = field(default_factory=list)
    """The nearest first, then those with most in common."""
    common: list[tuple[wording.Word, int]] = field(default_factory=list)
    """Things shared with too many cases to follow, and their number; `COUNTED` means that or more.
    """
    alike: list[Case] = field(default_factory=list)
    """Cases of other codes with names that look the same."""
    decisions: list[DecidedCase] = field(default_factory=list)
    """Reviewers' decisions on these cases: those of the current reviewer, then the latest first."""

    @property
    def waiting(self) -> list[Case]:
        """The cases, with the case itself, that wait for a reviewer."""
        return [
            case
            for case in (self.case, *(found.case for found in self.related))
            if case.state in states.REVIEWABLE
        ]


def cluster_around(
    case: Case, reviewer: User | None, observed: dict[str, Any] | None = None
) -> Cluster:
    """Return the cases related to `case`.

    `observed` is the observation of its last check of duplicates, if the caller has it.
    """
    cluster, links = Cluster(case), defaultdict[UUID, list[Link]](list)
    if case.golden:  # the related cases hidden from it would reveal the decision
        return replace(cluster, alike=_alike(case))
    near = _seen_near(case, observed)
    for other in near:
        links[other].append(Link(Shared.PICTURE))
    for by, __, others, shared_by in _sharing([case.pk]):
        if shared_by > COMMON:
            cluster.common.append((SHARED_WORDS[by], shared_by))
        for other in others if shared_by <= COMMON else ():
            if Link(by) not in links[other]:
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
"""The kind of link, the case, the other cases, and how many share it (counted up to `COUNTED`)."""


def _sharing(seeds: Sequence[UUID]) -> list[Sharing]:
    """Return everything that `seeds` share with other cases.

    One query, whose work is bounded by `COMMON` and `COUNTED` for each thing. During a change of
    keys, another one precedes it.
    """
    key = Case._meta.pk
    listed = current_dialect().joined("o.id")
    marks = ",".join(["%s"] * len(seeds))
    prepared = [key.get_db_prep_value(seed, connection) for seed in seeds]
    parts, parameters = [], []
    asked = [(by, *of, prepared) for by, of in _THINGS.items()]
    if pairs := _other_forms(seeds):
        values = ",".join(["(%s, %s)"] * len(pairs))
        joined = f" JOIN (VALUES {values}) w ON w.column1 = g.digest WHERE "
        asked += [
            (
                by,
                _THINGS[by][0].replace(" WHERE ", joined),
                "w.column2",
                _THINGS[by][2],
                [*(form for pair in pairs for form in pair), *prepared],
            )
            for by in (Shared.PHONE, Shared.DEVICE)
        ]
    for by, things, thing, others, with_ in asked:
        parameters += with_
        # The text contains only names and numbers from this module; outside values are parameters.
        parts.append(
            f"SELECT '{by}', t.seed, (SELECT {listed} FROM (SELECT DISTINCT x.id FROM ({others}"
            f" LIMIT {COUNTED}) x LIMIT {COMMON + 1}) o), (SELECT COUNT(DISTINCT n.id) FROM"
            f" ({others} LIMIT {COUNTED}) n) FROM (SELECT DISTINCT s.id AS seed, s.employer_id AS"
            f" employer, {thing} AS thing {things.format(marks=marks)}) t"
        )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
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


def _other_forms(seeds: Sequence[UUID]) -> list[tuple[str, str]]:
    """Return each stored index of the seeds' phones and devices with each other form of it."""
    if len(data_keys()) == 1:
        return []
    cases = Case.objects.filter(pk__in=seeds)
    stored = Sighting.objects.filter(
        kind__in=(SightingKind.PHONE, SightingKind.DEVICE),
        user__member__employer__in=cases.values("employer"),
    )
    return [
        (index, form)
        for index in set(stored.values_list("digest", flat=True))
        for form in forms_of(index)
        if form != index
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
# Accounts without a confirmed address or a verified number are ignored: anyone can type them.
# Deleted ones keep sightings only if their address was confirmed.
_SEEN: Final = (
    "SELECT c.id FROM employers_sighting g JOIN employers_user u ON u.id = g.user_id JOIN"
    " employers_member m ON m.user_id = g.user_id JOIN verification_case c ON c.employer_id ="
    f" m.employer_id WHERE {_OTHERS} AND g.digest = t.thing AND"
    " (u.email_verified_at IS NOT NULL OR u.phone_index <> '' OR u.deleted_at IS NOT NULL)"
    " AND g.kind = "
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
"""For each shared thing: where the cases asked about have it, its column there, and the query for
other cases that have it.
"""


# --- Nearly the same pictures ---------------------------------------------------------------------


def _seen_near(case: Case, observed: dict[str, Any] | None) -> dict[UUID, dict[str, Any]]:
    """Return cases with nearly the same picture, as observed by this case's check or by theirs.

    A later case's check may have seen this one. No index leads back from an observation, so such
    cases are searched among the pages that share rare words with this one's.
    """
    seen = observed if observed is not None else _observed([case.pk]).get(case.pk, {})
    near = {
        UUID(found["case"]): found for found in reversed(seen.get("near_same", ()))
    }  # the best of each case, which comes first
    mine = DocumentPage.objects.filter(
        document__case=case,
        document__kind=DocumentKind.BUSINESS_LICENCE,
        document__superseded_at=None,
    )
    pages = list(mine.values_list("pk", flat=True))
    likely = (
        {page for found in picture_index.candidate_pages(pages).values() for page in found}
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
    """Return the latest observation of the check of duplicates for each of these cases."""
    runs = CheckRun.objects.filter(attempt__case__in=cases, code="duplicates").order_by("pk")
    return dict(runs.values_list("attempt__case", "observation"))


def _from_here(other: UUID, found: dict[str, Any]) -> dict[str, Any]:
    """Return another case's observation of this one, with pages swapped and no region."""
    return {
        "case": str(other),
        "page": found.get("of_page", 0),
        "of_page": found["page"],
        "agreement": found.get("agreement"),
    }
