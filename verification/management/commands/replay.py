"""Shows what would change under another policy.

`python manage.py replay --policy VERSION [--since DATE] [--json]`

It decides all stored attempts again without external requests. `--shadow` summarises the verdicts
of the shadow policy instead. Nothing is written.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from verification.decision import replay
from verification.models import ShadowVerdict
from verification.rules.policy import CURRENT, POLICIES

HOW = {
    "again": "judged again",
    "older_version": "by their stored findings: the check has another version today",
    "broken": "by their stored findings: the observation cannot be judged",
    "unknown_check": "by their stored findings: there is no such check today",
    "facts_changed": "by their stored findings: the employer has declared something else since",
}


class Command(BaseCommand):
    help = (
        "Decide all stored attempts by another policy, and print what would change. No external"
        " service is asked, and nothing is written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--policy",
            metavar="VERSION",
            help=f"one of {', '.join(POLICIES)}; {CURRENT.version} is live",
        )
        which.add_argument(
            "--shadow", action="store_true", help="summarise the shadow policy's verdicts instead"
        )
        parser.add_argument(
            "--since",
            metavar="DATE",
            help="only attempts submitted on or after this day, such as 2026-11-01",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object per line: each change, then the summary",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since = _day(options["since"])
        if options["shadow"]:
            version, rows = "shadow", _beside(since)
        elif options["policy"] in POLICIES:
            version, rows = options["policy"], _again(options["policy"], since)
        else:
            raise CommandError(f"--policy is {options['policy']!r}; known: {', '.join(POLICIES)}")
        moves: Counter[tuple[str, str]] = Counter()
        judged: Counter[str] = Counter()
        for row in rows:
            moves[row["from"], row["to"]] += 1
            judged.update(row.pop("judged", {}))
            if row["from"] != row["to"]:
                self.stdout.write(json.dumps(row) if options["json"] else _line(row))
        self._summary(version, moves, judged, as_json=options["json"])

    def _summary(
        self, version: str, moves: Counter[tuple[str, str]], judged: Counter[str], *, as_json: bool
    ) -> None:
        changed = sum(count for (was, would), count in moves.items() if was != would)
        if as_json:
            told = {
                "policy": version,
                "attempts": moves.total(),
                "changed": changed,
                "judged": dict(judged),
            }
            told["moves"] = {
                f"{was} → {would}": count for (was, would), count in sorted(moves.items())
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(f"\n{version}: {changed} of {moves.total()} would change")
        for (was, would), count in sorted(moves.items()):
            self.stdout.write(
                f"{count:>8}  {was} → {would}{'' if was != would else '  (as it was)'}"
            )
        for how, count in judged.most_common():
            self.stdout.write(f"{count:>8}  checks {HOW[how]}")


def _again(version: str, since: datetime | None) -> Iterator[dict[str, Any]]:
    for told in replay.replay_attempts(POLICIES[version], since):
        yield {
            "case": told.case_id,
            "attempt": told.attempt,
            "from": str(told.live),
            "to": str(told.would),
            "reasons": list(told.reasons),
            "judged": told.judged,
        }


def _beside(since: datetime | None) -> Iterator[dict[str, Any]]:
    verdicts = ShadowVerdict.objects.select_related("attempt").order_by("pk")
    if since is not None:
        verdicts = verdicts.filter(attempt__submitted_at__gte=since)
    for verdict in verdicts.iterator(chunk_size=1000):
        yield {
            "case": str(verdict.attempt.case_id),
            "attempt": verdict.attempt.number,
            "policy": verdict.policy_version,
            "from": verdict.live_outcome,
            "to": verdict.outcome,
            "reasons": verdict.reasons,
        }


def _line(row: Mapping[str, Any]) -> str:
    return (
        f"{row['from']:>8} → {row['to']:<8} {row['case']} #{row['attempt']} "
        f" {', '.join(row['reasons'])}"
    )


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"--since is {text!r}; expected a day such as 2026-11-01")
    return timezone.make_aware(datetime.combine(day, time.min))
