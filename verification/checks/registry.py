"""Does the company register know this company, as active, under this name and person?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from verification.checks.base import Earlier, Subject
from verification.findings import Finding, Observation, Severity
from verification.licence.certainty import SURE
from verification.licence.model import Problem
from verification.licence.witness import agrees, same_name
from verification.registries.base import CompanyRegistry, Status
from verification.registries.snapshot import SnapshotRegistry

YOUNG = timedelta(days=30)
"""A register may need this long to list a new company."""

FRESH = timedelta(days=90)
"""How old what a register says may be for a machine to rest on it."""

STATUS_REASON = {
    Status.LICENCE_REVOKED: ("registry_revoked", Severity.BLOCK),
    Status.DEREGISTERED: ("registry_deregistered", Severity.BLOCK),
    Status.REGISTRATION_CANCELLED: ("registry_cancelled", Severity.BLOCK),
    Status.MOVED_OUT: ("registry_not_active", Severity.CONCERN),
    Status.DORMANT: ("registry_not_active", Severity.CONCERN),
    Status.UNKNOWN: ("registry_not_active", Severity.UNABLE),
}


class Registry:
    code = "registry"
    version = "1"
    lasting = False

    def __init__(self, registry: CompanyRegistry | None = None) -> None:
        self.registry = registry or SnapshotRegistry()

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        record = self.registry.lookup(subject.uscc)
        if record is None:
            return {"source": self.registry.name, "record": None}
        stored = asdict(record) | {
            "established_on": record.established_on.isoformat() if record.established_on else None,
            "as_of": record.as_of.isoformat(),
        }
        return {"source": self.registry.name, "record": stored}

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        record, reading = observation["record"], earlier.get("reading", {})
        read = {name: text for name, text in reading.get("fields", {}).items() if not self._is_guess(name, reading)}
        if record is None:
            return [self._unlisted(subject, read)]
        findings = [self._status(record), *self._lists(record), *self._age(subject, record)]
        findings.append(self._same(record["name"], subject.name, "name", "name_mismatch"))
        if read.get("legal_representative") and record["legal_representative"]:
            findings.append(self._person(record["legal_representative"], read["legal_representative"], reading))
        else:
            findings.append(
                Finding(self.code, "document_unreadable", Severity.UNABLE, "legal_representative", expected=record["legal_representative"])
            )
        if read.get("established_on") and record["established_on"] and read["established_on"] != record["established_on"]:
            findings.append(
                Finding(
                    self.code,
                    "established_on_mismatch",
                    Severity.CONCERN,
                    "established_on",
                    read["established_on"],
                    record["established_on"],
                )
            )
        return findings

    def _is_guess(self, name: str, reading: Observation) -> bool:
        return name == "established_on" and Problem.ESTABLISHED_ON_FROM_TERM in reading.get("problems", ())

    def _person(self, registered: str, read: str, reading: Observation) -> Finding:
        """Where the reader is not sure of a character, the register may have the right one."""
        field = "legal_representative"
        others = reading.get("alternatives", {}).get(field, ())
        if any(agrees(field, text, registered) for text in (read, *others)):
            return Finding(self.code, "legal_representative_agrees", Severity.PASS, field, read)
        sure = reading.get("confidence", {}).get(field, 1.0) >= SURE
        return Finding(self.code, "legal_representative_mismatch", Severity.CONCERN if sure else Severity.UNABLE, field, read, registered)

    def _unlisted(self, subject: Subject, read: dict[str, str]) -> Finding:
        """A forger can print any date, so a young licence earns a second question, never a pass."""
        established = read.get("established_on", "")
        try:
            young = timedelta(0) <= subject.now.date() - date.fromisoformat(established) <= YOUNG
        except ValueError:
            young = False
        if young:
            return Finding(self.code, "registry_pending", Severity.WAIT, "uscc", established)
        return Finding(self.code, "registry_not_found", Severity.UNABLE, "uscc", subject.uscc)

    def _status(self, record: Observation) -> Finding:
        status = Status(record["status"])
        if status is Status.ACTIVE:
            return Finding(self.code, "registry_active", Severity.PASS, "status", status)
        code, severity = STATUS_REASON[status]
        return Finding(self.code, code, severity, "status", status, Status.ACTIVE)

    def _age(self, subject: Subject, record: Observation) -> list[Finding]:
        """A snapshot tells of its day. Old bad news still counts; old good news does not."""
        if subject.now.date() - date.fromisoformat(record["as_of"]) <= FRESH:
            return []
        return [Finding(self.code, "registry_outdated", Severity.UNABLE, "status", record["as_of"])]

    def _lists(self, record: Observation) -> list[Finding]:
        return [
            Finding(self.code, f"registry_{which}", Severity.CONCERN, "status", record["as_of"])
            for which in ("abnormal_list", "serious_violation_list")
            if record[which]
        ]

    def _same(self, registered: str, claimed: str, field: str, code: str) -> Finding:
        if same_name(registered, claimed):
            return Finding(self.code, f"{field}_agrees", Severity.PASS, field, claimed)
        return Finding(self.code, code, Severity.CONCERN, field, claimed, registered)
