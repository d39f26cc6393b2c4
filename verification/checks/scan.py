"""The check that reports the virus scan of the uploads.

The scan itself runs at intake, on the original bytes, because only clean pages are kept. Without a
scanner, the case relies on re-encoding, and the finding says so.
"""

from __future__ import annotations

from verification.checks.base import Earlier, Subject
from verification.rules.findings import Finding, Observation, Severity


class Scan:
    code = "scan"
    version = "1"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return {
            "documents": [{"id": document.id, **document.scan} for document in subject.documents]
        }

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        scanned = observation["documents"]
        if any(document.get("clean") is False for document in scanned):
            return [Finding(self.code, "document_infected", Severity.CONCERN)]
        if any(document.get("clean") is None for document in scanned):
            return [Finding(self.code, "re_encoded_only", Severity.NOTE)]
        return [Finding(self.code, "clean", Severity.PASS)]
