"""The rows of alerts to staff: channels, what is going on, and the messages about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from operator import attrgetter
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events.db.fields import SealedText
from events.jobs.queue import Job, JobQuerySet


class AlertKind(models.TextChoices):
    """What staff are told about."""

    SLA_SOON = "sla_soon", _("A case is due within an hour")
    SLA_LATE = "sla_late", _("A case is late")
    QUEUE_LONG = "queue_long", _("The queue is long")
    PROVIDER_DOWN = "provider_down", _("A service does not answer")
    WORK_LATE = "work_late", _("Work is delayed")
    WEBHOOK_FAILING = "webhook_failing", _("A platform's webhook fails")
    SMS_BUDGET = "sms_budget", _("The budget for text messages runs out")
    CANARY = "canary", _("A canary was called")
    LEAK = "leak", _("A leak was traced")
    DIGEST = "digest", _("The morning digest")


class ChannelKind(models.TextChoices):
    """Where alerts go."""

    DINGTALK = "dingtalk", _("DingTalk")
    WECOM = "wecom", _("WeCom")
    FEISHU = "feishu", _("Feishu")
    LARK = "lark", "Lark"
    SLACK = "slack", "Slack"
    MAIL = "mail", _("Email")


class AlertChannelQuerySet(JobQuerySet):
    def working(self) -> Self:
        """Channels that are on and were not stopped."""
        return self.filter(active=True, stopped_at=None)

    def due(self, now: datetime) -> Self:
        return super().due(now).filter(active=True, stopped_at=None)

    def awaited(self, now: datetime) -> Self:
        """Channels with messages waiting."""
        waiting = AlertMessage.objects.filter(channel=OuterRef("pk"), finished_at=None)
        return self.due(now).filter(Exists(waiting))


class AlertChannel(Job):
    """A group chat or a mailbox that alerts are sent to.

    The sending worker leases this row. `due_at` is when the next message may be sent, by the
    provider's rate limit or after a failure.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind.choices)
    language = models.CharField(_("language"), max_length=10)
    address_sealed = SealedText(purpose=attrgetter("address_purpose"))
    """The webhook's URL or the mail address. Whoever knows the URL can write to the chat."""
    address_hint = models.CharField(_("address"), max_length=100)
    """What the console shows of it."""
    secret_sealed = SealedText(blank=True, purpose=attrgetter("secret_purpose"))
    kinds = models.JSONField(_("alerts"), default=list)
    """Empty: all kinds, including future ones."""
    active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("created"))
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    failing_told_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    """When the provider refused it in a way that only a person can mend, such as a revoked URL."""
    answer = models.CharField(_("last answer"), max_length=200, blank=True)
    """The last failure, in the provider's own words."""

    objects = AlertChannelQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("alert channel"), _("alert channels")
        permissions = [("operate_alertchannel", "Can create, change and test alert channels")]

    def __str__(self) -> str:
        return self.name

    @property
    def address_purpose(self) -> str:
        return f"alert.address.{self.pk}"

    @property
    def secret_purpose(self) -> str:
        return f"alert.secret.{self.pk}"

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


class Alert(models.Model):
    """Something that staff were told about, once per kind and key.

    A state, such as a long queue, lasts until `ended_at` and can begin again. An occurrence, such
    as a call to a canary, has ended when it begins.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=AlertKind.choices)
    key = models.CharField(_("about"), max_length=60)
    params = models.JSONField(_("details"), default=dict)
    since = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("last sent"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("alert"), _("alerts")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="alert_once")]
        indexes = [
            models.Index(fields=["kind"], condition=Q(ended_at=None), name="alert_lasting"),
            models.Index(fields=["told_at"], name="alert_told"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"


class Said(models.TextChoices):
    """What a message says about its alert."""

    RAISED = "raised", _("has begun")
    STILL = "still", _("continues")
    ENDED = "ended", _("has ended")


class AlertOutcome(models.TextChoices):
    """How a message ended."""

    SENT = "sent", _("sent out")
    DEAD = "dead", _("given up")


class AlertMessage(models.Model):
    """One alert to one channel. A channel's waiting messages are sent together."""

    channel = models.ForeignKey(
        AlertChannel,
        on_delete=models.PROTECT,
        related_name="messages",
        verbose_name=_("alert channel"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=AlertKind.choices)
    said = models.CharField(_("stage"), max_length=10, choices=Said.choices)
    params: Any = models.JSONField(_("details"), default=dict)
    path = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=AlertOutcome.choices, blank=True
    )
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    """Why it was given up, in the provider's own words."""

    class Meta:
        verbose_name, verbose_name_plural = _("alert message"), _("alert messages")
        indexes = [
            models.Index(
                fields=["channel", "id"], condition=Q(finished_at=None), name="alert_waiting"
            ),
            models.Index(fields=["finished_at"], name="alert_finished"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
