"""What is kept of a verification?

The case, each attempt's checks, the decisions, and what is said against them.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Q
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from employers.models import AccountClass, Employer, User
from employers.permissions import Power
from events.core.actor import Actor
from events.jobs.queue import Job, JobQuerySet
from verification.models.reviewing import GoldenTurn, Ruling
from verification.rules import states, validity
from verification.rules.findings import Finding, Outcome
from verification.rules.states import State

STOPS = ("suspend", "revoke")
"""Decisions by which rights are taken away."""
SENT_BACK = ("reject", "request_changes")
"""Decisions by which an employer is refused, or asked to mend something."""


class RightsNow(models.TextChoices):
    """What the employer of a case that waits for a reviewer holds by another case. Stored."""

    NONE = "none"
    CONDITIONAL = "conditional"
    IN_FORCE = "in_force"


class SecondReview(models.TextChoices):
    """Why two people look at a case. Stored."""

    NONE = ""
    POLICY = "policy"
    SAMPLE = "sample"


class ReviewStage(models.TextChoices):
    """Whose turn it is: the first reviewer's, the second's, or, where those two differ, a third's.

    Stored.
    """

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


QUEUED = Q(state=State.IN_REVIEW) | Q(hearing=True)
"""What waits for a reviewer, as the queue's indexes have it."""


class CaseQuerySet(models.QuerySet["Case"]):
    def real(self) -> CaseQuerySet:
        """Without golden cases and those of platforms' tests: behind them there is no employer."""
        return self.filter(golden=False, test=False)

    def shown_to(self, user_id: str) -> CaseQuerySet:
        """What a member of staff may come upon: a golden case is there for its reviewer, like any
        other, and for nobody else; a platform's test for no one.
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
        """Still in the state `approved`, though their approval has ended."""
        return self.filter(state=State.APPROVED, expires_at__lte=now)

    def beside(self, case: Case) -> CaseQuerySet:
        """The other cases of the same employer."""
        return self.filter(employer=case.employer_id).exclude(pk=case.pk)

    def stopped(self) -> CaseQuerySet:
        """Suspended or revoked."""
        return self.filter(state__in=states.STOPPED)

    def of(self, employer: Employer) -> CaseQuerySet:
        """An employer's cases, the one that counts first: the last approved, else the last
        opened.
        """
        return self.filter(employer=employer).standing()

    def standing(self) -> CaseQuerySet:
        """In the order in which they count for their employer."""
        return self.order_by(models.F("approved_at").desc(nulls_last=True), "-opened_at")

    def counting(self) -> CaseQuerySet:
        """Only the case of each employer that counts."""
        first = (
            type(self)(self.model)
            .filter(employer=models.OuterRef("employer"))
            .standing()
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(first))

    def awaiting_review(self) -> CaseQuerySet:
        """The reviewers' queue, the most urgent first (`verification.rules.urgency`)."""
        return self.queued().order_by("-urgency", "submitted_at", "pk")

    def queued(self) -> CaseQuerySet:
        """Those that wait for a reviewer, in the order in which they come: in review, or stopped
        and heard. No person reviews a test.
        """
        return self.filter(QUEUED, test=False)

    def undecided(self) -> CaseQuerySet:
        """Without those of which a decision is under way."""
        return self.exclude(models.Exists(Ruling.objects.open().filter(case=models.OuterRef("pk"))))

    def not_held(self, now: datetime) -> CaseQuerySet:
        """Without those that a reviewer has set aside until later."""
        return self.filter(Q(held_until=None) | Q(held_until__lte=now))

    def open_to(self, actor: Actor) -> CaseQuerySet:
        """Without what this reviewer may not decide: appeals against their own decisions, what they
        have ruled on, what needs a senior, and what was made for a colleague.
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
        """What anybody who may could take now: claimed by nobody, not set aside, no decision under
        way.
        """
        return self.unclaimed(now).not_held(now).undecided()


def _transition(verb: str) -> Any:
    def move(self: Case) -> None:
        """Only the state changes here; `operations.moving` does the rest."""

    move.__name__ = verb
    for each in states.TRANSITIONS:
        if each.verb == verb:
            move = transition(field="state", source=sorted(each.sources), target=each.target.value)(
                move
            )
    return move


if TYPE_CHECKING:

    class CaseTransitions: ...

else:
    # One django-fsm transition for each verb of the table in `states`, so that the table stands
    # once.
    CaseTransitions = type(
        "CaseTransitions", (), {verb: _transition(verb) for verb in states.VERBS}
    )


class Case(CaseTransitions, ConcurrentTransitionMixin, models.Model):
    """One verification of one employer's declared identity.

    Moved only by `verification.cases.operations`.
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
        _("account class"), max_length=20, choices=AccountClass.choices
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
    """Approved on condition: tier `provisional` until the register confirms."""
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
    """When its reviewer began to look; empty while it is only claimed ahead, to be loaded before it
    is its turn.
    """

    # The place in the reviewers' queue, written by `triage`.
    hearing = models.BooleanField(default=False)
    """It is suspended or revoked, and its employer's appeal waits for an answer (`heard`): its
    place is among those in review.
    """
    review_since = models.DateTimeField(null=True, blank=True)
    review_due = models.DateTimeField(null=True, blank=True)
    harm = models.FloatField(default=1)
    urgency = models.FloatField(default=0.0)
    """By which the queue is ordered, the highest first (`urgency.Place.key`)."""
    rights_now = models.CharField(max_length=12, choices=RightsNow.choices, default=RightsNow.NONE)
    name_key = models.CharField(max_length=64, blank=True, default="")
    """By which look-alikes of the declared name are found (`lookalikes.skeleton`)."""
    second_review = models.CharField(
        max_length=8, choices=SecondReview.choices, blank=True, default=SecondReview.NONE
    )
    review_stage = models.CharField(
        max_length=8, choices=ReviewStage.choices, default=ReviewStage.FIRST
    )

    held_until = models.DateTimeField(null=True, blank=True)
    """Set aside by a reviewer until then: no queue offers it."""
    for_senior = models.BooleanField(default=False)
    assigned_to = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    golden = models.BooleanField(default=False)
    """Its right decision is known, and its employer is none (`GoldenTurn`): it opens no right, and
    is there for one reviewer alone.
    """
    test = models.BooleanField(default=False, db_default=False)
    """Of a platform's test (`Employer.test`): what its checks find stands in its code, and no
    person sees it.
    """

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("case"), _("cases")
        # What staff may do besides deciding, by `employers.permissions`; migration 0006 makes the
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
        return f"{self.declared_name} · {self.state}"

    def told_end(self) -> dict[str, str]:
        """Until when it is approved, as its events say it; nothing where it is not."""
        return (
            {"expires_at": self.expires_at.isoformat()}
            if self.state == State.APPROVED and self.expires_at
            else {}
        )

    def holds_rights(self, now: datetime) -> bool:
        """Whether this case gives its employer rights at `now`."""
        return validity.in_force(self, now)

    def heard(self) -> bool:
        """Whether words of its employer wait for a reviewer's answer."""
        return Appeal.objects.open().filter(case=self).exists()

    def awaits_review(self) -> bool:
        """Whether it waits for a reviewer: to be decided, or, where its rights were taken away, to
        answer an appeal.
        """
        return self.state in states.REVIEWABLE or self.hearing

    def claimed(self, now: datetime) -> bool:
        """Whether a reviewer holds the case at `now`."""
        return self.claimed_until is not None and self.claimed_until > now

    def claimed_by_me(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) == user_id

    def seconds_before(self, user_id: str, now: datetime) -> float | None:
        """How long the reviewer who holds the case has had it before them; None where they do not,
        or only hold it ahead.
        """
        looking = self.claimed_at is not None and self.claimed_by_me(user_id, now)
        return (now - self.claimed_at).total_seconds() if looking and self.claimed_at else None

    def claimed_by_other(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) != user_id


