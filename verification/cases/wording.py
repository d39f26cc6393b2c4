"""The words that pages, console, mails and API use for states, checks, findings and events.

Reasons have their own sentences in `events.core.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass
from events.core.reasons import REASONS, Reason
from verification.models import DocumentKind
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

Word = str | Promise


@dataclass(frozen=True)
class Words:
    """The words for one thing: those for its employer, and those for staff."""

    employer: Promise
    staff: Promise


def same_for_all(words: Promise) -> Words:
    """The same words for employer and staff."""
    return Words(words, words)


STATES: Final[dict[str, Words]] = {
    State.DRAFT: Words(_("Not submitted yet"), _("Draft")),
    State.SUBMITTED: same_for_all(_("Submitted")),
    State.CHECKING: same_for_all(_("Being checked")),
    State.IN_REVIEW: Words(_("With a reviewer"), _("Waiting for review")),
    State.CHANGES_REQUESTED: Words(_("Waits for you"), _("Changes requested")),
    State.APPROVED: same_for_all(_("Approved")),
    State.REJECTED: Words(_("Refused"), _("Rejected")),
    State.SUSPENDED: same_for_all(_("Suspended")),
    State.REVOKED: same_for_all(_("Revoked")),
    State.EXPIRED: same_for_all(_("Expired")),
    State.WITHDRAWN: same_for_all(_("Withdrawn")),
}

CHECKS: Final[dict[str, Words]] = {
    "scan": Words(_("Is the file safe?"), _("Virus scan")),
    "reading": Words(_("What does the licence say?"), _("Reading of the licence")),
    "registry": Words(_("Does the company register agree?"), _("Company register")),
    "duplicates": Words(_("Is it used by nobody else?"), _("Duplicates")),
    "exclusion": Words(_("Is nobody here who was excluded?"), _("Exclusion list")),
    "forgery": Words(_("Is the picture as it was taken?"), _("Traces of editing")),
    "agency_licence": Words(_("May you recruit for others?"), _("HR service licence")),
    "authority": Words(_("Do you act for the company?"), _("Recruiter's authority")),
}

FOUND: Final[dict[str, Words]] = {
    "clean": Words(_("The virus scan found nothing"), _("The virus scanner found nothing")),
    "re_encoded_only": Words(
        _("The pages were copied into clean pictures"),
        _("No virus scanner is set up; the pages were re-encoded"),
    ),
    "uscc_agrees": Words(
        _("The unified social credit code agrees"), _("The code on the licence is the declared one")
    ),
    "qr_agrees": Words(_("The licence's QR code agrees"), _("The QR code names the declared code")),
    "name_agrees": same_for_all(_("The company name agrees")),
    "legal_representative_agrees": same_for_all(_("The legal representative agrees")),
    "established_on_agrees": same_for_all(_("The date of establishment agrees")),
    "registry_active": Words(
        _("The company is registered and active"), _("The register lists the company as active")
    ),
    "registry_new_company": same_for_all(_("The company was founded not long ago")),
    "registry_lists_not_told": same_for_all(
        _("This register does not tell of lists of irregular companies")
    ),
    "no_duplicate": Words(
        _("No other account has used this licence"),
        _("Nobody else has used this picture or this code"),
    ),
    "not_excluded": same_for_all(_("Nothing stands on the exclusion list")),
    "no_trace_of_editing": Words(
        _("Nothing speaks against the picture"), _("No trace of editing was found")
    ),
    "compression_noted": Words(
        _("Nothing speaks against the picture"),
        _("One place may have been saved otherwise than the rest"),
    ),
    "overlay_noted": Words(
        _("Nothing speaks against the picture"),
        _("Something was laid over the page, such as a mark of use"),
    ),
    "ground_noted": Words(
        _("Nothing speaks against the picture"),
        _("The ground under this value is smoother than the paper around it"),
    ),
    "glyph_noted": Words(
        _("Nothing speaks against the picture"),
        _("One character differs from the others of its line"),
    ),
    "copy_noted": Words(
        _("Nothing speaks against the picture"), _("Two places of the code are unusually alike")
    ),
    "screen_noted": Words(
        _("Nothing speaks against the picture"),
        _("A fine grid lies over the picture, as of a screen or of printing"),
    ),
    "editor_noted": Words(
        _("Nothing speaks against the picture"),
        _("The file names a program that edits pictures, and no place: the whole page is meant"),
    ),
    "qr_noted": Words(
        _("Nothing speaks against the picture"),
        _("The QR code leads to a bare address, as some older licences' do"),
    ),
    "excluded_namesake": Words(
        _("Nothing stands on the exclusion list"),
        _("Somebody of the same name is on the exclusion list, and nothing else agrees"),
    ),
    "authority_proven": Words(
        _("You have shown that you act for the company"), _("The recruiter's authority is proven")
    ),
    "authority_email_at_company_domain": Words(
        _("Your e-mail address is at the company's own domain"),
        _("The recruiter's verified address is at the company's own domain"),
    ),
    "no_agency": same_for_all(_("No HR service licence is needed")),
    "agency_licence_agrees": same_for_all(
        _("The HR service licence is in force and names the company")
    ),
    "agency_client_agrees": Words(
        _("A client's authorisation names the client and you"),
        _("A client's authorisation names the client and the agency"),
    ),
    "document_in_term": same_for_all(_("The business term has not ended")),
}
"""Findings of checks that are not problems."""

SEVERITIES: Final[dict[Severity, Word]] = {
    Severity.BLOCK: _("Blocks"),
    Severity.CONCERN: _("Speaks against"),
    Severity.UNABLE: _("Could not tell"),
    Severity.WAIT: _("Time will tell"),
    Severity.NOTE: _("Note"),
    Severity.PASS: _("In order"),
}

_DOCUMENTS: Final[dict[str, Word]] = {
    kind: kind.label for kind in DocumentKind if kind is not DocumentKind.APPEAL_EVIDENCE
}

FIELDS: Final[dict[str, Word]] = _DOCUMENTS | {
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
    "type": _("Type"),
    "address": _("Address"),
    "registration_authority": _("Registration authority"),
    "business_scope": _("Business scope"),
    "number": _("Number of the licence"),
    "scope": _("Scope of services"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "company": _("Client"),
}

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
"""Events of a case that its employer sees."""

HAPPENED_FOR_STAFF: Final[dict[str, Promise]] = HAPPENED | {
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
"""Events that staff see, including internal ones such as a reviewer's claim."""


