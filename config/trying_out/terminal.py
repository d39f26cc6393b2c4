"""Runs web, worker and beat in one terminal, with a task beside them that may end on its own."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TextIO

from honcho.manager import Manager
from honcho.printer import Message, Printer

from config.trying_out.language import in_terminal_language

OF_HONCHO: Final = "system"
"""The name for honcho's own messages."""
GOODBYE: Final = "worker: "
"""The start of Celery's messages about its end."""
PATIENCE: Final = 5.0
"""Seconds for the task to end before it is killed."""
POLL: Final = 0.3


class Lines(Printer):  # type: ignore[misc]
    """Prints a line with its time and process.

    Of honcho's own messages, only errors are shown.
    """

    def __init__(self, output: TextIO) -> None:
        super().__init__(output)
        self._alone = threading.RLock()  # a signal handler may log while its thread holds the lock
        self._is_stopping = False

    def write(self, message: Any) -> None:
        text = (
            message.data.decode("utf-8", "replace")
            if isinstance(message.data, bytes)
            else message.data
        )
        if message.name == OF_HONCHO:
            text = self._of_honcho(text)
        with self._alone:
            for line in text.splitlines():
                if line.strip() and not (self._is_stopping and line.startswith(GOODBYE)):
                    super().write(message._replace(data=line.rstrip()))

    def say(self, name: str, text: str) -> None:
        """Print `text` as a line of the process `name`."""
        self.write(Message("line", text, datetime.now(), name, None))

    def _of_honcho(self, text: str) -> str:
        if "SIGKILL" in text:
            return text
        if " received" in text or text.startswith("sending "):
            was_stopping, self._is_stopping = self._is_stopping, True
            return "" if was_stopping else in_terminal_language("正在停止…", "stopping …")
        return text if " stopped " in text and not self._is_stopping else ""


class Task(threading.Thread):
    """Runs `command`, if any, once `is_due`. Prints its lines among the others'.

    Its end does not affect the other processes.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        env: Mapping[str, str],
        lines: Lines,
        is_due: Callable[[], bool],
        if_failed: str,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._command, self._env, self._lines, self._is_due, self._if_failed = (
            command,
            env,
            lines,
            is_due,
            if_failed,
        )
        self._stopped, self._starting = threading.Event(), threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        self._stopped.wait(
            POLL
        )  # the other processes are forked meanwhile, and nothing happens here until they are
        while not self._stopped.is_set() and not self._is_due():
            self._stopped.wait(POLL)
        with self._starting:
            if self._stopped.is_set() or not self._command:
                return
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not self._stopped.is_set():
                self._lines.say(self.name, line.decode("utf-8", "replace"))
        if (status := self._process.wait()) and not self._stopped.is_set():
            self._lines.say(
                self.name,
                in_terminal_language(
                    f"未完成（退出状态 {status}）；{self._if_failed}",
                    f"incomplete (exit status {status}); {self._if_failed}",
                ),
            )

    def stop(self) -> None:
        """Tell the command to end, and drop its further output. It may not have started yet."""
        self._stopped.set()
        self._signal(signal.SIGTERM)

    def end(self) -> None:
        """Stop the command and wait until it is gone."""
        self.stop()
        self.join(PATIENCE)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._starting:
            if self._process is not None and self._process.poll() is None:
                os.killpg(self._process.pid, number)


class Supervisor(Manager):  # type: ignore[misc]
    """Runs the processes until one of them ends or a signal comes, then stops the tasks too."""

    def __init__(self, lines: Lines, *tasks: Task) -> None:
        super().__init__(lines)
        self._tasks = tasks

    def terminate(self) -> None:
        for task in self._tasks:
            task.stop()
        super().terminate()

    def loop(self) -> None:
        for task in self._tasks:
            task.start()
        try:
            super().loop()
        finally:
            for task in self._tasks:
                task.end()
