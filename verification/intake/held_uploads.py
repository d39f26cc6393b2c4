"""Uploads of accounts whose address is not confirmed yet.

Anyone can register with anyone's address. Until its reader confirms it, an upload is only stored:
encrypted, bounded in number and size, and not opened. A worker opens it as soon as the address is
confirmed. What is never confirmed is erased (`erase_abandoned`).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from documents.photo.flaws import PhotoQuality
from documents.upload.intake import ACCEPTED, Intake, looks_like, media_type_of
from employers.models import PROVEN, Member, User
from events.core.actor import SYSTEM, Actor
from events.core.errors import ProviderUnavailable, Refused
from events.jobs.queue import JobQuerySet
from events.jobs.runner import Clock, Failure, Lease, claim_row, run_job
from events.models import record
from verification.cases import documents
from verification.cases.operations import editing_case
from verification.intake.examination import NOT_THE_FILES_FAULT, examine_upload, judge_photos
from verification.models import Case, HeldUpload
from verification.rules import states
from verification.rules.states import State

BYTES_AT_MOST: Final = 60 * 1024 * 1024
"""The bytes held for one account: a licence, a letter and a few more, in full resolution."""
TRIES: Final = 20
DEATHS: Final = 2
FAILURES: Final = (
    Failure(ProviderUnavailable, lambda down, tries: min(60.0, 2.0**tries), tries=TRIES),
    Failure(Exception, event="held_upload_not_opened", broken=True, tries=1),
)


@dataclass(frozen=True)
class _Opened:
    """A held upload after examination; `refused` is the reason if it was not accepted."""

    taken_in: Intake | None = None
    scan: dict[str, Any] | None = None
    quality: tuple[PhotoQuality | None, ...] = ()
    refused: str = ""


def hold_upload(
    case_id: UUID, kind: str, data: bytes, member: Member, now: datetime
) -> HeldUpload | None:
    """Store an upload without opening it. Return None if an earlier try of the same person has
    added it (`documents.added_just_now`). Raise Refused.

    Of its content only the first bytes are looked at, so that a wrong type of file is named now.
    """
    media_type = _accepted(data)
    sha256 = hashlib.sha256(data).hexdigest()
    name = default_storage.save("upload", ContentFile(data))
    kept = False
    try:
        with editing_case(case_id, member.as_actor(), adding=kind, now=now) as case:
            if documents.added_just_now(case, kind, sha256, member.user, now):
                return None
            _refuse_more(case, kind, len(data), member)
            case.held_uploads.filter(kind=kind, sha256=sha256, file="").delete()
            held = HeldUpload.objects.create(
                case=case,
                kind=kind,
                file=name,
                sha256=sha256,
                size=len(data),
                media_type=media_type,
                uploaded_by=member.user,
                uploaded_at=now,
                due_at=now,
            )
            told = {"case": str(case.pk), "kind": kind}
            record(
                "hold_upload", held, member.as_actor(), now, employer_id=case.employer_id, data=told
            )
        kept = True
        return held
    finally:
        if not kept:
            default_storage.delete(name)


def _accepted(data: bytes) -> str:
    if not data:
        raise Refused("document_empty", "document", seen="0 B")
    media_type = media_type_of(data)
    if media_type is None:
        raise Refused("document_wrong_type", "document", seen=looks_like(data), expected=ACCEPTED)
    return media_type


def _refuse_more(case: Case, kind: str, size: int, member: Member) -> None:
    held = HeldUpload.objects.filter(uploaded_by=member.user, finished_at=None)
    if case.held_uploads.filter(kind=kind, finished_at=None).count() >= documents.room_for(
        case, kind
    ):
        raise documents.too_many(case, kind)
    total = held.aggregate(bytes=Sum("size"))["bytes"] or 0
    if total + size > BYTES_AT_MOST:
        raise Refused(
            "uploads_unconfirmed",
            "document",
            seen=f"{(total + size) / 1024**2:.0f} MB",
            expected=f"≤ {BYTES_AT_MOST // 1024**2} MB",
        )


def drop_held_upload(held_id: UUID, actor: Actor, now: datetime) -> None:
    """Erase a held upload at the employer's request. Doing it again changes nothing."""
    with transaction.atomic():
        held = HeldUpload.objects.select_for_update().filter(pk=held_id).first()
        if held is not None:
            _erase(held)
            told = {"case": str(held.case_id), "kind": held.kind}
            record(
                "drop_upload", held.case, actor, now, employer_id=held.case.employer_id, data=told
            )


