"""In which words is an employer told of states, checks, findings and events?

Why something is held or refused stands in `events.reasons`; here stands the rest, as translatable strings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass
from verification.findings import Finding
from verification.models import DocumentKind
from verification.states import State

STATES: dict[str, Promise] = {
    State.DRAFT: _("Not submitted yet"),
    State.SUBMITTED: _("Submitted"),
    State.CHECKING: _("Being checked"),
    State.IN_REVIEW: _("With a reviewer"),
    State.CHANGES_REQUESTED: _("Waits for you"),
    State.APPROVED: _("Approved"),
    State.REJECTED: _("Refused"),
    State.SUSPENDED: _("Suspended"),
    State.REVOKED: _("Revoked"),
    State.EXPIRED: _("Expired"),
    State.WITHDRAWN: _("Withdrawn"),
}

CHECKS: dict[str, Promise] = {
    "scan": _("Is the file safe?"),
    "reading": _("What does the licence say?"),
    "registry": _("Does the company register agree?"),
    "duplicates": _("Is it used by nobody else?"),
    "forgery": _("Is the picture as it was taken?"),
    "agency_licence": _("May you recruit for others?"),
    "authority": _("Do you act for the company?"),
}

FOUND: dict[str, Promise] = {
    "clean": _("The virus scan found nothing"),
    "re_encoded_only": _("The pages were copied into clean pictures"),
    "uscc_agrees": _("The unified social credit code agrees"),
    "qr_agrees": _("The licence's QR code agrees"),
    "name_agrees": _("The company name agrees"),
    "legal_representative_agrees": _("The legal representative agrees"),
    "established_on_agrees": _("The date of establishment agrees"),
    "registry_active": _("The company is registered and active"),
    "registry_new_company": _("The company was founded not long ago"),
    "registry_lists_not_told": _("This register does not tell of lists of irregular companies"),
    "no_duplicate": _("No other account has used this licence"),
    "authority_email_at_company_domain": _("Your e-mail address is at the company's own domain"),
    "no_agency": _("No HR service licence is needed"),
    "agency_licence_agrees": _("The HR service licence is in force and names the company"),
    "agency_client_agrees": _("A client's authorisation names the client and you"),
}
"""What a check found where nothing is wrong."""

FIELDS: dict[str, Promise] = {
    "document": _("Document"),
    "uscc": _("Unified social credit code"),
    "qr": _("QR code on the licence"),
    "name": _("Company name"),
    "legal_representative": _("Legal representative"),
    "established_on": _("Date of establishment"),
    "term": _("Business term"),
    "status": _("Registration status"),
    "email": _("E-mail"),
    DocumentKind.AUTHORIZATION_LETTER: _("Letter of authorisation"),
    DocumentKind.HR_SERVICE_LICENCE: _("HR service licence"),
    DocumentKind.APPROVAL_DOCUMENT: _("Approval document"),
    DocumentKind.CLIENT_AUTHORIZATION: _("Client's authorisation"),
    "business_scope": _("Business scope"),
    "number": _("Number of the licence"),
    "scope": _("Scope of services"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "company": _("Client"),
}

SEEN: dict[str, Promise] = {
    "active": _("active"),
    "licence_revoked": _("licence revoked"),
    "deregistered": _("deregistered"),
    "registration_cancelled": _("registration cancelled"),
    "moved_out": _("moved to another registration authority"),
    "dormant": _("dormant"),
    "unknown": _("unknown"),
    "text": _("plain text"),
    "owner": _("Owner"),
    "recruiter": _("Recruiter"),
} | {str(state): words for state, words in STATES.items()}
"""Stored words that can stand as `seen` or `expected` of a reason."""

HAPPENED: dict[str, Promise] = {
    "open": _("Case opened"),
    "declare": _("Company facts changed"),
    "add_document": _("Document added"),
    "remove_document": _("Document removed"),
    "restore_document": _("Document restored"),
    "submit": _("Submitted"),
    "start_checks": _("Checks began"),
    "wait": _("Waiting for the company register"),
    "approve": _("Approved"),
    "hold_for_review": _("Handed to a reviewer"),
    "reject": _("Refused"),
    "request_changes": _("Changes requested"),
    "appeal": _("Appeal made"),
    "withdraw": _("Withdrawn"),
    "suspend": _("Suspended"),
    "reinstate": _("Suspension lifted"),
    "revoke": _("Revoked"),
    "expire": _("Expired"),
}
"""Events of a case that its employer sees; others, such as a reviewer's claim, are internal."""

