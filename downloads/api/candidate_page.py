"""API: what a platform sets for its candidates' own pages."""

from __future__ import annotations

from ninja import Field, Router, Schema

from employers.accounts import api_clients, return_urls
from employers.clock import now_for
from employers.models import ApiClient, Scope
from employers.platforms.api import ApiRequest, BearerKey

router = Router(tags=["candidates"])


class CandidatePageIn(Schema):
    """What you set for your candidates' pages."""

    settings_url: str = Field(
        max_length=return_urls.LONGEST,
        examples=["https://www.example.com/resume/privacy"],
        description=(
            "The https URL where candidates change how they want to be asked. Their page links to"
            " it. Leave it empty for no link."
        ),
    )


class CandidatePageOut(Schema):
    """What applies to your candidates' pages and messages."""

    settings_url: str = Field(
        description="The URL where candidates change how they want to be asked. Empty for none.",
        examples=["https://www.example.com/resume/privacy"],
    )
    text_messages: bool = Field(
        description=(
            "Whether candidates without an email address get notices and requests for consent by"
            " text message, and all candidates with a mobile number are told which relay number"
            " will call them. Your operator switches this on, because it is charged to you."
        ),
        examples=[False],
    )

    @classmethod
    def of(cls, client: ApiClient) -> CandidatePageOut:
        return cls(
            settings_url=client.candidate_settings_url, text_messages=client.texts_candidates
        )


@router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidatePageOut,
    summary="Retrieve the settings of candidates' pages",
    operation_id="candidate_page",
)
def read(request: ApiRequest) -> CandidatePageOut:
    """Returns what applies to your candidates' pages and messages."""
    return CandidatePageOut.of(request.auth.client)


@router.put(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidatePageOut,
    summary="Set the settings of candidates' pages",
    operation_id="set_candidate_page",
)
def put(request: ApiRequest, body: CandidatePageIn) -> CandidatePageOut:
    """Sets where candidates change what only you can change. Idempotent."""
    client = request.auth.client
    client.candidate_settings_url = api_clients.set_candidate_settings_url(
        client, body.settings_url, client.as_actor(), now_for(client)
    )
    return CandidatePageOut.of(client)
