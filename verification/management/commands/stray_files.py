"""Are there stored files that no row names, and shall they go?"""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from verification import strays


class Command(BaseCommand):
    help = (
        "Count the stored files, older than a day, that no row names: left by a process that was killed as it made one. "
        "With --erase they are erased, for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--erase", action="store_true", help="erase them")

    def handle(self, *args: Any, **options: Any) -> None:
        found, looked_at = strays.find(timezone.now())
        size = sum(default_storage.size(name) for name in found if default_storage.exists(name))
        self.stdout.write(f"{len(found)} of {looked_at} stored files are named by no row ({size / 1e6:.1f} MB).")
        if not options["erase"] or not found:
            return
        if 2 * len(found) > looked_at:
            raise CommandError(
                "None was erased: more than half of the files are named by no row, so this is hardly their database. "
                "Expected: DATABASE_URL and ZIZHI_VAR_DIR of one and the same deployment."
            )
        for name in found:
            default_storage.delete(name)
        self.stdout.write(f"Erased: {len(found)}.")
