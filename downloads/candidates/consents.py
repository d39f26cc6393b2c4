"""A candidate's consent to one company: asked for, given, refused, revoked.

A consent is separate (个人信息保护法 23): it is for one company (by its code, whichever account
asks), one candidate and one platform. It is written under the company's lock, which the gate holds
while it decides, so nothing is allowed after a revocation was acknowledged. The lock is taken
before the candidate's own row (`downloads.candidates.operations`). Each operation is a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from downloads import locks
from downloads.candidates import erasure, notices, operations
from downloads.gate.current_tier import current_tier_of
from downloads.models import Candidate, Consent, ConsentRequest, Mode
from downloads.models.consent_purposes import USUAL, Kind, Method, Purpose, purpose_of
from downloads.relays import eligibility
from downloads.rules.job_titles import checked_job_title
from employers.models import ApiClient, Employer, Member
from events.core.actor import Actor
from events.core.errors import Refused


@dataclass(frozen=True)
class Given:
    """A consent that the platform obtained itself, with the reference of its evidence."""

    employer: Employer
    contact: str
    kinds: Sequence[str]
    evidence: str
    given_at: datetime
    until: datetime


# --- Requests -------------------------------------------------------------------------------------


def ask_consent(
    client: ApiClient,
    reference: str,
    employer: Employer,
    member_id: UUID,
    kinds: Sequence[str],
    now: datetime,
    *,
    job_title: str = "",
) -> ConsentRequest:
    """Ask this candidate for consent on behalf of an employer that may download.

    If a request is already open, it is returned as it is, and the candidate is not asked again.
    Raises Refused: `job_title_not_allowed`, `candidate_unknown`, `candidate_closed`,
    `candidate_blocked_employer`, `consent_given`, `consent_refused`, `member_unknown`,
    `member_in_review`, `contact_missing`, or why the employer may not ask.
    """
    job_title = checked_job_title(job_title)
    candidate_id = operations.candidate_of(client.pk, reference).pk
    kinds = _checked(kinds)
    member = (
        Member.objects.active()
        .seen_by(client)
        .select_related("user")
        .filter(pk=member_id, employer=employer, user__is_active=True)
        .first()
    )
    if member is None or not member.user.is_proven:
        raise Refused("member_unknown", "member_id")
    if member.held_at is not None:
        raise Refused("member_in_review", "member_id")
    with transaction.atomic():
        locks.lock_company(employer.uscc)
        current = current_tier_of(employer.pk, now)
        if current.reason or current.tier not in eligibility.MAY_HAVE_NEW_NUMBERS:
            raise Refused(current.reason or "employer_not_approved")
        notices.contact_of(member)
        candidate = operations.locked_candidate(candidate_id)
        latest = candidate.requests.filter(uscc=employer.uscc).order_by("-asked_at").first()
        if latest is not None and latest.answered_at is None and latest.expires_at > now:
            return latest
        _may_be_asked(candidate, employer.uscc, latest, now)
        made = ConsentRequest.objects.create(
            candidate=candidate,
            employer=employer,
            uscc=employer.uscc,
            member=member,
            purpose=purpose_of(employer.account_class),
            kinds=kinds,
            job_title=job_title,
            asked_at=now,
            expires_at=now + timedelta(days=settings.CONSENT_ASKED_DAYS),
        )
        notices.record_candidate_event(
            "ask_consent",
            made,
            candidate,
            employer.pk,
            member.as_actor(),
            now,
            request=str(made.pk),
        )
        notices.ask_candidate(made, candidate, now)
    return made


def _may_be_asked(
    candidate: Candidate, uscc: str, latest: ConsentRequest | None, now: datetime
) -> None:
    if candidate.mode == Mode.CLOSED:
        raise Refused("candidate_closed")
    if candidate.blocked.filter(uscc=uscc).exists():
        raise Refused("candidate_blocked_employer")
    if candidate.consents.in_force(now).filter(uscc=uscc).exists():
        raise Refused("consent_given")
    again_at = now - timedelta(days=settings.CONSENT_NOT_AGAIN_DAYS)
    if (
        latest is not None
        and latest.agreed is False
        and latest.answered_at is not None
        and latest.answered_at > again_at
    ):
        raise Refused("consent_refused")


def answer_consent_request(
    request_id: UUID, agrees: bool, actor: Actor, now: datetime, *, evidence: str = ""
) -> ConsentRequest:
    """Record the candidate's answer, from our page or, with `evidence`, through the platform.

    A no can become a yes until the request expires, or until nobody at the company can be reached
    any more. Raises Refused: `consent_request_unknown`,
    `consent_request_ended`, `candidate_closed`, `candidate_blocked_employer`.
    """
    uscc = ConsentRequest.objects.filter(pk=request_id).values_list("uscc", flat=True).first()
    if uscc is None:
        raise Refused("consent_request_unknown")
    with transaction.atomic():
        locks.lock_company(uscc)
        asked = ConsentRequest.objects.select_related("employer", "member__user").get(pk=request_id)
        candidate = operations.locked_candidate(asked.candidate_id)
        if asked.agreed is agrees:
            return asked
        contact = Member.objects.contact_of(asked.member)
        if asked.expires_at <= now or asked.agreed or (agrees and not contact):
            raise Refused("consent_request_ended")
        if agrees:
            _may_still(candidate, uscc)
            how = Consent.How.PLATFORM if evidence else Consent.How.PAGE
            asked.consent = _write(
                candidate,
                asked.employer,
                contact,
                asked.kinds,
                how,
                evidence,
                now,
                _until(now),
                actor,
                now,
            )
        asked.answered_at, asked.agreed = now, agrees
        asked.save()
        if not agrees:
            notices.record_candidate_event(
                "refuse_consent",
                asked,
                candidate,
                asked.employer_id,
                actor,
                now,
                request=str(asked.pk),
            )
    return asked


def _may_still(candidate: Candidate, uscc: str) -> None:
    if candidate.mode == Mode.CLOSED:
        raise Refused("candidate_closed")
    if candidate.blocked.filter(uscc=uscc).exists():
        raise Refused("candidate_blocked_employer")


# --- Giving ---------------------------------------------------------------------------------------


def give_consent(client: ApiClient, reference: str, given: Given, now: datetime) -> Consent:
    """Record a consent that the platform obtained; it replaces one in force for the same company.

    Raises Refused: `candidate_unknown`, `candidate_closed`, `candidate_blocked_employer`,
    `consent_time_invalid`.
    """
    candidate_id = operations.candidate_of(client.pk, reference).pk
    kinds = _checked(given.kinds)
    if not given.given_at <= now < given.until <= given.given_at + timedelta(days=366):
        raise Refused("consent_time_invalid", "until")
    with transaction.atomic():
        locks.lock_company(given.employer.uscc)
        candidate = operations.locked_candidate(candidate_id)
        _may_still(candidate, given.employer.uscc)
        how = Consent.How.PLATFORM
        return _write(
            candidate,
            given.employer,
            given.contact,
            kinds,
            how,
            given.evidence,
            given.given_at,
            given.until,
            client.as_actor(),
            now,
        )


def _write(
    candidate: Candidate,
    employer: Employer,
    contact: str,
    kinds: Sequence[str],
    how: str,
    evidence: str,
    given_at: datetime,
    until: datetime,
    actor: Actor,
    now: datetime,
) -> Consent:
    candidate.consents.filter(uscc=employer.uscc, revoked_at=None).update(revoked_at=now)
    purpose: Purpose = purpose_of(employer.account_class)
    consent = Consent.objects.create(
        candidate=candidate,
        uscc=employer.uscc,
        receiver=employer.name,
        contact=contact,
        purpose=purpose,
        method=Method.MARKED_COPY,
        kinds=list(kinds),
        how=how,
        evidence=evidence,
        given_at=given_at,
        until=until,
    )
    notices.record_candidate_event(
        "give_consent",
        consent,
        candidate,
        employer.pk,
        actor,
        now,
        consent=str(consent.pk),
        until=until.isoformat(),
    )
    return consent


def _until(now: datetime) -> datetime:
    return now + timedelta(days=settings.CONSENT_DAYS)


def _checked(kinds: Sequence[str]) -> list[str]:
    """Return the kinds without duplicates, in order; the resume itself is always among them."""
    wanted = set(kinds) or set(USUAL)
    return [kind.value for kind in Kind if kind in wanted or kind is Kind.RESUME]


# --- Revoking -------------------------------------------------------------------------------------


def revoke_consent(candidate_id: UUID, uscc: str, actor: Actor, now: datetime) -> None:
    """Let this company have nothing more of the candidate, whatever the mode.

    This holds from the acknowledgement on. The candidate's consents to the company end; it is
    blocked, which ends its relay numbers; and each of its accounts that took a resume has to erase
    it.
    """
    with transaction.atomic():
        locks.lock_company(uscc)
        candidate = operations.locked_candidate(candidate_id)
        ended = candidate.consents.filter(uscc=uscc, revoked_at=None).update(revoked_at=now)
        took = erasure.last_releases(candidate, uscc)
        name = took[0].receiver if took else ""
        operations.add_block(candidate, uscc, name, actor, now)
        for release in took:
            erasure.order_erasure(candidate, release, actor, now)
        employer_id = took[0].employer_id if took else _account_of(candidate, uscc)
        notices.record_candidate_event(
            "revoke_consent",
            candidate,
            candidate,
            employer_id,
            actor,
            now,
            uscc=uscc,
            consents=ended,
        )


def _account_of(candidate: Candidate, uscc: str) -> UUID | None:
    """Return an account of the company, so that the platform is notified even if none took a
    resume.
    """
    asked = candidate.requests.filter(uscc=uscc).values_list("employer_id", flat=True).first()
    if asked is not None:
        return asked
    known = Employer.objects.filter(uscc=uscc, test=candidate.test)
    known = (
        known.filter(platform=candidate.client_id)
        if candidate.test
        else known.filter(confirmed_at__isnull=False)
    )
    return known.values_list("pk", flat=True).first()


def allow_again(candidate_id: UUID, uscc: str, actor: Actor, now: datetime) -> None:
    """Undo a revocation: the company may ask or download again, according to the candidate's mode.

    Open erase orders are withdrawn.
    """
    with transaction.atomic():
        locks.lock_company(uscc)
        operations.unblock_employer(candidate_id, uscc, actor, now)
        erasure.withdraw_erase_orders(operations.locked_candidate(candidate_id), uscc, actor, now)
