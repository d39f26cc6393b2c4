"""The test mode over the API: scripted codes, reviewers' decisions, and a clock to move."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import BeforeValidator, WithJsonSchema

from employers.clock import now_for
from employers.models import ApiClient, Employer, Member, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import Words
from events.core.errors import Refused
from events.delivery import mail
from events.models import Mail
from verification import test_mode
from verification.checks import scripted_outcomes
from verification.models import Case, Proof
from verification.providers import scripted_providers
from verification.rules.findings import Outcome

router = Router(tags=["test mode"])

MAILS_AT_MOST = 50


def _test_client(request: ApiRequest) -> ApiClient:
    client = request.auth.client
    if not client.test:
        raise Refused("not_of_test")
    return client


def employer_of_test(request: ApiRequest, employer_id: UUID) -> Employer:
    """The employer of the test that asks. Raises Refused: `not_of_test`, `employer_unknown`."""
    employer = Employer.objects.seen_by(_test_client(request)).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    return employer


def _employer_and_member(
    request: ApiRequest, employer_id: UUID, member_id: UUID
) -> tuple[Employer, Member]:
    employer = employer_of_test(request, employer_id)
    member = (
        Member.objects.active()
        .filter(pk=member_id, employer=employer)
        .select_related("user", "employer__platform")
        .first()
    )
    if member is None:
        raise Refused("member_unknown")
    return employer, member


class RecipeOut(Schema):
    """A code to register a test employer with, and what then happens when it is handed in."""

    recipe: int = Field(description="The last two digits of the code's region.", examples=[10])
    uscc: str = Field(
        description="A valid code for it, another one each time.", examples=["91999010123456784N"]
    )
    outcome: Outcome = Field(description="What the checks come to.")
    reason: str | None = Field(
        description="The code of the reason that is given.", examples=["registry_revoked"]
    )
    says: Words = Field(description="What it tests.")

    @classmethod
    def of(cls, recipe: scripted_outcomes.Recipe) -> RecipeOut:
        return cls(
            recipe=recipe.number,
            uscc=scripted_outcomes.code_for(recipe.number),
            outcome=recipe.outcome,
            reason=recipe.reason or None,
            says=Words.of(recipe.words),
        )


class RecipesOut(Schema):
    """Every recipe."""

    data: list[RecipeOut] = Field(description="Each recipe, with a fresh code.")


@router.get(
    "/recipes",
    auth=BearerKey(),
    response=RecipesOut,
    summary="Codes that stand for outcomes",
    operation_id="test_recipes",
)
def recipes(request: ApiRequest) -> RecipesOut:
    """Each with a fresh code. Outcomes that only a reviewer decides are made by `decide` below."""
    _test_client(request)
    return RecipesOut(data=[RecipeOut.of(recipe) for recipe in scripted_outcomes.RECIPES.values()])


class HandIn(Schema):
    """Who hands the case in."""

    member_id: UUID = Field(
        description="A member of the employer.", examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"]
    )


class CaseOut(Schema):
    """The case as it stands after that."""

    case_id: UUID = Field(description="The case.")
    state: str = Field(description="Where it stands.", examples=["approved"])
    expires_at: datetime | None = Field(description="Until when its approval holds.")

    @classmethod
    def of(cls, case: Case) -> CaseOut:
        return cls(case_id=case.pk, state=case.state, expires_at=case.expires_at)


@router.post(
    "/employers/{employer_id}/hand-in",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=CaseOut,
    summary="Hand in the papers of a test employer",
    operation_id="test_hand_in",
)
def hand_in(request: ApiRequest, employer_id: UUID, given: HandIn) -> CaseOut:
    """Stands for the upload of all papers and the hand-in; what the checks find stands in the
    employer's code.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return CaseOut.of(test_mode.hand_in(employer, member, lambda: now_for(client)))


