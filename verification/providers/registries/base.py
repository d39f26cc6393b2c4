"""What can be asked of a company register, and in which words does it answer?

There are two kinds: one gives the record, the other only says whether what it is asked agrees with
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Status(StrEnum):
    """登记状态, as the registers of the provinces word it, in one vocabulary."""

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
    """The status that a register's word means; UNKNOWN for a word that is not in the table, never a
    guess.
    """
    word = word.strip().replace("，", ",").replace("（", "(").replace("）", ")")
    if word in Status._value2member_map_:
        return Status(word)
    return STATUS_WORDS.get(word, Status.UNKNOWN)


class Agrees(StrEnum):
    """Whether one value is the other."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNABLE = "unable"
    """Nobody can tell: one of them is not there, or the register does not say."""


@dataclass(frozen=True)
class CompanyRecord:
    """One company as its register has it. What the register does not tell is empty."""

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
    """What a register says of the values that it was asked, field by field."""

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
    """None where it is not told: then the register's own `behind` counts."""
    answer: dict[str, Any] = field(default_factory=dict)
    """The replies as they came."""


class RecordRegistry(Protocol):
    """A register that gives the record.

    Raises ProviderUnavailable or ProviderBroken; None means that it does not know the code.
    """

    name: str

    def lookup(self, uscc: str) -> CompanyRecord | None: ...


class AgreementRegistry(Protocol):
    """A register that only says what agrees. Raises ProviderUnavailable or ProviderBroken."""

    name: str
    behind: timedelta
    """How old its answers may be, where they carry no day."""

    def verify(self, uscc: str, name: str, legal_representative: str) -> Agreement:
        """Whether these belong together; an empty value is not asked about."""
        ...
