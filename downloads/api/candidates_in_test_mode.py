"""The test mode's candidates over the API: references with scripted wishes."""

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
    """A candidate's reference, and what happens with it."""

    candidate: str = Field(description="To be asked about at the gate.", examples=["try-closed"])
    mode: str = Field(description="How they want to be asked.", examples=["closed"])
    says: Words = Field(description="What it tests.")


class CandidateRecipesOut(Schema):
    """Every one of them."""

    data: list[CandidateRecipeOut] = Field(description="Each candidate.")


@router.post(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateRecipesOut,
    summary="Lay out candidates",
    operation_id="test_candidates",
)
def candidates(request: ApiRequest) -> CandidateRecipesOut:
    """Makes each of them what it stands for, again if they were changed; `try-blocks` blocks the
    employers that there are now.
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
