"""What does the code printed on a licence say about whose it is?

Only about one in five carries the unified social credit code: as the `uniscid` of the public register's
address (国家企业信用信息公示系统, gsxt.gov.cn), or as labelled text. The rest are opaque keys, and a number
found loose in one of those proves nothing.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from employers import uscc

REGISTER: Final = "gsxt.gov.cn"
_LABELLED: Final = re.compile(r"(?:统一)?社会信用代码(?:/注册号)?\s*[:：]?\s*([0-9A-Za-z]{18})(?![0-9A-Za-z])")


def uscc_in(payload: str | None) -> str | None:
    """The valid unified social credit code that `payload` states, or None."""
    if not payload:
        return None
    stated = _in_address(payload.strip()) or _in_text(payload)
    code = uscc.normalise(stated) if stated else ""
    return code if uscc.is_valid(code) else None


def _in_address(payload: str) -> str | None:
    try:
        address = urlsplit(payload)
        host = (address.hostname or "").lower()
    except ValueError:
        return None
    if address.scheme not in ("http", "https") or not (host == REGISTER or host.endswith("." + REGISTER)):
        return None
    return next(iter(parse_qs(address.query).get("uniscid", [])), None)


def _in_text(payload: str) -> str | None:
    match = _LABELLED.search(payload)
    return match.group(1) if match else None
