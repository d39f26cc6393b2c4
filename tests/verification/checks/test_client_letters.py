"""Tests of clients' letters: an agency in force adds a client, its letter is read and judged alone,
and a person settles doubts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from documents.upload.intake import CleanPage, Intake
from employers.models import AccountClass, Member
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import (
    make_case,
    make_document,
    make_member,
    make_reviewer,
    make_uscc,
    make_user,
)
from verification.cases import documents
from verification.intake import client_letters, early_reading
from verification.models import Case, ClientAuthorisation, Document, DocumentKind, DocumentReading
from verification.pages import requirement_facts
from verification.rules.facts import RequirementState
from verification.rules.requirements import Requirement
from verification.rules.states import State
from verification.rules.validity import day_of

pytestmark = pytest.mark.django_db

NAME, CODE = "云溪市甲有限公司", make_uscc(41)
READ: dict[str, Any] = {
    "document": "d",
    "titled": True,
    "sealed": True,
    "page": 1,
    "fields": {"company": NAME, "valid_until": "2099-01-01"},
    "confidence": {"company": 0.99, "valid_until": 0.99},
    "regions": {},
    "names_agency": True,
    "declared": "",
    "declared_until": "",
}
DUE, PENDING, MET = (
    RequirementState.CURRENTLY_DUE,
    RequirementState.PENDING_VERIFICATION,
    RequirementState.SATISFIED,
)


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


@pytest.fixture
def member(now: datetime) -> Member:
    member = make_member(now)
    member.employer.account_class = AccountClass.COMMERCIAL_AGENCY
    member.employer.save()
    return member


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(
        member,
        now,
        State.APPROVED,
        approved_at=now - timedelta(days=30),
        expires_at=now + timedelta(days=150),
    )


@pytest.fixture
def letter(case: Case, now: datetime) -> Document:
    letter = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
    DocumentReading.objects.create(document=letter, due_at=now)
    return letter


def read(letter: Document, **changed: Any) -> None:
    DocumentReading.objects.filter(document=letter).update(
        finished_at=letter.uploaded_at, reading=READ | changed
    )


def add(
    letter: Document, now: datetime, name: str = NAME, until: date | None = None
) -> ClientAuthorisation:
    actor = letter.case.employer.members.get().as_actor()
    return client_letters.add_client(letter.pk, actor, now, name=name, uscc=CODE, valid_until=until)


def item(case: Case, now: datetime) -> Requirement:
    return next(
        r
        for r in requirement_facts.requirements_of(case, None, now)
        if r.code == "client_authorization"
    )


def codes(case: Case, now: datetime) -> list[str]:
    return [why.code for why in item(case, now).reasons]


# --- The state of a letter ------------------------------------------------------------------------


def test_from_the_letter_to_a_client_that_holds(
    case: Case, letter: Document, now: datetime
) -> None:
    assert item(case, now).state is DUE and codes(case, now) == ["agency_client_name_missing"]
    add(letter, now)
    assert item(case, now).state is PENDING and codes(case, now) == [], "it is being read"
    read(letter)
    assert item(case, now).state is MET


def test_without_a_new_letter_what_was_approved_stays_so(case: Case, now: datetime) -> None:
    assert case.approved_at is not None
    make_document(case, case.approved_at - timedelta(days=1), DocumentKind.CLIENT_AUTHORIZATION)
    assert item(case, now).state is MET and client_letters.letter_statuses(case, now) == []


@pytest.mark.parametrize(
    ("seen", "state", "code", "doubtful"),
    [
        ({"fields": {"company": "云溪市乙有限公司"}}, DUE, "agency_client_mismatch", False),
        (
            {"fields": {"company": "云溪市乙有限公司"}, "confidence": {"company": 0.5}},
            PENDING,
            "agency_client_mismatch",
            True,
        ),
        (
            {"fields": {"company": NAME, "valid_until": "2020-01-01"}},
            DUE,
            "agency_client_expired",
            False,
        ),
        ({"sealed": False}, PENDING, "agency_client_unsealed", True),
        ({"names_agency": False}, PENDING, "agency_client_mismatch", True),
        ({"titled": False}, PENDING, "document_unreadable", True),
    ],
)
def test_what_does_not_agree_is_due_with_its_reason_and_a_doubt_is_a_persons(
    case: Case,
    letter: Document,
    now: datetime,
    seen: dict[str, Any],
    state: RequirementState,
    code: str,
    doubtful: bool,
) -> None:
    client = add(letter, now)
    read(letter, **seen)
    assert item(case, now).state is state and codes(case, now) == [code]
    assert [status.client for status in client_letters.letters_for_review(now)] == (
        [client] if doubtful else []
    )


def test_a_letter_that_no_reader_could_read_is_a_persons(
    case: Case, letter: Document, now: datetime
) -> None:
    add(letter, now)
    DocumentReading.objects.update(finished_at=now)
    assert item(case, now).state is PENDING and len(client_letters.letters_for_review(now)) == 1


def test_a_person_accepts_and_what_is_said_afterwards_is_looked_at_anew(
    case: Case, letter: Document, now: datetime
) -> None:
    client, reviewer = add(letter, now), make_reviewer(now).as_reviewer()
    read(letter, sealed=False)
    for _ in range(2):
        client_letters.accept_client(client.pk, reviewer, now)
    event = Event.objects.get(verb="accept_client")
    assert event.reasons == ["agency_client_unsealed"] and event.data["case"] == str(case.pk)
    assert item(case, now).state is MET and client_letters.letters_for_review(now) == []
    later = datetime(2098, 12, 1, tzinfo=UTC)
    assert client_letters.letter_status(client, later).agrees
    assert not client_letters.letter_status(client, later + timedelta(days=90)).agrees, (
        "it has ended, even if a person accepted it"
    )
    add(letter, now, until=day_of(now))
    assert item(case, now).state is PENDING


def test_who_settles(case: Case, letter: Document, now: datetime) -> None:
    client, reviewer = add(letter, now), make_reviewer(now).as_reviewer()
    read(letter, sealed=False)
    for actor in (Actor(Role.PLATFORM, "x"), letter.case.employer.members.get().as_actor()):
        with pytest.raises(Refused, match="not_allowed"):
            client_letters.accept_client(client.pk, actor, now)
    client_letters.end_client(client.pk, reviewer, now)
    assert Event.objects.get(verb="end_client").reasons == ["agency_client_unsealed"]
    assert item(case, now).state is MET and client_letters.letters_for_review(now) == []
    with pytest.raises(Refused, match="agency_client_ended"):
        client_letters.accept_client(client.pk, reviewer, now)


def test_the_agency_is_told_what_a_reviewer_ended_and_why(
    case: Case, letter: Document, member: Member, now: datetime
) -> None:
    client = add(letter, now)
    read(letter, sealed=False)
    sender = make_member(now, member.employer, "recruiter", language="en")
    Document.objects.filter(pk=letter.pk).update(uploaded_by=sender.user)
    make_member(now, member.employer, "recruiter")  # not involved
    Member.objects.filter(pk=make_member(now, member.employer).pk).update(left_at=now)
    for _ in range(2):
        client_letters.end_client(client.pk, make_reviewer(now).as_reviewer(), now)
    mails = {mail.to: mail for mail in Mail.objects.filter(template="client_ended")}
    assert {to: mail.language for to, mail in mails.items()} == {
        member.user.email: "zh-hans",
        sender.user.email: "en",
    }
    assert mails[sender.user.email].context == {
        "name": case.employer.name,
        "client": NAME,
        "reasons": ["agency_client_unsealed"],
        "path": f"/case/#client-{letter.pk}",
    }
    visitor = Client()
    visitor.force_login(sender.user)
    assert f'id="client-{letter.pk}"' in text(visitor.get("/case/")), (
        "the link leads to this letter"
    )


def told(template: str) -> list[dict[str, Any]]:
    return [mail.context for mail in Mail.objects.filter(template=template)]


def test_the_agency_is_told_once_what_the_machine_found(
    case: Case, letter: Document, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = READ | {"fields": {"company": "云溪市乙有限公司"}}
    monkeypatch.setattr(
        "verification.checks.agency.check.AgencyLicence._client", lambda *_: dict(seen)
    )
    add(letter, now)
    assert not Mail.objects.exists(), "nothing has been found yet"
    assert early_reading.read_document(letter.pk, lambda: now, 60)
    (wrong,) = told("client_wrong")
    assert wrong["path"] == f"/case/#client-{letter.pk}"
    assert [(reason["code"], reason["seen"]) for reason in wrong["reasons"]] == [
        ("agency_client_mismatch", "云溪市乙有限公司")
    ]
    client_letters.notify_of_letter(letter.pk, now)
    add(letter, now, until=day_of(now))
    assert len(told("client_wrong")) == 1, "the findings have not changed"
    add(letter, now, name="云溪市乙有限公司")
    assert len(told("client_accepted")) == 1
    assert [
        event.reasons for event in Event.objects.filter(verb="judge_client").order_by("id")
    ] == [["agency_client_mismatch"], []]


def test_the_agency_is_told_what_a_reviewer_accepted_and_of_a_doubt_nothing_before(
    case: Case, letter: Document, now: datetime
) -> None:
    client = add(letter, now)
    read(letter, sealed=False)
    client_letters.notify_of_letter(letter.pk, now)
    assert not Mail.objects.exists()
    for _ in range(2):
        client_letters.accept_client(client.pk, make_reviewer(now).as_reviewer(), now)
    assert len(told("client_accepted")) == 1


def test_of_a_letter_that_comes_with_its_case_the_decision_tells(
    case: Case, letter: Document, now: datetime
) -> None:
    Case.objects.update(state=State.DRAFT)
    add(letter, now)
    read(letter)
    client_letters.notify_of_letter(letter.pk, now)
    assert not Mail.objects.exists()


def test_of_what_it_ended_itself_an_agency_is_not_told(letter: Document, now: datetime) -> None:
    client = add(letter, now)
    client_letters.end_client(client.pk, letter.case.employer.members.get().as_actor(), now)
    assert not Mail.objects.exists()


# --- Adding and removing --------------------------------------------------------------------------


def intake(number: int) -> Intake:
    page = CleanPage(number=1, jpeg=b"jpeg", width=10, height=10, fingerprint="0" * 16)
    return Intake(
        sha256=f"{number:064x}",
        size=4,
        media_type="image/jpeg",
        editor=None,
        pages=(page,),
        isolation="rlimits",
    )


def test_an_upload_is_read_as_a_letter(
    case: Case, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = DocumentKind.CLIENT_AUTHORIZATION
    document = documents.add_document(
        case.pk, kind, intake(1), {"clean": None}, member.user, member.as_actor(), now
    )
    monkeypatch.setattr(
        "verification.checks.agency.check.AgencyLicence._client", lambda *_: dict(READ)
    )
    assert early_reading.read_document(document.pk, lambda: now, 60)
    assert DocumentReading.objects.get().reading == READ


def test_many_clients_come_after_approval_and_few_at_once(
    case: Case, member: Member, now: datetime
) -> None:
    kind = DocumentKind.CLIENT_AUTHORIZATION
    for number in range(documents.CLIENTS_AT_ONCE + 1):
        make_document(case, now, kind, sha256=f"{number + 100:064x}")
    documents.add_document(
        case.pk, kind, intake(1), {"clean": None}, member.user, member.as_actor(), now
    )
    Case.objects.update(state=State.DRAFT)
    with pytest.raises(Refused, match="document_too_many"):
        documents.add_document(
            case.pk, kind, intake(2), {"clean": None}, member.user, member.as_actor(), now
        )
    documents.add_document(
        case.pk, "business_licence", intake(3), {"clean": None}, member.user, member.as_actor(), now
    )


def test_a_letter_of_nobody_can_be_taken_out(case: Case, letter: Document, now: datetime) -> None:
    client_letters.drop_letter(letter.pk, letter.case.employer.members.get().as_actor(), now)
    assert item(case, now).state is MET
    other = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
    add(other, now)
    with pytest.raises(Refused, match="state_conflict"):
        client_letters.drop_letter(other.pk, letter.case.employer.members.get().as_actor(), now)


# --- On the page ----------------------------------------------------------------------------------


@pytest.fixture
def visitor(member: Member) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_form_keeps_what_was_typed_and_offers_what_was_read(
    visitor: Client, letter: Document, now: datetime
) -> None:
    url = f"/case/documents/{letter.pk}/client/"
    page = text(visitor.get("/case/"))
    assert (
        "We're reading the letter" in page
        and 'hx-trigger="every 3s"' in page
        and "Which client is this for?" in page
    )
    read(letter)
    assert f'value="{NAME}"' in text(visitor.get("/case/")), "the form contains the values read"
    refused = visitor.post(url, {"company": "云溪市丙有限公司", "uscc": "91", "valid_until": ""})
    assert refused.status_code == 422
    assert 'value="云溪市丙有限公司"' in text(refused) and "aria-invalid" in text(refused)
    assert not ClientAuthorisation.objects.exists()
    saved = visitor.post(url, {"company": NAME, "uscc": CODE.lower(), "valid_until": "2098-01-01"})
    assert saved["Location"] == "/case/#requirement-client_authorization"
    client = ClientAuthorisation.objects.get()
    assert (client.client_name, client.client_uscc, client.valid_until) == (
        NAME,
        CODE,
        date(2098, 1, 1),
    )
    page = text(visitor.get("/case/"))
    assert (
        "Client added" in page
        and "valid until 1 January 2098" in page
        and "Stop recruiting for this client" in page
    )
    assert visitor.post(f"{url}end/")["Location"] == "/case/#requirement-client_authorization"
    page = text(visitor.get("/case/"))
    assert "Client ended" in page and "Stop recruiting for this client" not in page


def test_the_state_is_asked_for_while_it_is_read(
    visitor: Client, letter: Document, now: datetime
) -> None:
    url = f"/case/documents/{letter.pk}/client/"
    add(letter, now)
    assert "hx-get" in text(visitor.get(url, headers={"HX-Request": "true"}))
    read(letter, sealed=False)
    state = text(visitor.get(url, headers={"HX-Request": "true"}))
    assert (
        "hx-get" not in state and "A reviewer will check it" in state and "With a reviewer" in state
    )
    assert visitor.get(url)["Location"] == "/case/"


def test_a_letter_is_the_agencys_own(letter: Document, now: datetime) -> None:
    stranger = Client()
    stranger.force_login(make_member(now).user)
    url = f"/case/documents/{letter.pk}/client/"
    for answer in (stranger.get(url), stranger.post(url, {}), stranger.post(f"{url}end/")):
        assert answer.status_code == 404


def test_of_who_is_no_agency_no_client_is_taken(
    visitor: Client, letter: Document, now: datetime
) -> None:
    Case.objects.update(account_class=AccountClass.DIRECT_EMPLOYER)
    said = {"company": NAME, "uscc": CODE, "valid_until": ""}
    visitor.post(f"/case/documents/{letter.pk}/client/", said)
    assert not ClientAuthorisation.objects.exists()


# --- In the console -------------------------------------------------------------------------------

LIST = "/console/verification/clientauthorisation/"


def test_a_reviewer_finds_what_is_in_doubt_and_settles_it(
    case: Case, letter: Document, now: datetime
) -> None:
    client = add(letter, now)
    visitor = Client(headers={"accept-language": "en"})
    visitor.force_login(make_reviewer(now))
    assert NAME not in text(visitor.get(LIST)), "nothing is in doubt"
    read(letter, sealed=False)
    listed = text(visitor.get(LIST))
    assert NAME in listed and "could not see a seal" in listed and case.declared_name in listed
    page = visitor.get(f"{LIST}{client.pk}/change/")
    assert f"/console/verification/case/{case.pk}/page/{letter.pk}/1/" in text(
        page
    ) and "Accept the letter" in text(page)
    assert "no-store" in page["Cache-Control"]
    assert visitor.get(
        f"{LIST}{client.pk}/accept/"
    ).status_code == 302 and not Event.objects.filter(verb="accept_client")
    assert visitor.post(f"{LIST}{client.pk}/accept/")["Location"] == LIST
    assert NAME not in text(visitor.get(LIST)) and NAME in text(visitor.get(f"{LIST}?look=all"))
    assert "To continue, it uploads a new letter" in text(visitor.get(f"{LIST}{client.pk}/end/"))
    visitor.post(f"{LIST}{client.pk}/end/")
    client.refresh_from_db()
    assert client.ended_at is not None


def test_who_may_not_decide_sees_and_settles_nothing(letter: Document, now: datetime) -> None:
    client, colleague = add(letter, now), make_user(now, is_staff=True)
    visitor = Client()
    visitor.force_login(colleague)
    for answer in (
        visitor.get(LIST),
        visitor.get(f"{LIST}{client.pk}/change/"),
        visitor.get(f"{LIST}{client.pk}/end/"),
    ):
        assert answer.status_code == 403
    assert visitor.post(f"{LIST}{client.pk}/accept/").status_code == 403
    assert visitor.post(f"{LIST}{client.pk}/end/").status_code == 403
    assert not Event.objects.filter(verb__in=("accept_client", "end_client")).exists()
