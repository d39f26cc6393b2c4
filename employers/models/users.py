"""Users, and their second factors, recovery codes and lockouts."""

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

from employers.permissions import powers
from events.core.actor import Actor, Role

HOLDS_ADDRESS: Final = Q(email_verified_at__isnull=False) | Q(is_staff=True)
"""An account that holds its address: its owner has confirmed it, or staff created the account.

Any number of other accounts may name the same address, because anyone can type it. None of them
keeps the owner of the address from registering.
"""


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(HOLDS_ADDRESS, email=(username or "").lower())

    def holder(self, email: str) -> User | None:
        """Return the account that holds this address, if there is one."""
        return self.filter(HOLDS_ADDRESS, email=email.strip().lower()).first()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user. `email` is stored in lower case, since no mailbox depends on case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with e-mail address and password: a recruiter or a member of staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("email"), max_length=254)
    email_verified_at = models.DateTimeField(_("email confirmed"), null=True, blank=True)
    phone_sealed = models.TextField(blank=True)
    """The recruiter's mobile number, sealed (`events.core.sealing`, purpose `user.phone`). Empty if
    none was given.
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
            ),
            models.UniqueConstraint(
                fields=["email"], condition=HOLDS_ADDRESS, name="user_address_held_once"
            ),
        ]
        indexes = [models.Index(fields=["email"], name="user_email")]

    def __str__(self) -> str:
        return self.email

    def as_reviewer(self) -> Actor:
        """Return this member of staff with the powers of their current permissions. Inactive
        accounts have none.
        """
        return Actor(Role.REVIEWER, str(self.pk), powers(self.has_perm))


class SecondFactor(models.Model):
    """A colleague's authenticator app.

    The secret is sealed, and each code is accepted once.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="second_factor", verbose_name=_("account")
    )
    secret_sealed = models.TextField()
    last_step = models.BigIntegerField()
    """The step of the last accepted code (`employers.security.totp.step_at`). Codes of this and
    earlier steps are refused.
    """
    confirmed_at = models.DateTimeField(_("set up"))

    class Meta:
        verbose_name, verbose_name_plural = _("second factor"), _("second factors")

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code on paper that replaces the app once.

    80 random bits; only the hash is stored.
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
    """Wrong answers in a row, and until when further answers are refused.

    Only a blind index of the subject is stored.
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
