"""Tests that every page has no errors, fits the screen, and is accessible."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import Page, expect

from documents.specimens import make_specimen
from employers.accounts.invitations import SALT, VALID_FOR
from employers.accounts.registration import VERIFY_SALT
from employers.models import Employer, Invitation, Member, User
from employers.security import throttle
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.factories import (
    make_case,
    make_document,
    make_employer,
    make_member,
    make_reviewer,
    make_uscc,
    make_user,
)
from verification.cases import appeals, operations
from verification.models import Attempt, Case, CheckRun, Decision, Document, Proof
from verification.reviewing import claims
from verification.rules.states import IN_PROGRESS, State

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_PAGES = (
    "/",
    "/register/",
    "/sign-in/",
    "/password/",
    "/password/sent/",
    "/case/help/",
    "/verify-email/x/",
    "/nowhere/",
)
VERBS = {
    State.APPROVED: "approve",
    State.IN_REVIEW: "hold_for_review",
    State.REJECTED: "reject",
    State.SUSPENDED: "suspend",
    State.REVOKED: "revoke",
}
REASONS = [
    {
        "code": "uscc_mismatch",
        "field": "uscc",
        "seen": "91990101000000108N",
        "expected": "91990101000000116H",
    }
]


def in_state(state: State, now: datetime) -> User:
    """Return a user whose case is in `state`, with findings and a decision with a reason."""
    member = make_member(now)
    case = make_case(
        member,
        now,
        state,
        **(
            {"approved_at": now, "expires_at": now + timedelta(days=9)}
            if state is State.APPROVED
            else {}
        ),
    )
    make_document(case, now)
    if state is State.DRAFT:
        return member.user
    attempt = Attempt.objects.create(
        case=case,
        number=1,
        submitted_at=now,
        due_at=now,
        finished_at=None if state in IN_PROGRESS else now,
    )
    if state is State.SUBMITTED:
        return member.user
    finding = {"check": "reading", "severity": "concern", "page": 1, "region": None, **REASONS[0]}
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        findings=[finding],
        started_at=now,
        finished_at=now,
    )
    if state not in (State.CHECKING, State.WITHDRAWN):
        verb = VERBS.get(state, "request_changes")
        reasons = [] if state is State.APPROVED else REASONS
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb=verb,
            reasons=reasons,
            note="请看",
            policy_version="1",
            decided_at=now,
        )
    return member.user


def invitation_of(owner: Member) -> str:
    """Return the token of an invitation that `owner` has sent."""
    Employer.objects.filter(pk=owner.employer_id).update(confirmed_at=owner.joined_at)
    invited = Invitation.objects.create(
        employer=owner.employer,
        inviter=owner,
        email="new@example.com",
        sent_at=timezone.now(),
        expires_at=timezone.now() + VALID_FOR,
    )
    return signing.dumps(str(invited.pk), salt=SALT)


def is_for_everybody(visitor: Visit, what: str = "") -> None:
    """Check that axe finds nothing serious, the console has no errors, and nothing is wider than
    the screen.

    axe is a script itself.
    """
    visitor.is_calm()
    assert not visitor.scripted or serious(Axe().run(visitor.page).response["violations"]) == [], (
        what or visitor.page.url
    )


def serious(violations: list[dict[str, Any]]) -> list[str]:
    """Return axe's serious and critical findings, each with its places."""
    return [
        f"{found['id']}: {found['help']} {[node['target'] for node in found['nodes']]}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_open_pages(visit: Visitor, screen: str) -> None:
    visitor = visit(**_screen(screen))
    for path in OPEN_PAGES:
        page = visitor.go(path)
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], path


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_a_recruiters_pages(visit: Visitor, screen: str, now: datetime) -> None:
    more = {
        State.DRAFT: ("/case/declare/", "/team/"),
        State.SUSPENDED: ("/case/appeal/",),
        State.REJECTED: ("/case/appeal/",),
    }
    for state in State:
        visitor = visit(**_screen(screen))
        visitor.sign_in(in_state(state, now))
        for path in ("/case/", *more.get(state, ())):
            page = visitor.go(path)
            visitor.is_calm()
            assert serious(Axe().run(page).response["violations"]) == [], (state, path)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_rights_that_were_taken_away_while_an_appeal_is_heard_and_after(
    visit: Visitor, screen: str, now: datetime
) -> None:
    visitor, user = visit(**_screen(screen)), in_state(State.SUSPENDED, now)
    case = Case.objects.get()
    appeals.appeal_decision(case.pk, user.member, "已移出名录，证明见附件。", [], now)
    visitor.sign_in(user)
    for answered in (False, True):
        if answered:
            reviewer = make_reviewer(now)
            claims.claim_case(case.pk, reviewer, now)
            operations.uphold_decision(
                case.pk, reviewer, now, ["registry_abnormal_list"], note="证明不是登记机关出具。"
            )
        page = visitor.go("/case/")
        expect(page.locator(".decision .actions a")).to_have_count(int(answered))
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == []


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_pages_behind_a_mailed_link(visit: Visitor, screen: str, now: datetime) -> None:
    owner = make_member(now)
    invitation = invitation_of(owner)
    reset = f"/password/{urlsafe_base64_encode(force_bytes(owner.user.pk))}/{default_token_generator.make_token(owner.user)}/"  # noqa: E501
    visitor = visit(**_screen(screen))
    for path in (f"/join/{invitation}/", "/join/x/", reset, "/password/x/y/"):
        page = visitor.go(path)
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], path


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_pages_of_what_went_wrong(
    visit: Visitor, screen: str, now: datetime, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.browser.error_urls"
    visitor = visit(**_screen(screen))
    visitor.sign_in(make_member(now).user)
    for status in ("400", "403", "stale", "404", "413", "500"):
        page = visitor.go(f"/error/{status}/")
        expect(page.locator("h1")).to_have_count(1)
        visitor.complaints = [said for said in visitor.complaints if "status of 500" not in said]
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], status


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_a_reviewers_pages(visit: Visitor, screen: str, now: datetime) -> None:
    for state in (State.IN_REVIEW, State.SUSPENDED):
        in_state(state, now)
    for case in Case.objects.filter(state=State.SUSPENDED):
        appeals.appeal_decision(
            case.pk, case.employer.members.get(), "已移出名录，证明见附件。", [], now
        )
    reviewer, visitor = make_reviewer(now), visit(**_screen(screen))
    visitor.sign_in(reviewer)
    queue = "/console/verification/case/"
    page = visitor.go(queue)
    visitor.is_calm()
    assert serious(Axe().run(page).response["violations"]) == [], queue
    for case in Case.objects.all():
        claims.claim_case(case.pk, reviewer, now)
        page = visitor.go(f"{queue}{case.pk}/change/")
        for summary in page.locator("#content details > summary").all():
            summary.click()
            if "decision" in (summary.locator("..").get_attribute("class") or ""):
                assert serious(Axe().run(page).response["violations"]) == [], (
                    case.state,
                    summary.inner_text(),
                )
        assert serious(Axe().run(page).response["violations"]) == [], case.state
    visitor.complaints = [said for said in visitor.complaints if "nowhere.jpg" not in said]


