"""What kind of employer a licence suggests. The employer can change it."""

from __future__ import annotations

from typing import Final

_AGENCY: Final = ("人力资源", "人才服务", "人才市场", "劳务派遣", "劳务服务", "猎头", "职业介绍")
_PUBLIC: Final = (
    "公共就业", "就业服务", "就业促进", "人才服务", "人才交流", "人力资源和社会保障",
    "人力资源服务中心", "公共人力资源",
)  # fmt: skip
_PUBLIC_BODIES: Final = ("11", "12", "13", "19")


def guess_account_class(uscc: str, name: str) -> str:
    """Return the account class that the kind of body (the first two characters of its code) and its
    name suggest.
    """
    if uscc[:2] in _PUBLIC_BODIES:
        is_service = any(word in name for word in _PUBLIC)
        return "public_service" if is_service else "direct_employer"
    is_agency = any(word in name for word in _AGENCY)
    return "commercial_agency" if is_agency else "direct_employer"
