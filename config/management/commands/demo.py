"""The demo: three employers, live, from registration to a download, with the real operations.

Three more cases stay in the reviewers' queue for the user to decide in the console. The licences
are fictitious and drawn here; mails, worker, OCR and gate are real. The gate is called like a
recruitment site would: over HTTP, with a key, through the client package. Every run creates new
companies. Beside a running service (`serve`), it creates only what is missing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from config.demo import record as demo_record
from config.demo.steps import ANSWER, wait_for
from config.demo.stories import Demo
from config.demo.timeline import Timeline
from config.trying_out import processes
from config.trying_out.language import of_terminal
from employers.models import Employer
from zizhi_client import Unavailable, Zizhi, ZizhiError

NICENESS: Final = 5
"""The demo has a lower priority than the pages that run beside it."""


class Command(BaseCommand):
    help = (
        "Show three employers from registration to a decision: approved, approved "
        "after changes, rejected. Leave three more cases for you to review."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--served",
            metavar="URL",
            help=(
                "create only what is missing, with the worker and pages already "
                "running; one line per step"
            ),
        )
        parser.add_argument(
            "--language",
            choices=["zh", "en"],
            help="language of the timeline (default: the terminal's)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if urlsplit(settings.SITE_URL).hostname not in settings.LOCAL_HOSTS:
            raise CommandError(
                "The demo creates fictitious employers with real access. It is not allowed with"
                f" ZIZHI_SITE_URL {settings.SITE_URL or 'unset'}."
            )
        served, path = options["served"], settings.VAR_DIR / demo_record.SIGN_IN
        language = options["language"] or of_terminal()
        made = demo_record.load_record(path)
        steps = demo_record.missing_steps(made) if served else list(demo_record.STEPS)
        with (
            translation.override("zh-hans" if language == "zh" else "en"),
            contextlib.ExitStack() as stack,
        ):
            if served:
                os.nice(NICENESS)
            else:
                stack.enter_context(running_worker())
            zizhi, at = stack.enter_context(
                platform_client(made["api_key"], served)
                if served
                else running_platform(made["api_key"])
            )
            line = Timeline(language, time.monotonic(), is_brief=bool(served))
            failed = Demo(line, made, zizhi, at, Employer.objects.count() * 7 + 1).show(steps, path)
        if failed:
            raise SystemExit(1)


@contextlib.contextmanager
def running_worker() -> Iterator[None]:
    """Run a Celery worker that keeps its mails, so that the demo can open their links."""
    log = settings.VAR_DIR / "demo-worker.log"
    log.unlink(missing_ok=True)
    with processes.running_process(processes.worker_command(1), log, ZIZHI_EMAIL_URL="keptmail://"):
        try:
            yield
        except TimeoutError as error:
            raise CommandError(f"{error}. The worker's log: {log}") from error


@contextlib.contextmanager
def running_platform(key: str) -> Iterator[tuple[Zizhi, str]]:
    """Act as a recruitment site: yield the client, connected to a web process on a free port."""
    log = settings.VAR_DIR / "demo-web.log"
    log.unlink(missing_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    at = f"http://127.0.0.1:{port}"
    # Use this machine's address, even if the deployment's pages are behind a proxy.
    alone = {"ZIZHI_HTTPS": "0", "ZIZHI_ALLOWED_HOSTS": "127.0.0.1"}
    with (
        processes.running_process(processes.web_command("127.0.0.1", port), log, **alone),
        platform_client(key, at, f" The web process's log: {log}") as answering,
    ):
        yield answering


@contextlib.contextmanager
def platform_client(key: str, at: str, hint: str = "") -> Iterator[tuple[Zizhi, str]]:
    """Act as a recruitment site: yield the client once the pages at `at` answer.

    Raises CommandError.
    """
    with Zizhi(key, at, gate_timeout=ANSWER, retries=0) as zizhi:
        try:
            wait_for(
                lambda: is_there(zizhi) or None, Unavailable("The web process is not responding")
            )
            yield zizhi, at
        except ZizhiError as error:
            raise CommandError(f"{error}.{hint}") from error


def is_there(zizhi: Zizhi) -> bool:
    """Return whether the server has started."""
    try:
        zizhi.me()
    except Unavailable:
        return False
    return True
