"""Tests of claims, assignments, handovers, drafts and masked data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.accounts import staff_reads
from employers.accounts.sightings import seal_phone
from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event
from tests.verification.staff import LEAD, SENIOR, claimed, make_staff, waiting
from verification.models import Case, CaseNote, Presence, ReviewDraft, Ruling, TakeOver
from verification.reviewing import claims, rulings

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def one(now: datetime) -> User:
    return make_staff(now, Power.DECIDE)


@pytest.fixture
def other(now: datetime) -> User:
    return make_staff(now, Power.DECIDE)


def holder(case: Case, at: datetime) -> User | None:
    case.refresh_from_db()
    return case.claimed_by if case.claimed(at) else None


# --- Leases ---------------------------------------------------------------------------------------


def test_a_claim_lasts_as_long_as_its_page_is_looked_at(
    one: User, other: User, now: datetime
) -> None:
    case = claimed(now, one)
    for minutes in range(0, 60, 2):
        assert claims.record_presence(case.pk, one, now + minutes * MINUTE, active=True).mine
    last = now + 58 * MINUTE
    assert (
        claims.record_presence(case.pk, one, last + 2 * MINUTE, active=False).until
        == last + claims.BEAT_FOR
    ), "no one has it open"
    assert not claims.record_presence(case.pk, one, last + claims.BEAT_FOR, active=True).mine, (
        "too late"
    )
    assert claims.claim_case(case.pk, other, last + claims.BEAT_FOR).claimed_by == other


def test_beats_leave_no_trace(one: User, now: datetime) -> None:
    case, events = claimed(now, one), Event.objects.count()
    claims.record_presence(case.pk, one, now + MINUTE, active=True)
    case.refresh_from_db()
    assert case.version == 0 and Event.objects.count() == events


def test_without_a_script_it_lasts_a_quarter_of_an_hour(one: User, now: datetime) -> None:
    case = claimed(now, one)
    assert holder(case, now + 14 * MINUTE) == one and holder(case, now + 15 * MINUTE) is None


def test_taking_it_again_does_not_begin_anew(one: User, now: datetime) -> None:
    case = claimed(now, one)
    assert claims.claim_case(case.pk, one, now + 5 * MINUTE).claimed_at == now
    assert claims.claim_case(case.pk, one, now + 30 * MINUTE).claimed_at == now + 30 * MINUTE, (
        "after it had ended"
    )


def test_who_is_there(one: User, other: User, now: datetime) -> None:
    case = claimed(now, one)
    assert claims.record_presence(case.pk, other, now, active=True) == claims.Beat(
        mine=False, others=()
    )
    assert claims.record_presence(case.pk, one, now, active=True).others == (other.email,)
    assert claims.record_presence(case.pk, one, now + MINUTE, active=True).others == ()
    assert Presence.objects.count() == 2


def test_released_and_taken_by_another(one: User, other: User, now: datetime) -> None:
    case = claimed(now, one)
    with pytest.raises(Refused, match="claim_required"):
        claims.drop_claim(case.pk, other, now)
    assert claims.drop_claim(case.pk, one, now).claimed_at is None
    assert claims.claim_next(other, now) == case


def look_and_put_back(case: Case, reviewer: User, at: datetime) -> None:
    claims.claim_case(case.pk, reviewer, at)
    claims.drop_claim(case.pk, reviewer, at)


def decide(case: Case, reviewer: User, at: datetime) -> Ruling:
    case = claims.claim_case(case.pk, reviewer, at)
    codes = ("licence_unreadable",)
    return rulings.rule_on_case(
        case.pk, "request_changes", reviewer, at, codes, "", seen_version=case.version
    )


def reported() -> int:
    return Event.objects.filter(verb="many_reads").count()


def test_cases_that_are_claimed_and_not_decided_are_counted(
    one: User, now: datetime, settings: Any
) -> None:
    settings.STAFF_READS_PER_HOUR = 3
    for _ in range(2):
        look_and_put_back(waiting(now), one, now)
    ruling = decide(waiting(now), one, now)
    rulings.undo_ruling(ruling.pk, one, now)
    look_and_put_back(Case.objects.awaiting_review().first(), one, now)
    assert not reported()
    claims.claim_case(waiting(now).pk, one, now)  # and never anything else
    assert Event.objects.get(verb="many_reads").data == {"employers": 4}


def test_a_fast_reviewer_who_decides_is_not_reported(
    one: User, now: datetime, settings: Any
) -> None:
    settings.STAFF_READS_PER_HOUR = 3
    for _ in range(6):
        decide(waiting(now), one, now)
    assert not reported()
    for _ in range(3):
        look_and_put_back(waiting(now), one, now + 30 * MINUTE)
    assert not reported()
    look_and_put_back(waiting(now), one, now + 91 * MINUTE)
    assert not reported(), "the earlier ones are more than an hour ago"


def test_who_does_not_decide_claims_nothing(now: datetime) -> None:
    case, nobody = waiting(now), make_staff(now)
    with pytest.raises(Refused, match="not_allowed"):
        claims.claim_case(case.pk, nobody, now)
    with pytest.raises(Refused, match="not_allowed"):
        claims.save_draft(case.pk, nobody, now, verb="", codes=[], note="")
    assert claims.claim_next(nobody, now) is None


# --- The next case --------------------------------------------------------------------------------


def test_the_most_urgent_first_then_the_oldest(one: User, now: datetime) -> None:
    cases = [
        waiting(now, urgency=-2.0),
        waiting(now - MINUTE, urgency=-2.0),
        waiting(now, urgency=3.0),
        waiting(now, urgency=9.0, held_until=now + MINUTE),
        waiting(now, urgency=9.0, for_senior=True),
    ]
    taken = [claims.claim_next(one, now) for _ in range(4)]
    assert taken == [cases[2], cases[1], cases[0], None]
    assert claims.claim_next(make_staff(now, *SENIOR), now) == cases[4]


# --- Assigning and handing over -------------------------------------------------------------------


def test_assigned_it_is_theirs_before_others_and_nobody_elses(
    one: User, other: User, now: datetime
) -> None:
    lead = make_staff(now, *LEAD)
    urgent, case = waiting(now, urgency=5.0), waiting(now, urgency=1.0)
    with pytest.raises(Refused, match="not_allowed"):
        claims.assign_case(case.pk, one, other, now)
    with pytest.raises(Refused, match="not_allowed"):
        claims.assign_case(case.pk, make_staff(now), lead, now)
    claims.assign_case(case.pk, one, lead, now)
    assert (CaseNote.objects.get().kind, Event.objects.about(case).get().data) == (
        "assign",
        {"to": str(one.pk)},
    )
    assert [claims.claim_next(other, now), claims.claim_next(other, now)] == [urgent, None]
    assert claims.claim_next(one, now) == case


def test_what_was_assigned_to_somebody_who_left_is_everybodys(
    one: User, other: User, now: datetime
) -> None:
    case = waiting(now, assigned_to=one)
    one.is_active = False
    one.save()
    assert claims.claim_next(other, now) == case


def test_asked_for_and_given(one: User, other: User, now: datetime) -> None:
    case = claimed(now, one)
    asked = claims.ask_take_over(case.pk, other, now)
    assert claims.ask_take_over(case.pk, other, now) == asked, "once"
    with pytest.raises(Refused, match="claimed_by_other"):
        claims.ask_take_over(case.pk, make_staff(now, Power.DECIDE), now)
    assert claims.record_presence(case.pk, one, now, active=True).asked_by == other.email
    assert not claims.record_presence(case.pk, other, now, active=True).yours_now
    claims.give_case(case.pk, one, now + MINUTE)
    told = claims.record_presence(case.pk, other, now + 2 * MINUTE, active=True)
    assert told.mine and told.yours_now and told.until == now + 2 * MINUTE + claims.BEAT_FOR
    assert not claims.record_presence(case.pk, one, now + 2 * MINUTE, active=True).mine
    assert [event.verb for event in Event.objects.about(case)] == [
        "claim",
        "ask_take_over",
        "give_claim",
    ]


def test_asked_for_and_kept(one: User, other: User, now: datetime) -> None:
    case = claimed(now, one)
    claims.ask_take_over(case.pk, other, now)
    claims.decline_take_over(case.pk, one, now)
    told = claims.record_presence(case.pk, one, now, active=True)
    assert (told.mine, told.asked_by) == (True, "") and not TakeOver.objects.get().given
    for answer in (claims.decline_take_over, claims.give_case):
        with pytest.raises(Refused, match="state_conflict"):
            answer(case.pk, one, now)
    claims.ask_take_over(case.pk, other, now + MINUTE)


def test_what_is_free_is_not_asked_for(one: User, other: User, now: datetime) -> None:
    with pytest.raises(Refused, match="claim_required"):
        claims.ask_take_over(waiting(now).pk, one, now)
    case = claimed(now, one)
    claims.ask_take_over(case.pk, other, now)
    claims.claim_case(case.pk, other, now + 15 * MINUTE)
    assert TakeOver.objects.get().answered_at == now + 15 * MINUTE, (
        "there was no answer, and none is needed any more"
    )


def test_only_who_may_decide_it_can_be_given_it(one: User, other: User, now: datetime) -> None:
    case = claimed(now, one)
    claims.ask_take_over(case.pk, other, now)
    other.user_permissions.clear()
    with pytest.raises(Refused, match="not_allowed"):
        claims.give_case(case.pk, one, now)
    assert holder(case, now) == one


# --- Drafts and masked data -----------------------------------------------------------------------


def test_a_draft_outlives_the_claim(one: User, now: datetime) -> None:
    case = claimed(now, one)
    claims.save_draft(case.pk, one, now, verb="reject", codes=["name_mismatch"], note="请")
    claims.save_draft(
        case.pk, one, now + 20 * MINUTE, verb="reject", codes=["uscc_invalid"], note="请看"
    )
    draft = ReviewDraft.objects.get()
    assert (draft.verb, draft.reasons, draft.note, draft.at) == (
        "reject",
        ["uscc_invalid"],
        "请看",
        now + 20 * MINUTE,
    )


def test_unmasked_on_record_by_who_may(one: User, now: datetime) -> None:
    case, senior = waiting(now), make_staff(now, *SENIOR)
    assert case.submitted_by is not None
    case.submitted_by.phone_sealed = seal_phone("+8613812345678")
    case.submitted_by.save()
    with pytest.raises(Refused, match="not_allowed"):
        staff_reads.unmask_contact(case.submitted_by, "phone", case, one, now)
    shown = [
        staff_reads.unmask_contact(case.submitted_by, field, case, senior, now)
        for field in ("phone", "email")
    ]
    assert shown == ["+8613812345678", case.submitted_by.email]
    events = Event.objects.about(case).filter(verb="unmask")
    assert [event.data for event in events] == [{"field": "phone"}, {"field": "email"}]
