"""How is a copy made?

Opened in the limited child, redacted, marked, and written down; from the row, outside of any
transaction.

Whoever holds the row's lease makes it. What was made of a file before is used again, so the second
employer's copy of a resume needs no reading. Whatever dies in between has made nothing that anybody
could fetch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from documents.ocr import READERS
from downloads.models import CleanResume, Copy, RelayBinding
from downloads.models.relays import RelayState
from downloads.relays import provider_sync
from downloads.releases import mark_keys, operations, resume_sources
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.jobs import heartbeat
from resumes.marking import Words, clean_pages, marked_copy
from resumes.opening import open
from resumes.redaction import redact
from resumes.redaction.digits import plain, with_lookalikes, with_numerals
from resumes.redaction.redact import Redacted, RedactedPage

log = structlog.get_logger()

LEASE_SECONDS: Final = 240.0
"""A heartbeat extends it while the copy is being made."""
WAITS_FOR_A_NUMBER: Final = timedelta(minutes=10)
"""Who waits in front of a page waits no longer for a resume."""
BROKEN_TRIES: Final = 5
DEATHS: Final = 3
"""Workers that died over it: a file that kills each must not go round for ever."""
VERSION: Final = "2"
"""Of what opens, redacts and paints. Raise it when the same file gives other pages."""

Clock = Callable[[], datetime]


class _NotLentYet(Exception):
    """The relay number is still asked for: its doorbell rings for the copy too."""


def made_by() -> str:
    """What makes clean pages here and now."""
    return f"{VERSION} {READERS[0].name} {READERS[0].version}"[:80]


def follow(copy_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Make the copy, unless another does; whether it is made, or has failed for good."""
    lease = Copy.objects.claim(copy_id, clock(), lease_seconds)
    if lease is None:
        return False
    copy = Copy.objects.select_related("binding", "resume").get(pk=copy_id)
    try:
        if copy.deaths >= DEATHS:
            raise Refused("resume_unreadable")
        with heartbeat.held(
            Copy.objects.all(), copy_id, lease, clock, lease_seconds
        ):  # twelve pages may take longer
            pdf, key = _made(copy, lease, clock)
    except Refused as refused:
        return _failed(copy_id, lease, refused.code, clock())
    except (_NotLentYet, ProviderUnavailable) as waits:
        now = clock()
        if now >= copy.requested_at + WAITS_FOR_A_NUMBER:
            return _failed(
                copy_id,
                lease,
                "release_no_relay" if isinstance(waits, _NotLentYet) else "release_not_made",
                now,
            )
        seconds = 5.0 if isinstance(waits, _NotLentYet) else max(1.0, min(60.0, waits.retry_after))
        Copy.objects.give_back(
            copy_id, lease, now + timedelta(seconds=seconds), type(waits).__name__
        )
        return False
    except ProviderBroken as broken:
        log.exception("copy_not_made", copy=str(copy_id))
        if copy.tries >= BROKEN_TRIES:
            return _failed(copy_id, lease, "release_not_made", clock())
        Copy.objects.give_back(
            copy_id, lease, clock() + timedelta(seconds=15 * copy.tries), type(broken).__name__
        )
        return False
    return _written_down(copy_id, lease, pdf, key, clock())


def _made(copy: Copy, lease: UUID, clock: Clock) -> tuple[bytes, str]:
    """The copy's PDF, and the name of the key by which it is marked."""
    resume, pages = _clean(copy, lease, clock)
    _let_nothing_through(pages, operations.given(copy))
    binding = _lent(copy.binding_id, clock)
    key = mark_keys.current()
    words = Words(copy.receiver, copy.number, clock())
    keys = mark_keys.keys_of(copy.number, key, resume.page_count)
    return marked_copy.copy(pages, keys, words, binding.number, binding.extension), key


# --- The clean pages ------------------------------------------------------------------------------


