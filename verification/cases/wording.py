"""The words that pages, console, mails and API use for states, checks, findings and events.

Reasons have their own sentences in `events.core.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from documents.page.paper_kinds import PaperKind
from employers.models import AccountClass
from events.core.reasons import REASONS, Reason
from verification.models import DocumentKind
from verification.rules import states
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from verification.rules.turn import Turn

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
    State.CHANGES_REQUESTED: Words(_("Waiting for you"), _("Changes requested")),
    State.APPROVED: same_for_all(_("Approved")),
    State.REJECTED: Words(_("Refused"), _("Rejected")),
    State.SUSPENDED: same_for_all(_("Suspended")),
    State.REVOKED: same_for_all(_("Revoked")),
    State.EXPIRED: same_for_all(_("Expired")),
    State.WITHDRAWN: same_for_all(_("Withdrawn")),
}


@dataclass(frozen=True)
class Badge:
    """The words and the style of the badge at the top of a case's page."""

    words: Word
    style: str


def state_badge(state: str, turn: Turn, in_force: bool) -> Badge:
    """Return the state of a case for its employer; during the checks, also who acts next."""
    shown = State(state)
    if shown is State.APPROVED and not in_force:
        shown = State.EXPIRED
    if shown in states.IN_PROGRESS and turn is Turn.EMPLOYER:
        shown = State.CHANGES_REQUESTED
    if shown in states.IN_PROGRESS and turn is Turn.BANK:
        return Badge(_("Waiting for the bank"), shown)
    return Badge(STATES[shown].employer, shown)


CHECKS: Final[dict[str, Words]] = {
    "scan": Words(_("File is safe"), _("Virus scan")),
    "reading": Words(_("Licence can be read"), _("Licence reading")),
    "registry": Words(_("Matches the company register"), _("Company register")),
    "duplicates": Words(_("Not used by another account"), _("Duplicates")),
    "exclusion": Words(_("Not on the exclusion list"), _("Exclusion list")),
    "forgery": Words(_("Photo not edited"), _("Signs of editing")),
    "agency_licence": Words(_("Licensed to recruit for others"), _("HR service licence")),
    "authority": Words(_("Your authority to act for the company"), _("Recruiter's authority")),
}

FOUND: Final[dict[str, Words]] = {
    "clean": Words(_("The virus scan found nothing"), _("No virus found")),
    "re_encoded_only": Words(
        _("We converted the pages to clean images"),
        _("No virus scanner is set up. We re-encoded the pages."),
    ),
    "uscc_agrees": Words(
        _("The unified social credit code matches"),
        _("The code on the licence matches the declared code"),
    ),
    "qr_agrees": Words(
        _("The QR code on the licence matches"), _("The QR code matches the declared code")
    ),
    "name_agrees": same_for_all(_("The company name matches")),
    "legal_representative_agrees": same_for_all(_("The legal representative matches")),
    "established_on_agrees": same_for_all(_("The date of establishment matches")),
    "registry_active": Words(
        _("The company is registered and active"), _("The register lists the company as active")
    ),
    "registry_new_company": same_for_all(_("The company is new")),
    "registry_lists_not_told": same_for_all(
        _("This register has no abnormal or serious violation lists")
    ),
    "no_duplicate": Words(
        _("No other account has used this licence"),
        _("No other account has used this picture or this code"),
    ),
    "not_excluded": same_for_all(_("Exclusion list: no match")),
    "no_trace_of_editing": Words(_("Signs of editing: none found"), _("No signs of editing found")),
    "compression_noted": Words(
        _("Signs of editing: none found"),
        _("One area may have been compressed differently from the rest"),
    ),
    "overlay_noted": Words(
        _("Signs of editing: none found"), _("Something overlays the page, such as a usage mark")
    ),
    "ground_noted": Words(
        _("Signs of editing: none found"),
        _("The background of this value is smoother than the paper around it"),
    ),
    "glyph_noted": Words(
        _("Signs of editing: none found"), _("One character differs from the rest of its line")
    ),
    "copy_noted": Words(
        _("Signs of editing: none found"), _("Two parts of the code are unusually alike")
    ),
    "screen_noted": Words(
        _("Signs of editing: none found"),
        _("A fine grid covers the picture, as on a screen or a print"),
    ),
    "editor_noted": Words(
        _("Signs of editing: none found"),
        _("The file names image-editing software. This applies to the whole page."),
    ),
    "qr_noted": Words(
        _("Signs of editing: none found"),
        _("The QR code leads to a bare IP address, as on some older licences"),
    ),
    "excluded_namesake": Words(
        _("Exclusion list: no match"),
        _("Someone on the exclusion list has the same name. Nothing else matches."),
    ),
    "authority_proven": Words(
        _("You have proved that you act for the company"), _("The recruiter's authority is proved")
    ),
    "authority_email_at_company_domain": Words(
        _("Your email address is at the company's own domain"),
        _("The recruiter's verified email address is at the company's own domain"),
    ),
    "no_agency": same_for_all(_("No HR service licence is needed")),
    "agency_licence_agrees": same_for_all(
        _("The HR service licence is in force and names the company")
    ),
    "agency_client_agrees": Words(
        _("A client's authorisation names the client and your agency"),
        _("A client's authorisation names the client and the agency"),
    ),
    "document_in_term": same_for_all(_("The business term has not ended")),
}
"""Findings of checks that are not problems."""

