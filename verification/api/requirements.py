"""The API call that returns an employer's requirements."""

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
from verification.pages.requirement_facts import facts_before, facts_of
from verification.rules.facts import RequirementState, Strength, Why
from verification.rules.required_documents import CURRENT, Unlocks
from verification.rules.requirement_ways import Way
from verification.rules.requirements import Requirement, due_requirements, next_of
from verification.rules.turn import Turn, turn_of

router = Router(tags=["employers"])


PERSONAL: Final = frozenset({"legal_representative", "email"})
"""Fields with personal values, which are masked except for the first character."""

EXAMPLE: Final[dict[str, Any]] = {
    "employer_id": "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
    "state": "checking",
    "turn": "employer",
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
                        "en": "There is no proof yet that you may act for this company",
                    },
                    "fix": {
                        "zh": "用公司域名邮箱注册并验证，可自动通过；否则由审核员处理",
                        "en": (
                            "Verify an email address at the company's own domain to pass at once;"
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
                        "zh": (
                            "我们向公司账户转入几分钱，附言中有六位验证码，请向能查看账户的同事"
                            "索取。"
                        ),
                        "en": (
                            "We send a few cents with a six-digit code. Ask a colleague who can see"
                            " the account for the code."
                        ),
                    },
                    "who": {
                        "zh": "能查看公司账户的人",
                        "en": "anyone who can see the company's account",
                    },
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
    """A reason: the field, the values seen and expected, and how to fix it."""

    code: str = Field(
        description="The reason's code. Its meaning never changes.", examples=["authority_missing"]
    )
    field: str = Field(description="The field or kind of document concerned.")
    seen: str = Field(description="The value seen. Personal data is masked.")
    expected: str = Field(description="The value expected. Personal data is masked.")
    says: Words = Field(description="A description of the problem.")
    fix: Words = Field(description="How to fix the problem.")
    who: str = Field(
        description="Who can fix it: recruiter, company, platform, reviewer, service or nobody.",
        examples=["recruiter"],
    )
    takes: Words = Field(description="How long the fix takes.")
    appeal: bool = Field(description="Whether the employer can appeal.")

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
            takes=Words.of(turnaround.turnaround_text(reason.takes)),
            appeal=reason.appeal,
        )


class WayOut(Schema):
    """One of the ways to meet a requirement; any one is enough.

    `strength` applies to proofs of authority. A reviewer judges weak ones.
    """

    code: str = Field(description="The way's code.", examples=["bank_deposit", "business_licence"])
    state: RequirementState = Field(description="The state of this way.")
    strength: Strength | None = Field(description="The strength of a proof of authority.")
    shown: str = Field(description="A label, such as the masked email address of a proof.")
    how: Words = Field(description="How to complete it.")
    who: Words = Field(description='Who has to complete it; "you" is the recruiter.')
    takes: Words = Field(description="How long it takes.")
    expires_at: datetime | None = Field(
        description="The deadline to complete it. Once completed, when it expires."
    )
    reasons: list[WhyOut] = Field(description="Why this way failed.")
    reusable: int = Field(
        description=(
            "The number of documents from an earlier case that the recruiter can reuse on the page."
        )
    )
    not_reusable: WhyOut | None = Field(
        description="Why other documents of an earlier case cannot be reused."
    )

    @classmethod
    def of(cls, way: Way) -> WayOut:
        return cls(
            code=way.code,
            state=way.state,
            strength=way.strength,
            shown=way.shown,
            how=Words.of(way.how),
            who=Words.of(way.who),
            takes=Words.of(turnaround.turnaround_text(way.takes)),
            expires_at=way.expires_at,
            reasons=[WhyOut.of(why) for why in way.reasons],
            reusable=way.reusable.count if way.reusable else 0,
            not_reusable=WhyOut.of(way.reusable.why_not)
            if way.reusable and way.reusable.why_not
            else None,
        )


class RequirementOut(Schema):
    """One requirement of the employer."""

    code: str = Field(description="The requirement's code.", examples=["authority"])
    state: RequirementState = Field(description="The state of the requirement.")
    unlocks: Unlocks = Field(
        description="The right that it unlocks: submitting the case, or downloading resumes."
    )
    deadline: datetime | None = Field(description="The deadline, if there is one.")
    reasons: list[WhyOut] = Field(description="Why it is not met yet.")
    ways: list[WayOut] = Field(description="The ways to meet it; any one is enough.")

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
    """All requirements, in the order in which the employer meets them."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    employer_id: UUID = Field(description="Our ID for the employer.")
    state: str | None = Field(
        description=(
            "The state of the open case, else of the current one. Null if there is no case yet."
        )
    )
    turn: Turn = Field(
        description=(
            "Who acts next: `employer`, `zizhi` (checks, a register or a reviewer), `bank` (a"
            " transfer is to be sent or confirmed) or `nobody` (everything is done, or the case is"
            " closed; the employer may still appeal or start again)."
        )
    )
    expires_at: datetime | None = Field(description="When the approval of that case ends.")
    next: str | None = Field(
        description=(
            "The code of the next requirement to meet. Null if the employer has nothing to do."
        )
    )
    rules: str = Field(description="The version of the rules that set the requirements.")
    as_of: datetime = Field(description="When the response was created.")
    requirements: list[RequirementOut] = Field(description="All requirements.")


@router.get(
    "/{employer_id}/requirements",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=RequirementsOut,
    summary="Retrieve an employer's requirements",
    operation_id="requirements",
)
def requirements(
    request: ApiRequest, employer_id: UUID, member_id: UUID | None = None
) -> RequirementsOut:
    """Retrieves an employer's requirements: what is due, pending or satisfied, why, by when, how to
    meet each, and which right it unlocks.

    Proofs of authority of the employer's owners and of the submitter count. Before the case is
    submitted, pass the member who is about to submit it, so that their proofs count too.
    """
    now = now_for(request.auth.client)
    employer = Employer.objects.seen_by(request.auth.client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    member = None
    if member_id is not None:
        member = (
            Member.objects.active()
            .seen_by(request.auth.client)
            .filter(pk=member_id, employer=employer)
            .select_related("user")
            .first()
        )
        if member is None:
            raise Refused("member_unknown")
    case = (
        Case.objects.filter(employer=employer).open().first() or Case.objects.of(employer).first()
    )
    facts = facts_of(case, member, now) if case else facts_before(employer, member)
    asked = due_requirements(facts, CURRENT, now)
    following = next_of(asked)
    return RequirementsOut(
        employer_id=employer.pk,
        state=case.state if case else None,
        turn=turn_of(facts, asked, now),
        expires_at=case.expires_at if case else None,
        next=following.code if following else None,
        rules=CURRENT.version,
        as_of=now,
        requirements=[RequirementOut.of(requirement) for requirement in asked],
    )


def _masked(value: str) -> str:
    return f"{value[:1]}***" if value else ""
