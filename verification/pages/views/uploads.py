"""The guard in front of views that receive files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from employers.accounts.views import member_required
from employers.models import Member
from verification.intake.upload_handler import BoundedUploadHandler, too_long


def takes_files(
    view: Callable[[HttpRequest, Member, BoundedUploadHandler], HttpResponse],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a body that announces too much, and limit each of its files, before the member's
    `view`.

    The CSRF token is part of the body, which must not be read before its length is known, so it is
    checked after the length.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @member_required
    @wraps(view)
    def guarded(request: HttpRequest, member: Member) -> HttpResponse:
        if too_long(request, settings.UPLOAD_MAX_BYTES):
            request.upload_handlers = []
            context = {"upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2}
            return render(request, "413.html", context, status=413)
        handler = BoundedUploadHandler(request, settings.UPLOAD_MAX_BYTES)
        request.upload_handlers = [handler]
        response: HttpResponse = checked(request, member, handler)
        return response

    return guarded
