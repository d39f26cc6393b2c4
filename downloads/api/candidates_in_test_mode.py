"""API: the candidates of the test mode, with scripted settings."""

from __future__ import annotations

from ninja import Field, Router, Schema

from downloads.test_mode.candidates import RECIPES, lay_out
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused

router = Router(tags=["test mode"])


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
