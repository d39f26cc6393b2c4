"""The models of candidates: their settings, consents, releases, erase orders and reports of misuse.

The gate's statement reads three of the tables, each by an index: the candidate's row with its mode,
the blocked employers, and the consents. `docs/how-it-works/candidates.md` explains why.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from operator import attrgetter
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models.consent_purposes import Method, Purpose
from downloads.models.keeping import GUARDED_DAYS
from employers.models import Employer, Member, User
from events.db.fields import SealedText
from events.db.guards import Guard


class Mode(models.TextChoices):
    """How a candidate wants to be asked."""

    ASK_FIRST = "ask_first", _("asked first")
    TELL_AFTER = "tell_after", _("told after")
    CLOSED = "closed", _("closed")


class CandidateDefault(models.Model):
    """A platform's default for candidates it has not told us about, and the basis for it."""

    client_id = models.UUIDField(_("platform"), primary_key=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    basis = models.CharField(_("basis"), max_length=500)
    declared_at = models.DateTimeField(_("declared"))

    class Meta:
        verbose_name, verbose_name_plural = _("platform default"), _("platform defaults")

    def __str__(self) -> str:
        return f"{self.get_mode_display()} {self.client_id}"


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def of(self, client_id: uuid.UUID) -> Self:
        return self.filter(client_id=client_id)


class Candidate(models.Model):
    """A candidate of one platform, identified by its reference.

    The only personal data is an encrypted email address and mobile number, if we have them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    reference = models.CharField(_("candidate"), max_length=64)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    email_sealed = SealedText(blank=True, purpose=attrgetter("email_purpose"))
    phone_sealed = SealedText(
        blank=True, default="", db_default="", purpose=attrgetter("phone_purpose")
    )
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    link_version = models.PositiveIntegerField(default=1)
    """Links with an earlier version no longer work."""
    told_at = models.DateTimeField(_("recorded"))
    changed_at = models.DateTimeField(_("changed"))
    erased_at = models.DateTimeField(_("contact data erased"), null=True, blank=True)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("candidate"), _("candidates")
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "reference"], name="candidate_reference_once"
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def email_purpose(self) -> str:
        """The encryption purpose of the address, so that one row's cannot be decrypted for another
        row.
        """
        return f"candidate.email.{self.pk}"

    @property
    def phone_purpose(self) -> str:
        """The same of the mobile number."""
        return f"candidate.phone.{self.pk}"


class BlockedEmployer(models.Model):
    """A company that may get nothing of a candidate, whichever of its accounts asks."""

    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="blocked", verbose_name=_("candidate")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    name = models.CharField(_("company name"), max_length=200, blank=True)
    """Shown in the candidate's list; empty if only the code is known."""
    own = models.BooleanField(_("by the candidate"))
    """Blocked on the candidate's own page; later updates from the platform do not remove it."""
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name, verbose_name_plural = _("blocked employer"), _("blocked employers")
        constraints = [
            models.UniqueConstraint(fields=["candidate", "uscc"], name="blocked_employer_once")
        ]

    def __str__(self) -> str:
        return f"{self.uscc} ✗ {self.candidate_id}"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self, now: datetime) -> Self:
        return self.filter(revoked_at=None, until__gt=now)


class Consent(models.Model):
    """A candidate's separate consent (单独同意) that one company receives their resume.

    It has everything that PIPL 23 requires.
    """

    class How(models.TextChoices):
        PAGE = "page", _("on the candidate's own page")
        PLATFORM = "platform", _("recorded by the platform")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="consents", verbose_name=_("candidate")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    receiver = models.CharField(_("receiver"), max_length=200)
    contact = models.CharField(_("receiver's contact"), max_length=254)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    method = models.CharField(
        _("method"), max_length=20, choices=Method.choices, default=Method.MARKED_COPY
    )
    kinds = models.JSONField(_("kinds of data"), default=list)
    how = models.CharField(_("how consent was given"), max_length=10, choices=How.choices)
    evidence = models.CharField(_("platform's evidence"), max_length=200, blank=True)
    given_at = models.DateTimeField(_("given"))
    until = models.DateTimeField(_("until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("consent"), _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "uscc"], condition=Q(revoked_at=None), name="consent_once"
            ),
            models.CheckConstraint(
                condition=Q(how="page") | ~Q(evidence=""), name="consent_of_platform_has_evidence"
            ),
        ]
        indexes = [models.Index(fields=["candidate", "-given_at"], name="consent_candidate")]

    def __str__(self) -> str:
        return self.receiver


class ConsentRequestQuerySet(models.QuerySet["ConsentRequest"]):
    def open(self, now: datetime) -> Self:
        """Return the requests that can still be answered."""
        return self.filter(answered_at=None, expires_at__gt=now)


