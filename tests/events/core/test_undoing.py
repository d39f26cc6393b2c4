"""Tests that writes outside of the database are undone if, and only if, the transaction is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import transaction

from events.core import undoing

pytestmark = pytest.mark.django_db


class Steps(list[str]):
    """The names of the steps that were undone, in order."""

    def announce(self, names: Sequence[str]) -> None:
        for name in names:
            undoing.if_undone(lambda name=name: self.append(name))  # type: ignore[misc]

    def fail_after(self, *names: str) -> None:
        with undoing.undoing_transaction():
            self.announce(names)
            raise ZeroDivisionError


def test_what_is_done_stays() -> None:
    back = Steps()
    with undoing.undoing_transaction():
        back.announce("a")
    assert back == []


def test_an_exception_takes_back_the_last_first() -> None:
    back = Steps()
    with pytest.raises(ZeroDivisionError):
        back.fail_after("a", "b")
    assert back == ["b", "a"]


def test_so_does_a_mark_to_roll_back() -> None:
    back = Steps()
    with undoing.undoing_transaction():
        back.announce("a")
        transaction.set_rollback(True)
    assert back == ["a"]


def test_what_was_done_within_is_undone_with_what_is_around() -> None:
    back = Steps()

    def around() -> None:
        with undoing.undoing_transaction():
            with undoing.undoing_transaction():
                back.announce("a")
            assert back == []
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        around()
    assert back == ["a"]


def test_what_failed_within_is_taken_back_at_once_and_no_more() -> None:
    back = Steps()
    with undoing.undoing_transaction():
        back.announce("a")
        with pytest.raises(ZeroDivisionError):
            back.fail_after("b")
        assert back == ["b"]
    assert back == ["b"]


def test_without_one_around_nothing_is_taken_back() -> None:
    back = Steps()

    def fail() -> None:
        with transaction.atomic():
            back.announce("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert back == []


def test_a_step_that_fails_hinders_no_other_and_hides_nothing() -> None:
    back = Steps()

    def fail() -> None:
        with undoing.undoing_transaction():
            back.announce("a")
            undoing.if_undone(lambda: [].index(0))  # type: ignore[arg-type, return-value]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert back == ["a"]
