"""Proposals to make a colleague a superuser, which a second superuser confirms."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from employers.models.users import User


class SuperuserProposalQuerySet(models.QuerySet["SuperuserProposal"]):
    def open(self) -> SuperuserProposalQuerySet:
        """Return the proposals that are neither confirmed nor dropped."""
        return self.filter(settled_at=None)


class SuperuserProposal(models.Model):
    """One superuser proposes a colleague, and another confirms or drops it."""

    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="superuser_proposals",
        verbose_name=_("account"),
    )
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"))
    settled_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("settled by"),
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    confirmed = models.BooleanField(_("confirmed"), default=False)

    objects = SuperuserProposalQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(confirmed=False)
                | (
                    Q(settled_by__isnull=False)
                    & ~Q(settled_by=F("proposed_by"))
                    & ~Q(settled_by=F("user"))
                ),
                name="superuser_proposal_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.proposed_at:%Y-%m-%d}"
