"""Proposals: one person proposes something, and another one confirms or drops it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.core.errors import Refused

Proposed = TypeVar("Proposed", bound="Proposal")


class ProposalQuerySet(models.QuerySet[Proposed]):
    def open(self) -> Self:
        """Return the proposals that are neither confirmed nor dropped."""
        return self.filter(settled_at=None)

    def waiting_for(self, user_id: UUID) -> Self:
        """Return the open proposals that this person may confirm, given the power to."""
        own = Q.create([(name, user_id) for name in self.model.NOT_CONFIRMED_BY], Q.OR)
        return self.open().exclude(own)


class Proposal(models.Model):
    """A proposal has no effect until a second person confirms it."""

    NOT_CONFIRMED_BY: ClassVar[tuple[str, ...]] = ("proposed_by",)
    """The columns of the people who may not confirm it."""
    SAME_PERSON: ClassVar[str] = "second_person_required"
    """The reason that these people get."""

    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("settled by"),
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    def not_by(self, user_id: UUID) -> Refused | None:
        """Return why this person may not confirm it, or None if they may, given the power to."""
        people = [getattr(self, f"{name}_id") for name in self.NOT_CONFIRMED_BY]
        return Refused(self.SAME_PERSON) if user_id in people else None


def takes_two_people(name: str, without_effect: Q, *others: str) -> models.CheckConstraint:
    """Return the constraint that a proposal with an effect was confirmed by a person who did not
    propose it, and who is in none of the columns `others`.
    """
    second = Q(settled_by__isnull=False)
    for column in ("proposed_by", *others):
        second &= ~Q(settled_by=F(column))
    return models.CheckConstraint(condition=without_effect | second, name=name)


def settle_by_second_person(
    proposals: ProposalQuerySet[Proposed],
    user_id: UUID,
    now: datetime,
    *,
    confirmed: bool,
    settled: str = "state_conflict",
) -> Proposed:
    """Return the open one of `proposals` with the person who confirms or drops it, locked for the
    caller's transaction and not yet saved.

    Raises Refused: `settled` if none is open, and its `SAME_PERSON`.
    """
    proposal = proposals.open().select_for_update().first()
    if proposal is None:
        raise Refused(settled)
    if confirmed and (refused := proposal.not_by(user_id)):
        raise refused
    proposal.settled_by_id, proposal.settled_at = user_id, now
    return proposal
