"""Benchmark of webhooks: throughput, and latency from commit to receipt.

`python -m benchmarks.webhooks [--seed N] [--count N] [--rate N] [--json]` uses a database of its
own: SQLite, or one on the server that ZIZHI_DATABASE_URL names; and the broker that
ZIZHI_BROKER_URL names, else the filesystem. First, one process puts `count` events into a
platform's feed and sends them by https to a local receiver. Reused connections and a new one per
message take turns; `kept ÷ new` is their ratio. Then a worker with one process delivers `rate`
events a second, timed from commit to verified receipt. `--seed` has no effect: nothing is random
except the machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from benchmarks import stage
from benchmarks.stage import a_database

PATIENCE_SECONDS: Final = 60
BLOCKS: Final = 8
"""Kept and new connections take turns, so that other load on the machine affects both."""


def main() -> None:
    options = stage.arguments(__doc__ or "", count=2000, rate=20)
    with _folder() as folder:
        result = {
            "count": options.count,
            **throughput(options.count, folder),
            **latency(options.count // 10, options.rate, folder),
        }
    if options.json:
        stage.tell(result)
        return
    stage.show(
        (
            "database",
            "relayed /s",
            "sent /s",
            "kept ÷ new",
            "median ms",
            "p95 ms",
            "events",
            "rate /s",
        ),
        [
            [
                result[name]
                for name in (
                    "database",
                    "relayed",
                    "sent",
                    "kept_by_new",
                    "median_ms",
                    "p95_ms",
                    "timed",
                    "rate",
                )
            ]
        ],
    )


@contextmanager
def _folder() -> Iterator[Path]:
    with ExitStack() as stack:
        if server := os.environ.get("ZIZHI_DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(a_database(server))
        os.environ["ZIZHI_SITE_URL"] = "http://localhost:8000"
        yield stack.enter_context(stage.fresh())


def _platform() -> tuple[UUID, Any]:
    """Create a platform and an employer of it."""
    from django.utils import timezone

    from employers.accounts.api_clients import create_api_client
    from employers.models import Employer, Scope

    now = timezone.now()
    client, _ = create_api_client("benchmark", [Scope.EVENTS_READ], now)
    return client.pk, Employer.objects.create(
        name="云溪市示例科技有限公司", uscc="91990101MA0000000X", registered_at=now, platform=client
    )


def _happen(employer: Any) -> None:
    from django.db import transaction
    from django.utils import timezone

    from events.core.actor import SYSTEM
    from events.models import record

    with transaction.atomic():
        record(
            "submit",
            _case(employer),
            SYSTEM,
            timezone.now(),
            employer_id=employer.pk,
            from_state="draft",
            to_state="submitted",
        )


def _case(employer: Any) -> Any:
    from verification.models import Case

    return Case(employer=employer)


def throughput(count: int, folder: Path) -> dict[str, Any]:
    """Measure events into the feed, and from the feed to a receiver, with one process each."""
    from functools import partial
    from unittest import mock

    from django.db import connection
    from django.utils import timezone

    from events import tasks
    from events.core.actor import SYSTEM
    from events.delivery import feed, safe_http, webhook_delivery, webhooks
    from events.models import PlatformEvent, WebhookDelivery
    from tests.fakes.webhook_receiver import certified, receiving

    client_id, employer = _platform()
    silent = [mock.patch.object(task, "delay") for task in (tasks.relay, tasks.send_webhooks)]
    server, client = certified("localhost", folder)
    post = partial(safe_http.post_safely, context=client)
    ways = {"kept": partial(post, lines=safe_http.Lines()), "new": post}
    seconds, relayed = dict.fromkeys(ways, 0.0), 0.0
    with receiving(server) as receiver, ExitStack() as stack:
        for bell in silent:
            stack.enter_context(bell)
        url = receiver.url.replace("127.0.0.1", "localhost")
        endpoint, _ = webhooks.create_endpoint(
            client_id, url, [], "", SYSTEM, timezone.now(), local=True
        )
        for way in list(ways) * (BLOCKS // 2):
            for _ in range(count // BLOCKS):
                _happen(employer)
            began = time.perf_counter()
            while feed.relay_outbox(timezone.now()):
                pass
            relayed += time.perf_counter() - began
            began = time.perf_counter()
            while WebhookDelivery.objects.filter(finished_at=None).exists():
                webhook_delivery.send_waiting(endpoint.pk, timezone.now, local=True, post=ways[way])
            seconds[way] += time.perf_counter() - began
        told = count // BLOCKS * BLOCKS
        if not PlatformEvent.objects.count() == len(receiver.got) == told:
            raise RuntimeError("a message was lost or delivered twice")
        webhooks.delete_endpoint(endpoint.pk, client_id, SYSTEM, timezone.now())
    return {
        "database": connection.vendor,
        "relayed": round(told / relayed),
        "sent": round(told / 2 / seconds["kept"]),
        "sent_new": round(told / 2 / seconds["new"]),
        "kept_by_new": round(seconds["new"] / seconds["kept"], 2),
    }


def latency(count: int, rate: int, folder: Path) -> dict[str, Any]:
    """Measure from commit to receipt, with one worker of one process."""
    from django.utils import timezone

    from config.trying_out import processes
    from events.core.actor import SYSTEM
    from events.delivery import webhooks
    from events.models import PlatformEvent
    from tests.fakes.webhook_receiver import receiving

    client_id, employer = _platform()
    committed: list[float] = []
    with (
        receiving() as receiver,
        processes.running_process(processes.worker_command(1), folder / "worker.log"),
    ):
        _, secret = webhooks.create_endpoint(
            client_id, receiver.url, [], "", SYSTEM, timezone.now(), local=True
        )
        # The worker is up when this one arrives.
        _happen(employer)
        _until(lambda: bool(receiver.got))
        receiver.got.clear()
        began = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            _happen(employer)
            committed.append(time.time())
        _until(lambda: len(receiver.got) >= count)
        if len(receiver.got) != count:
            raise RuntimeError("a message was delivered twice")
        got = sorted(
            (message["sequence"], got.at)
            for got in receiver.got
            for message in [got.verified(secret)]
        )
    if PlatformEvent.objects.of(client_id).count() != count + 1:
        raise RuntimeError("a message was lost")
    waited = [1000 * (at - then) for (_, at), then in zip(got, committed, strict=True)]
    return {
        "median_ms": round(stage.median(waited), 1),
        "p95_ms": round(stage.p95(waited), 1),
        "timed": count,
        "rate": rate,
    }


def _until(what: Any) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not what():
        if time.monotonic() > ends:
            raise RuntimeError("the worker delivered nothing")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
