"""How does a platform's program speak with the service?

One method for each operation of its API document, by the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import httpx

from zizhi_client import answers
from zizhi_client.answers import AccountClass, Language, Purpose, Role
from zizhi_client.calls import Calls
from zizhi_client.errors import GateUnavailable, RateLimited, Unavailable
from zizhi_client.reading import T, read

GATE_TIMEOUT: Final = 2.0
TIMEOUT: Final = 10.0
PAGE: Final = 100


class Zizhi:
    """The service at `base_url`, asked with `key` (`zk_…`, or `test_…` for tests).

    Make one and keep it; threads may share it.

    Every method raises ZizhiError. What is not answered within `timeout` seconds, or with 429 or
    5xx, is tried again up to `retries` times where that does nothing twice. The gate is asked once,
    with `gate_timeout` for each step. `idempotency_key` is for what has to be done once even if
    your program dies in between: make it before the call, and keep it.
    """

    def __init__(
        self,
        key: str,
        base_url: str,
        *,
        timeout: float = TIMEOUT,
        gate_timeout: float = GATE_TIMEOUT,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._calls = Calls(key, base_url, timeout=timeout, retries=retries, transport=transport)
        self._gate_timeout = gate_timeout

    def __enter__(self) -> Zizhi:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the kept connections."""
        self._calls.close()

    def me(self) -> answers.Me:
        """Which platform is asking, and what this key may do. Ask it at start-up."""
        return self._get(answers.Me, "/me")

    # --- The gate ---------------------------------------------------------------------------------

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
        return self._ask(answers.Decision, "POST", "/gate/decisions", asked, idempotency_key)

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
            list[answers.Decision], "POST", "/gate/decisions/batch", asked, idempotency_key
        )
        if len(decisions) != len(asked["candidates"]):
            raise GateUnavailable("As many answers as questions were expected")
        return decisions

    def explain(self, decision_id: str) -> answers.Explanation:
        """Any answer that was given to you, with what it rested on.

        It tells of then, not of now.
        """
        return self._get(answers.Explanation, f"/gate/decisions/{_part(decision_id)}")

    def spend_pass(self, gate_pass: str, *, idempotency_key: str | None = None) -> answers.Spent:
        """The last question before the first byte leaves: the facts are looked at again, and the
        pass is good once.

        Asked once and never again by itself. Raises ZizhiError for every no, GateUnavailable where
        no answer came.
        """
        return self._ask(
            answers.Spent, "POST", "/gate/passes/spend", {"gate_pass": gate_pass}, idempotency_key
        )

    def report_contact(self, decision_id: str, *, idempotency_key: str | None = None) -> None:
        """The employer and the candidate were in contact after this download.

        Telling it twice is once.
        """
        self._calls.answer(
            "POST", "/gate/contacts", body={"decision_id": decision_id}, key=idempotency_key
        )

    def _ask(
        self, kind: type[T], method: str, path: str, body: dict[str, Any], key: str | None
    ) -> T:
        """Asked once: whoever waits for a resume can ask again, and an old yes must not arrive
        late.
        """
        headers = {"Idempotency-Key": key} if key else {}
        try:
            told = self._calls.once(
                method, path, body=body, headers=headers, timeout=self._gate_timeout
            )
            return _as(kind, told)
        except (Unavailable, RateLimited) as error:
            raise GateUnavailable(
                f"The gate gave no answer, which means no: {error}",
                status=error.status,
                retry_after=error.retry_after,
                told={"code": error.code, "request_id": error.request_id},
            ) from error

    # --- Releases ---------------------------------------------------------------------------------

    def release(
        self,
        gate_pass: str,
        candidate_phone: str,
        resume: bytes | None = None,
        *,
        candidate_email: str = "",
        resume_reference: str = "",
        wait: int | None = None,
        idempotency_key: str | None = None,
    ) -> answers.ResumeRelease:
        """Let this resume leave by this pass, redacted, marked and with a relay number.

        Ask `read_release` until it is `ready`.

        Send the file, or your reference to it where the service fetches from a store of yours. With
        `wait` the call lasts up to so many seconds (20 at most) for the copy to be made: redirect
        the recruiter to its `link`; where that is None, ask on. With an `idempotency_key` it does
        not wait; without one, the same pass and file again is the same release.
        """
        form = {
            "gate_pass": gate_pass,
            "candidate_phone": candidate_phone,
            "candidate_email": candidate_email,
            "resume_reference": resume_reference,
        }
        files = {} if resume is None else {"resume": resume}
        return self._send_form(
            answers.ResumeRelease, "/releases", form, files, idempotency_key, wait
        )

    def releases(
        self, *, employer_id: str | None = None, candidate: str | None = None
    ) -> Iterator[answers.ResumeRelease]:
        """The last that was asked for first; all pages."""
        return self._pages(
            answers.ResumeRelease, "/releases", {"employer_id": employer_id, "candidate": candidate}
        )

    def read_release(self, release_id: str) -> answers.ResumeRelease:
        """How far it has come."""
        return self._get(answers.ResumeRelease, f"/releases/{_part(release_id)}")

    def link_release(
        self, release_id: str, *, idempotency_key: str | None = None
    ) -> answers.CopyLink:
        """Where the recruiter's browser fetches the copy, once, within a minute.

        Raises Conflict `release_not_ready`.
        """
        return self._send(
            answers.CopyLink, "POST", f"/releases/{_part(release_id)}/links", None, idempotency_key
        )

    def trace(
        self,
        why: str,
        leak: bytes | None = None,
        *,
        text: str = "",
        candidate: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Trace:
        """Whose copy is this leak?

        Held against your own releases. Ask `read_trace` until it is `done`.
        """
        form = {"why": why, "text": text, "candidate": candidate}
        return self._send_form(
            answers.Trace, "/traces", form, {} if leak is None else {"leak": leak}, idempotency_key
        )

    def read_trace(self, trace_id: str) -> answers.Trace:
        """What was found."""
        return self._get(answers.Trace, f"/traces/{_part(trace_id)}")

    # --- Relay numbers ----------------------------------------------------------------------------

    def bind_relay(
        self, decision_id: str, candidate_phone: str, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """The number by which the employer of this allowed answer reaches its candidate; asked
        again, the same. It follows in seconds.
        """
        body = {"decision_id": decision_id, "candidate_phone": candidate_phone}
        return self._send(answers.Relay, "POST", "/relays", body, idempotency_key)

    def relays(
        self, *, employer_id: str | None = None, candidate: str | None = None
    ) -> Iterator[answers.Relay]:
        """Those to your candidates, the last that was asked for first; all pages."""
        return self._pages(
            answers.Relay, "/relays", {"employer_id": employer_id, "candidate": candidate}
        )

    def relay(self, relay_id: str) -> answers.Relay:
        """As it stands now. Show the number to the employer's people alone."""
        return self._get(answers.Relay, f"/relays/{_part(relay_id)}")

    def extend_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """Hiring goes on. Raises Conflict `relay_ended`, `relay_longest`."""
        return self._send(
            answers.Relay, "POST", f"/relays/{_part(relay_id)}/extend", None, idempotency_key
        )

    def mute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """The candidate wants no calls for now."""
        return self._send(
            answers.Relay, "POST", f"/relays/{_part(relay_id)}/mute", None, idempotency_key
        )

    def unmute_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> answers.Relay:
        """The candidate wants calls again."""
        return self._send(
            answers.Relay, "POST", f"/relays/{_part(relay_id)}/unmute", None, idempotency_key
        )

    def end_relay(self, relay_id: str, *, idempotency_key: str | None = None) -> None:
        """The candidate wants to hear of this employer no more."""
        self._calls.answer("DELETE", f"/relays/{_part(relay_id)}", key=idempotency_key)

    def ask_for_contact(
        self, relay_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """After its end: you are told by `relay.contact_asked` to ask the candidate.

        Raises Conflict `relay_asked_already`.
        """
        return self._send(
            answers.Relay,
            "POST",
            f"/relays/{_part(relay_id)}/ask",
            {"member_id": member_id},
            idempotency_key,
        )

    def answer_contact(
        self, relay_id: str, agrees: bool, *, idempotency_key: str | None = None
    ) -> answers.Relay:
        """What the candidate answers: with a yes, the relay number that begins then."""
        return self._send(
            answers.Relay,
            "POST",
            f"/relays/{_part(relay_id)}/answer",
            {"agrees": agrees},
            idempotency_key,
        )

    def relay_calls(self, relay_id: str) -> Iterator[answers.Call]:
        """Its calls, the last one first; all pages."""
        return self._pages(answers.Call, f"/relays/{_part(relay_id)}/calls", {})

    # --- Candidates -------------------------------------------------------------------------------

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
        return self._send(answers.Candidate, "PUT", f"/candidates/{_part(reference)}", body)

    def candidate(self, reference: str) -> answers.Candidate:
        """How they want to be asked, and whom they block."""
        return self._get(answers.Candidate, f"/candidates/{_part(reference)}")

    def erase_candidate(self, reference: str, *, idempotency_key: str | None = None) -> None:
        """Forgets their address; nothing leaves of them any more."""
        self._calls.answer("DELETE", f"/candidates/{_part(reference)}", key=idempotency_key)

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
        return self._send(
            answers.LedgerLink,
            "POST",
            f"/candidates/{_part(reference)}/link",
            None,
            idempotency_key,
        )

    def candidate_releases(self, reference: str) -> Iterator[answers.ReleasedResume]:
        """What left of them, with receipts, the last first; all pages."""
        return self._pages(answers.ReleasedResume, f"/candidates/{_part(reference)}/releases", {})

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
        return self._send(
            answers.Candidate,
            "POST",
            f"/candidates/{_part(reference)}/revoke",
            body,
            idempotency_key,
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
        return self._send(
            answers.Candidate,
            "POST",
            f"/candidates/{_part(reference)}/allow-again",
            body,
            idempotency_key,
        )

    def consents(self, reference: str) -> Iterator[answers.Consent]:
        """Those that they gave, the last first; all pages."""
        return self._pages(answers.Consent, f"/candidates/{_part(reference)}/consents", {})

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
        return self._send(
            answers.Consent,
            "POST",
            f"/candidates/{_part(reference)}/consents",
            body,
            idempotency_key,
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
        return self._send(
            answers.ConsentRequest,
            "POST",
            f"/candidates/{_part(reference)}/consent-requests",
            body,
            idempotency_key,
        )

    def consent_request(self, request_id: str) -> answers.ConsentRequest:
        """Whether it waits, and what was said."""
        return self._get(answers.ConsentRequest, f"/consent-requests/{_part(request_id)}")

    def answer_consent(
        self, request_id: str, agrees: bool, evidence: str, *, idempotency_key: str | None = None
    ) -> answers.ConsentRequest:
        """Passes on what the candidate said to you."""
        body = {"agrees": agrees, "evidence": evidence}
        return self._send(
            answers.ConsentRequest,
            "POST",
            f"/consent-requests/{_part(request_id)}/answer",
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
        return self._send(
            answers.EraseOrder,
            "POST",
            f"/erase-orders/{_part(order_id)}/answer",
            {"answer": answer, "why": why},
            idempotency_key,
        )

    def test_candidates(
        self, *, idempotency_key: str | None = None
    ) -> list[answers.CandidateRecipe]:
        """Lays out candidates that stand for what a candidate says."""
        return self._send(
            answers.CandidateRecipes, "POST", "/test/candidates", None, idempotency_key
        ).data

    # --- Employers --------------------------------------------------------------------------------

    def employers(
        self, *, uscc: str | None = None, reference: str | None = None, state: str | None = None
    ) -> Iterator[answers.Employer]:
        """Yours, and those who registered by themselves; all pages."""
        return self._pages(
            answers.Employer, "/employers", {"uscc": uscc, "reference": reference, "state": state}
        )

    def create_employer(
        self,
        reference: str,
        name: str,
        uscc: str,
        *,
        account_class: AccountClass = "direct_employer",
        contest: bool = False,
        idempotency_key: str | None = None,
    ) -> answers.Employer:
        """Makes one by your own `reference`.

        Raises Invalid `uscc_invalid`, Conflict `reference_taken`.
        """
        body = {
            "reference": reference,
            "name": name,
            "uscc": uscc,
            "account_class": account_class,
            "contest": contest,
        }
        return self._send(answers.Employer, "POST", "/employers", body, idempotency_key)

    def put_employer(
        self,
        reference: str,
        name: str,
        uscc: str,
        *,
        account_class: AccountClass = "direct_employer",
        contest: bool = False,
        idempotency_key: str | None = None,
    ) -> answers.Employer:
        """Makes it, or corrects it until a case is handed in.

        Said twice, it is the same as once.
        """
        body = {"name": name, "uscc": uscc, "account_class": account_class, "contest": contest}
        return self._send(
            answers.Employer,
            "PUT",
            f"/employers/by-reference/{_part(reference)}",
            body,
            idempotency_key,
        )

    def employer(self, employer_id: str) -> answers.Employer:
        """Where it stands now. That it is approved is not yet a yes: ask the gate."""
        return self._get(answers.Employer, f"/employers/{_part(employer_id)}")

    def requirements(
        self, employer_id: str, *, member_id: str | None = None
    ) -> answers.Requirements:
        """What it lacks, and how that is mended; with `member_id`, for this recruiter."""
        return self._get(
            answers.Requirements,
            f"/employers/{_part(employer_id)}/requirements",
            member_id=member_id,
        )

    def rights(self, employer_id: str) -> answers.Rights:
        """What it may, and what is left of its quotas."""
        return self._get(answers.Rights, f"/employers/{_part(employer_id)}/rights")

    # --- Members ----------------------------------------------------------------------------------

    def members(self, employer_id: str) -> Iterator[answers.Member]:
        """Those who act for the employer now; all pages."""
        return self._pages(answers.Member, f"/employers/{_part(employer_id)}/members", {})

    def add_member(
        self,
        employer_id: str,
        reference: str,
        email: str,
        *,
        role: Role = "recruiter",
        language: Language = "zh-hans",
        idempotency_key: str | None = None,
    ) -> answers.Member:
        """Adds a recruiter.

        They confirm their address themselves: send them by an onboarding link.
        """
        body = {"reference": reference, "email": email, "role": role, "language": language}
        return self._send(
            answers.Member,
            "POST",
            f"/employers/{_part(employer_id)}/members",
            body,
            idempotency_key,
        )

    def member(self, employer_id: str, member_id: str) -> answers.Member:
        """Whether they act for the employer, and have confirmed their address."""
        return self._get(
            answers.Member, f"/employers/{_part(employer_id)}/members/{_part(member_id)}"
        )

    def set_member_phone(self, employer_id: str, member_id: str, phone: str) -> None:
        """The number that they call relay numbers from; "" for none.

        Said twice, it is the same as once.
        """
        self._calls.answer(
            "PUT",
            f"/employers/{_part(employer_id)}/members/{_part(member_id)}/phone",
            body={"phone": phone},
        )

    def end_member(
        self, employer_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Ends it at once: the gate says no from the answer on."""
        self._calls.answer(
            "DELETE",
            f"/employers/{_part(employer_id)}/members/{_part(member_id)}",
            key=idempotency_key,
        )

    def make_onboarding_link(
        self,
        employer_id: str,
        member_id: str,
        return_url: str,
        *,
        purpose: Purpose = "verify",
        language: Language = "zh-hans",
        idempotency_key: str | None = None,
    ) -> answers.Link:
        """A link that signs this one recruiter in, once, within 15 minutes.

        Make it when they press your button.
        """
        body = {
            "member_id": member_id,
            "return_url": return_url,
            "purpose": purpose,
            "language": language,
        }
        return self._send(
            answers.Link,
            "POST",
            f"/employers/{_part(employer_id)}/onboarding-links",
            body,
            idempotency_key,
        )

    # --- Events and webhooks ----------------------------------------------------------------------

    def events(self, *, after: int = 0) -> Iterator[answers.Event]:
        """Everything your platform is told after the number `after`, in order and without a gap, up
        to now. Keep the last `sequence`.
        """
        while True:
            page = self._calls.answer("GET", "/events", params={"after": after, "limit": 500})
            yield from _as(list[answers.Event], page["events"])
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
        return self._send(answers.EndpointWithSecret, "POST", "/webhooks", body, idempotency_key)

    def webhook(self, endpoint_id: str) -> answers.Endpoint:
        """How it does, and whether it is paused."""
        return self._get(answers.Endpoint, f"/webhooks/{_part(endpoint_id)}")

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
            f"/webhooks/{_part(endpoint_id)}",
            _given(body),
            idempotency_key,
        )

    def delete_webhook(self, endpoint_id: str, *, idempotency_key: str | None = None) -> None:
        """What waits for it is not sent any more."""
        self._calls.answer("DELETE", f"/webhooks/{_part(endpoint_id)}", key=idempotency_key)

    def pause_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """What happens meanwhile waits for it."""
        return self._send(
            answers.Endpoint, "POST", f"/webhooks/{_part(endpoint_id)}/pause", None, idempotency_key
        )

    def resume_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Endpoint:
        """What waited is sent now."""
        return self._send(
            answers.Endpoint,
            "POST",
            f"/webhooks/{_part(endpoint_id)}/resume",
            None,
            idempotency_key,
        )

    def rotate_webhook_secret(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.EndpointWithSecret:
        """A new secret; for 24 hours messages carry two signatures."""
        return self._send(
            answers.EndpointWithSecret,
            "POST",
            f"/webhooks/{_part(endpoint_id)}/secret",
            None,
            idempotency_key,
        )

    def ping_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Sends a message of type `webhook.ping`."""
        return self._send(
            answers.Delivery, "POST", f"/webhooks/{_part(endpoint_id)}/ping", None, idempotency_key
        )

    def webhook_deliveries(self, endpoint_id: str) -> Iterator[answers.Delivery]:
        """What was sent to it, the latest first; all pages."""
        return self._deliveries(f"/webhooks/{_part(endpoint_id)}/deliveries")

    def dead_letters(self) -> Iterator[answers.Delivery]:
        """What was given up, the latest first; all pages."""
        return self._deliveries("/webhooks/dead-letters")

    def replay_delivery(
        self, endpoint_id: str, delivery_id: int, *, idempotency_key: str | None = None
    ) -> answers.Delivery:
        """Sends one again, under the same `webhook-id`."""
        path = f"/webhooks/{_part(endpoint_id)}/deliveries/{delivery_id}/replay"
        return self._send(answers.Delivery, "POST", path, None, idempotency_key)

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
        return self._send(
            answers.Replayed,
            "POST",
            f"/webhooks/{_part(endpoint_id)}/replay",
            _given(span),
            idempotency_key,
        )

    # --- Test mode --------------------------------------------------------------------------------

    def test_recipes(self) -> list[answers.Recipe]:
        """Codes that stand for outcomes, a fresh one each."""
        return self._get(answers.Recipes, "/test/recipes").data

    def test_hand_in(
        self, employer_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> answers.Case:
        """Stands for the upload of all papers and the hand-in."""
        return self._send(
            answers.Case,
            "POST",
            f"/test/employers/{_part(employer_id)}/hand-in",
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
        """Decides as a reviewer would: approve, reject, request_changes, suspend, reinstate,
        revoke.
        """
        body = {"verb": verb, "reasons": list(reasons), "note": note}
        return self._send(
            answers.Case,
            "POST",
            f"/test/employers/{_part(employer_id)}/decide",
            body,
            idempotency_key,
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
        """Proves authority by a code by mail: has it sent, and gives it."""
        body = {"member_id": member_id, "address": address, "code": code}
        return self._send(
            answers.Proof,
            "POST",
            f"/test/employers/{_part(employer_id)}/company-email",
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
        """Proves authority by a bank deposit: begins it, and gives its code.

        The account's last two digits say what becomes of it.
        """
        body = {"member_id": member_id, "account_number": account_number, "code": code}
        return self._send(
            answers.Proof,
            "POST",
            f"/test/employers/{_part(employer_id)}/deposit",
            body,
            idempotency_key,
        )

    def test_scan(
        self,
        employer_id: str,
        member_id: str,
        does: str = "confirm",
        *,
        idempotency_key: str | None = None,
    ) -> answers.Proof:
        """Plays the phone that scans the code on the recruiter's page: confirm, other_company,
        refuse.
        """
        body = {"member_id": member_id, "does": does}
        return self._send(
            answers.Proof,
            "POST",
            f"/test/employers/{_part(employer_id)}/scan",
            body,
            idempotency_key,
        )

    def test_move(
        self,
        employer_id: str,
        to: str,
        *,
        until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> answers.Standing:
        """Moves it on the ladder as a rule would: employer_restricted, employer_step_up,
        provisional, established, case.
        """
        body = {"to": to, "until": until.isoformat() if until else None}
        return self._send(
            answers.Standing,
            "POST",
            f"/test/employers/{_part(employer_id)}/move",
            body,
            idempotency_key,
        )

    def test_appeal(
        self, employer_id: str, member_id: str, words: str, *, idempotency_key: str | None = None
    ) -> answers.Appeal:
        """Appeals against that, as an owner would."""
        body = {"member_id": member_id, "words": words}
        return self._send(
            answers.Appeal,
            "POST",
            f"/test/employers/{_part(employer_id)}/appeal",
            body,
            idempotency_key,
        )

    def test_answer_appeal(
        self, employer_id: str, lift: bool, *, reply: str = "", idempotency_key: str | None = None
    ) -> answers.Appeal:
        """Answers it, as a reviewer would; a no needs a reply."""
        body = {"lift": lift, "reply": reply}
        return self._send(
            answers.Appeal,
            "POST",
            f"/test/employers/{_part(employer_id)}/answer-appeal",
            body,
            idempotency_key,
        )

    def test_clock(self) -> answers.Clock:
        """What time it is in the test."""
        return self._get(answers.Clock, "/test/clock")

    def test_move_clock(
        self, advance: timedelta, *, idempotency_key: str | None = None
    ) -> answers.Clock:
        """Moves it forward; what falls due until then is done before the answer."""
        return self._send(
            answers.Clock,
            "POST",
            "/test/clock",
            {"advance": advance.total_seconds()},
            idempotency_key,
        )

    def test_relay_recipes(self) -> list[answers.RelayRecipe]:
        """Candidates' numbers that stand for outcomes."""
        return self._get(answers.RelayRecipes, "/test/relays/recipes").data

    def test_call(
        self,
        relay_id: str,
        *,
        by_stranger: bool = False,
        seconds: int = 60,
        idempotency_key: str | None = None,
    ) -> answers.Played:
        """Plays a call to a relay number, by a member of the employer or by a stranger."""
        body = {"by_stranger": by_stranger, "seconds": seconds}
        return self._send(
            answers.Played, "POST", f"/test/relays/{_part(relay_id)}/calls", body, idempotency_key
        )

    def test_mails(self) -> list[answers.Mail]:
        """What the members of the test's employers would have got, the newest first."""
        return self._get(answers.Mails, "/test/mails").data

    # --- How --------------------------------------------------------------------------------------

    def _get(self, kind: type[T], path: str, **params: Any) -> T:
        return _as(kind, self._calls.answer("GET", path, params=params))

    def _send(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: dict[str, Any] | None,
        key: str | None = None,
    ) -> T:
        return _as(kind, self._calls.answer(method, path, body=body, key=key))

    def _send_form(
        self,
        kind: type[T],
        path: str,
        form: dict[str, str],
        files: dict[str, bytes],
        key: str | None,
        wait: int | None = None,
    ) -> T:
        return _as(
            kind, self._calls.answer("POST", path, form=form, files=files, key=key, wait=wait)
        )

    def _pages(self, kind: type[T], path: str, params: dict[str, Any]) -> Iterator[T]:
        after: str | None = None
        while True:
            page = self._calls.answer("GET", path, params=params | {"limit": PAGE, "after": after})
            for each in page["data"]:
                yield _as(kind, each)
            after = page["next"]
            if after is None:
                return

    def _deliveries(self, path: str) -> Iterator[answers.Delivery]:
        before: int | None = None
        while True:
            page = self._calls.answer("GET", path, params={"before": before, "limit": PAGE})
            yield from _as(list[answers.Delivery], page["deliveries"])
            before = page["next_before"]
            if before is None:
                return


def _as(kind: type[T], told: Any) -> T:
    try:
        return read(kind, told)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(
            f"An answer of another form than the document's: {error}", status=200
        ) from error


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _part(text: str) -> str:
    """One part of a path, whatever is in it: an empty one would be another address."""
    if not text:
        raise ValueError("An id is missing")
    return quote(text, safe="")
