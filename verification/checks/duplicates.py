"""Has somebody else used this picture, or this company?"""

from __future__ import annotations

from employers.models import Employer
from verification import fingerprint
from verification.checks.base import Earlier, Subject
from verification.findings import Finding, Observation, Severity
from verification.models import Document, DocumentPage


class Duplicates:
    code = "duplicates"
    version = "1"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        others = Document.objects.shown().exclude(case__employer_id=subject.employer_id)
        hashes = [document.sha256 for document in subject.documents]
        same_bytes = others.filter(sha256__in=hashes).values_list("case_id", flat=True)
        holders = Employer.objects.filter(uscc=subject.uscc, confirmed_at__isnull=False).exclude(pk=subject.employer_id)
        return {
            "same_bytes": sorted({str(case) for case in same_bytes}),
            "near_same": self._near_same(subject),
            "same_uscc": [str(pk) for pk in holders.values_list("pk", flat=True)],
        }

    def _near_same(self, subject: Subject) -> list[dict[str, object]]:
        """Pages of other employers whose fingerprint is near one of ours, nearest first."""
        mine = [page.fingerprint for document in subject.documents for page in document.pages]
        near: dict[str, int] = {}
        others = Document.objects.shown().exclude(case__employer_id=subject.employer_id)
        pages = DocumentPage.objects.filter(document__in=others)
        for case_id, theirs in pages.values_list("document__case_id", "fingerprint").iterator(chunk_size=5000):
            for ours in mine:
                distance = fingerprint.distance(ours, theirs)
                if distance <= fingerprint.NEAR and distance < near.get(str(case_id), fingerprint.NEAR + 1):
                    near[str(case_id)] = distance
        return [{"case": case, "distance": distance} for case, distance in sorted(near.items(), key=lambda item: item[1])]

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        findings = []
        if observation["same_bytes"] or observation["near_same"]:
            findings.append(Finding(self.code, "duplicate_same_image", Severity.CONCERN, "document"))
        if observation["same_uscc"]:
            findings.append(Finding(self.code, "duplicate_same_uscc_active", Severity.CONCERN, "uscc", subject.uscc))
        return findings or [Finding(self.code, "no_duplicate", Severity.PASS)]
