"""API: relay numbers: request, extend, mute and end them, and ask candidates for contact again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Query, Router, Schema, Status

from downloads.api.gate import Candidate, JobTitle, JobTitleOut, ReasonOut
from downloads.models import RelayBinding, RelayCall
from downloads.models.relays import OPEN, RelayState
from downloads.relays import bindings
from downloads.test_mode import relays as test_mode_relays
from employers.clock import now_for
from employers.models import ApiClient, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of
from events.core.reasons import REASONS

router = Router(tags=["relay numbers"])


class RelayIn(Schema):
    """The download that the number is for, and the candidate's phone number."""

    decision_id: UUID = Field(
        description="The decision that allowed the download of this candidate's resume."
    )
    candidate_phone: str = Field(
        max_length=30,
        examples=["139 0000 0001"],
        description=(
            "The candidate's mobile number. It is stored encrypted, passed only to the provider of"
            " the relay number, and never returned."
        ),
    )
    job_title: JobTitle = ""


class RelayOut(Schema):
    """A relay number."""

    id: UUID = Field(description="Unique identifier of the relay number.")
    decision_id: UUID = Field(description="The decision that it was requested for.")
    employer_id: UUID = Field(description="The employer whose members can call it.")
    member_id: UUID = Field(
        description=("The member who downloaded the resume, and who gets reminders.")
    )
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    job_title: JobTitleOut
    state: str = Field(
        description=("The state: requested, bound, ended or failed."), examples=["bound"]
    )
    number: str | None = Field(
        description="The number to dial, once the state is bound.", examples=["+8617000000010"]
    )
    extension: str | None = Field(
        description="The extension to dial after the number, if there is one.", examples=["104"]
    )
    callers: int = Field(
        description=("The number of people at the employer whose calls get through."), examples=[3]
    )
    muted: bool = Field(description="Whether the candidate has muted calls.")
    requested_at: datetime = Field(description="When it was requested.")
    bound_at: datetime | None = Field(description="When the number was lent.")
    expires_at: datetime = Field(description="When the number expires. Each contact extends it.")
    ended_at: datetime | None = Field(description="When it ended.")
    reasons: list[ReasonOut] = Field(
        description="Why there is no number yet or any more, or why calls do not get through."
    )
    contact: str = Field(
        description=(
            "Whether the candidate was asked for contact again after the number ended: none, asked,"
            " agreed or refused."
        ),
        examples=["none"],
    )

    @classmethod
    def of(cls, binding: RelayBinding) -> RelayOut:
        bound = binding.state == RelayState.BOUND
        contact = {None: "asked" if binding.asked_at else "none", True: "agreed", False: "refused"}[
            binding.agreed
        ]
        return cls(
            id=binding.pk,
            decision_id=binding.decision_id,
            employer_id=binding.employer_id,
            member_id=binding.member_id,
            candidate=binding.candidate,
            job_title=binding.job_title,
            state=binding.state,
            number=binding.number if bound else None,
            extension=binding.extension or None if bound else None,
            callers=binding.team.callers,
            muted=binding.muted,
            requested_at=binding.requested_at,
            bound_at=binding.bound_at,
            expires_at=binding.expires_at,
            ended_at=binding.ended_at,
            reasons=[ReasonOut.of(REASONS[code]) for code in _codes(binding)],
            contact=contact,
        )


def _codes(binding: RelayBinding) -> list[str]:
    if binding.state not in OPEN:
        return [binding.ended_why]
    waits = binding.last_error if binding.state == RelayState.REQUESTED else ""
    if not binding.team.callers and binding.state == RelayState.BOUND:
        waits = "relay_no_caller"
    return [waits] if waits in REASONS else []


def synced_binding(binding: RelayBinding, client: ApiClient) -> RelayOut:
    """Return the binding after an operation; in a test it is synchronised at once, without a
    worker.
    """
    test_mode_relays.sync_at_once(binding, client, lambda: now_for(client))
    return RelayOut.of(bindings.binding_of(binding.pk, client))


class RelaysQuery(PageQuery):
    """Filters for relay numbers."""

    employer_id: UUID | None = Field(None, description="Only relay numbers of this employer.")
    candidate: Candidate | None = Field(None, description="Only relay numbers for this candidate.")


@router.post(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Request a relay number",
    operation_id="bind_relay",
)
def bind(request: ApiRequest, body: RelayIn) -> RelayOut:
    """Requests a relay number for an employer and a candidate. If they have one, it is returned.

    The number follows within seconds, with the event `relay.bound`.
    """
    client = request.auth.client
    binding = bindings.request_binding(
        body.decision_id, client, body.candidate_phone, now_for(client), job_title=body.job_title
    )
    return synced_binding(binding, client)


