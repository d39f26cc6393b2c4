"""May this company place people for others, and for whom?

An agency needs a human resources service licence of its own (人力资源市场暂行条例 18) and an
authorisation of each client (26), whichever class was ticked: the scope of the business tells. What
the register says of the scope is better than what was read from a picture, and a scope that nobody
could read is no proof that there is no agency.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from documents.licence.witnesses import same_name
from documents.ocr import READERS
from documents.ocr.base import Picture, Reader
from documents.page.boxes import TextBox, turn_of, turned
from documents.page.confidence import SURE
from documents.page.layout import LARGEST_TILT, slope_of
from documents.papers.hr_service import OPEN_ENDED
from documents.papers.model import BREAK, GAP, Running, rows_of
from documents.papers.read import read_paper
from documents.uscc import is_valid, normalise
from employers.models import AccountClass
from verification.checks import hr_licence_list
from verification.checks.base import Earlier, Pages, Subject, SubjectDocument
from verification.checks.field_comparison import (
    is_former,
    is_one_of,
    registered_names,
    same_company_name,
)
from verification.checks.registry import FRESH
from verification.models import ClientAuthorisation, DocumentKind, DocumentReading
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.required_documents import paper_of
from verification.rules.validity import ends_soon

AGENCY_WORDS: Final = ("人力资源服务", "劳务派遣", "职业中介", "人才中介", "人力资源外包")
"""Scopes for which 人力资源市场暂行条例 18 asks for a licence of its own, whichever class was
ticked.
"""

_EXCLUDED: Final = re.compile(
    r"(?:人力资源服务)?[（(]\s*(?:不含|除外|不包括)[^（）()；;。]{0,80}(?:[）)]|(?=[；;。])|$)"
)
"""人力资源服务（不含职业中介活动、劳务派遣服务）: the standard words of those who need no licence.

A reader may lose the bracket.
"""

PLACEMENT: Final = ("中介", "介绍", "推荐", "招聘", "寻访", "猎头", "供求信息")
"""Words of the services that recruiting for others is, in a licence's scope."""

SCOPE_NOT_PRINTED: Final = ("4403", "4404")
"""Places in the code whose licences print no scope: Shenzhen and Zhuhai."""

_TITLE: Final = re.compile(r"^[一-鿿]{0,12}(?:授权|委托)[书函]$", re.MULTILINE)
"""Agencies' letters have titles of their own: 委托招聘授权书."""

_OF_LICENCE: Final = ("number", "name", "uscc", "scope", "valid_from", "valid_until")
_NEEDED: Final = ("number", "name", "scope", "valid_until")
"""What a licence must be read to say, before a machine may rest on it."""


