"""The check for excluded parties who come back.

A matching name alone leads to a note, because thousands of people may share it. Any other match, or
a name together with one, goes to a reviewer. Only reviewers see what matched; the employer
sees only that its case is in review.
"""

from __future__ import annotations

from collections.abc import Collection

from documents.similarity import perceptual_hash
from employers.models import User
from verification.checks import exclusion_list
from verification.checks.base import Earlier, Subject
from verification.models import DocumentKind, Exclusion, ExclusionKind
from verification.rules.findings import Finding, Observation, Severity


class Excluded:
    code = "exclusion"
    version = "1"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        found = exclusion_list.in_force(self._known_by(subject, earlier))
        return {
            "hits": [
                {"kind": hit.kind, "exclusion": str(hit.pk), "shown": hit.shown} for hit in found
            ]
        }

    def _known_by(self, subject: Subject, earlier: Earlier) -> dict[str, Collection[str]]:
        """All identifiers of the employer, in the form in which the list stores them."""
        reading, register = earlier.get("reading", {}), earlier.get("registry", {})
        fields, entry = reading.get("fields") or {}, register.get("record") or {}
        names = {
            subject.legal_representative,
            fields.get("legal_representative"),
            entry.get("legal_representative"),
        }
        accounts = exclusion_list.known_by_accounts(
            User.objects.filter(member__employer_id=subject.employer_id)
        )
        accounts[ExclusionKind.EMAIL].update(exclusion_list.email_indexes(subject.recruiter_email))
        return {
            ExclusionKind.USCC: {subject.uscc, fields.get("uscc", ""), reading.get("qr_uscc") or ""}
            - {""},
            ExclusionKind.PERSON: {
                form for name in names if name for form in exclusion_list.person_indexes(name)
            },
            **accounts,
            ExclusionKind.IMAGE: self._pictures(subject, earlier),
        }

    def _pictures(self, subject: Subject, earlier: Earlier) -> set[str]:
        """The fingerprints of our pages, of other cases' pages with the same picture, and of
        excluded pictures similar to ours.
        """
        mine = {
            page.fingerprint
            for document in subject.of_kind(DocumentKind.BUSINESS_LICENCE)
            for page in document.pages
        }
        same = {
            near["fingerprint"]
            for near in earlier.get("duplicates", {}).get("near_same", ())
            if "fingerprint" in near
        }
        listed = Exclusion.objects.filter(kind=ExclusionKind.IMAGE, lifted_at=None).values_list(
            "value", flat=True
        )
        near = {
            value
            for value in listed
            if any(
                perceptual_hash.hash_distance(value, ours) <= perceptual_hash.NEAR for ours in mine
            )
        }
        return mine | same | near

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        kinds = [hit["kind"] for hit in observation["hits"]]
        if not kinds:
            return [Finding(self.code, "not_excluded", Severity.PASS)]
        shown = "; ".join(f"{hit['kind']} {hit['shown']}" for hit in observation["hits"])
        if set(kinds) == {ExclusionKind.PERSON}:
            return [Finding(self.code, "excluded_namesake", Severity.NOTE, expected=shown)]
        return [Finding(self.code, "duplicate_excluded", Severity.CONCERN, expected=shown)]
