"""Tests of the notices about proofs, of concurrent proofs, and of the simulated providers."""

from __future__ import annotations

import runpy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from employers.models import Member
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_employer, make_member
from tests.verification.authority.proof_steps import (
    ACCOUNT,
    ADDRESS,
    MINUTE,
    at_once,
    deposit,
    mailed_code,
    mails,
    other_than,
    poll,
)
from verification.authority import deposits, email_codes, proof_polling, vouches
from verification.cases import operations
from verification.models import Attempt, Proof, ProofState, RegistryRecord
from verification.providers import banks
from verification.providers.banks.simulator import SimulatedBank
from verification.rules.states import State

pytestmark = pytest.mark.django_db


# --- Notices to others ----------------------------------------------------------------------------


def test_the_known_admin_hears_of_a_stranger_at_once(now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now), email="boss@shili.example")
    thief = make_member(
        now, make_employer(now, uscc=owner.employer.uscc), email="thief@shi1i.example"
    )
    proof = email_codes.send_code(thief, "x@shi1i.example", now)
    (mail,) = Mail.objects.filter(template="authority_notice")
    assert (
        mail.to == "boss@shili.example"
        and mail.context["proven"] is False
        and mail.context["member"] == "***@shi1i.example"
    )
    email_codes.confirm_code(proof.pk, thief, mailed_code("x@shi1i.example"), now)
    assert len(mails("authority_notice")) == 2


def test_the_known_admin_hears_of_a_strangers_case(now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now))
    thief = make_member(
        now, make_employer(now, uscc=owner.employer.uscc), email="thief@evil.example"
    )
    case = make_case(thief, now)
    make_document(case, now)
    operations.submit_case(case.pk, thief.user, thief.as_actor(), now)
    (mail,) = Mail.objects.filter(template="authority_notice")
    assert (
        mail.to == owner.user.email
        and mail.context["way"] == "business_licence"
        and "thief" not in mail.context["member"]
    )


def test_ones_own_case_is_no_news(now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now))
    recruiter = make_member(now, owner.employer, role="recruiter")
    case = make_case(recruiter, now)
    make_document(case, now)
    operations.submit_case(case.pk, recruiter.user, recruiter.as_actor(), now)
    assert mails("authority_notice") == []


def test_the_known_admin_hears_of_a_colleagues_proof(now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now))
    recruiter = make_member(now, owner.employer, role="recruiter")
    proof = email_codes.send_code(recruiter, ADDRESS, now)
    assert mails("authority_notice") == []
    email_codes.confirm_code(proof.pk, recruiter, mailed_code(), now)
    assert mails("authority_notice") == [owner.user.email]


def test_a_proof_makes_the_waiting_case_due(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.CHECKING)
    attempt = Attempt.objects.create(
        case=case,
        number=1,
        submitted_at=now,
        due_at=now + timedelta(days=1),
        waiting_for="authority_missing",
    )
    proof = email_codes.send_code(member, ADDRESS, now)
    email_codes.confirm_code(proof.pk, member, mailed_code(), now + MINUTE)
    attempt.refresh_from_db()
    assert attempt.due_at == now + MINUTE


def test_a_proof_of_another_company_makes_nothing_due(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    case = make_case(member, now, State.CHECKING)
    case.declared_uscc = make_employer(now).uscc
    case.save()
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now + timedelta(days=1)
    )
    email_codes.confirm_code(proof.pk, member, mailed_code(), now)
    attempt.refresh_from_db()
    assert attempt.due_at == now + timedelta(days=1)


@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
def test_a_stopped_employer_proves_nothing(state: State, member: Member, now: datetime) -> None:
    make_case(member, now, state)
    with pytest.raises(Refused, match=f"employer_{state}"):
        email_codes.send_code(member, ADDRESS, now)


def test_who_left_or_has_no_verified_address_begins_nothing(now: datetime) -> None:
    unverified = make_member(now, email_verified_at=None)
    with pytest.raises(Refused, match="authority_email_unverified"):
        email_codes.send_code(unverified, ADDRESS, now)
    left = make_member(now)
    left.left_at = now
    left.save()
    with pytest.raises(Refused, match="not_allowed"):
        email_codes.send_code(left, ADDRESS, now)


