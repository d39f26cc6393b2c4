"""Makes a copy: opens the resume in the sandboxed child, redacts it, marks it and stores it.

The holder of the row's lease does the work, outside of any transaction. Clean pages are stored and
reused, so a second employer's copy of a resume needs no OCR. If a worker dies on the way, no
incomplete copy can be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from documents.ocr import READERS
from documents.upload.sandbox import NoSandbox
from downloads.models import CleanResume, Copy, RelayBinding
from downloads.models.relays import RelayState
from downloads.relays import provider_sync
from downloads.releases import mark_keys, operations, resume_sources
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.jobs.runner import Clock, Failure, Lease, LeaseLost, WorkersDied, claim_row, run_job
from resumes.marking import Words, clean_pages, marked_copy
from resumes.opening import open
from resumes.redaction import redact
from resumes.redaction.digits import to_plain_text, with_lookalikes, with_numerals
from resumes.redaction.redact import Redacted, RedactedPage

LEASE_SECONDS: Final = 240.0
"""A heartbeat extends the lease while the copy is being made."""
WAITS_FOR_A_NUMBER: Final = timedelta(minutes=10)
"""Nobody waits at a page for longer than this."""
BROKEN_TRIES: Final = 5
DEATHS: Final = 3
"""Maximum number of workers that die while making one copy, so that a file that kills workers does
not go round for ever.
"""
VERSION: Final = "2"
"""The version of the code that opens, redacts and paints. Increase it when the same file gives
other pages.
"""


class _NoNumberYet(Exception):
    """The relay number is not available yet; once it is, work on the copy continues."""


FAILURES: Final = (
    Failure(Refused, tries=1),
    Failure(NoSandbox, 60.0, "no_sandbox", broken=True),
    Failure(_NoNumberYet, 5.0, until=lambda copy: copy.requested_at + WAITS_FOR_A_NUMBER),
    Failure(
        ProviderUnavailable,
        lambda unavailable, tries: max(1.0, min(60.0, unavailable.retry_after)),
        until=lambda copy: copy.requested_at + WAITS_FOR_A_NUMBER,
    ),
    Failure(
        ProviderBroken,
        lambda error, tries: 15.0 * tries,
        "copy_not_made",
        broken=True,
        tries=BROKEN_TRIES,
    ),
)


def made_by() -> str:
    """Return the version of everything that affects clean pages."""
    return f"{VERSION} {READERS[0].name} {READERS[0].version}"[:80]


def make_copy(copy_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Make the copy unless another worker does, and return whether it is made or has finally
    failed.
    """
    lease = claim_row(
        Copy.objects.select_related("binding", "resume"), copy_id, clock, lease_seconds
    )
    return run_job(
        lease, _made, _written_down, failures=FAILURES, give_up=_failed, deaths=DEATHS, beats=True
    )


def why_not(error: Exception) -> str:
    """Return the reason code that the platform gets when the work was given up."""
    if isinstance(error, Refused):
        return error.code
    codes = {WorkersDied: "resume_unreadable", _NoNumberYet: "release_no_relay"}
    return codes.get(type(error), "release_not_made")


def _made(lease: Lease[Copy]) -> tuple[bytes, str]:
    """Return the copy's PDF, and the name of the key that marks it."""
    copy, clock = lease.row, lease.clock
    resume, pages = _clean(lease)
    _let_nothing_through(pages, operations.grant_of(copy))
    binding = _bound(copy.binding_id, clock)
    key = mark_keys.current_mark_key()
    words = Words(copy.receiver, copy.number, clock())
    keys = mark_keys.keys_of(copy.number, key, resume.page_count)
    return marked_copy.make_marked_copy(pages, keys, words, binding.number, binding.extension), key


# --- Clean pages ----------------------------------------------------------------------------------


def _clean(lease: Lease[Copy]) -> tuple[CleanResume, Sequence[RedactedPage]]:
    """Return the resume's clean pages: existing ones, or new ones."""
    copy, clock = lease.row, lease.clock
    if copy.resume is not None and copy.resume.pages:
        return copy.resume, stored_pages(copy.resume)
    data = _original(copy)
    opened = open.open_resume(data, required=settings.SANDBOX_REQUIRED)
    same = {
        "client_id": copy.client_id,
        "candidate": copy.candidate,
        "sha256": opened.sha256,
        "made_by": made_by(),
    }
    resume = CleanResume.objects.available().filter(**same).first()
    if resume is None:
        resume = _stored(redact.redact(opened, marked_copy.BLANK), same, copy.test, clock())
    now = clock()
    CleanResume.objects.filter(pk=resume.pk).update(used_at=now)
    if not lease.update(resume=resume, sha256=opened.sha256):
        raise LeaseLost
    return resume, stored_pages(resume)


