"""Traces leaks: finds the releases that a leaked file or text is a copy of, with the evidence for
each.

A platform can trace its own releases, and staff those of all platforms. Each request is recorded as
an Event with who made it. A worker does the work from the row. The file is untrusted, so it is
opened in the sandboxed child. No release is named without sufficient evidence (`tracing.scoring`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import cv2
import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from documents.ocr import READERS
from documents.upload.sandbox import NoSandbox
from downloads.models import CleanResume, Copy, RelayBinding, Trace
from downloads.releases import make_copy, mark_keys
from employers.models import ApiClient, User
from employers.permissions import Power
from events.core import undoing
from events.core.actor import SYSTEM, Actor
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.core.sealing import seal_text, unseal_text
from events.delivery.alerts import raise_alert
from events.doorbell import notify_worker
from events.jobs.runner import Clock, Failure, Lease, claim_row, run_job
from events.models import AlertKind, record
from resumes import tracing
from resumes.marking.marked_copy import marking_resolution
from resumes.marking.page import Picture, to_grey
from resumes.opening import open
from resumes.redaction import redact

log = structlog.get_logger()

LEASE_SECONDS: Final = 280.0
RESUMES_AT_MOST: Final = 40
"""Maximum number of resumes that a leak is compared with: the latest, unless its candidate is
known.
"""
PICTURES_AT_MOST: Final = 6
TEXT_LONGEST: Final = 5_000
TRIES: Final = 3
_DOWN: Final = (ProviderUnavailable, ProviderBroken)
FAILURES: Final = (
    Failure(Refused, tries=1),
    Failure(NoSandbox, 60.0, "no_sandbox", broken=True),
    Failure(_DOWN, 30.0, "leak_not_looked_at", broken=True, tries=TRIES),
)
_COPY_NUMBER: Final = re.compile(
    r"ZR-?\s?([2-9A-HJKMNP-TV-Z]{5})-?\s?([2-9A-HJKMNP-TV-Z]{5})", re.IGNORECASE
)
_DIALLED: Final = re.compile(
    r"(?<!\d)(?:\+?86)?(1\d{10})(?!\d)(?:\s*(?:转|轉|分机|ext\.?|-|x)\s*(\d{1,8}))?", re.IGNORECASE
)
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\s\-‐–.]+(?=\d)")


@dataclass(frozen=True)
class Asked:
    """A leak: a file or a text, the candidate if known, and why it is traced."""

    why: str
    file: bytes | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    candidate: str = ""


@dataclass(frozen=True)
class Finding:
    """One copy and the evidence for it. Stored in `Trace.found`."""

    copy: str
    number: str
    named: bool
    """Whether the leak is of this copy: either its marks say so, with an error probability of at
    most one in a million, or a number on it that was issued with this copy alone.
    """
    by: str
    """marks, relay_number or copy_number."""
    z: float | None = None
    chance: float | None = None


def request_trace(
    asked: Asked,
    actor: Actor,
    now: datetime,
    *,
    client: ApiClient | None = None,
    user: User | None = None,
) -> Trace:
    """Create a trace for a worker to process.

    Raises Refused: `not_allowed`, `leak_missing`, `resume_too_large`.
    """
    if client is None and not actor.can(Power.TRACE):
        raise Refused("not_allowed")
    if not asked.file and not asked.text.strip():
        raise Refused("leak_missing", "leak")
    limit = open.Limits().bytes
    if asked.file and len(asked.file) > limit:
        raise Refused("resume_too_large", "leak", expected=f"≤ {limit // 1024**2} MB")
    with undoing.undoing_transaction():
        name = default_storage.save("leak", ContentFile(asked.file)) if asked.file else ""
        if name:
            undoing.if_undone(lambda: default_storage.delete(name))
        row = Trace(
            client_id=client.pk if client else None,
            test=bool(client and client.test),
            asked_by=user,
            asked_at=now,
            due_at=now,
            why=asked.why,
            candidate=asked.candidate,
            leak=name,
            sha256=hashlib.sha256(asked.file or asked.text.encode()).hexdigest(),
        )
        if asked.text.strip():
            row.text_sealed = seal_text(asked.text[:TEXT_LONGEST], row.text_purpose)
        row.save(force_insert=True)
        record(
            "ask_trace",
            row,
            actor,
            now,
            data={"sha256": row.sha256, "client": str(client.pk) if client else ""},
        )
        notify_trace_worker(row)
    return row


def trace_of(trace_id: UUID, client: ApiClient) -> Trace:
    """Return a trace that this platform requested. Raises Refused `trace_unknown`."""
    row: Trace | None = Trace.objects.of(client.pk).filter(pk=trace_id).first()
    if row is None:
        raise Refused("trace_unknown")
    return row


# --- Tracing --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Seen:
    """The result of a trace."""

    findings: list[Finding]
    resumes: int = 0
    evidence: bytes = b""


def trace_leak(trace_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Trace a leak unless another worker does, and return whether there is a result now."""
    return run_job(
        claim_row(Trace.objects.all(), trace_id, clock, lease_seconds),
        lambda lease: _trace(lease.row),
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, error: _write_down(lease, _Seen([]), make_copy.why_not(error)),
        deaths=TRIES,
    )


