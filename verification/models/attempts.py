"""Attempts: each submission of a case, its check runs, and the shadow policy's verdicts."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.db.guards import Guard
from events.jobs.queue import Job, JobQuerySet
from verification.models.cases import Case
from verification.rules.findings import Finding, Outcome

GUARDED_DAYS: Final = 1095
"""The least time for which the database keeps check runs, as long as answers of the gate
(`downloads.models.keeping`). They may be removed afterwards, because they hold personal data.
"""
OUTCOMES: Final = [
    (Outcome.APPROVE.value, _("approve")),
    (Outcome.REVIEW.value, _("send to a reviewer")),
    (Outcome.REJECT.value, _("reject")),
    (Outcome.WAIT.value, _("wait")),
]
"""The policy's outcomes, in words."""


class Attempt(Job):
    """One submission of a case.

    The row is the queue: it is open until its checks are done and a verdict is carried out.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("case")
    )
    number = models.PositiveIntegerField(_("number"))
    submitted_at = models.DateTimeField(_("submitted"))
    waits = models.PositiveIntegerField(_("times waited"), default=0)
    waiting_for = models.CharField(_("waiting for"), max_length=60, blank=True)
    """The reason why it waits, such as `registry_pending`; empty if it does not wait."""
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES, blank=True)
    rules_version = models.CharField(_("requirements"), max_length=40, blank=True)
    """The version of the requirements (`required_documents.Pack`); empty on old rows."""

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


class CheckRun(models.Model):
    """One check of one attempt: its raw observation and its findings."""

    guard: ClassVar[Guard] = Guard(removed_after=("finished_at", GUARDED_DAYS))

    attempt = models.ForeignKey(
        Attempt, on_delete=models.PROTECT, related_name="check_runs", verbose_name=_("submission")
    )
    code = models.CharField(_("check"), max_length=30)
    round = models.PositiveIntegerField(_("round"), default=0)
    """How often the attempt has waited. Each round repeats the checks whose result may have
    changed.
    """
    version = models.CharField(_("version"), max_length=20)
    observation = models.JSONField(_("raw check data"), default=dict)
    findings = models.JSONField(_("findings"), default=list)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))

    class Meta:
        verbose_name, verbose_name_plural = _("check run"), _("check runs")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "code", "round"], name="check_once_per_round"
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()

    def as_findings(self) -> list[Finding]:
        return [Finding.from_json(stored) for stored in self.findings]


class ShadowVerdict(models.Model):
    """The verdict of the shadow policy (`policy.SHADOW`) on an attempt."""

    attempt = models.ForeignKey(
        Attempt,
        on_delete=models.PROTECT,
        related_name="shadow_verdicts",
        verbose_name=_("submission"),
    )
    policy_version = models.CharField(_("policy version"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES)
    reasons = models.JSONField(_("reasons"), default=list)
    live_outcome = models.CharField(_("live policy outcome"), max_length=10, choices=OUTCOMES)
    round = models.PositiveIntegerField(_("round"), default=0)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("shadow verdict"), _("shadow verdicts")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "round", "policy_version"], name="shadow_once_per_round"
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
