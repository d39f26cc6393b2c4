"""Who asks for resumes? Users, the employers they act for, and the platforms' API clients."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from employers.permissions import powers
from employers.prepared_reads import first_row
from events.core.actor import Actor, Role


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who signs in with `email`; stored in lower case, since nobody's mailbox depends on
        it.
        """
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, with an e-mail address and a password: a recruiter, or staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    email_verified_at = models.DateTimeField(_("e-mail confirmed"), null=True, blank=True)
    phone_sealed = models.TextField(blank=True)
    """The recruiter's mobile number, sealed (`events.core.sealing`, purpose `user.phone`); empty
    where none was given.
    """
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_in_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def as_reviewer(self) -> Actor:
        """This member of staff with the powers that their permissions give now; an inactive one has
        none.
        """
        return Actor(Role.REVIEWER, str(self.pk), powers(self.has_perm))


class SecondFactor(models.Model):
    """The app on a colleague's phone that shows codes.

    The secret is sealed; each step's code is taken once.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="second_factor", verbose_name=_("account")
    )
    secret_sealed = models.TextField()
    last_step = models.BigIntegerField()
    """The step of the last code that was taken (`employers.security.totp.step_at`): no code of it
    or of an earlier one is.
    """
    confirmed_at = models.DateTimeField(_("set up"))

    class Meta:
        verbose_name, verbose_name_plural = _("second factor"), _("second factors")

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code on paper that replaces the phone once.

    80 bits of chance, of which only the hash is kept.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="recovery_codes", verbose_name=_("account")
    )
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("recovery code"), _("recovery codes")
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class LockoutKind(models.TextChoices):
    CODE = "code", _("Code of a second factor")


class Lockout(models.Model):
    """Wrong answers in a row, and until when no further one is looked at.

    Of whoever gave them only a blind index is kept.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=LockoutKind.choices)
    subject = models.CharField(max_length=64)
    failures = models.PositiveIntegerField(_("failures"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("lock-out"), _("lock-outs")
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="lockout_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.failures}"


class AccountClass(models.TextChoices):
    """The three classes of 人社厅发〔2025〕60号."""

    DIRECT_EMPLOYER = "direct_employer", _("We recruit for ourselves")
    COMMERCIAL_AGENCY = "commercial_agency", _("We are an HR service agency")
    PUBLIC_SERVICE = "public_service", _("We are a public employment service")


class EmployerQuerySet(models.QuerySet["Employer"]):
    def real(self) -> EmployerQuerySet:
        """Without those that were made for a golden case or by a platform's test: nobody recruits
        for them.
        """
        return self.filter(made_for=None, test=False)

    def seen_by(self, client: ApiClient) -> EmployerQuerySet:
        """Those that a platform may know of: its own, and, unless it is one for tests, those who
        came to us by themselves.
        """
        own = Q(platform=client)
        return self.filter(
            own if client.test else own | Q(platform=None), made_for=None, test=client.test
        )

    def shown_to(self, user_id: uuid.UUID) -> EmployerQuerySet:
        """What a member of staff may come upon: the real ones, and those made for themselves, which
        look like any.
        """
        return self.filter(Q(made_for=None) | Q(made_for=user_id), test=False)


class Employer(models.Model):
    """A body that recruits (用人单位), as it declared itself; whether that is true is
    verification's question.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("company name"), max_length=200)
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    account_class = models.CharField(
        _("account class"),
        max_length=20,
        choices=AccountClass.choices,
        default=AccountClass.DIRECT_EMPLOYER,
    )
    registered_at = models.DateTimeField(_("registered"))
    confirmed_at = models.DateTimeField(_("first approved"), null=True, blank=True)
    """When a case of this employer was first approved.

    From then on the code is this employer's alone.
    """
    made_for = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    """It is none: it belongs to a golden case of this reviewer, and to everybody else there is no
    such employer.
    """
    platform = models.ForeignKey(
        "ApiClient",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="employers",
        verbose_name=_("platform"),
        db_index=False,
    )
    """Which platform's system made it; no other one sees it.

    None: it registered on our own pages.
    """
    reference = models.CharField(
        _("platform's reference"), max_length=64, blank=True, default="", db_default=""
    )
    """What that platform calls it."""
    test = models.BooleanField(_("of a test"), default=False, db_default=False)
    """Made by a platform's test: nobody recruits for it, no reviewer sees it, and no quota of a
    real one counts it.
    """

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("employer"), _("employers")
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                condition=Q(confirmed_at__isnull=False, test=False),
                name="employer_confirmed_code_once",
            ),
            models.UniqueConstraint(
                fields=["platform", "reference"],
                condition=~Q(reference=""),
                name="employer_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["uscc"], name="employer_uscc"),
            models.Index(
                fields=["made_for"], condition=Q(made_for__isnull=False), name="employer_made_for"
            ),
            models.Index(
                fields=["platform", "registered_at"],
                condition=Q(platform__isnull=False),
                name="employer_platform",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        return self.filter(left_at=None)


class Member(models.Model):
    """A recruiter (经办人) acting for an employer."""

    class MemberRole(models.TextChoices):
        OWNER = "owner", _("Owner")
        RECRUITER = "recruiter", _("Recruiter")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, on_delete=models.PROTECT, related_name="member", verbose_name=_("account")
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="members", verbose_name=_("employer")
    )
    role = models.CharField(_("role"), max_length=10, choices=MemberRole.choices)
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    reference = models.CharField(
        _("platform's reference"), max_length=64, blank=True, default="", db_default=""
    )
    """What the employer's platform calls them."""

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recruiter"), _("recruiters")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "reference"],
                condition=~Q(reference=""),
                name="member_reference_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    def as_actor(self) -> Actor:
        return Actor(
            Role.OWNER if self.role == self.MemberRole.OWNER else Role.RECRUITER, str(self.user_id)
        )


class SightingKind(models.TextChoices):
    DEVICE = "device", _("Device")
    PHONE = "phone", _("Phone")
    NETWORK = "network", _("Network")


class Sighting(models.Model):
    """That a user was seen with something many accounts may share.

    Of the thing only its blind index is kept.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sightings", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=SightingKind.choices)
    digest = models.CharField(max_length=64)
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name, verbose_name_plural = _("sighting"), _("sightings")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "digest"], name="sighting_once")
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="sighting_shared")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"


class Scope(models.TextChoices):
    """What an API key may do."""

    GATE_DECIDE = "gate:decide", _("Ask the gate")
    EMPLOYERS_READ = "employers:read", _("Read employers and their status")
    EMPLOYERS_WRITE = "employers:write", _("Create and change employers and their recruiters")
    EVENTS_READ = "events:read", _("Read what happened")
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
    contact_email = models.EmailField(_("contact"), blank=True, default="", db_default="")
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
        found = first_row(
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


class LinkPurpose(models.TextChoices):
    """What a platform sends its recruiter to our pages for."""

    VERIFY = "verify"
    RENEW = "renew"
    APPEAL = "appeal"


class OnboardingLink(models.Model):
    """A link by which a platform hands a recruiter on to our pages: for one member, once, for
    minutes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    purpose = models.CharField(max_length=10, choices=LinkPurpose.choices)
    return_url = models.CharField(max_length=500)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.member_id}"