class AgencyLicence:
    code = "agency_licence"
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
            # The last licence that was uploaded is the one meant; of clients, each letter speaks
            # for its own.
            "licence": licence,
            "listed": hr_licence_list.look_up(number, subject) if number else None,
            "clients": self._clients(subject, letters) if agency else [],
        }

    def _licence(self, document: SubjectDocument) -> dict[str, Any]:
        """What the licence says: as it was read when it came in, where this version read it."""
        before = (
            DocumentReading.objects.filter(document=UUID(document.id), version=self.version)
            .values_list("reading", flat=True)
            .first()
        )
        if before:
            read_before: dict[str, Any] = before
            return read_before
        reading = read_paper("hr_service_licence", Pages(document), self.readers)
        return {
            "document": document.id,
            "titled": reading.titled,
            "page": reading.page,
            "turn": reading.turn,
            "reader": reading.reader,
            "fields": {name: text for name, text in reading.fields.items() if name in _OF_LICENCE},
            "confidence": {
                name: sure for name, sure in reading.confidence.items() if name in _OF_LICENCE
            },
            "regions": {
                name: list(region)
                for name, region in reading.regions.items()
                if name in _OF_LICENCE
            },
        }

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

    def _client(
        self, subject: Subject, document: SubjectDocument, declared: ClientAuthorisation | None
    ) -> dict[str, Any]:
        """What a client's letter says; of its people nothing is kept."""
        noting = [_Noting(reader) for reader in self.readers]
        letter = read_paper("authorization_letter", Pages(document), noting)
        texts = [text for reader in noting for text in reader.texts]
        fields = {
            name: letter.fields[name]
            for name in ("company", "valid_until")
            if name in letter.fields
        }
        return {
            "document": document.id,
            "titled": letter.titled or any(_TITLE.search(text) for text in texts),
            "sealed": letter.sealed,
            "page": letter.page,
            "fields": fields,
            "confidence": {name: letter.confidence[name] for name in fields},
            "regions": {name: list(letter.regions[name]) for name in fields},
            "names_agency": any(_plain(subject.name) in _plain(text) for text in texts),
            "declared": declared.client_name if declared else "",
            "declared_until": declared.valid_until.isoformat()
            if declared and declared.valid_until
            else "",
        }

    # --- What that means --------------------------------------------------------------------------

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [*self._set_up(subject, observation), *self._placing(subject, earlier, observation)]

    def _set_up(self, subject: Subject, observation: Observation) -> list[Finding]:
        """No machine reads what bodies are set up by: of whom it is due, or who shows nothing but
        it, a person looks.
        """
        kind, kinds = DocumentKind.APPROVAL_DOCUMENT, observation["kinds"]
        due = paper_of(subject.account_class, subject.uscc) == kind
        if due and kind not in kinds:
            return [Finding(self.code, "approval_document_missing", Severity.CONCERN, kind)]
        if kind in kinds and (due or DocumentKind.BUSINESS_LICENCE not in kinds):
            return [Finding(self.code, "approval_document_unchecked", Severity.UNABLE, kind)]
        return []

    def _placing(
        self, subject: Subject, earlier: Earlier, observation: Observation
    ) -> list[Finding]:
        """What is to be said of a company that recruits for others, or may."""
        if subject.account_class == AccountClass.PUBLIC_SERVICE:
            return []
        if subject.account_class == AccountClass.COMMERCIAL_AGENCY:
            licensed = self._licensed(subject, earlier, observation)
            return [
                *licensed,
                *self._scope_of_agency(observation),
                *self._authorised(subject, observation),
            ]
        if observation["agency_words"]:
            return list(self._licensed(subject, earlier, observation))
        if not observation["scope_from"] and observation["scope_expected"]:
            return [Finding(self.code, "agency_scope_unread", Severity.UNABLE, "business_scope")]
        return [Finding(self.code, "no_agency", Severity.PASS, "business_scope")]

    def _licensed(
        self, subject: Subject, earlier: Earlier, observation: Observation
    ) -> Iterator[Finding]:
        licence = observation["licence"]
        if licence is None:
            words = "、".join(observation["agency_words"])
            field = "business_scope" if words else DocumentKind.HR_SERVICE_LICENCE
            yield Finding(self.code, "agency_licence_missing", Severity.CONCERN, field, words)
            return
        fields = licence["fields"]
        if not licence["titled"]:
            yield Finding(
                self.code,
                "agency_licence_unreadable",
                Severity.UNABLE,
                DocumentKind.HR_SERVICE_LICENCE,
            )
            return
        until = self._last_day(licence, observation["listed"])
        findings = [
            *self._lacking(licence),
            *self._name(subject, earlier, licence),
            *self._code(subject, licence),
            *self._in_force(subject, licence),
            *self._listed(subject, licence, observation["listed"]),
        ]
        if "scope" in fields and not any(word in fields["scope"] for word in PLACEMENT):
            findings.append(
                _about(
                    licence,
                    "agency_licence_mismatch",
                    Severity.UNABLE,
                    "scope",
                    fields["scope"][:60],
                )
            )
        if not findings and until and ends_soon(until, subject.now):
            findings.append(
                _about(
                    licence,
                    "agency_licence_ends_soon",
                    Severity.CONCERN,
                    "valid_until",
                    until.isoformat(),
                )
            )
        findings = findings or [
            _about(licence, "agency_licence_agrees", Severity.PASS, "number", fields["number"])
        ]
        yield from (
            replace(finding, until=until.isoformat() if until else "") for finding in findings
        )

    def _last_day(
        self, licence: Mapping[str, Any], listed: Mapping[str, Any] | None
    ) -> date | None:
        """The earlier one of what the licence says and what the list does: anybody can print a
        later one.
        """
        on_list = (
            hr_licence_list.last_day(listed["record"]) if listed and listed["record"] else None
        )
        return min(
            (day for day in (_day(licence["fields"].get("valid_until", "")), on_list) if day),
            default=None,
        )

    def _lacking(self, licence: Mapping[str, Any]) -> list[Finding]:
        """A licence that was read in part: a person reads the rest."""
        lacking = [name for name in _NEEDED if not licence["fields"].get(name)]
        return [
            _about(licence, "agency_licence_unreadable", Severity.UNABLE, name)
            for name in lacking[:1]
        ]

    def _name(
        self, subject: Subject, earlier: Earlier, licence: Mapping[str, Any]
    ) -> list[Finding]:
        """Whether the licence names the company: as it was declared, as the register has it, else
        as its business licence does.

        Where the register has the licence's name and not the declared one, the licence is not to
        blame; the register's check says so.
        """
        name, severity = licence["fields"].get("name", ""), _mismatch(licence, "name")
        registry, reading = earlier.get("registry", {}), earlier.get("reading", {})
        registered = registered_names(registry)
        is_registered = is_one_of(name, registered)
        if not name or (is_registered and not is_one_of(subject.name, registered)):
            return []
        if not is_registered and is_former(
            name, (registry.get("record") or {}).get("former_names") or ()
        ):
            return [_about(licence, "agency_licence_former_name", Severity.CONCERN, "name", name)]
        if not same_company_name(name, subject.name):
            return [
                _about(licence, "agency_licence_mismatch", severity, "name", name, subject.name)
            ]
        if registered:  # what the register has instead is the reviewer's alone to see
            return (
                []
                if is_registered
                else [_about(licence, "agency_licence_mismatch", severity, "name", name)]
            )
        read = reading.get("fields", {}).get("name", "")
        if not read or is_one_of(name, (read, *reading.get("alternatives", {}).get("name", ()))):
            return []
        sure = reading.get("confidence", {}).get("name", 1.0) >= SURE
        return [
            _about(
                licence,
                "agency_licence_mismatch",
                severity if sure else Severity.UNABLE,
                "name",
                name,
                read,
            )
        ]

    def _code(self, subject: Subject, licence: Mapping[str, Any]) -> list[Finding]:
        code = normalise(licence["fields"].get("uscc", ""))
        if not is_valid(code) or code == subject.uscc:
            return []
        return [
            _about(
                licence,
                "agency_licence_mismatch",
                _mismatch(licence, "uscc"),
                "uscc",
                code,
                subject.uscc,
            )
        ]

    def _in_force(self, subject: Subject, licence: Mapping[str, Any]) -> list[Finding]:
        today = subject.today
        first, last = (
            _day(licence["fields"].get(name, "")) for name in ("valid_from", "valid_until")
        )
        if (last and last < today) or (first and first > today):
            name = "valid_until" if last and last < today else "valid_from"
            return [
                _about(
                    licence,
                    "agency_licence_expired",
                    Severity.CONCERN,
                    name,
                    licence["fields"][name],
                )
            ]
        return []

    def _listed(
        self, subject: Subject, licence: Mapping[str, Any], listed: Mapping[str, Any] | None
    ) -> list[Finding]:
        """What the published lists say of the number.

        The picture alone proves nothing: without them a person looks.
        """
        if listed is None:  # a number that could not be read is told of already
            return []
        number, record = licence["fields"]["number"], listed["record"]
        found = (
            [_about(licence, "duplicate_agency_licence", Severity.CONCERN, "number", number)]
            if listed["approved_with"]
            else []
        )
        if record is None:
            return [
                *found,
                _about(licence, "agency_licence_unconfirmed", Severity.UNABLE, "number", number),
            ]
        if (record["uscc"] and record["uscc"] != subject.uscc) or (
            record["name"] and not same_company_name(record["name"], subject.name)
        ):
            found.append(
                _about(
                    licence,
                    "agency_licence_listed_otherwise",
                    _mismatch(licence, "number"),
                    "number",
                    number,
                )
            )
        last, today = hr_licence_list.last_day(record), subject.today
        if last and last < today:
            found.append(
                _about(
                    licence,
                    "agency_licence_expired",
                    Severity.CONCERN,
                    "valid_until",
                    last.isoformat(),
                )
            )
        if (
            today - date.fromisoformat(record["as_of"]) > FRESH
        ):  # old bad news still counts, old good news does not
            found.append(
                _about(licence, "agency_licence_unconfirmed", Severity.UNABLE, "number", number)
            )
        return found

    def _scope_of_agency(self, observation: Observation) -> list[Finding]:
        """A company that the register lists for other trades may have borrowed a licence, or drawn
        one.
        """
        if observation["scope_from"] != "registry" or observation["agency_words"]:
            return []
        return [
            Finding(
                self.code,
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
                    self.code,
                    "agency_client_missing",
                    Severity.CONCERN,
                    DocumentKind.CLIENT_AUTHORIZATION,
                )
            ]
        return [
            client_finding(letter, subject.name, subject.today) for letter in observation["clients"]
        ]


