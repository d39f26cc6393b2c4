"""The check of whether the licence agrees with the employer's declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Final
from uuid import UUID

from django.conf import settings

from documents.licence.fields import Problem
from documents.licence.read import read_pages
from documents.licence.witnesses import is_as_declared, same_name
from documents.ocr.cloud import FieldReader
from documents.ocr.tencent import TencentReader
from documents.page.confidence import SURE
from documents.page.dates import days_in
from documents.page.paper_kinds import PaperKind
from documents.tencent_cloud import account_of
from documents.uscc import is_valid, normalise_uscc
from verification.checks.base import Earlier, Pages, Subject, SubjectDocument
from verification.models import DocumentKind, DocumentReading, Statement
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.required_documents import CURRENT, founding_document_name, paper_of
from verification.rules.validity import day_of, ends_soon


class Reading:
    code = "reading"
    version = "5"
    lasting = True

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        documents = subject.of_kind(DocumentKind.BUSINESS_LICENCE)
        if not documents:
            return {"document": None, "disputed": _disputed(subject.documents)}
        # The last uploaded licence counts, with all its pages.
        document = documents[-1]
        declared = {
            "uscc": subject.uscc,
            "name": subject.name,
            "legal_representative": subject.legal_representative,
        }
        disputed = {"disputed": _disputed(subject.documents)}
        if known := _read_before(document.id, self.version, declared):
            return known | disputed
        read = read_pages(
            Pages(document), declared=declared, cloud=chosen_cloud(settings.CLOUD_READER)
        ).as_json()
        return {"document": document.id, "declared": declared} | read | disputed

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [*self._licence(subject, observation), *self._disputed(observation)]

    def _licence(self, subject: Subject, observation: Observation) -> list[Finding]:
        if observation["document"] is None:
            due = paper_of(subject.account_class, subject.uscc)
            if due == DocumentKind.APPROVAL_DOCUMENT and subject.of_kind(due):
                # an organisation without a business licence; a person reviews its founding document
                return []
            named = founding_document_name(due, subject.uscc)
            code = CURRENT.items[due].missing
            return [Finding(self.code, code, Severity.UNABLE, "document", expected=named)]
        fields = observation["fields"]
        if not observation["looks_like_licence"] and "uscc" not in fields and "name" not in fields:
            return [_not_a_licence(observation)]
        return [
            *self._paper(observation),
            self._uscc(subject, observation),
            *self._qr(subject, observation),
            self._name(subject, observation),
            *self._person(subject, observation),
            *self._term(subject, observation),
        ]

    def _paper(self, observation: Observation) -> list[Finding]:
        """Even with the right words, a note is not a licence."""
        if not observation["looks_like_licence"]:
            return [_not_a_licence(observation)]
        if {Problem.SEVERAL_CODES, Problem.SEVERAL_LICENCES} & set(observation.get("problems", ())):
            return [
                self._finding(observation, "document_several_licences", Severity.UNABLE, "document")
            ]
        return []

    def _finding(
        self,
        observation: Observation,
        code: str,
        severity: Severity,
        field: str,
        seen: str = "",
        expected: str = "",
    ) -> Finding:
        region = observation["regions"].get(field)
        page = observation.get("page", 1)
        return Finding(
            self.code,
            code,
            severity,
            field,
            seen,
            expected,
            page,
            tuple(region) if region else None,
        )

    def _may_be(self, observation: Observation, field: str, declared: str) -> bool:
        """Whether the reader itself offers `declared` as an alternative: then two witnesses
        agree.
        """
        return any(
            is_as_declared(field, other, declared)
            for other in observation.get("alternatives", {}).get(field, ())
        )

    def _mismatch(self, observation: Observation, field: str) -> Severity:
        """The severity of a mismatch. If the reader is not confident, the mistake may be the
        reader's.
        """
        return (
            Severity.CONCERN
            if observation.get("confidence", {}).get(field, 1.0) >= SURE
            else Severity.UNABLE
        )

    def _uscc(self, subject: Subject, observation: Observation) -> Finding:
        read = normalise_uscc(observation["fields"].get("uscc", ""))
        if not read or Problem.USCC_ONLY_IN_QR in observation.get(
            "problems", ()
        ):  # anyone can print a QR code
            return self._finding(
                observation, "uscc_missing", Severity.UNABLE, "uscc", expected=subject.uscc
            )
        if read == subject.uscc or (
            not is_valid(read) and self._may_be(observation, "uscc", subject.uscc)
        ):
            return self._finding(observation, "uscc_agrees", Severity.PASS, "uscc", read)
        # An invalid code was misread, or the picture was altered. In both cases a person reviews
        # it.
        severity = self._mismatch(observation, "uscc") if is_valid(read) else Severity.UNABLE
        return self._finding(observation, "uscc_mismatch", severity, "uscc", read, subject.uscc)

    def _qr(self, subject: Subject, observation: Observation) -> list[Finding]:
        code = observation.get("qr_uscc")
        if code and code != subject.uscc:
            return [
                self._finding(
                    observation, "uscc_mismatch", Severity.CONCERN, "qr", code, subject.uscc
                )
            ]
        return [self._finding(observation, "qr_agrees", Severity.PASS, "qr", code)] if code else []

    def _name(self, subject: Subject, observation: Observation) -> Finding:
        read = observation["fields"].get("name", "")
        if not read:
            return self._finding(
                observation, "document_unreadable", Severity.UNABLE, "name", expected=subject.name
            )
        if same_name(read, subject.name) or self._may_be(observation, "name", subject.name):
            return self._finding(observation, "name_agrees", Severity.PASS, "name", read)
        return self._finding(
            observation,
            "name_mismatch",
            self._mismatch(observation, "name"),
            "name",
            read,
            subject.name,
        )

    def _person(self, subject: Subject, observation: Observation) -> list[Finding]:
        read, declared = (
            observation["fields"].get("legal_representative", ""),
            subject.legal_representative,
        )
        if not declared or not read:
            return []
        field = "legal_representative"
        if same_name(read, declared) or self._may_be(observation, field, declared):
            return [
                self._finding(
                    observation, "legal_representative_agrees", Severity.PASS, field, read
                )
            ]
        return [
            self._finding(
                observation,
                "legal_representative_mismatch",
                self._mismatch(observation, field),
                field,
                read,
                declared,
            )
        ]

    def _disputed(self, observation: Observation) -> list[Finding]:
        """A person compares with the document what no register settles."""
        return [
            Finding(
                self.code,
                "reading_disputed",
                Severity.UNABLE,
                disputed["field"],
                disputed["read"],
                disputed["said"],
            )
            for disputed in observation.get("disputed", ())
        ]

    def _term(self, subject: Subject, observation: Observation) -> list[Finding]:
        ends_on = last_date(observation["fields"].get("term", ""))
        return (
            [
                replace(
                    self._finding(observation, *of_term(ends_on, subject.now), "term", ends_on),
                    until=ends_on,
                )
            ]
            if ends_on
            else []
        )


def _not_a_licence(observation: Observation) -> Finding:
    """The finding, with the kind of paper that it is instead, if that is clear."""
    seen = observation.get("kind") or ""
    seen = "" if seen == PaperKind.BUSINESS_LICENCE else seen
    return Finding(Reading.code, "document_not_a_licence", Severity.UNABLE, "document", seen)


SETTLED_BY_REGISTER: Final = frozenset({"name", "uscc", "legal_representative", "established_on"})
"""Values of a business licence that are compared with the register, whose value counts."""


def settled_by_register(kind: str, field: str) -> bool:
    """Whether the register's value of this field counts, whatever the employer says of it."""
    return kind == DocumentKind.BUSINESS_LICENCE and field in SETTLED_BY_REGISTER


