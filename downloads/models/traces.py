"""Tables of leaks and canaries: traces of leaked copies, planted resumes, calls to their numbers.

Import them from `downloads.models`.
"""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models.relays import RelayCall
from employers.models import Employer, User
from events.jobs.queue import Job, JobQuerySet


class TraceQuerySet(JobQuerySet):
    def of(self, client_id: uuid.UUID) -> Self:
        """Those that this platform asked for itself."""
        return self.filter(client_id=client_id)


class Trace(Job):
    """A leak that somebody found, and which copies it is of.

    The leak itself goes once it has been looked at.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"), null=True, blank=True)
    """Whose copies alone are looked at; None: staff asked, and those of all live platforms are."""
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    asked_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    """None: the platform, by its key."""
    asked_at = models.DateTimeField(_("trace requested"))
    why = models.CharField(_("why"), max_length=500)
    candidate = models.CharField(_("candidate"), max_length=64, blank=True)
    """Where it is known whose resume it is: then all copies of it are looked at, and no others."""
    sha256 = models.CharField(_("SHA-256 of the leaked file"), max_length=64, blank=True)
    leak = models.FileField(max_length=200, blank=True)
    text_sealed = models.TextField(blank=True)
    refused = models.CharField(_("why not"), max_length=40, blank=True)
    """A code of `events.core.reasons` where the leak could not be looked at."""
    resumes = models.PositiveIntegerField(_("resumes compared"), default=0)
    found = models.JSONField(_("found"), default=list)
    """Copies, the likeliest first, with what speaks for each (`leaks.Finding`)."""
    evidence = models.FileField(max_length=200, blank=True)
    """The leak beside the clean page, as a sealed PNG, where a copy was named by its marks."""

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("leak trace"), _("leak traces")
        permissions = [("trace_leak", "Can trace leaks, which is on record")]
        indexes = [
            models.Index(fields=["due_at"], name="trace_due", condition=Q(finished_at=None)),
            models.Index(fields=["client_id", "-asked_at"], name="trace_of_platform"),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.sha256[:8]}"

    @property
    def text_purpose(self) -> str:
        return f"trace.{self.pk}"

    @property
    def named(self) -> list[dict[str, Any]]:
        """The copies that the leak is of; none where it would be a guess."""
        return [each for each in self.found if each["named"]]


class Canary(models.Model):
    """A resume of nobody: whoever calls the relay number on a copy of it has the copy from the
    employer it was made for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's reference, by which it shows the resume as any other."""
    employer = models.ForeignKey(
        Employer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("planted for"),
    )
    """Whom it is shown to; empty: whoever finds it."""
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
    """A call to the number on an employer's copy of a canary, from outside the employer's team.

    A person looks into each.
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
    """For whom the copy was made."""
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
        return f"{self.canary} {self.at:%Y-%m-%d %H:%M}"
