"""Tests that messages in a folder appear whole or not at all, and that an unreadable one stops no
worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection
from kombu.utils.json import loads

from config.celery import app
from config.message_files import Transport


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Any]:
    folders = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection(
        "filesystem://localhost",
        transport="config.message_files:Transport",
        transport_options=folders,
    ) as connection:
        yield connection.channel()


def test_a_message_has_its_name_only_when_it_is_whole(
    channel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], Any]] = []
    named = Path.replace

    def look(part: Path, target: Path) -> Path:
        seen.append(([path.name for path in tmp_path.glob("*.msg")], loads(part.read_text())))
        return named(part, target)

    monkeypatch.setattr(Path, "replace", look)
    channel._put("celery", {"body": "一"})
    assert seen == [([], {"body": "一"})]
    assert channel._size("celery") == 1 and channel._get("celery") == {"body": "一"}
    assert list(tmp_path.iterdir()) == []


def test_messages_of_many_writers_all_come(channel: Any) -> None:
    def write(writer: int) -> None:
        for number in range(150):
            channel._put("celery", {"n": writer * 1000 + number, "long": "x" * 20_000})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    got: list[int] = []
    while any(thread.is_alive() for thread in threads) or channel._size("celery"):
        try:
            got.append(channel._get("celery")["n"])
        except Empty:
            continue
    assert sorted(got) == [writer * 1000 + number for writer in range(4) for number in range(150)]


@pytest.mark.parametrize("text", ["", '{"bod', "\x00" * 9])
def test_what_cannot_be_read_is_dropped_and_the_next_comes(
    channel: Any, tmp_path: Path, text: str
) -> None:
    (tmp_path / "0_broken.celery.msg").write_text(text)
    channel._put("celery", {"n": 1})
    assert channel._get("celery") == {"n": 1}
    with pytest.raises(Empty):
        channel._get("celery")


def test_the_table_of_an_exchange_is_there_whole(channel: Any, tmp_path: Path) -> None:
    """Many processes start at once, and each finds a readable table."""
    started, failed = threading.Barrier(6), list[Exception]()

    def bind(number: int) -> None:
        started.wait()
        try:
            channel._queue_bind("celery", "celery", "", "celery")
            assert channel.get_table("celery")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and [queue.queue for queue in channel.get_table("celery")] == ["celery"]
    assert [path.name for path in (tmp_path / "control").iterdir()] == ["celery.exchange"]


def test_it_is_what_the_service_uses_where_messages_are_files() -> None:
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, Transport) == settings.CELERY_BROKER_URL.startswith(
            "filesystem"
        )
