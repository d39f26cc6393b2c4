"""The calls for candidates: preferences, consents and erasures."""

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
        phone: str = "",
        language: str = "zh-hans",
        blocked: Sequence[Mapping[str, str]] = (),
    ) -> answers.Candidate:
        """Set how the candidate wants to be asked (ask_first, tell_after, closed). `blocked`
        contains `{"employer_id": …}` or `{"uscc": …}`.
        """
        body = {
            "mode": mode,
            "email": email,
            "phone": phone,
            "language": language,
            "blocked": list(blocked),
        }
        return self._send(answers.Candidate, "PUT", f"/candidates/{part(reference)}", body)

    def candidate(self, reference: str) -> answers.Candidate:
        """Return how the candidate wants to be asked, and whom they block."""
        return self._get(answers.Candidate, f"/candidates/{part(reference)}")

    def erase_candidate(self, reference: str, *, idempotency_key: str | None = None) -> None:
        """Erase the candidate's address and number. Nothing about them is released any more."""
        self._calls.answer("DELETE", f"/candidates/{part(reference)}", key=idempotency_key)

    def candidate_default(self) -> answers.CandidateDefault:
        """Return the default for candidates without known preferences."""
        return self._get(answers.CandidateDefault, "/candidate-default")

    def declare_candidate_default(self, mode: str, basis: str) -> answers.CandidateDefault:
        """Declare this default and its legal basis."""
        return self._send(
            answers.CandidateDefault, "PUT", "/candidate-default", {"mode": mode, "basis": basis}
        )

    def candidate_page(self) -> answers.CandidatePage:
        """Return what applies to the pages of your candidates, and to messages to them."""
        return self._get(answers.CandidatePage, "/candidate-page")

    def set_candidate_page(self, settings_url: str) -> answers.CandidatePage:
        """Set where candidates change how they want to be asked. "" for no link."""
        body = {"settings_url": settings_url}
        return self._send(answers.CandidatePage, "PUT", "/candidate-page", body)

    def ledger_link(
        self, reference: str, *, idempotency_key: str | None = None
    ) -> answers.LedgerLink:
        """Return a link to the candidate's own page, for the candidate alone."""
        return self._post(
            answers.LedgerLink, f"/candidates/{part(reference)}/link", None, idempotency_key
        )

    def candidate_releases(self, reference: str) -> Iterator[answers.ReleasedResume]:
        """Iterate over the candidate's releases, with receipts, latest first."""
        return self._pages(answers.ReleasedResume, f"/candidates/{part(reference)}/releases", {})

    def revoke(
        self,
        reference: str,
        *,
        employer_id: str | None = None,
        uscc: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Candidate:
        """Block a company at the candidate's request. It gets nothing more and must erase what it
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
        """Unblock a company at the candidate's request."""
        body = {"employer_id": employer_id, "uscc": uscc}
        return self._post(
            answers.Candidate, f"/candidates/{part(reference)}/allow-again", body, idempotency_key
        )

    def consents(self, reference: str) -> Iterator[answers.Consent]:
        """Iterate over the candidate's consents, latest first."""
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
        """Record a consent that you obtained, with your evidence."""
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
        job_title: str = "",
        idempotency_key: str | None = None,
    ) -> answers.ConsentRequest:
        """Ask a candidate for consent on behalf of an employer, who hires for `job_title`. Asking
        again returns the same request.

        Raises Conflict `consent_refused`, `consent_given`.
        """
        body = {
            "employer_id": employer_id,
            "member_id": member_id,
            "kinds": list(kinds),
            "job_title": job_title,
        }
        return self._post(
            answers.ConsentRequest,
            f"/candidates/{part(reference)}/consent-requests",
            body,
            idempotency_key,
        )

    def consent_request(self, request_id: str) -> answers.ConsentRequest:
        """Return whether the request is open, and the candidate's answer."""
        return self._get(answers.ConsentRequest, f"/consent-requests/{part(request_id)}")

    def answer_consent(
        self, request_id: str, agrees: bool, evidence: str, *, idempotency_key: str | None = None
    ) -> answers.ConsentRequest:
        """Submit the answer that the candidate gave you."""
        body = {"agrees": agrees, "evidence": evidence}
        return self._post(
            answers.ConsentRequest,
            f"/consent-requests/{part(request_id)}/answer",
            body,
            idempotency_key,
        )

    def erase_orders(self, *, employer_id: str | None = None) -> Iterator[answers.EraseOrder]:
        """Iterate over the erasures that employers owe, latest first."""
        return self._pages(answers.EraseOrder, "/erase-orders", {"employer_id": employer_id})

    def answer_erase_order(
        self, order_id: str, answer: str, *, why: str = "", idempotency_key: str | None = None
    ) -> answers.EraseOrder:
        """Answer for your employer: erased, or kept and why."""
        return self._post(
            answers.EraseOrder,
            f"/erase-orders/{part(order_id)}/answer",
            {"answer": answer, "why": why},
            idempotency_key,
        )
