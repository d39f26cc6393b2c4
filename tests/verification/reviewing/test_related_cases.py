"""Tests of finding related cases, in two steps and within limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from employers.accounts import sightings
from employers.accounts.self_service import leaving
from employers.models import Employer, Member
from tests.factories import make_case, make_document, make_employer, make_member, make_reviewer
from tests.keys import at_each_stage, change_keys
from verification.models import Attempt, Case, CheckRun, Decision, PageBand
from verification.reviewing import related_cases
from verification.reviewing.related_cases import Shared, cluster_around
from verification.rules import name_lookalikes
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def case_of(
    now: datetime, member: Member | None = None, state: State = State.IN_REVIEW, **fields: Any
) -> Case:
    case = make_case(member or make_member(now), now, state)
    for name, value in fields.items():
        setattr(case, name, value)
    case.save()
    return case


def seen(case: Case, now: datetime, **things: str) -> None:
    assert case.submitted_by is not None
    sightings.record_sighting(case.submitted_by, now, **things)


def observed(case: Case, now: datetime, **observation: Any) -> None:
    attempt, _ = Attempt.objects.get_or_create(
        case=case, number=1, defaults={"submitted_at": now, "due_at": now}
    )
    CheckRun.objects.create(
        attempt=attempt,
        code="duplicates",
        version="2",
        observation=observation,
        started_at=now,
        finished_at=now,
        round=attempt.check_runs.count(),
    )


def found(case: Case) -> dict[UUID, set[Shared]]:
    return {
        item.case.pk: {link.by for link in item.links}
        for item in cluster_around(case, None).related
    }


class TestLinks:
    def test_each_thing_that_cases_share(self, now: datetime) -> None:
        case = case_of(now, declared_legal_representative="林望舒")
        seen(case, now, device="d1", phone="+8613800000001", network="203.0.113.9")
        make_document(case, now, sha256="a" * 64)
        code = case_of(now, make_member(now, make_employer(now, uscc=case.declared_uscc)))
        person = case_of(now, declared_legal_representative="林望舒")
        device, phone, network = case_of(now), case_of(now), case_of(now)
        seen(device, now, device="d1")
        seen(phone, now, phone="+8613800000001")
        seen(network, now, network="203.0.113.9")
        image = case_of(now)
        make_document(image, now, sha256="a" * 64)
        assert case.submitted_by is not None
        before = case_of(now, case.submitted_by.member, State.EXPIRED)
        assert found(case) == {
            code.pk: {Shared.CODE},
            person.pk: {Shared.REPRESENTATIVE},
            device.pk: {Shared.DEVICE},
            phone.pk: {Shared.PHONE},
            image.pk: {Shared.IMAGE},
            before.pk: {Shared.EMPLOYER},
        }

    def test_what_nobody_stands_by_and_who_is_nobody_yet_accuse_nobody(self, now: datetime) -> None:
        case = case_of(now, declared_legal_representative="林望舒")
        seen(case, now, device="d1")
        case_of(now, state=State.DRAFT, declared_legal_representative="林望舒")
        case_of(now, state=State.WITHDRAWN, declared_legal_representative="林望舒")
        stranger = case_of(now, make_member(now, email_verified_at=None))
        seen(stranger, now, device="d1")
        case_of(now), case_of(now, declared_legal_representative="")
        assert found(case) == {}
        assert found(case_of(now, declared_legal_representative="")) == {}

    def test_two_steps_and_no_third(self, now: datetime) -> None:
        case = case_of(now, declared_legal_representative="林望舒")
        first = case_of(now, declared_legal_representative="林望舒")
        second, third = case_of(now), case_of(now)
        seen(first, now, device="d1")
        seen(second, now, device="d1", phone="+8613800000001")
        seen(third, now, phone="+8613800000001")
        items = {item.case.pk: item for item in cluster_around(case, None).related}
        assert set(items) == {first.pk, second.pk}
        assert (items[first.pk].hops, items[second.pk].hops) == (1, 2)
        assert items[second.pk].through == str(first.pk) and items[first.pk].through == ""
        assert list(items) == [first.pk, second.pk], "the nearest first"

    def test_what_both_share_with_this_case_itself_is_no_step_more(self, now: datetime) -> None:
        cases = [case_of(now, declared_legal_representative="林望舒") for _ in range(3)]
        assert all(item.hops == 1 for item in cluster_around(cases[0], None).related)

    def test_the_ones_with_most_in_common_come_first(self, now: datetime) -> None:
        case = case_of(now, declared_legal_representative="林望舒")
        seen(case, now, device="d1", phone="+8613800000001")
        loose, close = (
            case_of(now, declared_legal_representative="林望舒"),
            case_of(now, declared_legal_representative="林望舒"),
        )
        seen(close, now, device="d1", phone="+8613800000001")
        assert [item.case for item in cluster_around(case, None).related] == [close, loose]

    def test_what_many_share_is_a_number(self, now: datetime) -> None:
        case = case_of(now, declared_legal_representative="张伟")
        employers = Employer.objects.bulk_create(
            Employer(name=f"第{n}号", uscc=f"{n:018}", registered_at=now)
            for n in range(related_cases.COMMON + 5)
        )
        Case.objects.bulk_create(
            Case(
                employer=employer,
                declared_name="x",
                declared_uscc=employer.uscc,
                opened_at=now,
                declared_legal_representative="张伟",
                attempt_number=1,
            )
            for employer in employers
        )
        assert found(case) == {}, "drafts"
        for other in Case.objects.filter(state=State.DRAFT):
            Case.objects.filter(pk=other.pk).delete()
        for employer in employers[: related_cases.COMMON]:
            case_of(now, make_member(now, employer), declared_legal_representative="张伟")
        assert len(found(case)) == related_cases.COMMON
        case_of(now, make_member(now, employers[-1]), declared_legal_representative="张伟")
        cluster = cluster_around(case, None)
        assert cluster.related == []
        assert [n for _, n in cluster.common] == [related_cases.COMMON + 1]

    def test_no_more_cases_than_can_be_looked_at_and_no_more_queries_than_allowed(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(related_cases, "AT_MOST", 8)
        case = case_of(now, declared_legal_representative="林望舒")
        document = make_document(case, now)
        PageBand.objects.create(page=document.pages.get(), view=0, band=0, value="x")
        for n in range(6):
            near = case_of(now, declared_legal_representative="林望舒")
            seen(near, now, device=f"d{n}")
            make_document(near, now)
            for _ in range(3):
                seen(case_of(now), now, device=f"d{n}")
        with CaptureQueriesContext(connection) as context:
            cluster = cluster_around(case, make_reviewer(now))
        assert len(cluster.related) == 8
        assert len(context) <= related_cases.QUERIES


class TestPictures:
    def test_as_this_case_saw_it_and_as_the_other_one_did(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case, theirs, mine, blind = case_of(now), case_of(now), case_of(now), case_of(now)
        documents = {each.pk: make_document(each, now) for each in (case, theirs, mine, blind)}
        page = {pk: document.pages.get().pk for pk, document in documents.items()}
        observed(
            case,
            now,
            near_same=[
                {
                    "case": str(mine.pk),
                    "document": str(documents[mine.pk].pk),
                    "page": 1,
                    "of_page": 1,
                    "agreement": 0.97,
                }
            ],
        )
        observed(
            theirs,
            now,
            near_same=[
                {
                    "case": str(case.pk),
                    "document": str(documents[case.pk].pk),
                    "page": 1,
                    "of_page": 2,
                    "agreement": 0.96,
                }
            ],
        )
        observed(blind, now, near_same=[])
        likely = {page[case.pk]: [page[theirs.pk], page[blind.pk]]}
        monkeypatch.setattr(
            "verification.checks.picture_index.candidate_pages", lambda pages: likely
        )
        items = {item.case.pk: item for item in cluster_around(case, None).related}
        assert set(items) == {theirs.pk, mine.pk}
        assert items[theirs.pk].picture == {
            "case": str(theirs.pk),
            "page": 2,
            "of_page": 1,
            "agreement": 0.96,
        }
        assert items[mine.pk].percent == 97

    def test_what_was_seen_last_counts(self, now: datetime) -> None:
        case, other = case_of(now), case_of(now)
        observed(case, now, near_same=[{"case": str(other.pk)}])
        assert found(case) == {other.pk: {Shared.PICTURE}}
        observed(case, now, near_same=[])
        assert found(case) == {}


def test_names_that_look_alike(now: datetime) -> None:
    def named(name: str, **fields: Any) -> Case:
        return case_of(
            now, declared_name=name, name_key=name_lookalikes.lookalike_key(name), **fields
        )

    case = named("北京晨星人力资源服务有限公司")
    like = named("晨星人力资源服务（天津）有限公司")
    named("北京晨月人力资源服务有限公司")
    named("晨星人力资源服务有限公司", declared_uscc=case.declared_uscc)
    named("晨星人力资源服务有限公司", state=State.DRAFT)
    assert cluster_around(case, None).alike == [like]


def test_decisions_on_the_cluster_mine_first(now: datetime) -> None:
    me, colleague = make_reviewer(now), make_reviewer(now)
    case = case_of(now, declared_legal_representative="林望舒")
    other = case_of(now, state=State.REJECTED, declared_legal_representative="林望舒")

    def decided(of: Case, by: Any, hours: int) -> Decision:
        at = now - timedelta(hours=hours)
        return Decision.objects.create(
            case=of,
            attempt_number=1,
            verb="reject",
            decided_by=by,
            policy_version="1",
            decided_at=at,
        )

    mine, theirs, latest = (
        decided(other, me, 5),
        decided(other, colleague, 4),
        decided(other, colleague, 3),
    )
    decided(other, None, 2)
    decided(case, me, 1)
    assert [(told.at, told.mine) for told in cluster_around(case, me).decisions] == [
        (mine.decided_at, True),
        (latest.decided_at, False),
        (theirs.decided_at, False),
    ]
    assert [told.at for told in cluster_around(case, None).decisions] == [
        latest.decided_at,
        theirs.decided_at,
        mine.decided_at,
    ]


def test_which_of_them_wait(now: datetime) -> None:
    case = case_of(now, declared_legal_representative="林望舒")
    waits = case_of(now, declared_legal_representative="林望舒")
    case_of(now, state=State.REJECTED, declared_legal_representative="林望舒")
    assert cluster_around(case, None).waiting == [case, waits]


def test_cases_of_deleted_accounts_are_found_by_phone_and_device(now: datetime) -> None:
    earlier, later = case_of(now), case_of(now)
    for case in (earlier, later):
        seen(case, now, device="browser", phone="+8613800138000")
    leaving.delete_account(earlier.employer.members.get(), now)
    assert found(later) == {earlier.pk: {Shared.PHONE, Shared.DEVICE}}


@at_each_stage
def test_what_cases_share_is_found_during_a_change_of_keys(
    stage: str, now: datetime, settings: Any
) -> None:
    earlier, later = case_of(now), case_of(now)
    seen(earlier, now, device="browser", phone="+8613800138000")
    change_keys(settings, stage)
    seen(later, now, device="browser", phone="+8613800138000")
    assert found(later) == {earlier.pk: {Shared.PHONE, Shared.DEVICE}}
    assert found(earlier) == {later.pk: {Shared.PHONE, Shared.DEVICE}}
