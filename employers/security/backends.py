"""How people are authenticated: by address and password, or by their platform's link."""

from __future__ import annotations

from typing import Any, Final

import structlog
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from employers.models import User
from employers.security.throttle import log_pseudonym

log = structlog.get_logger()

UNCONFIRMED_AT_MOST: Final = 5
"""How many accounts that only name an address are tried at a sign-in, newest first."""


class AddressBackend(ModelBackend):
    """Signs in the account that holds an address, or one that was registered with it and whose
    address is not confirmed yet.

    Every candidate's password is checked, and one is checked even if there is no account. So the
    time depends on how often somebody registered with the address, not on whether it is held.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        email = (username or more.get("email") or "").strip().lower()
        if not email or password is None:
            return None
        holder = User.objects.holder(email)
        if holder is None:
            User().set_password(password)
        candidates = [*([holder] if holder else []), *unconfirmed_accounts(email)]
        right = [user for user in candidates if user.check_password(password)]
        for user in right:
            if self.user_can_authenticate(user):
                log.info("password_right", user=str(user.pk))
                return user
        if candidates or request is not None:  # not a registration with a new address
            log.warning("password_wrong", account=log_pseudonym(email), known=bool(candidates))
        raise PermissionDenied  # so that no other backend tries


class OnboardingBackend(BaseBackend):
    """Sessions that a platform's link began. The platform vouched for the person, who has proven
    nothing to us.

    Django stores the backend in the session at each sign-in, so signing in with a password ends
    this.
    """

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True, is_staff=False).first()


_FORMER: Final = "django.contrib.auth.backends.ModelBackend"
"""The backend of sessions from before these ones existed. It signs in nobody."""
ADDRESS: Final = f"{AddressBackend.__module__}.{AddressBackend.__qualname__}"
ONBOARDING: Final = f"{OnboardingBackend.__module__}.{OnboardingBackend.__qualname__}"


def unconfirmed_accounts(email: str) -> list[User]:
    """Return the newest accounts that name an address without holding it, and have a password."""
    named = User.objects.filter(
        email=email, email_verified_at=None, is_staff=False, is_active=True
    ).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return list(named.order_by("-joined_at")[:UNCONFIRMED_AT_MOST])


def is_vouched_only(request: HttpRequest) -> bool:
    """Return whether only a platform's link says who is signed in."""
    backend = request.session.get(BACKEND_SESSION_KEY)
    return backend == ONBOARDING or (backend == _FORMER and "onboarding" in request.session)
