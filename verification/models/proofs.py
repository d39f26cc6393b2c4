"""What is kept of a recruiter's authority? Each proof of it, begun, under way or proven."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from employers.models import Employer, Member
from events.jobs.queue import Job, JobQuerySet


class ProofKind(models.TextChoices):
    """The ways, besides a letter, in which a recruiter can show that the company has authorised
    it.
    """

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

        A proof says nothing of another company or person.
        """
        return self.filter(member=member, uscc=uscc).order_by("-started_at")

    def in_force(self, now: datetime) -> ProofQuerySet:
        """Proven, not past their time, and begun since the recruiter joined: whoever comes back
        shows it again.
        """
        proven = self.filter(state=ProofState.PROVEN, started_at__gte=F("member__joined_at"))
        return proven.filter(Q(holds_until=None) | Q(holds_until__gt=now))

    def beside(self, employer: Employer, kind: ProofKind) -> ProofQuerySet:
        """The proofs of this kind in the employer's world: each test platform is its own world."""
        world = {"employer__platform": employer.platform_id} if employer.test else {}
        return self.filter(kind=kind, employer__test=employer.test, **world)

    def under_way(self) -> ProofQuerySet:
        return self.filter(state=ProofState.PENDING)


class Proof(Job):
    """One attempt of a recruiter to show its authority.

    As a Job it is due whenever its provider is to be asked again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("employer")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("recruiter")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    """The company for which it is given: a changed code voids it."""
    kind = models.CharField(_("kind"), max_length=20, choices=ProofKind.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=ProofState.choices, default=ProofState.PENDING
    )
    shown = models.CharField(_("subject"), max_length=254, blank=True)
    """What a page may show of it: the address, the masked account, the colleague."""
    sealed = models.TextField(blank=True)
    """What only the provider needs, sealed (`events.core.sealing`); erased when the proof has
    ended.
    """
    code_hash = models.CharField(max_length=128, blank=True)
    """Of the code that was sent by mail or as the transfer's memo."""
    guesses = models.PositiveSmallIntegerField(default=0)
    """Wrong codes given so far."""
    provider = models.CharField(_("provider"), max_length=30, blank=True)
    reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    stage = models.CharField(_("stage"), max_length=30, blank=True)
    """Where a proof under way stands with its provider."""
    observed = models.JSONField(default=dict)
    """What the provider answered, without personal data beyond what `shown` has."""
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
