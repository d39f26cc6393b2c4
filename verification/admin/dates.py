"""Dates and deadlines in words, for lists whose rows are read within days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

_HOUR: Final = timedelta(hours=1)


def short_date_time(moment: datetime) -> str:
    """Return the day and time without a year, because nothing here waits that long."""
    local = timezone.localtime(moment)
    comma = "," if get_language() == "en" else ""
    return f"{date_format(local, 'MONTH_DAY_FORMAT')}{comma} {local:%H:%M}"


def deadline_in_words(due: datetime, now: datetime) -> str:
    """Return how far a deadline is, as a person would say it."""
    day, today = timezone.localtime(due).date(), timezone.localtime(now).date()
    if due <= now:
        if now - due < _HOUR or day == today:
            return gettext("overdue for %(time)s") % {"time": _span(now - due)}
        if day == today - timedelta(days=1):
            return gettext("overdue since yesterday")
        return gettext("overdue since %(day)s") % {"day": date_format(day, "MONTH_DAY_FORMAT")}
    if due - now < _HOUR or day == today:
        return gettext("due in %(time)s") % {"time": _span(due - now)}
    if day == today + timedelta(days=1):
        return gettext("due tomorrow, %(time)s") % {"time": f"{timezone.localtime(due):%H:%M}"}
    return gettext("due %(when)s") % {"when": short_date_time(due)}


def _span(length: timedelta) -> str:
    if length < _HOUR:
        return gettext("%(many)s min") % {"many": max(1, length // timedelta(minutes=1))}
    return gettext("%(many)s h") % {"many": length // _HOUR}
