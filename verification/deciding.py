"""How does a reviewer decide, and take it back? A ruling is held for a moment, and carried out when that has passed.

Until then nothing has happened: the case waits as before, no right begins, nothing is sent. Carrying out asks every guard anew.
What needs two people is filed and goes to a second reviewer, who is not shown what the first one ruled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from employers.models import User
from verification.models import Ruling

NOTHING_BESIDES: Mapping[str, Any] = {}


def decide(
    case_id: UUID, verb: str, reviewer: User, now: datetime, codes: Sequence[str], note: str, *,
    seen_version: int, besides: Mapping[str, Any] = NOTHING_BESIDES,
) -> Ruling:  # fmt: skip
    """Rule on a claimed case; carried out after `UNDO_SECONDS` unless it is undone. The claim ends and the draft goes.

    `seen_version` is the version of the case that the reviewer looked at. `besides` is what else `operations.review` has to be
    told. Raises Refused.
    """
    raise NotImplementedError


def undo(ruling_id: int, reviewer: User, now: datetime) -> Ruling:
    """Take a ruling back while it is held; the claim comes back, and what was typed as a draft. Raises Refused."""
    raise NotImplementedError


def carry_out(ruling_id: int, now: datetime) -> str:
    """Do what was ruled, if it is due and nobody else is at it: its outcome, or "" where there was nothing to do."""
    raise NotImplementedError


def carry_out_due(now: datetime, of: User | None = None, at_most: int = 200) -> int:
    """Carry out what is due, the longest due first, of one reviewer or of all; how many."""
    raise NotImplementedError


def preview(
    case_id: UUID, verb: str, reviewer: User, now: datetime, codes: Sequence[str], note: str, *,
    besides: Mapping[str, Any] = NOTHING_BESIDES,
) -> dict[str, tuple[str, str]]:  # fmt: skip
    """Subject and body of the mail that the employer would get, by language; nothing is done. Raises Refused as the decision would."""
    raise NotImplementedError
