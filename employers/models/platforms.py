"""Platforms: their API clients, their keys, and responses stored for idempotency."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.core.actor import Actor, Role
from events.db.fields import BlindIndex, SealedText


class Scope(models.TextChoices):
    """What an API key may do."""

    GATE_DECIDE = "gate:decide", _("Request gate decisions")
    EMPLOYERS_READ = "employers:read", _("Read employers and their status")
    EMPLOYERS_WRITE = "employers:write", _("Create and change employers and their recruiters")
    EVENTS_READ = "events:read", _("Read events")
    ONBOARDING_MAKE = "onboarding:make", _("Send recruiters to our pages, signed in")
    WEBHOOKS_MANAGE = "webhooks:manage", _("Manage webhook endpoints")
    TRACES_MAKE = "traces:make", _("Trace leaked resumes")


class ApiClient(models.Model):
    """A platform whose systems use the API.

    A `test` platform sees only the employers that it created, and no other platform sees those.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    test = models.BooleanField(_("for tests"), default=False, db_default=False)
    return_urls = models.TextField(_("return addresses"), blank=True, default="", db_default="")
    """Addresses, one per line, under which recruiters may be sent back
    (`employers.accounts.return_urls`).
    """
    contact_email = models.EmailField(_("contact email"), blank=True, default="", db_default="")
    """Notified when events can no longer be delivered (`employers.platforms.webhook_notices`)."""
    contact_language = models.CharField(
        _("language"), max_length=10, default="zh-hans", db_default="zh-hans"
    )
    second_factor_required = models.BooleanField(
        _("two-step verification required"), default=False, db_default=False
    )
    """Whether the recruiters of its employers need a second factor to sign in here."""
    candidate_settings_url = models.URLField(
        _("candidates' settings"), max_length=500, blank=True, default="", db_default=""
    )
    """Where candidates change what only the platform sets, linked on their own page."""
    texts_candidates = models.BooleanField(
        _("text messages to candidates"), default=False, db_default=False
    )
    """Whether candidates without an address get text messages, at the platform's cost."""
    clock_seconds = models.BigIntegerField(default=0, db_default=0, editable=False)
    """How far a test platform's clock is ahead, in seconds. 0 for others."""
    created_at = models.DateTimeField(_("created"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    # The key was stored here before keys had their own table. The previous version, which may run
    # beside this one during an update, still reads it.
    key_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    key_start = models.CharField(max_length=12, blank=True, db_default="", editable=False)
    scopes = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("platform"), _("platforms")
        constraints = [
            models.CheckConstraint(
                condition=Q(test=True) | Q(clock_seconds=0), name="client_clock_is_right"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def as_actor(self) -> Actor:
        return Actor(Role.PLATFORM, str(self.pk))


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self, now: datetime) -> ApiKeyQuerySet:
        """Keys that are in force."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, client__revoked_at=None
        )

    def by_key(self, key: str, now: datetime) -> ApiKey | None:
        """Return the row of `key` with its client, if the key is in force at `now`."""
        return self.live(now).select_related("client").filter(key_hash=ApiKey.hash_key(key)).first()


KEY_OPENS: Final = (
    "(k.expires_at IS NULL OR k.expires_at > {now}) AND k.revoked_at IS NULL AND c.revoked_at IS"
    " NULL"
)
"""`ApiKeyQuerySet.live` in SQL, for a key `k` and its client `c`."""


class ApiKey(models.Model):
    """A key of a platform's system, with its scopes. It is shown once; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="keys", verbose_name=_("platform")
    )
    key_hash = models.CharField(_("key, hashed"), max_length=64, unique=True)
    key_start = models.CharField(_("key begins with"), max_length=12)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    """The end that staff set, or the end of the overlap if the key was replaced."""
    allowed_networks = models.TextField(
        _("allowed addresses"), blank=True, default="", db_default=""
    )
    """The networks that it may be used from, one per line (`employers.accounts.networks`). Empty:
    from anywhere.
    """
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    """Accurate to the hour: every request uses a key, so it is written at most once an hour."""

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("platform key"), _("platform keys")

    def __str__(self) -> str:
        return f"{self.key_start}…"

    def is_live(self, now: datetime) -> bool:
        """Return whether the key is in force, provided that its platform is not revoked."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @staticmethod
    def new_key(*, test: bool = False) -> str:
        """Return a new key with 256 random bits. Its prefix shows whether it is for tests."""
        return f"{'test' if test else 'zk'}_{secrets.token_urlsafe(32)}"

    @staticmethod
    def hash_key(key: str) -> str:
        """Return the stored hash of a key.

        A key is random, so one round of SHA-256 suffices against guessing.
        """
        return hashlib.sha256(key.encode()).hexdigest()


IDEMPOTENCY_PURPOSE: Final = "idempotency"
"""The purpose for which requests are indexed, and with the row's number, their responses sealed."""


class IdempotentAnswer(models.Model):
    """A request with a platform's idempotency key, and the response to repeat
    (`employers.platforms.idempotency`).
    """

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("platform"),
        db_index=False,
    )
    key = models.CharField(max_length=64)
    asked_index = BlindIndex()
    """Blind index of method, path and body."""
    claim = models.UUIDField()
    claimed_until = models.DateTimeField()
    answer_sealed = SealedText(
        blank=True, default="", purpose=lambda answer: f"{IDEMPOTENCY_PURPOSE} {answer.pk}"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotent_answer_once")
        ]

    def __str__(self) -> str:
        return f"answer to {self.client_id} #{self.pk}"
