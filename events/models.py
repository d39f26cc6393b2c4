"""The append-only event table, and the rows it leads to: mails, platforms' feeds and webhooks."""

from __future__ import annotations

import uuid
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events.core import event_types
from events.core.actor import Actor
from events.db.fields import BlindIndex, SealedText
from events.db.guards import Guard
from events.doorbell import notify_worker
from events.jobs.queue import Job, JobQuerySet


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, subject: models.Model) -> EventQuerySet:
        """Return the events of one row, oldest first."""
        return self.filter(
            subject_type=subject._meta.model_name, subject_id=str(subject.pk)
        ).order_by("id")


class Event(models.Model):
    """Something that happened.

    Rows are never changed or removed; the database enforces this.
    """

    guard: ClassVar[Guard] = Guard()

    at = models.DateTimeField(_("when"), db_index=True)
    verb = models.CharField(_("what happened"), max_length=40)
    subject_type = models.CharField(_("kind of subject"), max_length=40)
    subject_id = models.CharField(_("subject"), max_length=40)
    employer_id = models.UUIDField(_("employer"), null=True, blank=True)
    from_state = models.CharField(_("from"), max_length=30, blank=True)
    to_state = models.CharField(_("to"), max_length=30, blank=True)
    role = models.CharField(_("role"), max_length=20)
    actor_id = models.CharField(_("by"), max_length=40, blank=True)
    reasons = models.JSONField(_("reasons"), default=list)
    policy_version = models.CharField(_("policy version"), max_length=40, blank=True)
    data = models.JSONField(_("details"), default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("event"), _("events")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["employer_id", "id"], name="event_employer"),
            # What one member of staff has read lately (`employers.accounts.staff_reads`).
            models.Index(
                fields=["actor_id", "at"], condition=Q(role="reviewer"), name="event_of_staff"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


def record(
    verb: str,
    subject: models.Model,
    actor: Actor,
    now: datetime,
    *,
    employer_id: Any = None,
    from_state: str = "",
    to_state: str = "",
    reasons: tuple[str, ...] | list[str] = (),
    policy_version: str = "",
    data: dict[str, Any] | None = None,
) -> Event:
    """Record that `actor` did `verb` to `subject`, in the caller's transaction.

    `data` holds ids, codes and figures, never personal data, because the row cannot be erased.
    Public events are put into the outbox in the same transaction and relayed later
    (`events.delivery.feed`).
    """
    event = Event.objects.create(
        at=now,
        verb=verb,
        subject_type=str(subject._meta.model_name),
        subject_id=str(subject.pk),
        employer_id=employer_id,
        from_state=from_state,
        to_state=to_state,
        role=actor.role,
        actor_id=actor.id,
        reasons=list(reasons),
        policy_version=policy_version,
        data=data or {},
    )
    kind = event_types.type_of(verb, event.subject_type)
    if kind and (employer_id is not None or kind in event_types.OF_PLATFORMS):
        Outgoing.objects.create(event=event)
        notify_worker("events.tasks.relay")
    return event


class Mail(Job):
    """A mail to send.

    Once it is sent, its address and content are erased. The row stays as a record.
    """

    to = models.CharField(max_length=254, blank=True)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=10)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.template} #{self.pk}"


# --- The platforms' feeds -------------------------------------------------------------------------


class Outgoing(models.Model):
    """An event that is not in the feeds yet.

    Event ids do not commit in order, so a cursor over them would miss some.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"outgoing {self.event_id}"


class Feed(models.Model):
    """The last sequence number of a platform's feed.

    The row is locked while numbers are assigned, so there are no gaps or duplicates.
    """

    client_id = models.UUIDField(primary_key=True)
    last_sequence = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"feed of {self.client_id}"


class PlatformEventQuerySet(models.QuerySet["PlatformEvent"]):
    def of(self, client_id: uuid.UUID) -> Self:
        """Return one platform's feed, in order."""
        return self.filter(client_id=client_id).order_by("sequence")

    def between(
        self, first: int | None, last: int | None, since: datetime | None, until: datetime | None
    ) -> Self:
        """Return a range, by sequence or by the time of entry into the feed. Both ends are
        included.
        """
        bounds = {
            "sequence__gte": first,
            "sequence__lte": last,
            "told_at__gte": since,
            "told_at__lte": until,
        }
        return self.filter(**{name: bound for name, bound in bounds.items() if bound is not None})


