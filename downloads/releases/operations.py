"""Operations on copies: request, make ready, fail, link and open.

A platform requests a copy with a pass, a worker makes it, and one-time links deliver it. Each
operation is one transaction with its Event, without network access or page processing;
`downloads.releases.make_copy` does the slow work from the row. The pass is spent in the transaction
that creates the row, so after a crash either both are there or neither.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from documents.upload.intake import looks_like, media_type_of
from downloads import locks
from downloads.candidates import notices
from downloads.gate import ladder_versions, sql
from downloads.gate.current_tier import employer_tier
from downloads.models import Copy, CopyLink, CopyState, GateDecision
from downloads.relays import bindings, callers, eligibility
from downloads.releases import passes, resume_sources
from downloads.rules.job_titles import checked_job_title
from downloads.rules.ladder import Obligation
from employers.models import ApiClient, Employer, Member
from events.core import undoing
from events.core.actor import SYSTEM, Actor
from events.core.errors import ProviderBroken, Refused
from events.core.sealing import seal_text, unseal_text
from events.db.dialect import current_dialect
from events.doorbell import notify_worker
from events.models import record
from resumes.opening.open import ACCEPTED, FIELD, Limits

LINK_GOOD_FOR: Final = timedelta(seconds=60)
BUSY_SECONDS: Final = 10
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without characters that are easily confused in print."""


@dataclass(frozen=True)
class Asked:
    """A platform's request: the pass, the resume or a reference to one, the candidate's contacts,
    and what the recruiter hires for.
    """

    gate_pass: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(default="", repr=False)
    resume: bytes | None = field(default=None, repr=False)
    reference: str = ""
    job_title: str = ""


def begin_release(asked: Asked, client: ApiClient, now: datetime) -> Copy:
    """Return the copy for the receiver of the pass.

    A repeated request for the same resume returns the same copy, with the first job. The pass is
    not spent if the candidate cannot get a relay number, or if too many copies are waiting. A
    failed copy can be requested again with the same pass while the employer may still download.
    Raises Refused: `job_title_not_allowed`,
    `release_busy`, `release_closed` for a copy that is no longer available, the errors of
    `passes.spend_pass` and `bindings.request_binding`, `relay_no_caller`, and for the file
    `resume_empty`, `resume_too_large`, `resume_format_not_supported`, `resume_missing`,
    `resume_source_missing`.
    """
    asked = replace(asked, job_title=checked_job_title(asked.job_title))
    _check_resume(asked)
    decision_id = passes.decision_of(asked.gate_pass, client.pk)
    existing: Copy | None = (
        Copy.objects.of(client.pk)
        .select_related("binding", "resume")
        .filter(decision_id=decision_id)
        .first()
    )
    if existing is not None and existing.state != CopyState.FAILED:
        return _the_same(existing, asked, now)
    waiting = (
        Copy.objects.waiting().of(client.pk)
        if client.test
        else Copy.objects.waiting().filter(test=False)
    )
    if waiting.count() >= settings.RELEASES_WAITING:
        raise Refused("release_busy", details={"retry_after": str(BUSY_SECONDS)})
    _somebody_can_call(decision_id, client)
    original = (
        default_storage.save("resume", ContentFile(asked.resume))
        if asked.resume is not None
        else ""
    )
    if original:
        undoing.if_undone(lambda: default_storage.delete(original))
    try:
        refused = _begin(asked, decision_id, original, client, now)
        if refused is not None:
            raise refused
    except Refused as refused:
        if original:
            default_storage.delete(original)
        if refused.code == "pass_spent" and (
            first := Copy.objects.of(client.pk).filter(decision_id=decision_id).first()
        ):
            return _the_same(first, asked, now)  # another call started it meanwhile
        raise
    except BaseException:
        if original:
            default_storage.delete(original)
        raise
    made: Copy = Copy.objects.select_related("binding", "resume").get(decision_id=decision_id)
    return made


