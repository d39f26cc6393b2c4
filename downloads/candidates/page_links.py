"""Which link leads a candidate to their own ledger, and until when?

No password, nothing personal in it, and nobody can guess it.

It names the candidate's row and the version of their link, signed: to change the version ends every
earlier one. A link at rest is nowhere but in a mail that has not left. Who opens one gets a cookie
for half an hour, and the address bar forgets the link.
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
    """What stands in the link: row and version, signed."""
    names = candidate.pk.bytes + candidate.link_version.to_bytes(5, "big")
    return _signer().sign(urlsafe_b64encode(names).decode())


def path_of(candidate: Candidate) -> str:
    return reverse("ledger:open", args=[token_of(candidate)])


def opened(token: str) -> Candidate | None:
    """Whose link it is; None where it is none, or one that was ended."""
    try:
        names = urlsafe_b64decode(_signer().unsign(token))
        candidate_id, version = UUID(bytes=names[:16]), int.from_bytes(names[16:], "big")
    except (BadSignature, NotBase64, ValueError):
        return None
    return _of_version(candidate_id, version)


def stay_of(candidate: Candidate) -> str:
    """What stands in the cookie, which is signed on its own: whoever finds it has no link."""
    return f"{candidate.pk.hex}.{candidate.link_version}"


def staying(stay: str) -> Candidate | None:
    """Whose stay it is, of a cookie that was signed by us; None where there is none, or their links
    were ended since.
    """
    candidate_id, _, version = stay.partition(".")
    return _of_version(UUID(candidate_id), int(version)) if version else None


def _of_version(candidate_id: UUID, version: int) -> Candidate | None:
    return Candidate.objects.filter(pk=candidate_id, link_version=version, erased_at=None).first()


def rotate(candidate_id: UUID, actor: Actor, now: datetime) -> Candidate:
    """From now on no earlier link opens anything; the new one is `path_of` the answer."""
    with transaction.atomic():
        candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
        candidate.link_version += 1
        candidate.save(update_fields=["link_version"])
        record("rotate_link", candidate, actor, now)
    return candidate


def _signer() -> Signer:
    return Signer(salt="downloads.ledger", sep=".")
