"""Notifies a worker, once the caller's transaction has committed, that a row is waiting.

Tasks are named by strings, so modules that queue work need not import the modules that do it, and
imports keep to one direction. `tests/test_house.py` checks that each name belongs to a registered
task that takes these arguments.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction

Key = int | str | UUID


def notify_worker(task: str, *key: Key) -> None:
    """Send `task` the key of a row after the commit. Nothing is sent if the transaction rolls back.

    A lost message only delays the work until the next sweep: the row itself is the queue
    (`events.jobs.queue`).
    """
    transaction.on_commit(
        partial(_send, task, *(str(each) if isinstance(each, UUID) else each for each in key))
    )


def _send(task: str, *key: int | str) -> None:
    current_app.send_task(task, key)
