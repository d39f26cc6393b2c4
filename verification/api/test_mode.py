"""API calls of test mode: scripted codes, proofs, reviewers' decisions, the clock and mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import BeforeValidator, WithJsonSchema

from employers.clock import now_for
from employers.member_links.operations import link_in_test, make_code
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
    """Return the employer of this test. Raise Refused: `not_of_test`, `employer_unknown`."""
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
    """A code to register a test employer with, and the outcome it leads to."""

    recipe: int = Field(description="The last two digits of the code's region.", examples=[10])
    uscc: str = Field(
        description="A valid code for the recipe, different each time.",
        examples=["91999010123456784N"],
    )
    outcome: Outcome = Field(description="The outcome of the checks.")
    reason: str | None = Field(
        description="The code of the reason given.", examples=["registry_revoked"]
    )
    says: Words = Field(description="What the recipe tests.")

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
    """All recipes."""

    data: list[RecipeOut] = Field(description="The recipes, each with a fresh code.")


@router.get(
    "/recipes",
    auth=BearerKey(),
    response=RecipesOut,
    summary="List recipes",
    operation_id="test_recipes",
)
def recipes(request: ApiRequest) -> RecipesOut:
    """Lists the recipes, each with a fresh code. For outcomes that only a reviewer can decide, use
    `decide`.
    """
    _test_client(request)
    return RecipesOut(data=[RecipeOut.of(recipe) for recipe in scripted_outcomes.RECIPES.values()])


class HandIn(Schema):
    """A member of the test employer."""

    member_id: UUID = Field(
        description="A member of the employer.", examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"]
    )


class CaseOut(Schema):
    """The case after the request."""

    case_id: UUID = Field(description="The ID of the case.")
    state: str = Field(description="The state of the case.", examples=["approved"])
    expires_at: datetime | None = Field(description="When the approval ends.")

    @classmethod
    def of(cls, case: Case) -> CaseOut:
        return cls(case_id=case.pk, state=case.state, expires_at=case.expires_at)


@router.post(
    "/employers/{employer_id}/hand-in",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=CaseOut,
    summary="Submit a test employer's case",
    operation_id="test_hand_in",
)
def hand_in(request: ApiRequest, employer_id: UUID, given: HandIn) -> CaseOut:
    """Submits a test employer's case without uploads. The employer's code determines what the
    checks find.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return CaseOut.of(test_mode.hand_in(employer, member, lambda: now_for(client)))


class LinkCodeOut(Schema):
    """What a recruiter of a test brings back from the link page."""

    code: str = Field(
        description="The code to redeem: once, within 10 minutes of the test's clock.",
        examples=["Xq0nJ2o3bL8vTz5Yk1dWm7sRc4hPfA6u"],
    )


@router.post(
    "/employers/{employer_id}/link-code",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=LinkCodeOut,
    summary="Link a test recruiter",
    operation_id="test_link_code",
)
def link_code(request: ApiRequest, employer_id: UUID, given: HandIn) -> LinkCodeOut:
    """Links a test recruiter with your test platform, as a recruiter who registered on our own
    pages does on the link page, and returns the `zizhi_code` that they would bring back.
    """
    _, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    link = link_in_test(member, client, now_for(client))
    return LinkCodeOut(code=make_code(link, now_for(client)))


class Ruling(Schema):
    """A reviewer's decision."""

    verb: str = Field(
        examples=["request_changes"], description=f"One of {', '.join(test_mode.VERBS)}."
    )
    reasons: list[str] = Field(
        default=[],
        max_length=20,
        examples=[["document_blurred"]],
        description="The codes of the reasons.",
    )
    note: str = Field(
        default="", max_length=1000, description="The reviewer's message to the employer."
    )


@router.post(
    "/employers/{employer_id}/decide",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=CaseOut,
    summary="Decide a test employer's case",
    operation_id="test_decide",
)
def decide(request: ApiRequest, employer_id: UUID, ruling: Ruling) -> CaseOut:
    """Decides the employer's open case, else its current one. You can approve, reject, request
    changes, suspend, reinstate or revoke.
    """
    employer = employer_of_test(request, employer_id)
    return CaseOut.of(
        test_mode.decide_test_case(
            employer, ruling.verb, ruling.reasons, ruling.note, now_for(request.auth.client)
        )
    )