def _check_resume(asked: Asked) -> None:
    """Check what can be checked at once, before anything is spent."""
    if asked.resume is None:
        if not asked.reference:
            raise Refused("resume_missing", FIELD)
        if resume_sources.configured_source() is None:
            raise Refused("resume_source_missing", "resume_reference")
        return
    limit = Limits().bytes
    if not asked.resume:
        raise Refused("resume_empty", FIELD, seen="0 B")
    if len(asked.resume) > limit:
        raise Refused("resume_too_large", FIELD, expected=f"≤ {limit // 1024**2} MB")
    kind = media_type_of(asked.resume) or looks_like(asked.resume)
    if "/" not in kind and kind not in ("Word (DOCX)", "Word/Excel/PowerPoint", "ZIP"):
        raise Refused("resume_format_not_supported", FIELD, seen=kind, expected=ACCEPTED)


def _somebody_can_call(decision_id: UUID, client: ApiClient) -> None:
    """Raise Refused if no number can be lent because no member of the employer has registered a
    number to call from.
    """
    employer = (
        GateDecision.objects.filter(pk=decision_id, client_id=client.pk)
        .values_list("employer_id", flat=True)
        .first()
    )
    if employer is not None and not callers.callers_of(employer):
        raise Refused("relay_no_caller")


def _the_same(copy: Copy, asked: Asked, now: datetime) -> Copy:
    same = (
        copy.original_reference == asked.reference
        if asked.resume is None
        else copy.sha256 == _digest(asked.resume)
    )
    if not same:
        raise Refused("pass_spent", "gate_pass")
    if _is_over(copy, now):
        raise Refused("release_closed")
    return copy


def _is_over(copy: Copy, now: datetime) -> bool:
    """Whether the copy is no longer available."""
    return copy.state == CopyState.CLOSED or (
        copy.links_until is not None and copy.links_until <= now
    )


def _digest(resume: bytes | None) -> str:
    return hashlib.sha256(resume).hexdigest() if resume is not None else ""


def _begin(
    asked: Asked, decision_id: UUID, original: str, client: ApiClient, now: datetime
) -> Refused | None:
    """Spend the pass and create the row, or restart a failed copy.

    A refused pass is recorded, so its refusal is returned instead of raised, which would roll back.
    """
    with transaction.atomic():
        copy = (
            Copy.objects.select_for_update(of=("self",))
            .filter(decision_id=decision_id, client_id=client.pk)
            .first()
        )
        if copy is None:
            try:
                passes.spend_pass(
                    asked.gate_pass, client_id=client.pk, now=now, test=client.test, leaves=False
                )
            except Refused as refused:
                return refused
            copy = _new(GateDecision.objects.get(pk=decision_id), now)
            verb, earlier = "request_copy", ""
        elif copy.state == CopyState.FAILED:
            _may_still(copy, now)
            verb, earlier = "retry_copy", copy.state
        else:
            return Refused("pass_spent", "gate_pass")
        copy.job_title = asked.job_title
        copy.binding = bindings.request_binding(
            decision_id, client, asked.phone, now, job_title=asked.job_title
        )
        copy.state, copy.why, copy.last_error = CopyState.PREPARING, "", ""
        copy.due_at, copy.requested_at, copy.finished_at = now, now, None
        copy.lease = copy.leased_until = None
        copy.tries = copy.deaths = 0
        copy.resume, copy.original, copy.original_reference = None, original, asked.reference
        copy.sha256 = _digest(asked.resume)
        copy.given_sealed = seal_text(json.dumps([asked.phone, asked.email]), copy.given_purpose)
        copy.save()
        record_release_event(verb, copy, client.as_actor(), now, earlier=earlier)
        notify_copy_worker(copy)
    return None


def _new(decision: GateDecision, now: datetime) -> Copy:
    return Copy(
        number=_number(),
        decision_id=decision.pk,
        client_id=decision.client_id,
        test=decision.test,
        employer_id=decision.employer_id,
        receiver=callers.employer_name(decision.employer_id),
        member_id=decision.member_id,
        candidate=decision.candidate,
        requested_at=now,
    )


