"""Command that traces a leaked file to a copy.

It runs on the server itself; the trace is recorded like any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from downloads import leaks
from downloads.models import Copy, Trace
from employers.permissions import Power
from events.core.actor import Actor, Role
from events.core.errors import Refused


class Command(BaseCommand):
    help = "Compare a leaked file with the released copies, and print the copies it came from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--why", required=True, help="the reason, which is recorded")
        parser.add_argument(
            "--candidate", default="", help="the platform's reference of the candidate, if known"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        operator = Actor(Role.SYSTEM, powers=frozenset({Power.TRACE}))
        try:
            row = leaks.request_trace(
                leaks.Asked(options["why"], data, candidate=options["candidate"]),
                operator,
                timezone.now(),
            )
        except Refused as refused:
            raise CommandError(refused.reason.says.en) from refused
        leaks.trace_leak(row.pk, timezone.now)
        row = Trace.objects.get(pk=row.pk)
        if row.finished_at is None:
            raise CommandError(
                "The file could not be traced now. A worker will retry; see the console."
            )
        if row.refused:
            raise CommandError(row.refused)
        for each in row.found:
            copy = Copy.objects.get(pk=each["copy"])
            sure = "NAMED" if each["named"] else "no evidence"
            by = f"{each['by']} z {each['z']}" if each["z"] is not None else each["by"]
            self.stdout.write(
                f"{sure:12} {each['number']}  {copy.receiver}  {copy.requested_at:%Y-%m-%d %H:%M} "
                f" {by}"
            )
        if not row.named:
            self.stdout.write(f"No copy found ({row.resumes} resumes compared).")