class ServiceLicence(AgencyLicence):
    """An HR service licence by itself: read when it comes in, so that its employer can look at what
    was read.
    """

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return self._licence(subject.documents[0])


class ClientLetter(AgencyLicence):
    """One client's letter by itself: read when it comes in, and where no attempt is under way any
    more.
    """

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return self._client(subject, subject.documents[0], None)

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [client_finding(observation, subject.name, subject.today)]


def client_finding(letter: Mapping[str, Any], agency: str, today: date) -> Finding:
    """The weightiest thing that there is to say of one client's letter, which `agency` has shown,
    on `today`.
    """
    client, kind = letter["fields"].get("company", ""), DocumentKind.CLIENT_AUTHORIZATION
    ends = letter_ends(letter)
    if not letter["titled"] or not client:
        return _about(
            letter,
            "document_unreadable",
            Severity.UNABLE,
            kind,
            seen=client,
            expected=letter["declared"],
        )
    if same_name(
        client, agency
    ):  # it authorises its own people; or the parties were confused in reading
        return _about(
            letter, "agency_client_mismatch", Severity.UNABLE, "company", client, letter["declared"]
        )
    if letter["declared"] and not same_name(client, letter["declared"]):
        return _about(
            letter,
            "agency_client_mismatch",
            _mismatch(letter, "company"),
            "company",
            client,
            letter["declared"],
        )
    if ends and ends < today:
        return _about(
            letter, "agency_client_expired", Severity.CONCERN, "valid_until", ends.isoformat()
        )
    if not letter["names_agency"]:
        return _about(letter, "agency_client_mismatch", Severity.UNABLE, kind, client, agency)
    if not letter["sealed"]:  # a grey copy shows none, and anybody can make one
        return _about(letter, "agency_client_unsealed", Severity.UNABLE, kind, client)
    return _about(letter, "agency_client_agrees", Severity.PASS, "company", client)


