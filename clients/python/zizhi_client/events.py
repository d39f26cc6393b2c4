"""The calls for events and for the webhook endpoints that receive them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from zizhi_client import answers
from zizhi_client.typed_calls import PAGE, TypedCalls, given, part, read_answer


class EventCalls(TypedCalls):
    def events(self, *, after: int = 0) -> Iterator[answers.Event]:
        """Iterate over your platform's events after number `after`, in order and without gaps, up
        to now. Store the last `sequence`.
        """
        while True:
            page = self._calls.answer("GET", "/events", params={"after": after, "limit": 500})
            yield from read_answer(list[answers.Event], page["events"])
            if not page["has_more"]:
                return
            after = page["next_after"]

    def webhooks(self) -> list[answers.Endpoint]:
        """Return your endpoints, with their health."""
        return self._get(list[answers.Endpoint], "/webhooks")

    def create_webhook(
        self,
        url: str,
        *,
        types: Sequence[str] = (),
        description: str = "",
        idempotency_key: str | None = None,
    ) -> answers.EndpointWithSecret:
        """Create an endpoint for these event types, or for all.

        Store its secret, which is shown only once.
        """
        body = {"url": url, "types": list(types), "description": description}
        return self._post(answers.EndpointWithSecret, "/webhooks", body, idempotency_key)

    def webhook(self, endpoint_id: str) -> answers.Endpoint:
        """Return an endpoint, with its health."""
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
        """Change the given attributes."""
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
        """Delete the endpoint. Its waiting deliveries are not sent."""
        self._calls.answer("DELETE", f"/webhooks/{part(endpoint_id)}", key=idempotency_key)

    def pause_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """Pause the endpoint. New deliveries wait."""
        return self._post(
            answers.Endpoint, f"/webhooks/{part(endpoint_id)}/pause", None, idempotency_key
        )

    def resume_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """Resume the endpoint. Waiting deliveries are sent now."""
        return self._post(
            answers.Endpoint, f"/webhooks/{part(endpoint_id)}/resume", None, idempotency_key
        )

    def rotate_webhook_secret(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.EndpointWithSecret:
        """Create a new secret. For 24 hours, messages carry two signatures."""
        return self._post(
            answers.EndpointWithSecret,
            f"/webhooks/{part(endpoint_id)}/secret",
            None,
            idempotency_key,
        )

    def ping_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Send a message of type `webhook.ping`."""
        return self._post(
            answers.Delivery, f"/webhooks/{part(endpoint_id)}/ping", None, idempotency_key
        )

    def webhook_deliveries(self, endpoint_id: str) -> Iterator[answers.Delivery]:
        """Iterate over the endpoint's deliveries, latest first."""
        return self._deliveries(f"/webhooks/{part(endpoint_id)}/deliveries")

    def dead_letters(self) -> Iterator[answers.Delivery]:
        """Iterate over the deliveries that were given up, latest first."""
        return self._deliveries("/webhooks/dead-letters")

    def replay_delivery(
        self, endpoint_id: str, delivery_id: int, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Send a delivery again, with the same `webhook-id`."""
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
        """Send a range again, by sequence, by time or by both. Both ends are included."""
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
