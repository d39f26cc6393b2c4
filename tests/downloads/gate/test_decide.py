"""Tests of the gate: its decisions are right, and each is recorded."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from downloads.gate import decide
from downloads.models import GateDecision, Standing
from downloads.rules import ladder
from downloads.rules.ladder import FIRST, Obligation, Tier
from employers.accounts.membership import remove_member
from employers.models import Member, User
from events.core.actor import SYSTEM
from tests import factories
from tests.employers.accounts.phone_codes import by_phone_alone
from tests.factories import make_case, make_link, make_reviewer
from verification.cases import operations
from verification.rules.states import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLIENT = uuid4()


def make_member(now: datetime, *args: Any, **fields: Any) -> Member:
    """Return a recruiter who is linked with CLIENT."""
    member = factories.make_member(now, *args, **fields)
    make_link(member, CLIENT, now)
    return member


def ask(
    member: Member, now: datetime, candidate: str = "c-1", employer_id: UUID | None = None
) -> decide.Answer:
    return decide.decide_download(
        client_id=CLIENT,
        employer_id=employer_id or member.employer_id,
        member_id=member.pk,
        candidate=candidate,
        now=now,
        zone=SHANGHAI,
    )


@pytest.fixture
def approved(now: datetime, db: None) -> Member:
    member = make_member(now)
    member.employer.confirmed_at = now - timedelta(days=60)
    member.employer.save()
    make_case(member, now, State.APPROVED)
    return member


def test_no_case_is_denied_with_its_way_on(now: datetime, db: None) -> None:
    answer = ask(make_member(now), now)
    assert not answer.allowed and answer.tier is Tier.HELD and answer.obligations == ()
    (reason,) = answer.reasons
    assert reason.code == "employer_not_approved" and reason.fix.zh and reason.fix.en


def test_an_answer_is_the_row_that_was_written(approved: Member, now: datetime) -> None:
    answer = ask(approved, now)
    row = GateDecision.objects.get(pk=answer.id)
    assert answer.allowed and row.allowed
    assert (row.employer_id, row.member_id, row.client_id, row.candidate) == (
        approved.employer_id,
        approved.pk,
        CLIENT,
        "c-1",
    )
    assert (row.tier, row.ladder_version, row.decided_at, row.uscc) == (
        "established",
        FIRST.version,
        now,
        approved.employer.uscc,
    )
    assert row.case_id == approved.employer.cases.get().pk
    assert set(answer.obligations) == {
        Obligation.MARK,
        Obligation.RELAY_UNLESS_CONSENT,
        Obligation.NOTIFY_CANDIDATE,
    }


def test_unknown_employer_and_stranger_are_denied_and_on_record(
    approved: Member, now: datetime
) -> None:
    stranger = make_member(now)
    nobody = uuid4()
    for who, employer in ((approved, nobody), (stranger, approved.employer_id)):
        assert ask(who, now, employer_id=employer).reasons[0].code == "member_not_linked"
    assert GateDecision.objects.filter(allowed=False).count() == 2


def test_a_removed_member_is_denied_at_once(approved: Member, now: datetime) -> None:
    colleague = make_member(now, approved.employer, role="recruiter")
    make_link(colleague, CLIENT, now)
    assert ask(colleague, now).allowed
    remove_member(approved, colleague.pk, now)
    assert ask(colleague, now).reasons[0].code == "member_not_linked", "the links ended too"


def test_an_account_that_was_switched_off_is_denied_at_once(
    approved: Member, now: datetime
) -> None:
    assert ask(approved, now).allowed
    User.objects.filter(pk=approved.user_id).update(is_active=False)
    assert ask(approved, now, "c-2").reasons[0].code == "member_unknown"


def test_suspension_and_expiry_bite_at_once(approved: Member, now: datetime) -> None:
    case = approved.employer.cases.get()
    assert ask(approved, case.expires_at - timedelta(seconds=1)).allowed
    assert ask(approved, case.expires_at).reasons[0].code == "employer_expired", (
        "the case is not marked as expired yet"
    )
    operations.suspend_case(case.pk, SYSTEM, now, ["forgery_suspected"])
    assert ask(approved, now, "c-2").reasons[0].code == "employer_suspended"


def test_a_new_case_does_not_end_the_one_in_force(approved: Member, now: datetime) -> None:
    operations.open_case(approved.employer, approved.as_actor(), now)
    assert ask(approved, now).allowed


def test_a_new_case_does_not_lift_a_suspension(approved: Member, now: datetime) -> None:
    operations.suspend_case(approved.employer.cases.get().pk, SYSTEM, now, ["forgery_suspected"])
    make_case(approved, now)
    assert ask(approved, now).reasons[0].code == "employer_suspended"


def test_quotas(approved: Member, now: datetime) -> None:
    held = FIRST.rights[Tier.ESTABLISHED]
    assert ask(approved, now, "same").allowed
    assert ask(approved, now, "same").reasons[0].code == "quota_candidate"
    for n in range(held.per_hour - 1):
        assert ask(approved, now, f"c-{n}").allowed
    assert ask(approved, now, "one more").reasons[0].code == "quota_hour"
    assert ask(approved, now + timedelta(hours=1), "one more").allowed, "denials use no quota"


def test_one_platforms_reference_is_not_anothers(approved: Member, now: datetime) -> None:
    assert ask(approved, now, "123").allowed
    another = uuid4()
    make_link(approved, another, now)
    other = decide.decide_download(
        client_id=another,
        employer_id=approved.employer_id,
        member_id=approved.pk,
        candidate="123",
        now=now,
        zone=SHANGHAI,
    )
    assert other.allowed


def test_a_member_with_an_unverified_address_is_denied(approved: Member, now: datetime) -> None:
    colleague = make_member(now, approved.employer, role="recruiter", email_verified_at=None)
    assert ask(colleague, now).reasons[0].code == "authority_email_unverified"


def test_a_member_by_phone_alone_needs_an_owner_whom_candidates_can_reach(
    approved: Member, now: datetime
) -> None:
    colleague = by_phone_alone(now, employer=approved.employer, role="recruiter")
    make_link(colleague, CLIENT, now)
    assert ask(colleague, now).allowed
    User.objects.filter(pk=approved.user_id).update(email_verified_at=None)
    assert ask(colleague, now).reasons[0].code == "contact_missing"
    operations.suspend_case(approved.employer.cases.get().pk, SYSTEM, now, ["forgery_suspected"])
    assert ask(colleague, now).reasons[0].code == "employer_suspended", "the first to be mended"


def test_the_budget_is_the_companys_not_the_members(approved: Member, now: datetime) -> None:
    colleagues = [make_member(now, approved.employer, role="recruiter") for _ in range(4)]
    allowed = sum(
        ask(who, now, f"c-{n}").allowed
        for n, who in enumerate(itertools.islice(itertools.cycle(colleagues), 60))
    )
    assert allowed == FIRST.rights[Tier.ESTABLISHED].per_hour


def test_the_hour_does_not_begin_anew_at_midnight(approved: Member, now: datetime) -> None:
    before = datetime(2026, 11, 24, 23, 40, tzinfo=SHANGHAI)
    for n in range(FIRST.rights[Tier.ESTABLISHED].per_hour):
        assert ask(approved, before, f"c-{n}").allowed
    assert ask(approved, before + timedelta(minutes=30), "next").reasons[0].code == "quota_hour"


STATES: list[State | None] = [None, *State]
OVERRIDES = [
    None,
    ladder.CurrentTier(Tier.PROVISIONAL),
    ladder.CurrentTier(Tier.ESTABLISHED),
    ladder.CurrentTier(Tier.RESTRICTED, ladder.RESTRICTED),
    ladder.CurrentTier(Tier.RESTRICTED, ladder.STEP_UP),
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("confirmed", [None, timedelta(days=29), timedelta(days=31)])
@pytest.mark.parametrize("left", [timedelta(seconds=-1), timedelta(0), timedelta(days=1)])
@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("override", OVERRIDES)
def test_the_statement_agrees_with_the_ladder(
    state: State | None,
    confirmed: timedelta | None,
    left: timedelta,
    conditional: bool,
    override: ladder.CurrentTier | None,
    now: datetime,
    db: None,
) -> None:
    """Compares SQL and the pure function over every combination of facts."""
    member = make_member(now)
    member.employer.confirmed_at = now - confirmed if confirmed else None
    member.employer.save()
    case = None
    if state is not None:
        case = make_case(
            member, now, state, approved_at=now, expires_at=now + left, conditional=conditional
        )
    if override:
        Standing.objects.create(
            employer=member.employer,
            tier=override.tier,
            reason=override.reason,
            moved_at=now,
            until=now + timedelta(1),
        )
    expected = ladder.current_tier(case, member.employer.confirmed_at, now, override=override)
    answer = ask(member, now)
    assert answer.tier is expected.tier
    assert [reason.code for reason in answer.reasons] == (
        [expected.reason] if expected.reason else []
    )
    assert answer.allowed == FIRST.rights[expected.tier].download == (not expected.reason)


@pytest.mark.not_on_postgresql
def test_one_statement(approved: Member, now: datetime, django_assert_num_queries: object) -> None:
    """On PostgreSQL the statement bypasses Django's counting, in one message with the lock."""
    with django_assert_num_queries(1):  # type: ignore[operator]
        ask(approved, now)


