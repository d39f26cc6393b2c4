"""Tests of the page on which one plays the bank and the licence's phone in trial mode."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import Member
from tests.factories import make_case, make_member
from verification.authority import deposits, proof_polling
from verification.models import Proof, ProofState

pytestmark = pytest.mark.django_db
PAGE = "/try/outside"
LINK = f'href="{PAGE}#proof-'
HERE = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}
NOT_HERE = [
    {"REMOTE_ADDR": "192.168.1.7"},
    {"HTTP_HOST": "hr.example"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_VIA": "1.1 proxy"},
]


@pytest.fixture
def now() -> datetime:
    """Pages use the real clock. It is no Sunday night, when the simulated bank is closed."""
    return timezone.now()


@pytest.fixture(autouse=True)
def trial(settings: Any, tmp_path: Path) -> None:
    settings.MAILS_KEPT, settings.MAILS_DIR, settings.VAR_DIR = True, tmp_path / "mails", tmp_path
    settings.BANK = settings.E_LICENCES = "simulator"
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture
def member(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Member:
    for provider in ("banks", "e_licences"):
        monkeypatch.setattr(
            f"verification.providers.{provider}.simulator.refuse_in_maintenance",
            lambda *night: None,
        )
    member = make_member(now)
    make_case(member, now)
    return member


def browser(member: Member, **request_of: str) -> Client:
    client = Client(**(HERE | request_of), headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def act(client: Client, proof: Proof, does: str) -> Any:
    return client.post(f"{PAGE}/{proof.pk}", {"does": does}, follow=True)


@pytest.mark.parametrize(
    ("does", "state", "said"),
    [
        ("confirm", ProofState.PROVEN, "You have proved that you recruit for"),
        ("other_company", ProofState.FAILED, "Scanned and confirmed on the phone."),
        ("decline", ProofState.FAILED, "Declined on the phone."),
    ],
)
def test_the_phone(member: Member, now: datetime, does: str, state: str, said: str) -> None:
    proof, client = proof_polling.start_scan(member, now), browser(member)
    assert LINK in text(client.get("/case/authority/e-licence/"))
    assert "Scan and confirm" in text(client.get(PAGE))
    answer = act(client, proof, does)
    assert answer.redirect_chain[-1][0] == "/case/authority/e-licence/" and said in text(answer)
    assert Proof.objects.get().state == state
    assert "Nothing is waiting for you now" in text(client.get(PAGE))
    assert "has ended" in text(act(client, proof, does)), "pressed again"


def test_the_bank_statement_has_the_code(member: Member, now: datetime) -> None:
    proof = deposits.start_deposit(member, member.employer.name, "6222020200112233", "示例", now)
    client = browser(member)
    assert LINK in text(client.get("/case/authority/bank-deposit/"))
    assert "Memo" not in text(client.get(PAGE))
    page = text(act(client, proof, "arrive"))
    assert "The transfer has arrived" in page
    code = page.partition('<dd class="code">')[2][:6]
    confirm = f"/case/authority/{proof.pk}/confirm/"
    assert "You have proved" in text(client.post(confirm, {"code": code}, follow=True))


def test_an_account_that_does_not_exist_returns_the_transfer(member: Member, now: datetime) -> None:
    proof = deposits.start_deposit(member, member.employer.name, "6222020200112201", "示例", now)
    answer = act(browser(member), proof, "arrive")
    assert answer.redirect_chain[-1][0] == "/case/authority/bank-deposit/"
    assert "The transfer has not arrived." in text(answer)
    assert Proof.objects.get().failure == "bank_account_invalid"


def test_somebody_else_stays_on_the_page(member: Member, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    answer = act(browser(make_member(now)), proof, "confirm")
    assert answer.redirect_chain[-1][0] == PAGE
    assert Proof.objects.get().state == ProofState.PROVEN


def test_the_two_cannot_be_confused(member: Member, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    assert act(browser(member), proof, "arrive").status_code == 404
    assert browser(member).get(f"{PAGE}/{proof.pk}").status_code == 405


@pytest.mark.parametrize("request_of", NOT_HERE, ids=str)
def test_for_everybody_else_it_does_not_exist(
    member: Member, now: datetime, request_of: dict[str, str]
) -> None:
    proof, client = proof_polling.start_scan(member, now), browser(member, **request_of)
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}/{proof.pk}", {"does": "confirm"}).status_code == 404
    assert PAGE not in text(client.get("/case/authority/e-licence/"))
    assert Proof.objects.get().state == ProofState.PENDING


def test_in_a_deployment_it_does_not_exist(member: Member, now: datetime, settings: Any) -> None:
    settings.MAILS_KEPT = False
    proof, client = proof_polling.start_scan(member, now), browser(member)
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}/{proof.pk}", {"does": "confirm"}).status_code == 404
    assert PAGE not in text(client.get("/case/authority/e-licence/"))


def test_a_real_provider_s_proof_is_not_played(member: Member, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    Proof.objects.update(provider="another")
    client = browser(member)
    assert "Nothing is waiting for you now" in text(client.get(PAGE))
    assert "has ended" in text(act(client, proof, "confirm"))
    assert Proof.objects.get().state == ProofState.PENDING
