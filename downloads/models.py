"""What did the gate answer, to whom, about whom? One row for every answer, denials too."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class GateDecisionQuerySet(models.QuerySet["GateDecision"]):
    def allowed(self) -> GateDecisionQuerySet:
        return self.filter(allowed=True)


class GateDecision(models.Model):
    """One answer of the gate. Written by the statement that decides (`downloads.gate`), never changed after.

    No foreign keys: an answer about an employer that does not exist is an answer too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("of a test"), default=False, db_default=False)
    """Asked by a platform for tests; it uses up no quota of the others."""
    employer_id = models.UUIDField(_("employer"))
    member_id = models.UUIDField(_("recruiter"))
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's own reference to the candidate; no personal data."""
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    case_id = models.UUIDField(_("case"), null=True)
    case_version = models.PositiveIntegerField(_("version of the case"), null=True)
    case_state = models.CharField(_("state of the case"), max_length=30, blank=True, db_default="")
    allowed = models.BooleanField(_("allowed"))
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    tier = models.CharField(_("tier"), max_length=20)
    ladder_version = models.CharField(_("version of the ladder"), max_length=40)
    used_day = models.PositiveIntegerField(_("used of the day's quota"), null=True)
    """What the company had taken of its quotas after this answer; empty in answers from before it was kept."""
    used_hour = models.PositiveIntegerField(_("used of the hour's quota"), null=True)
    decided_at = models.DateTimeField(_("decided"))

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("gate decision"), _("gate decisions")
        indexes = [
            models.Index(fields=["uscc", "decided_at"], condition=models.Q(allowed=True), name="gate_budget"),
            models.Index(fields=["employer_id", "-decided_at"], name="gate_employer"),
        ]

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'denied'} {self.employer_id}"


class PassUse(models.Model):
    """One try to spend the pass of an answer (`downloads.passes`). Written by the statement that judges it, never changed after."""

    decision_id = models.UUIDField(_("gate decision"))
    used_at = models.DateTimeField(_("used"))
    reason = models.CharField(_("why not"), max_length=40, blank=True)
    """Empty: it was honoured, and the resume left."""
    tier = models.CharField(_("tier"), max_length=20)

    class Meta:
        verbose_name, verbose_name_plural = _("use of a pass"), _("uses of passes")
        constraints = [models.UniqueConstraint(fields=["decision_id"], condition=models.Q(reason=""), name="pass_spent_once")]

    def __str__(self) -> str:
        return f"{self.reason or 'honoured'} {self.decision_id}"
