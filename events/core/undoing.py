"""Transactions that also undo writes outside of the database, such as files.

Django has a callback after a commit, but none after a rollback. Requests open their outermost
transaction with `undoing_transaction` from this module, and code that stores a file inside it
registers the removal with `if_undone`. If the process dies in between, nothing is undone.
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
def undoing_transaction() -> Iterator[None]:
    """Like `django.db.transaction.atomic`, but runs the registered steps if the transaction is
    undone: by an exception, a mark to roll back, or a failed commit.
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
            around.extend(steps)  # an outer transaction can still be undone


def _take_back(step: Callable[[], None]) -> None:
    """A step that fails must neither prevent the others nor hide the original error."""
    try:
        step()
    except Exception:
        log.exception("not_taken_back")


def if_undone(step: Callable[[], None]) -> None:
    """Run `step` if the surrounding `undoing_transaction` is undone. Without one, `step` never
    runs.
    """
    if (steps := _steps.get()) is not None:
        steps.append(step)
