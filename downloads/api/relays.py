"""How does a platform ask for relay numbers, let them last, and tell what its candidates say of
them?
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Query, Router, Schema, Status

from downloads.api.gate import Candidate, ReasonOut
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
    """For which download a number is asked, and whom it is to reach."""

    decision_id: UUID = Field(
        description="The answer that allowed the download of this candidate's resume."
    )
    candidate_phone: str = Field(
        max_length=30,
        examples=["139 0000 0001"],
        description=(
            "The candidate's mobile number. It rests sealed, goes to whoever lends the number, and"
            " is told back to nobody."
        ),
    )


class RelayOut(Schema):
    """A relay number, as it stands."""

    id: UUID = Field(description="Of the binding.")
    decision_id: UUID = Field(description="The answer for which it was asked.")
    employer_id: UUID = Field(description="Whose people reach the candidate by it.")
    member_id: UUID = Field(description="Who of them downloaded, and is reminded.")
    candidate: str = Field(description="Your reference to the candidate.", examples=["cand-20481"])
    state: str = Field(description="requested, bound, ended or failed.", examples=["bound"])
    number: str | None = Field(
        description="What is to be dialled, once it is bound.", examples=["+8617000000010"]
    )
    extension: str | None = Field(
        description="What is to be dialled after it, where numbers are scarce.", examples=["104"]
    )
    callers: int = Field(description="How many people of the employer get through.", examples=[3])
    muted: bool = Field(description="Whether the candidate wants no calls for now.")
    requested_at: datetime = Field(description="When it was asked for.")
    bound_at: datetime | None = Field(description="When it was lent.")
    expires_at: datetime = Field(
        description="Until when it leads to the candidate; each contact lets it last on."
    )
    ended_at: datetime | None = Field(description="When it ended.")
    reasons: list[ReasonOut] = Field(
        description="Why there is no number yet or any more, or why nobody gets through."
    )
    contact: str = Field(
        description=(
            "none, asked, agreed or refused: whether the candidate was asked again after its end."
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


def shown(binding: RelayBinding, client: ApiClient) -> RelayOut:
    """The binding as it stands after what was done; in a test nothing of it waits for a worker."""
    test_mode_relays.sync_at_once(binding, client, lambda: now_for(client))
    return RelayOut.of(bindings.binding_of(binding.pk, client))


class RelaysQuery(PageQuery):
    """Which of your relay numbers."""

    employer_id: UUID | None = Field(None, description="Of this employer.")
    candidate: Candidate | None = Field(None, description="To this candidate.")


@router.post(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Ask for a relay number",
    operation_id="bind_relay",
)
def bind(request: ApiRequest, body: RelayIn) -> RelayOut:
    """For an employer and a candidate there is one: asking again answers it.

    The number follows within seconds, as `relay.bound`.
    """
    client = request.auth.client
    return shown(
        bindings.request_binding(body.decision_id, client, body.candidate_phone, now_for(client)),
        client,
    )


@router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[RelayOut],
    summary="List relay numbers",
    operation_id="relays",
)
def relays(request: ApiRequest, asked: Query[RelaysQuery]) -> dict[str, Any]:
    """Those to your candidates, the last that was asked for first."""
    rows = RelayBinding.objects.of(request.auth.client.pk).select_related("team")
    wanted = {"employer_id": asked.employer_id, "candidate": asked.candidate}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, following = page_of(rows, asked, "relays", by="requested_at", newest_first=True)
    return {"data": [RelayOut.of(binding) for binding in found], "next": following}


@router.get(
    "/{relay_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Read a relay number",
    operation_id="relay",
)
def relay(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """As it stands now.

    Show the number to the employer's people alone: nobody else gets through by it.
    """
    return RelayOut.of(bindings.binding_of(relay_id, request.auth.client))


@router.post(
    "/{relay_id}/extend",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="Let it last on",
    operation_id="extend_relay",
)
def extend(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Hiring goes on.

    A call that came through, or a contact that you report, does the same by itself.
    """
    client = request.auth.client
    return shown(
        bindings.extend_binding(
            bindings.binding_of(relay_id, client).pk, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.post(
    "/{relay_id}/mute",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="The candidate wants no calls",
    operation_id="mute_relay",
)
def mute(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """For now: who calls hears so, and the candidate's phone stays silent.

    Only on the candidate's own word.
    """
    client = request.auth.client
    return shown(
        bindings.mute_binding(
            bindings.binding_of(relay_id, client).pk, True, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.post(
    "/{relay_id}/unmute",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="They want calls again",
    operation_id="unmute_relay",
)
def unmute(request: ApiRequest, relay_id: UUID) -> RelayOut:
    """Only on the candidate's own word."""
    client = request.auth.client
    return shown(
        bindings.mute_binding(
            bindings.binding_of(relay_id, client).pk, False, client.as_actor(), now_for(client)
        ),
        client,
    )


@router.delete(
    "/{relay_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="End it",
    operation_id="end_relay",
)
def end(request: ApiRequest, relay_id: UUID) -> Status[None]:
    """The candidate wants to hear of this employer no more: it cannot ask them again either."""
    client = request.auth.client
    ended = bindings.end_for_candidate(
        bindings.binding_of(relay_id, client).pk, client.as_actor(), now_for(client)
    )
    test_mode_relays.sync_at_once(ended, client, lambda: now_for(client))
    return Status(204, None)


class AskIn(Schema):
    """Who asks the candidate for contact."""

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
    """After its end.

    `relay.contact_asked` tells you to ask the candidate, who answers yes or no; within a week not
    twice.
    """
    client = request.auth.client
    binding = bindings.ask_for_contact(
        bindings.binding_of(relay_id, client).pk, body.member_id, now_for(client)
    )
    return RelayOut.of(binding)


class CandidateAnswerIn(Schema):
    """What the candidate answers."""

    agrees: bool = Field(
        description="Whether they want to be reached again. After a no they are not asked again."
    )


@router.post(
    "/{relay_id}/answer",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=RelayOut,
    summary="The candidate answers",
    operation_id="answer_contact",
)
def answer(request: ApiRequest, relay_id: UUID, body: CandidateAnswerIn) -> RelayOut:
    """With a yes, the relay number that begins then; with a no, the old one."""
    client = request.auth.client
    return shown(
        bindings.answer_contact_request(
            bindings.binding_of(relay_id, client).pk, body.agrees, client, now_for(client)
        ),
        client,
    )


class CallOut(Schema):
    """One call. Neither side's number stands in it."""

    id: str = Field(description="Of the call.", examples=["4711"])
    at: datetime = Field(description="When it began.")
    seconds: int = Field(description="For how long they spoke.", examples=[42])
    outcome: str = Field(
        description=(
            "connected, no_answer, busy, unreachable, muted, stranger, unbound, blocked or failed."
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
    summary="List its calls",
    operation_id="relay_calls",
)
def calls(request: ApiRequest, relay_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """The last one first. Records can come minutes late."""
    binding = bindings.binding_of(relay_id, request.auth.client)
    found, following = page_of(
        binding.calls.all(), asked, f"calls {relay_id}", by="at", newest_first=True
    )
    return {"data": [CallOut.of(call) for call in found], "next": following}
