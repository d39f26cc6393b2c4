"""Celery's transport over files, with files that appear only when complete.

Celery's own transport opens a message under its final name and then writes it. A worker that read
in between got an empty file and stopped, together with everything that the same command had
started. The table of an exchange, created by the first process that needs it, had the same flaw.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from kombu.transport import filesystem
from kombu.utils.json import dumps

log = structlog.get_logger()


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        _written(folder, dumps(payload)).replace(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Return the next message.

        An unreadable one is dropped; the sweep sends it again.
        """
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                log.warning("message_unreadable", queue=queue)

    def _queue_bind(self, exchange: str, routing_key: Any, pattern: str | None, queue: str) -> None:
        table = Path(self.control_folder) / f"{exchange}.exchange"
        if not table.exists():
            table.parent.mkdir(exist_ok=True)
            empty = _written(table.parent, dumps([]))
            with suppress(FileExistsError):
                os.link(empty, table)
            empty.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    Channel = Channel


def _written(folder: Path, text: str) -> Path:
    """Write a temporary file in the folder, under a name that readers ignore."""
    path = folder / f".{uuid4()}.part"
    path.write_text(text, encoding="utf-8")
    return path
