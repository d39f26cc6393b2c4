"""Return addresses: where a platform may have its recruiters sent back.

Only addresses below a registered one are allowed. An address is https with a host, without user or
fragment, and its path begins with the registered path, by whole segments. Anything that browsers
might read differently (backslashes, dot segments, encoded slashes, invisible characters) is
refused. So are parameters with names like those that Zizhi adds on the way back: a stranger who
makes the link for a recruiter could put a code of their own beside the recruiter's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote_plus, urlencode, urlsplit, urlunsplit

from events.core.errors import Refused

LONGEST: Final = 500
_PLAIN: Final = re.compile(r"[!-~]+")
_TRICKS: Final = re.compile(r"\\|//|%2e|%2f|%5c|(?:^|/)\.{1,2}(?:/|$)", re.IGNORECASE)
_OURS: Final = re.compile(r"(?:^|[&;])\s*zizhi", re.IGNORECASE)
"""The start of a parameter that Zizhi could have added, however a site separates parameters."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1"})


def parse_return_urls(text: str, *, local: bool = False) -> list[str]:
    """Return the addresses in `text`, one per line, as they are stored.

    `local` also allows a developer's own machine.

    Raises Refused `return_url_invalid` with the invalid line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        parts = _parts(line, local=local)
        if parts is None or parts.query:
            raise Refused("return_url_invalid", "return_urls", seen=line[:100])
    return list(dict.fromkeys(lines))


def check_return_url(text: str, field: str, *, local: bool = False) -> str:
    """Return one address as it is stored, or "" for none.

    Raises Refused `return_url_invalid` for `field`.
    """
    url = text.strip()
    parts = _parts(url, local=local)
    if url and (parts is None or parts.query):
        raise Refused("return_url_invalid", field, seen=url[:100])
    return url


def is_registered_return_url(addresses: str, url: str, *, local: bool = False) -> bool:
    """Return whether `url` is below one of the registered `addresses` (one per line)."""
    asked = _parts(url, local=local)
    return asked is not None and any(
        _below(asked, _parts(line, local=local)) for line in addresses.splitlines()
    )


def with_query(url: str, more: Mapping[str, str]) -> str:
    """Return `url` with `more` added to its query. Existing parameters are kept."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit(parts._replace(query=query))


def _parts(url: str, *, local: bool) -> SplitResult | None:
    """Return the parts of a valid address, else None."""
    if len(url) > LONGEST or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme_fits = parts.scheme == "https" or (local and parts.scheme == "http" and host in _LOCAL)
    if (
        not scheme_fits
        or not host
        or "@" in parts.netloc
        or "#" in url
        or _TRICKS.search(parts.path)
        or "\\" in url
        or _OURS.search(unquote_plus(parts.query))
    ):
        return None
    return parts


def _below(asked: SplitResult, allowed: SplitResult | None) -> bool:
    if allowed is None or _origin(asked) != _origin(allowed):
        return False
    prefix = allowed.path.rstrip("/")
    return asked.path.rstrip("/") == prefix or asked.path.startswith(prefix + "/")


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