class ProofOut(Schema):
    """A proof of authority after the request."""

    proof_id: UUID = Field(description="The ID of the proof.")
    way: str = Field(description="The kind of proof.", examples=["bank_deposit"])
    state: str = Field(
        description="One of `pending`, `proven`, `failed` or `lapsed`.", examples=["pending"]
    )
    stage: str = Field(description="The stage reported by the provider.", examples=["accepted"])
    reason: str | None = Field(
        description="The code of the reason why it failed.", examples=["bank_holder_mismatch"]
    )
    expires_at: datetime = Field(description="The deadline to complete it.")

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
    """A company email address, and the code sent to it."""

    member_id: UUID = Field(
        description="The member whose authority it proves.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    address: str = Field(
        default="",
        max_length=254,
        examples=[f"hr@{scripted_providers.DOMAIN}"],
        description=(
            "An address that ends with `.test`. The register lists the domain"
            f" `{scripted_providers.DOMAIN}` for each test company; other domains prove little."
            " Required unless a code for this member is pending."
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
    summary="Prove authority by email",
    operation_id="test_company_email",
)
def company_email(request: ApiRequest, employer_id: UUID, given: Mailed) -> ProofOut:
    """Does what the recruiter does on the page: names a company address, and enters the code sent
    to it.
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
        description="The member whose authority it proves.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    account_number: str = Field(
        default="",
        max_length=40,
        examples=["100000000000"],
        description=(
            "9 to 25 digits. The last two determine the outcome:"
            f" {', '.join(scripted_providers.FATES)}; with any others, the deposit arrives."
            " Required unless a deposit for this member is pending."
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
    summary="Prove authority by bank deposit",
    operation_id="test_deposit",
)
def deposit(request: ApiRequest, employer_id: UUID, given: Deposit) -> ProofOut:
    """Does what the recruiter does on the page: names the account, and enters the code.

    The money arrives as you move the test's clock.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return ProofOut.of(
        test_mode.send_test_deposit(
            employer, member, given.account_number, given.code, lambda: now_for(client)
        )
    )


class Scanned(Schema):
    """What the holder of the electronic licence does with the code on the page."""

    member_id: UUID = Field(
        description="The member whose authority it proves.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    does: str = Field(
        default="confirm", examples=["confirm"], description=f"One of {', '.join(test_mode.SCANS)}."
    )


@router.post(
    "/employers/{employer_id}/scan",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=ProofOut,
    summary="Prove authority by electronic licence",
    operation_id="test_scan",
)
def scan(request: ApiRequest, employer_id: UUID, given: Scanned) -> ProofOut:
    """Simulates the phone that scans the code on the recruiter's page. If there is no code yet, one
    is created.
    """
    employer, member = _employer_and_member(request, employer_id, given.member_id)
    client = request.auth.client
    return ProofOut.of(
        test_mode.scan_as_phone(employer, member, given.does, lambda: now_for(client))
    )


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
    """How far to move the test's clock."""

    advance: Duration = Field(
        examples=["P180D"],
        description="An ISO 8601 duration, or a number of seconds. Forward only.",
    )


class ClockOut(Schema):
    """The time in the test."""

    now: datetime = Field(description="The time on the test's clock.")
    ahead_seconds: int = Field(
        description="How far the clock is ahead of real time, in seconds.", examples=[15_552_000]
    )


@router.get(
    "/clock",
    auth=BearerKey(),
    response=ClockOut,
    summary="Retrieve the test's clock",
    operation_id="test_clock",
)
def clock(request: ApiRequest) -> ClockOut:
    """Retrieves the test's clock. Everything in the test happens at this time."""
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
    """Moves the test's clock forward. Everything that falls due until then is done before the
    response: waiting checks, ends of approvals, reminders.
    """
    client = _test_client(request)
    if move.advance < timedelta(0):
        raise Refused("clock_backwards", "advance")
    # Larger values are refused anyway, and adding the longest possible duration would overflow.
    further = min(move.advance, test_mode.FARTHEST * 2)
    now = test_mode.move_clock(
        client, timedelta(seconds=client.clock_seconds) + further, timezone.now
    )
    return ClockOut(now=now, ahead_seconds=client.clock_seconds)


class MailOut(Schema):
    """A mail that would have been sent."""

    id: int = Field(description="The ID of the mail.")
    at: datetime = Field(description="When it would have been sent.")
    to: str = Field(description="The recipient, an address that ends with `.test`.")
    template: str = Field(description="The template of the mail.", examples=["case_approve"])
    subject: str = Field(description="The subject, in the recipient's language.")
    text: str = Field(description="The text of the mail.")


class MailsOut(Schema):
    """The latest mails, newest first."""

    data: list[MailOut] = Field(description="The mails, newest first.")


@router.get(
    "/mails",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=MailsOut,
    summary="List the test's mails",
    operation_id="test_mails",
)
def mails(request: ApiRequest) -> MailsOut:
    """Lists mails to the members of the test's employers and to its candidates, and codes to
    company addresses.

    These mails are never sent.
    """
    mail_row = Mail.objects.filter(test_mode.mails_of_test(_test_client(request))).order_by("-pk")[
        :MAILS_AT_MOST
    ]
    return MailsOut(data=[_shown(each) for each in mail_row])


def _shown(mail_row: Mail) -> MailOut:
    letter = mail.mail_message(mail_row, settings.SITE_URL, mail_row.created_at)
    return MailOut(
        id=mail_row.pk,
        at=mail_row.created_at,
        to=mail_row.to,
        template=mail_row.template,
        subject=str(letter.subject),
        text=str(letter.body),
    )
