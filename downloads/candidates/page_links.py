"""The link to a candidate's own ledger: it needs no password, contains no personal data and cannot
be guessed.

It contains the candidate's row, the version of their link and when it was made, signed. It ends
after 30 days, and a new version invalidates all earlier links. A link is stored only in a mail that
has not been sent yet. Opening one sets a cookie for half an hour, and redirects to a URL without
the link. The cookie keeps when the link was made, so it opens no more than the link does.

A text message has room for a short link only: a random code, of which a keyed hash is stored. It
opens the page by the same rule.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer, TimestampSigner
from django.db import transaction
from django.urls import reverse

from downloads.models import Candidate, ShortLink
from events.core.actor import Actor
from events.core.errors import Refused
from events.core.sealing import index_hash
from events.models import record

OPEN_FOR_SECONDS: Final = 30 * 60
VALID_FOR: Final = timedelta(days=30)
FRESH_FOR: Final = timedelta(days=1)
"""How long a link can be used to let a company have more."""
HANDED_OVER_SECONDS: Final = 10 * 60
"""How long another browser of the candidate can take over a visit."""
CODE_CHARACTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Those of short links, without 0, 1, i, l and o, which are mistaken for others."""
CODE_LENGTH: Final = 13
"""13 of 31 characters are 64 bits."""
FORGOTTEN_AFTER: Final = timedelta(days=90)
"""How long an ended short link can still be exchanged for a new one."""
_ID, _NUMBER = 16, 5
"""The bytes of the row's id, and of the version and the time."""


@dataclass(frozen=True)
class Visit:
    """A candidate on their page, by a link that was made at `link_made_at`."""

    candidate: Candidate
    link_made_at: datetime


def token_of(candidate: Candidate, now: datetime) -> str:
    """Return the token of a new link: row, version and time, signed."""
    numbers = (candidate.link_version, int(now.timestamp()))
    names = candidate.pk.bytes + b"".join(each.to_bytes(_NUMBER, "big") for each in numbers)
    return _signer().sign(urlsafe_b64encode(names).decode())


def path_of(candidate: Candidate, now: datetime) -> str:
    return reverse("ledger:open", args=[token_of(candidate, now)])


def visit_by_link(token: str, now: datetime) -> Visit | None:
    """Return the visit by a link; None if it is invalid, was replaced or has ended."""
    names = _names(token)
    if len(names) != _ID + 2 * _NUMBER:  # earlier links contain no time
        return None
    version, made_at = names[_ID:-_NUMBER], names[-_NUMBER:]
    return _visit(UUID(bytes=names[:_ID]), _number(version), _number(made_at), now)


def short_path_of(candidate: Candidate, now: datetime) -> str:
    """Make a short link, and return its path: `c/` and the code."""
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    ShortLink.objects.create(
        code_hash=_code_hash(code),
        candidate=candidate,
        link_version=candidate.link_version,
        made_at=now,
    )
    return reverse("short_link", args=[code])


def opened_short(code: str, now: datetime) -> Visit | None:
    """Return the visit by a short link, on the same terms as `visit_by_link`."""
    link = ShortLink.objects.filter(pk=_code_hash(code)).first()
    if link is None:
        return None
    return _visit(link.candidate_id, link.link_version, int(link.made_at.timestamp()), now)


def forget_short_links(now: datetime) -> int:
    """Delete short links that ended long ago. Return their number."""
    return ShortLink.objects.filter(made_at__lte=now - FORGOTTEN_AFTER).delete()[0]


def candidate_of(token: str) -> Candidate | None:
    """Return the candidate of any link that we made, short or long, whether or not it still opens
    the page.
    """
    short = ShortLink.objects.filter(pk=_code_hash(token)).values_list("candidate").first()
    names = b"" if short else _names(token)
    if not short and not names:
        return None
    candidate_id = short[0] if short else UUID(bytes=names[:_ID])
    return Candidate.objects.filter(pk=candidate_id, erased_at=None).first()


def stay_of(visit: Visit) -> str:
    """Return the content of the cookie. It is signed separately, so nobody can make a link
    from it.
    """
    candidate = visit.candidate
    return f"{candidate.pk.hex}.{candidate.link_version}.{int(visit.link_made_at.timestamp())}"


def visit_by_cookie(stay: str, now: datetime) -> Visit | None:
    """Return the visit of a signed cookie; None if there is none, or its link was replaced or has
    ended since.
    """
    parts = stay.split(".")
    if len(parts) != 3:
        return None
    return _visit(UUID(parts[0]), int(parts[1]), int(parts[2]), now)


def handed_over(visit: Visit) -> str:
    """Return a token by which another browser can take over the visit for a few minutes."""
    return _handover_signer().sign(stay_of(visit))


def taken_over(token: str, now: datetime) -> Visit | None:
    """Return the visit of such a token; None if it is invalid, or its link has ended."""
    try:
        return visit_by_cookie(_handover_signer().unsign(token, max_age=HANDED_OVER_SECONDS), now)
    except BadSignature:
        return None


def require_fresh(visit: Visit, now: datetime) -> None:
    """Refuse a link that is too old to let a company have more. Raises Refused
    `candidate_link_old`.
    """
    if visit.link_made_at + FRESH_FOR <= now:
        raise Refused("candidate_link_old")


def _visit(candidate_id: UUID, version: int, made_at: int, now: datetime) -> Visit | None:
    link_made_at = datetime.fromtimestamp(made_at, UTC)
    if link_made_at + VALID_FOR <= now:
        return None
    candidate = Candidate.objects.filter(
        pk=candidate_id, link_version=version, erased_at=None
    ).first()
    return Visit(candidate, link_made_at) if candidate else None


def _names(token: str) -> bytes:
    """Return what a link names, or nothing if we did not sign it."""
    try:
        return urlsafe_b64decode(_signer().unsign(token))
    except (BadSignature, NotBase64, ValueError):
        return b""


def _number(names: bytes) -> int:
    return int.from_bytes(names, "big")


def rotate_link(candidate_id: UUID, actor: Actor, now: datetime) -> Candidate:
    """Invalidate all earlier links; `path_of` the result is a new one."""
    with transaction.atomic():
        candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
        candidate.link_version += 1
        candidate.save(update_fields=["link_version"])
        record("rotate_link", candidate, actor, now)
    return candidate


def _signer() -> Signer:
    return Signer(salt="downloads.ledger", sep=".")


def _handover_signer() -> TimestampSigner:
    return TimestampSigner(salt="downloads.ledger.handover", sep="~")


def _code_hash(code: str) -> str:
    return index_hash(code.lower(), "ledger.short-link")
