"""Whose key is this, and what may it do? Bearer keys of the platforms' systems."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from employers.models import ApiKey, Scope


class ApiRequest(HttpRequest):
    """A request that came with a key."""

    auth: ApiKey


class BearerKey(HttpBearer):
    """`Authorization: Bearer zk_…`; the key with its client is `request.auth`. With a `scope`, keys without it are answered 403."""

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key: ApiKey | None = ApiKey.objects.by_key(token, timezone.now())
        if key is not None and self.scope is not None and self.scope not in key.scopes:
            raise AuthorizationError
        return key
