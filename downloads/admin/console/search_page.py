"""The page of the console's search.

The box sends its term in the body of a request. A term that is no personal data then moves into the
address, so that the results can be bookmarked and come back; an address of mail or a phone number
never does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from downloads.admin.console import search
from downloads.admin.console.search import Result, Term
from employers.accounts import staff_reads
from employers.accounts.forms import refusal_html
from employers.models import Member, User
from employers.security import throttle
from employers.security.throttle import Limit
from events.core.errors import Refused
from events.models import record

SEARCHES: Final = Limit("console-search", 200)
"""Searches of one person in a quarter of an hour."""


@require_http_methods(["GET", "HEAD", "POST"])
def search_view(request: HttpRequest) -> HttpResponse:
    """Lead to the one row that the term names, or list what it names."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        raise PermissionDenied
    typed = (request.POST if request.method == "POST" else request.GET).get("q", "")
    term = search.term_of(typed)
    is_personal = term is not None and term.kind in search.PERSONAL
    if request.method == "POST" and term and not is_personal:
        query = urlencode({"q": typed.strip()})
        return HttpResponseRedirect(f"{reverse('console_search')}?{query}")
    if term is None or (is_personal and request.method != "POST"):
        return _page(request, {"searched": "" if is_personal else typed, "hint": True})
    try:
        throttle.count_try(((SEARCHES, str(user.pk)),), now)
    except Refused as refused:
        return _page(request, {"searched": typed, "refusal": refusal_html(refused)}, 429)
    found = search.find_rows(term, request)
    _record(term, found, user, now)
    if len(found.hits) == 1 and term.kind is not search.Kind.WORDS:
        return HttpResponseRedirect(found.hits[0].url)
    return _page(request, {"searched": typed, "groups": found.groups, "hint": not found.groups})


def _record(term: Term, found: Result, user: User, now: datetime) -> None:
    """Record the search without its term, and each recruiter whom it shows as read."""
    record(
        "search",
        user,
        user.as_reviewer(),
        now,
        data={"kind": term.kind.value, "found": len(found.hits)},
    )
    for hit in found.hits:
        if isinstance(hit.row, Member):
            staff_reads.record_read(hit.row, user, now)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    page = {
        **admin.site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": gettext("Search"),
        **context,
    }
    response = TemplateResponse(request, "admin/search.html", page, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def search_urls() -> list[URLPattern]:
    return [path("search/", admin.site.admin_view(search_view), name="console_search")]
