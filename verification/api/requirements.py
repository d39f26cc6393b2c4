"""How does a platform see what an employer lacks? By the ids that the gate asks for too."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ninja import Field, Router, Schema

from employers.clock import now_for
from employers.models import Employer, Member, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused
from events.core.reasons import REASONS
from verification.cases import turnaround
from verification.models import Case
from verification.pages.requirement_facts import requirements_before, requirements_of
from verification.rules.facts import RequirementState, Strength, Why
from verification.rules.required_documents import CURRENT, Unlocks
from verification.rules.requirement_ways import Way
from verification.rules.requirements import Requirement, next_of

router = Router(tags=["employers"])


PERSONAL: Final = frozenset({"legal_representative", "email"})
"""Fields of whose values a platform is told the first character."""

EXAMPLE: Final[dict[str, Any]] = {
    "employer_id": "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
    "state": "checking",
    "expires_at": None,
    "next": "authority",
    "rules": CURRENT.version,
    "as_of": "2026-11-24T10:00:00Z",
    "requirements": [
        {
            "code": "business_licence",
            "state": "satisfied",
            "unlocks": "submission",
            "deadline": None,
            "reasons": [],
            "ways": [
                {
                    "code": "business_licence",
                    "state": "satisfied",
                    "strength": None,
                    "shown": "",
                    "expires_at": None,
                    "how": {
                        "zh": "正本或副本均可。四边完整、文字清晰、没有反光。",
                        "en": (
                            "Original or duplicate copy. All four edges in the picture, the text"
                            " sharp, no glare."
                        ),
                    },
                    "who": {"zh": "你", "en": "you"},
                    "takes": {"zh": "几分钟", "en": "a few minutes"},
                    "reasons": [],
                    "reusable": 0,
                    "not_reusable": None,
                }
            ],
        },
        {
            "code": "authority",
            "state": "currently_due",
            "unlocks": "download",
            "deadline": None,
            "reasons": [
                {
                    "code": "authority_missing",
                    "field": "email",
                    "seen": "qq.com",
                    "expected": "",
                    "says": {
                        "zh": "尚未证明你有权代表该公司招聘",
                        "en": "You have not shown that you may recruit for this company",
                    },
                    "fix": {
                        "zh": "用公司域名邮箱注册并验证，可自动通过；否则由审核员处理",
                        "en": (
                            "Verify an e-mail address at the company's own domain to pass at once;"
                            " otherwise a reviewer decides"
                        ),
                    },
                    "who": "recruiter",
                    "takes": {"zh": "几分钟", "en": "a few minutes"},
                    "appeal": True,
                }
            ],
            "ways": [
                {
                    "code": "bank_deposit",
                    "state": "currently_due",
                    "strength": "strong",
                    "shown": "",
                    "expires_at": None,
                    "how": {
                        "zh": "我们转入几分钱，附言里有六位验证码；由能看到账户的同事告诉你。",
                        "en": (
                            "We send a few cents with a code of six digits. Whoever sees the"
                            " account tells you the code."
                        ),
                    },
                    "who": {"zh": "能查看公司账户的人", "en": "whoever sees the company's account"},
                    "takes": {"zh": "一至两个工作日", "en": "one or two working days"},
                    "reasons": [],
                    "reusable": 0,
                    "not_reusable": None,
                }
            ],
        },
    ],
}


class WhyOut(Schema):
    """A reason: what was seen and expected of which field, how to mend it, who can, and how long
    that takes.
    """

    code: str = Field(description="Never changes its meaning.", examples=["authority_missing"])
    field: str = Field(description="The field or kind of document that it is about.")
    seen: str = Field(description="What was seen there; what is personal is masked.")
    expected: str = Field(description="What was expected there; what is personal is masked.")
    says: Words = Field(description="What is wrong.")
    fix: Words = Field(description="How it is mended.")
    who: str = Field(
        description="Who can mend it: recruiter, company, platform, reviewer, service or nobody.",
        examples=["recruiter"],
    )
    takes: Words = Field(description="How long that takes.")
    appeal: bool = Field(description="Whether an appeal is open.")

    @classmethod
    def of(cls, why: Why) -> WhyOut:
        reason = REASONS[why.code]
        seen, expected = (
            _masked(value) if why.field in PERSONAL else value for value in (why.seen, why.expected)
        )
        return cls(
            code=why.code,
            field=why.field,
            seen=seen,
            expected=expected,
            says=Words.of(reason.says),
            fix=Words.of(reason.fix),
            who=reason.who,
            takes=Words.of(turnaround.told(reason.takes)),
            appeal=reason.appeal,
        )


class WayOut(Schema):
    """One of the ways to meet a requirement; any one is enough.

    `strength` is of proofs of authority: weak is for a person to judge.
    """

    code: str = Field(description="Which way it is.", examples=["bank_deposit", "business_licence"])
    state: RequirementState = Field(description="How far it has been gone.")
    strength: Strength | None = Field(description="Of a proof of authority: how much it proves.")
    shown: str = Field(description="What it is about, masked.")
    how: Words = Field(description="How it is done.")
    who: Words = Field(description='Who is needed to complete it; "you" is the recruiter.')
    takes: Words = Field(description="How long that takes.")
    expires_at: datetime | None = Field(
        description="By when it has to be completed; where it is done, how long it holds."
    )
    reasons: list[WhyOut] = Field(description="Why this way did not succeed.")
    reusable: int = Field(
        description=(
            "How many of its documents, given with an earlier case, can be used again by one press"
            " on the page."
        )
    )
    not_reusable: WhyOut | None = Field(description="Why others of an earlier case cannot.")

    @classmethod
    def of(cls, way: Way) -> WayOut:
        return cls(
            code=way.code,
            state=way.state,
            strength=way.strength,
            shown=way.shown,
            how=Words.of(way.how),
            who=Words.of(way.who),
            takes=Words.of(turnaround.told(way.takes)),
            expires_at=way.expires_at,
            reasons=[WhyOut.of(why) for why in way.reasons],
            reusable=way.reusable.count if way.reusable else 0,
            not_reusable=WhyOut.of(way.reusable.why_not)
            if way.reusable and way.reusable.why_not
            else None,
        )


class RequirementOut(Schema):
    """One thing that is asked of the employer."""

    code: str = Field(description="What is asked.", examples=["authority"])
    state: RequirementState = Field(description="Where it stands.")
    unlocks: Unlocks = Field(
        description="The right that it stands before: handing the case in, or downloading resumes."
    )
    deadline: datetime | None = Field(description="By when it has to be met, if by a time.")
    reasons: list[WhyOut] = Field(description="Why it is not met yet.")
    ways: list[WayOut] = Field(description="How it can be met; any one is enough.")

    @classmethod
    def of(cls, requirement: Requirement) -> RequirementOut:
        return cls(
            code=requirement.code,
            state=requirement.state,
            unlocks=requirement.unlocks,
            deadline=requirement.deadline,
            reasons=[WhyOut.of(why) for why in requirement.reasons],
            ways=[WayOut.of(way) for way in requirement.ways],
        )


class RequirementsOut(Schema):
    """Everything that is asked, in the order in which it is done."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    employer_id: UUID = Field(description="The employer.")
    state: str | None = Field(
        description=(
            "Of the case that is open, else of the one that counts; null where there is none yet."
        )
    )
    expires_at: datetime | None = Field(description="Until when the approval of that case holds.")
    next: str | None = Field(
        description=(
            "The code of the one next thing to do; null where the employer has nothing to do."
        )
    )
    rules: str = Field(description="The version of the rules by which it is asked.")
    as_of: datetime = Field(description="The moment of this answer.")
    requirements: list[RequirementOut] = Field(description="Each thing that is asked.")


