"""Tells a worker, once the caller's transaction has committed, that a row waits for it.

A task is named by its string: the modules that queue work need not import the modules that do it,
so imports keep to one direction. `tests/test_house.py` checks that every name used here belongs to
a registered task that takes these arguments.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction

Key = int | str | UUID


def notify_worker(task: str, *key: Key) -> None:
    """Send `task` the key of a row after the commit; nothing is sent if the transaction rolls back.

    A message that is lost costs one sweep: the row itself is the queue (`events.jobs.queue`).
    """
    transaction.on_commit(
        partial(_send, task, *(str(each) if isinstance(each, UUID) else each for each in key))
    )


def _send(task: str, *key: int | str) -> None:
    current_app.send_task(task, key)
