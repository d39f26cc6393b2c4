"""Users, and their second factors, recovery codes, lockouts and counted attempts."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from employers.masking import mask_email, masked_phone
from employers.permissions import powers_of
from events.core.actor import Actor, Role
from events.core.sealing import blind_indexes, unseal_text
from events.db.fields import BlindIndex, SealedText

PHONE_PURPOSE: Final = "user.phone"
"""The purpose for which phones are sealed and indexed."""

PHONE_FIELDS: Final = ("phone_sealed", "phone_index", "phone_verified_at", "phone_vouched_at")
"""The columns of an account's number."""
HOLDS_ADDRESS: Final = Q(email_verified_at__isnull=False) | Q(is_staff=True)
"""An account that holds its address: its owner has confirmed it, or staff created the account.

Any number of other accounts may name the same address, because anyone can type it. None of them
keeps the owner of the address from registering.
"""


PROVEN: Final = Q(email_verified_at__isnull=False) | ~Q(phone_index="")
"""An account whose owner has confirmed its address, or proven its number. So they can be told what
happens to it.
"""


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(HOLDS_ADDRESS, email=(username or "").lower())

    def holder(self, email: str) -> User | None:
        """Return the account that holds this address, if there is one."""
        return self.filter(HOLDS_ADDRESS, email=email.strip().lower()).first()

    def holder_of_phone(self, phone: str) -> User | None:
        """Return the account whose verified number this is, if there is one."""
        return self.filter(phone_index__in=blind_indexes(phone, PHONE_PURPOSE)).first()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user. `email` is stored in lower case, since no mailbox depends on case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def superusers(self) -> models.QuerySet[User]:
        """Return the superusers who can sign in, in a fixed order."""
        return self.filter(is_superuser=True, is_staff=True, is_active=True).order_by("pk")

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with email address and password: a recruiter or a member of staff.
    Recruiters may sign in with their phone number instead.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("email"), max_length=254, blank=True)
    """Empty if the account was registered with a number alone."""
    email_verified_at = models.DateTimeField(_("email confirmed"), null=True, blank=True)
    phone_sealed = SealedText(blank=True, purpose=lambda _: PHONE_PURPOSE)
    """The recruiter's mobile number, sealed (`events.core.sealing`). Empty if none was given.
    """
    phone_index = BlindIndex(_("verified number"), blank=True, db_default="", default="")
    """The index of the number if a code that was sent to it was entered, else "". The account signs
    in with it, so it is the verified number of one account only.
    """
    phone_verified_at = models.DateTimeField(_("number verified"), null=True, blank=True)
    """When a code that was sent to the number was last entered."""
    phone_vouched_at = models.DateTimeField(_("number vouched for"), null=True, blank=True)
    """When the platform said that it had proven the number. It may call, and does not sign in."""
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    """When its owner deleted it. Its address is kept as long as the records of what it did
    (`employers.accounts.self_service.leaving`).
    """

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_in_lower_case"
            ),
            models.UniqueConstraint(
                fields=["email"], condition=HOLDS_ADDRESS, name="user_address_held_once"
            ),
            models.UniqueConstraint(
                fields=["phone_index"], condition=~Q(phone_index=""), name="user_phone_proven_once"
            ),
        ]
        indexes = [models.Index(fields=["email"], name="user_email")]

    def __str__(self) -> str:
        """Return the address: that of a recruiter masked, because consoles and logs print it."""
        return self.email if self.is_staff else self.contact_masked

    @property
    def phone(self) -> str:
        """Return the number that the account has given, proven or not, or ""."""
        return unseal_text(self.phone_sealed, PHONE_PURPOSE) if self.phone_sealed else ""

    @property
    def contact(self) -> str:
        """Return what colleagues know the person by: the address, or else the masked number."""
        return self.email or masked_phone(self.phone)

    @property
    def contact_masked(self) -> str:
        """Return the same for others, with the address masked too."""
        return mask_email(self.email) or masked_phone(self.phone)

    @property
    def contact_hidden(self) -> str:
        """Return what another company may know: the address's domain, or the masked number."""
        _name, at, domain = self.email.rpartition("@")
        return f"***{at}{domain}" if at else masked_phone(self.phone)

    @property
    def is_proven(self) -> bool:
        """Return whether the owner has confirmed the address or proven the number (`PROVEN`)."""
        return self.email_verified_at is not None or bool(self.phone_index)

    def forget_phone(self) -> None:
        """Remove the number and its proof, in the object."""
        self.phone_sealed = self.phone_index = ""
        self.phone_verified_at = self.phone_vouched_at = None

    def as_reviewer(self) -> Actor:
        """Return this member of staff with the powers of their current permissions. Inactive
        accounts have none.
        """
        return Actor(Role.REVIEWER, str(self.pk), powers_of(self.has_perm))

    def merge_into(self, other: User) -> None:
        """Leave the verified number to `other`, which proved it later, during a change of keys."""
        User.objects.filter(pk=self.pk).update(phone_index="", phone_verified_at=None)


