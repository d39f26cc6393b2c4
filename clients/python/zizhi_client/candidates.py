"""The calls for candidates: their wishes, consents and erasures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from zizhi_client import answers
from zizhi_client.typed_calls import TypedCalls, part


class CandidateCalls(TypedCalls):
    def put_candidate(
        self,
        reference: str,
        mode: str,
        *,
        email: str = "",
        language: str = "zh-hans",
        blocked: Sequence[Mapping[str, str]] = (),
    ) -> answers.Candidate:
        """How they want to be asked (ask_first, tell_after, closed); `blocked` are `{"employer_id":
        …}` or `{"uscc": …}`.
        """
        body = {"mode": mode, "email": email, "language": language, "blocked": list(blocked)}
        return self._send(answers.Candidate, "PUT", f"/candidates/{part(reference)}", body)

    def candidate(self, reference: str) -> answers.Candidate:
        """How they want to be asked, and whom they block."""
        return self._get(answers.Candidate, f"/candidates/{part(reference)}")

    def erase_candidate(self, reference: str, *, idempotency_key: str | None = None) -> None:
        """Forgets their address; nothing leaves of them any more."""
        self._calls.answer("DELETE", f"/candidates/{part(reference)}", key=idempotency_key)

    def candidate_default(self) -> answers.CandidateDefault:
        """What counts for candidates of whom you have told nothing."""
        return self._get(answers.CandidateDefault, "/candidate-default")

    def declare_candidate_default(self, mode: str, basis: str) -> answers.CandidateDefault:
        """Declares it, and on what it rests."""
        return self._send(
            answers.CandidateDefault, "PUT", "/candidate-default", {"mode": mode, "basis": basis}
        )

    def ledger_link(
        self, reference: str, *, idempotency_key: str | None = None
    ) -> answers.LedgerLink:
        """The candidate's own page: for the candidate alone."""
        return self._post(
            answers.LedgerLink, f"/candidates/{part(reference)}/link", None, idempotency_key
        )

    def candidate_releases(self, reference: str) -> Iterator[answers.ReleasedResume]:
        """What left of them, with receipts, the last first; all pages."""
        return self._pages(answers.ReleasedResume, f"/candidates/{part(reference)}/releases", {})

    def revoke(
        self,
        reference: str,
        *,
        employer_id: str | None = None,
        uscc: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Candidate:
        """On the candidate's own word: this company gets nothing more, and has to erase what it
        has.
        """
        body = {"employer_id": employer_id, "uscc": uscc}
        return self._post(
            answers.Candidate, f"/candidates/{part(reference)}/revoke", body, idempotency_key
        )

    def allow_again(
        self,
        reference: str,
        *,
        employer_id: str | None = None,
        uscc: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Candidate:
        """On the candidate's own word: takes that back."""
        body = {"employer_id": employer_id, "uscc": uscc}
        return self._post(
            answers.Candidate, f"/candidates/{part(reference)}/allow-again", body, idempotency_key
        )

    def consents(self, reference: str) -> Iterator[answers.Consent]:
        """Those that they gave, the last first; all pages."""
        return self._pages(answers.Consent, f"/candidates/{part(reference)}/consents", {})

    def give_consent(
        self,
        reference: str,
        employer_id: str,
        *,
        contact: str,
        kinds: Sequence[str],
        evidence: str,
        given_at: datetime,
        until: datetime,
        idempotency_key: str | None = None,
    ) -> answers.Consent:
        """Puts a consent on record that you obtained, with what you can show it by."""
        body = {
            "employer_id": employer_id,
            "contact": contact,
            "kinds": list(kinds),
            "evidence": evidence,
            "given_at": given_at.isoformat(),
            "until": until.isoformat(),
        }
        return self._post(
            answers.Consent, f"/candidates/{part(reference)}/consents", body, idempotency_key
        )

    def ask_consent(
        self,
        reference: str,
        employer_id: str,
        member_id: str,
        *,
        kinds: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> answers.ConsentRequest:
        """An employer asks; asked again it is the same request.

        Raises Conflict `consent_refused`, `consent_given`.
        """
        body = {"employer_id": employer_id, "member_id": member_id, "kinds": list(kinds)}
        return self._post(
            answers.ConsentRequest,
            f"/candidates/{part(reference)}/consent-requests",
            body,
            idempotency_key,
        )

    def consent_request(self, request_id: str) -> answers.ConsentRequest:
        """Whether it waits, and what was said."""
        return self._get(answers.ConsentRequest, f"/consent-requests/{part(request_id)}")

    def answer_consent(
        self, request_id: str, agrees: bool, evidence: str, *, idempotency_key: str | None = None
    ) -> answers.ConsentRequest:
        """Passes on what the candidate said to you."""
        body = {"agrees": agrees, "evidence": evidence}
        return self._post(
            answers.ConsentRequest,
            f"/consent-requests/{part(request_id)}/answer",
            body,
            idempotency_key,
        )

    def erase_orders(self, *, employer_id: str | None = None) -> Iterator[answers.EraseOrder]:
        """What employers have to erase, the last ordered first; all pages."""
        return self._pages(answers.EraseOrder, "/erase-orders", {"employer_id": employer_id})

    def answer_erase_order(
        self, order_id: str, answer: str, *, why: str = "", idempotency_key: str | None = None
    ) -> answers.EraseOrder:
        """On the word of an employer of yours: erased, or kept and why."""
        return self._post(
            answers.EraseOrder,
            f"/erase-orders/{part(order_id)}/answer",
            {"answer": answer, "why": why},
            idempotency_key,
        )
