"""Tests of proofs of authority in test mode, with simulated providers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from tests.factories import make_member, sign_in
from tests.verification.platform import Platform, proven
from verification.authority import deposits, email_codes
from verification.models import Proof
from verification.providers import scripted_providers
from verification.tasks import check_proof

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def state_of(proof: Any) -> tuple[str, str]:
    row = Proof.objects.get(pk=proof["proof_id"])
    return row.state, row.failure


def test_a_code_by_mail_proves_and_is_shown_with_the_mails(platform: Platform) -> None:
    employer, member = platform.employer(0)
    begun = proven(platform, "company-email", employer, member, address="hr@company.test")
    assert (begun["http"], begun["way"], begun["state"]) == (200, "company_email", "pending")
    (mail,) = [
        mail
        for mail in platform.call("get", "/test/mails")["data"]
        if mail["to"] == "hr@company.test"
    ]
    assert scripted_providers.CODE in str(mail)
    assert (
        proven(platform, "company-email", employer, member, code="654321")["code"]
        == "proof_code_wrong"
    )
    given = proven(platform, "company-email", employer, member, code=scripted_providers.CODE)
    assert (given["state"], given["proof_id"]) == ("proven", begun["proof_id"])


@pytest.mark.parametrize(
    ("address", "is_sound"), [("hr@company.test", True), ("hr@elsewhere.test", False)]
)
def test_only_an_address_at_the_companys_own_domain_ends_a_step_up(
    platform: Platform, address: str, is_sound: bool
) -> None:
    employer, member, _ = platform.hand_in(0)
    platform.call("post", f"/test/employers/{employer.pk}/move", {"to": "employer_step_up"})
    proven(
        platform, "company-email", employer, member, address=address, code=scripted_providers.CODE
    )
    rights = platform.call("get", f"/employers/{employer.pk}/rights")
    assert (rights["tier"] != "restricted") is is_sound


def test_codes_of_one_test_use_up_no_other_tests(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_codes, "MAILS_PER_DOMAIN", 1)
    for each in (platform, Platform()):
        employer, member = each.employer(0)
        assert (
            proven(each, "company-email", employer, member, address="hr@company.test")["http"]
            == 200
        )


def test_a_deposit_proves_once_it_has_arrived(platform: Platform) -> None:
    employer, member = platform.employer(0)
    begun = proven(platform, "deposit", employer, member, account_number="100000000000")
    assert (begun["http"], begun["state"], begun["stage"]) == (200, "pending", "accepted")
    wrong = proven(platform, "deposit", employer, member, code="654321")
    assert wrong["code"] == "proof_code_wrong"
    given = proven(platform, "deposit", employer, member, code=scripted_providers.CODE)
    assert (given["state"], given["proof_id"]) == ("pending", begun["proof_id"])
    platform.call("post", "/test/clock", {"advance": "PT20M"})
    assert state_of(begun) == ("proven", "")


@pytest.mark.parametrize(
    ("account", "after", "why"),
    [
        ("100000000001", "PT20M", "bank_account_invalid"),
        ("100000000002", "PT20M", "bank_holder_mismatch"),
        ("100000000003", "PT20M", "bank_account_closed"),
        ("100000000004", "PT20M", "bank_returned"),
        ("100000000008", "P11D", "proof_lapsed"),
    ],
)
def test_each_account_ends_as_it_says(
    platform: Platform, account: str, after: str, why: str
) -> None:
    employer, member = platform.employer(0)
    begun = proven(
        platform, "deposit", employer, member, account_number=account, code=scripted_providers.CODE
    )
    platform.call("post", "/test/clock", {"advance": after})
    assert state_of(begun)[1] == why


@pytest.mark.parametrize("account", ["100000000005", "100000000006"])
def test_a_bank_that_is_down_for_a_moment_is_asked_again(platform: Platform, account: str) -> None:
    employer, member = platform.employer(0)
    begun = proven(
        platform, "deposit", employer, member, account_number=account, code=scripted_providers.CODE
    )
    assert begun["stage"] == "", "the bank has not answered yet"
    for _ in range(2):
        platform.call("post", "/test/clock", {"advance": "PT20M"})
    assert state_of(begun) == ("proven", "")


def test_three_wrong_codes_end_it(platform: Platform) -> None:
    employer, member = platform.employer(0)
    begun = proven(platform, "deposit", employer, member, account_number="100000000000")
    said = [proven(platform, "deposit", employer, member, code="654321")["code"] for _ in range(3)]
    assert said == ["proof_code_wrong", "proof_code_wrong", "proof_code_used_up"]
    assert state_of(begun) == ("failed", "proof_code_used_up")


def test_one_account_proves_one_company_in_each_test_and_no_test_hinders_another(
    platform: Platform,
) -> None:
    other = Platform("another")
    for where, again in ((platform, False), (platform, True), (other, False)):
        employer, member = where.employer(0)
        said = proven(
            where,
            "deposit",
            employer,
            member,
            account_number="100000000000",
            code=scripted_providers.CODE,
        )
        assert (said.get("code") == "bank_account_of_other") is again
        where.call("post", "/test/clock", {"advance": "PT20M"})
    real = make_member(timezone.now())
    with override_settings(BANK="simulator"):
        assert (
            deposits.start_deposit(
                real, real.employer.name, "100000000000", "示例银行", timezone.now()
            ).provider
            == "simulator"
        )


@pytest.mark.parametrize(
    ("does", "ends"),
    [
        ("confirm", ("proven", "")),
        ("other_company", ("failed", "e_licence_mismatch")),
        ("refuse", ("failed", "e_licence_refused")),
    ],
)
def test_the_phone_is_played(platform: Platform, does: str, ends: tuple[str, str]) -> None:
    employer, member = platform.employer(0)
    assert state_of(proven(platform, "scan", employer, member, does=does)) == ends
    assert proven(platform, "scan", employer, member, does="dance")["code"] == "not_allowed"


def test_the_page_shows_what_the_phone_then_scans(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    browser = sign_in(member.user)
    assert browser.post("/case/authority/e-licence/").status_code == 302
    shown = Proof.objects.get(member=member)
    assert proven(platform, "scan", employer, member)["proof_id"] == str(shown.pk)
    assert (
        "You have proved that you recruit"
        in browser.get("/case/authority/e-licence/").content.decode()
    )


def test_work_for_a_test_goes_by_its_clock(platform: Platform) -> None:
    """A proof begun at the test's time is due when the worker is notified."""
    employer, member, _ = platform.hand_in(0)
    platform.call("post", "/test/clock", {"advance": "P30D"})
    browser = sign_in(member.user)
    form = {
        "account_holder": employer.name,
        "account_number": "100000000000",
        "bank_name": "示例银行",
    }
    assert browser.post("/case/authority/bank-deposit/", form).status_code == 302
    begun = Proof.objects.get(member=member)
    assert begun.started_at > timezone.now() + timedelta(days=29)
    check_proof(str(begun.pk))
    begun.refresh_from_db()
    assert begun.stage == "accepted"
