"""The requirements of each account class and kind of organisation, as versioned data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from events.core.reasons import AT_ONCE, HEARD, MINUTES, REVIEWED, Text


class Unlocks(StrEnum):
    """The right that a requirement guards."""

    SUBMISSION = "submission"
    DOWNLOAD = "download"


# Codes of requirements.
MAIL: Final = "mail_address"
FACTS: Final = "company_facts"
REGISTRATION: Final = "registration"
AUTHORITY: Final = "authority"
LICENCE: Final = "business_licence"
APPROVAL: Final = "approval_document"
AGENCY: Final = "agency_licence"
CLIENTS: Final = "client_authorization"
SUBMISSION: Final = "submission"
REVERIFICATION: Final = "reverification"


@dataclass(frozen=True)
class Item:
    """One possible requirement: the ways to meet it, the checks on it, and the reason while it is
    missing.
    """

    code: str
    unlocks: Unlocks
    ways: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """Once all of these have reported and found nothing against it, it is accepted.

    If there are none, a person accepts it.
    """
    missing: str = ""


@dataclass(frozen=True)
class Pack:
    """One version of the requirements. Every change needs a new version."""

    version: str
    items: Mapping[str, Item]
    """All possible requirements, in the order in which they are met."""
    by_class: Mapping[str, tuple[str, ...]]
    """The requirements of each account class, besides its founding document."""
    paper: Mapping[str, str]
    """By the first character of the code, the founding document that is required. All other codes
    need `other_paper`.
    """
    other_paper: str
    public_paper: str
    """The founding document of public employment services, whatever their code."""
    renew_before: timedelta
    """How long before the end of an approval re-verification becomes due."""


EVERYBODY: Final = (MAIL, FACTS, AUTHORITY)
_ITEMS: Final = (
    Item(MAIL, Unlocks.SUBMISSION, ("mail_link",), missing="authority_email_unverified"),
    Item(FACTS, Unlocks.SUBMISSION, ("declare",), ("reading", "registry"), "uscc_invalid"),
    Item(LICENCE, Unlocks.SUBMISSION, ("business_licence",), ("reading",), "document_missing"),
    Item(APPROVAL, Unlocks.SUBMISSION, ("approval_document",), (), "approval_document_missing"),
    Item(REGISTRATION, Unlocks.DOWNLOAD, (), ("registry",)),
    Item(
        AGENCY,
        Unlocks.DOWNLOAD,
        ("hr_service_licence",),
        ("agency_licence",),
        "agency_licence_missing",
    ),
    Item(
        CLIENTS,
        Unlocks.DOWNLOAD,
        ("client_authorization",),
        ("agency_licence",),
        "agency_client_missing",
    ),
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
"""人力资源市场暂行条例 18 and 26, 人社厅发〔2025〕60号.

