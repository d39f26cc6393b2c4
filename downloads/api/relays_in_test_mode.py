"""API: the relay numbers of the test mode: scripted numbers, and simulated calls."""

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
    """A test number of a candidate, and what happens with it."""

    candidate_phone: str = Field(
        description="The number to send with `POST /relays`.", examples=["+8615400000001"]
    )
    says: Words = Field(description="What the number tests.")


class RelayRecipesOut(Schema):
    """All test numbers."""

    data: list[RelayRecipeOut] = Field(
        description=("The test numbers. Any other number behaves like the first one.")
    )


@router.get(
    "/recipes",
    auth=BearerKey(),
    response=RelayRecipesOut,
    summary="Candidates' numbers",
    operation_id="test_relay_recipes",
)
def recipes(request: ApiRequest) -> RelayRecipesOut:
    """Returns the test numbers. They begin with 154, which no carrier has assigned, so they belong
    to nobody.
    """
    if not request.auth.client.test:
        raise Refused("not_of_test")
    return RelayRecipesOut(
        data=[
            RelayRecipeOut(candidate_phone=each.phone, says=Words.of(each.says))
            for each in relays.RECIPES
        ]
    )


class PlayIn(Schema):
    """The caller, and the duration of the call."""

    by_stranger: bool = Field(
        False, description=("Whether the caller is outside the employer's team.")
    )
    seconds: int = Field(
        60,
        ge=0,
        le=14_400,
        description=("Duration of the conversation in seconds, if the call is connected."),
    )


class PlayedOut(Schema):
    """The result of a simulated call."""

    call: CallOut | None = Field(
        description="The call. Null if its record arrives late; advance the clock to receive it."
    )


@router.post(
    "/{relay_id}/calls",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=PlayedOut,
    summary="Simulate a call",
    operation_id="test_call",
)
def play(request: ApiRequest, relay_id: UUID, body: PlayIn) -> PlayedOut:
    """Simulates a call by a member of the employer, or by a stranger. The number may have ended."""
    client = request.auth.client
    if not client.test:
        raise Refused("not_of_test")
    binding = bindings.binding_of(relay_id, client)
    call = relays.play_call(
        binding, client, lambda: now_for(client), by_stranger=body.by_stranger, seconds=body.seconds
    )
    return PlayedOut(call=CallOut.of(call) if call else None)