SEVERITIES: Final[dict[Severity, Word]] = {
    Severity.BLOCK: _("Blocks"),
    Severity.CONCERN: _("Concern"),
    Severity.UNABLE: _("Inconclusive"),
    Severity.WAIT: _("Pending"),
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
    "email": _("Email"),
    "type": _("Type"),
    "address": _("Address"),
    "registration_authority": _("Registration authority"),
    "business_scope": _("Business scope"),
    "number": _("Number of the licence"),
    "scope": _("Scope of services"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "company": _("Client"),
    "letter_company": _("Company that gives the authority"),
    "letter_recruiter": _("Person with the authority (you)"),
}

HAPPENED: dict[str, Promise] = {
    "open": _("Case opened"),
    "declare": _("Company details filled in"),
    "add_document": _("Document added"),
    "reuse_document": _("Document reused from an earlier case"),
    "refuse_upload": _("Upload refused"),
    "remove_document": _("Document removed"),
    "drop_upload": _("Document removed"),
    "erase_personal_paper": _("Personal document erased"),
    "erase_draft": _("Documents of the withdrawn application erased"),
    "hold_upload": _("Upload waits for your email confirmation"),
    "restore_document": _("Document restored"),
    "add_client": _("Client added"),
    "change_client": _("Client corrected"),
    "judge_client": _("Client's letter compared with your details"),
    "accept_client": _("Client's letter accepted by a reviewer"),
    "end_client": _("Client ended"),
    "submit": _("Submitted"),
    "start_checks": _("Checks started"),
    "wait": _("Waiting"),
    "confirm": _("Confirmed by the company register"),
    "approve": _("Approved"),
    "hold_for_review": _("Sent to a reviewer"),
    "reject": _("Refused"),
    "request_changes": _("Changes requested"),
    "appeal": _("Appeal sent"),
    "reopen": _("Decision withdrawn. A reviewer checks again"),
    "withdraw": _("Withdrawn"),
    "suspend": _("Suspended"),
    "reinstate": _("Rights restored"),
    "uphold": _("Appeal answered: decision unchanged"),
    "revoke": _("Revoked"),
    "expire": _("Expired"),
    "remind": _("Reminded to verify again"),
    "ask_person": _("Reviewer asked"),
    "begin_proof": _("Proof of authority started"),
    "give_code": _("Code entered"),
    "prove": _("Authority proved"),
    "fail_proof": _("Proof of authority failed"),
    "lapse_proof": _("Proof of authority expired"),
    "state_values": _("Licence details checked by you"),
}
"""Events of a case that its employer sees."""

HAPPENED_FOR_STAFF: Final[dict[str, Promise]] = HAPPENED | {
    "claim": _("Claimed"),
    "release_claim": _("Returned to the queue"),
    "view_phone": _("Recruiter's phone number viewed"),
    "assign": _("Assigned to a colleague"),
    "ask_take_over": _("A colleague asked to take over"),
    "give_claim": _("Handed over to a colleague"),
    "keep_claim": _("Not handed over"),
    "unmask": _("Hidden details viewed"),
    "propose_bulk": _("Bulk decision proposed"),
    "rule": _("Reviewer decided"),
    "undo": _("Decision undone"),
    "file_ruling": _("Decision kept for comparison"),
    "return_ruling": _("Decision could not be carried out"),
    "hold": _("Set aside"),
    "escalate": _("Passed to a senior reviewer"),
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
    "uphold": DecisionWords(_("Turn down the appeal"), _("Appeal turned down: %(name)s")),
    "revoke": DecisionWords(_("Revoke"), _("Revoked: %(name)s")),
    "reopen": DecisionWords(_("Reopen"), _("Reopened: %(name)s")),
    "hold": DecisionWords(_("Set aside for later"), _("Set aside: %(name)s")),
    "escalate": DecisionWords(
        _("Pass to a senior reviewer"), _("Passed to a senior reviewer: %(name)s")
    ),
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
    "candidate": _("The candidate"),
}

REQUIREMENTS: dict[str, tuple[Promise, Promise]] = {
    "mail_address": (
        _("Your email address"),
        _("So that we can reach you, and nobody else can register in your name."),
    ),
    "company_facts": (
        _("Company details"),
        _("We compare them with the licence and the company register."),
    ),
    "business_licence": (
        _("Business licence"),
        _("It shows that the company exists and who represents it. Candidates rely on that."),
    ),
    "approval_document": (
        _("Document that set up your organisation"),
        _("Your organisation has no business licence, so we need this instead."),
    ),
    "registration": (
        _("Company register entry"),
        _("We look it up ourselves: whether the company is active, and whether the details match."),
    ),
    "agency_licence": (
        _("HR service licence"),
        _("The law requires it if you recruit for others."),
    ),
    "client_authorization": (
        _("Authorisation from each client"),
        _("It shows who you recruit for, and that they know."),
    ),
    "authority": (
        _("Your authority to recruit"),
        _(
            "Anyone can get a picture of a licence, so we also need one of these to show"
            " that the company authorised you."
        ),
    ),
    "submission": (_("Submission"), _("We check nothing until you submit.")),
    "reverification": (_("Verify again"), _("Employers verify again every six months.")),
}
"""The name of each requirement, and why it is required."""

TAGS: dict[str, Promise] = {
    "check": _("Please check"),
    "done": _("Done"),
    "ready": _("Ready"),
    "ended": _("Ended"),
    "ours": _("No action needed"),
    "reviewing": _("With a reviewer"),
    "checking": _("Being checked"),
    "begun": _("In progress"),
    "again": _("Needs changes"),
    "overdue": _("Overdue"),
    "todo": _("To do"),
    "open": _("Incomplete"),
}
"""The state of a requirement, in one or two words."""

UNLOCKS: dict[str, Promise] = {
    "submission": _("Lets you: submit"),
    "download": _("Lets you: view and download resumes"),
}

WAYS: Final[dict[str, Word]] = _DOCUMENTS | {
    "company_email": _("Code to your company email"),
    "e_licence": _("Electronic licence scan"),
    "bank_deposit": _("Small transfer to the company"),
    "vouch": _("A colleague vouches for you"),
    "authorization_letter": _("Stamped letter of authorisation"),
    "declare": _("Correct company details"),
    "mail_link": _("Open the link we emailed"),
    "submit": _("Submit"),
    "start": _("Start again"),
    "appeal": _("Appeal"),
    "ask_person": _("Ask a reviewer"),
}

STRENGTHS: dict[str, Promise] = {
    "strong": _("Sufficient on its own"),
    "medium": _("Usually sufficient"),
    "weak": _("A reviewer decides"),
}
"""How strong each way is."""

PAPERS: Final[dict[str, Word]] = _DOCUMENTS | {
    PaperKind.IDENTITY_CARD: _("Identity card"),
    PaperKind.DRIVING_LICENCE: _("Driving licence"),
    PaperKind.PASSPORT: _("Passport"),
    PaperKind.BANK_CARD: _("Bank card"),
    PaperKind.ACCOUNT_PERMIT: _("Bank account permit"),
    PaperKind.TAX_CERTIFICATE: _("Tax registration certificate or organisation code certificate"),
    PaperKind.OTHER_PERMIT: _("Another kind of permit"),
    PaperKind.CONTRACT: _("Contract or agreement"),
    PaperKind.RECEIPT: _("Receipt or invoice"),
    PaperKind.PRICE_LIST: _("Menu or price list"),
    PaperKind.SCREENSHOT: _("Screenshot of an app"),
    PaperKind.NO_TEXT: _("A picture without text"),
}
"""The kinds of papers that a page can turn out to be."""
SEEN: Final[dict[str, Word]] = {
    **PAPERS,
    **WAYS,
    **STRENGTHS,
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

WAY_STATES: dict[str, Promise] = {
    "satisfied": _("Done"),
    "pending_verification": _("In progress"),
    "failed": _("Not successful"),
}

TURNS: dict[Turn, Promise] = {
    Turn.EMPLOYER: _("It is your turn. We continue as soon as you have done this."),
    Turn.ZIZHI: _("You do not need to do anything now."),
    Turn.BANK: _("We are waiting for the bank. You do not need to do anything now."),
    Turn.NOBODY: _("Nothing is outstanding."),
}
"""Who acts next, in a sentence."""

WHO: dict[str, Promise] = {
    "recruiter": _("you"),
    "company": _("your company"),
    "platform": _("the recruitment site"),
    "reviewer": _("our reviewer"),
    "service": _("no action needed"),
    "nobody": _("no action needed, just wait"),
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
"""For signs of editing, the employer sees only the sentence. The place and kind would teach a
forger what to improve.
"""


def finding_for_employer(finding: Finding) -> Finding:
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
