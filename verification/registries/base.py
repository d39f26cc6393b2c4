"""What can be asked of a company register, and in which words does it answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


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
    "存续": Status.ACTIVE, "在营": Status.ACTIVE, "开业": Status.ACTIVE, "正常": Status.ACTIVE, "在业": Status.ACTIVE,
    "存续(在营、开业、在册)": Status.ACTIVE,
    "迁出": Status.MOVED_OUT, "迁入": Status.ACTIVE, "歇业": Status.DORMANT, "停业": Status.DORMANT,
    "吊销": Status.LICENCE_REVOKED, "吊销,未注销": Status.LICENCE_REVOKED, "吊销未注销": Status.LICENCE_REVOKED,
    "吊销,已注销": Status.DEREGISTERED, "注销": Status.DEREGISTERED, "已注销": Status.DEREGISTERED,
    "撤销": Status.REGISTRATION_CANCELLED, "撤销登记": Status.REGISTRATION_CANCELLED,
}  # fmt: skip
"""The words in use for each status."""


def status_of(word: str) -> Status:
    """The status that a register's word means; UNKNOWN for a word that is not in the table, never a guess."""
    word = word.strip().replace("，", ",").replace("（", "(").replace("）", ")")
    if word in Status._value2member_map_:
        return Status(word)
    return STATUS_WORDS.get(word, Status.UNKNOWN)


@dataclass(frozen=True)
class CompanyRecord:
    """One company as its register has it."""

    uscc: str
    name: str
    legal_representative: str
    status: Status
    established_on: date | None
    email_domain: str
    abnormal_list: bool
    serious_violation_list: bool
    as_of: date


class CompanyRegistry(Protocol):
    """A company register. Raises ProviderUnavailable or ProviderBroken; None means that it does not know the code."""

    name: str

    def lookup(self, uscc: str) -> CompanyRecord | None: ...