@dataclass(frozen=True)
class DecisionWords:
    """The words for a reviewer's action: on the button, and after it is done."""

    button: Promise
    done: Promise


DECISIONS: Final = {
    "approve": DecisionWords(_("Approve"), _("Approved: %(name)s")),
    "request_changes": DecisionWords(_("Request changes"), _("Changes requested: %(name)s")),
    "reject": DecisionWords(_("Reject"), _("Rejected: %(name)s")),
    "suspend": DecisionWords(_("Suspend"), _("Suspended: %(name)s")),
    "reinstate": DecisionWords(_("Reinstate"), _("Reinstated: %(name)s")),
    "uphold": DecisionWords(_("Turn the appeal down"), _("Appeal turned down: %(name)s")),
    "revoke": DecisionWords(_("Revoke"), _("Revoked: %(name)s")),
    "reopen": DecisionWords(_("Reopen"), _("Reopened: %(name)s")),
    "hold": DecisionWords(_("Set it aside"), _("Set aside: %(name)s")),
    "escalate": DecisionWords(_("Hand to a senior"), _("Handed to a senior: %(name)s")),
}

ACCOUNT_CLASSES: Final[dict[AccountClass, Word]] = {
    AccountClass.DIRECT_EMPLOYER: _("Direct employer"),
    AccountClass.COMMERCIAL_AGENCY: _("HR service agency"),
    AccountClass.PUBLIC_SERVICE: _("Public service"),
}