def _screen(name: str) -> dict[str, Any]:
    screen, language, colours = name.split("-")
    return {
        **(PHONE if screen == "phone" else {}),
        "locale": "zh-CN" if language == "zh" else "en",
        "color_scheme": colours,
    }


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_pages_before_the_address_is_confirmed(visit: Visitor, screen: str, now: datetime) -> None:
    member = make_member(now, email_verified_at=None)
    make_document(make_case(member, now), now)
    link = f"/verify-email/{signing.dumps([str(member.user.pk), member.user.email], salt=VERIFY_SALT)}/"  # noqa: E501
    stranger, other, visitor = (
        visit(**_screen(screen)),
        visit(**_screen(screen)),
        visit(**_screen(screen)),
    )
    other.sign_in(make_member(now).user)
    visitor.sign_in(member.user)
    for somebody, path in (
        (stranger, link),
        (other, link),
        (visitor, link),
        (visitor, "/case/"),
        (visitor, "/team/"),
    ):
        page = somebody.go(path)
        somebody.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], path


def test_paper_gets_the_case_and_not_the_buttons(visit: Visitor, now: datetime) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(in_state(State.REJECTED, now))
    page = visitor.go("/case/")
    page.emulate_media(media="print")
    assert page.get_by_text("does not match the code that was entered").first.is_visible()
    assert not page.get_by_role("button", name="Appeal").is_visible()


