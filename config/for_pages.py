"""Middleware that only pages need: sign-in, language, messages, script policy, static files.

API requests skip it. They come with a key and are answered in both languages, and this middleware
would add a quarter to the time of a gate's answer. The rest of `settings.MIDDLEWARE` applies to
pages and API alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from whitenoise.middleware import WhiteNoiseMiddleware

from config.api.door import PREFIX
from employers.accounts import sightings
from employers.accounts.forms import network_of
from employers.accounts.self_service.views import session_limits
from employers.models import SignIn, User
from employers.security import sign_ins
from verification.intake.upload_handler import BoundedUploadHandler, releasing_uploads, too_long
from verification.pages.views.uploads import too_long_response

WHY_OVER: Final[dict[sign_ins.Over, Any]] = {
    sign_ins.Over.ENDED: _("This session was ended. Sign in again."),
    sign_ins.Over.IDLE: _("You were signed out because you were inactive. Sign in again."),
    sign_ins.Over.TOO_LONG: _(
        "You were signed out because your session reached its time limit. Sign in again."
    ),
}

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


class RequestId:
    """Gives each request for a page an id, which its log lines and its response carry.

    An error page shows it, so that people can tell us which request failed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_page(request):
            return self.get_response(request)
        request_id = f"req_{secrets.token_urlsafe(9)}"
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        return response


class BodyLimit:
    """Refuses a body that announces more than a form, before anything reads it.

    For views that take files (`takes_files`), people who have signed in may send more, and files.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with releasing_uploads(request):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *args: Any
    ) -> HttpResponseBase | None:
        if not is_page(request):
            return None
        if getattr(view, "takes_files", False):
            if not request.user.is_authenticated:
                return None  # the view asks for a sign-in, and reads nothing
            is_too_long = too_long(request, settings.UPLOAD_MAX_BYTES)
            request.upload_handlers = [BoundedUploadHandler(request, settings.UPLOAD_MAX_BYTES)]
        else:
            length = request.META.get("CONTENT_LENGTH") or "0"
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            is_too_long = not length.isdigit() or int(length) > most
        return too_long_response(request) if is_too_long else None


class Forgery(_ForPages, CsrfViewMiddleware):
    """CSRF protection for pages. API keys are not sent by browsers automatically."""

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if is_page(request) else None


class Authentication(_ForPages, AuthenticationMiddleware):
    """Ends sessions whose sign-in was ended elsewhere or has lasted too long, and says why.

    A session from before sign-ins were recorded gets one at its first request. A fragment that an
    open page fetches by itself is no use of the sign-in.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: self._user(request))  # type: ignore[assignment]

    def _user(self, request: HttpRequest) -> Any:
        user, now = get_user(request), timezone.now()
        if not isinstance(user, User):
            return user
        if sign_ins.KEY not in request.session:
            near = sightings.network_neighbourhood(network_of(request))
            agent = request.headers.get("User-Agent", "")
            sign_ins.begin_sign_in(request.session, user, agent, near, now)
            return user
        found = sign_ins.check_sign_in(request.session, user, session_limits(), now)
        if isinstance(found, SignIn):
            request.sign_in = found.pk  # type: ignore[attr-defined]
            if "HX-Request" not in request.headers:
                sign_ins.note_use(found, now)
            return user
        request.user = user  # for `logout`, which asks who it was
        logout(request)
        messages.warning(request, WHY_OVER[found], fail_silently=True)
        return request.user

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Forget the sign-in of a session that this request has ended."""
        sign_in = getattr(request, "sign_in", None)
        if sign_in and request.session.get(sign_ins.KEY) != str(sign_in):
            sign_ins.delete_sign_in(sign_in)
        return response


class Messages(_ForPages, MessageMiddleware): ...


class Frames(_ForPages, XFrameOptionsMiddleware): ...
