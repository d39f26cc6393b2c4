"""Helpers for webhooks: events, sending, and answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from employers.models import Employer
from events.core.actor import SYSTEM
from events.delivery import feed, safe_http, webhook_delivery, webhooks
from events.models import WebhookEndpoint, record


def add(client_id: UUID, url: str, now: datetime, *types: str) -> tuple[WebhookEndpoint, str]:
    return webhooks.create_endpoint(client_id, url, types, "", SYSTEM, now, local=True)


def happen(employer: Employer, now: datetime, times: int = 1, verb: str = "register") -> None:
    for _ in range(times):
        record(verb, employer, SYSTEM, now, employer_id=employer.pk)
    feed.relay_outbox(now)


def send(endpoint: WebhookEndpoint, at: datetime, **more: Any) -> int:
    return webhook_delivery.send_waiting(endpoint.pk, lambda: at, local=True, **more)


def answering(*statuses: int | str) -> tuple[list[str], Callable[..., safe_http.Response]]:
    """Return the list of posts, and a fake `post` that gives these answers in turn."""
    posted: list[str] = []

    def post(url: str, headers: dict[str, str], body: bytes, *, local: bool) -> safe_http.Response:
        answer = statuses[min(len(posted), len(statuses) - 1)]
        posted.append(headers["webhook-id"])
        return (
            safe_http.Response(answer, "", 3)
            if isinstance(answer, int)
            else safe_http.Response(None, answer, 3)
        )

    return posted, post
