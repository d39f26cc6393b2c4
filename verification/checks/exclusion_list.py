"""The exclusion list (异常名录, 人社厅发〔2025〕60号): identifiers of excluded parties.

An exclusion is one identifier: a code, a person's name, a phone, a device, an address or a picture.
Personal identifiers are stored only as a blind index and shown masked. A match rejects no case; a
person reviews it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from documents.uscc import normalise_uscc, uscc_problem
from employers.accounts import sightings
from employers.masking import masked_phone
from employers.models import Sighting, SightingKind, User
from events.core.errors import Refused
from events.core.sealing import blind_indexes, forms_of
from events.models import record
from verification.models import Attempt, Case, DocumentKind, DocumentPage, Exclusion, ExclusionKind

BY_HAND: Final = (
    ExclusionKind.USCC,
    ExclusionKind.PERSON,
    ExclusionKind.PHONE,
    ExclusionKind.EMAIL,
)
"""Kinds that a person can enter. Devices and pictures are taken from a case."""

SEEN: Final = (SightingKind.DEVICE, SightingKind.PHONE)
OF_ACCOUNTS: Final = (ExclusionKind.DEVICE, ExclusionKind.PHONE, ExclusionKind.EMAIL)
"""Kinds of which accounts are recognised."""

Thing = tuple[list[str], str]
"""The values that a row may have for an identifier, the one to store first, and how it is shown."""


# --- Identifiers ----------------------------------------------------------------------------------


def person_indexes(name: str) -> list[str]:
    """The stored forms of a name.

    Many people share a name, so a name alone decides nothing (`checks.exclusion`).
    """
    folded = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return blind_indexes(folded, "exclusion.person") if folded else []


def email_indexes(address: str) -> list[str]:
    """The stored forms of an address. A tag after a plus sign belongs to the same mailbox."""
    name, at, domain = address.strip().lower().rpartition("@")
    folded = f"{name.partition('+')[0]}{at}{domain}"
    return blind_indexes(folded, "exclusion.email") if folded else []


def excluded_thing(kind: str, typed: str) -> Thing:
    """A typed value, as stored and as shown.

    Raises Refused: `uscc_invalid`, `phone_invalid`, and `value_missing` if nothing was typed or the
    kind cannot be typed.
    """
    typed = typed.strip()
    if kind not in BY_HAND or not typed:
        raise Refused("value_missing", "value")
    if kind == ExclusionKind.USCC:
        code = normalise_uscc(typed)
        if refused := uscc_problem(code):
            raise refused
        return [code], code
    if kind == ExclusionKind.PERSON:
        return person_indexes(typed), masked_name(typed)
    if kind == ExclusionKind.PHONE:
        phone = sightings.check_phone(typed)
        return sightings.sighting_indexes(SightingKind.PHONE, phone), masked_phone(phone)
    return email_indexes(typed), masked_email(typed)


def masked_name(name: str) -> str:
    """林知白 becomes 林**."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def masked_email(address: str) -> str:
    """`m***@example.com`."""
    name, at, domain = address.strip().lower().partition("@")
    return f"{name[:1]}***{at}{domain}"


# --- Identifiers of accounts ----------------------------------------------------------------------


def known_by_accounts(users: QuerySet[User]) -> dict[str, set[str]]:
    """All devices, phones and addresses of accounts, by kind, in the form in which the list stores
    them.
    """
    found: dict[str, set[str]] = {kind: set() for kind in OF_ACCOUNTS}
    seen = Sighting.objects.filter(user__in=users.values("pk"), kind__in=SEEN)
    for kind, digest in seen.values_list("kind", "digest"):
        found[kind].update(forms_of(digest))
    for address in users.values_list("email", flat=True):
        found[ExclusionKind.EMAIL].update(email_indexes(address))
    return found


# --- Identifiers of a case ------------------------------------------------------------------------


def things_of(case: Case, kind: str) -> list[Thing]:
    """The case's identifiers of one kind: none of a kind that it does not have, such as the address
    of an account with only a phone number.
    """
    if kind == ExclusionKind.USCC:
        return [([case.declared_uscc], case.declared_uscc)]
    if kind == ExclusionKind.PERSON:
        return [(person_indexes(name), masked_name(name)) for name in sorted(_names(case))]
    if kind == ExclusionKind.IMAGE:
        return _pictures(case)
    users = list(User.objects.filter(member__employer_id=case.employer_id).order_by("joined_at"))
    if kind == ExclusionKind.EMAIL:
        return [
            (email_indexes(user.email), masked_email(user.email)) for user in users if user.email
        ]
    phones = {phone for user in users if (phone := sightings.phone_of(user))}
    given: list[Thing] = [
        (sightings.sighting_indexes(SightingKind.PHONE, phone), masked_phone(phone))
        for phone in sorted(phones)
        if kind == ExclusionKind.PHONE
    ]
    return [*given, *_seen(users, kind, {form for forms, _ in given for form in forms})]