An organisation without a business licence provides the document that established it.
"""

TAKES: Final[dict[str, Text]] = {
    "mail_link": AT_ONCE,
    "declare": MINUTES,
    "business_licence": MINUTES,
    "approval_document": MINUTES,
    "hr_service_licence": MINUTES,
    "client_authorization": MINUTES,
    "company_email": MINUTES,
    "e_licence": MINUTES,
    "vouch": MINUTES,
    "authorization_letter": REVIEWED,
    "bank_deposit": Text("一至两个工作日", "one or two working days"),
    "submit": MINUTES,
    "start": MINUTES,
    "appeal": HEARD,
    "ask_person": HEARD,
}
"""How long each way usually takes, until its result is known."""

YOU: Final = Text("你", "you")
WHO: Final[dict[str, Text]] = dict.fromkeys(TAKES, YOU) | {
    "company_email": Text("能查看该邮箱的人", "anyone who can read that mailbox"),
    "e_licence": Text(
        "法定代表人或其授权的人", "the legal representative or someone they authorised"
    ),
    "bank_deposit": Text("能查看公司账户的人", "anyone who can see the company's account"),
    "vouch": Text("已通过核验的同事", "a verified colleague"),
    "authorization_letter": Text(
        "由公司盖章，再由审核员核实", "your company stamps it, and our reviewer checks it"
    ),
    "client_authorization": Text("由委托单位盖章", "your client stamps it"),
    "appeal": Text("你提出，由另一位审核员答复", "you, and another reviewer answers"),
    "ask_person": Text("你提出，由审核员答复", "you, and a reviewer answers"),
}
"""Who can complete each way."""

HOW: Final[dict[str, Text]] = {
    "mail_link": Text(
        "打开我们发到你邮箱的链接，完成验证。",
        "Open the link we emailed you to confirm your address.",
    ),
    "declare": Text(
        "更正名称、代码或法定代表人，与执照保持一致。",
        "Correct the name, code or legal representative to match the licence.",
    ),
    "business_licence": Text(
        "正本或副本均可。四边完整、文字清晰、没有反光。",
        "Original or duplicate. All four edges visible, sharp text, no glare.",
    ),
    "approval_document": Text(
        "你的单位的批准设立文件。", "The document that set up your organisation."
    ),
    "hr_service_licence": Text(
        "你的机构有效的人力资源服务许可证。", "Your agency's valid HR service licence."
    ),
    "client_authorization": Text(
        "每家委托单位一份盖章的授权书，写明双方全称和有效期。",
        "One stamped letter per client. It states the full names of the client and your agency, and"
        " when it ends.",
    ),
    "company_email": Text(
        "须为公司自有域名的邮箱，QQ、163 等公共邮箱不可用。",
        "Use an address at the company's own domain. Free email such as QQ or 163 does not count.",
    ),
    "e_licence": Text(
        "由法定代表人或其授权的人，在微信或支付宝中用电子营业执照扫码。",
        "The legal representative, or someone they authorised, scans a code with the electronic"
        " licence in WeChat or Alipay.",
    ),
    "bank_deposit": Text(
        "我们向公司账户转入几分钱，附言中有六位验证码，请向能查看账户的同事索取。",
        "We send a few cents with a six-digit code. Ask a colleague who can see the account for the"
        " code.",
    ),
    "vouch": Text(
        "请公司里已通过核验的同事确认你是公司的招聘者。",
        "A colleague who is already verified here confirms that you recruit for the company.",
    ),
    "authorization_letter": Text(
        "须加盖公章。由审核员人工核实，用时最长。",
        "The letter needs the company's seal. A reviewer has to check it, so it takes longest.",
    ),
    "submit": Text("核对后提交。", "Check everything, then submit."),
    "start": Text(
        "重新开始一份申请，已上传的材料可以直接沿用。",
        "Start a new case. You can reuse your documents.",
    ),
    "appeal": Text(
        "用几句话说明哪里有误，可附证明材料。",
        "Explain in a few sentences what is wrong. You can attach files.",
    ),
    "ask_person": Text(
        "用几句话说明情况，可附文件。",
        "Explain the situation in a few sentences. You can attach files.",
    ),
}
"""What to do for each way, in a sentence or two."""


PAPERS: Final = frozenset({LICENCE, APPROVAL})
"""Founding documents. Every organisation needs exactly one of them."""


def paper_of(account_class: str, uscc: str, pack: Pack = CURRENT) -> str:
    """Return the founding document of an organisation: `business_licence` or
    `approval_document`.
    """
    if account_class == "public_service":
        return pack.public_paper
    return pack.paper.get(uscc[:1], pack.other_paper) if uscc else pack.paper["9"]


def has_e_licence(uscc: str) -> bool:
    """Whether an organisation has an electronic licence: only those with a business licence do."""
    return not uscc or uscc[:1] in CURRENT.paper


_FOUNDED_BY: Final = {
    "11": "统一社会信用代码证书 / Certificate of the code of a public authority",
    "12": "事业单位法人证书 / Certificate of a public institution",
    "51": "社会团体法人登记证书 / Certificate of a social organisation",
    "52": "民办非企业单位登记证书 / Certificate of a private non-enterprise unit",
    "53": "基金会法人登记证书 / Certificate of a foundation",
}
"""By the first two characters of the code, what the founding document is called."""


def founding_document_name(paper: str, uscc: str) -> str:
    """Return what this organisation's founding document is called, in both languages.

    "" for a business licence, and for bodies whose document has no common name.
    """
    return _FOUNDED_BY.get(uscc[:2], "") if paper == APPROVAL else ""


# --- The requirement that a reason is about -------------------------------------------------------

OF_KIND: Final = {
    "business_licence": LICENCE,
    "approval_document": APPROVAL,
    "hr_service_licence": AGENCY,
    "client_authorization": CLIENTS,
    "authorization_letter": AUTHORITY,
}
"""The requirement that each kind of document belongs to."""
_OF_PAPER: Final = (
    "document_",
    "uscc_missing",
    "legal_representative_",
    "established_on_",
    "agency_scope_",
    "duplicate_same_image",
    "forgery_",
)
_OF_A_DOCUMENT: Final = ("document_", "duplicate_same_image", "duplicate_alike", "forgery_")
"""Reasons whose field names the kind of document, if that is not the founding document."""
_ABOUT: Final = (
    ("authority_email_unverified", MAIL),
    ("authority_", AUTHORITY),
    ("proof_", AUTHORITY),
    ("bank_", AUTHORITY),
    ("e_licence_", AUTHORITY),
    ("vouch_", AUTHORITY),
    ("agency_client_", CLIENTS),
    ("agency_licence_", AGENCY),
    ("duplicate_agency_licence", AGENCY),
    ("approval_document_", APPROVAL),
    ("registry_", REGISTRATION),
    ("name_", FACTS),
    ("uscc_invalid", FACTS),
    ("uscc_mismatch", FACTS),
)
"""By the start of a reason's code; the first that matches applies."""


def requirement_of(code: str, field: str = "", paper: str = LICENCE) -> str:
    """Return the requirement that a reason is about.

    Reasons that only a reviewer can settle belong to the submission.
    """
    if code.startswith(_OF_A_DOCUMENT) and field in OF_KIND:
        return OF_KIND[field]
    if code.startswith(_OF_PAPER) or (code == "uscc_mismatch" and field == "qr"):
        return paper
    return next((item for start, item in _ABOUT if code.startswith(start)), SUBMISSION)
