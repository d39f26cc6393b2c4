"""Idempotency keys: a platform's own key for a request, and the response that it got.

A key is claimed in a row before anything is done. What is done and the response are then committed
together, so a process that dies in between has done nothing, and the same key can be sent again
once the claim has run out. Responses can contain links and names, so they are sealed; of the
request only a blind index is stored.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from employers.models import ApiClient, IdempotentAnswer
from events.core.errors import Refused
from events.core.sealing import blind_index, seal_text, unseal_text

KEPT_FOR: Final = timedelta(hours=24)
CLAIMED_FOR: Final = timedelta(seconds=60)
"""How long one request may take before the same key can begin anew."""
_KEY: Final = re.compile(r"[!-~]{1,64}")
_PURPOSE: Final = "idempotency"


@dataclass(frozen=True)
class StoredResponse:
    """The response that the same key gets again."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """The right to carry out a key's request."""

    row: int
    token: uuid.UUID


def in_progress(seconds: int) -> Refused:
    """The refusal while the same key is in progress; it can be tried again after `seconds`."""
    return Refused(
        "idempotency_in_progress", "Idempotency-Key", details={"retry_after": str(max(1, seconds))}
    )


def claim_key(client: ApiClient, key: str, asked: bytes, now: datetime) -> Claim | StoredResponse:
    """Claim `key` for what is `asked` (method, address and body), or return the response that it
    got before.

    Raises Refused: `idempotency_key_invalid`, `idempotency_key_reused` (for something else),
    `idempotency_in_progress`.
    """
    if not _KEY.fullmatch(key):
        raise Refused("idempotency_key_invalid", "Idempotency-Key")
    index = blind_index(asked.hex(), _PURPOSE)
    IdempotentAnswer.objects.filter(client=client, key=key, created_at__lte=now - KEPT_FOR).delete()
    token = uuid.uuid4()
    new = {
        "asked_index": index,
        "claim": token,
        "claimed_until": now + CLAIMED_FOR,
        "created_at": now,
    }
    try:
        with transaction.atomic():
            return Claim(IdempotentAnswer.objects.create(client=client, key=key, **new).pk, token)
    except IntegrityError:
        row = IdempotentAnswer.objects.filter(client=client, key=key).first()
    if row is None:  # let go of at this moment
        raise in_progress(1)
    if row.asked_index != index:
        raise Refused("idempotency_key_reused", "Idempotency-Key")
    if row.answer_sealed:
        return _opened(row)
    if row.claimed_until > now:
        raise in_progress(1)
    # The other request has died, or takes too long: its response is not stored, and what it did is
    # undone.
    taken = IdempotentAnswer.objects.filter(pk=row.pk, claim=row.claim, answer_sealed="")
    if not taken.update(claim=token, claimed_until=now + CLAIMED_FOR):
        raise in_progress(1)
    return Claim(row.pk, token)


def store_response(claim: Claim, stored: StoredResponse, now: datetime) -> bool:
    """Store the response, in the transaction that did what was asked. False if another request has
    the claim by now.
    """
    body = base64.b64encode(stored.body).decode()
    sealed = seal_text(json.dumps([stored.status, stored.headers, body]), f"{_PURPOSE} {claim.row}")
    mine = IdempotentAnswer.objects.filter(pk=claim.row, claim=claim.token, answer_sealed="")
    return bool(mine.update(answer_sealed=sealed, answered_at=now))


def drop_claim(claim: Claim) -> None:
    """Free the key, because nothing was done."""
    IdempotentAnswer.objects.filter(pk=claim.row, claim=claim.token, answer_sealed="").delete()


def sweep(now: datetime) -> int:
    """Delete the responses that are older than `KEPT_FOR`; returns how many."""
    gone, _ = IdempotentAnswer.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return gone


def _opened(row: IdempotentAnswer) -> StoredResponse:
    status, headers, body = json.loads(unseal_text(row.answer_sealed, f"{_PURPOSE} {row.pk}"))
    return StoredResponse(status, headers, base64.b64decode(body))
