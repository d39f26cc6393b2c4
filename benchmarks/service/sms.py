"""Benchmark of queueing text messages: `queue_sms` against one INSERT, by one and by two threads.

`python -m benchmarks.sms [--count N] [--json]` uses a database of its own: SQLite, or one on the
server that ZIZHI_DATABASE_URL names. Each message goes to another number, in a transaction of its
own, and is counted for one payer, so all of them wait for the row of the day's total. `--seed` has
no effect.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from benchmarks import stage
from benchmarks.stage import a_database

THREADS: Final = (1, 2)
COLUMNS: Final = ("threads", "inserts /s", "queued /s", "insert ÷ queue")


def main() -> None:
    options = stage.arguments(__doc__ or "", count=2000)
    with _database():
        rows = [measured(threads, options.count) for threads in THREADS]
    if options.json:
        stage.tell({"count": options.count, "rows": rows})
        return
    stage.show(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


@contextmanager
def _database() -> Iterator[None]:
    with ExitStack() as stack:
        if server := os.environ.get("ZIZHI_DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(a_database(server))
        os.environ["ZIZHI_SMS_BUDGET"] = os.environ["ZIZHI_SMS_BUDGET_PER_PAYER"] = "1000000"
        stack.enter_context(stage.fresh())
        yield


def measured(threads: int, count: int) -> dict[str, Any]:
    """Return how many rows a second are inserted and how many messages queued."""

    def per_second(work: Callable[[int], None]) -> int:
        begun = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(count)))
        return round(count / (time.perf_counter() - begun))

    inserted, queued = per_second(insert), per_second(lambda number: queue(threads, number))
    return dict(zip(COLUMNS, (threads, inserted, queued, round(inserted / queued, 1)), strict=True))


def insert(number: int) -> None:
    """Insert a row of the same table, and nothing else."""
    from django.db import transaction
    from django.utils import timezone

    from events.models import Sms

    now = timezone.now()
    with transaction.atomic():
        Sms.objects.create(
            content_sealed="x" * 200,
            number_index=f"{number:064}",
            template="verification_code",
            language="zh-hans",
            payer="accounts",
            provider="simulator",
            segments=1,
            created_at=now,
            due_at=now,
        )


def queue(prefix: int, number: int) -> None:
    from django.utils import timezone

    from events.delivery import sms

    sms.notify_worker = lambda *_: None  # the doorbell is not measured
    sms.queue_sms(
        f"+8613{prefix}{number:08}",
        "verification_code",
        "zh-hans",
        {"code": "739156", "minutes": "5"},
        timezone.now(),
        payer="accounts",
        network=f"203.0.113.{number}",
        account=str(number),
    )


if __name__ == "__main__":
    main()
