"""What a platform tells us about a candidate: the operations on a candidate's row and its blocks.

A mode is written on a row that the gate reads `FOR SHARE`; a block is written under the company's
lock, which the gate holds. So no decision after the acknowledgement overlooks either. Company locks
are taken before the row and in the order of the companies' codes, so there is no deadlock. A mode
or a block that closes also ends the relay numbers in its scope, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, IntegrityError, transaction

from documents import uscc as usccs
from downloads import locks
from downloads.models import BlockedEmployer, Candidate, CandidateDefault, Copy, Mode, Release
from downloads.relays import bindings
from employers.models import ApiClient, Employer
from events.api.texts import checked_reference
from events.core.actor import Actor
from events.core.errors import Refused
from events.core.sealing import seal_text, unseal_text
from events.delivery.mail import NOWHERE
from events.models import record
from events.sms.numbers import NOBODY, mainland_mobile

MOST_BLOCKED: Final = 200
TRIES: Final = 5


@dataclass(frozen=True)
class Told:
    """A candidate as described by the platform.

    `blocked` maps company codes to names; a name is empty if only the code is known.
    """

    mode: str
    email: str = ""
    phone: str = ""
    language: str = "zh-hans"
    blocked: Mapping[str, str] = field(default_factory=dict)


def put_candidate(
    client: ApiClient, reference: str, told: Told, now: datetime
) -> tuple[Candidate, bool]:
    """Create or update the candidate; return it and whether it is new.

    Idempotent. Blocks from the candidate's own page remain. Raises Refused: `reference_invalid`,
    `email_invalid`, `test_email_required`, `test_phone_required`,
    `phone_invalid`, `phone_unsupported`.
    """
    reference = checked_reference(reference)
    email, phone = _checked(told.email, client), _checked_phone(told.phone, client)
    told = replace(told, email=email, phone=phone)
    for _ in range(TRIES):
        try:
            return _put(client, reference, told, now)
        except _CompanyNotLocked:  # the platform sent two different updates at the same moment
            continue
    raise DatabaseError("the blocked companies changed during every attempt")


class _CompanyNotLocked(Exception):
    """A company must be blocked but is not locked, because its block still existed when the locks
    were taken.
    """


def _put(client: ApiClient, reference: str, told: Told, now: datetime) -> tuple[Candidate, bool]:
    with transaction.atomic():
        known = Candidate.objects.of(client.pk).filter(reference=reference).first()
        before = (
            set(known.blocked.filter(own=False).values_list("uscc", flat=True)) if known else set()
        )
        locked = sorted(before ^ set(told.blocked))
        for uscc in locked:
            locks.lock_company(uscc)
        is_new = known is None
        if is_new:
            locks.lock_first_row(client.pk, reference)
        try:
            with transaction.atomic():
                candidate = (
                    locked_candidate(known.pk)
                    if known
                    else _made(client, reference, told.mode, now)
                )
        except IntegrityError:  # the platform created the candidate twice at the same moment
            candidate, is_new = (
                locked_candidate(Candidate.objects.of(client.pk).get(reference=reference).pk),
                False,
            )
        changed = _write(candidate, told, now)
        gone, blocked = _block_as_told(candidate, told.blocked, locked, now)
        if told.mode == Mode.CLOSED and (is_new or changed):
            bindings.end_as_candidate_says(client.pk, reference, client.as_actor(), now)
        elif blocked:
            bindings.end_as_candidate_says(client.pk, reference, client.as_actor(), now, blocked)
        if is_new or changed or gone or blocked:
            data = {
                "candidate": reference,
                "mode": told.mode,
                "reachable": bool(told.email),
                "textable": bool(told.phone),
                "blocked": len(told.blocked),
            }
            record("put_candidate", candidate, client.as_actor(), now, data=data)
    return candidate, is_new


def _made(client: ApiClient, reference: str, mode: str, now: datetime) -> Candidate:
    return Candidate.objects.create(
        client_id=client.pk,
        test=client.test,
        reference=reference,
        mode=mode,
        told_at=now,
        changed_at=now,
    )


def _write(candidate: Candidate, told: Told, now: datetime) -> bool:
    """Write the candidate's row; return whether anything changed."""
    contact = (email_of(candidate), phone_of(candidate))
    earlier = (candidate.mode, *contact, candidate.language, candidate.erased_at)
    if earlier == (told.mode, told.email, told.phone, told.language, None):
        return False
    candidate.mode, candidate.language, candidate.erased_at, candidate.changed_at = (
        told.mode,
        told.language,
        None,
        now,
    )
    if any(old and old != new for old, new in zip(contact, (told.email, told.phone), strict=True)):
        candidate.link_version += 1  # links in the old mailbox or phone no longer work
    if contact[0] != told.email:
        candidate.email_sealed = _sealed(told.email, candidate.email_purpose)
    if contact[1] != told.phone:
        candidate.phone_sealed = _sealed(told.phone, candidate.phone_purpose)
    candidate.save()
    return True


