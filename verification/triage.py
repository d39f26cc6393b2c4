"""Where does a case stand among those that wait for a reviewer? Since when, by when, how urgent, and whether two people look at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from verification.models import Case


def place(case: Case, codes: Sequence[str], now: datetime) -> None:
    """Give a case that comes to the reviewers at `now`, for these reasons, its place in their queue; the caller saves it.

    Without codes it waits for what was decided on it last.
    """
    raise NotImplementedError
