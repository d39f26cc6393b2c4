"""Tests of proofs by a deposit to the company's account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.models import Member
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_member
from tests.keys import at_each_stage, change_keys
from tests.verification.authority.proof_steps import (
    ACCOUNT,
    MINUTE,
    deposit,
    mails,
    other_than,
    poll,
    poll_until,
)
from verification.authority import codes, deposits, proof_polling, proofs
from verification.models import Proof, ProofKind, ProofState
from verification.providers.banks.simulator import SimulatedBank

pytestmark = pytest.mark.django_db


def memo(bank: SimulatedBank, number: str, now: datetime) -> str:
    ((fen, code),) = bank.statement(number, now)
    assert fen == 1
    return code


def test_a_deposit_from_begin_to_end(member: Member, bank: SimulatedBank, now: datetime) -> None:
    proof = deposit(member, now, "1000 0000-1188")
    assert (
        ACCOUNT not in proof.sealed + proof.shown
        and proof.shown.endswith("1188")
        and proof.expires_at == now + timedelta(days=10)
    )
    poll(proof, now)
    assert proof.stage == "accepted" and proof.sealed == "", "the bank has what it needs"
    poll(proof, proof.due_at)
    assert proof.stage == "arrived" and mails("deposit_sent") == [member.user.email]
    code = memo(bank, ACCOUNT, proof.due_at)
    proof = deposits.confirm_deposit(proof.pk, member, code, now + timedelta(hours=1))
    assert proof.state == ProofState.PROVEN and proof.observed["name"] == "云溪市示例科技有限公司"
    assert ACCOUNT not in str(
        list(Mail.objects.values()) + list(Event.objects.values()) + list(Proof.objects.values())
    )


@pytest.mark.parametrize("holder", ["云溪市示例科技有限公司", "云溪市 示例科技有限公司"])
def test_the_holder_is_the_company(holder: str, member: Member, now: datetime) -> None:
    assert deposit(member, now, holder=holder).state == ProofState.PENDING


@pytest.mark.parametrize(
    ("holder", "number", "code"),
    [
        ("云溪市示例科技有限责任公司", ACCOUNT, "bank_holder_mismatch"),
        ("林知白", ACCOUNT, "bank_holder_mismatch"),
        ("云溪市示例科技有限公司", "12345", "bank_account_invalid"),
        ("云溪市示例科技有限公司", "10000000118X", "bank_account_invalid"),
    ],
)
def test_deposits_that_are_not_made(
    holder: str, number: str, code: str, member: Member, now: datetime
) -> None:
    with pytest.raises(Refused, match=code):
        deposit(member, now, number, holder)
    assert not Proof.objects.exists()


def test_one_account_does_not_prove_many_companies(
    member: Member, bank: SimulatedBank, now: datetime
) -> None:
    proof = poll_until(deposit(member, now), now + timedelta(hours=1))
    twin = make_member(now)
    assert deposit(twin, now).state == ProofState.PENDING, (
        "an unfinished proof does not block others"
    )
    proofs.cancel_proof(Proof.objects.get(member=twin).pk, twin, now)
    first, *_ = bank.statement(ACCOUNT, now + timedelta(hours=1))
    deposits.confirm_deposit(proof.pk, member, first[1], now + timedelta(hours=1))
    with pytest.raises(Refused, match="bank_account_of_other"):
        deposit(twin, now + timedelta(hours=1))
    colleague = make_member(now, member.employer)
    assert deposit(colleague, now + timedelta(hours=1)).state == ProofState.PENDING


def test_one_deposit_at_a_time(member: Member, now: datetime) -> None:
    proof = deposit(member, now)
    with pytest.raises(Refused, match="proof_under_way"):
        deposit(member, now)
    assert proofs.cancel_proof(proof.pk, member, now).failure == "proof_cancelled"
    assert Proof.objects.get().sealed == ""
    assert deposit(member, now).state == ProofState.PENDING


def test_three_tries(member: Member, bank: SimulatedBank, now: datetime) -> None:
    proof = poll_until(deposit(member, now), now + timedelta(hours=1))
    right = memo(bank, ACCOUNT, now + timedelta(hours=1))
    for code in ("proof_code_wrong", "proof_code_wrong", "proof_code_used_up"):
        with pytest.raises(Refused, match=code):
            deposits.confirm_deposit(proof.pk, member, other_than(right), now + timedelta(hours=1))
    with pytest.raises(Refused, match="proof_over"):
        deposits.confirm_deposit(proof.pk, member, right, now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("ending", "failure"),
    [
        ("01", "bank_account_invalid"),
        ("02", "bank_holder_mismatch"),
        ("08", "bank_account_closed"),
        ("09", "bank_returned"),
    ],
)
def test_what_the_bank_returns_fails(
    ending: str, failure: str, member: Member, now: datetime
) -> None:
    proof = poll_until(deposit(member, now, f"1000000011{ending}"), now + timedelta(days=9))
    assert (proof.state, proof.failure, proof.sealed, proof.code_hash) == (
        ProofState.FAILED,
        failure,
        "",
        "",
    )
    assert mails("proof_ended") == [member.user.email]


@pytest.mark.parametrize("number", ["10000000111188", "1000000011" + "09"])
def test_who_has_left_gets_no_more_mails(member: Member, now: datetime, number: str) -> None:
    proof = deposit(member, now, number)
    Member.objects.filter(pk=member.pk).update(left_at=now)
    poll_until(proof, now + timedelta(days=11))
    assert mails("deposit_sent") == mails("proof_ended") == []


def test_a_code_given_before_the_bank_has_said_that_it_arrived(
    member: Member, bank: SimulatedBank, now: datetime
) -> None:
    """The code is entered before the bank is asked again: the code counts, but the bank's report
    decides.
    """
    proof = deposit(member, now)
    poll(proof, now)
    proof = deposits.confirm_deposit(
        proof.pk, member, memo(bank, ACCOUNT, now + MINUTE), now + MINUTE
    )
    assert (
        proof.state == ProofState.PENDING and proof.code_hash == "" and proof.due_at == now + MINUTE
    )
    assert (
        deposits.confirm_deposit(proof.pk, member, "000000", now + MINUTE).state
        == ProofState.PENDING
    ), "the bank is not asked again"
    assert poll(proof, now + MINUTE).state == ProofState.PROVEN


def test_a_right_code_does_not_help_where_the_money_came_back(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "new_code", lambda _: "123456")
    proof = poll(deposit(member, now, "100000001102"), now)
    deposits.confirm_deposit(proof.pk, member, "123456", now)
    proof = poll_until(Proof.objects.get(), now + timedelta(days=9))
    assert (proof.state, proof.failure) == (ProofState.FAILED, "bank_holder_mismatch")


@pytest.mark.parametrize("ending", ["03", "04", "05", "06"])
def test_a_bank_with_its_moods(
    ending: str, member: Member, bank: SimulatedBank, now: datetime
) -> None:
    """An answer is lost, delayed or out of order: one transfer is made, and it proves authority."""
    number = f"1000000011{ending}"
    proof = deposit(member, now, number)
    assert not proof_polling.poll_provider(proof.pk, lambda: now, 60) or ending == "06"
    proof.refresh_from_db()
    poll_until(proof, now + timedelta(days=2))
    assert proof.stage == "arrived" and bank.transfers() == 1
    assert (
        deposits.confirm_deposit(
            proof.pk, member, memo(bank, number, proof.due_at), proof.due_at
        ).state
        == ProofState.PROVEN
    )


def test_a_deposit_that_nobody_completes(member: Member, now: datetime) -> None:
    proof = poll_until(deposit(member, now), now + timedelta(days=11))
    assert proof.state == ProofState.LAPSED and proof.finished_at == now + timedelta(days=10)


def test_a_bank_that_is_gone_ends_with_the_time(member: Member, now: datetime) -> None:
    proof = deposit(member, now)
    Proof.objects.filter(pk=proof.pk).update(provider="nobody")
    assert (
        poll(proof, now).state == ProofState.PENDING
        and proof.due_at == now + proof_polling.BROKEN_FOR
    )
    assert poll_until(proof, now + timedelta(days=11)).state == ProofState.LAPSED


def test_cancelled_while_the_bank_is_asked(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = deposit(member, now)
    real = SimulatedBank.send

    def send(self: SimulatedBank, *arguments: Any) -> Any:
        proofs.cancel_proof(proof.pk, member, now)
        return real(self, *arguments)

    monkeypatch.setattr(SimulatedBank, "send", send)
    assert not proof_polling.poll_provider(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    assert (proof.state, proof.failure, proof.reference) == (
        ProofState.FAILED,
        "proof_cancelled",
        "",
    )


def test_a_way_without_a_provider_is_not_offered(
    member: Member, settings: Any, now: datetime
) -> None:
    assert proofs.offered_kinds("", test=False) == frozenset(ProofKind)
    settings.BANK = settings.E_LICENCES = ""
    assert proofs.offered_kinds("", test=False) == {ProofKind.COMPANY_EMAIL, ProofKind.VOUCH}
    for begin in (lambda: deposit(member, now), lambda: proof_polling.start_scan(member, now)):
        with pytest.raises(Refused, match="proof_not_offered"):
            begin()


@at_each_stage
def test_a_code_and_an_account_outlast_a_change_of_keys(
    stage: str, member: Member, bank: SimulatedBank, now: datetime, settings: Any
) -> None:
    proof = deposit(member, now)
    change_keys(settings, stage)
    poll(proof, now)
    poll(proof, proof.due_at)
    code = memo(bank, ACCOUNT, proof.due_at)
    with pytest.raises(Refused, match="proof_code_wrong"):
        deposits.confirm_deposit(proof.pk, member, other_than(code), now)
    proof = deposits.confirm_deposit(proof.pk, member, code, now + timedelta(hours=1))
    assert proof.state == ProofState.PROVEN
    stranger = make_member(now)
    with pytest.raises(Refused, match="bank_account_of_other"):
        deposit(stranger, now)
