"""The page `/try/mails`: all mails and text messages sent while trying the product out.

They contain links and codes that open accounts. Therefore the page exists only if mails are kept
instead of sent, and only for requests from this machine to a local address, without a proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from operator import attrgetter
from typing import Any, Concatenate, Final, ParamSpec

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from config.trying_out import kept_mail, kept_sms

P = ParamSpec("P")
SHOWN: Final = 50
"""Mails and text messages on the page, newest first."""
FORWARDED: Final = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
)
"""Headers that proxies add."""
SANDBOX: Final = ["allow-popups", "allow-popups-to-escape-sandbox"]
"""A mail's links open in a new tab. Scripts and forms do not work, and the mail has no origin."""


def may_see_mails(request: HttpRequest) -> bool:
    """Return whether mails are kept here, and `request` comes from this machine to its own address
    without a proxy.
    """
    if (
        not settings.MAILS_KEPT
        or settings.SECURE_PROXY_SSL_HEADER
        or any(name in request.META for name in FORWARDED)
    ):
        return False
    try:
        host, _ = split_domain_port(request.get_host())
        return (
            host.strip("[]") in settings.LOCAL_HOSTS
            and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
        )
    except (DisallowedHost, ValueError):
        return False


def mails_to_try(request: HttpRequest) -> dict[str, Any]:
    """Tell every template whether the page of mails is available."""
    return {"mails_to_try": may_see_mails(request)}


def only_here(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Return 404 unless the user may see the mails."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_see_mails(request):
            raise Http404
        return view(request, *args, **kwargs)

    return inner


@require_safe
@only_here
def start(request: HttpRequest) -> HttpResponse:
    """Lead to the page that shows both mails and text messages."""
    return redirect("try_mails")


@require_safe
@only_here
@never_cache
@csp_update({"frame-src": [SELF]})
def mails(request: HttpRequest) -> HttpResponse:
    """Show the mails and text messages, newest first.

    With `?after=KEY`, return only the number of newer ones. The page polls this.
    """
    texts = kept_sms.newest_messages(SHOWN)
    if after := request.GET.get("after"):
        newer = sum(key > after for key in kept_mail.mail_keys(settings.MAILS_DIR))
        newer += sum(text.key > after for text in texts)
        return render(request, "try/_newer.html", {"newer": newer, "newest": after})
    both: list[Any] = [*kept_mail.newest_mails(settings.MAILS_DIR, SHOWN), *texts]
    shown = sorted(both, key=attrgetter("key"), reverse=True)[:SHOWN]
    newest = shown[0].key if shown else "0"
    return render(request, "try/mails.html", {"mails": shown, "newest": newest, "newer": 0})


POLICY: Final = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": SANDBOX,
}
"""The policy of a mail's frame: it may use its own styles and open links outside of the frame."""


@require_safe
@only_here
@never_cache
@xframe_options_sameorigin
@csp(POLICY)  # type: ignore[arg-type]
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """Return the HTML part of a mail, for a frame. Its links open outside of the frame."""
    found = kept_mail.read_mail(key, settings.MAILS_DIR)
    if found is None or not found.html:
        raise Http404
    return HttpResponse(found.html.replace("<head>", '<head><base target="_blank">', 1))