def test_paper_gets_a_record_of_the_approval(visit: Visitor, now: datetime) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(in_state(State.APPROVED, now))
    case = Case.objects.get()
    page = visitor.go("/case/")
    expect(page.locator(".record")).to_be_hidden()
    page.emulate_media(media="print")
    record = page.locator(".record")
    for said in (case.declared_name, case.declared_uscc, str(case.pk), "Valid until", "Printed"):
        expect(record).to_contain_text(said)
    expect(record).to_be_visible()
    expect(page.locator("#editor")).to_be_hidden()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_one_thing_to_do_makes_a_short_page(visit: Visitor, locale: str, now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")  # only the authority is missing
    make_document(make_case(member, now), now)
    visitor = visit(**PHONE, locale=locale)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    expect(page.locator("html")).to_have_attribute("lang", "en" if locale == "en" else "zh-Hans")
    assert page.evaluate("document.documentElement.scrollHeight") <= 1500
    header = page.locator("header.top").bounding_box()
    assert header is not None and header["height"] <= 110, "two rows"
    submit = page.locator("#submit-form button")
    expect(submit).to_be_in_viewport()
    assert page.locator(".task > details[open]").count() == 1
    expect(page.locator("#finished #item-business_licence")).to_be_hidden()
    page.locator("#finished > summary").click()
    expect(page.locator("#finished #item-business_licence")).to_be_visible()
    is_for_everybody(visitor)


# --- Rare states ----------------------------------------------------------------------------------


def sent(page: Page, **typed: str) -> None:
    """Send the page's form with these values, without the browser's own validation, so that the
    page shows the errors.
    """
    form = page.locator("form.panel, #item-business_licence form.upload").first
    form.evaluate("form => { form.noValidate = true }")
    for name, value in typed.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("button").last.click()


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_an_account_that_belongs_to_no_company(visit: Visitor, screen: str, now: datetime) -> None:
    removed = make_member(now)
    Member.objects.filter(pk=removed.pk).update(left_at=now)
    for user in (removed.user, make_reviewer(now)):
        visitor = visit(**_screen(screen))
        visitor.sign_in(user)
        page = visitor.go("/case/")
        expect(page.locator("h1")).to_have_count(1)
        assert page.locator("main a.button").count() == int(user.is_staff)
        is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_colleagues_of_a_verified_company(visit: Visitor, screen: str, now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now))
    make_case(owner, now, State.APPROVED)
    for address in (
        "li@example.com",
        "a.rather.long.name.of.a.colleague@a-long-company-name.example",
    ):
        colleague = make_member(now, owner.employer, "recruiter", email=address)
        Proof.objects.create(
            employer=owner.employer,
            member=colleague,
            uscc=owner.employer.uscc,
            kind="bank_deposit",
            state="proven",
            started_at=now,
            expires_at=now,
            due_at=now,
            finished_at=now,
            proven_at=now,
            observed={"name": owner.employer.name},
        )
    visitor = visit(**_screen(screen))
    visitor.sign_in(owner.user)
    invitation_of(owner)
    Invitation.objects.create(
        employer=owner.employer,
        inviter=owner,
        email="a.rather.long.name.of.another@a-long-company-name.example",
        sent_at=now - VALID_FOR,
        expires_at=now,
    )
    page = visitor.go("/team/")
    buttons = page.locator(".people button.link").all_inner_texts()
    resend = "重新发送" if "zh" in screen else "Resend"
    assert len(buttons) == 4 and sum(text.startswith(resend) for text in buttons) == 2
    expect(page.locator(".people .overdue")).to_have_count(1)
    page.locator("details.confirm summary").first.click()
    expect(page.locator("details.confirm button").first).to_be_visible()
    is_for_everybody(visitor)
    sent(page, contact="nobody")
    expect(page.locator("#id_contact_error")).to_be_visible()
    is_for_everybody(visitor)
    page = visitor.go("/case/authority/vouch/")
    expect(page.locator("[type=radio]")).to_have_count(2)
    is_for_everybody(visitor)
    sent(page)
    expect(page.locator(".field.wrong")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
@pytest.mark.parametrize("how", ["on condition", "lapsed"])
def test_approvals_that_are_not_whole(visit: Visitor, screen: str, how: str, now: datetime) -> None:
    visitor, user = visit(**_screen(screen)), in_state(State.APPROVED, now)
    if how == "lapsed":
        Case.objects.update(
            approved_at=now - timedelta(days=180), expires_at=now - timedelta(hours=1)
        )
    else:
        Case.objects.update(conditional=True)
    visitor.sign_in(user)
    page = visitor.go("/case/")
    expect(page.locator(".pill.expired" if how == "lapsed" else ".decision .tip")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
@pytest.mark.parametrize("scripted", [True, False])
def test_a_document_that_was_refused_and_one_that_was_taken_out(
    visit: Visitor, screen: str, scripted: bool, now: datetime
) -> None:
    visitor, member = visit(**_screen(screen), java_script_enabled=scripted), make_member(now)
    Document.objects.filter(pk=make_document(make_case(member, now), now).pk).update(
        superseded_at=now
    )
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    files = [
        {
            "name": "a-long-name-of-a-file_" * 4 + f"{n}.jpg",
            "mimeType": "image/jpeg",
            "buffer": b"no picture",
        }
        for n in range(2)
    ]
    licence = page.locator("#slot-business_licence")
    licence.locator("input[name=files]").set_input_files(files)  # type: ignore[arg-type]
    if not scripted:
        licence.locator(".send").click()
    expect(licence.locator(".refusals li")).to_have_count(2)
    expect(licence.locator(".undo")).to_be_visible()
    for _ in range(2):
        licence.locator("input[name=files]").set_input_files(files)  # type: ignore[arg-type]
        with page.expect_response("**/case/documents/"):
            if not scripted:
                licence.locator(".send").click()
    # After the third time.
    expect(page.locator("#ask-person")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
@pytest.mark.parametrize("scripted", [True, False])
def test_what_was_given_before_is_used_again_and_taken_out_again(
    visit: Visitor, screen: str, scripted: bool, now: datetime
) -> None:
    visitor, member = visit(**_screen(screen), java_script_enabled=scripted), make_member(now)
    old = make_document(make_case(member, now, State.WITHDRAWN), now)
    old.pages.update(image=default_storage.save("page.jpg", ContentFile(make_specimen(5).jpeg())))
    make_case(member, now)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    licence = page.locator("#slot-business_licence")
    expect(licence.locator(".again img")).to_be_visible()
    is_for_everybody(visitor)
    licence.locator(".again button").click()
    expect(licence.locator(".documents img")).to_be_visible()
    expect(licence.locator(".again")).to_have_count(0)
    if scripted:
        expect(licence.locator(".about button")).to_be_focused()
    is_for_everybody(visitor)
    licence.locator(".about button").click()
    expect(licence.locator(".undo")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_a_transfer_before_its_code_arrived_and_after_it_came_back(
    visit: Visitor, screen: str, now: datetime
) -> None:
    visitor, member = visit(**_screen(screen)), make_member(now)
    make_case(member, now)
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/bank-deposit/")
    sent(page, account_holder="别家公司", account_number="12", bank_name="")
    expect(page.locator(".errors")).not_to_have_count(0)
    is_for_everybody(visitor)
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=member.employer.uscc,
        kind="bank_deposit",
        started_at=now,
        due_at=now,
        expires_at=now + timedelta(days=10),
        shown="中国工商银行 ···· 6789",
        stage="sent",
        observed={"code_given_at": now.isoformat()},
    )
    page = visitor.go("/case/authority/bank-deposit/")
    expect(page.locator(".stages")).to_be_visible()
    expect(page.locator("#id_code")).to_have_count(0)
    is_for_everybody(visitor)
    Proof.objects.update(state="failed", failure="bank_account_closed", finished_at=now)
    page = visitor.go("/case/authority/bank-deposit/")
    expect(page.locator(".notice.error")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_forms_that_were_refused(visit: Visitor, screen: str, now: datetime) -> None:
    taken, owner = (
        make_employer(now, confirmed_at=now),
        make_member(now, make_employer(now, confirmed_at=now)),
    )
    visitor = visit(**_screen(screen))
    page = visitor.go("/register/")
    email, password = (
        page.locator("#id_email").bounding_box(),
        page.locator("#id_password").bounding_box(),
    )
    assert email and password and email["width"] == password["width"], (
        "every field looks like a field"
    )
    sent(page, email="x", password="short")
    expect(page.locator(".errors")).not_to_have_count(0)
    is_for_everybody(visitor, "register")
    newcomer = make_user(now, "x@example.com", email_verified_at=now)
    visitor.sign_in(newcomer)
    for path in ("/register/company/", "/register/company/type/"):
        visitor.go(path)
        is_for_everybody(visitor, path)
    sent(page, uscc=taken.uscc)
    expect(page.locator("#id_company")).to_be_visible()
    is_for_everybody(visitor, "company, typed")
    page.locator("#id_company").fill("云溪市示例科技有限公司")
    page.locator("main form.panel .primary").click()
    expect(page.locator("[name=contest]")).to_be_visible()
    is_for_everybody(visitor, "company, contested")
    visitor.context.clear_cookies()
    waiting = make_user(now, "waiting@example.com")
    visitor.sign_in(waiting)
    visitor.go("/register/address/")
    is_for_everybody(visitor, "code")
    visitor.context.clear_cookies()
    page = visitor.go("/sign-in/")
    sent(page, username="x@example.com", password="wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    is_for_everybody(visitor, "sign in")
    for _ in range(throttle.PASSWORDS_OF_ADDRESS.tries - 1):
        throttle.count_try([(throttle.PASSWORDS_OF_ADDRESS, "x@example.com")], now)
    with page.expect_response("**/sign-in/") as answer:
        sent(page, username="x@example.com", password="wrong")
    assert answer.value.status == 429
    is_for_everybody(visitor, "sign in, too often")
    page = visitor.go("/password/")
    sent(page, email="nobody")
    expect(page.locator("#id_email_error")).to_be_visible()
    is_for_everybody(visitor, "password")
    page = visitor.go(
        f"/password/{urlsafe_base64_encode(force_bytes(owner.user.pk))}/{default_token_generator.make_token(owner.user)}/"
    )
    sent(page, password="short")
    expect(page.locator("#id_password_error")).to_be_visible()
    is_for_everybody(visitor, "new password")
    page = visitor.go(f"/join/{invitation_of(owner)}/")
    sent(page, password="short")
    expect(page.locator("#id_password_error")).to_be_visible()
    is_for_everybody(visitor, "join")


@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_forms_of_the_case_that_were_refused(visit: Visitor, screen: str, now: datetime) -> None:
    code = make_uscc()
    for state, path, typed, wrong in (
        (
            State.DRAFT,
            "/case/declare/",
            {"uscc": code[:-1] + ("A" if code[-1] != "A" else "B")},
            "#id_uscc_error",
        ),
        (State.REJECTED, "/case/appeal/", {"words": ""}, "#id_words_error"),
    ):
        visitor = visit(**_screen(screen))
        visitor.sign_in(in_state(state, now))
        page = visitor.go(path)
        sent(page, **typed)
        expect(page.locator(wrong)).to_be_visible()
        is_for_everybody(visitor, path)