def _clean(copy: Copy, lease: UUID, clock: Clock) -> tuple[CleanResume, Sequence[RedactedPage]]:
    """The resume's clean pages: those that were made before, or new ones."""
    if copy.resume is not None and copy.resume.pages:
        return copy.resume, stored(copy.resume)
    data = _original(copy)
    opened = open.open_resume(data)
    same = {
        "client_id": copy.client_id,
        "candidate": copy.candidate,
        "sha256": opened.sha256,
        "made_by": made_by(),
    }
    resume = CleanResume.objects.kept().filter(**same).first()
    if resume is None:
        resume = _kept(redact.redact(opened, marked_copy.BLANK), same, copy.test, clock())
    now = clock()
    CleanResume.objects.filter(pk=resume.pk).update(used_at=now)
    if not Copy.objects.held(copy.pk, lease).update(resume=resume, sha256=opened.sha256):
        raise ProviderUnavailable("the lease was lost", retry_after=1.0)
    return resume, stored(resume)


def _original(copy: Copy) -> bytes:
    """The file as it came, or as the platform's store has it. Raises Refused `resume_not_found`."""
    if copy.original:
        with default_storage.open(str(copy.original.name)) as file:
            data: bytes = file.read()
        return data
    source = resume_sources.chosen()
    if source is None:
        raise Refused("resume_source_missing")
    return source.fetch(copy.client_id, copy.original_reference, open.Limits().bytes)


def _kept(redacted: Redacted, same: dict[str, Any], test: bool, now: datetime) -> CleanResume:
    """The clean pages of a file, sealed; where another was first, its."""
    name = default_storage.save("pages", ContentFile(clean_pages.packed(redacted.pages)))
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
        return CleanResume.objects.kept().get(**same)


def stored(resume: CleanResume) -> tuple[RedactedPage, ...]:
    """The clean pages, unsealed. Raises ProviderBroken."""
    try:
        with default_storage.open(str(resume.pages.name)) as file:
            return clean_pages.unpacked(file.read())
    except FileNotFoundError as error:
        raise ProviderBroken("the clean pages are not there") from error


def _let_nothing_through(pages: Sequence[RedactedPage], given: tuple[str, str]) -> None:
    """The last look: what the platform says are the candidate's contacts must not stand in what is
    left, however it is spelled.

    Raises Refused `resume_contact_left`.
    """
    left = plain("\n".join(line.text for page in pages for line in page.lines)).text
    phone, email = given
    digits = re.sub(r"\D", "", plain(phone).text)[-11:]
    spellings = (left, with_numerals(left), with_lookalikes(with_numerals(left)))
    if len(digits) >= 7 and any(digits in re.sub(r"\D", "", spelling) for spelling in spellings):
        raise Refused("resume_contact_left")
    if email and re.sub(r"\s", "", plain(email).text) in re.sub(r"\s", "", left):
        raise Refused("resume_contact_left")


# --- The relay number -----------------------------------------------------------------------------


def _lent(binding_id: UUID, clock: Clock) -> RelayBinding:
    """The binding, once a number is lent. Raises `_NotLentYet`, and Refused where none will be."""
    binding = RelayBinding.objects.get(pk=binding_id)
    if binding.state == RelayState.REQUESTED:
        provider_sync.follow(binding_id, clock)  # unless another asks for it at this moment
        binding.refresh_from_db()
    if binding.state == RelayState.REQUESTED:
        raise _NotLentYet
    if binding.state != RelayState.BOUND:
        raise Refused(binding.ended_why or "release_no_relay")
    return binding


# --- Writing down ---------------------------------------------------------------------------------


def _written_down(copy_id: UUID, lease: UUID, pdf: bytes, key: str, now: datetime) -> bool:
    """Store the copy, provided that the lease holds; else what was made goes."""
    name = default_storage.save("copy", ContentFile(pdf))
    with transaction.atomic():
        copy = Copy.objects.held(copy_id, lease).select_for_update(of=("self",)).first()
        if copy is not None:
            operations.make_ready(copy, name, len(pdf), key, now)
    if copy is None:
        default_storage.delete(name)
    return copy is not None


def _failed(copy_id: UUID, lease: UUID, why: str, now: datetime) -> bool:
    with transaction.atomic():
        copy = Copy.objects.held(copy_id, lease).select_for_update(of=("self",)).first()
        if copy is not None:
            operations.fail(copy, why, now)
    return copy is not None
