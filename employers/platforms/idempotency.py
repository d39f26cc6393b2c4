"""Idempotency keys: a platform's own key for a request, and the response to repeat.

A key is claimed in a row before the request is processed. The request's changes and its response
are committed together, so a process that dies in between leaves no changes, and the key can be used
again once the claim has expired. Responses can contain links and names, so they are sealed. Of the
request, only a blind index is stored.
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

from employers.models import IDEMPOTENCY_PURPOSE, ApiClient, IdempotentAnswer
from events.core.errors import Refused
from events.core.sealing import blind_indexes, seal_text, unseal_text

KEPT_FOR: Final = timedelta(hours=24)
CLAIMED_FOR: Final = timedelta(seconds=60)
"""How long a request may take before its key can be claimed again."""
_KEY: Final = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True)
class StoredResponse:
    """The response that is repeated for the same key."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """The right to process a key's request."""

    row: int
    token: uuid.UUID


def in_progress(seconds: int) -> Refused:
    """Return the refusal while the key's request is in progress. It can be retried after
    `seconds`.
    """
    return Refused(
        "idempotency_in_progress", "Idempotency-Key", details={"retry_after": str(max(1, seconds))}
    )


def claim_key(client: ApiClient, key: str, asked: bytes, now: datetime) -> Claim | StoredResponse:
    """Claim `key` for the request `asked` (method, path and body), or return its stored response.

    Raises Refused: `idempotency_key_invalid`, `idempotency_key_reused` (for a different request),
    `idempotency_in_progress`.
    """
    if not _KEY.fullmatch(key):
        raise Refused("idempotency_key_invalid", "Idempotency-Key")
    index, *former = blind_indexes(asked.hex(), IDEMPOTENCY_PURPOSE)
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
    if row is None:  # released just now
        raise in_progress(1)
    if row.asked_index not in (index, *former):
        raise Refused("idempotency_key_reused", "Idempotency-Key")
    if row.answer_sealed:
        return _opened(row)
    if row.claimed_until > now:
        raise in_progress(1)
    # The other request died or takes too long. Its response is not stored, and its changes roll
    # back.
    taken = IdempotentAnswer.objects.filter(pk=row.pk, claim=row.claim, answer_sealed="")
    if not taken.update(claim=token, claimed_until=now + CLAIMED_FOR):
        raise in_progress(1)
    return Claim(row.pk, token)


def store_response(claim: Claim, stored: StoredResponse, now: datetime) -> bool:
    """Store the response in the transaction of the request. Return False if another request has the
    claim by now.
    """
    body = base64.b64encode(stored.body).decode()
    sealed = seal_text(
        json.dumps([stored.status, stored.headers, body]), f"{IDEMPOTENCY_PURPOSE} {claim.row}"
    )
    mine = IdempotentAnswer.objects.filter(pk=claim.row, claim=claim.token, answer_sealed="")
    return bool(mine.update(answer_sealed=sealed, answered_at=now))


def drop_claim(claim: Claim) -> None:
    """Release the key, because nothing was done."""
    IdempotentAnswer.objects.filter(pk=claim.row, claim=claim.token, answer_sealed="").delete()


def delete_old_answers(now: datetime) -> int:
    """Delete responses older than `KEPT_FOR`. Return their number."""
    gone, _ = IdempotentAnswer.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return gone


def _opened(row: IdempotentAnswer) -> StoredResponse:
    status, headers, body = json.loads(
        unseal_text(row.answer_sealed, f"{IDEMPOTENCY_PURPOSE} {row.pk}")
    )
    return StoredResponse(status, headers, base64.b64decode(body))
