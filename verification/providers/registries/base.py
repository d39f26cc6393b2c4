"""The interface of company registers.

There are two kinds: one returns the record, the other only tells whether given values agree with
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Status(StrEnum):
    """登记状态 in one vocabulary, for the different words of provincial registers."""

    ACTIVE = "active"
    MOVED_OUT = "moved_out"
    DORMANT = "dormant"
    LICENCE_REVOKED = "licence_revoked"
    DEREGISTERED = "deregistered"
    REGISTRATION_CANCELLED = "registration_cancelled"
    UNKNOWN = "unknown"


STATUS_WORDS = {
    "存续": Status.ACTIVE,
    "在营": Status.ACTIVE,
    "开业": Status.ACTIVE,
    "正常": Status.ACTIVE,
    "在业": Status.ACTIVE,
    "存续(在营、开业、在册)": Status.ACTIVE,
    "迁出": Status.MOVED_OUT,
    "迁入": Status.ACTIVE,
    "歇业": Status.DORMANT,
    "停业": Status.DORMANT,
    "吊销": Status.LICENCE_REVOKED,
    "吊销,未注销": Status.LICENCE_REVOKED,
    "吊销未注销": Status.LICENCE_REVOKED,
    "吊销,已注销": Status.DEREGISTERED,
    "注销": Status.DEREGISTERED,
    "已注销": Status.DEREGISTERED,
    "撤销": Status.REGISTRATION_CANCELLED,
    "撤销登记": Status.REGISTRATION_CANCELLED,
}
"""The words in use for each status."""


def status_of(word: str) -> Status:
    """The status that a register's word means. UNKNOWN for a word that is not in the table."""
    word = word.strip().replace("，", ",").replace("（", "(").replace("）", ")")
    if word in Status._value2member_map_:
        return Status(word)
    return STATUS_WORDS.get(word, Status.UNKNOWN)


class Agrees(StrEnum):
    """Whether two values agree."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNABLE = "unable"
    """Unknown: one value is missing, or the register does not tell."""


@dataclass(frozen=True)
class CompanyRecord:
    """One company's record in a register. Fields that the register does not have are empty."""

    uscc: str
    name: str
    legal_representative: str
    status: Status
    established_on: date | None
    email_domain: str
    abnormal_list: bool
    serious_violation_list: bool
    as_of: date
    former_names: tuple[str, ...] = ()
    business_scope: str = ""


@dataclass(frozen=True)
class Agreement:
    """A register's answer about the given values, field by field."""

    known: bool
    """Whether it lists the company at all."""
    uscc: Agrees = Agrees.UNABLE
    name: Agrees = Agrees.UNABLE
    legal_representative: Agrees = Agrees.UNABLE
    status: Status = Status.UNKNOWN
    operating_from: date | None = None
    operating_until: date | None = None
    """None if the period has no end, or if the register does not give it; Tencent's does not."""
    as_of: date | None = None
    """None if not given; then the register's own `behind` counts."""
    answer: dict[str, Any] = field(default_factory=dict)
    """The raw replies."""


class RecordRegistry(Protocol):
    """A register that returns records.

    Raises ProviderUnavailable or ProviderBroken. None means that it does not know the code.
    """

    name: str

    def lookup(self, uscc: str) -> CompanyRecord | None: ...


class AgreementRegistry(Protocol):
    """A register that only confirms values. Raises ProviderUnavailable or ProviderBroken."""

    name: str
    behind: timedelta
    """How old answers without a date may be."""

    def verify(self, uscc: str, name: str, legal_representative: str) -> Agreement:
        """Whether these values belong together. An empty value is not asked about."""
        ...
