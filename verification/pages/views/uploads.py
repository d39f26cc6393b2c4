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

from employers.accounts.views import member_required, newcomer_required
from employers.models import Member, User

P = ParamSpec("P")
Self = TypeVar("Self")


def too_long_response(request: HttpRequest) -> HttpResponse:
    """Return the page for a body that announces too much. Nothing has read the body, or will."""
    request.upload_handlers = []
    context = {"upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2}
    return render(request, "413.html", context, status=413)


def takes_files(
    view: Callable[[HttpRequest, Member], HttpResponse],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let the member's `view` receive files.

    The middleware `config.for_pages.BodyLimit` refuses a body that announces too much, and limits
    each file. The CSRF token is part of the body, which must not be read before its sender is
    known, so it is checked afterwards.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @member_required
    @wraps(view)
    def guarded(request: HttpRequest, member: Member) -> HttpResponse:
        return checked(request, member)

    guarded.takes_files = True  # type: ignore[attr-defined]
    return guarded


def newcomer_takes_files(
    view: Callable[[HttpRequest, User], HttpResponse],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Do the same for an account that has no company yet."""
    checked = csrf_protect(view)

    @csrf_exempt
    @newcomer_required
    @wraps(view)
    def guarded(request: HttpRequest, user: User) -> HttpResponse:
        return checked(request, user)

    guarded.takes_files = True  # type: ignore[attr-defined]
    return guarded


def console_takes_files(
    view: Callable[Concatenate[Self, HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[Self, HttpRequest, P], HttpResponse]:
    """Do the same for a `view` of the console, a method. The console has checked who asks."""

    @csrf_exempt
    @wraps(view)
    def guarded(
        self: Self, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        @csrf_protect
        def checked(request: HttpRequest) -> HttpResponse:
            return view(self, request, *args, **kwargs)

        return checked(request)

    guarded.takes_files = True  # type: ignore[attr-defined]
    return guarded
