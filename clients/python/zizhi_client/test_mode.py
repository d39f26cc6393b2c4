"""The calls that play the other parties in a platform's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from zizhi_client import answers
from zizhi_client.typed_calls import TypedCalls, part


class SimulatorCalls(TypedCalls):
    def test_recipes(self) -> list[answers.Recipe]:
        """Return codes that determine outcomes, each of them new."""
        return self._get(answers.Recipes, "/test/recipes").data

    def test_hand_in(
        self, employer_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.Case:
        """Upload all documents and submit the case."""
        return self._post(
            answers.Case,
            f"/test/employers/{part(employer_id)}/hand-in",
            {"member_id": member_id},
            idempotency_key,
        )

    def test_link_code(
        self, employer_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.LinkCode:
        """Link a recruiter, and return the code that they would bring back: redeem it with
        `redeem_link_code`.
        """
        return self._post(
            answers.LinkCode,
            f"/test/employers/{part(employer_id)}/link-code",
            {"member_id": member_id},
            idempotency_key,
        )

    def test_decide(
        self,
        employer_id: str,
        verb: str,
        *,
        reasons: Sequence[str] = (),
        note: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Case:
        """Decide as a reviewer: approve, reject, request_changes, suspend, reinstate, revoke."""
        body = {"verb": verb, "reasons": list(reasons), "note": note}
        return self._post(
            answers.Case, f"/test/employers/{part(employer_id)}/decide", body, idempotency_key
        )

    def test_company_email(
        self,
        employer_id: str,
        member_id: str,
        *,
        address: str = "",
        code: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Proof:
        """Prove authority with a code by mail: send it and enter it."""
        body = {"member_id": member_id, "address": address, "code": code}
        return self._post(
            answers.Proof,
            f"/test/employers/{part(employer_id)}/company-email",
            body,
            idempotency_key,
        )

    def test_deposit(
        self,
        employer_id: str,
        member_id: str,
        *,
        account_number: str = "",
        code: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Proof:
        """Prove authority with a bank deposit: start it and enter its code.

        The account's last two digits determine the outcome.
        """
        body = {"member_id": member_id, "account_number": account_number, "code": code}
        return self._post(
            answers.Proof, f"/test/employers/{part(employer_id)}/deposit", body, idempotency_key
        )

    def test_scan(
        self,
        employer_id: str,
        member_id: str,
        does: str = "confirm",
        *,
        idempotency_key: str | None = None,
    ) -> answers.Proof:
        """Play the phone that scans the code on the recruiter's page: confirm, other_company,
        refuse.
        """
        body = {"member_id": member_id, "does": does}
        return self._post(
            answers.Proof, f"/test/employers/{part(employer_id)}/scan", body, idempotency_key
        )

    def test_move(
        self,
        employer_id: str,
        to: str,
        *,
        until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> answers.Standing:
        """Change the employer's tier as a rule would: employer_restricted, employer_step_up,
        provisional, established, case.
        """
        body = {"to": to, "until": until.isoformat() if until else None}
        return self._post(
            answers.Standing, f"/test/employers/{part(employer_id)}/move", body, idempotency_key
        )

    def test_appeal(
        self, employer_id: str, member_id: str, words: str, *, idempotency_key: str | None = None
    ) -> answers.Appeal:
        """Appeal against the change, as an owner."""
        body = {"member_id": member_id, "words": words}
        return self._post(
            answers.Appeal, f"/test/employers/{part(employer_id)}/appeal", body, idempotency_key
        )

    def test_answer_appeal(
        self, employer_id: str, lift: bool, *, reply: str = "", idempotency_key: str | None = None
    ) -> answers.Appeal:
        """Answer the appeal, as a reviewer. A refusal needs a reply."""
        body = {"lift": lift, "reply": reply}
        return self._post(
            answers.Appeal,
            f"/test/employers/{part(employer_id)}/answer-appeal",
            body,
            idempotency_key,
        )

    def test_clock(self) -> answers.Clock:
        """Return the time in the test."""
        return self._get(answers.Clock, "/test/clock")

    def test_move_clock(
        self, advance: timedelta, *, idempotency_key: str | None = None
    ) -> answers.Clock:
        """Move the clock forward. Everything that falls due is done before the call returns."""
        return self._post(
            answers.Clock, "/test/clock", {"advance": advance.total_seconds()}, idempotency_key
        )

    def test_relay_recipes(self) -> list[answers.RelayRecipe]:
        """Return candidates' numbers that determine outcomes."""
        return self._get(answers.RelayRecipes, "/test/relays/recipes").data

    def test_call(
        self,
        relay_id: str,
        *,
        by_stranger: bool = False,
        seconds: int = 60,
        idempotency_key: str | None = None,
    ) -> answers.Played:
        """Play a call to a relay number, by a member of the employer or by a stranger."""
        body = {"by_stranger": by_stranger, "seconds": seconds}
        return self._post(
            answers.Played, f"/test/relays/{part(relay_id)}/calls", body, idempotency_key
        )

    def test_mails(self) -> list[answers.Mail]:
        """Return the mails that members of the test's employers would have got, newest first."""
        return self._get(answers.Mails, "/test/mails").data

    def test_candidates(
        self, *, idempotency_key: str | None = None
    ) -> list[answers.CandidateRecipe]:
        """Create candidates whose answers are determined."""
        return self._post(answers.CandidateRecipes, "/test/candidates", None, idempotency_key).data

    def test_texts(self) -> list[answers.TextMessage]:
        """Return the text messages that the test's candidates would have got, newest first."""
        return self._get(answers.TextMessages, "/test/candidates/texts").data
