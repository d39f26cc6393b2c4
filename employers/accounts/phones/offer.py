"""Whether the pages offer the phone before the email address."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language

from employers.security import throttle
from employers.security.cookies import read_cookie
from events.delivery.sms import sms_ready


def phone_comes_first(request: HttpRequest) -> bool:
    """Return whether to offer the phone first: in Chinese, unless the email address was chosen or
    this browser has signed in before.
    """
    chosen = "by" in request.GET or read_cookie(request, throttle.KNOWN_COOKIE)
    in_chinese = (get_language() or "").startswith("zh")
    return request.method == "GET" and not chosen and in_chinese and sms_ready()
