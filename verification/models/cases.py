"""What is kept of a verification? The case, each attempt's checks, the decisions, and what is said against them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from employers.models import AccountClass, Employer, User
from events.queue import Job, JobQuerySet
from verification import states
from verification.findings import Finding, Outcome
from verification.states import State

STOPS = ("suspend", "revoke")
"""Decisions by which rights are taken away."""
SENT_BACK = ("reject", "request_changes")
"""Decisions by which an employer is refused, or asked to mend something."""


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.filter(state__in=states.OPEN)

    def in_force(self, now: datetime) -> CaseQuerySet:
        """Approved, and not past its time: the employer holds rights by it."""
        return self.filter(state=State.APPROVED, expires_at__gt=now)

    def beside(self, case: Case) -> CaseQuerySet:
        """The other cases of the same employer."""
        return self.filter(employer=case.employer_id).exclude(pk=case.pk)

    def stopped(self) -> CaseQuerySet:
        """Suspended or revoked."""
        return self.filter(state__in=states.STOPPED)

    def of(self, employer: Employer) -> CaseQuerySet:
        """An employer's cases, the one that counts first: the last approved, else the last opened."""
        return self.filter(employer=employer).order_by(models.F("approved_at").desc(nulls_last=True), "-opened_at")

    def awaiting_review(self) -> CaseQuerySet:
        """The reviewers' queue, longest waiting first: cases in review, and appeals of those whose rights were taken away."""
        heard = Appeal.objects.open().filter(case=models.OuterRef("pk"))
        waiting = self.filter(Q(state__in=states.REVIEWABLE) | Q(models.Exists(heard), state__in=states.STOPPED))
        return waiting.waiting_since().order_by(models.F("waits_since"))

    def waiting_since(self) -> CaseQuerySet:
        """Each with `waits_since`: when its employer last handed it to us, by an appeal or as a case."""
        heard = Appeal.objects.open().filter(case=models.OuterRef("pk")).values("at")[:1]
        return self.annotate(appeal_at=models.Subquery(heard), waits_since=Coalesce("appeal_at", "submitted_at"))

    def open_to(self, reviewer_id: str) -> CaseQuerySet:
        """Without appeals that are against this reviewer's own decision."""
        mine = Appeal.objects.open().against(reviewer_id).filter(case=models.OuterRef("pk"))
        return self.exclude(models.Exists(mine))

    def unclaimed(self, now: datetime) -> CaseQuerySet:
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))


def _transition(verb: str) -> Any:
    def move(self: Case) -> None:
        """Only the state changes here; `operations.moving` does the rest."""

    move.__name__ = verb
    for each in states.TRANSITIONS:
        if each.verb == verb:
            move = transition(field="state", source=sorted(each.sources), target=each.target.value)(move)
    return move


if TYPE_CHECKING:

    class CaseTransitions: ...

else:
    # One django-fsm transition for each verb of the table in `states`, so that the table stands once.
    CaseTransitions = type("CaseTransitions", (), {verb: _transition(verb) for verb in states.VERBS})


class Case(CaseTransitions, ConcurrentTransitionMixin, models.Model):
    """One verification of one employer's declared identity. Moved only by `verification.operations`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="cases", verbose_name=_("employer"))
    state = FSMField(_("state"), default=State.DRAFT, choices=[(s.value, s.value) for s in State], protected=True, db_index=True)
    attempt_number = models.PositiveIntegerField(_("attempt"), default=1)
    version = models.PositiveIntegerField(_("version"), default=0)

    declared_name = models.CharField(_("company name"), max_length=200)
    declared_uscc = models.CharField(_("unified social credit code"), max_length=18)
    declared_legal_representative = models.CharField(_("legal representative"), max_length=100, blank=True)
    account_class = models.CharField(_("account class"), max_length=20, choices=AccountClass.choices)

    opened_at = models.DateTimeField(_("opened"))
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    conditional = models.BooleanField(_("on condition"), default=False)
    """Approved on condition: tier `provisional` until the register confirms."""
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)

    claimed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("claimed by"))
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("case"), _("cases")
        # What staff may do besides deciding, by `employers.powers`; migration 0006 makes the groups that hold them.
        permissions = [
            ("second_review_case", "Can give the second review of a case"),
            ("bulk_decide_case", "Can decide many cases at once"),
            ("unmask_case", "Can see what is masked of a case"),
            ("assign_case", "Can assign cases to colleagues"),
            ("view_quality", "Can see how well cases are decided"),
            ("audit_case", "Can audit, which is on record"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["employer"], condition=Q(state__in=sorted(states.OPEN)), name="case_one_open_per_employer"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(states.EVER_APPROVED)) | Q(approved_at__isnull=False, expires_at__isnull=False),
                name="case_approved_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True) | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="case_claim_is_whole",
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="case_state_known"),
        ]
        indexes = [
            models.Index(fields=["employer", "-approved_at", "-opened_at"], name="case_that_counts"),
            models.Index(fields=["submitted_at"], condition=Q(state=State.IN_REVIEW), name="case_review_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.declared_name} · {self.state}"

    def holds_rights(self, now: datetime) -> bool:
        """Whether rights are held by this case at `now`."""
        return self.state == State.APPROVED and self.expires_at is not None and self.expires_at > now

    def heard(self) -> bool:
        """Whether words of its employer wait for a reviewer's answer."""
        return Appeal.objects.open().filter(case=self).exists()

    def claimed(self, now: datetime) -> bool:
        """Whether a reviewer holds the case at `now`."""
        return self.claimed_until is not None and self.claimed_until > now

    def claimed_by_me(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) == user_id

    def claimed_by_other(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) != user_id


