"""The download of a copy, by a link that works once."""

from __future__ import annotations

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from downloads.releases import operations
from employers.clock import now_for
from employers.models import ApiClient
from events.core.errors import ProviderBroken, Refused
from events.core.reasons import Reason

log = structlog.get_logger()

_PRIVATE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_GONE = ("copy_link_unknown", "copy_link_used", "copy_link_expired", "release_closed")


@require_GET
def open_copy(request: HttpRequest, token: str) -> HttpResponse:
    """Return the PDF, once.

    Prefetching by browsers and messengers is refused, because it would use up the link.
    """
    if "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", ""):
        return HttpResponse(status=503, headers=_PRIVATE)
    try:
        link = operations.copy_link_by_token(token)
        client = ApiClient.objects.get(pk=link.of.client_id)
        pdf = operations.open_link(link, client, now_for(client))
    except Refused as refused:
        status = 410 if refused.code in _GONE else 403
        return _not_opened(request, refused.reason, status)
    except (DatabaseError, ProviderBroken) as error:
        log.error("copy_not_opened", error=type(error).__name__)
        return _not_opened(request, None, 503)
    named = {"Content-Disposition": f'attachment; filename="{link.of.number}.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=_PRIVATE | named)


def _not_opened(request: HttpRequest, reason: Reason | None, status: int) -> HttpResponse:
    response = render(request, "downloads/not_opened.html", {"reason": reason}, status=status)
    for name, value in _PRIVATE.items():
        response[name] = value
    return response
