"""Tests that readings, decisions and prompt work have queues of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from kombu import Connection
from kombu.transport.virtual import BrokerState

from config.database import broker_options
from config.management.commands import serve
from config.message_files import Transport
from config.rounds import DECISIONS, PROMPT, QUEUES, READINGS, ROUTES, beat_schedule
from config.trying_out import processes


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("verification.tasks.read_document", READINGS),
        ("verification.tasks.open_held_upload", READINGS),
        ("verification.tasks.check_attempt", DECISIONS),
        ("downloads.tasks.close_relays", PROMPT),
        ("downloads.tasks.follow_relay", PROMPT),
        ("events.tasks.send_mail", PROMPT),
        ("events.tasks.send_webhooks", PROMPT),
        ("verification.tasks.carry_out_rulings", PROMPT),
    ],
)
def test_each_kind_of_work_has_its_queue(task: str, queue: str) -> None:
    routed = current_app.amqp.router.route({}, task)
    assert routed["queue"].name == queue
    assert routed["queue"].routing_key == queue


def test_routes_name_tasks_that_exist() -> None:
    current_app.loader.import_default_modules()
    assert ROUTES.keys() <= current_app.tasks.keys()


def test_sweeps_wait_behind_no_reading() -> None:
    """Sweeps only send messages. In the queue of readings, a flood would stop them."""
    for task in beat_schedule(30, 300):
        if "sweep" in task:
            assert current_app.amqp.router.route({}, task)["queue"].name == PROMPT


def test_a_worker_without_a_choice_takes_from_all() -> None:
    assert set(current_app.amqp.queues) == set(QUEUES)
    assert "--queues" not in processes.worker_command(1)
    assert "--queues readings" in " ".join(processes.worker_command(2, READINGS))


def test_one_command_serves_every_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    class Noting:
        returncode = 0

        def __init__(self, *_: object) -> None: ...

        def add_process(self, name: str, command: str, env: dict[str, str]) -> None:
            started.append(command)

        def loop(self) -> None: ...

    monkeypatch.setattr(serve, "Supervisor", Noting)
    serve.supervise_processes("127.0.0.1", 1, {"ZIZHI_SITE_URL": "http://localhost:1"})
    workers = [command for command in started if " worker " in command]
    assert sorted(each for queue in QUEUES for each in workers if f"--queues {queue} " in each) == (
        sorted(workers)
    )
    assert len({command.partition("--hostname")[2] for command in workers}) == len(QUEUES)


def test_a_flood_of_readings_leaves_the_other_queues_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the broker that is used without another, messages of a queue reach only its workers."""
    # Kombu remembers for the whole process which queues it has bound, in whatever folder.
    monkeypatch.setattr(Transport, "global_state", BrokerState())
    options = broker_options("filesystem://localhost", tmp_path)
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    with Connection(
        transport="config.message_files:Transport", transport_options=options
    ) as connection:
        queues = {queue.name: queue for queue in settings.CELERY_TASK_QUEUES}
        producer = connection.Producer(serializer="json")
        for name, count in ((READINGS, 50), (PROMPT, 1)):
            for number in range(count):
                producer.publish(
                    {"number": number},
                    exchange=queues[name].exchange,
                    routing_key=name,
                    declare=[queues[name]],
                )
        prompt = connection.SimpleQueue(queues[PROMPT])
        assert prompt.get(timeout=2).payload == {"number": 0}
        assert connection.SimpleQueue(queues[READINGS]).qsize() == 50
