"""Polling of the providers of proofs that are under way.

The row is the queue. If a provider is down, the proof waits and does not fail. If an answer is
lost, the provider is asked again with the same id, which is the proof's own. An answer can be older
than the previous one, so a proof never returns to an earlier stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from employers.models import Member
from employers.notices import tell_user
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.jobs.runner import Clock, Failure, Lease, claim_row, retry_delay, run_job
from verification.authority import deposits, proofs, scans
from verification.authority.proofs import ProviderAnswer
from verification.cases.authority_evidence import declared_by
from verification.models import Proof, ProofKind, ProofState
from verification.providers.banks.base import Stage as TransferStage

LEASE_SECONDS: Final = 60.0
BROKEN_FOR: Final = timedelta(hours=1)
SLACK: Final = timedelta(seconds=10)
"""Time for a last-second confirmation on the phone to become visible."""
GRACE: Final = timedelta(hours=1)
"""How long after its deadline a proof is kept if its provider is down: it may have been completed
in time.
"""

_BROKEN: Final = (ProviderBroken, KeyError)
"""KeyError: the deployment no longer has this provider."""
FAILURES: Final = tuple(
    replace(failure, until=lambda proof: proof.expires_at + GRACE)
    for failure in (
        Failure(ProviderUnavailable, retry_delay),
        Failure(_BROKEN, BROKEN_FOR.total_seconds(), "proof_not_followed", broken=True),
    )
)


def start_scan(member: Member, now: datetime) -> Proof:
    """Begin a proof by electronic licence.

    `observed["qr"]` holds the code to scan, valid until `expires_at`.

    While the service is down the proof has no code yet; `poll_proof` fetches it as soon as it can.
    Raises Refused as `scans.begin_scan` does.
    """
    return poll_proof(scans.begin_scan(member, now).pk, member, now)


def poll_proof(proof_id: UUID, member: Member, now: datetime) -> Proof:
    """Poll the proof's provider if due, and return the member's proof.

    Raises Refused `not_allowed`.
    """
    proof: Proof | None = Proof.objects.filter(pk=proof_id, member=member).first()
    if proof is None:
        raise Refused("not_allowed")
    poll_provider(proof.pk, lambda: now, LEASE_SECONDS)
    proof.refresh_from_db()
    return proof


def poll_provider(proof_id: UUID, clock: Clock, lease_seconds: float) -> bool:
    """Poll the provider of a proof if due. Returns whether an answer was stored."""
    proofs_and_people = Proof.objects.select_related("member__employer", "member__user")
    return run_job(
        claim_row(proofs_and_people, proof_id, clock, lease_seconds),
        lambda lease: _ASK.get(ProofKind(lease.row.kind), _nobody)(lease.row, clock()),
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, _: _write_down(
            lease, ProviderAnswer(lease.row.stage, clock(), lapsed=True)
        ),
    )


def _write_down(lease: Lease[Proof], answer: ProviderAnswer) -> bool:
    """Store the answer, unless the lease was lost or the proof has ended in the meantime."""
    now = lease.clock()
    with transaction.atomic():
        proof = lease.locked()
        if proof is None or proof.state != ProofState.PENDING:
            return False
        newly_sent = proof.stage not in (TransferStage.SENT, TransferStage.ARRIVED)
        proof.stage, proof.reference = answer.stage, answer.reference or proof.reference
        proof.observed |= answer.observed
        proof.expires_at = answer.expires_at or proof.expires_at
        arrived = proof.kind == ProofKind.BANK_DEPOSIT and proof.stage == TransferStage.ARRIVED
        if answer.failure:
            proofs.end_proof(proof, ProofState.FAILED, now, SYSTEM, answer.failure)
        elif answer.proven or (arrived and "code_given_at" in proof.observed):
            proofs.end_proof(proof, ProofState.PROVEN, now, SYSTEM)
        elif answer.lapsed or now >= _ends_at(proof):
            proofs.end_proof(proof, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
        else:
            if proof.reference:
                proof.sealed = ""  # the provider has what it needs
            proof.lease, proof.leased_until, proof.last_error, proof.tries = None, None, "", 0
            proof.due_at = min(answer.due_at, _ends_at(proof))
            proof.save()
            if (
                proof.stage in (TransferStage.SENT, TransferStage.ARRIVED)
                and newly_sent
                and proof.kind == ProofKind.BANK_DEPOSIT
            ):
                _tell_sent(proof, now)
    return True


def _ends_at(proof: Proof) -> datetime:
    return proof.expires_at + SLACK if proof.kind == ProofKind.E_LICENCE else proof.expires_at


def _tell_sent(proof: Proof, now: datetime) -> None:
    if proof.member.left_at is not None:
        return
    days = max(1, (proof.expires_at - now).days)
    context = {
        "company": declared_by(proof.member).name,
        "account": proof.shown,
        "days": days,
        "path": proofs.path_to_authority(),
    }
    tell_user(proof.member.user, "deposit_sent", context, now)


# --- Requests, outside of any transaction ---------------------------------------------------------


def _nobody(proof: Proof, now: datetime) -> ProviderAnswer:
    """No provider to ask: a mailed code or a colleague's answer arrives on its own, or not in
    time.
    """
    return ProviderAnswer(proof.stage, proof.expires_at)


_ASK: Final[dict[ProofKind, Callable[[Proof, datetime], ProviderAnswer]]] = {
    ProofKind.BANK_DEPOSIT: deposits.ask_bank,
    ProofKind.E_LICENCE: scans.ask_e_licence_service,
}
