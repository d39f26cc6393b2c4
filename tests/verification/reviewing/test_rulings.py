"""Tests of rulings: nothing happens while they can be undone; then they are carried out once, if
all guards still allow it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from downloads.gate import decide
from employers.models import Employer, User
from employers.permissions import Power
from events.core.errors import Refused
from events.delivery import mail as mails
from events.models import Event, Mail
from tests.factories import PLATFORM, make_case, make_employer, make_link
from tests.verification.staff import SENIOR, claimed, make_staff, that_waits_for, waiting
from verification import tasks
from verification.cases import guards, operations
from verification.models import (
    Case,
    CaseNote,
    Decision,
    ReviewDraft,
    ReviewStage,
    Ruling,
    RulingOutcome,
    RulingStage,
    SecondReview,
)
from verification.reviewing import claims, reason_choices, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_staff(now, Power.DECIDE)


@pytest.fixture
def senior(now: datetime) -> User:
    return make_staff(now, *SENIOR)


def rule(
    case: Case,
    by: User,
    at: datetime,
    verb: str = "approve",
    codes: tuple[str, ...] = (),
    note: str = "",
) -> Ruling:
    return rulings.rule_on_case(case.pk, verb, by, at, codes, note, seen_version=case.version)


def gate_is_open(case: Case, at: datetime) -> bool:
    member = case.submitted_by.member if case.submitted_by else None
    assert member is not None
    asked = decide.decide_download(
        client_id=make_link(member, PLATFORM, at).client_id,
        employer_id=case.employer_id,
        member_id=member.pk,
        candidate="candidate-1",
        now=at,
        zone=ZoneInfo("Asia/Shanghai"),
    )
    return asked.allowed


# --- Holding, then carrying out -------------------------------------------------------------------


def test_nothing_happens_until_it_can_no_longer_be_undone(reviewer: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    ruling = rule(case, reviewer, now, note="欢迎")
    for seconds in (0, 15, 29):
        at = now + seconds * SECOND
        assert rulings.carry_out(ruling.pk, at) == "" and rulings.carry_out_due(at) == 0
        assert not gate_is_open(case, at)
    case.refresh_from_db()
    assert (
        case.state == State.IN_REVIEW
        and not Mail.objects.exists()
        and not Decision.objects.exists()
    )
    rulings.undo_ruling(ruling.pk, reviewer, now + 29 * SECOND)
    assert rulings.carry_out_due(now + timedelta(hours=1)) == 0
    case.refresh_from_db()
    assert (
        case.state == State.IN_REVIEW
        and not Mail.objects.exists()
        and not Decision.objects.exists()
    )
    assert not gate_is_open(case, now + timedelta(hours=1))


def test_carried_out_when_due(reviewer: User, now: datetime) -> None:
    case = claimed(now - timedelta(minutes=2), reviewer)
    ruling = rule(case, reviewer, now, note="欢迎")
    at = now + 30 * SECOND
    assert rulings.carry_out_due(at) == 1
    ruling.refresh_from_db()
    case.refresh_from_db()
    assert (case.state, case.version, ruling.outcome) == (
        State.APPROVED,
        1,
        RulingOutcome.CARRIED_OUT,
    )
    decision = Decision.objects.get()
    assert (decision.decided_by, decision.note, decision.decided_at, decision.seconds) == (
        reviewer,
        "欢迎",
        at,
        120,
    )
    assert decision.waited is not None
    assert Mail.objects.get().template == "case_approve" and gate_is_open(case, at)


def test_too_late_to_undo(reviewer: User, now: datetime) -> None:
    ruling = rule(claimed(now, reviewer), reviewer, now)
    for carried_out in (False, True):
        if carried_out:
            rulings.carry_out_due(now + 31 * SECOND)
        with pytest.raises(Refused, match="undo_too_late"):
            rulings.undo_ruling(ruling.pk, reviewer, now + 31 * SECOND)
    with pytest.raises(Refused, match="undo_too_late"):  # a worker with a fast clock already has it
        rulings.undo_ruling(ruling.pk, reviewer, now)


def test_undone_the_reviewer_goes_on_where_they_were(reviewer: User, now: datetime) -> None:
    case = claimed(now - timedelta(minutes=2), reviewer)
    claims.save_draft(case.pk, reviewer, now, verb="reject", codes=["name_mismatch"], note="请")
    ruling = rule(case, reviewer, now, "reject", ("name_mismatch",), "请看")
    assert not ReviewDraft.objects.exists() and not Case.objects.get().claimed(now)
    rulings.undo_ruling(ruling.pk, reviewer, now + 10 * SECOND)
    case, draft = Case.objects.get(), ReviewDraft.objects.get()
    assert case.claimed_by_me(str(reviewer.pk), now) and case.claimed_at == now - timedelta(
        minutes=2
    )
    assert (draft.verb, draft.reasons, draft.note) == ("reject", ["name_mismatch"], "请看")
    with pytest.raises(Refused, match="undo_too_late"):
        rulings.undo_ruling(ruling.pk, reviewer, now + 11 * SECOND)
    rule(case, reviewer, now + 20 * SECOND)
    assert rulings.carry_out_due(now + 60 * SECOND) == 1
    assert Case.objects.get().state == State.APPROVED


def test_events_name_a_ruling_and_never_say_it(reviewer: User, now: datetime) -> None:
    case = claimed(now, reviewer, second_review=SecondReview.SAMPLE)
    undone = rule(case, reviewer, now, "reject", ("name_mismatch",), "秘密")
    rulings.undo_ruling(undone.pk, reviewer, now)
    filed = rule(case, reviewer, now, "reject", ("name_mismatch",), "秘密")
    rulings.carry_out_due(now + 30 * SECOND)
    told = [
        (event.verb, event.data, event.reasons)
        for event in Event.objects.about(case).exclude(verb="claim")
    ]
    assert told == [
        ("rule", {"ruling": undone.pk}, []),
        ("undo", {"ruling": undone.pk}, []),
        ("rule", {"ruling": filed.pk}, []),
        ("file_ruling", {"ruling": filed.pk}, []),
    ]


def test_nobody_else_undoes(reviewer: User, senior: User, now: datetime) -> None:
    ruling = rule(claimed(now, reviewer), reviewer, now)
    with pytest.raises(Refused, match="not_allowed"):
        rulings.undo_ruling(ruling.pk, senior, now)


def test_twice_is_once(reviewer: User, now: datetime) -> None:
    ruling = rule(claimed(now, reviewer), reviewer, now)
    at = now + 30 * SECOND
    assert [rulings.carry_out(ruling.pk, at), rulings.carry_out(ruling.pk, at)] == [
        "carried_out",
        "",
    ]
    assert Decision.objects.count() == Mail.objects.count() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(
    reviewer: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept, and another worker had taken over the ruling when it woke up."""
    ruling = rule(claimed(now, reviewer), reviewer, now)
    at, review_ = now + 30 * SECOND, operations.review_case

    def slowly(*args: Any, **kwargs: Any) -> Case:
        case = review_(*args, **kwargs)
        Ruling.objects.filter(pk=ruling.pk).update(leased_until=at)
        assert Ruling.objects.claim(ruling.pk, at, 60)
        return case

    monkeypatch.setattr(operations, "review_case", slowly)
    assert rulings.carry_out(ruling.pk, at) == ""
    assert (
        Case.objects.get().state == State.IN_REVIEW
        and not Decision.objects.exists()
        and not Mail.objects.exists()
    )