def _sealed(text: str, purpose: str) -> str:
    return seal_text(text, purpose) if text else ""


def _block_as_told(
    candidate: Candidate, told: Mapping[str, str], locked: Collection[str], now: datetime
) -> tuple[bool, list[str]]:
    """Write the blocks that the platform told us.

    Returns whether any company is no longer blocked, and the codes of the newly blocked ones, which
    all have to be among the `locked`.
    """
    gone, _ = candidate.blocked.filter(own=False).exclude(uscc__in=told).delete()
    there = set(candidate.blocked.values_list("uscc", flat=True))
    new = [
        BlockedEmployer(candidate=candidate, uscc=uscc, name=name, own=False, at=now)
        for uscc, name in told.items()
        if uscc not in there
    ]
    if any(block.uscc not in locked for block in new):
        raise _CompanyNotLocked
    BlockedEmployer.objects.bulk_create(new)
    return bool(gone), [block.uscc for block in new]


def _checked(email: str, client: ApiClient) -> str:
    """Return the address as stored. In a test nobody reads mail, so addresses there end with
    `.test`.
    """
    email = email.strip()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused("email_invalid", "email") from error
    if client.test is not email.lower().endswith(NOWHERE):
        raise Refused("test_email_required" if client.test else "email_invalid", "email")
    return email


def _checked_phone(typed: str, client: ApiClient) -> str:
    """Return the number as stored. In a test it belongs to nobody."""
    if not typed.strip():
        return ""
    number = mainland_mobile(typed)
    if client.test is not number.startswith(NOBODY):
        raise Refused("test_phone_required" if client.test else "phone_invalid", "phone")
    return number


def erase_candidate(client: ApiClient, reference: str, now: datetime) -> Candidate:
    """Erase the candidate's contact data and close the candidate; past releases stay recorded,
    without their jobs.

    Their relay numbers end. The number behind each is erased with the address, because ending a
    relay number does not need it. Idempotent. Raises Refused `candidate_unknown`.
    """
    with transaction.atomic():
        candidate = locked_candidate(candidate_of(client.pk, reference).pk)
        if candidate.erased_at is None:
            candidate.mode, candidate.erased_at, candidate.changed_at = Mode.CLOSED, now, now
            candidate.email_sealed = candidate.phone_sealed = ""
            candidate.link_version += 1
            candidate.save()
            bindings.end_as_candidate_says(client.pk, reference, client.as_actor(), now)
            bindings.forget_candidate(client.pk, reference)
            _forget_jobs(candidate)
            record(
                "erase_candidate", candidate, client.as_actor(), now, data={"candidate": reference}
            )
    return candidate


def _forget_jobs(candidate: Candidate) -> None:
    """Erase what the candidate's resume was asked for and given for."""
    copies = Copy.objects.filter(
        binding__client_id=candidate.client_id, binding__candidate=candidate.reference
    )
    for rows in (candidate.requests, Release.objects.about(candidate), copies):
        rows.exclude(job_title="").update(job_title="")


def declare_default(client: ApiClient, mode: str, basis: str, now: datetime) -> CandidateDefault:
    """Declare the mode of candidates that this platform has not told us about, and the basis for
    it.
    """
    with transaction.atomic():
        default, _ = CandidateDefault.objects.update_or_create(
            client_id=client.pk, defaults={"mode": mode, "basis": basis, "declared_at": now}
        )
        record("declare_default", default, client.as_actor(), now, to_state=mode)
    return default