def _disputed(documents: Sequence[SubjectDocument]) -> list[dict[str, str]]:
    """Return the values read that the employer corrected and that no register settles."""
    kinds = {UUID(document.id): document.kind for document in documents}
    rows = Statement.objects.filter(document__in=kinds).order_by("document", "pk")
    return [
        {"field": row.field, "read": row.read, "said": row.said}
        for row in rows
        if row.said != row.read and not settled_by_register(kinds[row.document_id], row.field)
    ]


def _read_before(document_id: str, version: str, declared: dict[str, str]) -> Observation | None:
    """The reading made at upload, if this version would read the same now for the same declared
    facts.
    """
    early: Observation | None = (
        DocumentReading.objects.filter(document=UUID(document_id), version=version)
        .values_list("reading", flat=True)
        .first()
    )
    return early if early and early.get("declared") == declared else None


@cache
def chosen_cloud(choice: str) -> FieldReader | None:
    """The cloud reader that `ZIZHI_CLOUD_READER` selects. Most deployments have none; configured
    keys alone do not select one.
    """
    return TencentReader(account_of(settings)) if choice == "tencent" else None


def of_term(ends_on: str, now: datetime) -> tuple[str, Severity]:
    """The finding's code and severity for a business term with this last day."""
    if ends_on < day_of(now).isoformat():
        return "document_expired", Severity.CONCERN
    if ends_soon(date.fromisoformat(ends_on), now):
        return "document_ends_soon", Severity.CONCERN
    return "document_in_term", Severity.PASS


def last_date(term: str) -> str:
    """The end of a business term as an ISO date; "" if it has none (长期) or cannot be read."""
    before, until, after = term.rpartition("至")
    named = days_in(after) if until else days_in(before or term)[1:]
    return named[0].isoformat() if named else ""
