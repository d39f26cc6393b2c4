"""Decisions on cases, and the reviewers who can make them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.db.guards import Guard

STOPS = ("suspend", "revoke")
"""Decisions that take rights away."""
SENT_BACK = ("reject", "request_changes")
"""Decisions that refuse an employer or ask it to correct something."""


class DecisionQuerySet(models.QuerySet["Decision"]):
    def stopped_for(self) -> set[str]:
        """Reason codes of the suspensions. A reviewer who lifts one has considered its reasons."""
        reasons = self.filter(verb="suspend").values_list("reasons", flat=True)
        return {reason["code"] for each in reasons for reason in each}

    def sent_back(self, employer_id: uuid.UUID) -> DecisionQuerySet:
        """Decisions that sent the employer back, in any of its cases."""
        return self.filter(case__employer_id=employer_id, verb__in=SENT_BACK)


class Decision(models.Model):
    """A decision on an attempt: the verb, the person or policy that decided, and the reasons given
    to the employer.
    """

    guard: ClassVar[Guard] = Guard()

    case = models.ForeignKey(
        "verification.Case",
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("case"),
    )
    attempt_number = models.PositiveIntegerField(_("attempt"))
    verb = models.CharField(_("decision"), max_length=30)
    reasons = models.JSONField(_("reasons"), default=list)
    """`[{"code", "field", "seen", "expected"}]`, the strictest first."""
    note = models.TextField(_("note"), blank=True)
    """The reviewer's message to the employer."""
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
    """The version of the requirements (`required_documents.Pack`); empty on old rows."""
    decided_at = models.DateTimeField(_("decided"))
    seconds = models.FloatField(_("seconds viewed"), null=True, blank=True)
    """Seconds that the reviewer spent on the case; null if none did."""
    waited = models.FloatField(_("working hours waited"), null=True, blank=True)
    """Working hours that the case spent in the reviewers' queue; null if it was not there."""

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("decision"), _("decisions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["decided_at", "verb"], name="decision_when")]

    def __str__(self) -> str:
        return str(self.case_id)


def reviewing_users() -> models.QuerySet[User]:
    """The users who can decide on cases."""
    may = Q(codename="change_case", content_type__app_label="verification")
    granted = Permission.objects.filter(may).filter(
        Q(user=models.OuterRef("pk")) | Q(group__user=models.OuterRef("pk"))
    )
    return User.objects.filter(
        Q(is_superuser=True) | Q(models.Exists(granted)), is_active=True, is_staff=True
    )