class ConsentRequest(models.Model):
    """An employer's request for a candidate's consent.

    An employer can ask once, and after a refusal only after a long wait.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="requests", verbose_name=_("candidate")
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    kinds = models.JSONField(_("kinds of data"), default=list)
    job_title = models.CharField(_("job"), max_length=60, blank=True, default="", db_default="")
    asked_at = models.DateTimeField(_("requested on"))
    expires_at = models.DateTimeField(_("ends"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    agreed = models.BooleanField(_("agreed"), null=True, blank=True)
    consent = models.ForeignKey(
        Consent,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("consent"),
    )

    objects = ConsentRequestQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("consent request"), _("consent requests")
        indexes = [
            models.Index(fields=["candidate", "uscc", "-asked_at"], name="consent_request_latest")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, agreed=None)
                | Q(answered_at__isnull=False, agreed__isnull=False),
                name="consent_answered",
            )
        ]

    def __str__(self) -> str:
        return self.uscc


# --- Releases -------------------------------------------------------------------------------------


class ReleaseQuerySet(models.QuerySet["Release"]):
    def about(self, candidate: Candidate) -> Self:
        """Return all releases of this candidate, the latest first.

        They include those before the platform registered the candidate.
        """
        return self.filter(client_id=candidate.client_id, candidate=candidate.reference).order_by(
            "-released_at"
        )


class Release(models.Model):
    """The record of a resume that left: the receiver, the purpose and the data, with the receipt.

    Written when the resume leaves, and never changed. Only the job's title is erased with the
    candidate.
    """

    guard: ClassVar[Guard] = Guard(
        erased=("job_title",), removed_after=("released_at", GUARDED_DAYS)
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision_id = models.UUIDField(_("gate decision"), unique=True)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    candidate = models.CharField(_("candidate"), max_length=64)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    receiver = models.CharField(_("receiver"), max_length=200)
    """The company's name at that time."""
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    method = models.CharField(
        _("method"), max_length=20, choices=Method.choices, default=Method.MARKED_COPY
    )
    kinds = models.JSONField(_("kinds of data"), default=list)
    job_title = models.CharField(_("job"), max_length=60, blank=True, default="", db_default="")
    """Not in the receipt, so that it can be erased."""
    contact = models.CharField(_("receiver's contact"), max_length=254)
    consent = models.ForeignKey(
        Consent,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("consent"),
    )
    released_at = models.DateTimeField(_("left"))
    receipt = models.TextField(_("receipt"), default="", db_default="")
    """The signed text, verbatim (`downloads.candidates.receipts`)."""
    signature = models.CharField(_("signature"), max_length=100, default="", db_default="")
    key_id = models.CharField(_("receipt key"), max_length=16, default="", db_default="")

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("release"), _("releases")
        indexes = [
            models.Index(
                fields=["client_id", "candidate", "-released_at"], name="release_candidate"
            ),
            models.Index(fields=["released_at"], name="release_when"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} → {self.receiver}"


# --- Erasure and reports --------------------------------------------------------------------------


class EraseOrderQuerySet(models.QuerySet["EraseOrder"]):
    def open(self) -> Self:
        """Return the orders that the employer has not answered yet."""
        return self.filter(answered_at=None, withdrawn_at=None)

    def overdue(self, now: datetime) -> Self:
        return self.open().filter(due_at__lte=now)


class EraseOrder(models.Model):
    """An employer's obligation to erase its copies of a candidate's resume by a date, and its
    answer.
    """

    class Answer(models.TextChoices):
        ERASED = "erased", _("erased")
        KEPT = "kept", _("kept for a reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.ForeignKey(
        Candidate,
        on_delete=models.PROTECT,
        related_name="erase_orders",
        verbose_name=_("candidate"),
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    ordered_at = models.DateTimeField(_("ordered"))
    due_at = models.DateTimeField(_("due"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, blank=True)
    why = models.CharField(_("why"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("answered by"),
    )
    """None with an answer: the platform answered for the employer."""
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    """When the employer was reminded after the due date."""

    objects = EraseOrderQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("erase order"), _("erase orders")
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "employer"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="erase_order_open_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="")
                | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="erase_order_answered",
            ),
            models.CheckConstraint(
                condition=~Q(answer="kept") | ~Q(why=""), name="erase_order_kept_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="erase_order_due",
                condition=Q(answered_at=None, withdrawn_at=None),
            ),
            models.Index(fields=["uscc", "ordered_at"], name="erase_order_company"),
        ]

    def __str__(self) -> str:
        return self.uscc


class MisuseReport(models.Model):
    """A candidate's report that a receiver misuses their resume. A person reviews it and records
    the outcome.
    """

    class About(models.TextChoices):
        NOT_HIRING = (
            "not_hiring",
            _("They are not hiring; they are selling or advertising something"),
        )
        PASSED_ON = "passed_on", _("My details were passed on to others")
        MONEY = "money", _("They ask for money or documents")
        MOLESTED = "molested", _("They keep contacting me")
        OTHER = "other", _("Something else")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="reports", verbose_name=_("candidate")
    )
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="reports", verbose_name=_("release")
    )
    about = models.CharField(_("about"), max_length=20, choices=About.choices)
    said = models.TextField(_("candidate's own words"), max_length=1000, blank=True)
    reported_at = models.DateTimeField(_("reported"))
    settled_at = models.DateTimeField(_("reviewed on"), null=True, blank=True)
    settled_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("by"),
    )
    outcome = models.CharField(_("result of the review"), max_length=500, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("misuse report"), _("misuse reports")
        indexes = [
            models.Index(
                fields=["reported_at"], name="misuse_report_open", condition=Q(settled_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="misuse_report_settled_by",
            )
        ]

    def __str__(self) -> str:
        return str(self.get_about_display())
