"""The models of relay numbers: teams of callers, bindings, calls.

Import them from `downloads.models`.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.relay_providers.base import Outcome
from downloads.rules.lost_contact import Tries
from employers.models import Employer, Member
from events.core.reasons import REASONS
from events.db.fields import BlindIndex, SealedText
from events.jobs.queue import Job, JobQuerySet


class RelayState(models.TextChoices):
    """The state of a binding here. Other columns say what the provider does not know yet."""

    REQUESTED = "requested", _("requested")
    BOUND = "bound", _("in force")
    ENDED = "ended", _("no longer in force")
    FAILED = "failed", _("no number available")


OPEN: Final = (RelayState.REQUESTED, RelayState.BOUND)

ENDED_WHY: Final = (
    "relay_expired",
    "relay_candidate_ended",
    "relay_number_changed",
    "employer_not_approved",
    "employer_rejected",
    "employer_expired",
    "employer_suspended",
    "employer_revoked",
    "relay_lost",
    "candidate_no_consent",
)
"""Reasons for which a binding ends."""


class RelayTeam(Job):
    """An employer's people who may call its relay numbers, as last sent to one provider.

    It is queued while the employer's team differs from that.
    """

    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    provider = models.CharField(_("provider"), max_length=20)
    group = models.CharField(max_length=64, blank=True)
    """The provider's name for it; "" until it is first sent."""
    told_digest = models.CharField(max_length=64, blank=True)
    """Digest of the callers last sent to the provider (`downloads.relays.callers`)."""
    callers = models.PositiveIntegerField(_("callers"), default=0)
    """The number of those callers.

    A group cannot be empty at the provider, so without callers its bindings are muted.
    """
    looked_at = models.DateTimeField()

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("caller team"), _("caller teams")
        constraints = [
            models.UniqueConstraint(fields=["employer", "provider"], name="relay_team_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="relay_team_due", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.callers} · {self.employer_id}"


class RelayBindingQuerySet(JobQuerySet):
    def open(self) -> Self:
        """Return the bindings that reach candidates, or will once a number is lent."""
        return self.filter(state__in=OPEN)

    def of(self, client_id: uuid.UUID) -> Self:
        return self.filter(client_id=client_id)

    def between(self, employer_id: uuid.UUID, client_id: uuid.UUID, candidate: str) -> Self:
        """Return all bindings ever made from this employer to this candidate of this platform."""
        return self.filter(employer_id=employer_id, client_id=client_id, candidate=candidate)

    def with_number(self, number: str, extension: str, at: datetime) -> Self:
        """Return the bindings that had the number at that moment or before, the latest first.

        They answer who had a number that is found on paper.
        """
        of_number = self.filter(number=number, bound_at__lte=at)
        return (of_number.filter(extension=extension) if extension else of_number).order_by(
            "-bound_at"
        )


class RelayBinding(Job):
    """A relay number that connects one employer's people with one candidate of one platform.

    The row is its own queue entry: the provider must be sent the difference between the desired
    state and the state it was last sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="+", verbose_name=_("employer")
    )
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    client_id = models.UUIDField(_("platform"))
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    decision_id = models.UUIDField(_("gate decision"))
    """The decision that allowed the download for which the number was lent."""
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    """The member who downloaded, and who gets reminders."""
    candidate = models.CharField(_("candidate"), max_length=64)
    """The platform's own reference to the candidate; no personal data."""
    job_title = models.CharField(_("job"), max_length=60, blank=True, default="", db_default="")
    candidate_sealed = SealedText(blank=True, purpose=attrgetter("candidate_purpose"))
    """The candidate's number, encrypted for this row alone; erased half a year after the end."""
    candidate_index = BlindIndex()
    """The number's blind index, which shows only whether two numbers are equal."""
    provider = models.CharField(_("provider"), max_length=20)
    team = models.ForeignKey(
        RelayTeam, on_delete=models.PROTECT, related_name="bindings", verbose_name=_("caller team")
    )
    reference = models.CharField(max_length=64, blank=True)
    number = models.CharField(_("relay number"), max_length=20, blank=True)
    extension = models.CharField(_("extension"), max_length=8, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=RelayState.choices, default=RelayState.REQUESTED
    )
    muted = models.BooleanField(_("muted by the candidate"), default=False)
    requested_at = models.DateTimeField(_("asked for"))
    bound_at = models.DateTimeField(_("assigned"), null=True, blank=True)
    expires_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_why = models.CharField(_("why it ended"), max_length=40, blank=True)
    none_free_at = models.DateTimeField(_("no free number at"), null=True, blank=True)
    """When the pool was first found empty."""
    reminded = models.PositiveSmallIntegerField(default=0)
    """Days before the end at the last reminder; 0 if there was none since it was lent or
    extended.
    """
    told_expires_at = models.DateTimeField(null=True, blank=True)
    """The end date last sent to the provider."""
    told_muted = models.BooleanField(default=False)
    asked_at = models.DateTimeField(_("contact requested"), null=True, blank=True)
    """When a recruiter asked the candidate for contact after the end."""
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    agreed = models.BooleanField(_("agreed"), null=True, blank=True)

    objects = RelayBindingQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("relay number"), _("relay numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "client_id", "candidate"],
                condition=Q(state__in=OPEN),
                name="relay_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state=RelayState.BOUND, bound_at__isnull=False, ended_at=None)
                & ~Q(number="")
                | ~Q(state=RelayState.BOUND),
                name="relay_bound_has_number",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None, ended_why="")
                | ~Q(state__in=OPEN) & Q(ended_at__isnull=False) & ~Q(ended_why=""),
                name="relay_ended_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="relay_due", condition=Q(finished_at=None)),
            models.Index(fields=["employer"], name="relay_open_of", condition=Q(state__in=OPEN)),
            models.Index(fields=["client_id", "-requested_at"], name="relay_of_platform"),
            models.Index(fields=["client_id", "candidate"], name="relay_of_candidate"),
            models.Index(fields=["number"], name="relay_number"),
            models.Index(fields=["provider", "reference"], name="relay_reference"),
            models.Index(
                fields=["none_free_at"],
                name="relay_none_free",
                condition=Q(none_free_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} · {self.get_state_display()}"

    @property
    def candidate_purpose(self) -> str:
        """The encryption purpose of the candidate's number, so that one row's cannot be decrypted
        for another row.
        """
        return f"relay.candidate.{self.pk}"

    @property
    def reason(self) -> Any:
        """Why it ended, as a reason; None while it is open."""
        return REASONS.get(self.ended_why)


OUTCOMES: Final = [
    (Outcome.CONNECTED.value, _("connected")),
    (Outcome.NO_ANSWER.value, _("not answered")),
    (Outcome.BUSY.value, _("busy")),
    (Outcome.UNREACHABLE.value, _("phone off or out of service")),
    (Outcome.MUTED.value, _("muted by the candidate")),
    (Outcome.STRANGER.value, _("caller is not on the employer's team")),
    (Outcome.UNBOUND.value, _("number no longer in force")),
    (Outcome.BLOCKED.value, _("number blocked by the carrier")),
    (Outcome.FAILED.value, _("failed")),
]


class RelayCallQuerySet(models.QuerySet["RelayCall"]):
    def tries(self, since: datetime, until: datetime, client_id: uuid.UUID | None = None) -> Tries:
        """Return the attempts in [since, until) without tests, for one platform if given."""
        calls = self.filter(at__gte=since, at__lt=until, test=False, by_candidate=False).exclude(
            outcome=Outcome.STRANGER
        )
        asked = RelayBinding.objects.filter(
            none_free_at__gte=since, none_free_at__lt=until, test=False
        )
        if client_id is not None:
            calls, asked = calls.filter(client_id=client_id), asked.filter(client_id=client_id)
        counted = calls.aggregate(
            calls=models.Count("pk"),
            met_ended=models.Count("pk", filter=Q(outcome=Outcome.UNBOUND)),
            met_blocked=models.Count("pk", filter=Q(outcome=Outcome.BLOCKED)),
        )
        return Tries(found_none=asked.count(), **counted)


class RelayCall(models.Model):
    """One call to a relay number, as reported by its provider.

    It contains neither the candidate's number nor the caller's.
    """

    provider = models.CharField(_("provider"), max_length=20)
    record_id = models.CharField(_("record"), max_length=100)
    binding = models.ForeignKey(
        RelayBinding,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="calls",
        verbose_name=_("binding"),
    )
    """None if, as far as we know, we never lent the number."""
    client_id = models.UUIDField(_("platform"), null=True, blank=True)
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    number = models.CharField(_("relay number"), max_length=20)
    extension = models.CharField(_("extension"), max_length=8, blank=True)
    caller_index = BlindIndex(blank=True)
    """Blind index of the caller, which shows whether the same stranger calls many numbers."""
    by_candidate = models.BooleanField(_("called by the candidate"), default=False)
    at = models.DateTimeField(_("when"))
    seconds = models.PositiveIntegerField(_("seconds"), default=0)
    outcome = models.CharField(_("outcome"), max_length=12, choices=OUTCOMES)
    received_at = models.DateTimeField(_("received"))

    objects = RelayCallQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("call"), _("calls")
        constraints = [
            models.UniqueConstraint(fields=["provider", "record_id"], name="relay_call_once")
        ]
        indexes = [
            models.Index(fields=["binding", "-at"], name="relay_call_binding"),
            models.Index(fields=["at"], name="relay_call_when"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class RelayPoll(models.Model):
    """How far a provider's list of calls has been read."""

    provider = models.CharField(max_length=20, primary_key=True)
    read_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.provider} until {self.read_until:%Y-%m-%d %H:%M}"


KEPT_SEALED_FOR: Final = timedelta(days=180)
"""How long after the end the candidate's number is kept: as long as the relay number goes to nobody
else.
"""
