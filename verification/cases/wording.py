"""In which words is an employer told of states, checks, findings and events?

Why something is held or refused stands in `events.core.reasons`; here stands the rest, as
translatable strings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.models import DocumentKind
from verification.rules.findings import Finding
from verification.rules.states import State

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
    "exclusion": _("Is nobody here who was excluded?"),
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
    "not_excluded": _("Nothing stands on the exclusion list"),
    "no_trace_of_editing": _("Nothing speaks against the picture"),
    "compression_noted": _("Nothing speaks against the picture"),
    "overlay_noted": _("Nothing speaks against the picture"),
    "ground_noted": _("Nothing speaks against the picture"),
    "glyph_noted": _("Nothing speaks against the picture"),
    "copy_noted": _("Nothing speaks against the picture"),
    "screen_noted": _("Nothing speaks against the picture"),
    "editor_noted": _("Nothing speaks against the picture"),
    "qr_noted": _("Nothing speaks against the picture"),
    "excluded_namesake": _("Nothing stands on the exclusion list"),
    "authority_proven": _("You have shown that you act for the company"),
    "authority_email_at_company_domain": _("Your e-mail address is at the company's own domain"),
    "no_agency": _("No HR service licence is needed"),
    "agency_licence_agrees": _("The HR service licence is in force and names the company"),
    "agency_client_agrees": _("A client's authorisation names the client and you"),
    "document_in_term": _("The business term has not ended"),
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
    "registered_capital": _("Registered capital"),
    "registration_number": _("Registration number"),
    "status": _("Registration status"),
    "email": _("E-mail"),
    DocumentKind.BUSINESS_LICENCE: _("Business licence"),
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
    "reuse_document": _("Document used again from an earlier case"),
    "refuse_upload": _("An upload was refused"),
    "remove_document": _("Document removed"),
    "restore_document": _("Document restored"),
    "add_client": _("Client added"),
    "change_client": _("Client corrected"),
    "judge_client": _("A client's letter was held against what you said"),
    "accept_client": _("A client's letter was looked at and accepted"),
    "end_client": _("Client ended"),
    "submit": _("Submitted"),
    "start_checks": _("Checks began"),
    "wait": _("Waiting"),
    "confirm": _("Confirmed by the company register"),
    "approve": _("Approved"),
    "hold_for_review": _("Handed to a reviewer"),
    "reject": _("Refused"),
    "request_changes": _("Changes requested"),
    "appeal": _("Appeal made"),
    "reopen": _("Decision taken back; a reviewer looks again"),
    "withdraw": _("Withdrawn"),
    "suspend": _("Suspended"),
    "reinstate": _("Rights given back"),
    "uphold": _("Appeal answered: it stays as it is"),
    "revoke": _("Revoked"),
    "expire": _("Expired"),
    "remind": _("Reminded to verify again"),
    "ask_person": _("A person was asked to look"),
    "begin_proof": _("A proof of authority was begun"),
    "give_code": _("The code was given"),
    "prove": _("Authority was proven"),
    "fail_proof": _("A proof of authority did not succeed"),
    "lapse_proof": _("A proof of authority ran out of time"),
    "state_values": _("Values read were looked at"),
}
"""Events of a case that its employer sees; others, such as a reviewer's claim, are internal."""

REQUIREMENTS: dict[str, tuple[Promise, Promise]] = {
    "mail_address": (
        _("Your e-mail address"),
        _("So that we can reach you, and so that nobody registers in your name."),
    ),
    "company_facts": (
        _("What you declare of the company"),
        _("The licence and the company register are compared with it."),
    ),
    "business_licence": (
        _("Business licence"),
        _("It shows that the company exists and who represents it. Candidates rely on that."),
    ),
    "approval_document": (
        _("Document by which your body was set up"),
        _("It stands in place of a business licence, which such a body has not."),
    ),
    "registration": (
        _("Entry in the company register"),
        _("We look it up by ourselves: whether the company is active, and whether it agrees."),
    ),
    "agency_licence": (_("HR service licence"), _("Who recruits for others needs it by law.")),
    "client_authorization": (
        _("Authorisation of each client"),
        _("It shows for whom you recruit, and that they know it."),
    ),
    "authority": (
        _("Your authority to recruit for the company"),
        _(
            "A licence's picture can be bought. One of these ways shows that the company itself has"
            " sent you."
        ),
    ),
    "submission": (_("Handing in"), _("Nothing is checked before you hand it in.")),
    "reverification": (_("Verifying again"), _("Employers are verified again every six months.")),
}
"""What each requirement is called, and why it is asked."""

