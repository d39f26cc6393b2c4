"""Photos of licences by accounts that have no company yet: registration begins with them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.jobs.queue import Job, JobQuerySet
from verification.models.documents import CleanPage


class LicencePhoto(Job):
    """The photo from which an account registers its company. A worker reads it. Once the company is
    registered, its pages and its reading become the case's document, and this row is deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    media_type = models.CharField(_("media type"), max_length=40)
    editor = models.CharField(_("editing software"), max_length=100, blank=True)
    scan = models.JSONField(_("virus scan"), default=dict)
    uploaded_at = models.DateTimeField(_("uploaded"))
    reading = models.JSONField(null=True, blank=True)
    """The observation of the check `reading`; null until the photo has been read."""
    version = models.CharField(max_length=20, blank=True)
    """The version of the check `reading`."""
    refused = models.CharField(_("refused"), max_length=60, blank=True)
    """The reason why it was not kept. Its pages are gone then."""

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="licence_photo_due", condition=models.Q(finished_at=None)
            ),
            models.Index(fields=["uploaded_at"], name="licence_photo_age"),
        ]

    def __str__(self) -> str:
        return f"licence photo {self.pk}"

    @property
    def pages_with_flaws(self) -> list[LicencePhotoPage]:
        """Pages whose photograph has a flaw."""
        return [page for page in self.pages.all() if page.judged.flaws]


class LicencePhotoPage(CleanPage):
    """One page of a photo."""

    photo = models.ForeignKey(LicencePhoto, on_delete=models.CASCADE, related_name="pages")

    class Meta(CleanPage.Meta):
        constraints = [
            models.UniqueConstraint(fields=["photo", "number"], name="licence_photo_page_once")
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} p. {self.number}"
