"""What would the gate say of an employer now?

Its tier, its rights, and what is left of its quotas.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from ninja import Field, Router, Schema

from downloads.api.gate import page_of
from downloads.gate.current_tier import employer_tier
from downloads.models import GateDecision
from downloads.rules.ladder import Obligation, Tier
from employers.clock import now_for
from employers.models import ApiClient, Employer, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused
from events.core.reasons import REASONS, Reason

router = Router(tags=["employers"])


class WhyNotOut(Schema):
    """Why an employer may not download, and how that is mended."""

    code: str = Field(description="Never changes its meaning.", examples=["employer_not_approved"])
    says: Words = Field(description="What is wrong.")
    fix: Words = Field(description="How it is mended.")
    url: str = Field(
        description="Where the employer's people see it and mend it, and appeal where that can be."
    )
    appeal: bool = Field(description="Whether the employer can appeal.")

    @classmethod
    def of(cls, reason: Reason) -> WhyNotOut:
        return cls(
            code=reason.code,
            says=Words.of(reason.says),
            fix=Words.of(reason.fix),
            url=page_of(reason.code),
            appeal=reason.appeal,
        )


class QuotaOut(Schema):
    """How many downloads the employer's people have together, and how many of those are left."""

    limit: int = Field(description="How many there are.", examples=[20])
    left: int = Field(description="How many are left now.", examples=[17])


class RightsOut(Schema):
    """What the employer may do at `as_of`.

    No yes: before each download the gate is asked, which also looks at who asks for whom.
    """

    employer_id: UUID = Field(description="The employer.")
    tier: Tier = Field(description="The employer's tier.", examples=["provisional"])
    download: bool = Field(description="Whether it may download resumes at all.")
    reason: WhyNotOut | None = Field(description="Why it may not.")
    obligations: list[Obligation] = Field(
        description="What you have to do with each download.", examples=[["mark", "relay_only"]]
    )
    day: QuotaOut = Field(description="Since midnight, in the service's time zone.")
    hour: QuotaOut = Field(description="In the last sixty minutes.")
    per_candidate: int = Field(
        description="Downloads of one candidate's resume in a day.", examples=[1]
    )
    expires_at: datetime | None = Field(description="Until when the approval holds.")
    ladder: str = Field(description="The version of the ladder.", examples=["2026-11.1"])
    as_of: datetime = Field(description="The moment of this answer.")


@router.get(
    "/{employer_id}/rights",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=RightsOut,
    summary="What an employer may do",
    operation_id="rights",
)
def rights(request: ApiRequest, employer_id: UUID) -> RightsOut:
    """Its tier and quotas now, to be shown to its people.

    It is no answer of the gate, and may be kept for no download.
    """
    client = request.auth.client
    now = now_for(client)
    employer: Employer | None = Employer.objects.seen_by(client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    found = employer_tier(employer, now)
    current, ladder = found.current, found.ladder
    granted, used = ladder.rights[current.tier], _used(employer, client, now)
    may = granted.download and not current.reason
    return RightsOut(
        employer_id=employer.pk,
        tier=current.tier,
        download=may,
        per_candidate=granted.per_candidate,
        ladder=ladder.version,
        as_of=now,
        reason=WhyNotOut.of(REASONS[current.reason]) if current.reason else None,
        obligations=list(granted.obligations) if may else [],
        day=QuotaOut(limit=granted.per_day, left=max(0, granted.per_day - used["day"])),
        hour=QuotaOut(limit=granted.per_hour, left=max(0, granted.per_hour - used["hour"])),
        expires_at=found.case.expires_at if found.case else None,
    )


def _used(employer: Employer, client: ApiClient, now: datetime) -> dict[str, int]:
    """How many downloads all members together were allowed today, and in the last hour; counted as
    the gate counts them.
    """
    day = now.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    hour = now - timedelta(hours=1)
    company = GateDecision.objects.of_company(employer.uscc, client.pk if client.test else None)
    return company.filter(decided_at__gte=min(day, hour)).aggregate(
        day=Count("pk", filter=Q(decided_at__gte=day)),
        hour=Count("pk", filter=Q(decided_at__gt=hour)),
    )
