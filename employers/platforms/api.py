"""Authentication of platforms with bearer keys, and the call that describes a key."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from employers.accounts.api_clients import note_key_use
from employers.models import ApiKey, Scope
from employers.platforms import known_keys
from employers.platforms.api_limits import Allowance, Buckets, Rate
from employers.platforms.known_keys import CheckedKey, check_address
from employers.security import throttle
from events.core.errors import Refused

router = Router(tags=["platform"])

_KEY: Final = "_api_key"
_CHECKED: Final = "_api_key_checked"
_ALLOWANCE: Final = "_api_allowance"
_buckets: Final = Buckets()


class ApiRequest(HttpRequest):
    """A request authenticated by a key."""

    auth: ApiKey


class BearerKey(HttpBearer):
    """Authentication with `Authorization: Bearer zk_…`. `request.auth` is the key with its client.

    Keys without the required `scope` get 403.

    A key is read, the caller's address compared with its networks, and its limit counted, once per
    request. If the endpoint's own statement confirms the key (`confirmed`), a known key is not read
    again (`employers.platforms.known_keys`). Raises Refused: `key_address_not_allowed`,
    `rate_limited`.
    """

    def __init__(self, scope: Scope | None = None, *, confirmed: bool = False) -> None:
        super().__init__()
        self.scope, self.confirmed = scope, confirmed

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = key_of(request)
        if key is None:
            now = timezone.now()
            key = known_keys.known_key(token) if self.confirmed else None
            if key is None:
                key = ApiKey.objects.by_key(token, now)
                if key is None:
                    return None
                if self.confirmed and (self.scope is None or self.scope in key.scopes):
                    known_keys.remember_key(token, key)
            checked = check_address(key.pk, key.allowed_networks, throttle.caller_of(request))
            setattr(request, _KEY, key)
            setattr(request, _CHECKED, checked)
            _admit(request, key)
            note_key_use(key, now)
        if self.scope is not None and self.scope not in key.scopes:
            raise AuthorizationError
        return key


def key_of(request: HttpRequest) -> ApiKey | None:
    """Return the key of this request, if it has been read."""
    key: ApiKey | None = getattr(request, _KEY, None)
    return key


def checked_key_of(request: HttpRequest) -> CheckedKey:
    """Return the key of this authenticated request, as it was checked."""
    checked: CheckedKey = getattr(request, _CHECKED)
    return checked


def allowance_of(request: HttpRequest) -> Allowance | None:
    """Return the rest of this key's limit, if it has one."""
    allowance: Allowance | None = getattr(request, _ALLOWANCE, None)
    return allowance


def _admit(request: HttpRequest, key: ApiKey) -> None:
    kind = "gate" if request.path_info.startswith("/api/v1/gate/") else "other"
    allowance = _buckets.take(
        (kind, key.pk), Rate.of(settings.API_PER_SECOND[kind]), time.monotonic()
    )
    setattr(request, _ALLOWANCE, allowance)
    if allowance and allowance.wait:
        raise Refused(
            "rate_limited",
            expected=f"≤ {allowance.limit}",
            details={"retry_after": str(allowance.wait)},
        )


# --- Who is asking --------------------------------------------------------------------------------


class MeOut(Schema):
    """The platform that the key belongs to, and the key."""

    platform_id: UUID = Field(
        description="The platform's ID.", examples=["7a6b5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d"]
    )
    name: str = Field(description="The platform's name.", examples=["Site A"])
    test: bool = Field(
        description="Whether this is a test platform. Its employers are visible only to it.",
        examples=[False],
    )
    key_begins: str = Field(description="The first characters of this key.", examples=["zk_Ab3dE"])
    scopes: list[Scope] = Field(
        description="The scopes of this key.", examples=[["gate:decide", "employers:read"]]
    )
    expires_at: datetime | None = Field(
        description="When this key expires, if an end was set or another key has replaced it.",
        examples=[None],
    )
    allowed_networks: list[str] = Field(
        description="The networks that this key may be used from. Empty: from anywhere.",
        examples=[["203.0.113.0/24"]],
    )


@router.get(
    "/me", auth=BearerKey(), response=MeOut, summary="Retrieve your platform", operation_id="me"
)
def me(request: ApiRequest) -> MeOut:
    """Returns your platform and the scopes of this key.

    Call it at startup to verify your key.
    """
    key = request.auth
    return MeOut(
        platform_id=key.client_id,
        name=key.client.name,
        test=key.client.test,
        key_begins=key.key_start,
        scopes=[Scope(scope) for scope in key.scopes],
        expires_at=key.expires_at,
        allowed_networks=key.allowed_networks.splitlines(),
    )
