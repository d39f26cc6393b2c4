"""The check of the company register: whether it lists the company as active, with this name and
legal representative.

A register that returns records is asked first. A register that only confirms values is asked if
there is no other, or as a second witness if the record is missing, old, or lacks a legal
representative.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from documents.licence.fields import Problem
from documents.licence.witnesses import is_as_declared
from documents.page.confidence import SURE
from verification.checks.base import Earlier, Subject
from verification.checks.field_comparison import is_former, same_company_name
from verification.checks.reading import of_term
from verification.providers.registries.base import (
    AgreementRegistry,
    Agrees,
    CompanyRecord,
    RecordRegistry,
    Status,
)
from verification.providers.registries.choice import chosen_registries
from verification.rules.findings import Finding, Observation, Severity

YOUNG = timedelta(days=30)
"""A register may need this long to list a new company."""

FRESH = timedelta(days=90)
"""The machine does not rely on register data older than this."""

NEW = timedelta(days=180)
"""Reviewers see a note about companies younger than this: shell companies are young."""

STATUS_REASON = {
    Status.LICENCE_REVOKED: ("registry_revoked", Severity.BLOCK),
    Status.DEREGISTERED: ("registry_deregistered", Severity.BLOCK),
    Status.REGISTRATION_CANCELLED: ("registry_cancelled", Severity.BLOCK),
    Status.MOVED_OUT: ("registry_not_active", Severity.CONCERN),
    Status.DORMANT: ("registry_not_active", Severity.CONCERN),
    Status.UNKNOWN: ("registry_status_unknown", Severity.UNABLE),
}

_PERSON = "legal_representative"


class Registry:
    code = "registry"
    version = "3"
    lasting = False

    def __init__(
        self, records: RecordRegistry | None = None, agreements: AgreementRegistry | None = None
    ) -> None:
        self._given = (records, agreements) if records or agreements else None

    # --- Observing --------------------------------------------------------------------------------

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        """Return `{"source", "record", "agreement"}`: the answers of the two registers. `record` is
        None if the register does not list the company.

        `agreement` is absent if no confirming register was asked. If only that register answered,
        `record` holds what it confirmed.
        """
        records, agreements = self._given or chosen_registries(settings.REGISTRY)
        observation: Observation = {"source": "", "record": None}
        if records:
            record = records.lookup(subject.uscc)
            observation = {"source": records.name, "record": _stored(record) if record else None}
            if (
                record
                and record.legal_representative
                and not _is_old(observation["record"], subject)
            ):
                return observation
        if agreements is None:
            return observation
        person = _person_to_ask(subject, earlier.get("reading", {}))
        agreement = agreements.verify(subject.uscc, subject.name, person)
        told = asdict(agreement) | {
            "source": agreements.name,
            "asked": {"uscc": subject.uscc, "name": subject.name, _PERSON: person},
            "operating_from": _iso(agreement.operating_from),
            "operating_until": _iso(agreement.operating_until),
            "as_of": _iso(agreement.as_of or subject.today - agreements.behind),
        }
        observation |= {"agreement": told, "source": observation["source"] or agreements.name}
        if observation["record"] is None and agreement.known:
            observation["record"] = _affirmed(told)
        return observation

    # --- Judging ----------------------------------------------------------------------------------

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        record, agreement = observation["record"], observation.get("agreement") or {}
        reading = earlier.get("reading", {})
        read = {
            name: text
            for name, text in reading.get("fields", {}).items()
            if not self._is_guess(name, reading)
        }
        if record is None:
            return [self._unlisted(subject, read)]
        if record.get("affirmed_only"):
            return self._by_agreement(subject, reading, agreement)
        # The witness counts for what the record is too old for, or does not contain.
        witness = agreement if agreement.get("known") and agreement["uscc"] == Agrees.MATCH else {}
        old = _is_old(record, subject)
        return [
            *self._status(record, witness, old),
            *self._lists(record),
            *self._youth(subject, record),
            self._name(subject, record, witness if old else {}),
            self._representative(
                subject, reading, record[_PERSON], witness if old or not record[_PERSON] else {}
            ),
            *self._established(read, record),
        ]

    def _is_guess(self, name: str, reading: Observation) -> bool:
        return name == "established_on" and Problem.ESTABLISHED_ON_FROM_TERM in reading.get(
            "problems", ()
        )

    def _unlisted(self, subject: Subject, read: dict[str, str]) -> Finding:
        """Anyone can forge a date, so a young licence makes the case wait, but never pass."""
        established = read.get("established_on", "")
        try:
            young = timedelta(0) <= subject.today - date.fromisoformat(established) <= YOUNG
        except ValueError:
            young = False
        if young:
            return Finding(self.code, "registry_pending", Severity.WAIT, "uscc", established)
        return Finding(self.code, "registry_not_found", Severity.UNABLE, "uscc", subject.uscc)

    def _status(self, record: Observation, witness: Observation, old: bool) -> list[Finding]:
        """A record describes the company on its day.

        Old bad news still counts, old good news does not. If record and witness disagree, a person
        decides.
        """
        status = Status(record["status"])
        if not old:
            return [self._of_status(status)]
        outdated = Finding(
            self.code, "registry_outdated", Severity.UNABLE, "status", record["as_of"]
        )
        now = Status(witness["status"]) if witness else Status.UNKNOWN
        if now is Status.UNKNOWN:
            return [self._of_status(status), outdated]
        if (
            now is Status.ACTIVE
            and STATUS_REASON.get(status, ("", Severity.PASS))[1] >= Severity.CONCERN
        ):
            return [self._of_status(status, at_most=Severity.CONCERN), outdated]
        return [self._of_status(now, at_most=Severity.BLOCK if now is status else Severity.CONCERN)]

    def _of_status(self, status: Status, at_most: Severity = Severity.BLOCK) -> Finding:
        if status is Status.ACTIVE:
            return Finding(self.code, "registry_active", Severity.PASS, "status", status)
        code, severity = STATUS_REASON[status]
        return Finding(self.code, code, min(severity, at_most), "status", status, Status.ACTIVE)

    def _lists(self, record: Observation) -> list[Finding]:
        return [
            Finding(self.code, f"registry_{which}", Severity.CONCERN, "status", record["as_of"])
            for which in ("abnormal_list", "serious_violation_list")
            if record[which]
        ]

    def _youth(self, subject: Subject, record: Observation) -> list[Finding]:
        established = record["established_on"]
        if established and subject.today - date.fromisoformat(established) <= NEW:
            return [
                Finding(
                    self.code, "registry_new_company", Severity.NOTE, "established_on", established
                )
            ]
        return []

    def _name(self, subject: Subject, record: Observation, witness: Observation) -> Finding:
        same = (
            same_company_name(record["name"], subject.name)
            and witness.get("name") != Agrees.MISMATCH
        )
        if same or witness.get("name") == Agrees.MATCH:
            return Finding(self.code, "name_agrees", Severity.PASS, "name", subject.name)
        code = (
            "name_former"
            if is_former(subject.name, record.get("former_names", ()))
            else "name_mismatch"
        )
        return Finding(self.code, code, Severity.CONCERN, "name", subject.name, record["name"])

    def _representative(
        self, subject: Subject, reading: Observation, registered: str, witness: Observation
    ) -> Finding:
        """If the register has no representative, the picture is not at fault. Without any reading,
        neither is the employer.
        """
        said = Agrees(witness.get(_PERSON, Agrees.UNABLE))
        if said is Agrees.MATCH:
            return Finding(
                self.code,
                "legal_representative_agrees",
                Severity.PASS,
                _PERSON,
                witness["asked"][_PERSON],
            )
        read, sure = _person_of(subject, reading)
        if not read:
            unread = "document_unreadable" if "fields" in reading else "check_incomplete"
            return Finding(self.code, unread, Severity.UNABLE, _PERSON, expected=registered)
        if not registered and said is Agrees.UNABLE:
            return Finding(self.code, "registry_incomplete", Severity.UNABLE, _PERSON, read)
        others = reading.get("alternatives", {}).get(_PERSON, ())
        if said is Agrees.UNABLE and any(
            is_as_declared(_PERSON, text, registered) for text in (read, *others)
        ):
            return Finding(self.code, "legal_representative_agrees", Severity.PASS, _PERSON, read)
        severity = Severity.CONCERN if sure else Severity.UNABLE
        return Finding(
            self.code, "legal_representative_mismatch", severity, _PERSON, read, registered
        )

    def _established(self, read: dict[str, str], record: Observation) -> list[Finding]:
        seen, expected = read.get("established_on"), record["established_on"]
        if seen and expected and seen != expected:
            return [
                Finding(
                    self.code,
                    "established_on_mismatch",
                    Severity.CONCERN,
                    "established_on",
                    seen,
                    expected,
                )
            ]
        return []

    def _by_agreement(
        self, subject: Subject, reading: Observation, agreement: Observation
    ) -> list[Finding]:
        """The findings from a register that only confirms values.

        Its operators say that it is wrong at times, so it never rejects a case alone.
        """
        findings = []
        if agreement["uscc"] == Agrees.MISMATCH:
            findings.append(
                Finding(self.code, "uscc_mismatch", Severity.CONCERN, "uscc", subject.uscc)
            )
        if agreement["name"] == Agrees.MISMATCH:
            findings.append(
                Finding(self.code, "name_mismatch", Severity.CONCERN, "name", subject.name)
            )
        if findings:  # another company than the declared one, so the rest says nothing about it
            return findings
        if untold := next(
            (name for name in ("uscc", "name") if agreement[name] != Agrees.MATCH), ""
        ):
            return [Finding(self.code, "registry_incomplete", Severity.UNABLE, untold)]
        findings = [
            self._of_status(Status(agreement["status"]), at_most=Severity.CONCERN),
            # This register does not report the lists.
            Finding(self.code, "registry_lists_not_told", Severity.NOTE, "status"),
            Finding(self.code, "name_agrees", Severity.PASS, "name", subject.name),
            self._representative(subject, reading, "", agreement),
        ]
        if until := agreement["operating_until"]:
            findings.append(
                Finding(self.code, *of_term(until, subject.now), "term", until, until=until)
            )
        return findings


# --- Stored observations --------------------------------------------------------------------------


def _stored(record: CompanyRecord) -> dict[str, Any]:
    return asdict(record) | {
        "established_on": _iso(record.established_on),
        "as_of": record.as_of.isoformat(),
        "former_names": list(record.former_names),
    }


def _affirmed(told: Observation) -> dict[str, Any]:
    """The parts of the register's record that it has confirmed; the rest is empty."""
    return {
        name: told["asked"][name] if told[name] == Agrees.MATCH else ""
        for name in ("uscc", "name", _PERSON)
    } | {
        "affirmed_only": True,
        "status": told["status"],
        "established_on": None,
        "email_domain": "",
        "abnormal_list": None,
        "serious_violation_list": None,
        "as_of": told["as_of"],
        "former_names": [],
        "business_scope": "",
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _is_old(record: Observation, subject: Subject) -> bool:
    return subject.today - date.fromisoformat(record["as_of"]) > FRESH


def _person_of(subject: Subject, reading: Observation) -> tuple[str, bool]:
    """The legal representative on the licence, and whether the reading is certain. Without a
    licence, the declared one.
    """
    read = reading.get("fields", {}).get(_PERSON, "")
    if not read and reading.get("document", "") is None:
        return subject.legal_representative, True
    return read, reading.get("confidence", {}).get(_PERSON, 1.0) >= SURE


def _person_to_ask(subject: Subject, reading: Observation) -> str:
    """The name to ask about: the declared one if the reading can mean it, otherwise the one
    read.
    """
    read, _ = _person_of(subject, reading)
    declared = subject.legal_representative
    meant = (read, *reading.get("alternatives", {}).get(_PERSON, ()))
    return (
        declared
        if declared and any(is_as_declared(_PERSON, text, declared) for text in meant)
        else read
    )
