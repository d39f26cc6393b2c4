"""Tests of every state × verb × role: each behaves as the transitions of `Case` define."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from config.management.commands import draw_states
from employers.permissions import Power
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_case, make_colleague, make_document, make_member, make_reviewer
from tests.verification.staff import heard
from verification.cases import failed_uploads, guards
from verification.cases.decisions import Why
from verification.cases.operations import moving_case
from verification.models import Appeal, Case, Decision, transitions
from verification.reviewing import claims
from verification.rules import states
from verification.rules.states import State

pytestmark = pytest.mark.django_db

VERBS = transitions.transition_verbs()

# The transitions (state → possible next states), deliberately written out a second time.
FOLLOWS = {
    "draft": {"submitted", "in_review", "withdrawn"},
    "submitted": {"checking", "withdrawn"},
    "checking": {"approved", "in_review", "rejected", "withdrawn"},
    "in_review": {"approved", "rejected", "changes_requested"},
    "changes_requested": {"submitted", "in_review", "withdrawn"},
    "approved": {"suspended", "expired"},
    "suspended": {"suspended", "approved", "revoked"},
    "rejected": {"in_review"},
    "revoked": {"revoked", "approved"},
    "expired": set(),
    "withdrawn": set(),
}


def test_the_table_is_the_domain() -> None:
    table = {
        state.value: {
            transitions.target_state(verb, state).value
            for verb in VERBS
            if state in transitions.source_states(verb)
        }
        for state in State
    }
    assert table == FOLLOWS


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", list(State))
def test_grid(state: State, verb: str, now: datetime) -> None:
    """Each role tries the verb on the same case. What it changed is undone for the next."""
    member, reviewer = make_member(now), make_reviewer(now)
    case = make_case(member, now, state)
    make_document(case, now)
    if verb == "uphold":  # it answers an appeal
        Appeal.objects.create(case=case, verb="appeal", text="x", by=member.user, at=now)
        Case.objects.filter(pk=case.pk, state__in=states.STOPPED).update(hearing=True)
    if state in states.REVIEWABLE or (verb == "uphold" and state in states.STOPPED):
        claims.claim_case(case.pk, reviewer, now)
    if verb == "ask_person":
        for number in range(guards.SENT_BACK_UNTIL_A_PERSON):
            Decision.objects.create(
                case=case,
                attempt_number=number,
                verb="request_changes",
                policy_version="1",
                decided_at=now,
            )
            failed_uploads.note_refused(
                case, "business_licence", ["document_broken"], member.as_actor(), now
            )
    for role in Role:
        is_reviewer = role is Role.REVIEWER
        actor = reviewer.as_reviewer() if is_reviewer else Actor(role, str(member.user_id))
        with transaction.atomic():
            _moves_as_the_table_says(case.pk, verb, actor, now)
            transaction.set_rollback(True)


def _moves_as_the_table_says(case_id: str, verb: str, actor: Actor, now: datetime) -> None:
    case, why = Case.objects.get(pk=case_id), Why.of(["document_blurred"])
    state = case.state
    if transitions.is_possible(verb, case, actor):
        with moving_case(case_id, verb, actor, now, why=why) as move:
            if verb == "approve":
                move.case.approved_at, move.case.expires_at = now, now + timedelta(days=180)
        case = Case.objects.get(pk=case_id)
        assert case.state == transitions.target_state(verb, state)
        event = Event.objects.about(case).last()
        assert (event.verb, event.from_state, event.to_state, event.role, event.actor_id) == (
            verb,
            state,
            case.state,
            actor.role,
            actor.id,
        )
        assert event.policy_version
    else:
        before = Event.objects.count()
        with pytest.raises(Refused) as refused, moving_case(case_id, verb, actor, now, why=why):
            pass
        assert refused.value.code in {"not_allowed", "state_conflict"}, actor
        assert Case.objects.get(pk=case_id).state == state, actor
        assert Event.objects.count() == before, actor


@pytest.mark.parametrize("powerless", ["auditor", "inactive", "without decide"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", list(State))
def test_a_reviewers_verbs_need_the_power_to_decide(
    state: State, verb: str, powerless: str, now: datetime
) -> None:
    """Even while they hold a claim from a time when they had the power."""
    reviewer = make_reviewer(now)
    case = make_case(make_member(now), now, state)
    if state in states.REVIEWABLE:
        claims.claim_case(case.pk, reviewer, now)
    if powerless == "inactive":
        reviewer.is_active = False
    elif powerless == "auditor":
        reviewer = make_colleague(now, "Auditors")
    actor = reviewer.as_reviewer()
    if powerless == "without decide":
        assert Power.DECIDE in actor.powers
        actor = replace(actor, powers=actor.powers - {Power.DECIDE})
    case = Case.objects.get(pk=case.pk)
    assert guards.available_verbs(case, actor, now) == []
    assert guards.may_claim(case, actor, now) == Refused("not_allowed", seen=Role.REVIEWER)
    with (
        pytest.raises(Refused) as refused,
        moving_case(case.pk, verb, actor, now, why=Why.of(["document_blurred"])),
    ):
        pass
    assert refused.value.code in {"not_allowed", "state_conflict"}
    assert Case.objects.get(pk=case.pk).state == state


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", list(State))
def test_the_model_refuses_what_the_table_refuses(state: State, verb: str, now: datetime) -> None:
    case = make_case(make_member(now), now, state)
    if state in transitions.source_states(verb):
        getattr(case, verb)()
        assert case.state == transitions.target_state(verb, state)
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(case, verb)()


def test_the_state_cannot_be_set_by_hand(now: datetime) -> None:
    case = make_case(make_member(now), now)
    with pytest.raises(AttributeError):
        case.state = State.APPROVED


def test_of_two_transitions_at_once_one_is_refused(now: datetime) -> None:
    case = make_case(make_member(now), now, State.APPROVED)
    one, other = Case.objects.get(pk=case.pk), Case.objects.get(pk=case.pk)
    one.suspend()
    one.save()
    other.expire()
    with pytest.raises(ConcurrentTransition):
        other.save()


def test_an_employer_has_one_open_case(now: datetime) -> None:
    member = make_member(now)
    make_case(member, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_case(member, now, State.IN_REVIEW)


def test_approved_needs_its_dates(now: datetime) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_case(make_member(now), now, State.APPROVED, expires_at=None)


@pytest.mark.parametrize("verb", sorted(guards.NEEDS_REASON))
def test_what_takes_something_away_needs_a_reason(verb: str, now: datetime) -> None:
    reviewer = make_reviewer(now)
    state = next(
        t.source
        for t in transitions.transitions_of(verb)
        if Role.REVIEWER in transitions.permitted_roles(t)
    )
    case = heard(now) if verb == "uphold" else make_case(make_member(now), now, state)
    if case.awaits_review():
        claims.claim_case(case.pk, reviewer, now)
    with (
        pytest.raises(Refused, match="reason_required"),
        moving_case(case.pk, verb, reviewer.as_reviewer(), now),
    ):
        pass


def test_the_page_and_the_picture_in_the_docs_show_the_transitions() -> None:
    for name, text in (
        ("states.md", draw_states.states_page()),
        ("states.svg", draw_states.draw_states()),
    ):
        assert (draw_states.FOLDER / name).read_text(encoding="utf-8") == text, (
            "stale: run `python manage.py draw_states`"
        )
    assert draw_states.ROUTES.keys() == draw_states.transition_names().keys()
    assert draw_states.CENTRES.keys() == set(State)
