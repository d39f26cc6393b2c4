"""The calls for relay numbers."""

from __future__ import annotations

from collections.abc import Iterator

from zizhi_client import answers
from zizhi_client.typed_calls import TypedCalls, part


class RelayCalls(TypedCalls):
    def bind_relay(
        self,
        decision_id: str,
        candidate_phone: str,
        *,
        job_title: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Relay:
        """Get the relay number for an allowed answer. Asking again returns the same one. It is
        bound within seconds. The candidate sees the `job_title`.
        """
        body = {
            "decision_id": decision_id,
            "candidate_phone": candidate_phone,
            "job_title": job_title,
        }
        return self._post(answers.Relay, "/relays", body, idempotency_key)

    def relays(
        self, *, employer_id: str | None = None, candidate: str | None = None
    ) -> Iterator[answers.Relay]:
        """Iterate over your candidates' relay numbers, latest request first."""
        return self._pages(
            answers.Relay, "/relays", {"employer_id": employer_id, "candidate": candidate}
        )

    def relay(self, relay_id: str) -> answers.Relay:
        """Return the relay number's current state. Show the number only to the employer's
        people.
        """
        return self._get(answers.Relay, f"/relays/{part(relay_id)}")

    def extend_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """Extend it because hiring continues. Raises Conflict `relay_ended`, `relay_longest`."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/extend", None, idempotency_key)

    def mute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """Mute it: the candidate wants no calls for now."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/mute", None, idempotency_key)

    def unmute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """Unmute it: the candidate wants calls again."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/unmute", None, idempotency_key)

    def end_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> None:
        """End it: the candidate wants no more contact with this employer."""
        self._calls.answer("DELETE", f"/relays/{part(relay_id)}", key=idempotency_key)

    def ask_for_contact(
        self, relay_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """Ask for further contact after it has ended. You get the event `relay.contact_asked` and
        ask the candidate.

        Raises Conflict `relay_asked_already`.
        """
        return self._post(
            answers.Relay,
            f"/relays/{part(relay_id)}/ask",
            {"member_id": member_id},
            idempotency_key,
        )

    def answer_contact(
        self, relay_id: str, agrees: bool, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """Submit the candidate's answer. A yes returns the new relay number."""
        return self._post(
            answers.Relay, f"/relays/{part(relay_id)}/answer", {"agrees": agrees}, idempotency_key
        )

    def relay_calls(self, relay_id: str) -> Iterator[answers.Call]:
        """Iterate over its calls, latest first."""
        return self._pages(answers.Call, f"/relays/{part(relay_id)}/calls", {})
