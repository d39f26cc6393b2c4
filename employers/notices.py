"""Telling an account's owner what happened: by mail, or else by a message to the proven number."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import structlog

from employers.models import User
from events.core.errors import Refused
from events.delivery.mail import queue_mail, subject_of
from events.delivery.sms import queue_sms

log = structlog.get_logger()

PAYER: Final = "accounts"
"""What messages about accounts are counted for."""
_SHORT_PATH: Final = re.compile(r"/([A-Za-z0-9_/-]{1,24})")
_HOME: Final = "/case/"


def tell_user(user: User, template: str, context: dict[str, Any], now: datetime) -> bool:
    """Queue the mail `template` to the account's address. Return whether anything was queued.

    An account without an address, or with one that nobody has confirmed, gets the mail's subject as
    a message to its proven number. A message is not worth failing for: if there may be no more
    today, the owner reads it on the pages.
    """
    if user.email and (user.email_verified_at is not None or not user.phone_index):
        queue_mail(user.email, template, user.language, context, now)
        return True
    if user.phone_index:
        path = _SHORT_PATH.fullmatch(str(context.get("path", ""))) or _SHORT_PATH.fullmatch(_HOME)
        assert path is not None
        what = subject_of(template, user.language, context, now)
        try:
            queue_sms(
                user.phone,
                "account_notice",
                user.language,
                {"what": what, "path": path[1]},
                now,
                payer=PAYER,
            )
            return True
        except Refused as refused:
            log.warning("notice_not_sent", user=str(user.pk), template=template, why=refused.code)
    return False
