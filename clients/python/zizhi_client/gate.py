"""The calls of the gate, which decides whether a resume may be downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zizhi_client import answers
from zizhi_client.errors import GateUnavailable, RateLimited, Unavailable
from zizhi_client.reading import T
from zizhi_client.typed_calls import TypedCalls, part, read_answer


class GateCalls(TypedCalls):
    def may_download(self, employer_id: str, member_id: str, candidate: str) -> answers.Decision:
        """Ask whether this member of this employer may download this candidate's resume now.

        The result is true or false; `reasons` explain a refusal.

        Raises GateUnavailable if there is no answer; treat that as a refusal. Ask before each
        download, and do not cache the answer.
        """
        return self.decide(employer_id, member_id, candidate)

    def decide(
        self,
        employer_id: str,
        member_id: str,
        candidate: str,
        *,
        idempotency_key: str | None = None,
    ) -> answers.Decision:
        """Like `may_download`. Repeated with the same `idempotency_key`, it counts as one
        download.
        """
        asked = {"employer_id": employer_id, "member_id": member_id, "candidate": candidate}
        return self._ask(answers.Decision, "/gate/decisions", asked, idempotency_key)

    def decide_all(
        self,
        employer_id: str,
        member_id: str,
        candidates: Sequence[str],
        *,
        idempotency_key: str | None = None,
    ) -> list[answers.Decision]:
        """Return the answers for up to 100 candidates, in order, as if asked one after the
        other.
        """
        asked = {"employer_id": employer_id, "member_id": member_id, "candidates": list(candidates)}
        decisions = self._ask(
            list[answers.Decision], "/gate/decisions/batch", asked, idempotency_key
        )
        if len(decisions) != len(asked["candidates"]):
            raise GateUnavailable("The number of answers differs from the number of questions")
        return decisions

    def explain(self, decision_id: str) -> answers.Explanation:
        """Return one of your past answers, with its grounds.

        The grounds are those of that time, not the current ones.
        """
        return self._get(answers.Explanation, f"/gate/decisions/{part(decision_id)}")

    def spend_pass(
        self, gate_pass: str, *, job_title: str = "", idempotency_key: str | None = None
    ) -> answers.Spent:
        """Spend the pass just before the first byte is sent. The facts are checked again, and a
        pass works once. The candidate sees the `job_title`.

        Never retried. Raises ZizhiError for a refusal, and GateUnavailable if there is no answer.
        """
        return self._ask(
            answers.Spent,
            "/gate/passes/spend",
            {"gate_pass": gate_pass, "job_title": job_title},
            idempotency_key,
        )

    def report_contact(self, decision_id: str, *, idempotency_key: str | None = None) -> None:
        """Report that employer and candidate were in contact after this download.

        Repeating the call has no further effect.
        """
        self._calls.answer(
            "POST", "/gate/contacts", body={"decision_id": decision_id}, key=idempotency_key
        )

    def _ask(self, kind: type[T], path: str, body: dict[str, Any], key: str | None) -> T:
        """Ask once. A waiting recruiter can ask again, and an old yes must not arrive late."""
        headers = {"Idempotency-Key": key} if key else {}
        try:
            told = self._calls.once(
                "POST", path, body=body, headers=headers, timeout=self._gate_timeout
            )
            return read_answer(kind, told)
        except (Unavailable, RateLimited) as error:
            raise GateUnavailable(
                f"The gate did not answer. Treat this as a refusal: {error}",
                status=error.status,
                retry_after=error.retry_after,
                told={"code": error.code, "request_id": error.request_id},
            ) from error
