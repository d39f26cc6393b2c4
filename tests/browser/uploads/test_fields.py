"""Tests that every kind of employer can use every upload field of its case, in every state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from employers.models import AccountClass
from tests.browser.conftest import PHONE, Visitor
from tests.factories import make_case, make_employer, make_member, make_uscc
from verification.cases import guards
from verification.models import Attempt, DocumentKind
from verification.rules import states
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Kind:
    """A kind of employer: its account class, the start of its code, and its founding document."""

    account_class: AccountClass
    code: str
    paper: DocumentKind
    young: bool = False


LICENCE, APPROVAL = DocumentKind.BUSINESS_LICENCE, DocumentKind.APPROVAL_DOCUMENT
DIRECT, AGENCY = AccountClass.DIRECT_EMPLOYER, AccountClass.COMMERCIAL_AGENCY
EMPLOYERS = {
    "agency": Kind(AGENCY, "91", LICENCE),
    "company": Kind(DIRECT, "91", LICENCE),
    "institution": Kind(DIRECT, "12", APPROVAL),
    "sole-trader": Kind(DIRECT, "92", LICENCE),
    "labour-dispatch": Kind(AGENCY, "91", LICENCE),
    "public-service": Kind(AccountClass.PUBLIC_SERVICE, "12", APPROVAL),
    "association": Kind(DIRECT, "51", APPROVAL),
    "agency-of-an-association": Kind(AGENCY, "51", APPROVAL),
    "young-company": Kind(DIRECT, "91", LICENCE, young=True),
}


STORIES: Final = [(employer, state) for state in State for employer in EMPLOYERS]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "材料.jpg"
    Image.new("RGB", (900, 640), (200, 190, 180)).save(path, "JPEG")
    return path


def shown_without_failure(page: Page) -> None:
    """The case page is there, not an error page."""
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator(".status-code")).to_have_count(0)


@pytest.mark.parametrize(("employer", "state"), STORIES)
@pytest.mark.sampled(4)
def test_every_upload_field_works_and_the_page_stays(
    visit: Visitor, picture: Path, now: datetime, employer: str, state: State
) -> None:
    kind = EMPLOYERS[employer]
    member = make_member(
        now, make_employer(now, uscc=make_uscc(kind=kind.code), account_class=kind.account_class)
    )
    more = {"conditional": True} if kind.young and state is State.APPROVED else {}
    case = make_case(member, now, state, **more)
    if state in states.IN_PROGRESS:
        Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
    visitor = visit(**PHONE, locale="en")
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    shown_without_failure(page)

    offered = [
        document_kind
        for document_kind in DocumentKind
        if page.locator(f"#slot-{document_kind} form.upload").count()
    ]
    may = {
        document_kind
        for document_kind in DocumentKind
        if guards.may_add(document_kind, case, member.as_actor(), timezone.now()) is None
    }
    assert set(offered) <= may, "no field whose file would be refused"
    if case.state in states.EDITABLE:
        assert kind.paper in offered
        assert {LICENCE, APPROVAL} - {kind.paper} - set(offered), "its own founding document alone"
        assert (DocumentKind.CLIENT_AUTHORIZATION in offered) is (kind.account_class == AGENCY)
    for document_kind in offered:
        slot = page.locator(f"#slot-{document_kind}")
        with page.expect_response("**/case/documents/") as answered:
            slot.locator("form.upload input[name=files]").set_input_files(picture)
        assert answered.value.status == 200, document_kind
        expect(page.locator(f"#slot-{document_kind} .documents > li")).to_have_count(1)
        shown_without_failure(visitor.go("/case/"))
    for document_kind in set(DocumentKind) - set(offered):  # a form of an older page
        answer = page.request.post(
            f"{visitor.base}/case/documents/",
            multipart={
                "kind": str(document_kind),
                "csrfmiddlewaretoken": page.locator(
                    "[name=csrfmiddlewaretoken]"
                ).first.input_value(),
                "files": {
                    "name": "x.jpg",
                    "mimeType": "image/jpeg",
                    "buffer": picture.read_bytes(),
                },
            },
        )
        assert answer.status < 500, document_kind
    shown_without_failure(visitor.go("/case/"))
    visitor.is_calm()
