"""The check for duplicates: another employer's use of this picture, company, device or phone.

An honest employer can send another's picture by mistake, and two companies can share a recruiter,
so nothing here rejects a case. Colleagues belong to the same employer and are no duplicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q

from documents.similarity import perceptual_hash
from employers.models import Employer, Sighting, SightingKind
from events.core.sealing import forms_of
from verification.checks import picture_index
from verification.checks.base import Earlier, Subject
from verification.models import (
    Document,
    DocumentKind,
    DocumentPage,
    DocumentQuerySet,
    RegistryRecord,
)
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.states import State


@dataclass(frozen=True)
class Cluster:
    """How many other companies seen with the same device or phone lead to a note, and to a
    review.
    """

    code: str
    note: int
    concern: int


SEEN_WITHIN: Final = timedelta(days=90)
CLUSTERS: Final[dict[str, Cluster]] = {
    SightingKind.DEVICE: Cluster("duplicate_device_cluster", note=1, concern=3),
    SightingKind.PHONE: Cluster("duplicate_phone_cluster", note=1, concern=3),
}
"""A group's HR department recruits for two or three companies, account sellers for a dozen."""


YOUNGER_THAN: Final = timedelta(days=365)
OF_ONE_PERSON: Final = Cluster("duplicate_nominee", note=3, concern=8)
"""Counts other companies younger than a year with the same legal representative in the register.
Several people may share a common name, and a founder may have two or three companies; nominees of
shell companies have dozens.
"""
COUNTED_AT_MOST: Final = 50


