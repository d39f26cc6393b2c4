"""Counts stored files that no row refers to, and erases them on request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from verification import orphan_files
from verification.cases.storage import EncryptedStorage


class Command(BaseCommand):
    help = (
        "Count the stored files older than a day that no row refers to, left by a process that was"
        " killed while it stored or erased one. With --erase and their number, erase them for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--erase", type=int, metavar="NUMBER", help="erase them if there are exactly this many"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found, total = orphan_files.find_orphan_files(timezone.now())
        storage = EncryptedStorage()
        there = [file.stat() for name in found if (file := storage.location / name).exists()]
        size = sum(each.st_size for each in there) / 1e6
        self.stdout.write(
            f"{len(found)} of {total} stored files have no row that refers to them ({size:.1f} MB)."
        )
        if there:
            first, last = (
                datetime.fromtimestamp(of(each.st_mtime for each in there), UTC)
                for of in (min, max)
            )
            self.stdout.write(f"Written from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC.")
            self.stdout.write(
                "If these are many, or all from the last days, the database is older than the"
                " files, or the folder belongs to another deployment: keep them."
            )
        if options["erase"] is None:
            return
        if options["erase"] != len(found):
            raise CommandError(
                f"None was erased. Seen: {len(found)}; expected: {options['erase']}. Count them"
                " first, then pass their number."
            )
        for name in found:
            storage.delete(name)
        self.stdout.write(f"Erased: {len(found)}.")
