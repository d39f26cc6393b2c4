"""How does a platform ask whose copy a leak is?

With the file or the text that was found; of its own releases alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, File, Form, Router, Schema, Status, UploadedFile

from downloads import leaks
from downloads.api.gate import ReasonOut
from downloads.models import Trace
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import REFERENCE
from events.core.reasons import REASONS

router = Router(tags=["traces"])


class TraceIn(Schema):
    """Why it is asked, and what was found: a file, `leak`, or `text`, or both."""

    why: str = Field(
        min_length=3,
        max_length=500,
        examples=["Found in a group on 24 November"],
        description="Kept on record.",
    )
    text: str = Field(
        "",
        description=(
            "Text that was copied out of a resume: numbers in it tell whose it is. The first 5,000"
            " characters are looked at."
        ),
    )
    candidate: str = Field(
        "",
        max_length=64,
        pattern=f"^$|{REFERENCE}",
        examples=["cand-20481"],
        description=(
            "Whose resume it is, where you know: then every copy of it is looked at. Else the"
            " latest of all."
        ),
    )


class FindingOut(Schema):
    """A release, and what speaks for it."""

    release_id: UUID = Field(description="Of the release: `/releases/{id}` says whose it is.")
    number: str = Field(description="As it stands on its pages.", examples=["ZR-7K3M9-Q2TXA"])
    named: bool = Field(
        description=(
            "Whether the leak is of this one, as far as can be told. Without it, it is no evidence."
        )
    )
    by: str = Field(
        description=(
            "marks, relay_number or copy_number. What is printed can be forged; marks cannot."
        ),
        examples=["marks"],
    )
    z: float | None = Field(
        description="Of marks: how far it agrees, in deviations. Innocent ones seldom reach 4.",
        examples=[42.1],
    )
    chance: float | None = Field(
        description="Of marks: at most so likely is it that an innocent one agrees as well.",
        examples=[1e-300],
    )


class TraceOut(Schema):
    """A trace, as it stands."""

    id: UUID = Field(description="Of the trace.")
    state: str = Field(description="looking, done or failed.", examples=["done"])
    asked_at: datetime = Field(description="When it was asked.")
    done_at: datetime | None = Field(description="When it was answered.")
    resumes: int = Field(description="How many resumes a picture was laid on.", examples=[12])
    findings: list[FindingOut] = Field(
        description="The likeliest first; empty where nothing was found."
    )
    reasons: list[ReasonOut] = Field(description="Why it failed.")

    @classmethod
    def of(cls, row: Trace) -> TraceOut:
        state = "looking" if row.finished_at is None else "failed" if row.refused else "done"
        findings = [
            FindingOut(
                release_id=each["copy"],
                **{name: each[name] for name in ("number", "named", "by", "z", "chance")},
            )
            for each in row.found
        ]
        return cls(
            id=row.pk,
            state=state,
            asked_at=row.asked_at,
            done_at=row.finished_at,
            resumes=row.resumes,
            findings=findings,
            reasons=[ReasonOut.of(REASONS[row.refused])] if row.refused else [],
        )


@router.post(
    "",
    auth=BearerKey(Scope.TRACES_MAKE),
    response={202: TraceOut},
    summary="Trace a leak",
    operation_id="trace",
)
def trace(
    request: ApiRequest, body: Form[TraceIn], leak: Annotated[UploadedFile | None, File()] = None
) -> Status[TraceOut]:
    """A photograph, screenshot, scan, PDF or text.

    It is compared with your own releases, within a minute; nobody is named by a guess.
    """
    client = request.auth.client
    asked = leaks.Asked(
        body.why, leak.read() if leak is not None else None, body.text, body.candidate
    )
    return Status(
        202,
        TraceOut.of(leaks.request_trace(asked, client.as_actor(), now_for(client), client=client)),
    )


@router.get(
    "/{trace_id}",
    auth=BearerKey(Scope.TRACES_MAKE),
    response=TraceOut,
    summary="Read a trace",
    operation_id="read_trace",
)
def read_trace(request: ApiRequest, trace_id: UUID) -> TraceOut:
    """What was found. The leak itself is erased once it has been looked at."""
    return TraceOut.of(leaks.trace_of(trace_id, request.auth.client))
