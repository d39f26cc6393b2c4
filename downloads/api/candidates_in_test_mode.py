"""API: the candidates of the test mode, with scripted settings, and text messages to them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ninja import Field, Router, Schema

from downloads.api.text_messages import TEXT_MESSAGE, TextMessage, text_state
from downloads.models import CandidateText
from downloads.test_mode.candidates import RECIPES, lay_out
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused

router = Router(tags=["test mode"])

TEXTS_AT_MOST: Final = 100


class CandidateRecipeOut(Schema):
    """A test candidate, and what happens with it."""

    candidate: str = Field(
        description=("The candidate ID to ask the gate about."), examples=["try-closed"]
    )
    mode: str = Field(description="How the candidate wants to be asked.", examples=["closed"])
    says: Words = Field(description="What the candidate tests.")


class CandidateRecipesOut(Schema):
    """All test candidates."""

    data: list[CandidateRecipeOut] = Field(description="The test candidates.")


@router.post(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateRecipesOut,
    summary="Create the test candidates",
    operation_id="test_candidates",
)
def candidates(request: ApiRequest) -> CandidateRecipesOut:
    """Creates the test candidates, or resets them if they were changed. `try-blocks` blocks all
    employers that exist now.
    """
    client = request.auth.client
    if not client.test:
        raise Refused("not_of_test")
    lay_out(client, now_for(client))
    return CandidateRecipesOut(
        data=[
            CandidateRecipeOut(candidate=each.reference, mode=each.mode, says=Words.of(each.says))
            for each in RECIPES
        ]
    )


class TextMessageOut(Schema):
    """A text message to a candidate of the test."""

    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    at: datetime = Field(description="When it was queued.")
    text_message: TextMessage = Field(
        description=TEXT_MESSAGE.format("event"), examples=["delivered"]
    )
    text: str = Field(description="The message as it would be received. Empty while it waits.")


class TextMessagesOut(Schema):
    """The latest text messages, newest first."""

    data: list[TextMessageOut] = Field(description="The messages, newest first.")


@router.get(
    "/texts",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=TextMessagesOut,
    summary="List text messages to test candidates",
    operation_id="test_texts",
)
def texts(request: ApiRequest) -> TextMessagesOut:
    """Lists text messages to the test's candidates, which are never sent.

    Messages wait some minutes for others, and at night for the morning. Advance the clock to
    receive them.
    """
    client = request.auth.client
    if not client.test:
        raise Refused("not_of_test")
    rows = CandidateText.objects.filter(candidate__client_id=client.pk).select_related("candidate")
    return TextMessagesOut(
        data=[
            TextMessageOut(
                candidate=row.candidate.reference,
                at=row.queued_at,
                text_message=text_state(row),
                text=row.shown,
            )
            for row in rows.order_by("-pk")[:TEXTS_AT_MOST]
        ]
    )
