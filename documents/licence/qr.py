"""The company's code in the QR code of a licence.

Only about one QR code in five carries the unified social credit code: as the `uniscid` of the
public register's address (国家企业信用信息公示系统, gsxt.gov.cn), or as labelled text. The rest are
opaque keys; a number found inside one of those proves nothing.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from documents import uscc

REGISTER: Final = "gsxt.gov.cn"
ISSUERS: Final = ("gov.cn", "szcredit.org.cn", "szcredit.com.cn")
"""Ends of the hosts that a licence's QR code may lead to.

They are the public register, and offices whose older licences lead to their own sites.
"""
_LABELLED: Final = re.compile(
    r"(?:统一)?社会信用代码(?:/注册号)?\s*[:：]?\s*([0-9A-Za-z]{18})(?![0-9A-Za-z])"
)
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.\-]*:[/\\]{2}[^\s\u3000-\uffef]*", re.IGNORECASE)
_BARE_ADDRESS: Final = re.compile(r"(?:[a-z0-9\-]+\.)+[a-z]{2,}(?=$|[/\\:?#])", re.IGNORECASE)
"""A host at the beginning, without a scheme: phones follow that too."""


def uscc_in(payload: str | None) -> str | None:
    """Return the valid unified social credit code that `payload` states, or None.

    An address must be the register's own: anyone can own a host and put any code in its address.
    """
    if not payload:
        return None
    stated = _in_address(payload.strip()) if leads_to(payload) else _in_text(payload)
    code = uscc.normalise_uscc(stated) if stated else ""
    return code if uscc.is_valid(code) else None


def leads_to(payload: str | None) -> list[str]:
    """Return the hosts of the addresses in `payload`, lower-case, in order.

    A malformed address has the host "?".
    """
    payload = (payload or "").strip()
    addresses = _ADDRESS.findall(payload)
    if bare := _BARE_ADDRESS.match(payload):
        addresses = [f"http://{payload[bare.start() :]}", *addresses]
    return list(dict.fromkeys(_host(address) or "?" for address in addresses))


def is_an_issuers(host: str) -> bool:
    """Whether a licence's QR code may lead to `host`."""
    return any(host == known or host.endswith("." + known) for known in ISSUERS)


def _host(address: str) -> str:
    """Return the host as browsers parse it: a backslash is a slash."""
    try:
        return (urlsplit(address.replace("\\", "/")).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _in_address(payload: str) -> str | None:
    host = _host(payload)
    if not (host == REGISTER or host.endswith("." + REGISTER)):
        return None
    try:
        address = urlsplit(payload)
    except ValueError:
        return None
    return (
        next(iter(parse_qs(address.query).get("uniscid", [])), None)
        if address.scheme.lower() in ("http", "https")
        else None
    )


def _in_text(payload: str) -> str | None:
    match = _LABELLED.search(payload)
    return match.group(1) if match else None
