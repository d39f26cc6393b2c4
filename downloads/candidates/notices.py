"""Notices to candidates and their platforms about each release: mails, text messages, and events.

Everything is written in the caller's transaction: either a resume left with its row in the ledger
and its notice, or it did not leave. Mails are sent afterwards from their rows
(`events.delivery.mail`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction

from downloads import text_queue
from downloads.candidates import operations, page_links, receipts
from downloads.models import Candidate, Consent, ConsentRequest, Release
from downloads.models.consent_purposes import OWN_CONTACT, USUAL, Method, purpose_of
from downloads.rules.ladder import Obligation
from employers.models import Employer, Member
from employers.security import throttle
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.delivery.sms import queue_sms
from events.models import Sms, record


@dataclass(frozen=True)
class Left:
    """A resume that leaves: its decision, its receiver, and the obligations."""

    decision_id: UUID
    client_id: UUID
    test: bool
    employer_id: UUID
    member_id: UUID
    candidate: str
    obligations: tuple[Obligation, ...]
    at: datetime
    job_title: str = ""


def tell_candidate(left: Left) -> Release:
    """Record a release and announce it: to the platform by `resume.released`, to the candidate by
    mail if there is an address, else by text message if there is a number.

    Call it in the transaction in which the resume leaves, once for each decision of the gate.
    Raises Refused `contact_missing`, if the last address was given up since the gate looked.
    """
    employer = Employer.objects.get(pk=left.employer_id)
    candidate = Candidate.objects.of(left.client_id).filter(reference=left.candidate).first()
    consent = (
        candidate.consents.in_force(left.at).filter(uscc=employer.uscc).first()
        if candidate
        else None
    )
    release = Release(
        decision_id=left.decision_id,
        client_id=left.client_id,
        test=left.test,
        candidate=left.candidate,
        employer=employer,
        uscc=employer.uscc,
        receiver=employer.name,
        member_id=left.member_id,
        contact=contact_of(Member.objects.select_related("user").get(pk=left.member_id)),
        purpose=purpose_of(employer.account_class),
        method=Method.MARKED_COPY,
        kinds=_kinds(left.obligations, consent),
        job_title=left.job_title,
        consent=consent,
        released_at=left.at,
    )
    signed = receipts.sign_receipt(_facts(release), left.at)
    release.receipt, release.signature, release.key_id = (
        signed.text,
        signed.signature,
        signed.key_id,
    )
    release.save(force_insert=True)
    # The key is `receipt`, because `release` is another id in the events of a copy
    # (`downloads.releases.operations`). `decision` finds both.
    noted: dict[str, Any] = {
        "only": str(left.client_id),
        "receipt": str(release.pk),
        "decision": str(left.decision_id),
        "candidate": left.candidate,
    }
    record("release_resume", release, SYSTEM, left.at, employer_id=employer.pk, data=noted)
    if candidate is None:
        return release
    if mail_candidate(candidate, "candidate_told", _told(release), left.at):
        record("tell_candidate", release, SYSTEM, left.at, employer_id=employer.pk, data=noted)
    elif text_queue.gets_texts(candidate):
        text_queue.text_release(candidate, release, left.at)
    return release


def _facts(release: Release) -> dict[str, Any]:
    """Return the facts of the receipt: ids, the receiver as publicly known, the purpose and the
    data.

    They contain nothing that identifies the candidate.
    """
    return {
        "id": str(release.pk),
        "decision": str(release.decision_id),
        "platform": str(release.client_id),
        "candidate": release.candidate,
        "employer": str(release.employer_id),
        "uscc": release.uscc,
        "receiver": release.receiver,
        "purpose": release.purpose,
        "method": release.method,
        "kinds": release.kinds,
        "consent": str(release.consent_id or ""),
        "issuer": settings.SITE_URL,
        "test": "yes" if release.test else "no",
    }


def receipt_of(release: Release) -> receipts.Receipt:
    return receipts.Receipt(release.receipt, release.signature, release.key_id)


def contact_of(member: Member) -> str:
    """Return the address at which candidates can reach the company. Raises Refused
    `contact_missing`: no resume leaves, and no consent is asked for, without it.
    """
    if contact := Member.objects.contact_of(member):
        return contact
    raise Refused("contact_missing")


def _kinds(obligations: tuple[Obligation, ...], consent: Consent | None) -> list[str]:
    """Return the kinds of data that are released.

    The candidate's own number and address are included only with their consent, and never if only
    relay numbers are allowed.
    """
    own = (
        set(consent.kinds) & OWN_CONTACT
        if consent and Obligation.RELAY_ONLY not in obligations
        else set()
    )
    return [kind.value for kind in (*USUAL, *sorted(OWN_CONTACT)) if kind in USUAL or kind in own]


def _told(release: Release) -> dict[str, Any]:
    return {
        "company": release.receiver,
        "job": release.job_title,
        "purpose": release.purpose,
        "kinds": release.kinds,
    }


def mail_candidate(
    candidate: Candidate, template: str, context: dict[str, Any], now: datetime
) -> bool:
    """Send a mail to the candidate with the link to their ledger; return whether there is an
    address.
    """
    to = operations.email_of(candidate)
    if to:
        # In a test, the platform reads its candidates' mails.
        whose = {"path": page_links.path_of(candidate, now), "platform": str(candidate.client_id)}
        queue_mail(to, template, candidate.language, context | whose, now)
    return bool(to)


def ask_candidate(request: ConsentRequest, candidate: Candidate, now: datetime) -> None:
    """Send the candidate the request for their consent, by mail or else by text message."""
    days = (request.expires_at - request.asked_at).days
    asked = {"company": request.employer.name, "job": request.job_title, "days": days}
    if not mail_candidate(candidate, "candidate_asked", asked, now) and text_queue.gets_texts(
        candidate
    ):
        text_queue.text_request(candidate, request, now)


def send_fresh_link(candidate: Candidate, now: datetime) -> None:
    """Send the candidate a new link, unless they were sent several today.

    Earlier links remain as they are. Not for use in a transaction.
    """
    try:
        throttle.count_try([(throttle.LINKS_TO_CANDIDATE, str(candidate.pk))], now)
    except Refused:
        return
    send_link(candidate, "candidate_fresh_link", now)


def send_link(candidate: Candidate, template: str, now: datetime) -> bool:
    """Send the candidate a link, by mail or else by text message; return whether it can be sent.

    They ask for it, so it is sent at night, too.
    """
    if mail_candidate(candidate, template, {}, now):
        return True
    if not text_queue.gets_texts(candidate):
        return False
    if candidate.test:  # the platform gets links by the API
        return True
    try:
        with transaction.atomic():
            path = page_links.short_path_of(candidate, now).lstrip("/")
            text_candidate(candidate, "candidate_link", {"path": path}, now)
    except Refused:
        return False
    return True


def text_candidate(
    candidate: Candidate, template: str, params: dict[str, str], now: datetime
) -> Sms:
    """Queue a text message at the platform's cost, as the last step of a transaction. Raises
    Refused as `queue_sms` does.
    """
    number, payer = operations.phone_of(candidate), str(candidate.client_id)
    return queue_sms(number, template, candidate.language, params, now, payer=payer)


def record_candidate_event(
    verb: str,
    subject: models.Model,
    candidate: Candidate,
    employer_id: UUID | None,
    actor: Actor,
    now: datetime,
    reasons: Sequence[str] = (),
    **more: Any,
) -> None:
    """Record an Event between a candidate and a company, which only the candidate's platform
    receives.
    """
    data = {"only": str(candidate.client_id), "candidate": candidate.reference} | more
    record(verb, subject, actor, now, employer_id=employer_id, reasons=list(reasons), data=data)
