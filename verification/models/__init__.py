"""What is kept of a verification?"""

from verification.models.cases import Appeal, Attempt, Case, CaseQuerySet, CheckRun, Decision, DecisionQuerySet, ShadowVerdict
from verification.models.documents import (
    ClientAuthorisation,
    Document,
    DocumentKind,
    DocumentPage,
    DocumentQuerySet,
    DocumentReading,
    PageBand,
    PageLandmarks,
    Statement,
)
from verification.models.lists import Exclusion, ExclusionKind, HrLicenceRecord, HrLicenceShown, RegistryRecord
from verification.models.proofs import Proof, ProofKind, ProofQuerySet, ProofState

__all__ = [
    "Appeal",
    "Attempt",
    "Case",
    "CaseQuerySet",
    "CheckRun",
    "ClientAuthorisation",
    "Decision",
    "DecisionQuerySet",
    "Document",
    "DocumentKind",
    "DocumentPage",
    "DocumentQuerySet",
    "DocumentReading",
    "Exclusion",
    "ExclusionKind",
    "HrLicenceRecord",
    "HrLicenceShown",
    "PageBand",
    "PageLandmarks",
    "Proof",
    "ProofKind",
    "ProofQuerySet",
    "ProofState",
    "RegistryRecord",
    "ShadowVerdict",
    "Statement",
]
