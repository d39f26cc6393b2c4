"""The test mode's relay numbers over the API: scripted numbers, and calls to play."""

from __future__ import annotations

from uuid import UUID

from ninja import Field, Router, Schema

from downloads.api.relays import CallOut
from downloads.relays import bindings
from downloads.test_mode import relays
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused

router = Router(tags=["test mode"])


class RelayRecipeOut(Schema):
    """A candidate's number, and what happens with it."""

    candidate_phone: str = Field(
        description="To be given with `POST /relays`.", examples=["+8615400000001"]
    )
    says: Words = Field(description="What it tests.")


class RelayRecipesOut(Schema):
    """Every one of them."""

    data: list[RelayRecipeOut] = Field(description="Each number; any other one is as the first.")


@router.get(
    "/recipes",
    auth=BearerKey(),
    response=RelayRecipesOut,
    summary="Candidates' numbers",
    operation_id="test_relay_recipes",
)
def recipes(request: ApiRequest) -> RelayRecipesOut:
    """No carrier has given out numbers that begin with 154, so nobody can be meant by one."""
    if not request.auth.client.test:
        raise Refused("not_of_test")
    return RelayRecipesOut(
        data=[
            RelayRecipeOut(candidate_phone=each.phone, says=Words.of(each.says))
            for each in relays.RECIPES
        ]
    )


class PlayIn(Schema):
    """Who calls, and for how long."""

    by_stranger: bool = Field(False, description="Somebody who is not of the employer's team.")
    seconds: int = Field(
        60, ge=0, le=14_400, description="For how long they speak, if the call comes through."
    )


class PlayedOut(Schema):
    """What came of it."""

    call: CallOut | None = Field(
        description="The call; null where its record comes late: move the clock."
    )


@router.post(
    "/{relay_id}/calls",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=PlayedOut,
    summary="Play a call",
    operation_id="test_call",
)
def play(request: ApiRequest, relay_id: UUID, body: PlayIn) -> PlayedOut:
    """A member of the employer, or a stranger, dials the number; also one that has ended."""
    client = request.auth.client
    if not client.test:
        raise Refused("not_of_test")
    binding = bindings.binding_of(relay_id, client)
    call = relays.play_call(
        binding, client, lambda: now_for(client), by_stranger=body.by_stranger, seconds=body.seconds
    )
    return PlayedOut(call=CallOut.of(call) if call else None)