ROLES: Final[dict[str, Word]] = {
    "system": _("Zizhi"),
    "owner": _("Employer's owner"),
    "recruiter": _("Recruiter"),
    "reviewer": _("Reviewer"),
    "platform": _("Platform"),
}

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
"""The name of each requirement, and why it is required."""

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
"""What is left before a case can be submitted, by the next requirement."""

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
"""The state of a requirement, in one or two words."""

UNLOCKS: dict[str, Promise] = {
    "submission": _("Opens: handing the case in"),
    "download": _("Opens: viewing and downloading resumes"),
}

WAYS: Final[dict[str, Word]] = _DOCUMENTS | {
    "company_email": _("A code to your e-mail at the company"),
    "e_licence": _("Scan with the electronic licence"),
    "bank_deposit": _("A small transfer to the company's account"),
    "vouch": _("A verified colleague vouches for you"),
    "authorization_letter": _("A stamped letter of authorisation"),
    "declare": _("Correct what you declared"),
    "mail_link": _("Open the link that we mailed"),
    "submit": _("Submit"),
    "start": _("Begin again"),
    "appeal": _("Appeal"),
    "ask_person": _("Ask a person to look"),
}

SEEN: Final[dict[str, Word]] = {
    **WAYS,
    **{str(state): words.employer for state, words in STATES.items()},
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
}
"""Stored values of `seen` and `expected` in a reason."""

STRENGTHS: dict[str, Promise] = {
    "strong": _("enough by itself"),
    "medium": _("usually enough"),
    "weak": _("a reviewer decides"),
}
"""How strong each way is."""

WAY_STATES: dict[str, Promise] = {
    "satisfied": _("Done"),
    "pending_verification": _("Under way"),
    "failed": _("Did not succeed"),
}

WAITS_FOR_EMPLOYER = frozenset({"authority_missing"})
"""Reasons for waiting that the employer can resolve now."""

WHO: dict[str, Promise] = {
    "recruiter": _("you"),
    "company": _("your company"),
    "platform": _("the recruitment site"),
    "reviewer": _("our reviewer"),
    "service": _("nobody: it goes on by itself"),
    "nobody": _("nobody: time has to pass"),
}


def in_language(reason: Reason) -> str:
    """The sentence of a reason, in the language of the page."""
    return reason.says.in_(get_language() or "zh-hans")


def code_for_staff(code: str) -> Word:
    """The words for staff for a reason or a finding; the code itself if there are none."""
    if code in REASONS:
        return in_language(REASONS[code])
    return FOUND[code].staff if code in FOUND else code


# --- What employers are not told ------------------------------------------------------------------

OF_OTHERS = frozenset({"registry", "duplicates", "exclusion"})
"""Checks that use data beyond the employer's own: the register's entry, other employers' pictures.

A thief with another's licence would learn from the details of a refusal what to write next time.
Their reasons therefore state only that something does not match.
"""

_WITHOUT_CHECK = frozenset(
    {
        "legal_representative_mismatch",
        "established_on_mismatch",
        "document_unreadable",
        "duplicate_same_image",
    }
)
"""Codes of the register's findings in old decisions, whose reasons do not name their check."""


_TEACHES = "forgery"
"""For signs of editing, the employer is told only the sentence. The place and kind would teach a
forger what to improve.
"""


def told(finding: Finding) -> Finding:
    """`finding` as its employer may see it: with its own values, without those of the register or
    of others.
    """
    if finding.check == _TEACHES:
        return replace(finding, field="", seen="", expected="", page=0, region=None)
    return replace(finding, expected="", region=None) if finding.check in OF_OTHERS else finding


def told_reason(reason: dict[str, Any]) -> dict[str, Any]:
    """A stored reason of a decision, as its employer may see it."""
    code, check = reason["code"], reason.get("check")
    if check == _TEACHES or (not check and code.startswith(f"{_TEACHES}_")):
        return reason | {"field": "", "seen": "", "expected": ""}
    hidden = check in OF_OTHERS if check else code in _WITHOUT_CHECK or code.startswith("registry_")
    return reason | {"expected": ""} if hidden else reason