WHO: dict[str, Promise] = {
    "recruiter": _("you"),
    "company": _("your company"),
    "platform": _("the recruitment site"),
    "reviewer": _("our reviewer"),
    "service": _("nobody: it goes on by itself"),
    "nobody": _("nobody: time has to pass"),
}

DOCUMENT_HINTS: dict[str, Promise] = {
    DocumentKind.BUSINESS_LICENCE: _("Original or duplicate copy. All four edges in the picture, the text sharp, no glare."),
    DocumentKind.AUTHORIZATION_LETTER: _("With the company's seal. Helpful where your e-mail address is not at the company's own domain."),
    DocumentKind.HR_SERVICE_LICENCE: _("The valid licence by which your agency offers HR services."),
    DocumentKind.APPROVAL_DOCUMENT: _("The document by which your body was set up."),
}

DOCUMENTS_OF: dict[str, tuple[tuple[str, bool], ...]] = {
    AccountClass.DIRECT_EMPLOYER: ((DocumentKind.BUSINESS_LICENCE, True), (DocumentKind.AUTHORIZATION_LETTER, False)),
    AccountClass.COMMERCIAL_AGENCY: (
        (DocumentKind.BUSINESS_LICENCE, True),
        (DocumentKind.HR_SERVICE_LICENCE, True),
        (DocumentKind.AUTHORIZATION_LETTER, False),
    ),
    AccountClass.PUBLIC_SERVICE: ((DocumentKind.APPROVAL_DOCUMENT, True), (DocumentKind.AUTHORIZATION_LETTER, False)),
}
"""Which documents each account class is asked for, and whether it needs them."""

# --- Which item a reason belongs to ----------------------------------------------------------------------

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("authority_email_unverified", "email"),
    ("authority_", "authority"),
    ("agency_client", "client_authorization"),
    ("agency_", "hr_service_licence"),
    ("approval_document", "approval_document"),
    *((family, "business_licence") for family in ("document_", "uscc_", "name_", "legal_", "established_", "forgery_", "duplicate_")),
)


def requirement_of(code: str) -> str:
    """The requirement that a reason speaks of, by its family; "" where it speaks of none, such as a reviewer's own words."""
    return next((requirement for family, requirement in _FAMILIES if code.startswith(family)), "")


# --- What is not told ------------------------------------------------------------------------------------

OF_OTHERS = frozenset({"registry", "duplicates"})
"""Checks that know what the employer has not said: the register's entry, other employers' pictures. A thief with
somebody's licence would learn from a refusal what to write on the next one; so these say only what does not agree."""

_WITHOUT_CHECK = frozenset({"legal_representative_mismatch", "established_on_mismatch", "document_unreadable", "duplicate_same_image"})
"""Codes by which the register's findings are known in decisions that do not yet name the check of a reason."""


def told(finding: Finding) -> Finding:
    """`finding` as its employer may see it: with its own values, without those of the register or of others."""
    return replace(finding, expected="", region=None) if finding.check in OF_OTHERS else finding


def told_reason(reason: dict[str, Any]) -> dict[str, Any]:
    """A stored reason of a decision, likewise."""
    code, check = reason["code"], reason.get("check")
    hidden = check in OF_OTHERS if check else code in _WITHOUT_CHECK or code.startswith("registry_")
    return reason | {"expected": ""} if hidden else reason