def _number() -> str:
    """Return a random copy number that is easy to read, reveals nothing and cannot be guessed."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"ZR-{drawn[:5]}-{drawn[5:]}"


def _may_still(copy: Copy, now: datetime) -> None:
    """Raise Refused if the employer may no longer download, the member has left or is held, or the
    candidate no longer allows it.
    """
    locks.lock_company_of(copy.employer_id)
    tier = employer_tier(Employer.objects.get(pk=copy.employer_id), now)
    if tier.current.reason:
        raise Refused(tier.current.reason)
    if not tier.ladder.rights[tier.current.tier].download:
        raise Refused("tier_without_downloads")
    members = Member.objects.active().proven()
    member = members.filter(pk=copy.member_id, user__is_active=True).first()
    if member is None:
        raise Refused("member_unknown")
    if member.held_at is not None:
        raise Refused("member_in_review")
    notices.contact_of(member)
    if why := eligibility.consent_refusal_of(copy, now):
        raise Refused(why)


def grant_of(copy: Copy) -> tuple[str, str]:
    """Return the candidate's phone and email address as given for this copy; "" once they are
    erased.
    """
    if not copy.given_sealed:
        return "", ""
    phone, email = json.loads(unseal_text(copy.given_sealed, copy.given_purpose))
    return str(phone), str(email)


def release_of(copy_id: UUID, client: ApiClient) -> Copy:
    """Return this platform's copy. Raises Refused `release_unknown`."""
    copy: Copy | None = (
        Copy.objects.of(client.pk).select_related("binding", "resume").filter(pk=copy_id).first()
    )
    if copy is None:
        raise Refused("release_unknown")
    return copy


# --- Results --------------------------------------------------------------------------------------


def make_ready(copy: Copy, pdf: str, size: int, mark_key: str, now: datetime) -> None:
    """Mark a locked copy as ready, with the stored file `pdf`, and erase the input."""
    copy.pdf, copy.pdf_bytes, copy.mark_key = pdf, size, mark_key
    copy.state, copy.ready_at, copy.links_until = (
        CopyState.READY,
        now,
        now + timedelta(hours=settings.RELEASE_HOURS),
    )
    _done(copy, now)
    record_release_event("ready_copy", copy, SYSTEM, now, earlier=CopyState.PREPARING)


def fail_release(copy: Copy, why: str, now: datetime) -> None:
    """Mark a locked copy as failed; nothing has left, and the platform gets the reason."""
    copy.state, copy.why = CopyState.FAILED, why
    _done(copy, now)
    record_release_event("fail_copy", copy, SYSTEM, now, earlier=CopyState.PREPARING, reasons=[why])


def _done(copy: Copy, now: datetime) -> None:
    original = copy.original.name
    copy.given_sealed, copy.original = "", ""
    copy.lease = copy.leased_until = None
    copy.finished_at = now
    copy.save()
    if original:
        transaction.on_commit(lambda: default_storage.delete(original))


# --- Delivery -------------------------------------------------------------------------------------


def make_link(copy_id: UUID, client: ApiClient, now: datetime) -> tuple[CopyLink, str]:
    """Create a link that opens the copy once, within a minute, and return it with its URL.

    Raises Refused: `release_unknown`, `release_not_ready`, `release_closed`, or why the employer
    may no longer download or the candidate does not allow it.
    """
    with transaction.atomic():
        copy = release_of(copy_id, client)
        if copy.state in (CopyState.PREPARING, CopyState.FAILED):
            raise Refused("release_not_ready", seen=copy.state)
        if _is_over(copy, now):
            raise Refused("release_closed")
        _may_still(copy, now)
        link = CopyLink.objects.create(of=copy, made_at=now, expires_at=now + LINK_GOOD_FOR)
    token = _signer().sign(urlsafe_b64encode(link.pk.bytes).decode().rstrip("="))
    return link, settings.SITE_URL + reverse("releases:open", args=[token])


