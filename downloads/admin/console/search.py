"""Search over everything in the console: what a term may be, and the rows that it names.

Whole terms such as codes, numbers and addresses are found by an index of their table. Only parts of
names are not: those of employers, platforms and colleagues, whose tables have one row for each.
Every row comes from the list that shows it, so nobody finds what they may not open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from documents import uscc
from downloads.admin.answers import in_words, uuid_of
from downloads.admin.console.employer_sections import date_and_time
from downloads.models import (
    Candidate,
    Consent,
    Copy,
    EraseOrder,
    GateDecision,
    MisuseReport,
    RelayBinding,
    Release,
    Trace,
)
from employers.accounts import sightings
from employers.models import ApiClient, Employer, Member, Sighting, SightingKind, User
from events.core.errors import Refused
from verification.cases import wording
from verification.models import Case
from verification.rules.states import State

FEW: Final = 5
"""The rows of each kind that are shown."""
NAMED: Final = 50
"""The employers that are compared for the best matches of a part of a name."""
SHORTEST: Final = 2
LONGEST: Final = 200

_COPY: Final = re.compile(r"ZR-?([A-Z0-9]{5})-?([A-Z0-9]{5})")
_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DIGITS: Final = re.compile(r"\+?\d{5,18}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Kind(StrEnum):
    """What a term is. Recorded with the search; never renamed."""

    ID = "id"
    USCC = "uscc"
    COPY = "copy"
    MAIL = "mail"
    PHONE = "phone"
    WORDS = "words"


PERSONAL: Final = (Kind.MAIL, Kind.PHONE)
"""Terms that must not be in an address, which browsers and servers keep."""


@dataclass(frozen=True)
class Term:
    kind: Kind
    text: str
    id: UUID | None = None
    phone: str = ""


@dataclass(frozen=True)
class Hit:
    row: Model
    words: str
    about: str = ""

    @property
    def url(self) -> str:
        meta = self.row._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[self.row.pk])


@dataclass(frozen=True)
class Group:
    """The rows of one kind that a term names."""

    title: str
    hits: list[Hit]
    all_url: str = ""
    """The list with the same search, if there are more."""


@dataclass
class Result:
    groups: list[Group] = field(default_factory=list)

    @property
    def hits(self) -> list[Hit]:
        return [hit for group in self.groups for hit in group.hits]


def term_of(typed: str) -> Term | None:
    """Return what was typed as a term, or None if it is too short."""
    text = typed.strip()[:LONGEST]
    if named := uuid_of(text):
        return Term(Kind.ID, text, id=named)
    code = uscc.normalise_uscc(text)
    if uscc.is_valid(code):
        return Term(Kind.USCC, code)
    if copy := _COPY.fullmatch(text.upper()):
        return Term(Kind.COPY, f"ZR-{copy[1]}-{copy[2]}")
    if _MAIL.fullmatch(text):
        return Term(Kind.MAIL, text.lower())
    if phone := _phone(text):
        return Term(Kind.PHONE, text, phone=phone)
    return Term(Kind.WORDS, text) if len(text) >= SHORTEST else None


def find_rows(term: Term, request: HttpRequest) -> Result:
    """Return the rows that the term names, of the kinds that the person may see."""
    found = Result()
    for group in _FINDERS[term.kind](term, request):
        if group.hits:
            found.groups.append(group)
    return found


# --- By kind of term ------------------------------------------------------------------------------


def _by_id(term: Term, request: HttpRequest) -> Iterator[Group]:
    for model in (
        Employer,
        Case,
        Member,
        GateDecision,
        Copy,
        Release,
        Candidate,
        Consent,
        RelayBinding,
        Trace,
        EraseOrder,
        MisuseReport,
        ApiClient,
        User,
    ):
        yield _group(model, request, pk=term.id)
    # A pass has the id of its decision; what it led to is found with it.
    yield _group(Copy, request, decision_id=term.id)
    yield _group(Release, request, decision_id=term.id)


def _by_uscc(term: Term, request: HttpRequest) -> Iterator[Group]:
    yield _group(Employer, request, all_of=term.text, uscc=term.text)


def _by_copy(term: Term, request: HttpRequest) -> Iterator[Group]:
    yield _group(Copy, request, number=term.text)


def _by_mail(term: Term, request: HttpRequest) -> Iterator[Group]:
    yield _group(Member, request, user__email=term.text)
    yield _group(User, request, email=term.text)


def _by_phone(term: Term, request: HttpRequest) -> Iterator[Group]:
    """Yield the recruiters who have used the number, and the relay numbers that are equal."""
    digests = sightings.sighting_indexes(SightingKind.PHONE, term.phone)
    seen = Sighting.objects.filter(kind=SightingKind.PHONE, digest__in=digests)
    users = list(seen.values_list("user_id", flat=True)[: FEW + 1])
    yield _group(Member, request, user_id__in=users)
    yield _group(RelayBinding, request, all_of=term.phone, number=term.phone)
    yield from _by_reference(Term(Kind.WORDS, term.text), request)


def _by_words(term: Term, request: HttpRequest) -> Iterator[Group]:
    yield from _by_reference(term, request)
    yield _employers_named(term.text, request)
    yield _group(ApiClient, request, name__icontains=term.text)
    in_groups = User.groups.through.objects.values("user_id")
    yield _group(User, request, email__contains=term.text.lower(), pk__in=in_groups)


def _by_reference(term: Term, request: HttpRequest) -> Iterator[Group]:
    """Yield what platforms call by this reference."""
    if not _REFERENCE.fullmatch(term.text):
        return
    platforms = list(ApiClient.objects.values_list("pk", flat=True))
    yield _group(Employer, request, platform_id__in=platforms, reference=term.text)
    yield _group(Candidate, request, client_id__in=platforms, reference=term.text)
    of_candidate = {"client_id__in": platforms, "candidate": term.text}
    yield _group(Release, request, all_of=term.text, **of_candidate)
    yield _group(RelayBinding, request, all_of=term.text, **of_candidate)


_FINDERS: Final[dict[Kind, Callable[[Term, HttpRequest], Iterator[Group]]]] = {
    Kind.ID: _by_id,
    Kind.USCC: _by_uscc,
    Kind.COPY: _by_copy,
    Kind.MAIL: _by_mail,
    Kind.PHONE: _by_phone,
    Kind.WORDS: _by_words,
}


# --- Rows -----------------------------------------------------------------------------------------


def _rows(model: type[Model], request: HttpRequest) -> QuerySet[Any]:
    """Return the rows that the person may open."""
    lister = admin.site.get_model_admin(model)
    if not lister.has_view_permission(request):
        return model._default_manager.none()
    rows: QuerySet[Any] = lister.get_queryset(request)
    return rows


def _group(model: type[Model], request: HttpRequest, all_of: str = "", **asked: Any) -> Group:
    rows = _rows(model, request).filter(**asked).order_by("pk")
    if model is Member:
        rows = rows.select_related("user", "employer")
    return _shown(model, list(rows[: FEW + 1]), all_of)


def _employers_named(text: str, request: HttpRequest) -> Group:
    """Return the employers whose name has this part: those that begin with it first, then those
    that have been approved.
    """
    found = list(_rows(Employer, request).filter(name__contains=text).order_by("pk")[:NAMED])
    found.sort(key=lambda each: (not each.name.startswith(text), not each.confirmed_at, each.name))
    return _shown(Employer, found, text)


def _shown(model: type[Model], found: list[Any], all_of: str) -> Group:
    all_url = ""
    if len(found) > FEW and all_of:
        meta = model._meta
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        all_url = f"{url}?{urlencode({'q': all_of})}"
    title: str | Promise = model._meta.verbose_name_plural or ""
    return Group(capfirst(str(title)), [_hit(row) for row in found[:FEW]], all_url)


def _hit(row: Any) -> Hit:
    match row:
        case Employer():
            return Hit(row, row.name, row.uscc)
        case Case():
            return Hit(row, row.declared_name, str(wording.STATES[State(row.state)].staff))
        case Member():
            return Hit(row, row.user.contact_masked, row.employer.name)
        case GateDecision():
            answer = gettext("allowed") if row.allowed else in_words(row.reason)
            return Hit(row, date_and_time(row.decided_at), answer)
        case Copy():
            return Hit(row, row.number, row.receiver)
        case Release():
            return Hit(row, date_and_time(row.released_at), row.receiver)
        case RelayBinding():
            return Hit(row, row.number or row.candidate, row.get_state_display())
    return Hit(row, str(row))


def _phone(text: str) -> str:
    """Return a number as it is stored, with its country, or "" if the text is none."""
    try:
        return sightings.check_phone(text)
    except Refused:
        bare = re.sub(r"[\s()-]", "", text)
        if not _DIGITS.fullmatch(bare):
            return ""
        return bare if bare.startswith("+") else f"+86{bare}"
