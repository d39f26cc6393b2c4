"""What has become of a proof under way?

Its provider is asked whenever it is due, and what it says is written down.

The row is the queue. A provider that is down costs time and blames nobody; one whose answer was
lost is asked again with the same id, which is the proof's own. What a provider says can be older
than what it said before: no proof goes backwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from documents.licence.witnesses import same_name
from employers.models import Member
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.core.sealing import unseal_text
from events.delivery.mail import queue_mail
from events.jobs.runner import Clock, Failure, Lease, backoff, claim, run
from verification.authority import proofs
from verification.cases.authority_evidence import declared_by
from verification.models import Proof, ProofKind, ProofState
from verification.providers import banks, e_licences
from verification.providers.banks.base import Order, Return
from verification.providers.banks.base import Stage as TransferStage
from verification.providers.e_licences.base import Stage as ScanStage

LEASE_SECONDS: Final = 60.0
ASK_BANK_AFTER: Final = timedelta(minutes=15)
ASK_SCAN_AFTER: Final = timedelta(seconds=2)
LOOK_AGAIN_AFTER: Final = timedelta(days=1)
"""A transfer that has arrived can still be returned, until its proof has ended."""
BROKEN_FOR: Final = timedelta(hours=1)
SLACK: Final = timedelta(seconds=10)
"""What was confirmed on the phone in the last second shows a little later."""
GRACE: Final = timedelta(hours=1)
"""How long after its time a proof is kept whose provider is down: it may have been completed in
time.
"""

FEN: Final = 1
"""One fen: it is the memo that is sent."""

RETURNED: Final = {
    Return.ACCOUNT_INVALID: "bank_account_invalid",
    Return.NAME_MISMATCH: "bank_holder_mismatch",
    Return.ACCOUNT_CLOSED: "bank_account_closed",
    Return.OTHER: "bank_returned",
}
_BROKEN: Final = (ProviderBroken, KeyError)
"""KeyError: the deployment no longer has this provider."""
FAILURES: Final = tuple(
    replace(failure, until=lambda proof: proof.expires_at + GRACE)
    for failure in (
        Failure(ProviderUnavailable, backoff),
        Failure(_BROKEN, BROKEN_FOR.total_seconds(), "proof_not_followed", broken=True),
    )
)
_RANK: Final = [TransferStage.ACCEPTED, TransferStage.SENT, TransferStage.ARRIVED]


@dataclass(frozen=True)
class Answer:
    """What a provider's reply means for the proof."""

    stage: str
    due_at: datetime
    reference: str = ""
    failure: str = ""
    proven: bool = False
    lapsed: bool = False
    expires_at: datetime | None = None
    observed: dict[str, Any] = field(default_factory=dict)


def start_scan(member: Member, now: datetime) -> Proof:
    """Begin a proof by electronic licence.

    `observed["qr"]` holds the code to scan, valid until `expires_at`.

    While the service is down the proof has no code yet; `poll` fetches it as soon as it can.
    Raises Refused as `proofs.begin_scan` does.
    """
    return poll(proofs.begin_scan(member, now).pk, member, now)


def poll(proof_id: UUID, member: Member, now: datetime) -> Proof:
    """Ask the proof's provider if that is due, and return the member's proof.

    Raises Refused `not_allowed`.
    """
    proof: Proof | None = Proof.objects.filter(pk=proof_id, member=member).first()
    if proof is None:
        raise Refused("not_allowed")
    follow(proof.pk, lambda: now, LEASE_SECONDS)
    proof.refresh_from_db()
    return proof


def follow(proof_id: UUID, clock: Clock, lease_seconds: float) -> bool:
    """Ask the provider of a proof, if that is due; whether an answer was stored."""
    proofs_and_people = Proof.objects.select_related("member__employer", "member__user")
    return run(
        claim(proofs_and_people, proof_id, clock, lease_seconds),
        lambda lease: _ASK.get(ProofKind(lease.row.kind), _nobody)(lease.row, clock()),
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, _: _write_down(lease, Answer(lease.row.stage, clock(), lapsed=True)),
    )


def _write_down(lease: Lease[Proof], answer: Answer) -> bool:
    """Store the answer, unless the lease was lost or the proof has ended meanwhile."""
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
            proofs.end(proof, ProofState.FAILED, now, SYSTEM, answer.failure)
        elif answer.proven or (arrived and "code_given_at" in proof.observed):
            proofs.end(proof, ProofState.PROVEN, now, SYSTEM)
        elif answer.lapsed or now >= _ends_at(proof):
            proofs.end(proof, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
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
    days = max(1, (proof.expires_at - now).days)
    path = reverse("verification:home") + "#requirement-authority"
    context = {
        "company": declared_by(proof.member).name,
        "account": proof.shown,
        "days": days,
        "path": path,
    }
    queue_mail(proof.member.user.email, "deposit_sent", proof.member.user.language, context, now)


# --- Asking, outside of any transaction -----------------------------------------------------------


def _nobody(proof: Proof, now: datetime) -> Answer:
    """A code by mail and a colleague's answer come by themselves, or not in time."""
    return Answer(proof.stage, proof.expires_at)


def _ask_bank(proof: Proof, now: datetime) -> Answer:
    bank = banks.named(proof.provider)
    if proof.reference:
        transfer = bank.find(str(proof.pk), now)
    else:
        secret = json.loads(unseal_text(proof.sealed, proofs.SEALED))
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
        raise ProviderBroken("the bank does not know a transfer that it had taken")
    if transfer.stage is TransferStage.RETURNED:
        return Answer(
            transfer.stage, now, transfer.reference, RETURNED[transfer.returned or Return.OTHER]
        )
    known = [stage for stage in (proof.stage, transfer.stage) if stage in _RANK]
    stage = max(known, key=lambda each: _RANK.index(TransferStage(each)))
    again = LOOK_AGAIN_AFTER if stage == TransferStage.ARRIVED else ASK_BANK_AFTER
    return Answer(str(stage), now + again, transfer.reference)


def _ask_e_licence(proof: Proof, now: datetime) -> Answer:
    service = e_licences.named(proof.provider)
    scan = (
        service.ask(proof.reference, now) if proof.reference else service.begin(str(proof.pk), now)
    )
    if scan.stage in (ScanStage.PENDING, ScanStage.SCANNED):
        return Answer(
            scan.stage,
            now + ASK_SCAN_AFTER,
            scan.reference,
            expires_at=scan.expires_at,
            observed={"qr": scan.qr},
        )
    if scan.stage is ScanStage.EXPIRED:
        return Answer(scan.stage, now, scan.reference, lapsed=True)
    if scan.stage is ScanStage.REFUSED or scan.licence is None:
        return Answer(scan.stage, now, scan.reference, "e_licence_refused")
    company, licence = declared_by(proof.member), scan.licence
    agrees = {
        "uscc": licence.uscc == proof.uscc == company.uscc,
        "name": same_name(licence.name, company.name),
        "legal_representative": not company.legal_representative
        or same_name(licence.legal_representative, company.legal_representative),
    }
    observed: dict[str, Any] = {
        "by": scan.by,
        "mismatch": [name for name, same in agrees.items() if not same],
    }
    if observed["mismatch"]:
        return Answer(scan.stage, now, scan.reference, "e_licence_mismatch", observed=observed)
    return Answer(
        scan.stage, now, scan.reference, proven=True, observed=observed | {"name": company.name}
    )


_ASK: Final[dict[ProofKind, Callable[[Proof, datetime], Answer]]] = {
    ProofKind.BANK_DEPOSIT: _ask_bank,
    ProofKind.E_LICENCE: _ask_e_licence,
}