def copy_link_by_token(token: str) -> CopyLink:
    """Return the link of a URL. Raises Refused `copy_link_unknown`."""
    try:
        link_id = UUID(bytes=urlsafe_b64decode(_signer().unsign(token) + "=="))
    except (BadSignature, NotBase64, ValueError):
        raise Refused("copy_link_unknown") from None
    link: CopyLink | None = CopyLink.objects.select_related("of").filter(pk=link_id).first()
    if link is None:
        raise Refused("copy_link_unknown")
    return link


def open_link(link: CopyLink, client: ApiClient, now: datetime) -> bytes:
    """Return the copy's bytes, once.

    The statement that uses up the link also checks the facts. Raises Refused: `copy_link_used`,
    `copy_link_expired`, `release_closed`, or why the employer may no longer download. Raises
    `django.db.DatabaseError`, which means no, and ProviderBroken if the file cannot be opened.
    """
    copy = link.of
    parameters: dict[str, Any] = {
        "link": link.pk,
        "client": copy.client_id,
        "employer": copy.employer_id,
        "member": copy.member_id,
        "mode": settings.CANDIDATES_DEFAULT,
    }
    pdf = _stored(copy)
    for ladder in ladder_versions.until_in_force():
        moment = {"ladder": ladder.version, "now": now, "young_after": now - ladder.provisional_for}
        statement = sql.link_statement(current_dialect(), copy.test, ladder)
        # The check and the record of the release are one transaction, so that a revocation in
        # between finds every copy that left.
        with transaction.atomic():
            found = locks.with_company_lock(statement, parameters | moment)
            if found and not found[0][0]:
                if pdf is None:
                    raise ProviderBroken("the copy is missing")
                _left(copy.pk, client, now)
        for (why,) in found:
            if why:  # after the commit, so that the attempt stays recorded
                raise Refused(why)
            assert pdf is not None
            return pdf
    raise Refused("copy_link_used")


def _stored(copy: Copy) -> bytes | None:
    if not copy.pdf:
        return None
    try:
        with default_storage.open(str(copy.pdf.name)) as stored:
            pdf: bytes = stored.read()
    except FileNotFoundError:
        return None
    return pdf


def _left(copy_id: UUID, client: ApiClient, now: datetime) -> None:
    """Record that the copy leaves, and notify the candidate the first time."""
    copy = Copy.objects.select_for_update(of=("self",)).get(pk=copy_id)
    first = copy.opened_at is None
    if first:
        copy.opened_at = now
        copy.save(update_fields=["opened_at"])
        _tell(copy, now)
    record_release_event("open_copy" if first else "open_copy_again", copy, client.as_actor(), now)


def _tell(copy: Copy, now: datetime) -> None:
    tier = employer_tier(Employer.objects.get(pk=copy.employer_id), now)
    obligations = tier.ladder.rights[tier.current.tier].obligations
    if (
        Obligation.RELAY_ONLY not in obligations
    ):  # copies made here have only a relay number, whatever was agreed
        obligations = (*obligations, Obligation.RELAY_ONLY)
    notices.tell_candidate(
        notices.Left(
            copy.decision_id,
            copy.client_id,
            copy.test,
            copy.employer_id,
            copy.member_id,
            copy.candidate,
            obligations,
            now,
            copy.job_title,
        )
    )


def _signer() -> Signer:
    return Signer(salt="downloads.link", sep=".")


# --- Shared code ----------------------------------------------------------------------------------


def record_release_event(
    verb: str,
    copy: Copy,
    actor: Actor,
    now: datetime,
    *,
    earlier: str = "",
    reasons: list[str] | tuple[str, ...] = (),
    **more: Any,
) -> None:
    """Record the Event, which only the copy's platform receives.

    It contains ids and times, and nothing from the resume.
    """
    data = {
        "only": str(copy.client_id),
        "release": str(copy.pk),
        "number": copy.number,
        "candidate": copy.candidate,
    } | more
    earlier = earlier or copy.state
    record(
        verb,
        copy,
        actor,
        now,
        employer_id=copy.employer_id,
        from_state=earlier,
        to_state=copy.state,
        reasons=reasons,
        data=data,
    )


def notify_copy_worker(copy: Copy) -> None:
    notify_worker("downloads.tasks.prepare_copy", copy.pk)
