"""The guards in front of views that receive files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from employers.accounts.views import member_required
from employers.models import Member
from verification.intake.upload_handler import BoundedUploadHandler, too_long

P = ParamSpec("P")
Self = TypeVar("Self")


def too_long_response(request: HttpRequest) -> HttpResponse:
    """Return the page for a body that announces too much. Nothing has read the body, or will."""
    request.upload_handlers = []
    context = {"upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2}
    return render(request, "413.html", context, status=413)


def _guarded(
    request: HttpRequest, checked: Callable[[BoundedUploadHandler], HttpResponse]
) -> HttpResponse:
    if too_long(request, settings.UPLOAD_MAX_BYTES):
        return too_long_response(request)
    handler = BoundedUploadHandler(request, settings.UPLOAD_MAX_BYTES)
    request.upload_handlers = [handler]
    return checked(handler)


def takes_files(
    view: Callable[[HttpRequest, Member, BoundedUploadHandler], HttpResponse],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a body that announces too much, and limit each of its files, before the member's
    `view`.

    The CSRF token is part of the body, which must not be read before its sender and its length are
    known, so it is checked after them.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @member_required
    @wraps(view)
    def guarded(request: HttpRequest, member: Member) -> HttpResponse:
        return _guarded(request, lambda handler: checked(request, member, handler))

    guarded.takes_files = True  # type: ignore[attr-defined]
    return guarded


def console_takes_files(
    view: Callable[Concatenate[Self, HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[Self, HttpRequest, P], HttpResponse]:
    """Do the same before a `view` of the console, a method. The console has checked who asks."""

    @csrf_exempt
    @wraps(view)
    def guarded(
        self: Self, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        @csrf_protect
        def checked(request: HttpRequest) -> HttpResponse:
            return view(self, request, *args, **kwargs)

        return _guarded(request, lambda _handler: checked(request))

    guarded.takes_files = True  # type: ignore[attr-defined]
    return guarded
