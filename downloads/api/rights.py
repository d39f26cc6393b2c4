"""API: an employer's current tier, rights and remaining quotas."""

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
from downloads.rules.ladder import Obligation, Tier, share_of_limit
from employers.clock import now_for
from employers.models import ApiClient, Employer, MemberLink, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused
from events.core.reasons import REASONS, Reason

router = Router(tags=["employers"])


class WhyNotOut(Schema):
    """Why an employer may not download, and how to fix it."""

    code: str = Field(description="A stable code.", examples=["employer_not_approved"])
    says: Words = Field(description="What is wrong.")
    fix: Words = Field(description="How to fix it.")
    url: str = Field(
        description=(
            "The page where the employer's people see the reason, fix it, and can appeal if an"
            " appeal is possible."
        )
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
    """The number of downloads that all members of the employer have together through your platform,
    and how many are left.

    If the employer's recruiters have linked several platforms, this is your platform's share.
    """

    limit: int = Field(description="The limit.", examples=[20])
    left: int = Field(description="The number left now.", examples=[17])


class RightsOut(Schema):
    """What the employer may do at `as_of`.

    This is not a decision of the gate. Ask the gate before each download; it also checks the member
    and the candidate.
    """

    employer_id: UUID = Field(description="The employer.")
    tier: Tier = Field(description="The employer's tier.", examples=["provisional"])
    download: bool = Field(description="Whether the employer may download resumes at all.")
    reason: WhyNotOut | None = Field(description="Why the employer may not download.")
    obligations: list[Obligation] = Field(
        description="What you must do with each download.", examples=[["mark", "relay_only"]]
    )
    day: QuotaOut = Field(description="Downloads since midnight, in the service's time zone.")
    hour: QuotaOut = Field(description="Downloads in the last sixty minutes.")
    per_candidate: int = Field(
        description="The daily limit for one candidate's resume.", examples=[1]
    )
    expires_at: datetime | None = Field(description="When the approval expires.")
    ladder: str = Field(description="The version of the ladder.", examples=["2026-12.1"])
    as_of: datetime = Field(description="The time of this response.")


@router.get(
    "/{employer_id}/rights",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=RightsOut,
    summary="Retrieve an employer's rights",
    operation_id="rights",
)
def rights(request: ApiRequest, employer_id: UUID) -> RightsOut:
    """Returns the employer's current tier and quotas, to show to its people.

    This is not a decision of the gate, and must not be used to allow a download.
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
    others = MemberLink.objects.in_force().filter(employer=employer, client__revoked_at=None)
    percent = ladder.platform_percent if others.exclude(client=client).exists() else 100
    return RightsOut(
        employer_id=employer.pk,
        tier=current.tier,
        download=may,
        per_candidate=granted.per_candidate,
        ladder=ladder.version,
        as_of=now,
        reason=WhyNotOut.of(REASONS[current.reason]) if current.reason else None,
        obligations=list(granted.obligations) if may else [],
        day=_quota(granted.per_day, percent, used["day"], used["day_here"]),
        hour=_quota(granted.per_hour, percent, used["hour"], used["hour_here"]),
        expires_at=found.case.expires_at if found.case else None,
    )


def _used(employer: Employer, client: ApiClient, now: datetime) -> dict[str, int]:
    """Return how many downloads all members together had today and in the last hour, counted like
    the gate does.
    """
    day = now.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    hour = now - timedelta(hours=1)
    company = GateDecision.objects.of_company(employer.uscc, client.pk if client.test else None)
    return company.filter(decided_at__gte=min(day, hour)).aggregate(
        day=Count("pk", filter=Q(decided_at__gte=day)),
        hour=Count("pk", filter=Q(decided_at__gt=hour)),
        day_here=Count("pk", filter=Q(decided_at__gte=day, client_id=client.pk)),
        hour_here=Count("pk", filter=Q(decided_at__gt=hour, client_id=client.pk)),
    )


def _quota(limit: int, percent: int, used: int, used_here: int) -> QuotaOut:
    """Return a quota as this platform may use it: its share, as far as the company has any left."""
    here = share_of_limit(limit, percent)
    return QuotaOut(limit=here, left=max(0, min(here - used_here, limit - used)))
