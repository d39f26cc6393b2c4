"""Cases: their states and transitions, and queries for them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from employers.models import AccountClass, Employer, User
from employers.permissions import Power
from events.core.actor import Actor, Role
from verification.models.appeals import Appeal
from verification.models.reviewing import GoldenTurn, Ruling
from verification.rules import states, validity
from verification.rules.states import EDITABLE, EMPLOYER, IN_PROGRESS, STOPPED, State


class RightsNow(models.TextChoices):
    """The rights that the employer has from another case while this one waits. Stored."""

    NONE = "none"
    CONDITIONAL = "conditional"
    IN_FORCE = "in_force"


class SecondReview(models.TextChoices):
    """Why a case needs two reviewers. Stored."""

    NONE = ""
    POLICY = "policy"
    SAMPLE = "sample"


class ReviewStage(models.TextChoices):
    """Which reviewer decides next: the first, the second, or a third if the first two disagree.

    Stored.
    """

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


QUEUED = Q(state=State.IN_REVIEW) | Q(hearing=True)
"""The cases in the reviewers' queue. The queue's indexes use this condition."""


class CaseQuerySet(models.QuerySet["Case"]):
    def real(self) -> CaseQuerySet:
        """Cases of real employers: no golden cases, no platforms' tests."""
        return self.filter(golden=False, test=False)

    def shown_to(self, user_id: str) -> CaseQuerySet:
        """The cases that a member of staff may see. A golden case is shown only to its reviewer; a
        platform's test to no one.
        """
        theirs = GoldenTurn.objects.filter(
            case=models.OuterRef("pk"), reviewer=uuid.UUID(user_id), lapsed_at=None
        )
        return self.filter(Q(golden=False) | Q(models.Exists(theirs)), test=False)

    def open(self) -> CaseQuerySet:
        return self.filter(state__in=states.OPEN)

    def in_force(self, now: datetime) -> CaseQuerySet:
        """The cases that give their employer rights at `now`."""
        return self.filter(**validity.in_force_lookups(now))

    def past_end(self, now: datetime) -> CaseQuerySet:
        """Cases that are still in the state `approved` although their approval has ended."""
        return self.filter(state=State.APPROVED, expires_at__lte=now)

    def beside(self, case: Case) -> CaseQuerySet:
        """The other cases of the same employer."""
        return self.filter(employer=case.employer_id).exclude(pk=case.pk)

    def stopped(self) -> CaseQuerySet:
        """Suspended or revoked cases."""
        return self.filter(state__in=states.STOPPED)

    def is_stopped(self, employer_id: uuid.UUID) -> bool:
        """Return whether the employer's current case is suspended or revoked."""
        current = self.filter(employer=employer_id).latest_approved_first().first()
        return current is not None and current.state in states.STOPPED

    def of(self, employer: Employer) -> CaseQuerySet:
        """An employer's cases, the current one first: the last approved, else the last opened."""
        return self.filter(employer=employer).latest_approved_first()

    def latest_approved_first(self) -> CaseQuerySet:
        """Order an employer's cases by approval, then by opening, the latest first.

        The first is the employer's current case.
        """
        return self.order_by(models.F("approved_at").desc(nulls_last=True), "-opened_at")

    def counting(self) -> CaseQuerySet:
        """Only the current case of each employer."""
        first = (
            type(self)(self.model)
            .filter(employer=models.OuterRef("employer"))
            .latest_approved_first()
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(first))

    def awaiting_review(self) -> CaseQuerySet:
        """The reviewers' queue, the most urgent case first (`verification.rules.urgency`)."""
        return self.queued().order_by("-urgency", "submitted_at", "pk")

    def queued(self) -> CaseQuerySet:
        """Cases that wait for a reviewer, unordered: in review, or stopped with an open appeal.

        Without tests, which no person reviews.
        """
        return self.filter(QUEUED, test=False)

    def undecided(self) -> CaseQuerySet:
        """Without cases that have an open ruling."""
        return self.exclude(models.Exists(Ruling.objects.open().filter(case=models.OuterRef("pk"))))

    def not_postponed(self, now: datetime) -> CaseQuerySet:
        """Without cases that a reviewer has postponed."""
        return self.filter(Q(held_until=None) | Q(held_until__lte=now))

    def open_to(self, actor: Actor) -> CaseQuerySet:
        """Without cases that this reviewer may not decide: appeals against their own decisions,
        cases that they have ruled on, cases for a senior, and colleagues' golden cases.
        """
        against = Appeal.objects.open().against(actor.id).filter(case=models.OuterRef("pk"))
        ruled = Ruling.objects.given().filter(
            case=models.OuterRef("pk"),
            made_at__gte=models.OuterRef("review_since"),
            by=uuid.UUID(actor.id),
        )
        open_to = (
            self.shown_to(actor.id).exclude(models.Exists(against)).exclude(models.Exists(ruled))
        )
        if actor.can(Power.SECOND_REVIEW):
            return open_to
        return open_to.filter(for_senior=False, review_stage=ReviewStage.FIRST)

    def unclaimed(self, now: datetime) -> CaseQuerySet:
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))

    def free(self, now: datetime) -> CaseQuerySet:
        """Cases that can be claimed now: not claimed, not postponed, without an open ruling."""
        return self.unclaimed(now).not_postponed(now).undecided()


