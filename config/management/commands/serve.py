"""How is everything started with one command? Web, worker and beat in the foreground, until Ctrl-C."""

from __future__ import annotations

import errno
import json
import os
import shlex
import socket
import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager
from honcho.printer import Printer

from config import processes
from config.management.commands.demo import SIGN_IN


class Command(BaseCommand):
    help = "Serve web, worker and beat as one foreground command."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--prepare", action="store_true", help="migrate, collect static files and show the demo first, where that is still to be done"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        check_port(host, port)
        check_folder()
        if options["prepare"]:
            call_command("migrate", interactive=False, verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            site = environment(port)["ZIZHI_SITE_URL"]  # the demo's own processes make links, too
            settings.SITE_URL = os.environ["ZIZHI_SITE_URL"] = site
            call_command("demo", once=True)
        self.stdout.write(where_to_go(port))
        self.stdout.flush()
        raise SystemExit(supervise(host, port))


def check_port(host: str, port: int) -> None:
    """Raises CommandError when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CommandError(f"Port {port} {why}. Stop what listens there, or choose another: make run PORT={port + 1}") from error


def check_folder() -> None:
    """Raises CommandError when the deployment's folder cannot be written."""
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        probe = settings.VAR_DIR / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(f"{settings.VAR_DIR} cannot be written ({error.strerror}). Set ZIZHI_VAR_DIR to a folder that can.") from error


def where_to_go(port: int) -> str:
    """What a person needs to begin: addresses, and the demo's sign-ins where they were made."""
    lines = [
        "",
        f"  Zizhi 资质   http://localhost:{port}",
        f"  Reviewers    http://localhost:{port}/console/",
        f"  API          http://localhost:{port}/api/v1/openapi.json",
    ]
    path = settings.VAR_DIR / SIGN_IN
    if path.exists():
        made = json.loads(path.read_text(encoding="utf-8"))
        question = json.dumps({"employer_id": made["employer_id"], "member_id": made["member_id"], "candidate": "c-1"})
        ask = (
            f"curl http://localhost:{port}/api/v1/gate/decisions -H 'Authorization: Bearer {made['api_key']}' \\\n"
            f"               -H 'Content-Type: application/json' -d '{question}'"
        )
        lines += [
            "",
            f"  Employer     {made['employer']}   password {made['password']}",
            f"  Reviewer     {made['reviewer']}   password {made['password']}",
            f"  API key      {made['api_key']}",
            f"  Ask the gate {ask}",
            "  (to try it out, a password is enough in the console; a second factor is set up there, at the top right)",
            f"  (made on this machine, kept in {path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path})",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops it.", ""])


def environment(port: int) -> dict[str, str]:
    """What the processes are given. Links in mails lead to this port, unless the deployment names its address; on this machine's
    own address the console lets staff in without a second factor, unless that is asked for."""
    unless_named = {"ZIZHI_LOG_READABLE": "1", "ZIZHI_SITE_URL": f"http://localhost:{port}"}
    given = {**unless_named, **os.environ, **processes.STOPS_AT_ONCE, "PYTHONUNBUFFERED": "1"}
    if urlsplit(given["ZIZHI_SITE_URL"]).hostname in settings.LOCAL_HOSTS:
        given.setdefault("ZIZHI_STAFF_SECOND_FACTOR", "optional")  # who tries it out has two commands, and no app on a phone
    return given


def supervise(host: str, port: int) -> int:
    """Run the three processes until one ends or a signal comes; the exit status."""
    manager = Manager(Printer(sys.stdout, prefix=True))
    for name, command in (
        ("web", processes.web(host, port)),
        ("worker", processes.worker(settings.CELERY_WORKER_CONCURRENCY)),
        ("beat", processes.beat()),
    ):
        manager.add_process(name, shlex.join(command), env=environment(port))
    manager.loop()
    # Ended by Ctrl-C or by a signal is a clean end; a process that failed by itself is not.
    code = manager.returncode or 0
    return 0 if code in (-2, -15, 130, 143) else code
