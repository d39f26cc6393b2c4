"""Makes golden cases of fictitious companies.

`python manage.py make_golden --count 10 --seed 1`
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from verification.quality import golden_specimens


class Command(BaseCommand):
    help = (
        "Make golden cases of fictitious companies, of each kind in turn, with the right decision"
        " for each."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--count",
            type=int,
            default=len(golden_specimens.KINDS),
            help="number of cases (default: one of each kind)",
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="the first company; the others follow by number"
        )

    def handle(self, *args: Any, count: int, seed: int, **options: Any) -> None:
        kinds = list(golden_specimens.KINDS)
        for number in range(count):
            kind = kinds[number % len(kinds)]
            try:
                golden = golden_specimens.make_golden_case(kind, seed + number, timezone.now())
            except golden_specimens.NotForReviewers as why:
                self.stderr.write(f"left out: {why}")
            else:
                self.stdout.write(
                    f"{golden.pk}  {kind}  {golden.name}  {golden.right_verb}"
                    f" {', '.join(golden.right_reasons)}".rstrip()
                )