class Attempt(Job):
    """One submission of a case.

    The row is the queue: it waits until its checks are done and a verdict is carried out.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("case")
    )
    number = models.PositiveIntegerField(_("number"))
    submitted_at = models.DateTimeField(_("submitted"))
    waits = models.PositiveIntegerField(_("times waited"), default=0)
    waiting_for = models.CharField(_("waiting for"), max_length=60, blank=True)
    """The reason for which it waits, such as `registry_pending`; empty while it does not."""
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome], blank=True
    )
    rules_version = models.CharField(_("requirements"), max_length=40, blank=True)
    """By which version of what is asked (`rule_pack.Pack`) it was taken in; empty from before that
    was kept.
    """

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("submission"), _("submissions")
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="attempt_number_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="attempt_due", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.number}"


class CaseReason(models.Model):
    """Why a case waits for a reviewer: one row a reason, so that the queue can be asked for
    them.
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


class CheckRun(models.Model):
    """One check of one attempt: what it observed, kept raw, and what was found in that."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="check_runs")
    code = models.CharField(max_length=30)
    round = models.PositiveIntegerField(default=0)
    """How often the attempt had waited before; each round asks anew what may have changed."""
    version = models.CharField(max_length=20)
    observation = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "code", "round"], name="check_once_per_round"
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.code}"

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()

    def as_findings(self) -> list[Finding]:
        return [Finding.from_json(stored) for stored in self.findings]


class DecisionQuerySet(models.QuerySet["Decision"]):
    def stopped_for(self) -> set[str]:
        """The reasons of the suspensions among these: whoever lifted one has looked at them."""
        reasons = self.filter(verb="suspend").values_list("reasons", flat=True)
        return {reason["code"] for each in reasons for reason in each}

    def sent_back(self, employer_id: uuid.UUID) -> DecisionQuerySet:
        """By which an employer was refused, or asked to mend something, in any of its cases."""
        return self.filter(case__employer_id=employer_id, verb__in=SENT_BACK)


class Decision(models.Model):
    """What was decided on an attempt, by whom or by which policy, and the reasons that the employer
    is told.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("case")
    )
    attempt_number = models.PositiveIntegerField(_("attempt"))
    verb = models.CharField(_("decision"), max_length=30)
    reasons = models.JSONField(_("reasons"), default=list)
    """`[{"code", "field", "seen", "expected"}]`, the strictest first."""
    note = models.TextField(_("note"), blank=True)
    """What the reviewer wrote to the employer."""
    decided_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    policy_version = models.CharField(_("policy version"), max_length=40)
    rules_version = models.CharField(_("requirements"), max_length=40, blank=True)
    """By which version of what is asked (`rule_pack.Pack`) it was decided; empty from before that
    was kept.
    """
    decided_at = models.DateTimeField(_("decided"))
    seconds = models.FloatField(null=True, blank=True)
    """How long its reviewer had the case before them; empty where none did."""
    waited = models.FloatField(null=True, blank=True)
    """Working hours from when the case came to the reviewers; empty for a decision that took none
    from their queue.
    """

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("decision"), _("decisions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["decided_at", "verb"], name="decision_when")]

    def __str__(self) -> str:
        return f"{self.verb} {self.case_id}"


def reviewers() -> models.QuerySet[User]:
    """Who can decide on cases."""
    may = Q(codename="change_case", content_type__app_label="verification")
    holding = Permission.objects.filter(may).filter(
        Q(user=models.OuterRef("pk")) | Q(group__user=models.OuterRef("pk"))
    )
    return User.objects.filter(
        Q(is_superuser=True) | Q(models.Exists(holding)), is_active=True, is_staff=True
    )


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> AppealQuerySet:
        """Not answered yet."""
        return self.filter(answered_at=None)

    def against(self, reviewer_id: str) -> AppealQuerySet:
        """Against what this reviewer has decided, who is therefore not the one to hear it.

        That is each refusal of the case; what took its rights away last; or, where a person was
        asked for, whatever sent its employer back in any of its cases, as long as there is a
        reviewer who has not.
        """
        by = Decision.objects.filter(decided_by=uuid.UUID(reviewer_id))
        of_case = Decision.objects.filter(case=models.OuterRef("case"))
        last_stop = of_case.filter(verb__in=STOPS).order_by("-pk").values("pk")[:1]
        sent_back = by.filter(case__employer=models.OuterRef("case__employer"), verb__in=SENT_BACK)
        by_them = Decision.objects.filter(
            decided_by=models.OuterRef("pk"),
            case__employer=models.OuterRef(models.OuterRef("case__employer")),
            verb__in=SENT_BACK,
        )
        others = reviewers().exclude(models.Exists(by_them))
        return self.filter(
            Q(
                models.Exists(by.filter(case=models.OuterRef("case"), verb="reject")),
                verb="appeal",
                case__state=State.IN_REVIEW,
            )
            | Q(
                models.Exists(by.filter(pk=models.Subquery(last_stop))),
                verb="appeal",
                case__state__in=states.STOPPED,
            )
            | Q(models.Exists(sent_back), models.Exists(others), verb="ask_person")
        )


class Appeal(models.Model):
    """An employer's words against a decision, or for a person to look; heard by another reviewer
    than the one who decided.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("case")
    )
    verb = models.CharField(
        _("what is asked"),
        max_length=20,
        choices=[("appeal", _("appeal")), ("ask_person", _("a person"))],
    )
    text = models.TextField(_("what the employer says"))
    documents = models.ManyToManyField(
        "verification.Document", related_name="+", blank=True, verbose_name=_("evidence")
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    """When a reviewer decided on it; empty while it is open."""

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("appeal"), _("appeals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(answered_at=None), name="appeal_one_open_per_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d}"


class ShadowVerdict(models.Model):
    """What another policy would have decided on an attempt.

    It decides nothing (`policy.SHADOW`).
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="shadow_verdicts")
    policy_version = models.CharField(_("policy version"), max_length=40)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome]
    )
    reasons = models.JSONField(_("reasons"), default=list)
    live_outcome = models.CharField(
        _("outcome of the live policy"),
        max_length=10,
        choices=[(o.value, o.value) for o in Outcome],
    )
    round = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("shadow verdict"), _("shadow verdicts")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "round", "policy_version"], name="shadow_once_per_round"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.policy_version}: {self.outcome}"