def test_a_lease_that_was_lost_writes_nothing(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker sleeps past its lease while the bank answers; another one polls in the
    meantime.
    """
    proof = deposit(member, now)
    real, calls = SimulatedBank.send, []

    def send(self: SimulatedBank, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            assert proof_polling.poll_provider(proof.pk, lambda: now + timedelta(minutes=2), 60)
        return real(self, *arguments)

    monkeypatch.setattr(SimulatedBank, "send", send)
    assert not proof_polling.poll_provider(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    assert (
        len(calls) == 2
        and banks.bank_named("simulator").transfers() == 1
        and proof.due_at == now + timedelta(minutes=17)
    )  # type: ignore[attr-defined]


# --- Concurrent proofs ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_right_code_four_times_at_once(now: datetime) -> None:
    member = make_member(now)
    proof = email_codes.send_code(member, ADDRESS, now)
    code = mailed_code()
    assert (
        at_once(*[lambda: email_codes.confirm_code(proof.pk, member, code, now)] * 4)
        == ["proven"] * 4
    )
    assert Event.objects.filter(verb="prove").count() == 1


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted(now: datetime) -> None:
    member = make_member(now)
    proof = email_codes.send_code(member, ADDRESS, now)
    wrong = other_than(mailed_code())
    told = at_once(*[lambda: email_codes.confirm_code(proof.pk, member, wrong, now)] * 8)
    assert told == ["proof_code_used_up"] + ["proof_code_wrong"] * 4 + ["proof_over"] * 3


@pytest.mark.django_db(transaction=True)
def test_two_deposits_at_once_are_one(now: datetime) -> None:
    member = make_member(now)
    assert at_once(*[lambda: deposit(member, now)] * 2) == ["pending", "proof_under_way"]


@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_no_at_once(now: datetime) -> None:
    member = make_member(now)
    boss = make_member(now, member.employer, email="boss@shili.example")
    RegistryRecord.objects.create(
        uscc=member.employer.uscc,
        name="x",
        status="active",
        email_domain="shili.example",
        as_of=now.date(),
    )
    proof = vouches.ask_vouch(member, boss, now)
    told = at_once(
        lambda: vouches.vouch_for_recruiter(proof.pk, boss, now),
        lambda: vouches.decline_to_vouch(proof.pk, boss, now),
    )
    assert told in (["proof_over", "proven"], ["failed", "proof_over"])
    assert Proof.objects.get().finished_at == now


# --- The simulated outside world ------------------------------------------------------------------


def test_a_statement_is_read_and_a_phone_is_played(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + MINUTE)
    paid, scanned = deposit(member, now), proof_polling.start_scan(member, now)
    poll(paid, now)
    call_command("simulated", "statement", ACCOUNT)
    code = capsys.readouterr().out.split()[-1]
    deposits.confirm_deposit(paid.pk, member, code, now + MINUTE)
    assert poll(paid, now + MINUTE).state == ProofState.PROVEN
    holder = [
        "--uscc",
        member.employer.uscc,
        "--name",
        member.employer.name,
        "--legal-representative",
        "林知白",
    ]
    call_command("simulated", "scan", scanned.observed["qr"], *holder)
    assert proof_polling.poll_proof(scanned.pk, member, now + 2 * MINUTE).state == ProofState.PROVEN
    with pytest.raises(CommandError, match="answered"):
        call_command("simulated", "refuse", scanned.observed["qr"])


def test_a_deployment_without_simulators_plays_nothing(settings: Any) -> None:
    settings.BANK = ""
    with pytest.raises(CommandError, match="ZIZHI_BANK"):
        call_command("simulated", "statement", ACCOUNT)


@pytest.mark.parametrize("name", ["ZIZHI_BANK", "ZIZHI_E_LICENCES"])
def test_a_provider_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "icbc")
    with pytest.raises(ImproperlyConfigured, match=f"{name} is 'icbc'; it can be: simulator"):
        runpy.run_path(str(Path(__file__).parents[3] / "config" / "settings.py"))


@pytest.mark.parametrize(
    ("site", "bank"), [("http://localhost:8000", "simulator"), ("https://zizhi.example", "")]
)
def test_a_simulator_is_the_default_on_this_machine_alone(
    site: str, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZIZHI_SITE_URL", site)
    monkeypatch.delenv("ZIZHI_STAFF_SECOND_FACTOR")
    made = runpy.run_path(str(Path(__file__).parents[3] / "config" / "settings.py"))
    assert (made["BANK"], made["E_LICENCES"]) == (bank, bank)


@pytest.mark.parametrize("name", ["ZIZHI_BANK", "ZIZHI_E_LICENCES"])
def test_a_simulator_cannot_serve_the_public(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIZHI_SITE_URL", "https://zizhi.example")
    monkeypatch.delenv("ZIZHI_STAFF_SECOND_FACTOR")
    monkeypatch.setenv(name, "simulator")
    with pytest.raises(ImproperlyConfigured, match=f"{name} is the simulator"):
        runpy.run_path(str(Path(__file__).parents[3] / "config" / "settings.py"))
