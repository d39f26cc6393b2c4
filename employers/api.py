"""Whose key is this, and what may it do? Bearer keys of the platforms' systems."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from employers.models import ApiClient, Scope


class BearerKey(HttpBearer):
    """`Authorization: Bearer zk_…`; the client is `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiClient | None:
        return ApiClient.objects.by_key(token)


bearer = BearerKey()


def needs(scope: Scope) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only for keys with `scope`; others are answered 403."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: Any, *args: Any, **kwargs: Any) -> Any:
            if scope not in request.auth.scopes:
                raise AuthorizationError
            return view(request, *args, **kwargs)

        return checked

    return decorate
