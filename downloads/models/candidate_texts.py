"""The models of text messages to candidates, and of the short links in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models.candidates import Candidate, ConsentRequest, Release
from downloads.models.relays import RelayBinding
from events.jobs.queue import Job, JobQuerySet


class ShortLink(models.Model):
    """A short link to a candidate's own page. Only a keyed hash of its code is stored."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="short_links", verbose_name=_("candidate")
    )
    link_version = models.PositiveIntegerField()
    """The version of the candidate's links when it was made."""
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"short link of {self.candidate_id}"


class TextOutcome(models.TextChoices):
    """What became of a text message to a candidate. Empty while it waits."""

    SENT = "sent", _("sent out")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("could not be delivered")
    DROPPED = "dropped", _("no longer needed")


class CandidateText(Job):
    """One thing that a candidate is told by text message: a release, a consent request, or the
    number of calls to come.

    Its worker first sends it, then waits for what became of it. Several releases share a message.
    """

    client_id = models.UUIDField(_("platform"))
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="texts", verbose_name=_("candidate")
    )
    release = models.OneToOneField(
        Release, null=True, on_delete=models.CASCADE, related_name="text"
    )
    request = models.OneToOneField(
        ConsentRequest, null=True, on_delete=models.CASCADE, related_name="text"
    )
    binding = models.OneToOneField(
        RelayBinding, null=True, on_delete=models.CASCADE, related_name="text"
    )
    queued_at = models.DateTimeField(_("queued"))
    sms_id = models.UUIDField(null=True)
    """The message, once it is handed to the queue of all messages."""
    shown = models.TextField(blank=True, default="")
    """In a test, the message that would have been sent, for the platform to read."""
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=TextOutcome.choices, blank=True, default=""
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("text to a candidate"), _("texts to candidates")
        indexes = [
            models.Index(
                fields=["due_at"], name="candidate_text_due", condition=Q(finished_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(release__isnull=False, request=None, binding=None)
                | Q(release=None, request__isnull=False, binding=None)
                | Q(release=None, request=None, binding__isnull=False),
                name="candidate_text_is_about_one",
            )
        ]

    def __str__(self) -> str:
        return f"text {self.pk}"