class Ruling(Schema):
    """What a reviewer decides."""

    verb: str = Field(
        examples=["request_changes"], description=f"One of {', '.join(test_mode.VERBS)}."
    )
    reasons: list[str] = Field(
        default=[], max_length=20, examples=[["document_blurred"]], description="Codes of reasons."
    )
    note: str = Field(
        default="", max_length=1000, description="A word of the reviewer to the employer."
    )


@router.post(
    "/employers/{employer_id}/decide",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=CaseOut,
    summary="Decide as a reviewer would",
    operation_id="test_decide",
)
def decide(request: ApiRequest, employer_id: UUID, ruling: Ruling) -> CaseOut:
    """On the case that is open, else on the one that counts: approve, refuse, ask for changes,
    suspend, reinstate, revoke.
    """
    employer = employer_of_test(request, employer_id)
    return CaseOut.of(
        test_mode.decide_test_case(
            employer, ruling.verb, ruling.reasons, ruling.note, now_for(request.auth.client)
        )
    )


class ProofOut(Schema):
    """The proof as it stands then."""

    proof_id: UUID = Field(description="The proof.")
    way: str = Field(description="Which it is.", examples=["bank_deposit"])
    state: str = Field(description="pending, proven, failed or lapsed.", examples=["pending"])
    stage: str = Field(description="Where its provider says that it stands.", examples=["accepted"])
    reason: str | None = Field(
        description="The code of why it failed.", examples=["bank_holder_mismatch"]
    )
    expires_at: datetime = Field(description="Until when it can be completed.")

    @classmethod
    def of(cls, proof: Proof) -> ProofOut:
        return cls(
            proof_id=proof.pk,
            way=proof.kind,
            state=proof.state,
            stage=proof.stage,
            reason=proof.failure or None,
            expires_at=proof.expires_at,
        )


class Mailed(Schema):
    """An address of the company, and the code that was mailed to it."""

    member_id: UUID = Field(
        description="Whose proof of authority it is.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    address: str = Field(
        default="",
        max_length=254,
        examples=[f"hr@{scripted_providers.DOMAIN}"],
        description=(
            "It ends with .test; the register knows each company of a test at"
            f" {scripted_providers.DOMAIN}, and elsewhere it proves little. Needed unless a code of"
            " this member is under way."
        ),
    )
    code: str = Field(
        default="",
        max_length=20,
        examples=[scripted_providers.CODE],
        description=f"The right one is always {scripted_providers.CODE}.",
    )


@router.post(
    "/employers/{employer_id}/company-email",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=ProofOut,
    summary="Prove authority by a code by mail",
    operation_id="test_company_email",
)
def company_email(request: ApiRequest, employer_id: UUID, given: Mailed) -> ProofOut:
    """What the recruiter does on the page: name an address of the company, type the code that came
    there.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return ProofOut.of(
        test_mode.company_email(
            employer, member, given.address, given.code, lambda: now_for(client)
        )
    )


class Deposit(Schema):
    """A deposit to the company's account, and its code."""

    member_id: UUID = Field(
        description="Whose proof of authority it is.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    account_number: str = Field(
        default="",
        max_length=40,
        examples=["100000000000"],
        description=(
            "9 to 25 digits, of which the last two say what becomes of it:"
            f" {', '.join(scripted_providers.FATES)}; any other arrives. Needed unless a deposit of"
            " this member is under way."
        ),
    )
    code: str = Field(
        default="",
        max_length=20,
        examples=[scripted_providers.CODE],
        description=f"The right one is always {scripted_providers.CODE}.",
    )