# --- Blocking -------------------------------------------------------------------------------------


def block_employer(candidate_id: UUID, uscc: str, name: str, actor: Actor, now: datetime) -> None:
    """Block this company for the candidate. Idempotent.

    Raises Refused `candidate_blocks_too_many`.
    """
    with transaction.atomic():
        locks.lock_company(uscc)
        candidate = locked_candidate(candidate_id)
        if candidate.blocked.count() >= MOST_BLOCKED:
            raise Refused("candidate_blocks_too_many")
        add_block(candidate, uscc, name, actor, now)


def add_block(candidate: Candidate, uscc: str, name: str, actor: Actor, now: datetime) -> None:
    """Block a company for a candidate, both locked, and end the candidate's relay numbers with
    every account of the company.
    """
    _, is_new = BlockedEmployer.objects.update_or_create(
        candidate=candidate,
        uscc=uscc,
        defaults={"own": True},
        create_defaults={"own": True, "name": name, "at": now},
    )
    if is_new:
        record("block_employer", candidate, actor, now, data={"uscc": uscc})
    bindings.end_as_candidate_says(candidate.client_id, candidate.reference, actor, now, [uscc])


def unblock_employer(candidate_id: UUID, uscc: str, actor: Actor, now: datetime) -> None:
    """Unblock the company: it may ask or download again, according to the candidate's mode."""
    with transaction.atomic():
        locks.lock_company(uscc)
        candidate = locked_candidate(candidate_id)
        if candidate.blocked.filter(uscc=uscc).delete()[0]:
            record("unblock_employer", candidate, actor, now, data={"uscc": uscc})


def company_named(candidate: Candidate, text: str) -> tuple[str, str]:
    """Return code and name of the company with this code or exact name.

    Raises Refused `company_not_found`.
    """
    of_test = Employer.objects.filter(test=True, platform=candidate.client_id)
    confirmed = (
        of_test if candidate.test else Employer.objects.real().filter(confirmed_at__isnull=False)
    )
    found = confirmed.filter(name=text.strip()).values_list("uscc", "name").first()
    if found is not None:
        return found[0], found[1]
    code = usccs.normalise_uscc(text)
    if usccs.uscc_problem(code):
        raise Refused("company_not_found", "company")
    return code, confirmed.filter(uscc=code).values_list("name", flat=True).first() or ""


# --- Shared code ----------------------------------------------------------------------------------


def candidate_of(client_id: UUID, reference: str) -> Candidate:
    """Return the platform's candidate. Raises Refused `candidate_unknown`."""
    candidate: Candidate | None = (
        Candidate.objects.of(client_id).filter(reference=reference).first()
    )
    if candidate is None:
        raise Refused("candidate_unknown", "candidate")
    return candidate


def locked_candidate(candidate_id: UUID) -> Candidate:
    """Return the candidate, locked for the rest of the transaction, so that the gate does not
    decide about it meanwhile.
    """
    candidate: Candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
    return candidate


def email_of(candidate: Candidate) -> str:
    """Return the candidate's email address, or "" if there is none."""
    return (
        unseal_text(candidate.email_sealed, candidate.email_purpose)
        if candidate.email_sealed
        else ""
    )


def phone_of(candidate: Candidate) -> str:
    """Return the candidate's mobile number, or "" if there is none."""
    return (
        unseal_text(candidate.phone_sealed, candidate.phone_purpose)
        if candidate.phone_sealed
        else ""
    )


def candidate_named(
    client: ApiClient, employer_ids: Collection[UUID], codes: Collection[str]
) -> dict[str, str]:
    """Return the companies that a platform names by our ids and by their codes: name by code.

    Raises Refused: `employer_unknown`, or the error of a code.
    """
    employers = {
        employer.pk: employer
        for employer in Employer.objects.seen_by(client).filter(pk__in=employer_ids)
    }
    if set(employer_ids) - set(employers):
        raise Refused("employer_unknown", "blocked")
    found = {employer.uscc: employer.name for employer in employers.values()}
    for text in codes:
        code = usccs.normalise_uscc(text)
        if refused := usccs.uscc_problem(code):
            raise refused
        found.setdefault(code, "")
    return found
