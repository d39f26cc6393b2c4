"""How a candidate gets to their own page, which needs no account: a link that only they have opens
it.

The link is exchanged at once for a cookie that lasts half an hour, so it stays out of the address
bar, shared history and referrers. Browsers store none of these pages, and search engines index
none. Opening a link changes nothing: scanners and previewers of messages open links too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from downloads.candidates import notices, page_links
from downloads.candidates.page_links import Visit
from employers.accounts.forms import network_of
from employers.accounts.views import remember_language
from employers.security import throttle
from events.core.errors import Refused

COOKIE: Final = f"{settings.COOKIE_PREFIX}zizhi_ledger"
SALT: Final = "zizhi_ledger"
TEXT_COOKIE: Final = "zizhi_text"
"""Keeps the size of type that somebody chose, and nothing about them."""
TEXT_SIZES: Final = ("100", "150", "200")
TEXT_COOKIE_SECONDS: Final = 365 * 24 * 3600
P = ParamSpec("P")


def private_view(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Keep the response out of caches and search engines."""

    @never_cache
    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


def of_candidate(
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Pass the visit of the link's cookie to the view; without one, show how to get a link."""

    @private_view
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        cookie = request.get_signed_cookie(
            COOKIE, default="", salt=SALT, max_age=page_links.OPEN_FOR_SECONDS
        )
        visit = page_links.visit_by_cookie(cookie or "", timezone.now())
        if visit is None:
            return closed_page(request)
        try:
            response = view(request, visit, *args, **kwargs)
        except Refused as refused:
            messages.error(request, in_words(refused))
            response = redirect("ledger:home")
        if COOKIE not in response.cookies:
            remember_visit(response, visit)
        return response

    return wrapped


def remember_visit(response: HttpResponse, visit: Visit) -> None:
    """Set the cookie for half an hour. The time is signed with it, so keeping it longer is no use.

    No link can be made from it.
    """
    response.set_signed_cookie(
        COOKIE,
        page_links.stay_of(visit),
        salt=SALT,
        max_age=page_links.OPEN_FOR_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def ledger_page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> Any:
    """Return a page, in the size of type chosen before."""
    size = request.COOKIES.get(TEXT_COOKIE, "")
    more = {
        "text_size": size if size in TEXT_SIZES else TEXT_SIZES[0],
        "text_sizes": TEXT_SIZES,
        "in_wechat": is_in_wechat(request),
    }
    return render(request, template, context | more, status=status)


def closed_page(
    request: HttpRequest, token: str = "", status: int = 403, **more: bool
) -> HttpResponse:
    """Show how to get a link; with the token of an ended one, a new one can be sent."""
    response: HttpResponse = ledger_page(
        request, "ledger/closed.html", {"token": token, **more}, status=status
    )
    return response


def in_words(refused: Refused) -> str:
    reason = refused.reason
    if get_language() == "en":
        return f"{reason.says.en}. {reason.fix.en}."
    return f"{reason.says.zh}。{reason.fix.zh}。"


def is_in_wechat(request: HttpRequest) -> bool:
    """Return whether the browser is WeChat's own, which saves no files."""
    return "MicroMessenger" in request.headers.get("User-Agent", "")


def _entered(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Exchange a link for the cookie, and leave its address. Nothing else changes."""
    response = redirect("ledger:home")
    remember_visit(response, visit)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, visit.candidate.language)
    response["Referrer-Policy"] = "no-referrer"
    return response


@private_view
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open the page by a link in a mail, or from the platform."""
    visit = page_links.visit_by_link(token, timezone.now())
    return _entered(request, visit) if visit else closed_page(request, token)


@private_view
@require_safe
def open_short_link(request: HttpRequest, code: str) -> HttpResponse:
    """Open the page by the link in a text message. Wrong codes are counted by network."""
    now, counted = timezone.now(), [(throttle.SHORT_LINKS_FROM_NETWORK, network_of(request))]
    try:
        throttle.count_try(counted, now)
    except Refused as refused:
        messages.error(request, in_words(refused))
        return closed_page(request, code, status=429)
    visit = page_links.opened_short(code, now)
    if visit is None:
        return closed_page(request, code)
    throttle.give_back_try(counted, now)
    return _entered(request, visit)


@private_view
@require_POST
def fresh_link(request: HttpRequest) -> HttpResponse:
    """Send a new link to the candidate of an ended one.

    The answer is the same for every token, so it does not reveal which candidates exist.
    """
    now, token = timezone.now(), request.POST.get("token", "")
    try:
        throttle.count_try([(throttle.LINKS_FROM_NETWORK, network_of(request))], now)
    except Refused as refused:
        messages.error(request, in_words(refused))
        return closed_page(request, token, status=429)
    candidate = page_links.candidate_of(token)
    if candidate is not None:
        notices.send_fresh_link(candidate, now)
    return closed_page(request, status=200, sent=True)


# --- Another browser ------------------------------------------------------------------------------


@require_GET
@of_candidate
def other_browser(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Leave for an address that opens the page in another browser, too, for a few minutes."""
    return redirect("ledger:take_over", page_links.handed_over(visit))


@private_view
@require_GET
def take_over(request: HttpRequest, token: str) -> HttpResponse:
    """In WeChat, show how to open this address in the phone's browser. There, open the page."""
    visit = page_links.taken_over(token, timezone.now())
    if visit is None:
        return closed_page(request)
    if is_in_wechat(request):
        response: HttpResponse = ledger_page(request, "ledger/other_browser.html", {})
        return response
    return _entered(request, visit)


# --- Large type -----------------------------------------------------------------------------------


@private_view
@require_POST
def text_size(request: HttpRequest) -> HttpResponse:
    """Keep the chosen size of type in this browser."""
    response = redirect("ledger:home")
    size = request.POST.get("size", "")
    if size in TEXT_SIZES:
        response.set_cookie(
            TEXT_COOKIE,
            size,
            max_age=TEXT_COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
