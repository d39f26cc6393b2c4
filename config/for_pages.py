"""Middleware that only pages need: sign-in, language, messages, script policy, static files.

API requests skip it. They come with a key and are answered in both languages, and this middleware
would add a quarter to the time of a gate's answer. The rest of `settings.MIDDLEWARE` applies to
pages and API alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from config.api.door import PREFIX
from verification.pages.views.uploads import too_long_response

_DOCS: Final = f"{PREFIX}docs"
"""The API's documentation page."""


def is_page(request: HttpRequest) -> bool:
    """Return whether the response may be a page that a person views."""
    return not request.path_info.startswith(PREFIX) or request.path_info == _DOCS


class _ForPages:
    """Skips the middleware for API requests."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: Callable[[HttpRequest], HttpResponseBase] = self.get_response
        if is_page(request):
            answer = super().__call__  # type: ignore[misc]
        return answer(request)


class ContentSecurity(_ForPages, CSPMiddleware): ...


class StaticFiles(_ForPages, WhiteNoiseMiddleware): ...  # type: ignore[misc]


class Sessions(_ForPages, SessionMiddleware): ...


class Language(_ForPages, LocaleMiddleware):
    """For API requests, activates the deployment's language, as the thread may still have that of
    an earlier page.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_page(request):
            translation.activate(settings.LANGUAGE_CODE)
        return super().__call__(request)


class BodyLimit:
    """Refuses a body that announces more than a form, before anything reads it.

    Views that take files (`takes_files`) have their own limit.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *args: Any
    ) -> HttpResponseBase | None:
        if not is_page(request) or getattr(view, "takes_files", False):
            return None
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return None
        return too_long_response(request)


class Forgery(_ForPages, CsrfViewMiddleware):
    """CSRF protection for pages. API keys are not sent by browsers automatically."""

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if is_page(request) else None


class Authentication(_ForPages, AuthenticationMiddleware): ...


class Messages(_ForPages, MessageMiddleware): ...


class Frames(_ForPages, XFrameOptionsMiddleware): ...
