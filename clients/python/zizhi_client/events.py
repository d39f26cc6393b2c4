"""The calls for events and for the webhook endpoints that receive them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from zizhi_client import answers
from zizhi_client.typed_calls import PAGE, TypedCalls, given, part, read_answer


class EventCalls(TypedCalls):
    def events(self, *, after: int = 0) -> Iterator[answers.Event]:
        """Everything your platform is told after the number `after`, in order and without a gap, up
        to now. Keep the last `sequence`.
        """
        while True:
            page = self._calls.answer("GET", "/events", params={"after": after, "limit": 500})
            yield from read_answer(list[answers.Event], page["events"])
            if not page["has_more"]:
                return
            after = page["next_after"]

    def webhooks(self) -> list[answers.Endpoint]:
        """Your endpoints, with their health."""
        return self._get(list[answers.Endpoint], "/webhooks")

    def create_webhook(
        self,
        url: str,
        *,
        types: Sequence[str] = (),
        description: str = "",
        idempotency_key: str | None = None,
    ) -> answers.EndpointWithSecret:
        """Adds an endpoint for these types of messages, or for all.

        Keep its secret: it is shown this once.
        """
        body = {"url": url, "types": list(types), "description": description}
        return self._post(answers.EndpointWithSecret, "/webhooks", body, idempotency_key)

    def webhook(self, endpoint_id: str) -> answers.Endpoint:
        """How it does, and whether it is paused."""
        return self._get(answers.Endpoint, f"/webhooks/{part(endpoint_id)}")

    def change_webhook(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> answers.Endpoint:
        """Changes what is given."""
        body = {
            "url": url,
            "types": None if types is None else list(types),
            "description": description,
        }
        return self._send(
            answers.Endpoint,
            "PATCH",
            f"/webhooks/{part(endpoint_id)}",
            given(body),
            idempotency_key,
        )

    def delete_webhook(self, endpoint_id: str, *, idempotency_key: str | None = None) -> None:
        """What waits for it is not sent any more."""
        self._calls.answer("DELETE", f"/webhooks/{part(endpoint_id)}", key=idempotency_key)

    def pause_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """What happens meanwhile waits for it."""
        return self._post(
            answers.Endpoint, f"/webhooks/{part(endpoint_id)}/pause", None, idempotency_key
        )

    def resume_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """What waited is sent now."""
        return self._post(
            answers.Endpoint, f"/webhooks/{part(endpoint_id)}/resume", None, idempotency_key
        )

    def rotate_webhook_secret(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.EndpointWithSecret:
        """A new secret; for 24 hours messages carry two signatures."""
        return self._post(
            answers.EndpointWithSecret,
            f"/webhooks/{part(endpoint_id)}/secret",
            None,
            idempotency_key,
        )

    def ping_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Sends a message of type `webhook.ping`."""
        return self._post(
            answers.Delivery, f"/webhooks/{part(endpoint_id)}/ping", None, idempotency_key
        )

    def webhook_deliveries(self, endpoint_id: str) -> Iterator[answers.Delivery]:
        """What was sent to it, the latest first; all pages."""
        return self._deliveries(f"/webhooks/{part(endpoint_id)}/deliveries")

    def dead_letters(self) -> Iterator[answers.Delivery]:
        """What was given up, the latest first; all pages."""
        return self._deliveries("/webhooks/dead-letters")

    def replay_delivery(
        self, endpoint_id: str, delivery_id: int, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Sends one again, under the same `webhook-id`."""
        path = f"/webhooks/{part(endpoint_id)}/deliveries/{delivery_id}/replay"
        return self._post(answers.Delivery, path, None, idempotency_key)

    def replay_webhook(
        self,
        endpoint_id: str,
        *,
        first: int | None = None,
        last: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> answers.Replayed:
        """Sends a span again, by numbers, by time or by both; both ends belong to it."""
        span = {
            "from": first,
            "to": last,
            "since": since and since.isoformat(),
            "until": until and until.isoformat(),
        }
        return self._post(
            answers.Replayed, f"/webhooks/{part(endpoint_id)}/replay", given(span), idempotency_key
        )

    def _deliveries(self, path: str) -> Iterator[answers.Delivery]:
        before: int | None = None
        while True:
            page = self._calls.answer("GET", path, params={"before": before, "limit": PAGE})
            yield from read_answer(list[answers.Delivery], page["deliveries"])
            before = page["next_before"]
            if before is None:
                return
