"""Mails and text messages to send."""

from __future__ import annotations

import uuid
from operator import attrgetter

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.db.fields import BlindIndex, SealedText
from events.jobs.queue import Job, JobQuerySet


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


# --- Text messages --------------------------------------------------------------------------------


class SmsOutcome(models.TextChoices):
    """What became of a message, as far as we know. Empty while it waits."""

    SENT = "sent", _("accepted by the provider")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("not delivered")
    UNKNOWN = "unknown", _("the answer was lost")
    LATE = "late", _("no longer useful, so not sent")
    TEST = "test", _("a test, so not sent")


class Sms(Job):
    """A text message to send.

    Once it is sent or given up, its number and parameters are erased. After a month the row is
    removed (`events.delivery.sms`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    content_sealed = SealedText(blank=True, purpose=attrgetter("content_purpose"))
    number_index = BlindIndex()
    network_index = BlindIndex(blank=True)
    account_index = BlindIndex(blank=True)
    known = models.BooleanField(_("known browser"), default=False, db_default=False)
    """Whether a code is for a browser that has signed in to the number's account before."""
    template = models.CharField(_("text"), max_length=40)
    language = models.CharField(_("language"), max_length=10)
    payer = models.CharField(_("paid by"), max_length=40)
    provider = models.CharField(_("provider"), max_length=20)
    reference = models.CharField(_("provider's ID"), max_length=64, blank=True)
    segments = models.PositiveSmallIntegerField(_("segments"))
    cost = models.PositiveIntegerField(_("cost"), default=0)
    """In ten-thousandths of a yuan."""
    outcome = models.CharField(
        _("delivery state"), max_length=10, choices=SmsOutcome.choices, blank=True
    )
    failure = models.CharField(_("why not delivered"), max_length=40, blank=True)
    held_as = models.CharField(max_length=40, blank=True, db_default="", default="")
    """What kind of news waits here for a quota. Later news of this kind replaces it. Empty: the
    message is counted and may be sent.
    """
    created_at = models.DateTimeField(_("created"))
    """When it was queued. If it was held, when it was counted."""
    handed_at = models.DateTimeField(_("handed to the provider"), null=True, blank=True)
    reported_at = models.DateTimeField(_("report received"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("text message"), _("text messages")
        indexes = [
            models.Index(fields=["due_at"], name="sms_due", condition=Q(finished_at=None)),
            *(
                models.Index(fields=[f"{subject}_index", "created_at"], name=f"sms_{subject}")
                for subject in ("number", "network", "account")
            ),
            models.Index(fields=["reference"], name="sms_reference", condition=~Q(reference="")),
            models.Index(fields=["created_at"], name="sms_created"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.pk}"

    @property
    def content_purpose(self) -> str:
        return f"sms.{self.pk}"


class SmsDay(models.Model):
    """What one payer's messages of a day cost; of all payers, in the row without one.

    The row of all is locked while a message is queued, so that quotas hold for all processes.
    """

    day = models.DateField(_("day"))
    payer = models.CharField(_("paid by"), max_length=40, blank=True)
    messages = models.PositiveIntegerField(_("messages"), default=0)
    segments = models.PositiveIntegerField(_("segments"), default=0)
    cost = models.PositiveBigIntegerField(_("cost"), default=0)
    """In ten-thousandths of a yuan."""

    class Meta:
        verbose_name, verbose_name_plural = _("day of text messages"), _("days of text messages")
        constraints = [models.UniqueConstraint(fields=["day", "payer"], name="sms_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.payer}".strip()
