"""What is kept of the reviewers' work on a case?

What they ruled and can still undo, what they typed, who else is there.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.jobs.queue import Job, JobQuerySet


class RulingStage(models.TextChoices):
    """As what a reviewer ruled. Stored."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    BULK = "bulk"


class RulingOutcome(models.TextChoices):
    """What became of a ruling. Stored."""

    WAITING = ""
    CARRIED_OUT = "carried_out"
    FILED = "filed"
    """Kept for the second reviewer, who does not see it."""
    UNDONE = "undone"
    REFUSED = "refused"


class RulingQuerySet(JobQuerySet):
    def open(self) -> RulingQuerySet:
        """Made, and neither carried out nor undone yet."""
        return self.filter(finished_at=None)

    def given(self) -> RulingQuerySet:
        """Those that were kept beside a case which still waits: their reviewers do not rule on it
        again.
        """
        return self.filter(outcome=RulingOutcome.FILED)


class Ruling(Job):
    """What a reviewer decided, held for as long as it can be undone.

    The case stays as it is until it is carried out.
    """

    case = models.ForeignKey("verification.Case", on_delete=models.PROTECT, related_name="rulings")
    attempt_number = models.PositiveIntegerField()
    case_version = models.PositiveIntegerField()
    """Of the case that the reviewer looked at: once it has changed, this is carried out no more."""
    stage = models.CharField(max_length=8, choices=RulingStage.choices)
    second_review = models.CharField(max_length=8, blank=True, default="")
    """Why two people looked at the case (`SecondReview`), as it was then: by it they are compared.
    """
    verb = models.CharField(max_length=30)
    reasons = models.JSONField(default=list)
    """The codes that were ticked; what was seen and expected is taken from the findings when it is
    carried out.
    """
    note = models.TextField(blank=True)
    besides = models.JSONField(default=dict)
    """What else `operations.review` was told, by the names of its arguments."""
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField()
    seconds = models.FloatField(null=True, blank=True)
    outcome = models.CharField(
        max_length=12, choices=RulingOutcome.choices, blank=True, default=RulingOutcome.WAITING
    )
    refusal = models.CharField(max_length=60, blank=True)
    """Why it was not carried out: the code of a reason."""
    told_at = models.DateTimeField(null=True, blank=True)
    """When its reviewer was shown that it was refused."""
    bulk = models.ForeignKey(
        "verification.Bulk", null=True, blank=True, on_delete=models.PROTECT, related_name="rulings"
    )

    objects = RulingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(finished_at=None), name="ruling_one_open_per_case"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(finished_at=None), name="ruling_due"),
            models.Index(fields=["by", "made_at"], name="ruling_by"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.attempt_number} {self.stage}"


class ReviewDraft(models.Model):
    """What a reviewer has ticked and written of a case, and not sent."""

    case = models.ForeignKey(
        "verification.Case", on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    reviewer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=30, blank=True)
    reasons = models.JSONField(default=list)
    about = models.JSONField(default=dict)
    """Of which kind of document each reason is said, where it can be said of any."""
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "reviewer"], name="review_draft_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reviewer_id}"


class Presence(models.Model):
    """That a member of staff has a case open before them."""

    case = models.ForeignKey(
        "verification.Case", on_delete=models.CASCADE, related_name="presences", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id}"