@router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[RelayOut],
    summary="List relay numbers",
    operation_id="relays",
)
def relays(request: ApiRequest, asked: Query[RelaysQuery]) -> dict[str, Any]:
    """Returns the relay numbers for your candidates, the latest request first."""
    rows = RelayBinding.objects.of(request.auth.client.pk).select_related("team")
    wanted = {"employer_id": asked.employer_id, "candidate": asked.candidate}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, following = page_of(rows, asked, "relays", by="requested_at", newest_first=True)
    return {"data": [RelayOut.of(binding) for binding in found], "next": following}


@router.get(
    "/{relay_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Retrieve a relay number",
    operation_id="relay",
)
def relay(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Returns a relay number.

    Show it only to the employer's people: other callers do not get through.
    """
    return RelayOut.of(bindings.binding_of(relay_id, request.auth.client))


@router.post(
    "/{relay_id}/extend",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Extend a relay number",
    operation_id="extend_relay",
)
def extend(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Extends a relay number while hiring goes on.

    A connected call, or a contact that you report, extends it too.
    """
    client = request.auth.client
    return synced_binding(
        bindings.extend_binding(
            bindings.binding_of(relay_id, client).pk, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.post(
    "/{relay_id}/mute",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Mute a relay number",
    operation_id="mute_relay",
)
def mute(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Mutes a relay number: callers hear an announcement, and the candidate's phone does not ring.
    Call it only when the candidate asks for it.
    """
    client = request.auth.client
    return synced_binding(
        bindings.mute_binding(
            bindings.binding_of(relay_id, client).pk, True, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.post(
    "/{relay_id}/unmute",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Unmute a relay number",
    operation_id="unmute_relay",
)
def unmute(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Unmutes a relay number. Call it only when the candidate asks for it."""
    client = request.auth.client
    return synced_binding(
        bindings.mute_binding(
            bindings.binding_of(relay_id, client).pk, False, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.delete(
    "/{relay_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="End a relay number",
    operation_id="end_relay",
)
def end(request: ApiRequest, relay_id: UUID) -> Status[None]:
    """Ends a relay number because the candidate wants no more contact. The employer cannot ask them
    again.
    """
    client = request.auth.client
    ended = bindings.end_for_candidate(
        bindings.binding_of(relay_id, client).pk, client.as_actor(), now_for(client)
    )
    test_mode_relays.sync_at_once(ended, client, lambda: now_for(client))
    return Status(204, None)


class AskIn(Schema):
    """The member who asks the candidate for contact."""

    member_id: UUID = Field(
        description="A member of the employer.", examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"]
    )


@router.post(
    "/{relay_id}/ask",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Ask for contact again",
    operation_id="ask_for_contact",
)
def ask(request: ApiRequest, relay_id: UUID, body: AskIn) -> RelayOut:
    """Asks the candidate for contact after a relay number has ended, at most once a week.

    The event `relay.contact_asked` tells you to ask the candidate, who answers yes or no.
    """
    client = request.auth.client
    binding = bindings.ask_for_contact(
        bindings.binding_of(relay_id, client).pk, body.member_id, now_for(client)
    )
    return RelayOut.of(binding)


class CandidateAnswerIn(Schema):
    """The candidate's answer."""

    agrees: bool = Field(
        description=(
            "Whether the candidate agrees to be contacted again. After a no, they cannot be asked"
            " again."
        )
    )


@router.post(
    "/{relay_id}/answer",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Answer a contact request",
    operation_id="answer_contact",
)
def answer(request: ApiRequest, relay_id: UUID, body: CandidateAnswerIn) -> RelayOut:
    """Records the candidate's answer. Returns the new relay number after a yes, and the old one
    after a no.
    """
    client = request.auth.client
    return synced_binding(
        bindings.answer_contact_request(
            bindings.binding_of(relay_id, client).pk, body.agrees, client, now_for(client)
        ),
        client,
    )


class CallOut(Schema):
    """A call. It contains neither side's phone number."""

    id: str = Field(description="Unique identifier of the call.", examples=["4711"])
    at: datetime = Field(description="When the call began.")
    seconds: int = Field(description="Duration of the conversation in seconds.", examples=[42])
    outcome: str = Field(
        description=(
            "The outcome: connected, no_answer, busy, unreachable, muted, stranger, unbound,"
            " blocked or failed."
        ),
        examples=["connected"],
    )
    by_candidate: bool = Field(description="Whether the candidate called.")

    @classmethod
    def of(cls, call: RelayCall) -> CallOut:
        return cls(
            id=str(call.pk),
            at=call.at,
            seconds=call.seconds,
            outcome=call.outcome,
            by_candidate=call.by_candidate,
        )


@router.get(
    "/{relay_id}/calls",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[CallOut],
    summary="List a relay number's calls",
    operation_id="relay_calls",
)
def calls(request: ApiRequest, relay_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """Returns the calls, the latest first. Records can arrive minutes late."""
    binding = bindings.binding_of(relay_id, request.auth.client)
    found, following = page_of(
        binding.calls.all(), asked, f"calls {relay_id}", by="at", newest_first=True
    )
    return {"data": [CallOut.of(call) for call in found], "next": following}