def _write_down(lease: Lease[Trace], found: _Seen, refused: str = "") -> bool:
    evidence = (
        default_storage.save("evidence", ContentFile(found.evidence)) if found.evidence else ""
    )
    with transaction.atomic():
        row, now = lease.locked(), lease.clock()
        if row is not None:
            leak = str(row.leak.name)
            row.found, row.resumes, row.refused, row.evidence = (
                [asdict(each) for each in found.findings],
                found.resumes,
                refused,
                evidence,
            )
            row.leak, row.text_sealed, row.last_error = "", "", ""
            row.lease = row.leased_until = None
            row.finished_at = now
            row.save()
            for each in row.named:
                copy = Copy.objects.get(pk=each["copy"])
                record(
                    "trace_copy",
                    copy,
                    SYSTEM,
                    now,
                    employer_id=copy.employer_id,
                    data={"trace": str(row.pk), "by": each["by"]},
                )
            if row.named and not row.test:
                raise_alert(
                    AlertKind.LEAK,
                    str(row.pk),
                    {"count": len(row.named)},
                    now,
                    path=reverse("admin:downloads_trace_change", args=[row.pk]),
                )
            if leak:
                transaction.on_commit(lambda: default_storage.delete(leak))
    if row is None and evidence:
        default_storage.delete(evidence)
    return row is not None


def _copies(row: Trace) -> QuerySet[Copy]:
    """Return the copies that the trace may name."""
    made: QuerySet[Copy] = (
        Copy.objects.made().of(row.client_id)
        if row.client_id
        else Copy.objects.made().filter(test=False)
    )
    return made.filter(candidate=row.candidate) if row.candidate else made


def _trace(row: Trace) -> _Seen:
    text, pictures = "", list[Picture]()
    if row.text_sealed:
        text = unseal_text(row.text_sealed, row.text_purpose)
    if row.leak:
        with default_storage.open(str(row.leak.name)) as file:
            opened = open.open_resume(file.read(), required=settings.SANDBOX_REQUIRED)
        pictures = [page.pixels for page in opened.pages[:PICTURES_AT_MOST]]
        text = "\n".join(
            [text, *(page.text for page in opened.pages), *(_read(picture) for picture in pictures)]
        )
    by_text = list(_by_text(text, row))
    if not pictures:
        return _Seen(by_text)
    resumes = _worth_laying_on(row, [UUID(each.copy) for each in by_text])
    marked, evidence = _by_marks(pictures, resumes, _copies(row))
    first = {each.copy for each in marked if each.named}
    # People who have seen another copy can forge its printed number, but not its marks. So a
    # printed number names no copy if the marks name another.
    printed = [_unnamed(each) if first and each.copy not in first else each for each in by_text]
    return _Seen([*marked, *printed], len(resumes), evidence)


def _unnamed(finding: Finding) -> Finding:
    return Finding(finding.copy, finding.number, False, finding.by)