@pytest.mark.postgresql
def test_the_statement_is_planned_once_per_connection(approved: Member, now: datetime) -> None:
    """Planning costs the database as much as deciding. After a few custom plans it keeps a generic
    one.
    """
    for number in range(8):
        ask(approved, now, f"c-{number}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT custom_plans + generic_plans FROM pg_prepared_statements WHERE statement LIKE"
            " '%downloads_gatedecision%'"
        )
        ((planned,),) = cursor.fetchall()
    assert planned >= 8


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_answer_allows_after_a_suspension_was_acknowledged(now: datetime) -> None:
    """Six threads ask while thirty employers are suspended; the test counts allowed decisions that
    were asked for after a suspension.
    """
    members = []
    for _ in range(30):
        member = make_member(now)
        make_case(member, timezone.now(), State.APPROVED)
        members.append(member)
    acknowledged: dict[UUID, float] = {}
    late: list[UUID] = []
    answers = {"allowed": 0, "denied": 0}
    errors: list[Exception] = []
    stop, lock, counter = threading.Event(), threading.Lock(), itertools.count()

    def keep_asking() -> None:
        try:
            while not stop.is_set():
                n = next(counter)
                member = members[n % len(members)]
                before = member.employer_id in acknowledged
                try:
                    answer = ask(member, timezone.now(), f"c-{n}")
                except DatabaseError as error:
                    errors.append(error)
                    continue
                with lock:
                    answers["allowed" if answer.allowed else "denied"] += 1
                    if before and answer.allowed:
                        late.append(answer.id)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_asking) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for member in members:
            operations.suspend_case(
                member.employer.cases.get().pk, SYSTEM, timezone.now(), ["forgery_suspected"]
            )
            acknowledged[member.employer_id] = timezone.now().timestamp()
        stop.wait(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert late == [] and errors == []
    assert answers["allowed"] > 0 and answers["denied"] > 30, answers


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_moves_and_questions_never_deadlock(now: datetime) -> None:
    """Four threads ask about one employer while it is suspended and reinstated; no transaction ends
    in a deadlock.
    """
    member, reviewer = make_member(now), make_reviewer(now)
    case = make_case(member, timezone.now(), State.APPROVED)
    errors: list[Exception] = []
    stop = threading.Event()

    def keep_asking(number: int) -> None:
        try:
            while not stop.is_set():
                ask(member, timezone.now(), f"c-{number}")
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_asking, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(40):
            operations.suspend_case(case.pk, SYSTEM, timezone.now(), ["forgery_suspected"])
            operations.reinstate_case(case.pk, reviewer, timezone.now())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []
