"""What happened? A table that can only grow; and the mails that are told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from events.actor import Actor
from events.queue import Job, JobQuerySet


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, subject: models.Model) -> EventQuerySet:
        """The events of one row, oldest first."""
        return self.filter(subject_type=subject._meta.model_name, subject_id=str(subject.pk)).order_by("id")


class Event(models.Model):
    """One thing that happened. Rows are never changed or removed; the database itself refuses (migration 0002)."""

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
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"


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
    """Write down that `actor` did `verb` to `subject`, in the caller's transaction.

    `data` holds ids, codes and figures, never personal data: the row cannot be erased.
    """
    return Event.objects.create(
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


class Mail(Job):
    """One mail to be sent. Once it is sent, the address and what it said are erased; that it was sent stays."""

    to = models.CharField(max_length=254, blank=True)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=10)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="mail_due", condition=models.Q(finished_at=None))]

    def __str__(self) -> str:
        return f"{self.template} #{self.pk}"