def of_confirmed() -> JobQuerySet:
    """Return the held uploads of accounts whose address or number has been confirmed."""
    rows = HeldUpload.objects.filter(uploaded_by__in=User.objects.filter(PROVEN))
    return rows.select_related("case__employer__platform", "uploaded_by__member")


def open_held(held_id: UUID, clock: Clock, lease_seconds: float) -> bool:
    """Open a held upload whose address or number has been confirmed, and add it to its case.

    If it cannot be opened, the row stays without the file and names the reason.
    """
    return run_job(
        claim_row(of_confirmed(), held_id, clock, lease_seconds),
        _open,
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, error: _write_down(lease, _Opened(refused="document_not_opened")),
        deaths=DEATHS,
    )


def _open(lease: Lease[HeldUpload]) -> _Opened:
    held = lease.row
    try:
        with held.file.open() as stored:
            taken_in, scan = examine_upload(stored.read())
    except FileNotFoundError:
        return _Opened(refused="document_missing")
    except Refused as refused:
        if refused.code in NOT_THE_FILES_FAULT:
            raise ProviderUnavailable(refused.code, retry_after=5) from refused
        return _Opened(refused=refused.code)
    return _Opened(taken_in, scan, tuple(judge_photos(taken_in, held.kind)))


def _write_down(lease: Lease[HeldUpload], opened: _Opened) -> bool:
    held, refused, now = lease.row, opened.refused, lease.clock()
    member = getattr(held.uploaded_by, "member", None)
    if opened.taken_in is not None and opened.scan is not None and member is not None:
        try:
            documents.add_document(
                held.case_id,
                held.kind,
                opened.taken_in,
                opened.scan,
                held.uploaded_by,
                member.as_actor(),
                now,
                opened.quality,
            )
        except Refused as error:
            refused = error.code
    with transaction.atomic():
        row = lease.locked()
        if row is None:
            return False
        state = Case.objects.values_list("state", flat=True).get(pk=held.case_id)
        if refused == "state_conflict" and state != State.WITHDRAWN:
            refused = HeldUpload.TOO_LATE
        if refused and refused != "state_conflict":
            if refused != HeldUpload.TOO_LATE:
                _erase_file(row)
                row.file = ""
            told = {"case": str(held.case_id), "kind": held.kind}
            record(
                "refuse_upload",
                held.case,
                SYSTEM,
                now,
                employer_id=held.case.employer_id,
                reasons=[refused],
                data=told,
            )
            return lease.finish(refused=refused, file=row.file)
        _erase(row)
    return not refused


def take_up_again() -> None:
    """Queue the uploads that came too late, if the employer may edit their case again."""
    late = HeldUpload.objects.filter(refused=HeldUpload.TOO_LATE, case__state__in=states.EDITABLE)
    late.update(refused="", finished_at=None, tries=0, deaths=0)


def erase_abandoned(now: datetime, kept: timedelta, at_most: int) -> int:
    """Erase held uploads and the notices of refused ones after `kept`. Return their number."""
    old = HeldUpload.objects.filter(uploaded_at__lte=now - kept).order_by("uploaded_at")
    erased = 0
    for held_id in list(old.values_list("pk", flat=True)[:at_most]):
        with transaction.atomic(), suppress(HeldUpload.DoesNotExist):
            _erase(HeldUpload.objects.select_for_update().get(pk=held_id))
            erased += 1
    return erased


def _erase(held: HeldUpload) -> None:
    _erase_file(held)
    held.delete()


def _erase_file(held: HeldUpload) -> None:
    """Erase the file after the commit."""
    if name := str(held.file):
        transaction.on_commit(lambda: default_storage.delete(name))
