"""The check of the recruiter's authority to recruit for the company.

Strong or medium proof opens rights (`verification.rules.requirements.STRENGTH`): a deposit to the
company's account, a scan of its electronic licence, a verified colleague's vouch, or a verified
address at the domain in the company's own register record. An address at any other domain proves
nothing, because thieves register look-alikes. A person reviews a letter. Proofs count from the
member who submitted the case and from the employer's owners.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q

from documents.licence.witnesses import same_name
from verification.cases.authority_evidence import (
    acting_for,
    at_company_domain,
    domains_of,
    own_domain,
    proof_strength,
    proofs_of,
)
from verification.checks.authority_letter import letter_findings, letter_reading
from verification.checks.base import Earlier, Subject
from verification.models import DocumentKind, ProofKind
from verification.rules.facts import STRENGTH, Strength
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.policy import AUTHORITY_PROVEN

ORDER = (Strength.WEAK, Strength.MEDIUM, Strength.STRONG)


class Authority:
    code = "authority"
    version = "4"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        letters = subject.of_kind(DocumentKind.AUTHORIZATION_LETTER)
        register = earlier.get("registry", {})
        record = register.get("record") or {}
        acting = acting_for(
            UUID(subject.employer_id), Q(pk=UUID(subject.member_id)) if subject.member_id else Q()
        )
        return {
            "unlisted": "record" in register and register["record"] is None,
            # A former member acts for no one, whatever their address.
            "email_domain": subject.recruiter_email.rpartition("@")[2].lower()
            if subject.member_id
            else "",
            "email_verified": subject.recruiter_email_verified,
            "registry_domain": own_domain(named := record.get("email_domain", "")),
            "registry_names": named,
            "registry_name": record.get("name", ""),
            "letter": bool(letters),
            # The last uploaded letter counts. It is read at upload.
            "letter_read": letter_reading(letters[-1]) if letters else None,
            # The owners act for the company, even if another member submitted the case.
            "domains": domains_of(acting),
            "proofs": proofs_of(acting, subject.uscc, subject.now),
        }

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        if not observation["email_verified"]:
            return [
                Finding(
                    self.code,
                    "authority_email_unverified",
                    Severity.UNABLE,
                    "email",
                    observation["email_domain"],
                )
            ]
        ways = self._ways(subject, observation)
        way, strength = max(
            ways, key=lambda each: ORDER.index(each[1]), default=("", Strength.WEAK)
        )
        if strength is not Strength.WEAK:
            return [Finding(self.code, AUTHORITY_PROVEN, Severity.PASS, "authority", way, strength)]
        if pending := self._under_way(subject, observation):
            return [Finding(self.code, "authority_pending", Severity.WAIT, "authority", pending)]
        # A company that the register does not list yet has to wait anyway. Meanwhile, a better
        # proof than a letter may arrive.
        if way and not observation["unlisted"]:
            letter = observation.get("letter_read")
            return [
                Finding(self.code, "authority_unproven", Severity.UNABLE, "authority", way),
                *(letter_findings(letter, subject) if letter else ()),
            ]
        return [
            Finding(
                self.code,
                "authority_missing",
                Severity.WAIT,
                "authority",
                observation["email_domain"],
            )
        ]

    def _ways(self, subject: Subject, observation: Observation) -> list[tuple[str, Strength]]:
        """The proofs given, each with its strength.

        Account addresses count only at the company's domain.
        """
        ways = [
            self._valued(proof, subject, observation) for proof in observation["proofs"]["standing"]
        ]
        domains = {observation["email_domain"], *observation.get("domains", ())}
        if any(at_company_domain(domain, observation["registry_domain"]) for domain in domains):
            ways.append((ProofKind.COMPANY_EMAIL, Strength.MEDIUM))
        if observation["letter"]:
            ways.append(
                (DocumentKind.AUTHORIZATION_LETTER, STRENGTH[DocumentKind.AUTHORIZATION_LETTER])
            )
        return [(str(way), strength) for way, strength in ways if strength is not None]

    def _under_way(self, subject: Subject, observation: Observation) -> str:
        """The kind of a proof under way that would be sufficient; "" if there is none."""
        valued = [
            self._valued(proof, subject, observation)
            for proof in observation["proofs"]["under_way"]
        ]
        return next(
            (kind for kind, strength in valued if strength in (Strength.STRONG, Strength.MEDIUM)),
            "",
        )

    def _valued(
        self, proof: dict[str, Any], subject: Subject, observation: Observation
    ) -> tuple[str, Strength | None]:
        """The strength of a proof. An account name and a registered name are exact: a different
        legal form means a different company's account.
        """
        registered = observation.get("registry_name", "")
        if (
            registered
            and proof["kind"] == ProofKind.BANK_DEPOSIT
            and not same_name(proof["name"], registered)
        ):
            return proof["kind"], None
        return proof["kind"], proof_strength(proof, subject.name, observation["registry_domain"])