def _original(copy: Copy) -> bytes:
    """Return the original file, from our storage or the platform's store. Raises Refused
    `resume_not_found`.
    """
    if copy.original:
        with default_storage.open(str(copy.original.name)) as file:
            data: bytes = file.read()
        return data
    source = resume_sources.configured_source()
    if source is None:
        raise Refused("resume_source_missing")
    return source.fetch(copy.client_id, copy.original_reference, open.Limits().bytes)


def _stored(redacted: Redacted, same: dict[str, Any], test: bool, now: datetime) -> CleanResume:
    """Store the clean pages of a file, encrypted; if another worker was first, return its row."""
    name = default_storage.save("pages", ContentFile(clean_pages.pack_pages(redacted.pages)))
    removed = [
        {"kind": item.kind, "page": item.page, "masked": item.masked} for item in redacted.items
    ]
    new = {
        "test": test,
        "page_count": len(redacted.pages),
        "removed": removed,
        "made_at": now,
        "used_at": now,
    }
    try:
        with transaction.atomic():
            return CleanResume.objects.create(pages=name, **same, **new)
    except IntegrityError:
        default_storage.delete(name)
        return CleanResume.objects.available().get(**same)


def stored_pages(resume: CleanResume) -> tuple[RedactedPage, ...]:
    """Return the clean pages, decrypted. Raises ProviderBroken."""
    try:
        with default_storage.open(str(resume.pages.name)) as file:
            return clean_pages.unpack_pages(file.read())
    except FileNotFoundError as error:
        raise ProviderBroken("the clean pages are missing") from error


def _let_nothing_through(pages: Sequence[RedactedPage], given: tuple[str, str]) -> None:
    """Check that the contacts given by the platform do not occur in the remaining text, in any
    spelling.

    Raises Refused `resume_contact_left`.
    """
    left = to_plain_text("\n".join(line.text for page in pages for line in page.lines)).text
    phone, email = given
    digits = re.sub(r"\D", "", to_plain_text(phone).text)[-11:]
    spellings = (left, with_numerals(left), with_lookalikes(with_numerals(left)))
    if len(digits) >= 7 and any(digits in re.sub(r"\D", "", spelling) for spelling in spellings):
        raise Refused("resume_contact_left")
    if email and re.sub(r"\s", "", to_plain_text(email).text) in re.sub(r"\s", "", left):
        raise Refused("resume_contact_left")


# --- The relay number -----------------------------------------------------------------------------


def _bound(binding_id: UUID, clock: Clock) -> RelayBinding:
    """Return the binding once it has a number. Raises `_NoNumberYet`, and Refused if it will get
    none.
    """
    binding = RelayBinding.objects.get(pk=binding_id)
    if binding.state == RelayState.REQUESTED:
        provider_sync.sync_binding(binding_id, clock)  # unless another worker requests it now
        binding.refresh_from_db()
    if binding.state == RelayState.REQUESTED:
        raise _NoNumberYet
    if binding.state != RelayState.BOUND:
        raise Refused(binding.ended_why or "release_no_relay")
    return binding


# --- Storing the result ---------------------------------------------------------------------------


def _written_down(lease: Lease[Copy], made: tuple[bytes, str]) -> bool:
    """Store the copy; if the lease was lost, delete the file again."""
    pdf, key = made
    name = default_storage.save("copy", ContentFile(pdf))
    with transaction.atomic():
        copy = lease.locked()
        if copy is not None:
            operations.make_ready(copy, name, len(pdf), key, lease.clock())
    if copy is None:
        default_storage.delete(name)
    return copy is not None


def _failed(lease: Lease[Copy], error: Exception) -> bool:
    with transaction.atomic():
        copy = lease.locked()
        if copy is not None:
            operations.fail_release(copy, why_not(error), lease.clock())
    return copy is not None
