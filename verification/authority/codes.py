"""Codes that prove authority when the recruiter enters them: generation, hashing and comparison."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.crypto import constant_time_compare

from employers.models import Member
from events.core.errors import Refused
from events.core.sealing import blind_index, blind_indexes
from events.doorbell import notify_worker
from events.models import record
from verification.authority import proofs
from verification.cases.proof_ways import WAYS
from verification.models import Proof, ProofKind, ProofState
from verification.providers import scripted_providers
from verification.providers.banks.base import Stage

_PURPOSE: Final = "proof.code"
_CODE: Final = re.compile(r"[0-9]{6}")


def new_code(member: Member) -> str:
    """Six random digits; in test mode, always the same ones."""
    return scripted_providers.CODE if member.employer.test else f"{secrets.randbelow(10**6):06d}"


def hash_of(proof: Proof, code: str) -> str:
    """The hash of this proof's code. It is keyed, because a million codes are quickly searched."""
    return blind_index(f"{proof.pk}:{code}", _PURPOSE)


def _is_code(proof: Proof, typed: str) -> bool:
    """Whether `typed` is the proof's code, under whichever key that was hashed."""
    return any(
        constant_time_compare(proof.code_hash, each)
        for each in blind_indexes(f"{proof.pk}:{typed}", _PURPOSE)
    )


def prove_by_code(
    proof_id: UUID, member: Member, kind: ProofKind, code: str, now: datetime
) -> Proof:
    """Compare the code that the recruiter enters. Entering the right code twice has no further
    effect.

    A wrong code is counted before it is refused. Raises Refused: `proof_code_wrong`
    (`details["left"]` is the number of tries left), `proof_code_used_up`, `proof_lapsed`,
    `proof_over`, `not_allowed`.
    """
    typed = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code))
    if not _CODE.fullmatch(typed):  # not a guess
        raise Refused("proof_code_wrong", "code", expected="6 位数字 / digits")
    with transaction.atomic():
        proof = proofs.locked_proof(proof_id)
        if (
            proof is None
            or proof.kind != kind
            or proof.member_id != member.pk
            or member.left_at is not None
        ):
            raise Refused("not_allowed")
        if proof.state == ProofState.PROVEN or (
            proof.state == ProofState.PENDING and "code_given_at" in proof.observed
        ):
            return proof
        refused = proofs.refusal_if_over(proof, now)
        if refused is None and _is_code(proof, typed):
            _code_given(proof, member, now)
        elif refused is None:
            refused = _wrong(proof, member, now)
    if refused:
        raise refused
    return proof


def _code_given(proof: Proof, member: Member, now: datetime) -> None:
    if proof.kind != ProofKind.BANK_DEPOSIT or proof.stage == Stage.ARRIVED:
        proofs.end_proof(proof, ProofState.PROVEN, now, member.as_actor())
        return
    proof.observed |= {"code_given_at": now.isoformat()}
    proof.code_hash, proof.due_at = "", now
    proof.save(update_fields=["observed", "code_hash", "due_at"])
    record(
        "give_code",
        proof,
        member.as_actor(),
        now,
        employer_id=proof.employer_id,
        data={"kind": proof.kind},
    )
    notify_worker("verification.tasks.check_proof", proof.pk)


def _wrong(proof: Proof, member: Member, now: datetime) -> Refused:
    """Count a wrong code, and return the refusal for it."""
    proof.guesses += 1
    left = WAYS[ProofKind(proof.kind)].guesses - proof.guesses
    if left <= 0:
        proofs.end_proof(proof, ProofState.FAILED, now, member.as_actor(), "proof_code_used_up")
        return Refused("proof_code_used_up", "code")
    proof.save(update_fields=["guesses"])
    return Refused("proof_code_wrong", "code", details={"left": str(left)})
