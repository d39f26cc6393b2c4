"""What does a reviewer need side by side to decide?

Stored facts in, rows of words out; nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass
from events.core.reasons import REASONS, Reason
from verification.cases import wording
from verification.checks import field_comparison
from verification.providers.registries.base import Agrees, status_of
from verification.rules import required_documents
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.states import State

Word = str | Promise

# --- Words ----------------------------------------------------------------------------------------

STATE_WORDS: Final[dict[State, Word]] = {
    State.DRAFT: _("Draft"),
    State.SUBMITTED: _("Submitted"),
    State.CHECKING: _("Being checked"),
    State.IN_REVIEW: _("Waiting for review"),
    State.CHANGES_REQUESTED: _("Changes requested"),
    State.APPROVED: _("Approved"),
    State.REJECTED: _("Rejected"),
    State.SUSPENDED: _("Suspended"),
    State.REVOKED: _("Revoked"),
    State.EXPIRED: _("Expired"),
    State.WITHDRAWN: _("Withdrawn"),
}

CLASS_WORDS: Final[dict[AccountClass, Word]] = {
    AccountClass.DIRECT_EMPLOYER: _("Direct employer"),
    AccountClass.COMMERCIAL_AGENCY: _("HR service agency"),
    AccountClass.PUBLIC_SERVICE: _("Public service"),
}

SEVERITY_WORDS: Final[dict[Severity, Word]] = {
    Severity.BLOCK: _("Blocks"),
    Severity.CONCERN: _("Speaks against"),
    Severity.UNABLE: _("Could not tell"),
    Severity.WAIT: _("Time will tell"),
    Severity.NOTE: _("Note"),
    Severity.PASS: _("In order"),
}

CHECK_WORDS: Final[dict[str, Word]] = {
    "scan": _("Virus scan"),
    "reading": _("Reading of the licence"),
    "registry": _("Company register"),
    "duplicates": _("Duplicates"),
    "exclusion": _("Exclusion list"),
    "forgery": _("Traces of editing"),
    "agency_licence": _("HR service licence"),
    "authority": _("Recruiter's authority"),
}

FINDING_WORDS: Final[Mapping[str, Word]] = wording.FOUND | {
    "clean": _("The virus scanner found nothing"),
    "re_encoded_only": _("No virus scanner is set up; the pages were re-encoded"),
    "uscc_agrees": _("The code on the licence is the declared one"),
    "qr_agrees": _("The QR code names the declared code"),
    "name_agrees": _("The company name agrees"),
    "legal_representative_agrees": _("The legal representative agrees"),
    "registry_active": _("The register lists the company as active"),
    "no_duplicate": _("Nobody else has used this picture or this code"),
    "not_excluded": _("Nothing stands on the exclusion list"),
    "no_trace_of_editing": _("No trace of editing was found"),
    "compression_noted": _("One place may have been saved otherwise than the rest"),
    "overlay_noted": _("Something was laid over the page, such as a mark of use"),
    "ground_noted": _("The ground under this value is smoother than the paper around it"),
    "glyph_noted": _("One character differs from the others of its line"),
    "copy_noted": _("Two places of the code are unusually alike"),
    "screen_noted": _("A fine grid lies over the picture, as of a screen or of printing"),
    "editor_noted": _(
        "The file names a program that edits pictures, and no place: the whole page is meant"
    ),
    "qr_noted": _("The QR code leads to a bare address, as some older licences' do"),
    "agency_client_agrees": _("A client's authorisation names the client and the agency"),
    "excluded_namesake": _(
        "Somebody of the same name is on the exclusion list, and nothing else agrees"
    ),
    "authority_proven": _("The recruiter's authority is proven"),
    "authority_email_at_company_domain": _(
        "The recruiter's verified address is at the company's own domain"
    ),
}
"""The words of findings that are in order, where a reviewer is told them in others than the
employer; what is not in order has its sentence in `events.core.reasons`.
"""

FIELD_WORDS: Final[Mapping[str, Word]] = wording.FIELDS | {
    "type": _("Type"),
    "registered_capital": _("Registered capital"),
    "address": _("Address"),
    "business_scope": _("Business scope"),
    "registration_authority": _("Registration authority"),
    "registration_number": _("Registration number"),
}

VERB_WORDS: Final[Mapping[str, Word]] = wording.HAPPENED | {
    "claim": _("Claimed"),
    "release_claim": _("Claim released"),
    "view_phone": _("The recruiter's phone was shown"),
    "assign": _("Assigned to a colleague"),
    "ask_take_over": _("A colleague asked for the case"),
    "give_claim": _("Handed over to a colleague"),
    "keep_claim": _("Not handed over"),
    "unmask": _("What is masked was shown"),
    "propose_bulk": _("A decision for several cases was proposed"),
    "rule": _("A reviewer ruled"),
    "undo": _("The ruling was undone"),
    "file_ruling": _("The ruling was kept for comparison"),
    "return_ruling": _("The ruling could not be carried out"),
    "hold": _("Set aside"),
    "escalate": _("Handed to a senior reviewer"),
}

ROLE_WORDS: Final[dict[str, Word]] = {
    "system": _("Zizhi"),
    "owner": _("Employer's owner"),
    "recruiter": _("Recruiter"),
    "reviewer": _("Reviewer"),
    "platform": _("Platform"),
}


def in_language(reason: Reason) -> str:
    """What a reason says, in the language of the page."""
    return reason.says.in_(get_language() or "zh-hans")


def code_in_words(code: str) -> Word:
    """What a reason or finding code says; a code that nobody has given words stands as it is."""
    if code in REASONS:
        return in_language(REASONS[code])
    return FINDING_WORDS.get(code, code)


# --- Which reasons fit which decision -------------------------------------------------------------

_ON_THE_PICTURE = (
    "document_missing",
    "document_blurred",
    "document_glare",
    "document_cropped",
    "document_unreadable",
    "document_not_a_licence",
    "document_several_licences",
    "document_expired",
    "document_outdated",
)
_ON_THE_FACTS = (
    "uscc_missing",
    "uscc_invalid",
    "uscc_mismatch",
    "name_mismatch",
    "name_former",
    "legal_representative_mismatch",
    "established_on_mismatch",
)
_ON_THE_REGISTER = (
    "registry_not_found",
    "registry_revoked",
    "registry_deregistered",
    "registry_cancelled",
    "registry_not_active",
    "registry_abnormal_list",
    "registry_serious_violation_list",
)
_ON_AUTHORITY = (
    "authority_missing",
    "authority_unproven",
    "authority_email_unverified",
    "agency_licence_ends_soon",
    "approval_document_missing",
)
_ON_THE_AGENCY = (
    "agency_licence_missing",
    "agency_licence_expired",
    "agency_licence_mismatch",
    "agency_licence_listed_otherwise",
)
_ON_CLIENTS = (
    "agency_client_missing",
    "agency_client_name_missing",
    "agency_client_mismatch",
    "agency_client_expired",
    "agency_client_unsealed",
)
_ON_DUPLICATES = (
    "duplicate_same_image",
    "duplicate_same_uscc_active",
    "duplicate_agency_licence",
    "duplicate_device_cluster",
    "duplicate_phone_cluster",
    "duplicate_nominee",
    "duplicate_excluded",
)

REASONS_FOR: Final[dict[str, tuple[str, ...]]] = {
    "request_changes": (
        *_ON_THE_PICTURE,
        *_ON_THE_FACTS,
        *_ON_AUTHORITY,
        *_ON_THE_AGENCY,
        "agency_licence_unreadable",
        *_ON_CLIENTS,
        "document_ends_soon",
        "duplicate_same_image",
        "review_decided",
    ),
    "reject": (
        "document_not_a_licence",
        "document_several_licences",
        "document_expired",
        "uscc_invalid",
        "uscc_mismatch",
        "name_mismatch",
        "name_former",
        "legal_representative_mismatch",
        "established_on_mismatch",
        *_ON_THE_REGISTER,
        *_ON_AUTHORITY,
        *_ON_THE_AGENCY,
        *_ON_DUPLICATES,
        "review_decided",
    ),
    "suspend": (
        *_ON_THE_REGISTER,
        "document_expired",
        "authority_unproven",
        *_ON_THE_AGENCY,
        *_ON_DUPLICATES,
        "forgery_suspected",
        "review_decided",
    ),
    "revoke": (
        *_ON_THE_REGISTER,
        "document_expired",
        "authority_unproven",
        *_ON_THE_AGENCY,
        *_ON_DUPLICATES,
        "review_decided",
    ),
    "reopen": ("review_decided",),
}
"""What a reviewer can tick.

