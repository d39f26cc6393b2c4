"""What becomes of what was written outside of the database, where the transaction is undone?

It is taken back, by who wrote it.

Django calls back after a commit and not after a rollback. Whoever opens the outermost transaction
of a request opens it as `transaction` here; whoever stores a file within says with `if_undone` how
it goes again. A process that dies in between takes nothing back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.db import transaction as _django

log = structlog.get_logger()

_steps: ContextVar[list[Callable[[], None]] | None] = ContextVar("steps_back", default=None)


@contextmanager
def transaction() -> Iterator[None]:
    """As `django.db.transaction.atomic`; where it is undone, by an exception, a mark to roll back,
    or a failed commit, so are its steps.
    """
    around, steps = _steps.get(), list[Callable[[], None]]()
    token = _steps.set(steps)
    is_undone = True
    try:
        with _django.atomic():
            yield
            is_undone = _django.get_rollback()
    except BaseException:
        is_undone = True
        raise
    finally:
        _steps.reset(token)
        if is_undone:
            for step in reversed(steps):
                _take_back(step)
        elif around is not None:
            around.extend(steps)  # what is around this can still be undone


def _take_back(step: Callable[[], None]) -> None:
    """One that fails hinders no other, and hides nothing of why there was anything to take back."""
    try:
        step()
    except Exception:
        log.exception("not_taken_back")


def if_undone(step: Callable[[], None]) -> None:
    """Do `step` where the `transaction` around this is undone; without one around, nothing is."""
    if (steps := _steps.get()) is not None:
        steps.append(step)
