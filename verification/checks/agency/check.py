"""The check of whether a company may recruit for others, and for whom.

An agency needs a human resources service licence (人力资源市场暂行条例 18) and an authorisation of
each client (26). The business scope decides, not the account class that the employer ticked. The
register's scope takes precedence over a scope read from a picture. If no scope could be read, that
does not prove that the company is no agency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from documents.ocr import READERS
from documents.ocr.base import Reader
from employers.models import AccountClass
from verification.checks.agency import hr_licence_list
from verification.checks.agency.client_letter import client_finding, read_letter
from verification.checks.agency.hr_licence import licence_findings, read_licence
from verification.checks.agency.paper_findings import CODE
from verification.checks.base import Earlier, Subject, SubjectDocument
from verification.models import ClientAuthorisation, DocumentKind
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.required_documents import paper_of

AGENCY_WORDS: Final = ("人力资源服务", "劳务派遣", "职业中介", "人才中介", "人力资源外包")
"""Business scopes that need a licence under 人力资源市场暂行条例 18, whatever account class was
ticked.
"""

_EXCLUDED: Final = re.compile(
    r"(?:人力资源服务)?[（(]\s*(?:不含|除外|不包括)[^（）()；;。]{0,80}(?:[）)]|(?=[；;。])|$)"
)
"""人力资源服务（不含职业中介活动、劳务派遣服务）: the standard wording of companies that need no
licence.

OCR may lose the closing bracket.
"""

SCOPE_NOT_PRINTED: Final = ("4403", "4404")
"""Region digits of codes whose licences print no business scope: Shenzhen and Zhuhai."""


class AgencyLicence:
    code = CODE
    version = "4"
    lasting = False

    def __init__(self, readers: Sequence[Reader] = READERS) -> None:
        self.readers = readers

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        reading = earlier.get("reading", {})
        registered = (earlier.get("registry", {}).get("record") or {}).get("business_scope") or ""
        scope = registered or reading.get("fields", {}).get("business_scope", "")
        licences, letters = (
            subject.of_kind(DocumentKind.HR_SERVICE_LICENCE),
            subject.of_kind(DocumentKind.CLIENT_AUTHORIZATION),
        )
        words = agency_words(scope)
        agency = subject.account_class == AccountClass.COMMERCIAL_AGENCY
        licence = self._licence(licences[-1]) if licences and (agency or words) else None
        number = licence["fields"].get("number", "") if licence else ""
        return {
            "scope_from": "registry" if registered else "reading" if scope else "",
            "scope_expected": bool(reading.get("looks_like_licence"))
            and subject.uscc[2:6] not in SCOPE_NOT_PRINTED,
            "agency_words": words,
            "kinds": sorted({document.kind for document in subject.documents}),
            # The last uploaded licence counts. Each client's letter counts separately.
            "licence": licence,
            "listed": hr_licence_list.look_up(number, subject) if number else None,
            "clients": self._clients(subject, letters) if agency else [],
        }

    def _licence(self, document: SubjectDocument) -> dict[str, Any]:
        return read_licence(document, self.readers, self.version)

    def _client(
        self, subject: Subject, document: SubjectDocument, declared: ClientAuthorisation | None
    ) -> dict[str, Any]:
        return read_letter(subject, document, declared, self.readers)

    def _clients(
        self, subject: Subject, letters: Sequence[SubjectDocument]
    ) -> list[dict[str, Any]]:
        rows = ClientAuthorisation.objects.filter(document_id__in=[letter.id for letter in letters])
        declared = {str(row.document_id): row for row in rows}
        ended = {letter_id for letter_id, row in declared.items() if row.ended_at is not None}
        return [
            self._client(subject, letter, declared.get(letter.id))
            for letter in letters
            if letter.id not in ended
        ]

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [
            *self._set_up(subject, observation),
            *self._recruitment_findings(subject, earlier, observation),
        ]

    def _set_up(self, subject: Subject, observation: Observation) -> list[Finding]:
        """No machine reads founding documents. If one is due, or is all that the employer provides,
        a person reviews it.
        """
        kind, kinds = DocumentKind.APPROVAL_DOCUMENT, observation["kinds"]
        due = paper_of(subject.account_class, subject.uscc) == kind
        if due and kind not in kinds:
            return [Finding(CODE, "approval_document_missing", Severity.CONCERN, kind)]
        if kind in kinds and (due or DocumentKind.BUSINESS_LICENCE not in kinds):
            return [Finding(CODE, "approval_document_unchecked", Severity.UNABLE, kind)]
        return []

    def _recruitment_findings(
        self, subject: Subject, earlier: Earlier, observation: Observation
    ) -> list[Finding]:
        """The findings about a company that recruits for others, or may do so."""
        if subject.account_class == AccountClass.PUBLIC_SERVICE:
            return []
        if subject.account_class == AccountClass.COMMERCIAL_AGENCY:
            licensed = licence_findings(subject, earlier, observation)
            return [
                *licensed,
                *self._scope_of_agency(observation),
                *self._authorised(subject, observation),
            ]
        if observation["agency_words"]:
            return list(licence_findings(subject, earlier, observation))
        if not observation["scope_from"] and observation["scope_expected"]:
            return [Finding(CODE, "agency_scope_unread", Severity.UNABLE, "business_scope")]
        return [Finding(CODE, "no_agency", Severity.PASS, "business_scope")]

    def _scope_of_agency(self, observation: Observation) -> list[Finding]:
        """If the register lists a company for other trades, its licence may be borrowed or
        forged.
        """
        if observation["scope_from"] != "registry" or observation["agency_words"]:
            return []
        return [
            Finding(
                CODE,
                "agency_licence_mismatch",
                Severity.UNABLE,
                "business_scope",
                expected="、".join(AGENCY_WORDS),
            )
        ]

    def _authorised(self, subject: Subject, observation: Observation) -> list[Finding]:
        if not observation["clients"]:
            return [
                Finding(
                    CODE,
                    "agency_client_missing",
                    Severity.CONCERN,
                    DocumentKind.CLIENT_AUTHORIZATION,
                )
            ]
        return [
            client_finding(letter, subject.name, subject.today) for letter in observation["clients"]
        ]


class ServiceLicence(AgencyLicence):
    """Reads an HR service licence alone, when it is uploaded, so that the employer can check the
    reading.
    """

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return self._licence(subject.documents[0])


class ClientLetter(AgencyLicence):
    """Reads one client's letter alone: when it is uploaded, and when no attempt is in progress."""

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return self._client(subject, subject.documents[0], None)

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [client_finding(observation, subject.name, subject.today)]


def agency_words(scope: str) -> list[str]:
    """The words in a business scope that need a licence, without those that the scope excludes."""
    kept = _EXCLUDED.sub("", re.sub(r"\s", "", scope))
    return [word for word in AGENCY_WORDS if word in kept]