A reason that only time or a service mends is none that a person decides for.
"""
REASONS_FOR["uphold"] = REASONS_FOR["suspend"]


OF_ANY_DOCUMENT: Final = frozenset(
    {"document_blurred", "document_glare", "document_cropped", "document_unreadable"}
)
"""Reasons of which a reviewer says which kind of document they are about."""


BY_NUMBER: Final = 9
"""So many reasons can be ticked by the number keys."""


@dataclass(frozen=True)
class Choice:
    """A reason to tick: whether it is ticked, whether a check of this attempt found it, and which
    key ticks it, if one does.
    """

    reason: Reason
    ticked: bool
    found: bool
    about: str = ""
    """Of which kind of document it is said, where it can be said of any."""
    key: str = ""

    @property
    def says(self) -> str:
        return in_language(self.reason)


@dataclass(frozen=True)
class OfItem:
    """The reasons that are about one thing that an employer is asked for."""

    item: str
    choices: list[Choice]

    @property
    def label(self) -> Word:
        return (
            _("The case as a whole")
            if self.item == required_documents.SUBMISSION
            else wording.REQUIREMENTS[self.item][0]
        )


def choices(
    verb: str,
    findings: Iterable[Finding],
    ticked: Sequence[str],
    about: Mapping[str, str],
    paper: str,
) -> list[Choice]:
    """The reasons that fit `verb`, those that the checks found first; the first of them have a key.

    What can be said of any document is said of the kind in `about`, else of the one that it was
    found on, else of `paper`.
    """
    found = {
        finding.code: finding.field for finding in findings if finding.severity >= Severity.WAIT
    }
    offered = []
    for number, code in enumerate(
        sorted(REASONS_FOR.get(verb, ()), key=lambda code: code not in found), start=1
    ):
        kind = about.get(code) or (
            found[code] if found.get(code) in required_documents.OF_KIND else paper
        )
        key = str(number) if number <= BY_NUMBER else ""
        offered.append(
            Choice(
                REASONS[code],
                code in ticked,
                code in found,
                kind if code in OF_ANY_DOCUMENT else "",
                key,
            )
        )
    return offered


def by_item(offered: Iterable[Choice], paper: str) -> list[OfItem]:
    """The reasons by what they are about, `paper` being that by which the body was set up; where
    something was found, first.
    """
    groups: dict[str, list[Choice]] = {}
    for choice in offered:
        groups.setdefault(
            required_documents.about(choice.reason.code, choice.about, paper), []
        ).append(choice)
    return [OfItem(item, of_item) for item, of_item in groups.items()]


# --- The same thing from four sides ---------------------------------------------------------------

Agreement = Literal["agrees", "differs", "alone", "absent"]
AGREEMENT_WORDS: Final[dict[str, Word]] = {
    "agrees": _("Agrees"),
    "differs": _("Differs"),
    "alone": _("Nothing to compare"),
    "absent": _("Nowhere given"),
}
STATUS_WORDS: Final[dict[str, Word]] = {"agrees": _("In order"), "differs": _("Speaks against")}
"""Of what stands in the register alone, and is judged rather than compared."""
_SAID: Final[dict[Agrees, Word]] = {
    Agrees.MATCH: AGREEMENT_WORDS["agrees"],
    Agrees.MISMATCH: AGREEMENT_WORDS["differs"],
}


@dataclass(frozen=True)
class Part:
    """A stretch of a value, and whether it is where the value departs from the one that it is
    compared with.
    """

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Cell:
    """One source's value for one field."""

    parts: tuple[Part, ...] = ()
    differs: bool = False
    note: Word = ""
    """What is known beside the value, or without one: of a register that says whether it agrees,
    and shows nothing.
    """

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Row:
    """One field as declared, as read from the licence, as in its QR code, and as in the
    register.
    """

    field: str
    declared: Cell
    read: Cell
    qr: Cell
    registry: Cell
    agreement: Agreement
    former: bool = False
    """It differs by a name that the company had before."""

    @property
    def label(self) -> Word:
        return FIELD_WORDS.get(self.field, self.field)

    @property
    def agreement_in_words(self) -> Word:
        if self.former:
            return _("Former name")
        if self.field == "status" and self.agreement in STATUS_WORDS:
            return STATUS_WORDS[self.agreement]
        return AGREEMENT_WORDS[self.agreement]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.declared, self.read, self.qr, self.registry)

    @property
    def compares(self) -> bool:
        """Whether it belongs among the fields that are held against each other, rather than with
        what is only read.
        """
        return self.field in _ALWAYS_SHOWN or self.agreement in ("agrees", "differs")


