"""Endpoints of webhooks, and their deliveries."""

from __future__ import annotations

import uuid
from datetime import datetime
from operator import attrgetter
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events.core import event_types
from events.db.fields import SealedText
from events.jobs.queue import Job, JobQuerySet
from events.models.events import PlatformEvent


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
        return event_types.message_envelope(
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