class Attempt(Job):
    """One submission of a case. The row is the queue: it waits until its checks are done and a verdict is carried out."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("case"))
    number = models.PositiveIntegerField(_("number"))
    submitted_at = models.DateTimeField(_("submitted"))
    waits = models.PositiveIntegerField(_("times waited"), default=0)
    waiting_for = models.CharField(_("waiting for"), max_length=60, blank=True)
    """The reason for which it waits, such as `registry_pending`; empty while it does not."""
    outcome = models.CharField(_("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome], blank=True)
    rules_version = models.CharField(_("requirements"), max_length=40, blank=True)
    """By which version of what is asked (`rule_pack.Pack`) it was taken in; empty from before that was kept."""

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("submission"), _("submissions")
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="attempt_number_once")]
        indexes = [models.Index(fields=["due_at"], name="attempt_due", condition=Q(finished_at=None))]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.number}"


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
        constraints = [models.UniqueConstraint(fields=["attempt", "code", "round"], name="check_once_per_round")]
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
    """What was decided on an attempt, by whom or by which policy, and the reasons that the employer is told."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("case"))
    attempt_number = models.PositiveIntegerField(_("attempt"))
    verb = models.CharField(_("decision"), max_length=30)
    reasons = models.JSONField(_("reasons"), default=list)
    """`[{"code", "field", "seen", "expected"}]`, the strictest first."""
    note = models.TextField(_("note"), blank=True)
    """What the reviewer wrote to the employer."""
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by"))
    policy_version = models.CharField(_("policy version"), max_length=40)
    rules_version = models.CharField(_("requirements"), max_length=40, blank=True)
    """By which version of what is asked (`rule_pack.Pack`) it was decided; empty from before that was kept."""
    decided_at = models.DateTimeField(_("decided"))

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("decision"), _("decisions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.case_id}"


def reviewers() -> models.QuerySet[User]:
    """Who can decide on cases."""
    may = Q(codename="change_case", content_type__app_label="verification")
    holding = Permission.objects.filter(may).filter(Q(user=models.OuterRef("pk")) | Q(group__user=models.OuterRef("pk")))
    return User.objects.filter(Q(is_superuser=True) | Q(models.Exists(holding)), is_active=True, is_staff=True)


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> AppealQuerySet:
        """Not answered yet."""
        return self.filter(answered_at=None)

    def against(self, reviewer_id: str) -> AppealQuerySet:
        """Against what this reviewer has decided, who is therefore not the one to hear it.

        That is each refusal of the case; what took its rights away last; or, where a person was asked for, whatever sent its
        employer back in any of its cases, as long as there is a reviewer who has not.
        """
        by = Decision.objects.filter(decided_by=uuid.UUID(reviewer_id))
        of_case = Decision.objects.filter(case=models.OuterRef("case"))
        last_stop = of_case.filter(verb__in=STOPS).order_by("-pk").values("pk")[:1]
        sent_back = by.filter(case__employer=models.OuterRef("case__employer"), verb__in=SENT_BACK)
        by_them = Decision.objects.filter(
            decided_by=models.OuterRef("pk"), case__employer=models.OuterRef(models.OuterRef("case__employer")), verb__in=SENT_BACK
        )
        others = reviewers().exclude(models.Exists(by_them))
        return self.filter(
            Q(models.Exists(by.filter(case=models.OuterRef("case"), verb="reject")), verb="appeal", case__state=State.IN_REVIEW)
            | Q(models.Exists(by.filter(pk=models.Subquery(last_stop))), verb="appeal", case__state__in=states.STOPPED)
            | Q(models.Exists(sent_back), models.Exists(others), verb="ask_person")
        )


class Appeal(models.Model):
    """An employer's words against a decision, or for a person to look; heard by another reviewer than the one who decided."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("case"))
    verb = models.CharField(_("what is asked"), max_length=20, choices=[("appeal", _("appeal")), ("ask_person", _("a person"))])
    text = models.TextField(_("what the employer says"))
    documents = models.ManyToManyField("verification.Document", related_name="+", blank=True, verbose_name=_("evidence"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    """When a reviewer decided on it; empty while it is open."""

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("appeal"), _("appeals")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["case"], condition=Q(answered_at=None), name="appeal_one_open_per_case")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d}"


class ShadowVerdict(models.Model):
    """What another policy would have decided on an attempt. It decides nothing (`policy.SHADOW`)."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="shadow_verdicts")
    policy_version = models.CharField(_("policy version"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome])
    reasons = models.JSONField(_("reasons"), default=list)
    live_outcome = models.CharField(_("outcome of the live policy"), max_length=10, choices=[(o.value, o.value) for o in Outcome])
    round = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("shadow verdict"), _("shadow verdicts")
        constraints = [models.UniqueConstraint(fields=["attempt", "round", "policy_version"], name="shadow_once_per_round")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.policy_version}: {self.outcome}"