_IN_ORDER: Final = (
    "name",
    "uscc",
    "legal_representative",
    "status",
    "established_on",
    "term",
    "type",
    "registered_capital",
    "address",
    "business_scope",
    "registration_authority",
    "registration_number",
)
_ALWAYS_SHOWN: Final = ("name", "uscc", "legal_representative", "status", "established_on")


def comparison(
    declared: Mapping[str, str], reading: Observation, registry: Observation
) -> list[Row]:
    """Every field that any source gives, those that were declared first.

    `reading` and `registry` are the observations of the checks of those names; either may be empty.
    """
    rows = field_comparison.compare(declared, reading, registry, _IN_ORDER)
    return [_row(row) for row in rows if row.field in _ALWAYS_SHOWN or row.values["read"]]


def _row(row: field_comparison.Row) -> Row:
    told: Agreement = "absent" if not any(row.values.values()) else "alone"
    if row.agrees is not Agrees.UNABLE:
        told = "agrees" if row.agrees is Agrees.MATCH else "differs"
    declared, read, qr, registry = (_cell(row, source) for source in field_comparison.SOURCES)
    return Row(row.field, declared, read, qr, registry, told, row.former)


def _cell(row: field_comparison.Row, source: str) -> Cell:
    says, value = row.says.get(source), row.values[source]
    if not value:
        return Cell(differs=says is Agrees.MISMATCH, note=_SAID.get(says, "") if says else "")
    if row.field == "status":
        return Cell((Part(str(wording.SEEN[status_of(value)])),), differs=says is Agrees.MISMATCH)
    parts = marked(value, row.values[row.reference]) if says is Agrees.MISMATCH else (Part(value),)
    return Cell(
        parts, says is Agrees.MISMATCH, _of_code(row) if source == "read" and row.suggestion else ""
    )