def _read(picture: Picture) -> str:
    return "\n".join(box.text for box in redact.read_with_ocr(picture, READERS[0]))


def _by_text(text: str, row: Trace) -> Iterator[Finding]:
    """Yield the copies whose own number, or relay number, appears in `text`.

    A relay number names its copy only if it was lent to a single employer.
    """
    numbers = {f"ZR-{first}-{second}".upper() for first, second in _COPY_NUMBER.findall(text)}
    for copy in _copies(row).filter(number__in=numbers).order_by("requested_at"):
        yield Finding(str(copy.pk), copy.number, True, "copy_number")
    for local, extension in dict.fromkeys(
        _DIALLED.findall(_BETWEEN_DIGITS.sub("", text) + "\n" + text)
    ):
        bindings = RelayBinding.objects.filter(number=f"+86{local}")
        if extension:
            bindings = bindings.filter(extension=extension)
        ever = (
            bindings.filter(client_id=row.client_id)
            if _is_test(row)
            else bindings.filter(test=False)
        )
        alone = (
            ever.values("employer_id").distinct().count() == 1
        )  # numbers are lent again after a time, and then name nobody
        for copy in (
            _copies(row)
            .filter(binding__in=bindings)
            .exclude(number__in=numbers)
            .order_by("requested_at")
        ):
            yield Finding(str(copy.pk), copy.number, alone, "relay_number")


def _is_test(row: Trace) -> bool:
    return (
        row.client_id is not None and ApiClient.objects.filter(pk=row.client_id, test=True).exists()
    )


def _worth_laying_on(row: Trace, likely: Sequence[UUID]) -> list[CleanResume]:
    """Return the clean resumes to compare the leak with: first those that its text points to, then
    the latest.
    """
    candidates = CleanResume.objects.available().filter(copies__in=_copies(row)).distinct()
    first = list(candidates.filter(copies__in=likely)[:RESUMES_AT_MOST])
    others = candidates.exclude(pk__in=[resume.pk for resume in first]).order_by("-used_at")
    return [*first, *others[: max(0, RESUMES_AT_MOST - len(first))]]


def _by_marks(
    pictures: Sequence[Picture], resumes: Sequence[CleanResume], copies: QuerySet[Copy]
) -> tuple[list[Finding], bytes]:
    """Return the findings by marks, the likeliest first, and a picture of the evidence."""
    pages, releases, known = [], [], dict[str, Copy]()
    for resume in resumes:
        try:
            clean = make_copy.stored_pages(resume)
            keys = {
                copy: mark_keys.keys_of(copy.number, copy.mark_key, resume.page_count)
                for copy in copies.filter(resume=resume)
            }
        except ProviderBroken as broken:  # a missing resume or key must not hide the others
            log.warning("resume_not_compared", resume=str(resume.pk), why=str(broken))
            continue
        for number, page in enumerate(clean):
            pages.append(
                tracing.CleanPage(
                    str(resume.pk), number, to_grey(page.pixels), marking_resolution(page)
                )
            )
        for copy, of_copy in keys.items():
            known[copy.number] = copy
            releases.append(tracing.Release(copy.number, str(resume.pk), of_copy))
    told = tracing.trace(pictures, pages, releases)
    findings = [
        Finding(
            str(known[score.release].pk),
            score.release,
            score.is_named,
            "marks",
            round(score.z, 1),
            score.chance,
        )
        for score in told.scores[:10]
    ]
    return findings, _shown(told, releases)


def _shown(told: tracing.Trace, releases: Sequence[tracing.Release]) -> bytes:
    """Return a PNG of the leak beside the clean page if a copy is named."""
    for found in told.pictures:
        best = next((score for score in found.scores if score.is_named), None)
        if best is None or found.page is None:
            continue
        release = next(each for each in releases if each.number == best.release)
        picture = tracing.side_by_side(found, release.keys[found.page.number])
        if picture is not None:
            return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    return b""


def notify_trace_worker(row: Trace) -> None:
    notify_worker("downloads.tasks.look_at_leak", row.pk)
