"""Proposals to make a colleague a superuser, which a second superuser confirms."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from employers.models.users import User
from events.models import Proposal, ProposalQuerySet, takes_two_people


class SuperuserProposal(Proposal):
    """One superuser proposes a colleague, and another confirms or drops it."""

    NOT_CONFIRMED_BY = ("proposed_by", "user")
    SAME_PERSON = "staff_second_superuser"

    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="superuser_proposals",
        verbose_name=_("account"),
    )
    confirmed = models.BooleanField(_("confirmed"), default=False)

    objects = ProposalQuerySet["SuperuserProposal"].as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("superuser proposal"), _("superuser proposals")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(settled_at=None), name="superuser_proposal_one_open"
            ),
            models.CheckConstraint(
                condition=Q(settled_by=None, settled_at=None)
                | Q(settled_by__isnull=False, settled_at__isnull=False),
                name="superuser_proposal_settled",
            ),
            takes_two_people("superuser_proposal_two_people", Q(confirmed=False), "user"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.proposed_at:%Y-%m-%d}"
