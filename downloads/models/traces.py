"""The models of leaks and canaries: traces of leaked copies, canary resumes, calls to their
numbers.

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
from downloads.models.relays import RelayCall
from employers.models import Employer, User
from events.db.fields import SealedText
from events.db.guards import JOB_COLUMNS, Guard
from events.jobs.queue import Job, JobQuerySet


class TraceQuerySet(JobQuerySet):
    def of(self, client_id: uuid.UUID) -> Self:
        """Return the traces that this platform requested."""
        return self.filter(client_id=client_id)


class Trace(Job):
    """A leak, and the copies that it comes from.

    The leak itself is erased after the trace.
    """

    guard: ClassVar[Guard] = Guard(
        open_while=("finished_at", (None,)),
        working=(*JOB_COLUMNS, "refused", "resumes", "found", "evidence"),
        erased=("leak", "text_sealed", "evidence"),
        resealed=("text_sealed",),
        removed_after=("asked_at", GUARDED_DAYS),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"), null=True, blank=True)
    """The platform whose copies are compared. None: staff asked, and the copies of all live
    platforms are.
    """
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    asked_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    """None if the platform asked with its key."""
    asked_at = models.DateTimeField(_("trace requested"))
    why = models.CharField(_("why"), max_length=500)
    candidate = models.CharField(_("candidate"), max_length=64, blank=True)
    """The candidate, if known; then all copies of their resume are compared, and no others."""
    sha256 = models.CharField(_("SHA-256 of the leaked file"), max_length=64, blank=True)
    leak = models.FileField(max_length=200, blank=True)
    text_sealed = SealedText(blank=True, purpose=attrgetter("text_purpose"))
    refused = models.CharField(_("why not"), max_length=40, blank=True)
    """A code of `events.core.reasons` if the trace failed."""
    resumes = models.PositiveIntegerField(_("resumes compared"), default=0)
    found = models.JSONField(_("found"), default=list)
    """Copies, the likeliest first, with the evidence for each (`leaks.Finding`)."""
    evidence = models.FileField(max_length=200, blank=True)
    """A picture of the leak beside the clean page, as an encrypted PNG, if the marks name a
    copy.
    """

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("leak trace"), _("leak traces")
        permissions = [("trace_leak", "Can trace leaks, which is on record")]
        indexes = [
            models.Index(fields=["due_at"], name="trace_due", condition=Q(finished_at=None)),
            models.Index(fields=["client_id", "-asked_at"], name="trace_of_platform"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def text_purpose(self) -> str:
        return f"trace.{self.pk}"

    @property
    def named(self) -> list[dict[str, Any]]:
        """The copies that the leak comes from; none if it would be a guess."""
        return [each for each in self.found if each["named"]]


class Canary(models.Model):
    """A fictitious resume: a stranger who calls the relay number on a copy must have got the copy
    from the employer that it was made for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's reference; the platform shows the resume like any other."""
    employer = models.ForeignKey(
        Employer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("planted for"),
    )
    """The employer that the resume is shown to; empty for all."""
    why = models.CharField(_("why"), max_length=500)
    planted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("planted by")
    )
    planted_at = models.DateTimeField(_("planted"))

    class Meta:
        verbose_name, verbose_name_plural = _("canary"), _("canaries")
        constraints = [
            models.UniqueConstraint(fields=["client_id", "candidate"], name="canary_once")
        ]

    def __str__(self) -> str:
        return self.candidate


class CanaryRing(models.Model):
    """A call from outside an employer's team to the number on its copy of a canary.

    A person reviews each.
    """

    canary = models.ForeignKey(
        Canary, on_delete=models.PROTECT, related_name="rings", verbose_name=_("canary")
    )
    call = models.OneToOneField(
        RelayCall, on_delete=models.PROTECT, related_name="+", verbose_name=_("call")
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    """The employer that the copy was made for."""
    at = models.DateTimeField(_("when"))
    answered_at = models.DateTimeField(_("action taken"), null=True, blank=True)
    restricted = models.BooleanField(_("employer restricted"), default=False)
    looked_at = models.DateTimeField(_("reviewed on"), null=True, blank=True)
    looked_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("by"),
    )
    outcome = models.CharField(_("result of the review"), max_length=500, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("canary call"), _("canary calls")
        indexes = [
            models.Index(fields=["at"], name="canary_ring_new", condition=Q(answered_at=None)),
            models.Index(fields=["employer", "-at"], name="canary_ring_employer"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
