"""API: traces of leaks: finds which of the platform's own releases a leaked file or text comes
from.
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
    """A request to trace a leak: the reason, and the leak as a file (`leak`), as `text`, or
    both.
    """

    why: str = Field(
        min_length=3,
        max_length=500,
        examples=["Found in a group on 24 November"],
        description="The reason, which is recorded.",
    )
    text: str = Field(
        "",
        description=(
            "Text copied from a resume. Its numbers can identify the copy. The first 5,000"
            " characters are used."
        ),
    )
    candidate: str = Field(
        "",
        max_length=64,
        pattern=f"^$|{REFERENCE}",
        examples=["cand-20481"],
        description=(
            "Your ID for the candidate, if you know whose resume it is. Then every copy of it is"
            " compared; otherwise the latest resumes are."
        ),
    )


class FindingOut(Schema):
    """A release, and the evidence for it."""

    release_id: UUID = Field(
        description=(
            "Unique identifier of the release, for `/releases/{id}`, which names the receiver."
        )
    )
    number: str = Field(description="The number printed on its pages.", examples=["ZR-7K3M9-Q2TXA"])
    named: bool = Field(
        description=(
            "Whether the evidence is sufficient to say that the leak comes from this release. If"
            " false, it proves nothing."
        )
    )
    by: str = Field(
        description=(
            "The kind of evidence: marks, relay_number or copy_number. Printed numbers can be"
            " forged, marks cannot."
        ),
        examples=["marks"],
    )
    z: float | None = Field(
        description=(
            "For marks: the agreement in standard deviations. Other releases rarely reach 4."
        ),
        examples=[42.1],
    )
    chance: float | None = Field(
        description=(
            "For marks: an upper bound of the probability that an innocent release agrees as well."
        ),
        examples=[1e-300],
    )


class TraceOut(Schema):
    """A trace."""

    id: UUID = Field(description="Unique identifier of the trace.")
    state: str = Field(description="The state: looking, done or failed.", examples=["done"])
    asked_at: datetime = Field(description="When it was requested.")
    done_at: datetime | None = Field(description="When it was finished.")
    resumes: int = Field(
        description=("The number of resumes that the leak was compared with."), examples=[12]
    )
    findings: list[FindingOut] = Field(
        description="The findings, the likeliest first. Empty if nothing was found."
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
    """Compares a photograph, screenshot, scan, PDF or text with your own releases, within a minute.

    A release is named only if the evidence is sufficient.
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
    summary="Retrieve a trace",
    operation_id="read_trace",
)
def read_trace(request: ApiRequest, trace_id: UUID) -> TraceOut:
    """Returns a trace and its findings. The leak itself is erased after the trace."""
    return TraceOut.of(leaks.trace_of(trace_id, request.auth.client))
