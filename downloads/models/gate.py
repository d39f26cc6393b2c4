"""The models of the gate: its decisions, uses of passes, overrides of tiers, appeals, and the
ladder.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from downloads.models.keeping import GUARDED_DAYS
from downloads.rules import ladder
from downloads.rules.ladder import Tier
from employers.models import ApiClient, Employer, User
from events.db.guards import Guard
from events.models import Event, Proposal, ProposalQuerySet, takes_two_people


class GateDecisionQuerySet(models.QuerySet["GateDecision"]):
    def allowed(self) -> GateDecisionQuerySet:
        return self.filter(allowed=True)

    def counted_with(self, one: GateDecision) -> GateDecisionQuerySet:
        """Return the allowed decisions that use the same quota as `one`.

        The quota is the company's; in a test, that of the test platform.
        """
        return self.of_company(one.uscc, one.client_id if one.test else None)

    def of_company(self, uscc: str, test_client: uuid.UUID | None) -> GateDecisionQuerySet:
        """Return the allowed decisions that use a company's quota, or its quota in the test of
        `test_client`.
        """
        world = {"test": True, "client_id": test_client} if test_client else {"test": False}
        return self.allowed().filter(uscc=uscc, **world)


class GateDecision(models.Model):
    """One decision of the gate.

    Written by the statement that decides (`downloads.gate.decide`), and never changed. It has no
    foreign keys, because a decision about an unknown employer is recorded too.
    """

    guard: ClassVar[Guard] = Guard(removed_after=("decided_at", GUARDED_DAYS))

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    """Made for a test platform; it uses no quota of live platforms."""
    employer_id = models.UUIDField(_("employer"))
    member_id = models.UUIDField(_("recruiter"))
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's own reference to the candidate; no personal data."""
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    case_id = models.UUIDField(_("case"), null=True)
    case_version = models.PositiveIntegerField(_("case version"), null=True)
    case_state = models.CharField(_("case state"), max_length=30, blank=True, db_default="")
    allowed = models.BooleanField(_("allowed"))
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    tier = models.CharField(_("tier"), max_length=20)
    ladder_version = models.CharField(_("ladder version"), max_length=40)
    used_day = models.PositiveIntegerField(_("daily quota used"), null=True)
    """The company's use of its quotas after this decision. Empty if the denial has another reason,
    and in rows older than this field.
    """
    used_hour = models.PositiveIntegerField(_("hourly quota used"), null=True)
    decided_at = models.DateTimeField(_("decided"))

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("gate decision"), _("gate decisions")
        indexes = [
            models.Index(
                fields=["uscc", "decided_at"], condition=models.Q(allowed=True), name="gate_budget"
            ),
            models.Index(fields=["employer_id", "-decided_at"], name="gate_employer"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def tells_use(self) -> bool:
        """Whether the decision used the quotas.

        Otherwise it must not reveal the company's downloads, which include those through other
        platforms.
        """
        return self.allowed or self.reason.startswith("quota_")


class PassUse(models.Model):
    """One attempt to spend the pass of a decision (`downloads.releases.passes`).

    Written by the statement that checks it, and never changed.
    """

    guard: ClassVar[Guard] = Guard(removed_after=("used_at", GUARDED_DAYS))

    decision_id = models.UUIDField(_("gate decision"))
    used_at = models.DateTimeField(_("used"))
    reason = models.CharField(_("why not"), max_length=40, blank=True)
    """Empty if it was honoured and the resume left."""
    tier = models.CharField(_("tier"), max_length=20)

    class Meta:
        verbose_name, verbose_name_plural = _("pass use"), _("pass uses")
        constraints = [
            models.UniqueConstraint(
                fields=["decision_id"], condition=models.Q(reason=""), name="pass_spent_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.decision_id)


class StandingQuerySet(models.QuerySet["Standing"]):
    def in_force(self, now: datetime) -> StandingQuerySet:
        return self.filter(models.Q(until=None) | models.Q(until__gt=now))

    def of(self, employer_id: uuid.UUID, now: datetime) -> ladder.CurrentTier | None:
        """Return the tier that the employer was moved to, or None if its case alone gives
        its tier.
        """
        row = self.in_force(now).filter(pk=employer_id).first()
        return ladder.CurrentTier(Tier(row.tier), row.reason) if row else None


class Standing(models.Model):
    """An override of an employer's tier, made by a rule or by two people.

    Without a row, the employer's case alone gives its tier. The gate reads the row for every
    decision. It is written under the company's lock (`downloads.tiers.tier_changes`).
    """

    MOVED_TO = [
        (Tier.RESTRICTED.value, _("restricted")),
        (Tier.PROVISIONAL.value, _("provisional")),
        (Tier.ESTABLISHED.value, _("established employer")),
    ]

    employer = models.OneToOneField(
        Employer,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("employer"),
    )
    tier = models.CharField(_("tier"), max_length=20, choices=MOVED_TO)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    """Set only with a restriction: the code of `events.core.reasons` that the gate returns."""
    moved_at = models.DateTimeField(_("tier changed"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    earlier_tier = models.CharField(
        _("previous tier"), max_length=20, blank=True, db_default="", choices=MOVED_TO
    )
    """For a restriction that the employer can lift on its own: the override before it, which is
    restored then.
    """
    earlier_until = models.DateTimeField(_("previous end date"), null=True, blank=True)

    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("tier change"), _("tier changes")
        indexes = [models.Index(fields=["reason", "moved_at"], name="standing_reason")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tier="restricted") & ~models.Q(reason="")
                | ~models.Q(tier="restricted") & models.Q(reason=""),
                name="standing_restricted_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.employer_id}"


class Move(Proposal):
    """A proposal to move an employer on the ladder, or to return it to the tier of its case."""

    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    tier = models.CharField(_("tier"), max_length=20, blank=True, choices=Standing.MOVED_TO)
    """Empty for the tier of its case."""
    until = models.DateTimeField(_("until"), null=True, blank=True)
    why = models.TextField(_("why"), max_length=2000)
    confirmed = models.BooleanField(_("confirmed"), default=False, db_default=False)

    objects = ProposalQuerySet["Move"].as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("proposed tier change"), _("proposed tier changes")
        constraints = [takes_two_people("move_takes_two_people", models.Q(confirmed=False))]

    def __str__(self) -> str:
        return f"{self.get_tier_display() or '—'} · {self.employer.name}"


class Outcome(models.TextChoices):
    """How an appeal against a move ended. Stored; never renamed."""

    LIFTED = "lifted", _("restriction lifted")
    KEPT = "kept", _("kept")
    OVERTAKEN = "overtaken", _("superseded")
    """The move ended, or another one followed, before anybody answered."""


class MoveAppealQuerySet(models.QuerySet["MoveAppeal"]):
    def open(self) -> MoveAppealQuerySet:
        """Return the appeals that wait for an answer."""
        return self.filter(answered_at=None)

    def overdue(self, now: datetime) -> MoveAppealQuerySet:
        return self.open().filter(due_at__lte=now)

    def answered_by_people(self) -> MoveAppealQuerySet:
        return self.exclude(answered_by=None)


class MoveAppeal(models.Model):
    """An owner's appeal against a change of tier, and a member of staff's answer
    (`downloads.tiers.appeals`).
    """

    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    move = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="+", verbose_name=_("restriction")
    )
    """The Event of the move: who made it, why, and on what evidence."""
    text = models.TextField(_("employer's statement"), max_length=4000)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("appealed by")
    )
    at = models.DateTimeField(_("appealed"))
    due_at = models.DateTimeField(_("answer due"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("answered by"),
    )
    outcome = models.CharField(_("outcome"), max_length=10, blank=True, choices=Outcome.choices)
    reply = models.TextField(_("reply to the employer"), max_length=2000, blank=True)

    objects = MoveAppealQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = (_("restriction appeal"), _("restriction appeals"))
        indexes = [
            models.Index(fields=["employer", "-at"], name="move_appeal_employer"),
            models.Index(
                fields=["due_at"], condition=models.Q(answered_at=None), name="move_appeal_due"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["employer"],
                condition=models.Q(answered_at=None),
                name="move_appeal_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answered_by=None, outcome="")
                | models.Q(
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    outcome__in=["lifted", "kept"],
                )
                | models.Q(answered_at__isnull=False, answered_by=None, outcome="overtaken"),
                name="move_appeal_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer.name} · {self.get_outcome_display() or '—'}"


class Contact(models.Model):
    """A contact after an allowed download, as reported by the platform; contacts are a sign of real
    hiring.
    """

    guard: ClassVar[Guard] = Guard(removed_after=("at", GUARDED_DAYS))

    decision_id = models.UUIDField(_("gate decision"), primary_key=True)
    client_id = models.UUIDField(_("platform"))
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("contact"), _("contacts")
        indexes = [
            models.Index(fields=["uscc", "at"], name="contact_company"),
            models.Index(fields=["client_id", "at"], name="contact_platform"),
        ]

    def __str__(self) -> str:
        return f"contact after {self.decision_id}"


class LadderVersion(Proposal):
    """A version of the ladder. The one that came into force last applies."""

    version = models.CharField(_("version"), max_length=40, unique=True)
    data = models.JSONField(_("ladder"))
    active_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    """Empty if it is only proposed, or was dropped."""
    why = models.TextField(_("why"), max_length=2000)

    objects = ProposalQuerySet["LadderVersion"].as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("ladder version"), _("ladder versions")
        constraints = [takes_two_people("ladder_takes_two_people", models.Q(active_from=None))]

    def __str__(self) -> str:
        return self.version


class ReleaseStopQuerySet(ProposalQuerySet["ReleaseStop"]):
    def in_force_for(self, client_id: uuid.UUID | None) -> ReleaseStopQuerySet:
        """Return the stop of exactly this platform, or with None that of all platforms."""
        return self.filter(in_force=True, client_id=client_id)


class ReleaseStop(Proposal):
    """A proposal to stop every release of one platform or of all, or to end such a stop.

    The gate's statements read the stops in force. Only `downloads.gate.release_stops` writes them.
    """

    class Act(models.TextChoices):
        STOP = "stop", _("Stop all downloads")
        RESUME = "resume", _("Allow downloads again")

    client = models.ForeignKey(
        ApiClient,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("platform"),
    )
    """None: all platforms."""
    act = models.CharField(_("action"), max_length=10, choices=Act.choices)
    why = models.TextField(_("why"), max_length=2000)
    confirmed = models.BooleanField(_("confirmed"), default=False, db_default=False)
    in_force = models.BooleanField(_("in force"), default=False, db_default=False)
    """Whether it is a confirmed stop that has not been ended."""

    objects = ReleaseStopQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("download stop"), _("download stops")
        indexes = [
            models.Index(
                fields=["client"], condition=models.Q(in_force=True), name="release_stop_in_force"
            )
        ]
        constraints = [
            takes_two_people("release_stop_two_people", models.Q(confirmed=False)),
            models.CheckConstraint(
                condition=models.Q(in_force=False) | models.Q(confirmed=True, act="stop"),
                name="release_stop_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} · {self.client or _('all platforms')}"
