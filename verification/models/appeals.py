"""Appeals: employers' objections to decisions, and their requests for a person."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from employers.models import User
from verification.models.decisions import SENT_BACK, STOPS, Decision, reviewing_users
from verification.models.reviewing import Ruling, RulingOutcome
from verification.rules import states
from verification.rules.states import State


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> AppealQuerySet:
        """Appeals that are not answered yet."""
        return self.filter(answered_at=None)

    def against(self, reviewer_id: str) -> AppealQuerySet:
        """Appeals against decisions of this reviewer, who therefore may not answer them.

        An appeal counts as against each reviewer who rejected the case, also as one of two people
        (the first of two reviewers, or either person of a bulk decision), or against the one who
        last suspended or revoked it. A request for a person counts as against each reviewer who
        sent the employer back in any of its cases, unless every reviewer has done so.
        """
        reviewer = uuid.UUID(reviewer_id)
        ruled = Ruling.objects.filter(
            Q(by=reviewer) | Q(confirmed_by=reviewer),
            case=models.OuterRef("case"),
            verb="reject",
            outcome__in=(RulingOutcome.FILED, RulingOutcome.CARRIED_OUT),
        )
        by = Decision.objects.filter(decided_by=reviewer)
        of_case = Decision.objects.filter(case=models.OuterRef("case"))
        last_stop = of_case.filter(verb__in=STOPS).order_by("-pk").values("pk")[:1]
        sent_back = by.filter(case__employer=models.OuterRef("case__employer"), verb__in=SENT_BACK)
        by_them = Decision.objects.filter(
            decided_by=models.OuterRef("pk"),
            case__employer=models.OuterRef(models.OuterRef("case__employer")),
            verb__in=SENT_BACK,
        )
        others = reviewing_users().exclude(models.Exists(by_them))
        return self.filter(
            Q(
                models.Exists(by.filter(case=models.OuterRef("case"), verb="reject"))
                | models.Exists(ruled),
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
    """An employer's objection to a decision, or its request for a person.

    The reviewer who answers it is not the one who decided.
    """

    case = models.ForeignKey(
        "verification.Case",
        on_delete=models.PROTECT,
        related_name="appeals",
        verbose_name=_("case"),
    )
    verb = models.CharField(
        _("request"),
        max_length=20,
        choices=[("appeal", _("appeal")), ("ask_person", _("a person"))],
    )
    text = models.TextField(_("employer's statement"))
    documents = models.ManyToManyField(
        "verification.Document", related_name="+", blank=True, verbose_name=_("evidence")
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    """When a reviewer answered it; null while it is open."""

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
