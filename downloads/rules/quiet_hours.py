"""The hours in which candidates get no text messages."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WHERE: Final = ZoneInfo("Asia/Shanghai")
"""Where the numbers are, whatever the deployment's time zone."""
FIRST: Final = time(8)
LAST: Final = time(22)


def not_in_quiet_hours(moment: datetime) -> datetime:
    """Return `moment`, or the next morning if it is at night."""
    there = moment.astimezone(WHERE)
    if FIRST <= there.time() < LAST:
        return moment
    morning = datetime.combine(there.date(), FIRST, WHERE)
    return morning if there.time() < FIRST else morning + timedelta(days=1)
