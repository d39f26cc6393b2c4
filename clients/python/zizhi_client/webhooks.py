"""Verifies webhooks with the library of the Standard Webhooks specification."""

from __future__ import annotations

import json
from collections.abc import Mapping

from zizhi_client.answers import Event
from zizhi_client.errors import WebhookInvalid
from zizhi_client.reading import read


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes | str) -> Event:
    """Verify the signature and age of a request to your endpoint, and return its event.

    `body` must be the raw body, byte for byte. Afterwards, skip events that you have already
    processed (`event.id`), and let the higher `sequence` win; `sequence` is 0 for a ping. Raises
    WebhookInvalid. Needs the extra `webhooks`.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
        message = json.loads(body)
        return read(Event, message | {"sequence": message["sequence"] or 0})
    except (WebhookVerificationError, ValueError, KeyError, TypeError) as error:
        raise WebhookInvalid(f"The message is not authentic: {error}") from error
