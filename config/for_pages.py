"""What does a page need that no answer of the API does?

Who has signed in, a language, messages, a policy for scripts, static files.

A platform's system comes with a key, and is answered in both languages. To go through all that
would cost each of its requests a quarter of what the gate's whole answer costs. The rest of
`settings.MIDDLEWARE` stands around pages and API alike.
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

_DOCS: Final = f"{PREFIX}docs"
"""The API's own page."""


def is_page(request: HttpRequest) -> bool:
    """Whether a person may be looking at what this request is answered with."""
    return not request.path_info.startswith(PREFIX) or request.path_info == _DOCS


class _ForPages:
    """Lets the API's requests through as if it did not stand there."""

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
    """To the API a thread speaks the deployment's language, and not that of whose page it made
    before.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_page(request):
            translation.activate(settings.LANGUAGE_CODE)
        return super().__call__(request)


class Forgery(_ForPages, CsrfViewMiddleware):
    """A key is sent by who holds it, and by no browser of itself."""

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if is_page(request) else None


class Authentication(_ForPages, AuthenticationMiddleware): ...


class Messages(_ForPages, MessageMiddleware): ...


class Frames(_ForPages, XFrameOptionsMiddleware): ...
