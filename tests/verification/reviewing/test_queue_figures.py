"""Tests of the figures of the queue and of its last two weeks, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as some

from tests.factories import make_case, make_member, make_reviewer
from tests.verification.reviewing.test_queue_filters import HOUR, ruled, waiting
from verification.admin import queue_chart
from verification.models import Appeal, Case, Decision
from verification.reviewing import queue_figures
from verification.reviewing.queue_figures import Day
from verification.reviewing.queue_filters import Claim, Filters
from verification.rules.states import State

DAY = timedelta(days=1)


def decided(case: Case, verb: str, at: datetime, **fields: Any) -> Decision:
    return Decision.objects.create(
        case=case, attempt_number=1, verb=verb, policy_version="1", decided_at=at, **fields
    )


@pytest.mark.django_db
class TestNow:
    def test_what_waits_is_counted_in_every_way(self, now: datetime) -> None:
        reviewer = make_reviewer(now)
        waiting(now, reasons=("name_mismatch", "uscc_mismatch"), rights_now="in_force")
        waiting(
            now,
            reasons=("name_mismatch",),
            account_class="commercial_agency",
            review_since=now - DAY,
            review_due=now,
        )
        waiting(now, claimed_by=reviewer, claimed_until=now + HOUR)
        waiting(now, claimed_by=reviewer, claimed_until=now)
        waiting(now, held_until=now + HOUR, declared_uscc="914401" + "0" * 12)
        ruled(waiting(now), reviewer, now)
        make_case(make_member(now), now, State.APPROVED)
        found = queue_figures.count_queue(now)
        assert (found.waiting, found.free, found.late, found.postponed, found.oldest) == (
            6,
            3,
            1,
            1,
            now - DAY,
        )
        free = Filters(claim=Claim.FREE).apply(
            Case.objects.awaiting_review(), reviewer.as_reviewer(), now
        )
        assert found.free == free.count(), "as many as the filter finds"
        assert found.by_reason == {"name_mismatch": 2, "uscc_mismatch": 1}
        assert found.by_class == {"direct_employer": 5, "commercial_agency": 1}
        assert found.by_tier == {"none": 5, "in_force": 1}
        assert found.by_province == {"99": 5, "44": 1}

    def test_an_empty_queue(self, now: datetime) -> None:
        assert queue_figures.count_queue(now) == queue_figures.Figures()

    def test_it_takes_four_queries_however_many_wait(
        self, now: datetime, django_assert_num_queries: Any
    ) -> None:
        for n in range(5):
            waiting(
                now,
                reasons=("name_mismatch",),
                account_class=("direct_employer", "public_service")[n % 2],
            )
        with django_assert_num_queries(4):
            queue_figures.count_queue(now)

    def test_they_are_kept_for_a_while(
        self, now: datetime, settings: Any, django_assert_num_queries: Any
    ) -> None:
        settings.QUEUE_FIGURES_SECONDS = 15
        cache.clear()
        try:
            me = make_reviewer(now).pk
            queue_figures.of_queue(now, me), queue_figures.recent_days(now, me)
            waiting(now)
            with django_assert_num_queries(2):  # whether this reviewer has any of their own
                assert queue_figures.of_queue(now, me).waiting == 0
                assert queue_figures.recent_days(now, me)[-1].backlog == 0
        finally:
            cache.clear()


@pytest.mark.django_db
class TestLately:
    def test_days_are_counted_from_what_is_on_record(self, now: datetime) -> None:
        reviewer = make_reviewer(now)
        still = waiting(now - DAY)
        decided(still, "hold_for_review", now - DAY)
        done = make_case(make_member(now), now, State.REJECTED)
        decided(done, "hold_for_review", now - 3 * DAY)
        decided(done, "reject", now - 2 * DAY, decided_by=reviewer, waited=7.96)
        appealed = waiting(now)
        decided(appealed, "hold_for_review", now - 20 * DAY)
        decided(appealed, "reject", now - 2 * DAY, decided_by=reviewer, waited=2.0)
        Appeal.objects.create(case=appealed, text="", by=appealed.submitted_by, at=now)
        machine = make_case(make_member(now), now, State.APPROVED)
        decided(machine, "approve", now)
        suspended = make_case(make_member(now), now, State.SUSPENDED)
        decided(suspended, "suspend", now, decided_by=reviewer)
        decided(suspended, "reinstate", now - 4 * DAY, decided_by=reviewer, waited=3.0)
        days = queue_figures.days_on_record(now)
        assert len(days) == queue_figures.DAYS and days[-1].day == now.date()
        assert [(day.came, day.decided, day.backlog) for day in days[-4:]] == [
            (1, 0, 2),
            (0, 2, 0),
            (1, 0, 1),
            (1, 0, 2),
        ]
        assert (days[-3].median, days[-3].p90) == (2.0, 7.9)
        assert days[-1].median is None and (days[-5].decided, days[-5].median) == (1, 3.0), (
            "an appeal that restored the rights"
        )

    def test_it_takes_four_queries(self, now: datetime, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(4):
            queue_figures.days_on_record(now)


@given(some.lists(some.integers(0, 500), min_size=1), some.sampled_from([0.5, 0.9]))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(
    values: list[int], share: float
) -> None:
    found = queue_figures._percentile(Counter(values), share)
    assert found is not None
    least = min(
        value for value in values if sum(other <= value for other in values) >= share * len(values)
    )
    assert found == least / 10


class TestChart:
    def days(self, *rows: tuple[int, int, float | None]) -> list[Day]:
        return [
            Day(datetime(2026, 11, n + 1).date(), 0, decided, backlog, p90, p90)
            for n, (backlog, decided, p90) in enumerate(rows)
        ]

    def test_bars_and_lines_stay_within_their_frame(self) -> None:
        drawn = queue_chart.draw_queue_chart(self.days((0, 0, None), (50, 100, 8.0), (25, 5, 4.0)))
        assert (drawn.most, drawn.longest) == (100, 8.0)
        for bar in (*drawn.backlog, *drawn.decided):
            assert (
                0 <= bar.x <= bar.x + bar.width <= queue_chart.WIDTH
                and 0 <= bar.y <= bar.y + bar.height <= queue_chart.HEIGHT
            )
        assert [bar.height for bar in drawn.decided] == [0, queue_chart.HEIGHT, 3.6]
        assert len(drawn.p90.split()) == 2, "a day without decisions has no point"

    def test_nothing_at_all_is_drawn_too(self) -> None:
        drawn = queue_chart.draw_queue_chart(self.days((0, 0, None)))
        assert (drawn.backlog[0].height, drawn.median) == (0, "")
