"""Platforms: their API clients and keys, and the answers that are kept for them."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Final

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.core.actor import Actor, Role
from events.db.dialect import current_dialect


class Scope(models.TextChoices):
    """What an API key may do."""

    GATE_DECIDE = "gate:decide", _("Request gate decisions")
    EMPLOYERS_READ = "employers:read", _("Read employers and their status")
    EMPLOYERS_WRITE = "employers:write", _("Create and change employers and their recruiters")
    EVENTS_READ = "events:read", _("Read events")
    WEBHOOKS_MANAGE = "webhooks:manage", _("Manage webhook endpoints")
    TRACES_MAKE = "traces:make", _("Trace leaked resumes")


class ApiClient(models.Model):
    """A platform whose systems ask us by API.

    One that is `test` sees only employers that were made by it, and nobody else sees those.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    test = models.BooleanField(_("for tests"), default=False, db_default=False)
    return_urls = models.TextField(_("return addresses"), blank=True, default="", db_default="")
    """One a line: below which addresses of the platform its recruiters may be sent back
    (`employers.accounts.return_urls`).
    """
    contact_email = models.EmailField(_("contact email"), blank=True, default="", db_default="")
    """Who is written to when the platform can no longer be told anything
    (`employers.platforms.webhook_notices`).
    """
    contact_language = models.CharField(
        _("language"), max_length=10, default="zh-hans", db_default="zh-hans"
    )
    clock_seconds = models.BigIntegerField(default=0, db_default=0, editable=False)
    """By how much a test platform's clock is ahead; that of any other is right."""
    created_at = models.DateTimeField(_("created"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    # Until each key was a row of its own, it stood here; a version of this program that runs beside
    # this one may still read it.
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
        """Those that open something now."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, client__revoked_at=None
        )

    def by_key(self, key: str, now: datetime) -> ApiKey | None:
        """The row of `key` with its client, if the key is in force at `now`.

        Before each request: written out, since making the query anew cost more than the gate's
        whole answer. What else the two rows hold is read when it is asked for.
        """
        found = current_dialect().first_row(
            _BY_KEY, [ApiKey.hash_key(key), connection.ops.adapt_datetimefield_value(now)]
        )
        if found is None:
            return None
        key_id, key_start, scopes, expires_at, last_used_at, client_id, *of_client = (
            found  # in the order of the models' fields
        )
        client = ApiClient.from_db(self.db, ["id", *_OF_CLIENT], [_uuid(client_id), *of_client])
        client.test = bool(client.test)
        values = [
            _uuid(key_id),
            client.pk,
            key_start,
            json.loads(scopes),
            _time(expires_at),
            _time(last_used_at),
        ]
        row = ApiKey.from_db(
            self.db,
            ["id", "client_id", "key_start", "scopes", "expires_at", "last_used_at"],
            values,
        )
        row.client = client
        return row


def _uuid(value: uuid.UUID | str) -> uuid.UUID:
    """An id as the database gave it: SQLite has no type for it."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _time(value: datetime | None) -> datetime | None:
    """A moment as the database gave it: SQLite keeps no zone, and UTC is meant."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


_OF_CLIENT: Final = ("name", "test", "return_urls", "clock_seconds")
KEY_OPENS: Final = (
    "(k.expires_at IS NULL OR k.expires_at > {now}) AND k.revoked_at IS NULL AND c.revoked_at IS"
    " NULL"
)
"""`ApiKeyQuerySet.live` written out, of a key `k` and its client `c`."""
_BY_KEY: Final = f"""
    SELECT k.id, k.key_start, k.scopes, k.expires_at, k.last_used_at, c.id, c.name, c.test, c.return_urls, c.clock_seconds
    FROM employers_apikey k JOIN employers_apiclient c ON c.id = k.client_id
    WHERE k.key_hash = %s AND {KEY_OPENS.format(now="%s")}"""  # noqa: E501, S608


class ApiKey(models.Model):
    """A key of a platform's system, and what it may do. It is shown once; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="keys", verbose_name=_("platform")
    )
    key_hash = models.CharField(_("key, hashed"), max_length=64, unique=True)
    key_start = models.CharField(_("key begins with"), max_length=12)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    """The end of the overlap, once another key has taken its place."""
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    """To the hour: written at most once in one, since it is written by whatever asks."""

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("platform key"), _("platform keys")

    def __str__(self) -> str:
        return f"{self.key_start}…"

    def is_live(self, now: datetime) -> bool:
        """Whether it opens something now, while its platform is not revoked."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @staticmethod
    def new_key(*, test: bool = False) -> str:
        """A fresh key with 256 bits of chance, which shows whether it is one for tests."""
        return f"{'test' if test else 'zk'}_{secrets.token_urlsafe(32)}"

    @staticmethod
    def hash_key(key: str) -> str:
        """What is stored of a key.

        A key is pure chance, so one round of SHA-256 cannot be searched.
        """
        return hashlib.sha256(key.encode()).hexdigest()


class IdempotentAnswer(models.Model):
    """What a platform asked with a key of its own making, and the answer, to be said again
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
    asked_index = models.CharField(max_length=64)
    """Blind index of method, address and body."""
    claim = models.UUIDField()
    claimed_until = models.DateTimeField()
    answer_sealed = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotent_answer_once")
        ]

    def __str__(self) -> str:
        return f"answer to {self.client_id} #{self.pk}"
