"""What is asked of whom? The rules of an account class and of a kind of body, as data with a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from events.reasons import AT_ONCE, MINUTES, ONE_DAY, Text


class Unlocks(StrEnum):
    """The right that a requirement stands before."""

    SUBMISSION = "submission"
    DOWNLOAD = "download"


MAIL, FACTS, REGISTRATION, AUTHORITY = "mail_address", "company_facts", "registration", "authority"
LICENCE, APPROVAL, AGENCY, CLIENTS = "business_licence", "approval_document", "agency_licence", "client_authorization"
SUBMISSION, REVERIFICATION = "submission", "reverification"


@dataclass(frozen=True)
class Item:
    """One thing that can be asked: by which ways it is met, which checks look at it, what is said while it is not there."""

    code: str
    unlocks: Unlocks
    ways: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """Once all of these have reported and found nothing about it, it is accepted. Without any, a person accepts it."""
    missing: str = ""


@dataclass(frozen=True)
class Pack:
    """One version of what is asked of whom. Change anything and it gets a new version."""

    version: str
    items: Mapping[str, Item]
    """Everything that can be asked, in the order in which it is done."""
    by_class: Mapping[str, tuple[str, ...]]
    """What each account class is asked for, besides its paper."""
    paper: Mapping[str, str]
    """By the first character of the code, the paper by which the body was set up; all others have `other_paper`."""
    other_paper: str
    public_paper: str
    """Of public employment services, whatever their code."""
    renew_before: timedelta
    """How long before an approval ends it is asked to verify anew."""


EVERYBODY: Final = (MAIL, FACTS, AUTHORITY)
_ITEMS: Final = (
    Item(MAIL, Unlocks.SUBMISSION, ("mail_link",), missing="authority_email_unverified"),
    Item(FACTS, Unlocks.SUBMISSION, ("declare",), ("reading", "registry"), "uscc_invalid"),
    Item(LICENCE, Unlocks.SUBMISSION, ("business_licence",), ("reading",), "document_missing"),
    Item(APPROVAL, Unlocks.SUBMISSION, ("approval_document",), (), "approval_document_missing"),
    Item(REGISTRATION, Unlocks.DOWNLOAD, (), ("registry",)),
    Item(AGENCY, Unlocks.DOWNLOAD, ("hr_service_licence",), ("agency_licence",), "agency_licence_missing"),
    Item(CLIENTS, Unlocks.DOWNLOAD, ("client_authorization",), ("agency_licence",), "agency_client_missing"),
    Item(
        AUTHORITY,
        Unlocks.DOWNLOAD,
        ("company_email", "e_licence", "bank_deposit", "vouch", "authorization_letter"),
        ("authority",),
        "authority_missing",
    ),
    Item(SUBMISSION, Unlocks.DOWNLOAD),
    Item(REVERIFICATION, Unlocks.DOWNLOAD, ("start",)),
)
CURRENT: Final = Pack(
    version="2026-11.1",
    items={item.code: item for item in _ITEMS},
    by_class={
        "direct_employer": EVERYBODY,
        "commercial_agency": (*EVERYBODY, AGENCY, CLIENTS),
        "public_service": EVERYBODY,
    },
    paper={"9": LICENCE},
    other_paper=APPROVAL,
    public_paper=APPROVAL,
    renew_before=timedelta(days=30),
)
"""人力资源市场暂行条例 18 and 26, 人社厅发〔2025〕60号. A body without a business licence is asked for what set it up."""

TAKES: Final[dict[str, Text]] = {
    "mail_link": AT_ONCE, "declare": MINUTES, "business_licence": MINUTES, "approval_document": MINUTES, "hr_service_licence": MINUTES,
    "client_authorization": MINUTES, "company_email": MINUTES, "e_licence": MINUTES, "vouch": MINUTES, "authorization_letter": ONE_DAY,
    "bank_deposit": Text("一至两个工作日", "one or two working days"), "submit": MINUTES, "start": MINUTES, "appeal": ONE_DAY,
    "ask_person": ONE_DAY,
}  # fmt: skip
"""How long each way usually takes, until it is known whether it is good."""


PAPERS: Final = frozenset({LICENCE, APPROVAL})
"""By which a body shows that it exists; of each body one of them is due."""


def paper_of(account_class: str, uscc: str, pack: Pack = CURRENT) -> str:
    """The paper by which this body shows that it exists: `business_licence` or `approval_document`."""
    if account_class == "public_service":
        return pack.public_paper
    return pack.paper.get(uscc[:1], pack.other_paper) if uscc else pack.paper["9"]


# --- Which item a reason is about ------------------------------------------------------------------------

OF_KIND: Final = {
    "business_licence": LICENCE, "approval_document": APPROVAL, "hr_service_licence": AGENCY, "client_authorization": CLIENTS,
    "authorization_letter": AUTHORITY,
}  # fmt: skip
"""Under which item each kind of document stands."""
_OF_PAPER: Final = (
    "document_", "uscc_missing", "legal_representative_", "established_on_", "agency_scope_", "duplicate_same_image", "forgery_",
)  # fmt: skip
_OF_A_DOCUMENT: Final = ("document_", "duplicate_same_image", "duplicate_alike", "forgery_")
"""Reasons that name the kind of document which they are about, where that is not the paper."""
_ABOUT: Final = (
    ("authority_email_unverified", MAIL), ("authority_", AUTHORITY), ("proof_", AUTHORITY), ("bank_", AUTHORITY), ("e_licence_", AUTHORITY),
    ("vouch_", AUTHORITY), ("agency_client_", CLIENTS), ("agency_licence_", AGENCY),
    ("duplicate_agency_licence", AGENCY), ("approval_document_", APPROVAL),
    ("registry_", REGISTRATION), ("name_", FACTS), ("uscc_invalid", FACTS), ("uscc_mismatch", FACTS),
)  # fmt: skip
"""By how the code of a reason begins; the first that fits."""


def about(code: str, field: str = "", paper: str = LICENCE) -> str:
    """The item that a reason is about; what nobody but a reviewer can settle belongs to the submission."""
    if code.startswith(_OF_A_DOCUMENT) and field in OF_KIND:
        return OF_KIND[field]
    if code.startswith(_OF_PAPER) or (code == "uscc_mismatch" and field == "qr"):
        return paper
    return next((item for start, item in _ABOUT if code.startswith(start)), SUBMISSION)
