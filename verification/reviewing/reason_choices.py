"""The reasons that a reviewer can tick for each decision."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext_lazy as _

from events.core.reasons import REASONS, Reason
from verification.cases import wording
from verification.cases.wording import Word, in_language
from verification.rules import required_documents
from verification.rules.findings import Finding, Severity

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
"""Reasons by verb. Reasons that only time or a service can resolve are left out: no one decides on
them.
"""
REASONS_FOR["uphold"] = REASONS_FOR["suspend"]


OF_ANY_DOCUMENT: Final = frozenset(
    {"document_blurred", "document_glare", "document_cropped", "document_unreadable"}
)
"""Reasons for which the reviewer names the kind of document."""


_OF_THE_OTHER_PAPER: Final = {
    required_documents.APPROVAL: frozenset(
        {"document_missing", "document_not_a_licence", "document_several_licences"}
    ),
    required_documents.LICENCE: frozenset({"approval_document_missing"}),
}
"""By founding document, the reasons that name another one, which this employer does not have."""

BY_NUMBER: Final = 9
"""The number of reasons with a number key."""


@dataclass(frozen=True)
class Choice:
    """A reason to tick: whether it is ticked, whether a check of this attempt found it, and its
    key.
    """

    reason: Reason
    ticked: bool
    found: bool
    about: str = ""
    """The kind of document, if the reason can apply to any."""
    key: str = ""

    @property
    def says(self) -> str:
        return in_language(self.reason)


@dataclass(frozen=True)
class OfItem:
    """The reasons about one requirement."""

    item: str
    choices: list[Choice]

    @property
    def label(self) -> Word:
        return (
            _("The case as a whole")
            if self.item == required_documents.SUBMISSION
            else wording.REQUIREMENTS[self.item][0]
        )


def choices_for(
    verb: str,
    findings: Iterable[Finding],
    ticked: Sequence[str],
    about: Mapping[str, str],
    paper: str,
) -> list[Choice]:
    """Return the reasons that fit `verb`, those found by checks first.

    A reason that fits any document gets the kind in `about`, else the kind it was found on, else
    `paper`.
    """
    found = {
        finding.code: finding.field for finding in findings if finding.severity >= Severity.WAIT
    }
    offered = []
    others = _OF_THE_OTHER_PAPER.get(paper, frozenset()) - set(found)
    fitting = [code for code in REASONS_FOR.get(verb, ()) if code not in others]
    for code in sorted(fitting, key=lambda code: code not in found):
        kind = about.get(code) or (
            found[code] if found.get(code) in required_documents.OF_KIND else paper
        )
        about_kind = kind if code in OF_ANY_DOCUMENT else ""
        offered.append(Choice(REASONS[code], code in ticked, code in found, about_kind))
    return offered


def by_item(offered: Iterable[Choice], paper: str) -> list[OfItem]:
    """Group the reasons by requirement, those with findings first. In the order of the page, the
    first have a number key.

    `paper` is the kind of document that shows the body was set up.
    """
    groups: dict[str, list[Choice]] = {}
    for choice in offered:
        groups.setdefault(
            required_documents.requirement_of(choice.reason.code, choice.about, paper), []
        ).append(choice)
    keys = itertools.chain(map(str, range(1, BY_NUMBER + 1)), itertools.repeat(""))
    return [
        OfItem(item, [replace(choice, key=next(keys)) for choice in of_item])
        for item, of_item in groups.items()
    ]
