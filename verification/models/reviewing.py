"""Reviewers' work: rulings that can still be undone, drafts, notes, bulk decisions, and golden
cases.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from employers.models import Member, User
from events.db.guards import JOB_COLUMNS, Guard
from events.jobs.queue import Job, JobQuerySet
from events.models import Proposal, ProposalQuerySet, takes_two_people


class RulingStage(models.TextChoices):
    """The role of the reviewer who ruled. Stored."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    BULK = "bulk"


class RulingOutcome(models.TextChoices):
    """What became of a ruling. Stored."""

    WAITING = ""
    CARRIED_OUT = "carried_out"
    FILED = "filed"
    """Kept for the comparison with the second reviewer, who does not see it."""
    UNDONE = "undone"
    REFUSED = "refused"


class RulingQuerySet(JobQuerySet):
    def open(self) -> RulingQuerySet:
        """Rulings that are neither carried out nor undone yet."""
        return self.filter(finished_at=None)

    def given(self) -> RulingQuerySet:
        """Rulings of reviewers on cases that wait for another reviewer. Their reviewers do not rule
        on the case again.
        """
        return self.filter(outcome=RulingOutcome.FILED)


class Ruling(Job):
    """A reviewer's decision, held for as long as it can be undone.

    The case does not change until the ruling is carried out.
    """

    guard: ClassVar[Guard] = Guard(
        open_while=("finished_at", (None,)),
        working=(*JOB_COLUMNS, "outcome", "refusal"),
        once=("told_at",),
    )

    case = models.ForeignKey("verification.Case", on_delete=models.PROTECT, related_name="rulings")
    attempt_number = models.PositiveIntegerField()
    case_version = models.PositiveIntegerField()
    """The version of the case that the reviewer saw. If the case has changed, the ruling is not
    carried out.
    """
    stage = models.CharField(max_length=8, choices=RulingStage.choices)
    second_review = models.CharField(max_length=8, blank=True, default="")
    """Why the case had two reviewers (`SecondReview`) at that time. Used when their rulings are
    compared.
    """
    verb = models.CharField(max_length=30)
    reasons = models.JSONField(default=list)
    """The codes that the reviewer ticked. The seen and expected values come from the findings when
    the ruling is carried out.
    """
    note = models.TextField(blank=True)
    besides = models.JSONField(default=dict)
    """Further arguments of `operations.review_case`, by name."""
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
    """The reason code for not carrying it out."""
    told_at = models.DateTimeField(null=True, blank=True)
    """When its reviewer was shown the refusal."""
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
    """A reviewer's unsent input on a case."""

    case = models.ForeignKey(
        "verification.Case", on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    reviewer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=30, blank=True)
    reasons = models.JSONField(default=list)
    about = models.JSONField(default=dict)
    """The document kind that each reason is about, for reasons that can be about any."""
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "reviewer"], name="review_draft_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reviewer_id}"


class Presence(models.Model):
    """A member of staff who has a case open."""

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
    """A colleague's request to take over a claimed case, and the answer."""

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
    """The occasion of a note. Stored."""

    HOLD = "hold"
    ESCALATE = "escalate"
    ASSIGN = "assign"
    RETURNED = "returned"


class CaseNote(models.Model):
    """A reviewer's note on a case for colleagues. The employer never sees it."""

    case = models.ForeignKey("verification.Case", on_delete=models.PROTECT, related_name="notes")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """Null if the system wrote it."""
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=NoteKind.choices)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class BulkQuerySet(ProposalQuerySet["Bulk"]):
    def open(self) -> BulkQuerySet:
        """Return the proposals that are neither confirmed nor dropped.

        A version that runs during an upgrade drops one without settling it.
        """
        return super().open().filter(dropped_at=None)


class Bulk(Proposal):
    """One decision for many cases, proposed by one person and confirmed by another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=30)
    reasons = models.JSONField(default=list)
    note = models.TextField(blank=True)
    settled_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("settled by"),
        db_column="confirmed_by_id",
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True, db_column="confirmed_at")
    dropped_at = models.DateTimeField(null=True, blank=True)
    """Empty if it is open or confirmed."""

    objects = BulkQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = (_("bulk decision"), _("bulk decisions"))
        constraints = [
            takes_two_people("bulk_by_two_people", Q(settled_at=None) | Q(dropped_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self) -> bool:
        return super().is_open and self.dropped_at is None


class BulkItem(models.Model):
    """One case of a bulk decision, at the version it had when the decision was proposed."""

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
    """What a golden case tests. Stored."""

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
    """A case with a known right decision, which is mixed in with the others.

    It is a recipe: each reviewer gets a case of their own.
    """

    kind = models.CharField(max_length=10, choices=GoldenKind.choices)
    name = models.CharField(max_length=200)
    """The company's name, for leads. It is erased with the recipe."""
    right_verb = models.CharField(max_length=30)
    right_reasons = models.JSONField(default=list)
    recipe = models.JSONField(default=dict)
    """The data to make a case from (`golden.Recipe`); empty once it is retired."""
    known_to = models.JSONField(default=list)
    """The ids of reviewers who handled the original case and would recognise it."""
    kept_from = models.UUIDField(null=True, unique=True)
    """The case that it was kept from, until it is retired.

    Not a foreign key, so that it does not affect what happens to that case.
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
        """Whether this is the right decision: the right verb, and at least the right reasons."""
        return verb == self.right_verb and set(self.right_reasons) <= set(reasons)


class GoldenTurn(models.Model):
    """The assignment of a golden case to a reviewer, with the case made for it and the reviewer's
    ruling.
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
    """Null until the reviewer has ruled."""
    answered_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    """When it was withdrawn without a ruling."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["golden", "reviewer"], name="golden_turn_once")
        ]
        indexes = [models.Index(fields=["reviewer", "given_at"], name="golden_turn_of")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reviewer_id}"


class SavedReply(models.Model):
    """A reusable note to an employer, with variables (`verification.reviewing.reply_templates`)."""

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


# --- Members on the exclusion list ----------------------------------------------------------------


class MemberReviewQuerySet(models.QuerySet["MemberReview"]):
    def open(self) -> MemberReviewQuerySet:
        return self.filter(decided_at=None)


class MemberReview(models.Model):
    """A review of a recruiter who is on the exclusion list and has joined an approved employer.
    While it is open, the member is held (`Member.held_at`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("recruiter")
    )
    opened_at = models.DateTimeField(_("opened"))
    exclusions = models.ManyToManyField(
        "verification.Exclusion", related_name="+", verbose_name=_("matches")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    let_in = models.BooleanField(_("allowed to download"), null=True, blank=True)
    why = models.TextField(_("why"), blank=True)

    objects = MemberReviewQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recruiter in review"), _("recruiters in review")
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(decided_at=None), name="member_review_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.opened_at:%Y-%m-%d}"