def letter_ends(letter: Mapping[str, Any]) -> date | None:
    """The last day of a client's letter: the earlier one of what it says and what was said of it;
    None where it has no end.
    """
    ends = (_day(letter["fields"].get("valid_until", "")), _day(letter["declared_until"]))
    return min((day for day in ends if day), default=None)


def agency_words(scope: str) -> list[str]:
    """The words in a business scope for which a licence is needed, without those that it excludes
    itself.
    """
    kept = _EXCLUDED.sub("", re.sub(r"\s", "", scope))
    return [word for word in AGENCY_WORDS if word in kept]


class _Noting:
    """A reader that remembers each page's running text for as long as the check lasts, and never
    longer.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader, self.name, self.version = reader, reader.name, reader.version
        self.texts: list[str] = []

    def available(self) -> bool:
        return self.reader.available()

    def read(self, image: Picture) -> list[TextBox]:
        boxes = self.reader.read(image)
        self.texts.append(_text_of(boxes, image.shape[1], image.shape[0]))
        return boxes


def _text_of(boxes: Sequence[TextBox], width: int, height: int) -> str:
    """What stands on a page, in the order of reading, a paragraph a line and without other white
    space.
    """
    upright = turned(boxes, turn_of(boxes), width, height)
    slope = slope_of(upright)
    return (
        Running(rows_of(upright, slope, LARGEST_TILT), slope)
        .text.replace(GAP, "")
        .replace(BREAK, "\n")
    )


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def _day(text: str) -> date | None:
    """An ISO day; None where there is none, or no end (长期)."""
    try:
        return None if text == OPEN_ENDED else date.fromisoformat(text)
    except ValueError:
        return None


def _mismatch(paper: Mapping[str, Any], field: str) -> Severity:
    """How much a mismatch weighs: where the reader is not sure, it may be its own mistake."""
    return Severity.CONCERN if paper["confidence"].get(field, 0.0) >= SURE else Severity.UNABLE


def _about(
    paper: Mapping[str, Any],
    code: str,
    severity: Severity,
    field: str,
    seen: str = "",
    expected: str = "",
) -> Finding:
    region = paper["regions"].get(field)
    return Finding(
        AgencyLicence.code,
        code,
        severity,
        field,
        seen,
        expected,
        paper["page"],
        tuple(region) if region else None,
    )
