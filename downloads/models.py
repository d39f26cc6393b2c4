"""What did the gate answer, to whom, about whom? One row for every answer, denials too."""

from __future__ import annotations

import uuid

from django.db import models


class GateDecisionQuerySet(models.QuerySet["GateDecision"]):
    def allowed(self) -> GateDecisionQuerySet:
        return self.filter(allowed=True)


class GateDecision(models.Model):
    """One answer of the gate. Written by the statement that decides (`downloads.gate`), never changed after.

    No foreign keys: an answer about an employer that does not exist is an answer too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField()
    employer_id = models.UUIDField()
    member_id = models.UUIDField()
    candidate = models.CharField(max_length=64)
    """The platform's own reference to the candidate; no personal data."""
    uscc = models.CharField(max_length=18, blank=True)
    case_id = models.UUIDField(null=True)
    case_version = models.PositiveIntegerField(null=True)
    allowed = models.BooleanField()
    reason = models.CharField(max_length=40, blank=True)
    tier = models.CharField(max_length=20)
    ladder_version = models.CharField(max_length=40)
    decided_at = models.DateTimeField()

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["uscc", "decided_at"], condition=models.Q(allowed=True), name="gate_budget"),
            models.Index(fields=["employer_id", "-decided_at"], name="gate_employer"),
        ]

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'denied'} {self.employer_id}"
