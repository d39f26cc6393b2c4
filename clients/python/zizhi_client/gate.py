"""The calls of the gate: may this resume be downloaded now?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zizhi_client import answers
from zizhi_client.errors import GateUnavailable, RateLimited, Unavailable
from zizhi_client.reading import T
from zizhi_client.typed_calls import TypedCalls, part, read_answer


class GateCalls(TypedCalls):
    def may_download(self, employer_id: str, member_id: str, candidate: str) -> answers.Decision:
        """May this member of this employer download this candidate's resume now?

        True is yes, false is no, and `reasons` say why.

        Raises GateUnavailable where no answer came: that is a no. Ask before each download, and
        keep the answer nowhere.
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
        """The same. With an `idempotency_key`, asking again counts one download, not two."""
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
        """An answer for each of up to 100 candidates, in their order, as if they had been asked
        about one after the other.
        """
        asked = {"employer_id": employer_id, "member_id": member_id, "candidates": list(candidates)}
        decisions = self._ask(
            list[answers.Decision], "/gate/decisions/batch", asked, idempotency_key
        )
        if len(decisions) != len(asked["candidates"]):
            raise GateUnavailable("As many answers as questions were expected")
        return decisions

    def explain(self, decision_id: str) -> answers.Explanation:
        """Any answer that was given to you, with what it rested on.

        It tells of then, not of now.
        """
        return self._get(answers.Explanation, f"/gate/decisions/{part(decision_id)}")

    def spend_pass(self, gate_pass: str, *, idempotency_key: str | None = None) -> answers.Spent:
        """The last question before the first byte leaves: the facts are looked at again, and the
        pass is good once.

        Asked once and never again by itself. Raises ZizhiError for every no, GateUnavailable where
        no answer came.
        """
        return self._ask(
            answers.Spent, "/gate/passes/spend", {"gate_pass": gate_pass}, idempotency_key
        )

    def report_contact(self, decision_id: str, *, idempotency_key: str | None = None) -> None:
        """The employer and the candidate were in contact after this download.

        Telling it twice is once.
        """
        self._calls.answer(
            "POST", "/gate/contacts", body={"decision_id": decision_id}, key=idempotency_key
        )

    def _ask(self, kind: type[T], path: str, body: dict[str, Any], key: str | None) -> T:
        """Asks once: a recruiter who waits can ask again, and an old yes must not arrive late."""
        headers = {"Idempotency-Key": key} if key else {}
        try:
            told = self._calls.once(
                "POST", path, body=body, headers=headers, timeout=self._gate_timeout
            )
            return read_answer(kind, told)
        except (Unavailable, RateLimited) as error:
            raise GateUnavailable(
                f"The gate gave no answer, which means no: {error}",
                status=error.status,
                retry_after=error.retry_after,
                told={"code": error.code, "request_id": error.request_id},
            ) from error