LEADS: dict[str, Promise] = {
    "mail_address": _("First confirm your e-mail address: open the link that we mailed to you."),
    "company_facts": _(
        "First say which company it is; then photograph its licence, look it over, submit."
    ),
    "business_licence": _("Almost there: photograph the licence, look it over, submit."),
    "approval_document": _(
        "Almost there: photograph the document by which your body was set up, look it over, submit."
    ),
    "agency_licence": _("Still lacking: the HR service licence. Then look it over and submit."),
    "client_authorization": _(
        "Still lacking: a client's authorisation. Then look it over and submit."
    ),
    "authority": _(
        "Still lacking: what shows that the company has sent you. Then look it over and submit."
    ),
    "submission": _("Everything is here: look it over and submit."),
}
"""What is left before a case can be handed in, by the requirement that is next."""

TAGS: dict[str, Promise] = {
    "done": _("Done"),
    "ready": _("Ready"),
    "ended": _("Ended"),
    "ours": _("Nothing to do"),
    "reviewing": _("With a reviewer"),
    "checking": _("Being checked"),
    "again": _("Do again"),
    "overdue": _("Overdue"),
    "todo": _("To do"),
    "open": _("Not met"),
}
"""Where a requirement stands, in one or two words."""

UNLOCKS: dict[str, Promise] = {
    "submission": _("Opens: handing the case in"),
    "download": _("Opens: viewing and downloading resumes"),
}

WAYS: dict[str, Promise] = {
    "company_email": _("A code to your e-mail at the company"),
    "e_licence": _("Scan with the electronic licence"),
    "bank_deposit": _("A small transfer to the company's account"),
    "vouch": _("A verified colleague vouches for you"),
    "authorization_letter": _("A stamped letter of authorisation"),
    DocumentKind.BUSINESS_LICENCE: _("Business licence"),
    DocumentKind.APPROVAL_DOCUMENT: _("Approval document"),
    DocumentKind.HR_SERVICE_LICENCE: _("HR service licence"),
    DocumentKind.CLIENT_AUTHORIZATION: _("Client's authorisation"),
    "declare": _("Correct what you declared"),
    "mail_link": _("Open the link that we mailed"),
    "submit": _("Submit"),
    "start": _("Begin again"),
    "appeal": _("Appeal"),
    "ask_person": _("Ask a person to look"),
}

SEEN.update(WAYS)

STRENGTHS: dict[str, Promise] = {
    "strong": _("enough by itself"),
    "medium": _("usually enough"),
    "weak": _("a reviewer decides"),
}
"""What a way is worth."""

WAY_STATES: dict[str, Promise] = {
    "satisfied": _("Done"),
    "pending_verification": _("Under way"),
    "failed": _("Did not succeed"),
}

WAITS_FOR_EMPLOYER = frozenset({"authority_missing"})
"""What an attempt waits for that its employer can give now."""

WHO: dict[str, Promise] = {
    "recruiter": _("you"),
    "company": _("your company"),
    "platform": _("the recruitment site"),
    "reviewer": _("our reviewer"),
    "service": _("nobody: it goes on by itself"),
    "nobody": _("nobody: time has to pass"),
}

# --- What is not told -----------------------------------------------------------------------------

OF_OTHERS = frozenset({"registry", "duplicates", "exclusion"})
"""Checks that know what the employer has not said: the register's entry, other employers' pictures.

A thief with somebody's licence would learn from a refusal what to write on the next one; so these
say only what does not agree.
"""

_WITHOUT_CHECK = frozenset(
    {
        "legal_representative_mismatch",
        "established_on_mismatch",
        "document_unreadable",
        "duplicate_same_image",
    }
)
"""Codes by which the register's findings are known in decisions that do not yet name the check of a
reason.
"""


_TEACHES = "forgery"
"""Of a trace of editing only the sentence is told: by its place and its kind a forger would learn
what to do better.
"""


def told(finding: Finding) -> Finding:
    """`finding` as its employer may see it: with its own values, without those of the register or
    of others.
    """
    if finding.check == _TEACHES:
        return replace(finding, field="", seen="", expected="", page=0, region=None)
    return replace(finding, expected="", region=None) if finding.check in OF_OTHERS else finding


def told_reason(reason: dict[str, Any]) -> dict[str, Any]:
    """A stored reason of a decision, likewise."""
    code, check = reason["code"], reason.get("check")
    if check == _TEACHES or (not check and code.startswith(f"{_TEACHES}_")):
        return reason | {"field": "", "seen": "", "expected": ""}
    hidden = check in OF_OTHERS if check else code in _WITHOUT_CHECK or code.startswith("registry_")
    return reason | {"expected": ""} if hidden else reason