def test_a_worker_that_died_costs_a_minute(
    reviewer: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ruling = rule(claimed(now, reviewer), reviewer, now)

    def dies(*args: Any, **kwargs: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(operations, "review_case", dies)
        with pytest.raises(MemoryError):
            rulings.carry_out(ruling.pk, now + 30 * SECOND)
    assert rulings.carry_out_due(now + 31 * SECOND) == 0
    assert rulings.carry_out_due(now + 91 * SECOND) == 1
    assert Case.objects.get().state == State.APPROVED


def test_a_ruling_that_kills_every_worker_is_given_back(reviewer: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    ruling = rule(case, reviewer, now)
    Ruling.objects.filter(pk=ruling.pk).update(deaths=rulings.DEATHS_AT_MOST)
    assert rulings.carry_out(ruling.pk, now + 30 * SECOND) == RulingOutcome.REFUSED
    assert claims.claim_next(reviewer, now + 30 * SECOND) == case


def test_the_beat_carries_out_and_a_page_carries_out_its_own(
    reviewer: User, senior: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = (rule(claimed(now, by), by, now) for by in (reviewer, senior))
    at = now + 30 * SECOND
    assert rulings.carry_out_due(at, of=reviewer, at_most=5) == 1
    assert Ruling.objects.open().get() == theirs and mine.pk != theirs.pk
    monkeypatch.setattr(tasks.timezone, "now", lambda: at)
    tasks.carry_out_rulings()
    assert not Ruling.objects.open().exists()


def test_what_becomes_of_the_approval_in_force_is_said_with_the_refusal(
    reviewer: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    assert case.submitted_by is not None
    in_force = make_case(case.submitted_by.member, now, State.APPROVED)
    with pytest.raises(Refused, match="in_force_undecided"):
        rule(case, reviewer, now, "reject", ("name_mismatch",))
    said = {"suspend_in_force": True}
    told = rulings.preview_mail(
        case.pk, "reject", reviewer, now, ("name_mismatch",), "", besides=said
    )
    ruling = rulings.rule_on_case(
        case.pk, "reject", reviewer, now, ("name_mismatch",), "", seen_version=0, besides=said
    )
    assert rulings.carry_out(ruling.pk, now + 30 * SECOND) == RulingOutcome.CARRIED_OUT
    assert Case.objects.get(pk=in_force.pk).state == State.SUSPENDED
    sent = Mail.objects.get(template="case_reject")
    sent.language = "en"
    assert mails.mail_message(sent, "http://localhost:8000", now).body == told["en"][1]


# --- Guards, checked twice ------------------------------------------------------------------------


def test_a_decision_needs_claim_reason_and_the_case_as_it_was_seen(
    reviewer: User, senior: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    with pytest.raises(Refused, match="claimed_by_other"):
        rule(case, senior, now)
    with pytest.raises(Refused, match="reason_required"):
        rule(case, reviewer, now, "reject")
    with pytest.raises(Refused, match="state_conflict"):
        rulings.rule_on_case(case.pk, "approve", reviewer, now, (), "", seen_version=7)
    with pytest.raises(Refused, match="state_conflict"):
        rulings.rule_on_case(
            case.pk, "suspend", reviewer, now, ("review_decided",), "", seen_version=0
        )
    with pytest.raises(Refused, match="claim_required"):
        rule(case, reviewer, now + claims.CLAIM_FOR)
    assert not Ruling.objects.exists()


def test_while_a_decision_is_under_way_there_is_no_other(
    reviewer: User, senior: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    rule(case, reviewer, now)
    for attempt in (
        lambda: rule(case, reviewer, now),
        lambda: claims.claim_case(case.pk, senior, now),
        lambda: operations.approve_case(case.pk, senior, now),
    ):
        with pytest.raises(Refused, match="decision_under_way"):
            attempt()
    assert claims.claim_next(senior, now) is None
    assert not Case.objects.undecided().exists()


def leaves(case: Case, reviewer: User) -> str:
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    return "not_allowed"


def loses_the_power(case: Case, reviewer: User) -> str:
    reviewer.user_permissions.clear()
    return "not_allowed"


def code_is_taken(case: Case, reviewer: User) -> str:
    make_employer(case.opened_at, uscc=case.declared_uscc, confirmed_at=case.opened_at)
    return "duplicate_same_uscc_active"


def changes(case: Case, reviewer: User) -> str:
    Case.objects.filter(pk=case.pk).update(version=5)
    return "state_conflict"


@pytest.mark.parametrize("meanwhile", [leaves, loses_the_power, code_is_taken, changes])
def test_what_changed_meanwhile_is_refused(
    meanwhile: Callable[[Case, User], str], reviewer: User, senior: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    ruling = rule(case, reviewer, now, note="欢迎")
    code = meanwhile(case, reviewer)
    assert rulings.carry_out(ruling.pk, now + 30 * SECOND) == RulingOutcome.REFUSED
    ruling.refresh_from_db()
    assert (ruling.refusal, Case.objects.get().state) == (code, State.IN_REVIEW)
    assert not Decision.objects.exists() and not Mail.objects.exists()
    note = CaseNote.objects.get()
    assert (note.kind, note.text, note.by) == ("returned", code, None)
    assert ReviewDraft.objects.exists() == (code != "not_allowed"), (
        "the input is kept if the reviewer can still see it"
    )
    assert claims.claim_next(senior, now + 30 * SECOND) == case, "back in the queue"


def test_what_is_sure_to_be_refused_is_told_at_once(reviewer: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    rival: Employer = make_employer(now, uscc=case.declared_uscc, confirmed_at=now)
    with pytest.raises(Refused, match="duplicate_same_uscc_active"):
        rule(case, reviewer, now)
    rule(case, reviewer, now, "reject", ("duplicate_same_uscc_active",))
    assert rival.pk != case.employer_id


# --- Two people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("power", ["none", "reviewer", "senior"])
@pytest.mark.parametrize("stage", ["first", "senior", "second", "third", "ruled"])
@pytest.mark.parametrize("verb", sorted(guards.NEEDS_CLAIM))
def test_verb_power_stage(verb: str, power: str, stage: str, now: datetime) -> None:
    """Who may rule on a claimed case at each stage."""
    by = make_staff(now, *{"none": (), "reviewer": (Power.DECIDE,), "senior": SENIOR}[power])
    case = that_waits_for(
        verb,
        now,
        claimed_by=by,
        claimed_until=now + claims.CLAIM_FOR,
        claimed_at=now,
        for_senior=stage == "senior",
        review_stage={"second": "second", "third": "third", "ruled": "second"}.get(stage, "first"),
    )
    if stage == "ruled":
        made = {
            "attempt_number": 1,
            "case_version": 0,
            "made_at": now,
            "due_at": now,
            "finished_at": now,
        }
        Ruling.objects.create(
            case=case, stage="first", verb="approve", by=by, outcome=RulingOutcome.FILED, **made
        )
    expected = {
        "none": "not_allowed",
        "reviewer": None if stage == "first" else "senior_required",
        "senior": "second_person_required" if stage == "ruled" else None,
    }[power]
    refused = guards.may_act(verb, case, by.as_reviewer(), now)
    assert (refused and refused.code) == expected
    Case.objects.filter(pk=case.pk).update(claimed_by=None, claimed_until=None, claimed_at=None)
    case.refresh_from_db()
    refused = guards.may_claim(case, by.as_reviewer(), now)
    assert (refused and refused.code) == expected, "and may claim it directly"
    if power != "none":
        assert Case.objects.awaiting_review().free(now).open_to(by.as_reviewer()).exists() == (
            expected is None
        ), "and is offered it"


def second_ruling(
    case: Case, senior: User, at: datetime, verb: str, codes: tuple[str, ...] = ()
) -> str:
    claims.claim_case(case.pk, senior, at)
    ruling = rule(case, senior, at, verb, codes)
    return rulings.carry_out(ruling.pk, at + 30 * SECOND)


@pytest.mark.parametrize(
    ("why", "verb", "filed"),
    [
        ("", "approve", False),
        ("policy", "approve", True),
        ("policy", "reject", False),
        ("sample", "approve", True),
        ("sample", "reject", True),
    ],
)
def test_what_takes_two_people(
    why: str, verb: str, filed: bool, reviewer: User, now: datetime
) -> None:
    case = claimed(now, reviewer, second_review=why)
    ruling = rule(case, reviewer, now, verb, ("name_mismatch",))
    assert rulings.carry_out(ruling.pk, now + 30 * SECOND) == ("filed" if filed else "carried_out")
    case.refresh_from_db()
    assert case.review_stage == ("second" if filed else "first")
    assert (case.state == State.IN_REVIEW) == filed


def test_two_who_agree(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer, second_review=SecondReview.POLICY)
    rulings.carry_out(rule(case, reviewer, now).pk, now + 30 * SECOND)
    assert not gate_is_open(case, now + 30 * SECOND) and not Mail.objects.exists()
    assert (
        second_ruling(case, senior, now + timedelta(minutes=1), "approve")
        == RulingOutcome.CARRIED_OUT
    )
    assert (
        Decision.objects.get().decided_by == senior and Case.objects.get().state == State.APPROVED
    )


def test_two_who_differ_and_a_third(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer, second_review=SecondReview.POLICY)
    rulings.carry_out(rule(case, reviewer, now).pk, now + 30 * SECOND)
    at = now + timedelta(minutes=1)
    assert second_ruling(case, senior, at, "reject", ("name_mismatch",)) == RulingOutcome.FILED
    case.refresh_from_db()
    assert (case.review_stage, case.state) == (
        ReviewStage.THIRD,
        State.IN_REVIEW,
    ) and not Decision.objects.exists()
    at += timedelta(minutes=1)
    for one in (reviewer, senior):
        assert claims.claim_next(one, at) is None
        with pytest.raises(Refused):
            claims.claim_case(case.pk, one, at)
    third = make_staff(now, *SENIOR)
    assert second_ruling(case, third, at, "approve") == RulingOutcome.CARRIED_OUT
    assert [ruling.stage for ruling in Ruling.objects.order_by("pk")] == list(RulingStage)[:3]


def test_at_once_takes_two_people_as_well(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer, second_review=SecondReview.POLICY)
    with pytest.raises(Refused, match="second_review_required"):
        operations.approve_case(case.pk, reviewer, now)
    rulings.carry_out(rule(case, reviewer, now).pk, now + 30 * SECOND)
    claims.claim_case(case.pk, senior, now + 30 * SECOND)
    with pytest.raises(Refused, match="second_review_required"):
        operations.approve_case(case.pk, senior, now + 30 * SECOND)


def test_a_bulk_decision_has_two_people(senior: User, now: datetime) -> None:
    other = make_staff(now, *SENIOR)
    case = waiting(now, second_review=SecondReview.POLICY)
    made = {
        "attempt_number": 1,
        "case_version": 0,
        "made_at": now,
        "due_at": now + 30 * SECOND,
        "verb": "approve",
    }
    ruling = Ruling.objects.create(
        case=case, stage=RulingStage.BULK, by=senior, confirmed_by=other, **made
    )
    assert rulings.carry_out(ruling.pk, now + 30 * SECOND) == RulingOutcome.CARRIED_OUT


# --- Previews -------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", list(SecondReview))
@pytest.mark.parametrize("verb", sorted(guards.NEEDS_CLAIM))
def test_the_preview_is_the_mail(verb: str, second: str, reviewer: User, now: datetime) -> None:
    case = claims.claim_case(that_waits_for(verb, now, second_review=second).pk, reviewer, now)
    codes = reason_choices.REASONS_FOR.get(verb, ())[:2]
    told = rulings.preview_mail(case.pk, verb, reviewer, now, codes, "请看第二页")
    assert set(told) == {"zh-hans", "en"}
    assert (
        not Mail.objects.exists()
        and not Decision.objects.exists()
        and Case.objects.get().state == case.state
    )
    assert not Event.objects.exclude(verb="claim").exists() and not Ruling.objects.exists()
    Case.objects.update(second_review="")
    operations.review_case(case.pk, verb, reviewer.as_reviewer(), now, codes, "请看第二页", 0)
    for language, (subject, body) in told.items():
        sent = Mail.objects.get()
        sent.language = language
        letter = mails.mail_message(sent, "http://localhost:8000", now)
        assert (letter.subject, letter.body) == (subject, body)
        assert "请看第二页" in body


def test_the_preview_is_guarded(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    with pytest.raises(Refused, match="claimed_by_other"):
        rulings.preview_mail(case.pk, "approve", senior, now, (), "")
    with pytest.raises(Refused, match="reason_required"):
        rulings.preview_mail(case.pk, "reject", reviewer, now, (), "")
    make_employer(now, uscc=case.declared_uscc, confirmed_at=now)
    with pytest.raises(Refused, match="duplicate_same_uscc_active"):
        rulings.preview_mail(case.pk, "approve", reviewer, now, (), "")
    assert Case.objects.get().state == State.IN_REVIEW
