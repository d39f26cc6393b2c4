"""The link to a candidate's own ledger: it needs no password, contains no personal data and cannot
be guessed.

It contains the candidate's row and the version of their link, signed; a new version invalidates all
earlier links. A link is stored only in a mail that has not been sent yet. Opening one sets a cookie
for half an hour, and redirects to a URL without the link.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from downloads.models import Candidate
from events.core.actor import Actor
from events.models import record

OPEN_FOR_SECONDS: Final = 30 * 60


def token_of(candidate: Candidate) -> str:
    """Return the token of the link: row and version, signed."""
    names = candidate.pk.bytes + candidate.link_version.to_bytes(5, "big")
    return _signer().sign(urlsafe_b64encode(names).decode())


def path_of(candidate: Candidate) -> str:
    return reverse("ledger:open", args=[token_of(candidate)])


def opened(token: str) -> Candidate | None:
    """Return the candidate of a link; None if it is invalid or was replaced."""
    try:
        names = urlsafe_b64decode(_signer().unsign(token))
        candidate_id, version = UUID(bytes=names[:16]), int.from_bytes(names[16:], "big")
    except (BadSignature, NotBase64, ValueError):
        return None
    return _of_version(candidate_id, version)


def stay_of(candidate: Candidate) -> str:
    """Return the content of the cookie. It is signed separately, so nobody can make a link
    from it.
    """
    return f"{candidate.pk.hex}.{candidate.link_version}"


def staying(stay: str) -> Candidate | None:
    """Return the candidate of a signed cookie; None if there is none, or their links were replaced
    since.
    """
    candidate_id, _, version = stay.partition(".")
    return _of_version(UUID(candidate_id), int(version)) if version else None


def _of_version(candidate_id: UUID, version: int) -> Candidate | None:
    return Candidate.objects.filter(pk=candidate_id, link_version=version, erased_at=None).first()


def rotate(candidate_id: UUID, actor: Actor, now: datetime) -> Candidate:
    """Invalidate all earlier links; `path_of` the result is the new one."""
    with transaction.atomic():
        candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
        candidate.link_version += 1
        candidate.save(update_fields=["link_version"])
        record("rotate_link", candidate, actor, now)
    return candidate


def _signer() -> Signer:
    return Signer(salt="downloads.ledger", sep=".")
