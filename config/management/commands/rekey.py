"""Moves everything that depends on a data key to the current one: `manage.py rekey`.

Run it after ZIZHI_DATA_KEY has changed (docs/operating/keys.md), while the service runs. It can be
interrupted and repeated. `--count` only reports what is left under each key. The command fails
while something is left under a retired key.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError, CommandParser

from downloads.candidates import receipts
from downloads.models import Copy, Release
from events import rekeying
from events.core.sealing import Damaged, KeyMissing, data_keys, key_id, seal_head
from verification.cases.storage import EncryptedStorage

ROWS: Final = "rows"
FILES: Final = "files"
MOVED_KINDS: Final = (ROWS, FILES)
COPIES: Final = "copies that can be traced"
RECEIPTS: Final = "receipts"


class Command(BaseCommand):
    help = "Move all seals and blind indexes to the current data key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", action="store_true", help="only count what is left")

    def handle(self, *args: Any, **options: Any) -> None:
        if problem := rekeying.key_problem():
            raise CommandError(problem)
        if not options["count"]:
            self._move()
        left = self._left()
        if lost := _sum(left, only_unknown=True):
            self.stderr.write(f"{lost} rows and files need a key that is not in the settings.")
        if others := _sum(left, only_unknown=False):
            raise CommandError(f"{others} rows and files are still under a retired key.")
        if former := rekeying.unnamed_former():
            made = sum(column.indexes().count() for column in rekeying.sealed_columns())
            raise CommandError(
                f"Some of {made} blind indexes may have been made with {' and '.join(former)}, and"
                " would not be found without it. Add it to ZIZHI_INDEX_KEYS_FORMER before you"
                " remove any key, restart all processes, and run this again."
            )
        if not options["count"]:
            rekeying.move_key_check()
        self.stdout.write("No row and no file needs a retired key.")

    def _move(self) -> None:
        for column in rekeying.sealed_columns():
            done = rekeying.rekey_column(column)
            self._say(str(column), done.moved, done.unreadable)
        storage = storages["default"]
        if isinstance(storage, EncryptedStorage):
            self._say(FILES, *_reseal(storage))

    def _say(self, what: str, moved: int, unreadable: int) -> None:
        if moved or unreadable:
            note = f", {unreadable} unreadable" if unreadable else ""
            self.stdout.write(f"{what}: {moved} moved{note}")

    def _left(self) -> Counter[tuple[str, str]]:
        """Write what is left under each other key, and return it by key and kind."""
        found: Counter[tuple[str, str]] = Counter()
        for column in rekeying.sealed_columns():
            for named, rows in column.by_key().items():
                found[named, ROWS] += rows
        for named, files in _files_by_key().items():
            found[named, FILES] += files
        for key, public in zip(data_keys(), receipts.public_keys(), strict=True):
            named = key_id(key).hex()
            signed = Release.objects.filter(key_id=receipts.key_id_of(public))
            found[named, RECEIPTS] = signed.count()
            found[named, COPIES] = (
                Copy.objects.filter(mark_key=named).exclude(resume=None).exclude(resume__pages="")
            ).count()
        current = key_id(data_keys()[0]).hex()
        known = [key_id(key).hex() for key in data_keys()]
        for named in dict.fromkeys([*known, *(of for of, _ in found)]):
            counts = [f"{n} {kind}" for (of, kind), n in found.items() if of == named and n]
            which = " (current)" if named == current else ""
            self.stdout.write(f"key {named}{which}: {', '.join(counts) or 'nothing'}")
        return Counter({of: n for of, n in found.items() if of[0] != current and n})


def _sum(left: Counter[tuple[str, str]], *, only_unknown: bool) -> int:
    """Return the number of rows and files that can be moved: those of unknown keys, or others."""
    return sum(
        n
        for (named, kind), n in left.items()
        if kind in MOVED_KINDS and (named == rekeying.UNKNOWN) is only_unknown
    )


def _reseal(storage: EncryptedStorage) -> tuple[int, int]:
    """Move the stored files. Return how many were moved, and how many cannot be read."""
    moved = unreadable = 0
    for name in storage.names():
        try:
            moved += storage.reseal(name)
        except FileNotFoundError:  # deleted meanwhile
            continue
        except (Damaged, KeyMissing):
            unreadable += 1
    return moved, unreadable


def _files_by_key() -> Counter[str]:
    storage = storages["default"]
    found: Counter[str] = Counter()
    if not isinstance(storage, EncryptedStorage):
        return found
    named = {seal_head(key): key_id(key).hex() for key in storage.keys}
    for name in storage.names():
        try:
            found[named.get(storage.head_of(name), rekeying.UNKNOWN)] += 1
        except FileNotFoundError:
            continue
    return found
