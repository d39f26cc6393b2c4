"""Tests that somebody who tries the product out gets through the proofs that need an outside
company: from the recruiter's page to the bank or the phone, and back.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody
from tests.factories import make_case, make_member
from verification.authority import proof_polling
from verification.models import Proof

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def trial(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAILS_KEPT, settings.MAILS_DIR, settings.VAR_DIR = True, tmp_path / "mails", tmp_path
    settings.BANK = settings.E_LICENCES = "simulator"
    for provider in ("banks", "e_licences"):
        monkeypatch.setattr(
            f"verification.providers.{provider}.simulator.refuse_in_maintenance",
            lambda *night: None,
        )


def test_the_phone_that_scans(visit: Visitor, now: datetime) -> None:
    member = make_member(now)
    make_case(member, now)
    visitor = visit(**PHONE)
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/e-licence/")
    page.get_by_role("button", name="显示二维码").click()
    page.get_by_role("link", name="点此代为扫码确认").click()
    page.wait_for_url("**/try/outside*")
    is_for_everybody(visitor, "outside, the phone")
    page.get_by_role("button", name="扫码并确认").click()
    expect(page.get_by_role("heading", name="已完成")).to_be_visible()
    is_for_everybody(visitor, "proven")


def test_the_bank_statement(visit: Visitor, now: datetime) -> None:
    member = make_member(now)
    make_case(member, now)
    visitor = visit(**DESK, locale="en-US")
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/bank-deposit/")
    page.get_by_label("Account number").fill("6222 0202 0011 2233")
    page.get_by_label("Bank", exact=True).fill("示例银行")
    page.get_by_role("button", name="Send transfer").click()
    proof = Proof.objects.get()
    proof_polling.poll_proof(proof.pk, member, now)  # as the worker does
    page.get_by_role("link", name="See the company's bank statement here").first.click()
    page.wait_for_url("**/try/outside*")
    is_for_everybody(visitor, "outside, the bank")
    page.get_by_role("button", name="Complete the transfer now").click()
    code = page.locator("dd.code").inner_text()
    is_for_everybody(visitor, "the statement")
    page.get_by_role("link", name="Enter the code on the recruiter's page").click()
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("button", name="Check code").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
