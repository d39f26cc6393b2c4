"""Tests of the queue's filters, their order, and the neighbours of a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from employers.models import User
from tests.factories import make_case, make_employer, make_member, make_reviewer, make_uscc
from verification.admin import provinces
from verification.models import Case, CaseReason, Ruling
from verification.reviewing import claims, queue_filters
from verification.reviewing.queue_filters import Filters, neighbours_of
from verification.rules import name_lookalikes
from verification.rules.states import State

HOUR = timedelta(hours=1)


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_reviewer(now)


def waiting(
    now: datetime,
    urgency: float = 0,
    *,
    reasons: tuple[str, ...] = (),
    uscc: str = "",
    name: str = "",
    **fields: Any,
) -> Case:
    employer = make_employer(now, uscc=uscc) if uscc else make_employer(now)
    case = make_case(make_member(now, employer), now, State.IN_REVIEW)
    name = name or case.declared_name
    given: dict[str, Any] = {"urgency": urgency, "review_since": now, "review_due": now + 16 * HOUR}
    given |= {"declared_name": name, "name_key": name_lookalikes.lookalike_key(name)}
    Case.objects.filter(pk=case.pk).update(**given | fields)
    CaseReason.objects.bulk_create(CaseReason(case=case, code=code) for code in reasons)
    case.refresh_from_db()
    return case


def ruled(case: Case, by: User, now: datetime) -> Ruling:
    return Ruling.objects.create(
        case=case,
        attempt_number=1,
        case_version=case.version,
        stage="first",
        verb="approve",
        by=by,
        made_at=now,
        due_at=now,
    )


def shown(filters: Filters, reviewer: User, now: datetime) -> list[Case]:
    return list(filters.apply(Case.objects.awaiting_review(), reviewer.as_reviewer(), now))


# --- Filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ({}, Filters()),
        ({"state": "rejected"}, Filters(state="rejected")),
        ({"state": "all"}, Filters(state="all")),
        (
            {
                "state": "nowhere",
                "class": "x",
                "tier": "high",
                "age": "1y",
                "claim": "theirs",
                "province": "广东",
                "p": "3",
            },
            Filters(),
        ),
        ({"reason": "name_mismatch"}, Filters(reason="name_mismatch")),
        ({"reason": "mismatch"}, Filters()),
        (
            {"class": "commercial_agency", "tier": "in_force"},
            Filters(account_class="commercial_agency", tier="in_force"),
        ),
        (
            {"age": "late", "province": "44", "claim": "expiring"},
            Filters(age="late", province="44", claim="expiring"),
        ),
        ({"reason": "all", "claim": "all"}, Filters()),
        ({"q": " 云溪 "}, Filters(state="all", text="云溪")),
        ({"q": "云溪", "state": "in_review"}, Filters(text="云溪")),
    ],
)
def test_an_address_says_what_is_asked_for(query: dict[str, str], filters: Filters) -> None:
    from django.http import QueryDict

    assert Filters.from_query(query) == filters
    assert Filters.from_query(QueryDict(filters.as_query()).dict()) == filters


def test_what_is_usual_needs_no_words() -> None:
    assert Filters().as_query() == ""
    assert Filters(claim="free").as_query() == "claim=free"


def test_provinces_have_names() -> None:
    assert (
        provinces.province_name("44", "zh-hans") == "广东"
        and provinces.province_name("44", "en") == "Guangdong"
    )
    assert provinces.province_name("11", "en") == "Beijing"
    assert provinces.province_name("99", "en") == "Other region 99"
    assert len(provinces.NAMES) == 35 and all(
        text.zh and text.en.isascii() for text in provinces.NAMES.values()
    )


@pytest.mark.django_db
class TestFilters:
    def test_each_finds_what_it_says_and_nothing_else(self, reviewer: User, now: datetime) -> None:
        other = make_reviewer(now)
        cases = {
            "plain": waiting(now),
            "reason": waiting(now, reasons=("name_mismatch", "uscc_mismatch")),
            "agency": waiting(now, account_class="commercial_agency", reasons=("name_mismatch",)),
            "tier": waiting(now, rights_now="in_force"),
            "old": waiting(now, review_since=now - timedelta(days=4)),
            "late": waiting(now, review_since=now - timedelta(days=2), review_due=now),
            "guangdong": waiting(now, declared_uscc="914401" + "0" * 12),
            "mine": waiting(now, claimed_by=reviewer, claimed_until=now + 9 * HOUR),
            "theirs": waiting(now, claimed_by=other, claimed_until=now + timedelta(minutes=1)),
            "lapsed": waiting(now, claimed_by=other, claimed_until=now),
            "held": waiting(now, held_until=now + HOUR),
            "under way": waiting(now),
        }
        ruled(cases["under way"], other, now)
        taken = {"mine", "theirs", "held", "under way"}
        found = {
            Filters(): set(cases),
            Filters(reason="name_mismatch"): {"reason", "agency"},
            Filters(reason="uscc_mismatch"): {"reason"},
            Filters(account_class="commercial_agency"): {"agency"},
            Filters(reason="name_mismatch", account_class="direct_employer"): {"reason"},
            Filters(tier="in_force"): {"tier"},
            Filters(age="1d"): {"old", "late"},
            Filters(age="3d"): {"old"},
            Filters(age="7d"): set(),
            Filters(age="late"): {"late"},
            Filters(province="44"): {"guangdong"},
            Filters(claim="mine"): {"mine"},
            Filters(claim="expiring"): {"theirs"},
            Filters(claim="held"): {"held"},
            Filters(claim="free"): set(cases) - taken,
        }
        for filters, names in found.items():
            assert set(shown(filters, reviewer, now)) == {cases[name] for name in names}, filters

    def test_the_order_stays_that_of_the_queue(self, reviewer: User, now: datetime) -> None:
        low, high = (
            waiting(now, -2, reasons=("name_mismatch",)),
            waiting(now, 3, reasons=("name_mismatch",)),
        )
        early = waiting(now, 3, submitted_at=now - HOUR, reasons=("name_mismatch",))
        for filters in (
            Filters(),
            Filters(reason="name_mismatch"),
            Filters(province=low.declared_uscc[2:4]),
        ):
            assert shown(filters, reviewer, now) == [early, high, low]

    def test_search_by_code_by_id_and_by_name(self, reviewer: User, now: datetime) -> None:
        case = waiting(now, name="北京晨星人力资源服务有限公司")
        other = waiting(now, name="云溪市别家科技有限公司", declared_uscc=make_uscc())
        done = make_case(make_member(now), now, State.APPROVED)

        def found(text: str) -> set[Case]:
            filters = Filters.from_query({"q": text})
            return set(filters.apply(Case.objects.all(), reviewer.as_reviewer(), now))

        assert found(case.declared_uscc) == found(case.declared_uscc.lower()) == {case}
        assert found(str(other.pk)) == {other} and found(str(uuid4())) == set()
        assert found(done.declared_uscc) == {done}, "wherever it is"
        assert found("晨星人力") == found("天津晨星人力资源服务") == {case}, (
            "by its name, or by one made to look like it"
        )
        assert found("%") == found("没有这样的名字") == set()

    def test_the_next_case_is_the_next_of_what_is_asked_for(
        self, reviewer: User, now: datetime
    ) -> None:
        first, agency = (
            waiting(now, 5),
            waiting(now, 1, account_class="commercial_agency", reasons=("name_mismatch",)),
        )
        asked = Filters(account_class="commercial_agency", reason="name_mismatch")
        assert claims.claim_next(reviewer, now, filters=asked) == agency
        assert claims.claim_next(reviewer, now, filters=asked) is None
        assert claims.claim_next(reviewer, now) == first


# --- Neighbours -----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestNeighbours:
    def test_walking_down_and_up_meets_every_case_once(self, reviewer: User, now: datetime) -> None:
        for n in range(12):
            waiting(
                now,
                urgency=-(n % 3),
                submitted_at=now - (n % 2) * HOUR,
                account_class=("direct_employer", "commercial_agency")[n % 2],
            )
        for filters in (Filters(), Filters(account_class="commercial_agency")):
            queue = shown(filters, reviewer, now)
            actor = reviewer.as_reviewer()
            down = [neighbours_of(case, filters, actor, now).after for case in queue]
            up = [neighbours_of(case, filters, actor, now).before for case in queue]
            keys = [case.pk for case in queue]
            assert down == [*keys[1:], None]
            assert up == [None, *keys[:-1]]

    def test_who_is_not_among_them_has_a_place_there_all_the_same(
        self, reviewer: User, now: datetime
    ) -> None:
        first, last = waiting(now, 2), waiting(now, 0)
        decided = waiting(now, 1)
        Case.objects.filter(pk=decided.pk).update(account_class="public_service")
        beside = neighbours_of(
            decided, Filters(account_class="direct_employer"), reviewer.as_reviewer(), now
        )
        assert (beside.before, beside.after) == (first.pk, last.pk)

    def test_it_takes_two_queries(
        self, reviewer: User, now: datetime, django_assert_num_queries: Any
    ) -> None:
        case, actor = waiting(now), reviewer.as_reviewer()
        with django_assert_num_queries(2):
            neighbours_of(case, Filters(reason="name_mismatch", claim="free"), actor, now)


def test_every_filter_has_a_name_in_addresses() -> None:
    assert set(queue_filters.PARAMETERS) | {"text"} == {
        field.name for field in queue_filters.fields(Filters)
    }
    assert set(queue_filters.OLDER_THAN) | {queue_filters.Age.LATE} == set(queue_filters.Age)
