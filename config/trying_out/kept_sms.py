"""The simulated provider's text messages, for the page of mails (`config.trying_out.pages`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from events.sms import simulated_sms


@dataclass(frozen=True)
class KeptSms:
    """A text message as its reader gets it. Its key sorts by time among those of mails."""

    key: str
    sent_at: datetime
    number: str
    text: str

    @property
    def link(self) -> str:
        """The address in the text, which names no scheme there; "" if there is none."""
        site = urlsplit(settings.SITE_URL)
        found = re.search(rf"{re.escape(site.netloc)}/[A-Za-z0-9_/-]+", self.text)
        return f"{site.scheme}://{found[0]}" if found else ""


def newest_messages(count: int) -> list[KeptSms]:
    """Return the newest messages, newest first. None unless the provider is the simulator."""
    if settings.SMS_PROVIDER != "simulator":
        return []
    return [
        KeptSms(
            f"{int(each.at.timestamp() * 1e6) * 1000:019d}-{each.reference:08x}",
            each.at,
            each.number,
            each.text,
        )
        for each in simulated_sms().messages(count)
    ]