class Duplicates:
    code = "duplicates"
    version = "3"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        others = self._others(subject)
        hashes = [document.sha256 for document in subject.documents]
        same_bytes = list(others.filter(sha256__in=hashes).values_list("case_id", "sha256"))
        files = {digest for _, digest in same_bytes}
        same = Employer.objects.real().filter(uscc=subject.uscc)
        owning = Q(confirmed_at__isnull=False)
        if not same.filter(owning, pk=subject.employer_id).exists():
            # A revoked employer no longer holds the code. Until another employer holds it, a person
            # should know of the revocation.
            owning |= Q(cases__state=State.REVOKED)
        owners = same.filter(owning).exclude(pk=subject.employer_id).distinct()
        return {
            "same_bytes": sorted({str(case) for case, _ in same_bytes}),
            "same_files": [
                {"document": d.id, "kind": d.kind} for d in subject.documents if d.sha256 in files
            ],
            "near_same": self._near_same(subject),
            "same_uscc": [str(pk) for pk in owners.values_list("pk", flat=True)],
            "companies_seen_with": self._companies_seen_with(subject),
            "young_of_person": self._young_of_person(subject, earlier),
        }

    def _young_of_person(self, subject: Subject, earlier: Earlier) -> int:
        """How many other young companies in the register snapshot have this one's legal
        representative. 0 if this company is not young.

        Uses an index and reads at most COUNTED_AT_MOST rows, however common the name is.
        """
        record = earlier.get("registry", {}).get("record") or {}
        person, established, since = (
            record.get("legal_representative"),
            record.get("established_on"),
            subject.today - YOUNGER_THAN,
        )
        if not person or not established or date.fromisoformat(established) < since:
            return 0
        of_person = RegistryRecord.objects.filter(
            legal_representative=person, established_on__gte=since
        ).exclude(pk=subject.uscc)
        return len(of_person.values_list("pk")[:COUNTED_AT_MOST])

    def _others(self, subject: Subject) -> DocumentQuerySet:
        """The documents that other employers have submitted.

        If this employer holds the code, other employers' attempts with the same code do not count
        against it: they borrowed its licence.
        """
        others = Document.objects.shown().exclude(case__employer_id=subject.employer_id)
        is_owned = Employer.objects.filter(
            pk=subject.employer_id, uscc=subject.uscc, confirmed_at__isnull=False
        ).exists()
        return others.exclude(case__declared_uscc=subject.uscc) if is_owned else others

    def _near_same(self, subject: Subject) -> list[dict[str, Any]]:
        """Pages of other employers that show the same picture as one of ours: the best match of
        each case and page of ours, the best first.
        """
        shown_here = [
            UUID(document.id)
            for document in subject.documents
            if document.kind != DocumentKind.APPEAL_EVIDENCE
        ]
        mine = {
            page.pk: page
            for page in DocumentPage.objects.filter(document_id__in=shown_here).select_related(
                "document"
            )
        }
        others = DocumentPage.objects.filter(document__in=self._others(subject))
        matches = sorted(
            picture_index.same_picture(mine.values(), others),
            key=lambda match: -match.agreement.share,
        )
        theirs = others.select_related("document").in_bulk({match.theirs for match in matches})
        near: dict[tuple[UUID, int], dict[str, Any]] = {}
        for match in matches:
            page, ours = theirs.get(match.theirs), mine[match.mine]
            if page is None:  # withdrawn in the meantime
                continue
            near.setdefault(
                (page.document.case_id, ours.pk),
                {
                    "case": str(page.document.case_id),
                    "document": str(page.document_id),
                    "page": page.number,
                    "fingerprint": page.fingerprint,
                    "distance": perceptual_hash.hash_distance(ours.fingerprint, page.fingerprint),
                    "agreement": round(match.agreement.share, 3),
                    "of_document": str(ours.document_id),
                    "of_kind": ours.document.kind,
                    "of_page": ours.number,
                    "region": list(match.agreement.region),
                },
            )
        return list(near.values())

    def _companies_seen_with(self, subject: Subject) -> dict[str, int]:
        """How many other companies were recently seen with a device or phone of this employer's
        members, by kind.
        """
        lately = Sighting.objects.filter(
            kind__in=list(CLUSTERS), last_at__gt=subject.now - SEEN_WITHIN
        )
        seen = lately.filter(user__member__employer_id=subject.employer_id)
        mine = {
            form for digest in seen.values_list("digest", flat=True) for form in forms_of(digest)
        }
        # Accounts without a verified address or number do not count: a stranger can enter anyone's
        # phone number. Deleted ones keep sightings only if they had one.
        others = lately.filter(
            Q(user__email_verified_at__isnull=False)
            | ~Q(user__phone_index="")
            | Q(user__deleted_at__isnull=False),
            digest__in=mine,
            user__member__employer__test=False,
        ).exclude(
            Q(user__member__employer_id=subject.employer_id)
            | Q(user__member__employer__uscc=subject.uscc)
        )
        return dict(
            others.values_list("kind").annotate(
                companies=Count("user__member__employer__uscc", distinct=True)
            )
        )

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        found = [*self._pictures(observation), *self._company(subject, observation)] or [
            Finding(self.code, "no_duplicate", Severity.PASS)
        ]
        return [*found, *self._clusters(observation), *self._nominee(observation)]

    def _pictures(self, observation: Observation) -> list[Finding]:
        """The best match of each of our documents.

        Two agencies of one client may use the same form for their letters, so these matches go to a
        person.
        """
        files = {same["document"]: same["kind"] for same in observation["same_files"]}
        found: dict[str, Finding] = {}
        for near in observation["near_same"]:
            document, kind, region = near["of_document"], near["of_kind"], near["region"]
            alike = kind == DocumentKind.CLIENT_AUTHORIZATION and document not in files
            code, severity = (
                ("duplicate_alike", Severity.UNABLE)
                if alike
                else ("duplicate_same_image", Severity.CONCERN)
            )
            where = Finding(
                self.code,
                code,
                severity,
                _field(kind),
                page=near["of_page"],
                region=tuple(region),
                document=document,
            )
            found.setdefault(document, where)
        for document, kind in files.items():
            found.setdefault(
                document,
                Finding(
                    self.code,
                    "duplicate_same_image",
                    Severity.CONCERN,
                    _field(kind),
                    document=document,
                ),
            )
        return list(found.values())

    def _company(self, subject: Subject, observation: Observation) -> list[Finding]:
        if observation["same_uscc"]:
            return [
                Finding(
                    self.code, "duplicate_same_uscc_active", Severity.CONCERN, "uscc", subject.uscc
                )
            ]
        return []

    def _nominee(self, observation: Observation) -> list[Finding]:
        companies, cluster = observation["young_of_person"], OF_ONE_PERSON
        if companies < cluster.note:
            return []
        severity = Severity.CONCERN if companies >= cluster.concern else Severity.NOTE
        return [
            Finding(
                self.code, cluster.code, severity, "legal_representative", expected=str(companies)
            )
        ]

    def _clusters(self, observation: Observation) -> list[Finding]:
        seen_with = observation.get("companies_seen_with", {})
        found = []
        for kind, cluster in CLUSTERS.items():
            companies = seen_with.get(kind, 0)
            if companies >= cluster.note:
                severity = Severity.CONCERN if companies >= cluster.concern else Severity.NOTE
                found.append(
                    Finding(self.code, cluster.code, severity, kind, expected=str(companies))
                )
        return found


def _field(kind: str) -> str:
    """The field of a finding about a document. "document" means the business licence."""
    return "document" if kind == DocumentKind.BUSINESS_LICENCE else kind
