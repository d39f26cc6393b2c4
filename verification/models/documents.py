"""Documents: clean pages of uploads, their readings, and employers' statements on these."""

from __future__ import annotations

import uuid
from operator import attrgetter
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents.photo.flaws import PhotoQuality
from employers.models import Employer, User
from events.db.fields import SealedBytes
from events.jobs.queue import Job, JobQuerySet
from verification.models.cases import Case
from verification.rules.states import State


class DocumentKind(models.TextChoices):
    BUSINESS_LICENCE = "business_licence", _("Business licence")
    AUTHORIZATION_LETTER = "authorization_letter", _("Letter of authorisation")
    HR_SERVICE_LICENCE = "hr_service_licence", _("HR service licence")
    APPROVAL_DOCUMENT = "approval_document", _("Approval document")
    CLIENT_AUTHORIZATION = "client_authorization", _("Client's authorisation")
    APPEAL_EVIDENCE = "appeal_evidence", _("Evidence for an appeal")


class DocumentQuerySet(models.QuerySet["Document"]):
    def current(self) -> DocumentQuerySet:
        """Documents that were neither replaced by a later upload nor removed."""
        return self.filter(superseded_at=None)

    def shown(self) -> DocumentQuerySet:
        """Documents that an employer has submitted, for comparison with others'.

        A picture in a draft counts against no one. Neither does evidence for an appeal, a copy for
        a golden case, or a document of a platform's test.
        """
        unsaid = (State.DRAFT, State.WITHDRAWN)
        stood_by = (
            self.current()
            .exclude(kind=DocumentKind.APPEAL_EVIDENCE)
            .exclude(case__state__in=unsaid)
        )
        return stood_by.filter(case__golden=False, case__test=False)


class Document(models.Model):
    """One uploaded file, kept as clean pages. Of the original, only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="documents", verbose_name=_("case")
    )
    kind = models.CharField(_("kind"), max_length=30, choices=DocumentKind.choices)
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64, db_index=True)
    size = models.PositiveIntegerField(_("size in bytes"))
    media_type = models.CharField(_("media type"), max_length=40)
    editor = models.CharField(_("editing software"), max_length=100, blank=True)
    """The program that the EXIF data names as its maker. Evidence only."""
    scan = models.JSONField(_("virus scan"), default=dict)
    """The virus scanner's report on the original bytes, which are not kept."""
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"))
    superseded_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    erased_as = models.CharField(
        _("erased as"), max_length=30, blank=True, default="", db_default=""
    )
    """The kind of a personal paper (`documents.page.paper_kinds`) that was erased once it was
    recognised. Its pages and its hash are gone.
    """

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("document"), _("documents")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "sha256"],
                condition=Q(superseded_at=None),
                name="document_once_per_case",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def pages_with_flaws(self) -> list[DocumentPage]:
        """Pages whose photograph has a flaw."""
        return [page for page in self.pages.all() if page.judged.flaws]


class CleanPage(models.Model):
    """One page as a clean JPEG: upright, without metadata, encrypted at rest."""

    number = models.PositiveSmallIntegerField()
    image = models.FileField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    quality = models.JSONField(null=True, blank=True)
    """The photograph's quality, measured at upload (`flaws.PhotoQuality`); null if not measured."""

    class Meta:
        abstract = True
        ordering = ["number"]

    @property
    def judged(self) -> PhotoQuality:
        return PhotoQuality.from_json(self.quality)


class DocumentPage(CleanPage):
    """One page of a document."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="pages")

    class Meta(CleanPage.Meta):
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="page_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.document_id} p. {self.number}"


class HeldUpload(Job):
    """An upload by an account whose address is not confirmed yet: the bytes, encrypted and
    unopened. A worker opens them once the address is confirmed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="held_uploads", verbose_name=_("case")
    )
    kind = models.CharField(_("kind"), max_length=30, choices=DocumentKind.choices)
    file = models.FileField(max_length=200, blank=True)
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    media_type = models.CharField(_("media type"), max_length=40)
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"))
    refused = models.CharField(_("refused"), max_length=60, blank=True)
    """The reason why it was not added. The file is gone then, unless the reason is `TOO_LATE`."""
    TOO_LATE: Final = "upload_after_submission"
    """The case no longer took documents. The file is added if the employer may edit it again."""

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "sha256"], name="held_upload_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="held_upload_due", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_opening(self) -> bool:
        """Whether a worker is about to open it and add it, if the case takes it."""
        return bool(self.file) and self.uploaded_by.is_proven


class PageLandmarks(models.Model):
    """A page's landmarks (`documents.similarity.keypoints`), encrypted. Stored so that they are
    computed once and not at every comparison.
    """

    page = models.OneToOneField(
        DocumentPage, on_delete=models.CASCADE, related_name="landmarks", primary_key=True
    )
    sealed = SealedBytes(purpose=attrgetter("purpose"))

    def __str__(self) -> str:
        return f"landmarks of {self.page_id}"

    @property
    def purpose(self) -> str:
        """The purpose of the seal, so that one page's landmarks do not open for another page."""
        return f"page.landmarks {self.page_id}"


class PageBand(models.Model):
    """A part of a page's fingerprint. An index on it finds similar pictures
    (`documents.similarity.perceptual_hash`).
    """

    page = models.ForeignKey(DocumentPage, on_delete=models.CASCADE, related_name="bands")
    view = models.PositiveSmallIntegerField()
    """The crop of the page that the fingerprint covers; 0 is the whole page."""
    band = models.PositiveSmallIntegerField()
    value = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "view", "band"], name="page_band_once")
        ]
        indexes = [models.Index(fields=["band", "value"], name="page_band_value")]

    def __str__(self) -> str:
        return f"{self.page_id} {self.view}.{self.band}"


class DocumentReading(Job):
    """The reading of an uploaded document. A worker makes it before the case is submitted, so that
    the employer can check it.
    """

    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, related_name="reading", primary_key=True
    )
    reading = models.JSONField(null=True, blank=True)
    """The observation of the check `reading`; null until the document has been read."""
    version = models.CharField(max_length=20, blank=True)
    """The version of the check `reading`."""

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="document_reading_due", condition=Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"reading of {self.document_id}"


class Statement(models.Model):
    """An employer's statement on a value that was read from its document: a confirmation or a
    correction.
    """

    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="statements", verbose_name=_("document")
    )
    field = models.CharField(_("field"), max_length=40)
    read = models.CharField(_("we read"), max_length=300)
    said = models.CharField(_("employer says"), max_length=300)
    """Equal to `read` if the employer confirms the value."""
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("statement on a reading"), _("statements on readings")
        constraints = [
            models.UniqueConstraint(fields=["document", "field"], name="statement_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.field}"


class ClientAuthorisation(models.Model):
    """A client's authorisation of an agency to recruit for it (人力资源市场暂行条例 26)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,
        related_name="client_authorisations",
        verbose_name=_("agency"),
    )
    document = models.OneToOneField(
        Document,
        on_delete=models.PROTECT,
        related_name="client_authorisation",
        verbose_name=_("document"),
    )
    client_name = models.CharField(_("client"), max_length=200)
    client_uscc = models.CharField(_("client's code"), max_length=18)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    added_at = models.DateTimeField(_("added"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = (
            _("client's authorisation"),
            _("clients' authorisations"),
        )

    def __str__(self) -> str:
        return f"{self.client_name} · {self.client_uscc}"