class PlatformEvent(models.Model):
    """One row of one platform's feed: the message, word for word."""

    guard: ClassVar[Guard] = Guard()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"))
    sequence = models.BigIntegerField(_("sequence"))
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="+", verbose_name=_("event")
    )
    type = models.CharField(_("type"), max_length=60)
    at = models.DateTimeField(_("when"))
    told_at = models.DateTimeField(_("added to the feed"))
    payload = models.JSONField(_("details"))

    objects = PlatformEventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("feed row"), _("feed rows")
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "sequence"], name="platform_event_sequence_once"
            ),
            models.UniqueConstraint(fields=["client_id", "event"], name="platform_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.sequence}"

    @property
    def message_id(self) -> str:
        return f"evt_{self.pk.hex}"

    def as_message(self) -> dict[str, Any]:
        return event_types.envelope(
            self.message_id, self.type, self.at, self.sequence, self.payload
        )


# --- Webhooks -------------------------------------------------------------------------------------


class PausedWhy(models.TextChoices):
    """Why an endpoint is paused."""

    ASKED = "asked", _("requested by the platform")
    GONE = "gone", _("answered 410 Gone")
    FAILING = "failing", _("only failures for days")


class WebhookEndpointQuerySet(JobQuerySet):
    def existing(self) -> Self:
        """Endpoints that were not deleted."""
        return self.filter(finished_at=None)

    def due(self, now: datetime) -> Self:
        """Endpoints that may be sent to now: not paused, resting after a failure, or leased."""
        return super().due(now).filter(paused_at=None)

    def awaited(self, now: datetime) -> Self:
        """Endpoints with deliveries waiting."""
        return self.due(now).filter(
            Exists(WebhookDelivery.objects.due(now).filter(endpoint=OuterRef("pk")))
        )


class WebhookEndpoint(Job):
    """An address to which a platform's events are posted.

    The sending worker leases this row, so an endpoint occupies at most one worker.

    `due_at` is when it may be tried again after a failure, `finished_at` when it was deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.UUIDField(_("platform"), db_index=True)
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=200, blank=True)
    types = models.JSONField(_("types"), default=list)
    """Empty: all types, including future ones."""
    secret_sealed = SealedText(blank=True, purpose=attrgetter("secret_purpose"))
    former_secret_sealed = SealedText(blank=True, purpose=attrgetter("secret_purpose"))
    former_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    paused_why = models.CharField(
        _("why paused"), max_length=10, choices=PausedWhy.choices, blank=True
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("webhook endpoint"), _("webhook endpoints")
        # What staff with the permission (`employers.permissions`) may do with any platform's
        # endpoint. Migration 0004 creates the group that holds it.
        permissions = [("operate_webhookendpoint", "Can pause, resume and replay webhooks")]
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_at=None, paused_why="")
                | Q(paused_at__isnull=False) & ~Q(paused_why=""),
                name="webhook_paused_why",
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def secret_purpose(self) -> str:
        """The sealing purpose of the secrets: another endpoint's secrets do not open here."""
        return f"webhook.{self.pk}"

    def wants(self, kind: str) -> bool:
        return not self.types or kind in self.types


class Outcome(models.TextChoices):
    """How a delivery ended."""

    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("given up")
    CANCELLED = "cancelled", _("endpoint deleted")


class WebhookDeliveryQuerySet(JobQuerySet):
    def of(self, client_id: uuid.UUID) -> Self:
        return self.filter(endpoint__client_id=client_id)

    def dead(self) -> Self:
        """Deliveries that were given up."""
        return self.filter(outcome=Outcome.DEAD)


class WebhookDelivery(Job):
    """One message to one endpoint, until it is received or given up.

    A message that is sent again on request keeps its row.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("webhook endpoint"),
    )
    told = models.ForeignKey(
        PlatformEvent,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("feed row"),
    )
    """None for a ping."""
    created_at = models.DateTimeField(_("created"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("webhook delivery"), _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "told"], name="webhook_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                name="webhook_delivery_due",
                condition=Q(finished_at=None),
            ),
            models.Index(
                fields=["endpoint", "id"],
                name="webhook_delivery_dead",
                condition=Q(outcome=Outcome.DEAD),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def message(self) -> dict[str, Any]:
        """Return the message without its signature."""
        if self.told is not None:
            return self.told.as_message()
        return event_types.envelope(
            f"ping_{self.pk}",
            event_types.PING,
            self.created_at,
            None,
            {"endpoint": str(self.endpoint_id)},
        )


class WebhookAttempt(models.Model):
    """One attempt of a delivery, and the answer."""

    delivery = models.ForeignKey(
        WebhookDelivery,
        on_delete=models.CASCADE,
        related_name="attempts",
        verbose_name=_("webhook delivery"),
    )
    at = models.DateTimeField(_("when"))
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=40, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    response_start = models.CharField(_("start of the response"), max_length=500, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("attempt"), _("attempts")

    def __str__(self) -> str:
        return f"{self.status or self.error}"


KEY_CHECK: Final = "key.check"
"""The text that `KeyCheck` contains, sealed and indexed for the purpose of the same name."""


class KeyCheck(models.Model):
    """Shows whether the settings' keys belong to this database (`events.rekeying`).

    The first row has an index made with the index key. Each further row has one made with a key
    that was used for indexes before there was an index key.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    sealed = SealedText(purpose=lambda _: KEY_CHECK)
    index = BlindIndex()

    def __str__(self) -> str:
        return "key check"