def permitted_to(*roles: Role) -> Callable[[object, Any], bool]:
    """Return a transition's permission: the actor, whom django-fsm calls the user, has one of
    `roles`.
    """

    def has_role(case: object, actor: Actor) -> bool:
        return actor.role in roles

    return has_role


by_employer, by_reviewer, by_system = (
    permitted_to(*EMPLOYER),
    permitted_to(Role.REVIEWER),
    permitted_to(Role.SYSTEM),
)


class Case(ConcurrentTransitionMixin, models.Model):
    """One verification of one employer's declared identity.

    Transitions change only the state. Call them only through
    `verification.cases.operations.moving_case`, which locks, guards, saves and records an event.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="cases", verbose_name=_("employer")
    )
    state = FSMField(
        _("state"),
        default=State.DRAFT,
        choices=[(s.value, s.value) for s in State],
        protected=True,
        db_index=True,
    )
    attempt_number = models.PositiveIntegerField(_("attempt"), default=1)
    version = models.PositiveIntegerField(_("version"), default=0)

    declared_name = models.CharField(_("company name"), max_length=200)
    declared_uscc = models.CharField(_("unified social credit code"), max_length=18)
    declared_legal_representative = models.CharField(
        _("legal representative"), max_length=100, blank=True
    )
    account_class = models.CharField(
        _("type of employer"), max_length=20, choices=AccountClass.choices
    )

    opened_at = models.DateTimeField(_("opened"))
    submitted_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    conditional = models.BooleanField(_("on condition"), default=False)
    """Approved on condition: the tier is `provisional` until the register confirms the company."""
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)

    claimed_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("claimed by"),
    )
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    """When the reviewer who holds the claim began their review."""

    # The position in the reviewers' queue, written by `queue_placement`.
    hearing = models.BooleanField(default=False)
    """It is suspended or revoked and its employer's appeal is open (`heard`), so it is in the
    queue.
    """
    review_since = models.DateTimeField(null=True, blank=True)
    review_due = models.DateTimeField(null=True, blank=True)
    harm = models.FloatField(default=1)
    urgency = models.FloatField(default=0.0)
    """The queue's sort key, the highest first (`urgency.QueuePosition.key`)."""
    rights_now = models.CharField(max_length=12, choices=RightsNow.choices, default=RightsNow.NONE)
    name_key = models.CharField(max_length=64, blank=True, default="")
    """The key for finding look-alikes of the declared name (`lookalikes.name_skeleton`)."""
    second_review = models.CharField(
        max_length=8, choices=SecondReview.choices, blank=True, default=SecondReview.NONE
    )
    review_stage = models.CharField(
        max_length=8, choices=ReviewStage.choices, default=ReviewStage.FIRST
    )

    held_until = models.DateTimeField(null=True, blank=True)
    """A reviewer has postponed it until then. No queue offers it before."""
    for_senior = models.BooleanField(default=False)
    assigned_to = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    golden = models.BooleanField(default=False)
    """A case with a known decision and no real employer (`GoldenTurn`). It gives no rights, and
    only one reviewer sees it.
    """
    test = models.BooleanField(default=False, db_default=False)
    """A case of a platform's test (`Employer.test`). Its company code determines what the checks
    find, and no person sees it.
    """

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("case"), _("cases")
        # Staff permissions besides deciding (`employers.permissions`). Migration 0006 creates the
        # groups that hold them.
        permissions = [
            ("second_review_case", "Can give the second review of a case"),
            ("bulk_decide_case", "Can decide many cases at once"),
            ("unmask_case", "Can see what is masked of a case"),
            ("assign_case", "Can assign cases to colleagues"),
            ("view_quality", "Can see how well cases are decided"),
            ("audit_case", "Can audit, which is on record"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["employer"],
                condition=Q(state__in=sorted(states.OPEN)),
                name="case_one_open_per_employer",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(states.EVER_APPROVED))
                | Q(approved_at__isnull=False, expires_at__isnull=False),
                name="case_approved_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="case_claim_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="case_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["employer", "-approved_at", "-opened_at"], name="case_that_counts"
            ),
            models.Index(
                fields=["-urgency", "submitted_at", "id"], condition=QUEUED, name="case_queue"
            ),
            models.Index(
                Substr("declared_uscc", 3, 2),
                models.F("urgency").desc(),
                "submitted_at",
                "id",
                condition=QUEUED,
                name="case_queue_province",
            ),
            models.Index(
                fields=["account_class", "-urgency", "submitted_at", "id"],
                condition=QUEUED,
                name="case_queue_class",
            ),
            models.Index(
                fields=["claimed_until"],
                condition=Q(claimed_until__isnull=False),
                name="case_claim_ends",
            ),
            models.Index(
                fields=["assigned_to"], condition=Q(assigned_to__isnull=False), name="case_assigned"
            ),
            models.Index(fields=["declared_uscc"], name="case_uscc"),
            models.Index(
                fields=["declared_legal_representative"],
                condition=~Q(declared_legal_representative=""),
                name="case_representative",
            ),
            models.Index(fields=["name_key"], condition=~Q(name_key=""), name="case_name_key"),
            models.Index(fields=["id"], condition=Q(golden=True), name="case_golden"),
        ]

    def __str__(self) -> str:
        return self.declared_name

    @transition(field=state, source=[*EDITABLE], target=State.SUBMITTED, permission=by_employer)
    def submit(self) -> None:
        """The employer submits the case."""

    @transition(
        field=state,
        source=[*EDITABLE, *IN_PROGRESS],
        target=State.WITHDRAWN,
        permission=by_employer,
    )
    def withdraw(self) -> None:
        """The employer withdraws the case."""

    @transition(field=state, source=State.SUBMITTED, target=State.CHECKING, permission=by_system)
    def start_checks(self) -> None:
        """A worker starts the checks of an attempt."""

    @transition(field=state, source=State.CHECKING, target=State.APPROVED, permission=by_system)
    @transition(field=state, source=State.IN_REVIEW, target=State.APPROVED, permission=by_reviewer)
    def approve(self) -> None:
        """The policy or a reviewer approves the employer."""

    @transition(field=state, source=State.CHECKING, target=State.IN_REVIEW, permission=by_system)
    def hold_for_review(self) -> None:
        """The policy leaves the decision to a reviewer."""

    @transition(field=state, source=State.CHECKING, target=State.REJECTED, permission=by_system)
    @transition(field=state, source=State.IN_REVIEW, target=State.REJECTED, permission=by_reviewer)
    def reject(self) -> None:
        """The policy or a reviewer rejects the employer."""

    @transition(
        field=state, source=State.IN_REVIEW, target=State.CHANGES_REQUESTED, permission=by_reviewer
    )
    def request_changes(self) -> None:
        """A reviewer asks the employer to correct something."""

    @transition(
        field=state,
        source=[State.CHANGES_REQUESTED, State.REJECTED],
        target=State.IN_REVIEW,
        permission=by_reviewer,
    )
    def reopen(self) -> None:
        """A senior reviewer takes back a decision that the employer knows of."""

    @transition(field=state, source=State.REJECTED, target=State.IN_REVIEW, permission=by_employer)
    @transition(field=state, source=[*STOPPED], target=None, permission=by_employer)
    def appeal(self) -> None:
        """The employer appeals. Rights that were taken away stay so until a reviewer answers."""

    @transition(field=state, source=[*EDITABLE], target=State.IN_REVIEW, permission=by_employer)
    def ask_person(self) -> None:
        """The employer asks for a person to review the case."""

    @transition(
        field=state,
        source=State.APPROVED,
        target=State.SUSPENDED,
        permission=permitted_to(Role.SYSTEM, Role.REVIEWER),
    )
    def suspend(self) -> None:
        """The employer's rights are suspended."""

    @transition(field=state, source=[*STOPPED], target=State.APPROVED, permission=by_reviewer)
    def reinstate(self) -> None:
        """A reviewer restores rights that were taken away."""

    @transition(field=state, source=[*STOPPED], target=None, permission=by_reviewer)
    def uphold(self) -> None:
        """A reviewer denies an appeal: the rights are not restored."""

    @transition(field=state, source=State.SUSPENDED, target=State.REVOKED, permission=by_reviewer)
    def revoke(self) -> None:
        """A reviewer ends a suspended approval permanently."""

    @transition(field=state, source=State.APPROVED, target=State.EXPIRED, permission=by_system)
    def expire(self) -> None:
        """The approval has ended: its time is over, or a newer one replaces it."""

    def told_end(self) -> dict[str, str]:
        """The end of its approval, as its events state it; empty if it is not approved."""
        return (
            {"expires_at": self.expires_at.isoformat()}
            if self.state == State.APPROVED and self.expires_at
            else {}
        )

    def is_in_force(self, now: datetime) -> bool:
        """Whether this case gives its employer rights at `now`."""
        return validity.in_force(self, now)

    def heard(self) -> bool:
        """Whether an appeal or a request of its employer is open."""
        return Appeal.objects.open().filter(case=self).exists()

    def awaits_review(self) -> bool:
        """Whether it waits for a reviewer: for a decision, or, if its rights were taken away, for
        an answer to an appeal.
        """
        return self.state in states.REVIEWABLE or self.hearing

    def claimed(self, now: datetime) -> bool:
        """Whether a reviewer has claimed the case at `now`."""
        return self.claimed_until is not None and self.claimed_until > now

    def claimed_by_me(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) == user_id

    def seconds_before(self, user_id: str, now: datetime) -> float | None:
        """Seconds since this reviewer claimed the case; None if they do not hold the claim."""
        looking = self.claimed_at is not None and self.claimed_by_me(user_id, now)
        return (now - self.claimed_at).total_seconds() if looking and self.claimed_at else None

    def claimed_by_other(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) != user_id


class CaseReason(models.Model):
    """One reason why a case waits for a reviewer. Stored as rows so that the queue can be filtered
    by reason.
    """

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="review_reasons", db_index=False
    )
    code = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "code"], name="case_reason_once")]
        indexes = [models.Index(fields=["code", "case"], name="case_reason_code")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.code}"
