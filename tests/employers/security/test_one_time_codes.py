"""Tests of one-time codes: what each is good for, how long, and how often it may be guessed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.models import OneTimeCode
from employers.security.one_time_codes import (
    GUESSES_A_DAY,
    KEPT_FOR,
    LASTS,
    RESEND_AFTER,
    TRIES,
    Purpose,
    check_code,
    delete_old_codes,
    issue_code,
)
from events.core.errors import Refused
from tests.verification.reviewing.test_second_review import at_once

pytestmark = pytest.mark.django_db
NUMBER = "+8613800000001"


def answer(typed: str, now: datetime, subject: str = NUMBER, **more: str) -> str:
    """Return the reason for which a code is refused, or "" if it is accepted."""
    try:
        check_code(Purpose.ENTER, subject, typed, now, **more)
    except Refused as refused:
        return refused.code
    return ""


def other(code: str) -> str:
    """Return a code that is not `code`."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_is_accepted_once_however_it_is_typed(now: datetime) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now)
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in code[3:])
    assert answer(f" {code[:3]}-{full_width} ", now) == ""
    assert answer(code, now) == "code_ended"


def test_the_code_itself_is_not_stored(now: datetime) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now)
    row = OneTimeCode.objects.values().get()
    assert code not in {row["key"], row["code_hash"]} and NUMBER not in str(row)


@pytest.mark.parametrize(
    "elsewhere", [{"holder": "another browser"}, {"subject": "+8613800000002"}]
)
def test_a_code_is_good_for_one_holder_and_one_subject(
    elsewhere: dict[str, str], now: datetime
) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now, holder="browser")
    assert answer(code, now, **({"holder": "browser"} | elsewhere)) == "code_ended"
    assert answer(code, now, holder="browser") == ""


def test_a_code_for_one_purpose_is_good_for_no_other(now: datetime) -> None:
    code = issue_code(Purpose.OWN_PHONE, NUMBER, now)
    for purpose in set(Purpose) - {Purpose.OWN_PHONE}:
        issue_code(purpose, NUMBER, now)
        with pytest.raises(Refused):
            check_code(purpose, NUMBER, code, now)
    check_code(Purpose.OWN_PHONE, NUMBER, code, now)


def test_a_code_ends_after_ten_minutes(now: datetime) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now)
    assert answer(code, now + LASTS) == "code_ended"
    assert answer(code, now + LASTS - timedelta(seconds=1)) == ""


def test_a_new_code_replaces_the_old_one_after_a_minute(now: datetime) -> None:
    first = issue_code(Purpose.ENTER, NUMBER, now)
    with pytest.raises(Refused, match="code_wait") as refused:
        issue_code(Purpose.ENTER, NUMBER, now + RESEND_AFTER - timedelta(seconds=10))
    assert refused.value.details == {"seconds": "10"}
    second = issue_code(Purpose.ENTER, NUMBER, now + RESEND_AFTER)
    assert first == second or answer(first, now + RESEND_AFTER) == "code_wrong"
    assert answer(second, now + RESEND_AFTER) == ""


def test_a_code_is_dead_after_five_wrong_answers(now: datetime) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now)
    with pytest.raises(Refused) as refused:
        check_code(Purpose.ENTER, NUMBER, other(code), now)
    assert (refused.value.code, refused.value.details) == ("code_wrong", {"left": str(TRIES - 1)})
    answers = [answer(other(code), now) for _ in range(TRIES - 1)]
    assert answers == ["code_wrong"] * (TRIES - 2) + ["code_used_up"]
    assert answer(code, now) == "code_used_up"


def test_what_is_no_code_uses_up_no_try(now: datetime) -> None:
    code = issue_code(Purpose.ENTER, NUMBER, now)
    assert [answer("12345", now) for _ in range(TRIES + 1)] == ["code_wrong"] * (TRIES + 1)
    assert answer(code, now) == ""


def test_asking_again_and_again_gives_no_more_guesses(now: datetime) -> None:
    now = now.replace(hour=0)
    for number in range(GUESSES_A_DAY.tries):
        if number % (TRIES - 1) == 0:
            now += RESEND_AFTER
            code = issue_code(Purpose.ENTER, NUMBER, now, holder=f"browser {number}")
            holder = f"browser {number}"
        assert answer(other(code), now, holder=holder) == "code_wrong"
    assert answer(code, now, holder=holder) == "code_locked"
    with pytest.raises(Refused, match="code_locked"):
        issue_code(Purpose.OWN_PHONE, NUMBER, now)
    assert issue_code(Purpose.ENTER, NUMBER, now, known="the owner's browser")
    assert issue_code(Purpose.ENTER, NUMBER, now + timedelta(days=1))


def test_right_answers_do_not_count_as_guesses(now: datetime) -> None:
    for number in range(GUESSES_A_DAY.tries + 1):
        at = now + number * RESEND_AFTER
        assert answer(issue_code(Purpose.ENTER, NUMBER, at), at) == ""


def test_codes_are_deleted_a_day_after_their_end(now: datetime) -> None:
    issue_code(Purpose.ENTER, NUMBER, now)
    assert delete_old_codes(now + LASTS + KEPT_FOR - timedelta(seconds=1)) == 0
    assert delete_old_codes(now + LASTS + KEPT_FOR) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
class TestAtOnce:
    """Requests at the same moment, each on a connection of its own."""

    def test_a_code_has_one_winner(self, now: datetime) -> None:
        code = issue_code(Purpose.ENTER, NUMBER, now)

        def enter(_: int) -> str:
            check_code(Purpose.ENTER, NUMBER, code, now)
            return "in"

        assert at_once(enter, 4) == {"in": 1, "code_ended": 3}

    def test_parallel_guesses_are_counted_one_by_one(self, now: datetime) -> None:
        code = issue_code(Purpose.ENTER, NUMBER, now)

        def guess(_: int) -> str:
            return answer(other(code), now)

        assert at_once(guess, 8) == {"code_wrong": TRIES - 1, "code_used_up": 4}

    def test_one_of_two_requests_sends_a_code(self, now: datetime) -> None:
        def ask(_: int) -> str:
            issue_code(Purpose.ENTER, NUMBER, now)
            return "sent"

        assert at_once(ask, 4) == {"sent": 1, "code_wait": 3}
