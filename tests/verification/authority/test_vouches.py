"""Tests of proofs by a colleague who vouches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.models import Member
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_case, make_member, make_reviewer
from tests.verification.authority.proof_steps import MINUTE, mails
from verification.authority import vouches
from verification.cases.authority_evidence import can_vouch
from verification.models import Decision, Proof, ProofState
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def test_a_colleague_vouches(member: Member, colleague: Member, now: datetime) -> None:
    assert vouches.colleagues_who_can_vouch(member, now) == [colleague]
    proof = vouches.ask_vouch(member, colleague, now)
    assert vouches.ask_vouch(member, colleague, now) == proof and mails("vouch_asked") == [
        colleague.user.email
    ]
    assert vouches.asked_of(colleague, now) == [proof]
    for _ in range(2):
        assert (
            vouches.vouch_for_recruiter(proof.pk, colleague, now + MINUTE).state
            == ProofState.PROVEN
        )
    event = Event.objects.about(proof).last()
    assert (event.verb, event.actor_id) == ("prove", str(colleague.user_id))
    assert vouches.asked_of(colleague, now) == []


def test_a_colleague_declines(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    assert vouches.decline_to_vouch(proof.pk, colleague, now).failure == "vouch_declined"
    with pytest.raises(Refused, match="proof_over"):
        vouches.vouch_for_recruiter(proof.pk, colleague, now)


def test_only_who_was_asked_answers(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    for stranger in (member, make_member(now, member.employer, email="other@shili.example")):
        with pytest.raises(Refused, match="not_allowed"):
            vouches.vouch_for_recruiter(proof.pk, stranger, now)


def test_too_late(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    with pytest.raises(Refused, match="proof_lapsed"):
        vouches.vouch_for_recruiter(proof.pk, colleague, now + timedelta(days=7))


def test_two_who_prove_nothing_cannot_vouch_for_each_other(member: Member, now: datetime) -> None:
    other = make_member(now, member.employer)
    for one, two in ((member, other), (other, member), (member, member)):
        with pytest.raises(Refused, match="vouch_not_possible"):
            vouches.ask_vouch(one, two, now)


def test_a_vouch_does_not_rest_on_a_vouch(member: Member, colleague: Member, now: datetime) -> None:
    vouches.vouch_for_recruiter(vouches.ask_vouch(member, colleague, now).pk, colleague, now)
    third = make_member(now, member.employer)
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.ask_vouch(third, member, now)
    assert member not in vouches.colleagues_who_can_vouch(third, now)


def test_a_colleague_who_left_meanwhile(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    colleague.left_at = now
    colleague.save()
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.vouch_for_recruiter(proof.pk, colleague, now)
    assert Proof.objects.get().state == ProofState.PENDING


def test_a_colleague_of_another_company(member: Member, colleague: Member, now: datetime) -> None:
    stranger = make_member(now, email="hr2@shili.example")
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.ask_vouch(member, stranger, now)


def test_who_was_let_through_by_a_reviewer_can_vouch(member: Member, now: datetime) -> None:
    boss = make_member(now, member.employer)
    uscc = member.employer.uscc
    assert not can_vouch(boss, uscc, now)
    case = make_case(boss, now, State.APPROVED)
    approval: dict[str, Any] = {
        "case": case,
        "attempt_number": 1,
        "verb": "approve",
        "policy_version": "x",
        "decided_at": now,
    }
    Decision.objects.create(**approval)
    assert not can_vouch(boss, uscc, now), "the machine has not read the letter"
    Decision.objects.create(decided_by=make_reviewer(now), **approval)
    assert can_vouch(boss, uscc, now)
    assert not can_vouch(boss, uscc, now + timedelta(days=181))
