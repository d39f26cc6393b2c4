"""Proof of authority by a small transfer to the company's bank account, whose memo is a code."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from documents.licence.witnesses import same_name
from employers.models import Member
from events.core.errors import ProviderBroken, Refused
from events.core.sealing import blind_indexes, seal_text, unseal_text
from events.doorbell import notify_worker
from verification.authority import codes, proofs
from verification.authority.bank_accounts import of_other_companies
from verification.cases.authority_evidence import declared_by
from verification.models import PROOF_PURPOSE, Proof, ProofKind, ProofState
from verification.providers import banks
from verification.providers.banks.base import Order, Return, Stage

DEPOSITS_PER_ACCOUNT: Final = 9
"""Transfers to one account in a day, from all employers together. Account numbers are public: they
are on every invoice.
"""

_ACCOUNT: Final = re.compile(r"[0-9]{9,25}")

ASK_BANK_AFTER: Final = timedelta(minutes=15)
ASK_AFTER_ARRIVAL: Final = timedelta(days=1)
"""A transfer that has arrived can still be returned until its proof has ended."""
FEN: Final = 1
"""One fen: the transfer only carries the memo."""

RETURNED: Final = {
    Return.ACCOUNT_INVALID: "bank_account_invalid",
    Return.NAME_MISMATCH: "bank_holder_mismatch",
    Return.ACCOUNT_CLOSED: "bank_account_closed",
    Return.OTHER: "bank_returned",
}
_RANK: Final = [Stage.ACCEPTED, Stage.SENT, Stage.ARRIVED]


def start_deposit(
    member: Member, account_holder: str, account_number: str, bank_name: str, now: datetime
) -> Proof:
    """Order a small transfer to the company's account, whose memo is a code.

    A worker sends the order to the bank after the commit.

    Raises Refused: `proof_not_offered`, `bank_holder_mismatch`, `bank_account_invalid`,
    `bank_account_of_other`, `proof_under_way`, `proof_too_often`, and as `may_prove` does.
    """
    company = declared_by(member)
    if ProofKind.BANK_DEPOSIT not in proofs.offered_kinds(company.uscc, test=member.employer.test):
        raise Refused("proof_not_offered", "bank_name")
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", account_number))
    if not same_name(account_holder, company.name):
        raise Refused(
            "bank_holder_mismatch",
            "account_holder",
            seen=account_holder[:100],
            expected=company.name,
        )
    if not _ACCOUNT.fullmatch(number):
        raise Refused("bank_account_invalid", "account_number", expected="9–25 位数字 / digits")
    accounts = blind_indexes(number, "proof.account")
    if (
        of_other_companies(accounts, member.employer, company.uscc)
        .filter(state=ProofState.PROVEN)
        .exists()
    ):
        raise Refused("bank_account_of_other", "account_number")
    code = codes.new_code(member)
    order = {
        "holder": account_holder.strip(),
        "account_number": number,
        "bank_name": bank_name.strip(),
        "memo": code,
    }
    with proofs.begin_proof(member, ProofKind.BANK_DEPOSIT, now) as proof:
        today = Proof.objects.beside(member.employer, ProofKind.BANK_DEPOSIT).filter(
            started_at__gt=now - timedelta(days=1)
        )
        if today.filter(observed__account__in=accounts).count() >= DEPOSITS_PER_ACCOUNT:
            raise Refused("proof_too_often", "account_number", expected=f"≤ {DEPOSITS_PER_ACCOUNT}")
        proof.shown = f"{bank_name.strip()[:100]} ···· {number[-4:]}"
        proof.sealed = seal_text(json.dumps(order), PROOF_PURPOSE)
        proof.code_hash = codes.hash_of(proof, code)
        proof.observed = {"name": company.name, "account": accounts[0]}
        notify_worker("verification.tasks.check_proof", proof.pk)
    return proof


def confirm_deposit(proof_id: UUID, member: Member, code: str, now: datetime) -> Proof:
    """Check the code from the transfer's memo. Raises Refused as `codes.prove_by_code` does.

    The proof is complete once the bank reports that the money has arrived under the account's name.
    Until then it stays under way, and the recruiter has nothing more to do.
    """
    return codes.prove_by_code(proof_id, member, ProofKind.BANK_DEPOSIT, code, now)


def ask_bank(proof: Proof, now: datetime) -> proofs.ProviderAnswer:
    """Send the transfer, or ask the bank about its state."""
    bank = banks.bank_named(proof.provider)
    if proof.reference:
        transfer = bank.find(str(proof.pk), now)
    else:
        secret = json.loads(unseal_text(proof.sealed, PROOF_PURPOSE))
        order = Order(
            str(proof.pk),
            secret["holder"],
            secret["account_number"],
            secret["bank_name"],
            FEN,
            secret["memo"],
        )
        transfer = bank.send(order, now)
    if transfer is None:
        raise ProviderBroken("the bank does not know a transfer that it accepted")
    if transfer.stage is Stage.RETURNED:
        return proofs.ProviderAnswer(
            transfer.stage, now, transfer.reference, RETURNED[transfer.returned or Return.OTHER]
        )
    known = [stage for stage in (proof.stage, transfer.stage) if stage in _RANK]
    stage = max(known, key=lambda each: _RANK.index(Stage(each)))
    again = ASK_AFTER_ARRIVAL if stage == Stage.ARRIVED else ASK_BANK_AFTER
    return proofs.ProviderAnswer(str(stage), now + again, transfer.reference)
