"""Whose key is this, and what may it do? Bearer keys of the platforms' systems."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from employers.models import ApiClient, Scope


class BearerKey(HttpBearer):
    """`Authorization: Bearer zk_…`; the client is `request.auth`. With a `scope`, keys without it are answered 403."""

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiClient | None:
        client: ApiClient | None = ApiClient.objects.by_key(token)
        if client is not None and self.scope is not None and self.scope not in client.scopes:
            raise AuthorizationError
        return client
