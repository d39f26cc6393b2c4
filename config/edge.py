"""The outermost middleware, for pages and API alike: the client's address behind proxies, security
headers, and the answer to a body that did not arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

log = structlog.get_logger()

HEADERS: Final = {
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Pages use no such feature: the button for a photo opens the phone's own camera app. No other site
embeds what we serve.
"""


class Edge:
    """Django middleware. Everything behind it sees the client's address as `REMOTE_ADDR`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._has_warned = False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if forwarded := request.META.get("HTTP_X_FORWARDED_FOR"):
            self._take_address(request, forwarded)
        response = self.get_response(request)
        if getattr(request.META.get("wsgi.input"), "failed", False):
            # `failed` is gunicorn's: the body did not arrive in time (`config.web_worker`), or the
            # client has gone. Django takes the first for the second and answers 400, 403 or 500.
            response = HttpResponse(status=408)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _take_address(self, request: HttpRequest, forwarded: str) -> None:
        """Replace the proxy's address by the client's. The remaining addresses are what the client
        claims.
        """
        if settings.PROXIES:
            client = client_address(forwarded, settings.PROXIES)
            request.META["REMOTE_ADDR"] = request.META["HTTP_X_FORWARDED_FOR"] = client
        elif not self._has_warned:
            self._has_warned = True
            log.warning(
                "x_forwarded_for_ignored", hint="Set ZIZHI_PROXIES if a proxy of yours sends it."
            )


def client_address(forwarded: str, proxies: int) -> str:
    """Return the address in `X-Forwarded-For` that the outermost of our proxies saw.

    Each proxy appends the address of its client. With fewer addresses than proxies, the client has
    passed by the outer ones, and the first address is its own.
    """
    addresses = [address.strip() for address in forwarded.split(",")]
    return addresses[-min(proxies, len(addresses))]
