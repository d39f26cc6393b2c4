"""Proof of authority by scanning a code with the electronic business licence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from documents.licence.witnesses import same_name
from employers.models import Member
from events.core.errors import Refused
from verification.authority import proofs
from verification.cases.authority_evidence import declared_by
from verification.models import Proof, ProofKind
from verification.providers import e_licences
from verification.providers.e_licences.base import Stage

ASK_SCAN_AFTER: Final = timedelta(seconds=2)


def begin_scan(member: Member, now: datetime) -> Proof:
    """Begin a proof by electronic licence. `proof_polling.start_scan` also fetches its code.

    Raises Refused: `proof_not_offered`, `proof_too_often`, and as `may_prove` does.
    """
    if ProofKind.E_LICENCE not in proofs.offered_kinds(
        declared_by(member).uscc, test=member.employer.test
    ):
        raise Refused("proof_not_offered")
    with proofs.begin_proof(member, ProofKind.E_LICENCE, now) as proof:
        return proof


def ask_e_licence_service(proof: Proof, now: datetime) -> proofs.ProviderAnswer:
    """Fetch the code to scan, or ask who has scanned it."""
    service = e_licences.e_licence_service(proof.provider)
    scan = (
        service.ask(proof.reference, now) if proof.reference else service.begin(str(proof.pk), now)
    )
    if scan.stage in (Stage.PENDING, Stage.SCANNED):
        return proofs.ProviderAnswer(
            scan.stage,
            now + ASK_SCAN_AFTER,
            scan.reference,
            expires_at=scan.expires_at,
            observed={"qr": scan.qr},
        )
    if scan.stage is Stage.EXPIRED:
        return proofs.ProviderAnswer(scan.stage, now, scan.reference, lapsed=True)
    if scan.stage is Stage.REFUSED or scan.licence is None:
        return proofs.ProviderAnswer(scan.stage, now, scan.reference, "e_licence_refused")
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
        return proofs.ProviderAnswer(
            scan.stage, now, scan.reference, "e_licence_mismatch", observed=observed
        )
    return proofs.ProviderAnswer(
        scan.stage, now, scan.reference, proven=True, observed=observed | {"name": company.name}
    )
