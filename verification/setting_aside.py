"""What can a reviewer do with a case that they do not decide? Set it aside, hand it to a senior; and take a decision back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from employers.models import User
from verification.models import Case


def hold(case_id: UUID, reviewer: User, now: datetime, until: datetime, why: str) -> Case:
    """Set a claimed case aside until later, a week at most; until then only this reviewer can take it. Raises Refused."""
    raise NotImplementedError


def escalate(case_id: UUID, reviewer: User, now: datetime, why: str) -> Case:
    """Hand a claimed case to the seniors. Raises Refused."""
    raise NotImplementedError


def reopen(case_id: UUID, reviewer: User, now: datetime, codes: Sequence[str], note: str) -> Case:
    """A senior takes a refusal, or a request for changes, back: the case waits for a reviewer again. Raises Refused."""
    raise NotImplementedError