@router.post(
    "/employers/{employer_id}/deposit",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=ProofOut,
    summary="Prove authority by a bank deposit",
    operation_id="test_deposit",
)
def deposit(request: ApiRequest, employer_id: UUID, given: Deposit) -> ProofOut:
    """What the recruiter does on the page: name the account, type the code.

    The money arrives as the test's clock is moved.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return ProofOut.of(
        test_mode.deposit(
            employer, member, given.account_number, given.code, lambda: now_for(client)
        )
    )


class Scanned(Schema):
    """What the holder of the electronic licence does with the code on the page."""

    member_id: UUID = Field(
        description="Whose proof of authority it is.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    does: str = Field(
        default="confirm", examples=["confirm"], description=f"One of {', '.join(test_mode.SCANS)}."
    )


@router.post(
    "/employers/{employer_id}/scan",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=ProofOut,
    summary="Scan with an electronic licence",
    operation_id="test_scan",
)
def scan(request: ApiRequest, employer_id: UUID, given: Scanned) -> ProofOut:
    """Plays the phone: on the code that the recruiter's page shows, or on one that is made for
    it.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return ProofOut.of(test_mode.scan(employer, member, given.does, lambda: now_for(client)))


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("Input should be an ISO 8601 duration, or a number of seconds")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_no_flag),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "duration"}, {"type": "number"}]}),
]


class ClockMove(Schema):
    """How far the test's clock moves, beyond where it is."""

    advance: Duration = Field(
        examples=["P180D"], description="An ISO 8601 duration, or seconds; forward only."
    )


class ClockOut(Schema):
    """What time it is in the test."""

    now: datetime = Field(description="By the test's clock.")
    ahead_seconds: int = Field(
        description="By how much it is ahead of the world's.", examples=[15_552_000]
    )


@router.get(
    "/clock",
    auth=BearerKey(),
    response=ClockOut,
    summary="The time of the test",
    operation_id="test_clock",
)
def clock(request: ApiRequest) -> ClockOut:
    """Everything in the test happens by this clock."""
    client = _test_client(request)
    return ClockOut(now=now_for(client), ahead_seconds=client.clock_seconds)


@router.post(
    "/clock",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=ClockOut,
    summary="Move the test's clock",
    operation_id="test_move_clock",
)
def move_clock(request: ApiRequest, move: ClockMove) -> ClockOut:
    """What falls due until then is done before the answer: checks that waited, ends of approvals,
    reminders.
    """
    client = _test_client(request)
    if move.advance < timedelta(0):
        raise Refused("clock_backwards", "advance")
    # More than may be is refused all the same, and with the longest duration that there is a sum
    # would overflow.
    further = min(move.advance, test_mode.FARTHEST * 2)
    now = test_mode.move_clock(
        client, timedelta(seconds=client.clock_seconds) + further, timezone.now
    )
    return ClockOut(now=now, ahead_seconds=client.clock_seconds)


class MailOut(Schema):
    """A mail that would have been sent."""

    id: int = Field(description="Its number.")
    at: datetime = Field(description="When it would have gone out.")
    to: str = Field(description="An address that ends with `.test`.")
    template: str = Field(description="Which mail it is.", examples=["case_approve"])
    subject: str = Field(description="Its subject, in the language of whom it is for.")
    text: str = Field(description="What it says.")


class MailsOut(Schema):
    """The latest mails, the newest first."""

    data: list[MailOut] = Field(description="The newest first.")


@router.get(
    "/mails",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=MailsOut,
    summary="Mails of the test",
    operation_id="test_mails",
)
def mails(request: ApiRequest) -> MailsOut:
    """What the members of the test's employers and its candidates would have got, and codes to
    addresses of its companies.

    It is sent to nobody.
    """
    mail_row = Mail.objects.filter(test_mode.mailed(_test_client(request))).order_by("-pk")[
        :MAILS_AT_MOST
    ]
    return MailsOut(data=[_shown(each) for each in mail_row])


def _shown(mail_row: Mail) -> MailOut:
    letter = mail.letter(mail_row, settings.SITE_URL, mail_row.created_at)
    return MailOut(
        id=mail_row.pk,
        at=mail_row.created_at,
        to=mail_row.to,
        template=mail_row.template,
        subject=str(letter.subject),
        text=str(letter.body),
    )
