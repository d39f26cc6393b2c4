"""Proofs of a recruiter's authority to act for a company."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from employers.models import Employer, Member
from events.db.fields import BlindIndex, SealedText, WithBlindIndexes
from events.jobs.queue import Job, JobQuerySet

PROOF_PURPOSE: Final = "proof.deposit"
"""The purpose for which data for a provider is sealed."""


class ProofKind(models.TextChoices):
    """The ways, besides a letter, to prove that the company has authorised the recruiter."""

    COMPANY_EMAIL = "company_email", _("Email at the company's domain")
    BANK_DEPOSIT = "bank_deposit", _("Deposit to the company's bank account")
    VOUCH = "vouch", _("A verified colleague vouches")
    E_LICENCE = "e_licence", _("Scan of the electronic licence")


class ProofState(models.TextChoices):
    PENDING = "pending", _("under way")
    PROVEN = "proven", _("proven")
    FAILED = "failed", _("failed")
    LAPSED = "lapsed", _("ran out of time")


class ProofQuerySet(JobQuerySet):
    def of(self, member: Member, uscc: str) -> ProofQuerySet:
        """A recruiter's proofs for one company, the latest first.

        A proof is valid only for its own recruiter and company.
        """
        return self.filter(member=member, uscc=uscc).order_by("-started_at")

    def in_force(self, now: datetime) -> ProofQuerySet:
        """Proven, not expired, and begun after the recruiter joined. A recruiter who returns must
        prove authority again.
        """
        proven = self.filter(state=ProofState.PROVEN, started_at__gte=F("member__joined_at"))
        return proven.filter(Q(holds_until=None) | Q(holds_until__gt=now))

    def beside(self, employer: Employer, kind: ProofKind) -> ProofQuerySet:
        """Proofs of this kind of all real employers, or of all in the same platform's test."""
        world = {"employer__platform": employer.platform_id} if employer.test else {}
        return self.filter(kind=kind, employer__test=employer.test, **world)

    def under_way(self) -> ProofQuerySet:
        return self.filter(state=ProofState.PENDING)


class Proof(Job):
    """One attempt of a recruiter to prove authority.

    As a `Job`, it is due whenever its provider is to be polled again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("employer")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("recruiter")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    """The company that it is for. If the employer's code changes, the proof is void."""
    kind = models.CharField(_("kind"), max_length=20, choices=ProofKind.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=ProofState.choices, default=ProofState.PENDING
    )
    shown = models.CharField(_("subject"), max_length=254, blank=True)
    """A description that pages may show: the address, the masked account, or the colleague."""
    sealed = SealedText(blank=True, purpose=lambda _: PROOF_PURPOSE)
    """Data that only the provider needs, encrypted (`events.core.sealing`). Erased when the proof
    ends.
    """
    code_hash = BlindIndex(max_length=128, blank=True)
    """A blind index of the code sent by mail or as the transfer's memo."""
    guesses = models.PositiveSmallIntegerField(default=0)
    """How many wrong codes were entered."""
    provider = models.CharField(_("provider"), max_length=30, blank=True)
    reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    stage = models.CharField(_("stage"), max_length=30, blank=True)
    """The proof's stage at its provider while it is under way."""
    observed = WithBlindIndexes(default=dict, indexes=("account",))
    """The provider's answer, without personal data beyond `shown`."""
    failure = models.CharField(_("why it failed"), max_length=60, blank=True)
    """A code of `events.core.reasons`."""
    voucher = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="vouched",
        verbose_name=_("vouched by"),
    )
    started_at = models.DateTimeField(_("started"))
    expires_at = models.DateTimeField(_("deadline"))
    proven_at = models.DateTimeField(_("proven"), null=True, blank=True)
    holds_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    objects = ProofQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("proof of authority"), _("proofs of authority")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "uscc", "kind"],
                condition=Q(state=ProofState.PENDING),
                name="proof_one_under_way_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(state=ProofState.PROVEN, proven_at__isnull=False)
                | (~Q(state=ProofState.PROVEN) & Q(proven_at=None)),
                name="proof_proven_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="proof_due", condition=Q(finished_at=None)),
            models.Index(fields=["member", "uscc", "-started_at"], name="proof_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.pk}"