class TakeOver(models.Model):
    """That a colleague asked for a case which another holds, and what that one answered."""

    case = models.ForeignKey(
        "verification.Case", on_delete=models.PROTECT, related_name="take_overs"
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    given = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(answered_at=None), name="take_over_one_open_per_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.asked_by_id}"


class NoteKind(models.TextChoices):
    """On which occasion a colleague is told something. Stored."""

    HOLD = "hold"
    ESCALATE = "escalate"
    ASSIGN = "assign"
    RETURNED = "returned"


class CaseNote(models.Model):
    """What is said of a case among reviewers. The employer never reads it."""

    case = models.ForeignKey("verification.Case", on_delete=models.PROTECT, related_name="notes")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """Empty where the machine says it."""
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=NoteKind.choices)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class Bulk(models.Model):
    """One decision for many cases, proposed by one person and confirmed by another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=30)
    reasons = models.JSONField(default=list)
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"))
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = (_("bulk decision"), _("bulk decisions"))
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("proposed_by")), name="bulk_by_two_people"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.pk}"


class BulkItem(models.Model):
    """One case of a bulk decision, as it was when it was proposed."""

    bulk = models.ForeignKey(Bulk, on_delete=models.PROTECT, related_name="items", db_index=False)
    case = models.ForeignKey(
        "verification.Case", on_delete=models.PROTECT, related_name="bulk_items"
    )
    case_version = models.PositiveIntegerField()
    refusal = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "case"], name="bulk_item_once")]

    def __str__(self) -> str:
        return f"{self.bulk_id} {self.case_id}"


class GoldenKind(models.TextChoices):
    """What a golden case asks of a reviewer. Stored."""

    KEPT = "kept", _("from a decided case")
    HONEST = "honest", _("honest")
    NAME = "name", _("another name on the licence")
    FORGED = "forged", _("edited picture")
    REGISTER = "register", _("register mismatch")
    AGENCY = "agency", _("agency without a client")


class GoldenCaseQuerySet(models.QuerySet["GoldenCase"]):
    def in_use(self) -> GoldenCaseQuerySet:
        return self.filter(retired_at=None)


class GoldenCase(models.Model):
    """A case of which the right decision is known, to be put among the others.

    It is a recipe: each reviewer gets a case of their own.
    """

    kind = models.CharField(max_length=10, choices=GoldenKind.choices)
    name = models.CharField(max_length=200)
    """Of the company, for leads; it goes with the recipe."""
    right_verb = models.CharField(max_length=30)
    right_reasons = models.JSONField(default=list)
    recipe = models.JSONField(default=dict)
    """What a case is made of it from (`golden.Recipe`); empty once it is retired."""
    known_to = models.JSONField(default=list)
    """The ids of those who have had the case that it was kept from, and so would know it."""
    kept_from = models.UUIDField(null=True, unique=True)
    """The case that it was kept from, until it is retired.

    No foreign key: that case goes its own way.
    """
    made_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = GoldenCaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], condition=Q(retired_at=None), name="golden_in_use")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.right_verb} {self.pk}"

    def agrees(self, verb: str, reasons: Sequence[str]) -> bool:
        """Whether this is the right decision: its verb, and at least its reasons."""
        return verb == self.right_verb and set(self.right_reasons) <= set(reasons)


class GoldenTurn(models.Model):
    """The assignment of a golden case to a reviewer, with the case that was made for it and the
    reviewer's ruling.
    """

    golden = models.ForeignKey(
        GoldenCase, on_delete=models.PROTECT, related_name="turns", db_index=False
    )
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.OneToOneField(
        "verification.Case", on_delete=models.PROTECT, related_name="golden_turn"
    )
    given_at = models.DateTimeField()
    verb = models.CharField(max_length=30, blank=True)
    reasons = models.JSONField(default=list)
    right = models.BooleanField(null=True, blank=True)
    """Empty until they have ruled."""
    answered_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    """When it was withdrawn undecided."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["golden", "reviewer"], name="golden_turn_once")
        ]
        indexes = [models.Index(fields=["reviewer", "given_at"], name="golden_turn_of")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reviewer_id}"


class SavedReply(models.Model):
    """A note to an employer that is written once, with variables, and sent often
    (`verification.reviewing.reply_templates`).
    """

    code = models.CharField(_("short name"), max_length=40, unique=True)
    verb = models.CharField(_("decision"), max_length=30)
    title_zh = models.CharField(_("title in Chinese"), max_length=100)
    title_en = models.CharField(_("title in English"), max_length=100)
    text_zh = models.TextField()
    text_en = models.TextField()
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("saved reply"), _("saved replies")

    def __str__(self) -> str:
        return self.code
