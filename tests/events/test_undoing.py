"""Is what was written outside of the database taken back where the transaction is undone, and only there?"""

from __future__ import annotations

import pytest
from django.db import transaction

from events import undoing

pytestmark = pytest.mark.django_db


def test_what_is_done_stays() -> None:
    went: list[str] = []
    with undoing.transaction():
        undoing.if_undone(lambda: went.append("a"))
    assert went == []


def test_an_exception_takes_back_the_last_first() -> None:
    went: list[str] = []
    with pytest.raises(ZeroDivisionError), undoing.transaction():
        undoing.if_undone(lambda: went.append("a"))
        undoing.if_undone(lambda: went.append("b"))
        raise ZeroDivisionError
    assert went == ["b", "a"]


def test_so_does_a_mark_to_roll_back() -> None:
    went: list[str] = []
    with undoing.transaction():
        undoing.if_undone(lambda: went.append("a"))
        transaction.set_rollback(True)
    assert went == ["a"]


def test_what_was_done_within_is_undone_with_what_is_around() -> None:
    went: list[str] = []
    with pytest.raises(ZeroDivisionError), undoing.transaction():
        with undoing.transaction():
            undoing.if_undone(lambda: went.append("a"))
        assert went == []
        raise ZeroDivisionError
    assert went == ["a"]


def test_without_one_around_nothing_is_taken_back() -> None:
    went: list[str] = []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        undoing.if_undone(lambda: went.append("a"))
        raise ZeroDivisionError
    assert went == []