def _seen(users: list[User], kind: str, known: Collection[str]) -> list[Thing]:
    """The devices or phones that the accounts were seen with, except for `known` ones.

    Of phones that were changed or deleted since, as of devices, only the index is left.
    """
    seen = Sighting.objects.filter(kind=kind, user__in=users).exclude(digest__in=known)
    found = {
        forms[0]: forms
        for forms in map(forms_of, seen.order_by("digest").values_list("digest", flat=True))
    }
    return [(forms, f"…{current[-6:]}") for current, forms in found.items()]


def _names(case: Case) -> set[str]:
    """The legal representatives: declared, read, and registered, by the last attempt's checks."""
    attempt: Attempt | None = Attempt.objects.filter(case=case).order_by("-number").first()
    runs = {run.code: run.observation for run in attempt.check_runs.all()} if attempt else {}
    names = {
        case.declared_legal_representative,
        (runs.get("reading", {}).get("fields") or {}).get("legal_representative", ""),
        (runs.get("registry", {}).get("record") or {}).get("legal_representative", ""),
    }
    return names - {"", None}


def _pictures(case: Case) -> list[Thing]:
    pages = DocumentPage.objects.filter(
        document__case=case, document__kind=DocumentKind.BUSINESS_LICENCE
    ).order_by("pk")
    return list(
        {
            page.fingerprint: ([page.fingerprint], f"{page.document_id} · {page.number}")
            for page in pages
        }.values()
    )


# --- Operations -----------------------------------------------------------------------------------


def exclude_employer(
    case_id: UUID, kinds: Iterable[str], why: str, by: User, now: datetime
) -> list[Exclusion]:
    """Put the identifiers of the case's employer on the list.

    Entries that exist already are not changed. Those of a golden case look like any other to its
    reviewer and match nothing, because there is no real employer.

    Raises Refused `reason_required` without a reason or without a kind.
    """
    kinds = list(dict.fromkeys(kinds))
    if not why.strip() or not kinds:
        raise Refused("reason_required", "why")
    case = Case.objects.get(pk=case_id)
    with transaction.atomic():
        return [
            _put(
                kind, _of_nobody(case, found) if case.golden else found, case, why.strip(), by, now
            )
            for kind in kinds
            for found in things_of(case, kind)
        ]


def _of_nobody(case: Case, found: Thing) -> Thing:
    """Return the identifier with a value that nobody has."""
    values, shown = found
    return blind_indexes(f"{case.pk} {values[0]}", "exclusion.golden"), shown


def add_exclusion(kind: str, typed: str, why: str, by: User, now: datetime) -> Exclusion:
    """Put one identifier on the list by hand, such as a code from an authority's list.

    Raises Refused as `excluded_thing` does.
    """
    if not why.strip():
        raise Refused("reason_required", "why")
    found = excluded_thing(kind, typed)
    with transaction.atomic():
        return _put(kind, found, None, why.strip(), by, now)


def _put(
    kind: str, found: Thing, case: Case | None, why: str, by: User, now: datetime
) -> Exclusion:
    values, shown = found
    listed = in_force({kind: values})
    if listed:
        return listed[0]
    exclusion, is_new = Exclusion.objects.get_or_create(
        kind=kind,
        value=values[0],
        lifted_at=None,
        defaults={"shown": shown, "case": case, "why": why, "added_by": by, "added_at": now},
    )
    if is_new:
        data = {"kind": kind} | ({"case": str(case.pk)} if case else {})
        record(
            "exclude",
            exclusion,
            by.as_reviewer(),
            now,
            employer_id=case.employer_id if case else None,
            data=data,
        )
    return exclusion


def lift_exclusion(exclusion_id: UUID, by: User, now: datetime) -> Exclusion:
    """Take one identifier off the list; its row stays on record. Idempotent."""
    with transaction.atomic():
        exclusion = Exclusion.objects.select_for_update(of=("self",)).get(pk=exclusion_id)
        if exclusion.lifted_at is None:
            exclusion.lifted_at = now
            exclusion.save(update_fields=["lifted_at"])
            employer_id = exclusion.case.employer_id if exclusion.case else None
            record(
                "lift_exclusion",
                exclusion,
                by.as_reviewer(),
                now,
                employer_id=employer_id,
                data={"kind": exclusion.kind},
            )
    return exclusion


def in_force(values: dict[str, Collection[str]]) -> list[Exclusion]:
    """The entries of the list that match `values`, by kind. One query."""
    asked = Q(pk__in=[])
    for kind, of_kind in values.items():
        if of_kind:
            asked |= Q(kind=kind, value__in=list(of_kind))
    return list(Exclusion.objects.filter(asked, lifted_at=None).order_by("added_at", "pk"))
