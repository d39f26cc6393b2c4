"""Is this message from the service?

Checked by the library of the Standard Webhooks specification.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from zizhi_client.answers import Event
from zizhi_client.errors import WebhookInvalid
from zizhi_client.reading import read


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes | str) -> Event:
    """The event of a request that came to your endpoint, once its signature and its age have been
    checked.

    `body` is the body as it came, byte for byte. Afterwards: do nothing twice (`event.id`), and
    apply what has the higher `sequence` last; `sequence` is 0 for a ping. Raises WebhookInvalid;
    needs the extra `webhooks`.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
        message = json.loads(body)
        return read(Event, message | {"sequence": message["sequence"] or 0})
    except (WebhookVerificationError, ValueError, KeyError, TypeError) as error:
        raise WebhookInvalid(f"Not a message of the service: {error}") from error
