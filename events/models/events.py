"""The append-only event table, its outbox, and the feeds of the platforms."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.core import event_types
from events.core.actor import Actor
from events.db.guards import Guard
from events.doorbell import notify_worker


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
        return event_types.message_envelope(
            self.message_id, self.type, self.at, self.sequence, self.payload
        )
