"""How long the law requires that records of downloads are kept."""

from __future__ import annotations

from typing import Final

KEPT_DAYS: Final = 1096
"""Three years including a leap year (网络招聘服务管理规定 25; 电子商务法 31)."""
GUARDED_DAYS: Final = KEPT_DAYS - 1
"""The database refuses to remove younger rows. The difference is for clocks that disagree: one row
that is refused would stop the removal of all.
"""
