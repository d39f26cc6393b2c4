"""Tests of proofs by a code that is mailed to the company."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.models import Member
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_employer, make_member
from tests.verification.authority.proof_steps import (
    ADDRESS,
    MINUTE,
    mailed_code,
    mails,
    other_than,
    poll,
)
from verification.authority import deposits, email_codes, proof_polling
from verification.cases.proof_ways import WAYS
from verification.models import Proof, ProofKind, ProofState

pytestmark = pytest.mark.django_db


def test_a_code_comes_back(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, " HR@Shili.example ", now)
    assert (proof.state, proof.shown, proof.uscc) == (
        ProofState.PENDING,
        ADDRESS,
        member.employer.uscc,
    )
    code = mailed_code()
    assert code not in proof.code_hash
    proof = email_codes.confirm_code(proof.pk, member, f" {code[:3]} {code[3:]} ", now + MINUTE)
    assert (
        proof.state == ProofState.PROVEN
        and proof.proven_at == now + MINUTE
        and proof.code_hash == ""
    )
    assert [event.verb for event in Event.objects.about(proof)] == ["begin_proof", "prove"]
    assert mails("proof_ended") == [member.user.email]


def test_the_same_code_twice_is_once(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    code = mailed_code()
    for _ in range(2):
        assert (
            email_codes.confirm_code(proof.pk, member, code, now + MINUTE).state
            == ProofState.PROVEN
        )
    assert Event.objects.filter(verb="prove").count() == 1 and len(mails("proof_ended")) == 1


def test_wrong_codes_are_counted_and_end_it(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    right = mailed_code()
    for left in (4, 3, 2, 1):
        with pytest.raises(Refused, match="proof_code_wrong") as refused:
            email_codes.confirm_code(proof.pk, member, other_than(right), now)
        assert refused.value.details == {"left": str(left)}
    with pytest.raises(Refused, match="proof_code_used_up"):
        email_codes.confirm_code(proof.pk, member, other_than(right), now)
    with pytest.raises(Refused, match="proof_over"):
        email_codes.confirm_code(proof.pk, member, right, now)
    assert Proof.objects.get().failure == "proof_code_used_up"


def test_what_is_no_code_is_no_guess(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦七"):
        with pytest.raises(Refused, match="proof_code_wrong"):
            email_codes.confirm_code(proof.pk, member, typed, now)
    assert Proof.objects.get().guesses == 0


def test_a_code_that_is_late(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    with pytest.raises(Refused, match="proof_lapsed"):
        email_codes.confirm_code(proof.pk, member, mailed_code(), now + 30 * MINUTE)
    assert Proof.objects.get().state == ProofState.LAPSED


def test_the_sweeper_ends_what_nobody_completes(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    assert not proof_polling.poll_provider(proof.pk, lambda: now + 29 * MINUTE, 60)
    assert poll(proof, now + 30 * MINUTE).state == ProofState.LAPSED
    assert mails("proof_ended") == [], "no mail about a code that expired"


def test_a_code_is_one_persons(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    stranger = make_member(now)
    with pytest.raises(Refused, match="not_allowed"):
        email_codes.confirm_code(proof.pk, stranger, mailed_code(), now)
    with pytest.raises(Refused, match="not_allowed"):
        deposits.confirm_deposit(proof.pk, member, mailed_code(), now)
    assert Proof.objects.get().state == ProofState.PENDING


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("hr@qq.com", "proof_email_public"),
        ("hr@mail.QQ.com", "proof_email_public"),
        ("hr@mailinator.com", "proof_email_public"),
        ("hr@", "proof_email_invalid"),
        ("hr shili.example", "proof_email_invalid"),
    ],
)
def test_addresses_that_prove_nothing(
    address: str, code: str, member: Member, now: datetime
) -> None:
    with pytest.raises(Refused, match=code):
        email_codes.send_code(member, address, now)
    assert not Proof.objects.exists() and not mails("company_code")


def test_another_code_takes_the_place_of_the_first(member: Member, now: datetime) -> None:
    first = email_codes.send_code(member, ADDRESS, now)
    old = mailed_code()
    with pytest.raises(Refused, match="proof_resend_wait"):
        email_codes.send_code(member, ADDRESS, now + timedelta(seconds=59))
    assert Proof.objects.get().state == ProofState.PENDING, "a refused code changes nothing"
    second = email_codes.send_code(member, ADDRESS, now + MINUTE)
    with pytest.raises(Refused, match="proof_over"):
        email_codes.confirm_code(first.pk, member, old, now + MINUTE)
    assert (
        email_codes.confirm_code(second.pk, member, mailed_code(), now + MINUTE).state
        == ProofState.PROVEN
    )


def test_codes_are_rationed(member: Member, now: datetime) -> None:
    for number in range(WAYS[ProofKind.COMPANY_EMAIL].per_day):
        email_codes.send_code(
            member, ADDRESS if number < 4 else f"hr{number}@shili.example", now + number * MINUTE
        )
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(member, "hr9@shili.example", now + timedelta(hours=1))
    for _ in range(2):
        email_codes.send_code(make_member(now), ADDRESS, now + timedelta(hours=1))
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(
            make_member(now), ADDRESS, now + timedelta(hours=1)
        )  # the address has reached its limit
    email_codes.send_code(member, ADDRESS, now + timedelta(days=1, hours=1))


def test_a_name_that_is_an_advertisement_is_not_mailed(now: datetime) -> None:
    member = make_member(now, make_employer(now, name="中奖请点 www.evil.example"))
    with pytest.raises(Refused, match="name_not_plain"):
        email_codes.send_code(member, ADDRESS, now)
