"""The models of copies: clean resumes, copies, and links to them. A copy's row is also its queue
entry.

Import them from `downloads.models`.
"""

from __future__ import annotations

import uuid
from operator import attrgetter
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models.keeping import GUARDED_DAYS
from downloads.models.relays import RelayBinding
from employers.models import Employer, Member
from events.db.fields import SealedText
from events.db.guards import JOB_COLUMNS, Guard
from events.jobs.queue import Job, JobQuerySet


class CleanResumeQuerySet(models.QuerySet["CleanResume"]):
    def of(self, client_id: uuid.UUID) -> Self:
        return self.filter(client_id=client_id)

    def available(self) -> Self:
        """Return the resumes whose pages are still stored."""
        return self.exclude(pages="")


class CleanResume(models.Model):
    """A resume of one platform before marking: redacted pages, encrypted.

    All copies of a file are made from it. It is kept longer than the copies, because leaks are
    compared with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's own reference to the candidate; no personal data."""
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64)
    made_by = models.CharField(_("made by"), max_length=80)
    """The version of the code that opens, reads and redacts; another version may give other
    pages.
    """
    pages = models.FileField(max_length=200, blank=True)
    """`clean_pages.pack_pages`, encrypted; "" once erased."""
    page_count = models.PositiveSmallIntegerField(_("pages"))
    removed = models.JSONField(_("redacted"), default=list)
    """The kind, page and mask of each removed item."""
    made_at = models.DateTimeField(_("made"))
    used_at = models.DateTimeField(_("last copied"))

    objects = CleanResumeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("clean resume"), _("clean resumes")
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "candidate", "sha256", "made_by"],
                condition=~Q(pages=""),
                name="clean_resume_once",
            )
        ]
        indexes = [models.Index(fields=["client_id", "-used_at"], name="clean_resume_lately")]

    def __str__(self) -> str:
        return f"{self.candidate} {self.sha256[:8]}"


class CopyState(models.TextChoices):
    """The state of a release."""

    PREPARING = "preparing", _("in preparation")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    CLOSED = "closed", _("no longer available")


class CopyQuerySet(JobQuerySet):
    def of(self, client_id: uuid.UUID) -> Self:
        return self.filter(client_id=client_id)

    def waiting(self) -> Self:
        return self.filter(state=CopyState.PREPARING)

    def made(self) -> Self:
        """Return the copies that were made, and so may have left."""
        return self.filter(state__in=(CopyState.READY, CopyState.CLOSED))


class Copy(Job):
    """One release: the copy of a resume for one member of one employer, allowed by one gate
    decision.
    """

    guard: ClassVar[Guard] = Guard(
        open_while=("state", (CopyState.PREPARING, CopyState.FAILED)),
        working=(
            *JOB_COLUMNS,
            "state",
            "why",
            "binding",
            "sha256",
            "given_sealed",
            "job_title",
            "original",
            "original_reference",
            "resume",
            "mark_key",
            "pdf",
            "pdf_bytes",
            "requested_at",
            "ready_at",
            "links_until",
        ),
        once=("opened_at",),
        erased=("pdf", "job_title"),
        resealed=("given_sealed",),
        steps={"state": (CopyState.READY, CopyState.CLOSED)},
        removed_after=("requested_at", GUARDED_DAYS),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    """Printed on every page of the copy."""
    decision_id = models.UUIDField(_("gate decision"), unique=True)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    receiver = models.CharField(_("receiver"), max_length=200)
    """The company's name as printed on the copy."""
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    candidate = models.CharField(_("candidate"), max_length=64)
    job_title = models.CharField(_("job"), max_length=60, blank=True, default="", db_default="")
    """What the recruiter hires for, as the platform names it."""
    binding = models.ForeignKey(
        RelayBinding,
        on_delete=models.PROTECT,
        related_name="copies",
        verbose_name=_("relay number"),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=CopyState.choices, default=CopyState.PREPARING
    )
    why = models.CharField(_("why not"), max_length=40, blank=True)
    """Set only with a failure: a code of `events.core.reasons`."""
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64, blank=True)
    """"" until a resume given by reference has been fetched."""
    given_sealed = SealedText(blank=True, purpose=attrgetter("given_purpose"))
    """The contacts that the platform gave, encrypted, to check that none is left in the copy;
    erased after the check.
    """
    original = models.FileField(max_length=200, blank=True)
    """The original file, encrypted; erased once its clean pages are stored."""
    original_reference = models.CharField(
        _("platform's file reference"), max_length=200, blank=True
    )
    resume = models.ForeignKey(
        CleanResume,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="copies",
        verbose_name=_("clean resume"),
    )
    mark_key = models.CharField(max_length=8, blank=True)
    """The name of the service key from which the secrets of its marks are derived (`mark_keys`)."""
    pdf = models.FileField(max_length=200, blank=True)
    """The copy, encrypted, while links to it can be made."""
    pdf_bytes = models.PositiveIntegerField(_("bytes"), default=0)
    requested_at = models.DateTimeField(_("asked for"))
    ready_at = models.DateTimeField(_("made"), null=True, blank=True)
    links_until = models.DateTimeField(_("available until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("first opened"), null=True, blank=True)
    """When the file left for the first time."""

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("resume copy"), _("resume copies")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=CopyState.FAILED) & ~Q(why="")
                | ~Q(state=CopyState.FAILED) & Q(why=""),
                name="copy_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=CopyState.READY)
                | ~Q(pdf="")
                & Q(ready_at__isnull=False, links_until__isnull=False, resume__isnull=False),
                name="copy_ready_has_file",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="copy_due", condition=Q(finished_at=None)),
            models.Index(fields=["client_id", "-requested_at"], name="copy_of_platform"),
            models.Index(
                fields=["links_until"], name="copy_handed_out", condition=Q(state="ready")
            ),
            models.Index(fields=["requested_at"], name="copy_when"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def given_purpose(self) -> str:
        """The encryption purpose of the contacts, so that one row's cannot be decrypted for another
        row.
        """
        return f"copy.given.{self.pk}"

    @property
    def removed(self) -> list[dict[str, Any]]:
        return list(self.resume.removed) if self.resume else []


class CopyLink(models.Model):
    """A link that opens a copy once, within a minute."""

    guard: ClassVar[Guard] = Guard(
        open_while=("used_at", (None,)),
        working=("used_at", "why"),
        removed_after=("made_at", GUARDED_DAYS),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    of = models.ForeignKey(
        Copy, on_delete=models.CASCADE, related_name="links", verbose_name=_("resume copy")
    )
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("ends"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    why = models.CharField(_("why not"), max_length=40, blank=True)
    """Empty once it is used: the file left."""

    class Meta:
        verbose_name, verbose_name_plural = _("copy link"), _("copy links")

    def __str__(self) -> str:
        return f"{self.of_id} {self.made_at:%Y-%m-%d %H:%M:%S}"
