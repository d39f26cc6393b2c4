"""The calls for relay numbers."""

from __future__ import annotations

from collections.abc import Iterator

from zizhi_client import answers
from zizhi_client.typed_calls import TypedCalls, part


class RelayCalls(TypedCalls):
    def bind_relay(
        self, decision_id: str, candidate_phone: str, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """The number by which the employer of this allowed answer reaches its candidate; asked
        again, the same. It follows in seconds.
        """
        body = {"decision_id": decision_id, "candidate_phone": candidate_phone}
        return self._post(answers.Relay, "/relays", body, idempotency_key)

    def relays(
        self, *, employer_id: str | None = None, candidate: str | None = None
    ) -> Iterator[answers.Relay]:
        """Those to your candidates, the last that was asked for first; all pages."""
        return self._pages(
            answers.Relay, "/relays", {"employer_id": employer_id, "candidate": candidate}
        )

    def relay(self, relay_id: str) -> answers.Relay:
        """As it stands now. Show the number to the employer's people alone."""
        return self._get(answers.Relay, f"/relays/{part(relay_id)}")

    def extend_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """Hiring goes on. Raises Conflict `relay_ended`, `relay_longest`."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/extend", None, idempotency_key)

    def mute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """The candidate wants no calls for now."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/mute", None, idempotency_key)

    def unmute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """The candidate wants calls again."""
        return self._post(answers.Relay, f"/relays/{part(relay_id)}/unmute", None, idempotency_key)

    def end_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> None:
        """The candidate wants to hear of this employer no more."""
        self._calls.answer("DELETE", f"/relays/{part(relay_id)}", key=idempotency_key)

    def ask_for_contact(
        self, relay_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """After its end: you are told by `relay.contact_asked` to ask the candidate.

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
        """What the candidate answers: with a yes, the relay number that begins then."""
        return self._post(
            answers.Relay, f"/relays/{part(relay_id)}/answer", {"agrees": agrees}, idempotency_key
        )

    def relay_calls(self, relay_id: str) -> Iterator[answers.Call]:
        """Its calls, the last one first; all pages."""
        return self._pages(answers.Call, f"/relays/{part(relay_id)}/calls", {})