def sign_in_purpose(sign_in_id: uuid.UUID) -> str:
    """Return the purpose for which the network of a sign-in is sealed."""
    return f"sign_in.{sign_in_id}"


class SignIn(models.Model):
    """A browser in which an account is signed in.

    Django's session keeps the id of the row, and the row does not know the session. When the row is
    deleted, the session ends at its next request.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    begun_at = models.DateTimeField()
    used_at = models.DateTimeField()
    """Accurate to the minute."""
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)
    near_sealed = SealedText(blank=True, purpose=lambda row: sign_in_purpose(row.pk))
    """The network roughly, sealed, for the account's owner."""

    class Meta:
        indexes = [models.Index(fields=["begun_at"], name="sign_in_begun")]

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class AddressChange(models.Model):
    """A change of an account's address, which a link sent to the new address confirms, and a link
    sent to the old one stops or reverses.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="address_changes")
    old = models.EmailField(max_length=254)
    new = models.EmailField(max_length=254)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it was cancelled or replaced by another one, or stopped before it was confirmed."""
    stopped_at = models.DateTimeField(null=True, blank=True)
    """When the old address stopped or reversed it, or an earlier one."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed_at=None, ended_at=None),
                name="address_change_open_once",
            )
        ]
        indexes = [models.Index(fields=["asked_at"], name="address_change_asked")]

    def __str__(self) -> str:
        return f"change of address {self.pk}"


def factor_purpose(user_id: uuid.UUID) -> str:
    """Return the purpose for which the secret of this account's app is sealed."""
    return f"user.second_factor.{user_id}"


class SecondFactor(models.Model):
    """A colleague's authenticator app.

    The secret is sealed, and each code is accepted once.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="second_factor", verbose_name=_("account")
    )
    secret_sealed = SealedText(purpose=lambda factor: factor_purpose(factor.user_id))
    last_step = models.BigIntegerField()
    """The step of the last accepted code (`employers.security.totp.step_at`). Codes of this and
    earlier steps are refused.
    """
    confirmed_at = models.DateTimeField(_("set up"))

    class Meta:
        verbose_name, verbose_name_plural = _("two-step verification"), _("two-step verification")

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code on paper that replaces the app once.

    120 random bits; only the hash is stored.
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


class Passkey(models.Model):
    """A passkey of an account, which answers for the second factor in place of a code."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.CharField(max_length=1400, unique=True)
    """In base64url, as browsers write it. At most 1,023 bytes (WebAuthn)."""
    public_key = models.TextField()
    """In base64url. It is no secret."""
    uses = models.BigIntegerField()
    """The authenticator's own count, which shows copies. Many report 0."""
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)
    """The browser and the device that it was added with (`employers.security.devices`)."""
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"passkey of {self.user_id}"


class LockoutKind(models.TextChoices):
    CODE = "code", _("Code for two-step verification")


class Lockout(models.Model):
    """Wrong answers in a row, and until when further answers are refused.

    Only a blind index of the subject is stored.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=LockoutKind.choices)
    subject = BlindIndex()
    failures = models.PositiveIntegerField(_("failures"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("lock-out"), _("lock-outs")
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="lockout_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.failures}"

    def merge_into(self, other: Lockout) -> None:
        """Add this count to `other`, which counts the same subject, and delete it."""
        other.failures += self.failures
        other.since = min(self.since, other.since)
        other.until = max(filter(None, (self.until, other.until)), default=None)
        other.save(update_fields=["failures", "since", "until"])
        self.delete()


class AttemptCount(models.Model):
    """The attempts of one subject in one window (`employers.security.throttle`)."""

    key = models.CharField(primary_key=True, max_length=64)
    """A keyed hash of the limit, the subject and the window."""
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.expires_at:%Y-%m-%d %H:%M}"


class OneTimeCode(models.Model):
    """The last code that was sent for one purpose to one subject
    (`employers.security.one_time_codes`).
    """

    key = models.CharField(primary_key=True, max_length=64)
    """A keyed hash of the purpose, the subject and the holder."""
    code_hash = models.CharField(max_length=64, blank=True)
    """A keyed hash of the code. Empty once it was used."""
    sent_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    wrong = models.PositiveSmallIntegerField(default=0)
    """Answers so far. The right one counts too, and ends the code."""

    def __str__(self) -> str:
        return f"one-time code of {self.sent_at:%Y-%m-%d %H:%M}"
