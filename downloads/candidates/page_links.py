"""The link to a candidate's own ledger: it needs no password, contains no personal data and cannot
be guessed.

It contains the candidate's row, the version of their link and when it was made, signed. It ends
after 30 days, and a new version invalidates all earlier links. A link is stored only in a mail that
has not been sent yet. Opening one sets a cookie for half an hour, and redirects to a URL without
the link. The cookie keeps when the link was made, so it opens no more than the link does.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from downloads.models import Candidate
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record

OPEN_FOR_SECONDS: Final = 30 * 60
VALID_FOR: Final = timedelta(days=30)
FRESH_FOR: Final = timedelta(days=1)
"""How long a link can be used to let a company have more."""
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


def opened(token: str, now: datetime) -> Visit | None:
    """Return the visit by a link; None if it is invalid, was replaced or has ended."""
    names = _names(token)
    if len(names) != _ID + 2 * _NUMBER:  # earlier links contain no time
        return None
    version, made_at = names[_ID:-_NUMBER], names[-_NUMBER:]
    return _visit(UUID(bytes=names[:_ID]), _number(version), _number(made_at), now)


def candidate_of(token: str) -> Candidate | None:
    """Return the candidate of any link that we made, whether or not it still opens the page."""
    names = _names(token)
    if not names:
        return None
    return Candidate.objects.filter(pk=UUID(bytes=names[:_ID]), erased_at=None).first()


def stay_of(visit: Visit) -> str:
    """Return the content of the cookie. It is signed separately, so nobody can make a link
    from it.
    """
    candidate = visit.candidate
    return f"{candidate.pk.hex}.{candidate.link_version}.{int(visit.link_made_at.timestamp())}"


def staying(stay: str, now: datetime) -> Visit | None:
    """Return the visit of a signed cookie; None if there is none, or its link was replaced or has
    ended since.
    """
    parts = stay.split(".")
    if len(parts) != 3:
        return None
    return _visit(UUID(parts[0]), int(parts[1]), int(parts[2]), now)


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


def rotate(candidate_id: UUID, actor: Actor, now: datetime) -> Candidate:
    """Invalidate all earlier links; `path_of` the result is a new one."""
    with transaction.atomic():
        candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
        candidate.link_version += 1
        candidate.save(update_fields=["link_version"])
        record("rotate_link", candidate, actor, now)
    return candidate


def _signer() -> Signer:
    return Signer(salt="downloads.ledger", sep=".")
