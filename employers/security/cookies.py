"""Cookies that outlast a session. Scripts cannot read them, and on HTTPS no other host of the
domain can set them (`settings.COOKIE_PREFIX`).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def read_cookie(request: HttpRequest, name: str) -> str:
    """Return the cookie `name`, or "" if there is none."""
    return request.COOKIES.get(settings.COOKIE_PREFIX + name, "")


def set_cookie(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    """Keep `value` in the browser for this number of seconds."""
    response.set_cookie(
        settings.COOKIE_PREFIX + name,
        value,
        max_age=seconds,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