@router.get(
    "/{employer_id}/requirements",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=RequirementsOut,
    summary="What an employer lacks",
    operation_id="requirements",
)
def requirements(
    request: ApiRequest, employer_id: UUID, member_id: UUID | None = None
) -> RequirementsOut:
    """What is due, pending and satisfied, why, by when, how each thing is met and which right it
    unlocks.

    Proofs of authority are those of the employer's owners and of whoever handed the case in. While
    it is in the employer's hands, name the member who is about to hand it in to count theirs.
    """
    now = now_for(request.auth.client)
    employer = Employer.objects.seen_by(request.auth.client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    member = None
    if member_id is not None:
        member = (
            Member.objects.active()
            .filter(pk=member_id, employer=employer)
            .select_related("user")
            .first()
        )
        if member is None:
            raise Refused("member_unknown")
    case = (
        Case.objects.filter(employer=employer).open().first() or Case.objects.of(employer).first()
    )
    asked = (
        requirements_of(case, member, now) if case else requirements_before(employer, member, now)
    )
    following = next_of(asked)
    return RequirementsOut(
        employer_id=employer.pk,
        state=case.state if case else None,
        expires_at=case.expires_at if case else None,
        next=following.code if following else None,
        rules=CURRENT.version,
        as_of=now,
        requirements=[RequirementOut.of(requirement) for requirement in asked],
    )


def _masked(value: str) -> str:
    return f"{value[:1]}***" if value else ""
