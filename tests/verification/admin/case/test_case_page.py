"""Tests of a case's page in each state, with its pictures and related cases."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from employers.models import User
from events.models import Event
from tests.databases import unguarded
from tests.factories import (
    make_case,
    make_colleague,
    make_document,
    make_employer,
    make_member,
    sign_in,
)
from tests.verification.admin.case.waiting_cases import (
    QUEUE,
    companies,
    page_of,
    press,
    waiting_case,
    when_it_cannot_be_undone,
)
from verification.cases import appeals, operations
from verification.models import Case, CheckRun, Decision, Document, DocumentPage
from verification.pages import requirement_facts
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def test_the_page_lays_the_sources_side_by_side(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    html = client.get(page_of(case)).content.decode()
    assert re.search(
        r'<tr class="row-differs" data-field="name">.*?<mark>另一家</mark>', html, re.S
    )
    assert re.search(r'<tr class="row-agrees" data-field="uscc">.*?Agrees', html, re.S)
    assert '<rect class="box box-differs" data-field="name" x="100.000000"' in html
    assert 'data-turn="90"' in html
    assert "seen-there" in html
    assert "wanted-this" in html
    assert case.submitted_by is not None
    name, _, domain = case.submitted_by.email.partition("@")
    assert f"{name[0]}***@{domain}" in html and case.submitted_by.email not in html


def test_what_was_declared_cannot_write_into_the_page(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    Case.objects.filter(pk=case.pk).update(declared_name="<script>alert(1)</script>")
    for address in (QUEUE, page_of(case)):
        assert "<script>alert" not in client.get(address).content.decode()


def test_no_page_needs_an_inline_script_or_style(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    press(client, case, "claim")
    confirm = press(client, case, "reject", reasons=["name_mismatch"])
    for html in (
        client.get(QUEUE).content.decode(),
        client.get(page_of(case)).content.decode(),
        confirm.content.decode(),
    ):
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", html)


def test_related_cases(client: Client, now: datetime) -> None:
    case, near, unrelated = (
        waiting_case(now),
        waiting_case(now, hours=2),
        waiting_case(now, hours=3),
    )
    twin = make_case(
        make_member(now, make_employer(now, uscc=case.declared_uscc)), now, State.REJECTED
    )
    run = CheckRun.objects.get(attempt__case=case, code="duplicates")
    run.observation["near_same"] = [{"case": str(near.pk), "distance": 3}]
    with unguarded(CheckRun):
        run.save()
    related = {
        item.case.pk: item.why for item in client.get(page_of(case)).context["cluster"].related
    }
    assert related == {near.pk: ["nearly the same picture"], twin.pk: ["the same credit code"]}
    assert unrelated.pk not in related


def test_an_appeal_against_a_suspension_is_claimed_and_answered_in_the_console(
    client: Client, reviewer: User, now: datetime
) -> None:
    member = make_member(now)
    old, young = now - timedelta(days=90), waiting_case(now, hours=2)
    case = make_case(member, old, State.APPROVED, expires_at=now + timedelta(days=90))
    operations.suspend_case(
        case.pk, make_colleague(now, "Reviewers").as_reviewer(), now, ["registry_abnormal_list"]
    )
    assert companies(client.get(QUEUE)) == [str(young.pk)]
    appeals.appeal_decision(case.pk, member, "已移出名录", [], now - timedelta(hours=1))
    response = client.get(QUEUE)
    assert companies(response) == [str(case.pk), str(young.pk)], (
        "an appeal weighs more, since it was made"
    )
    assert response.context["queue"].waiting == 2
    html = response.content.decode()
    assert "<li>Appeal</li>" in html and "1\xa0hour" in html and "3\xa0months" not in html

    html = client.get(page_of(case)).content.decode()
    assert "已移出名录" in html and "tag-appeal" in html and "not answered yet" in html
    client.post(f"{QUEUE}{case.pk}/claim/")
    response = client.get(page_of(case))
    assert [button.verb for button in response.context["buttons"]] == [
        "reinstate",
        "uphold",
        "revoke",
    ]
    press(
        client, case, "uphold", reasons=["registry_abnormal_list"], note="仍在名录", confirmed="1"
    )
    assert (
        "Undo" in client.get(QUEUE).content.decode()
        and Decision.objects.latest("pk").verb == "suspend"
    )
    when_it_cannot_be_undone()
    decision = Decision.objects.latest("pk")
    assert (decision.verb, decision.decided_by, decision.note) == ("uphold", reviewer, "仍在名录")
    assert companies(client.get(QUEUE)) == [str(young.pk)]
    assert "answered " in client.get(page_of(case)).content.decode()


def test_a_reviewer_says_which_document_a_reason_is_about(
    client: Client, reviewer: User, now: datetime
) -> None:
    """The employer is asked to fix only the documents that are wrong."""
    agency = make_employer(now, account_class="commercial_agency")
    member = make_member(now, agency)
    case = make_case(member, now, State.IN_REVIEW)
    for kind in ("business_licence", "hr_service_licence", "client_authorization"):
        make_document(case, now, kind)
    claims.claim_case(case.pk, reviewer, now)
    html = client.get(page_of(case)).content.decode()
    for code in (
        "agency_licence_expired",
        "agency_licence_unreadable",
        "agency_licence_mismatch",
        "agency_client_mismatch",
    ):
        assert f'value="{code}"' in html
    assert 'name="about-document_blurred"' in html
    sent = {
        "reasons": ["document_blurred", "agency_client_expired"],
        "about-document_blurred": "hr_service_licence",
    }
    confirm = press(client, case, "request_changes", **sent, preview="1").content.decode()
    assert (
        'name="about-document_blurred" value="hr_service_licence"' in confirm
        and "- HR service licence" in confirm
    )
    press(client, case, "request_changes", **sent)
    when_it_cannot_be_undone()
    reasons = Decision.objects.latest("pk").reasons
    assert [(reason["code"], reason.get("field", "")) for reason in reasons] == [
        ("document_blurred", "hr_service_licence"),
        ("agency_client_expired", ""),
    ]
    case.refresh_from_db()
    asked_for = {
        r.code: [why.code for why in r.reasons]
        for r in requirement_facts.requirements_of(case, member, now)
        if r.open
    }
    assert asked_for["agency_licence"] == ["document_blurred"] and asked_for[
        "client_authorization"
    ] == ["agency_client_expired"]
    assert "business_licence" not in asked_for


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page_and_only_its_buttons(
    client: Client, reviewer: User, now: datetime, state: State
) -> None:
    case = make_case(make_member(now), now, state)
    response = client.get(page_of(case))
    expected = {
        State.APPROVED: ["suspend"],
        State.SUSPENDED: ["reinstate", "revoke"],
        State.REVOKED: ["reinstate"],
    }
    assert response.status_code == 200
    assert [button.verb for button in response.context["buttons"]] == expected.get(state, [])
    assert response.context["may_claim"] is (state is State.IN_REVIEW)
    if state is State.IN_REVIEW:
        press(client, case, "claim")
        buttons = client.get(page_of(case)).context["buttons"]
        assert [button.verb for button in buttons] == ["approve", "request_changes", "reject"]


def test_a_page_that_does_not_exist(client: Client) -> None:
    for address in (f"{QUEUE}{uuid4()}/change/", f"{QUEUE}nonsense/change/"):
        assert client.get(address).status_code == 404
    for verb in ("claim", "release", "approve", "suspend"):
        assert client.post(f"{QUEUE}{uuid4()}/{verb}/", {"seen_version": 0}).status_code in (
            302,
            404,
        )


# --- Pictures -------------------------------------------------------------------------------------


def stored_page(case: Case, now: datetime) -> DocumentPage:
    document = Document.objects.create(
        case=case,
        kind="business_licence",
        sha256="f" * 64,
        size=4,
        media_type="image/jpeg",
        uploaded_by=case.submitted_by,
        uploaded_at=now,
    )
    page = DocumentPage(document=document, number=1, width=10, height=10, fingerprint="0" * 64)
    page.image.save("page.jpg", ContentFile(b"\xff\xd8jpeg"), save=False)
    page.save()
    return page


def test_a_page_is_shown_decrypted_and_each_look_is_on_record_once_a_minute(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = waiting_case(now)
    page = stored_page(case, now)
    address = f"{QUEUE}{case.pk}/page/{page.document_id}/1/"
    response = client.get(address)
    assert response.content == b"\xff\xd8jpeg"
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "image/jpeg",
        "nosniff",
    )
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert "default-src 'none'" in response["Content-Security-Policy"]
    client.get(address)
    (look,) = Event.objects.filter(verb="view_page")
    assert (look.subject_id, look.actor_id, look.data) == (
        str(page.document_id),
        str(reviewer.pk),
        {"case": str(case.pk), "page": 1},
    )
    sign_in(make_colleague(now, "Reviewers")).get(address)
    assert Event.objects.filter(verb="view_page").count() == 2
    assert client.get(page_of(case)).context["page_views"]
    other = waiting_case(now)
    assert client.get(f"{QUEUE}{other.pk}/page/{page.document_id}/1/").status_code == 404
    page.image.storage.delete(page.image.name)
    assert client.get(address).status_code == 404, "erased since"
