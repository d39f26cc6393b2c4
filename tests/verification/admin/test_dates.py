"""Tests of dates and deadlines in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone, translation

from verification.admin import dates, provinces


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


NOW = "2026-11-27T15:00"


@pytest.mark.parametrize(
    ("due", "en", "zh"),
    [
        ("2026-11-27T15:20", "due in 20 min", "20 分钟后到期"),
        ("2026-11-27T17:30", "due in 2 h", "2 小时后到期"),
        ("2026-11-28T10:15", "due tomorrow, 10:15", "明天 10:15 到期"),
        ("2026-11-30T10:15", "due 30 November, 10:15", "时限：11月30日 10:15"),
        ("2026-11-27T15:00", "overdue for 1 min", "已超时 1 分钟"),
        ("2026-11-27T11:00", "overdue for 4 h", "已超时 4 小时"),
        ("2026-11-26T18:00", "overdue since yesterday", "昨天已超时"),
        ("2026-11-20T18:00", "overdue since 20 November", "11月20日起超时"),
    ],
)
def test_a_deadline_as_a_person_says_it(due: str, en: str, zh: str) -> None:
    for language, words in (("en", en), ("zh-hans", zh)):
        with translation.override(language):
            assert dates.deadline_in_words(at(due), at(NOW)) == words


def test_midnight_does_not_make_minutes_a_day() -> None:
    late, early = at("2026-11-27T23:50"), at("2026-11-28T00:10")
    with translation.override("en"):
        assert dates.deadline_in_words(early, late) == "due in 20 min"
        assert dates.deadline_in_words(late, early) == "overdue for 20 min"


def test_a_moment_has_one_form() -> None:
    moment = at("2026-11-30T09:05") + timedelta(seconds=30)
    with translation.override("en"):
        assert dates.short_date_time(moment) == "30 November, 09:05"


def test_a_code_leads_to_its_province() -> None:
    assert provinces.of_uscc("91310000MA1FL12345") == "31"
    assert provinces.of_uscc("919901070000000000") == ""