def _of_code(row: field_comparison.Row) -> Word:
    """What is said of a code that was misread: what it may be, or that a second source has told
    what it is.
    """
    return (
        _("A look-alike was read; another source has this one")
        if row.taken
        else format_lazy(_("Perhaps {code}"), code=row.suggestion)
    )


def marked(value: str, reference: str) -> tuple[Part, ...]:
    """`value` in parts, marked where it departs from `reference`."""
    changes = SequenceMatcher(None, reference, value, autojunk=False).get_opcodes()
    return tuple(
        Part(value[start:end], kind != "equal")
        for kind, _a, _b, start, end in changes
        if start < end
    )


# --- Where on the page it stands ------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the page, around a field's value."""

    field: str
    x: float
    y: float
    width: float
    height: float
    agreement: Agreement | Literal["trace"]
    says: Word = ""
    """What a box says that is no field's."""

    @property
    def label(self) -> Word:
        return self.says or FIELD_WORDS.get(self.field, self.field)


def boxes(reading: Observation, rows: Iterable[Row]) -> list[Box]:
    """The regions of the fields that were read, in the colour of their row."""
    agreements = {row.field: row.agreement for row in rows}
    return [
        Box(field, x0, y0, x1 - x0, y1 - y0, agreements.get(field, "alone"))
        for field, (x0, y0, x1, y1) in (reading.get("regions") or {}).items()
        if x1 > x0 and y1 > y0
    ]


def mark_of(finding: Finding) -> str:
    """By which name a finding and the box of its place know each other; "" for one without a place
    of its own.
    """
    return (
        f"{finding.check}-{finding.code}-{finding.field}"
        if finding.region and finding.check in MARKED
        else ""
    )


MARKED: Final = frozenset({"forgery", "duplicates"})
"""Checks whose findings have a place that is no field's: it is drawn for itself."""


def traces(findings: Iterable[Finding], check: str, page: int) -> list[Box]:
    """The places on `page` of which `check` has something to say."""
    return [
        Box(mark_of(finding), x0, y0, x1 - x0, y1 - y0, "trace", code_in_words(finding.code))
        for finding in findings
        if finding.check == check and finding.page == page and finding.region
        for x0, y0, x1, y1 in [finding.region]
        if x1 > x0 and y1 > y0
    ]


# --- Findings -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A finding as a sentence."""

    finding: Finding

    @property
    def severity(self) -> str:
        return self.finding.severity.name.lower()

    @property
    def points_at(self) -> str:
        """The box on the page that it lights up."""
        return mark_of(self.finding) or self.finding.field

    @property
    def severity_in_words(self) -> Word:
        return SEVERITY_WORDS[self.finding.severity]

    @property
    def sentence(self) -> Word:
        return code_in_words(self.finding.code)

    @property
    def check(self) -> Word:
        return CHECK_WORDS.get(self.finding.check, self.finding.check)

    @property
    def field(self) -> Word:
        return FIELD_WORDS.get(self.finding.field, self.finding.field)

    @property
    def seen(self) -> Word:
        """What was seen, where that says more than the sentence."""
        return (
            ""
            if self.finding.code == "re_encoded_only"
            else wording.SEEN.get(self.finding.seen, self.finding.seen)
        )

    @property
    def expected(self) -> Word:
        return wording.SEEN.get(self.finding.expected, self.finding.expected)


def strictest_first(findings: Iterable[Finding]) -> list[Said]:
    """The findings as sentences, those that speak against the case before those in its favour."""
    return [Said(finding) for finding in sorted(findings, key=lambda finding: -finding.severity)]


def told(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stored reasons (`[{"code", "seen", "expected"}]`) with their sentence, for lists of
    decisions.
    """
    return [{"sentence": code_in_words(reason["code"]), **reason} for reason in reasons]
