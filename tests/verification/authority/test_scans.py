"""Tests of proofs by a scan of the company's electronic licence."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.models import Member
from events.core.errors import Refused
from events.models import Mail
from tests.factories import make_case, make_employer, make_member, make_uscc, sign_in
from tests.verification.authority.proof_steps import MINUTE, mails, poll_until
from verification.authority import proof_polling
from verification.models import ProofState
from verification.pages.requirement_facts import requirements_of
from verification.providers.e_licences.base import By, ELicence
from verification.providers.e_licences.simulator import SimulatedELicences

pytestmark = pytest.mark.django_db


def licence_of(member: Member, **changed: str) -> ELicence:
    return ELicence(
        **(
            {
                "uscc": member.employer.uscc,
                "name": member.employer.name,
                "legal_representative": "林知白",
            }
            | changed
        )
    )


def test_a_scan_from_begin_to_end(member: Member, phone: SimulatedELicences, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    assert proof.observed["qr"].startswith("https://") and proof.expires_at == now + timedelta(
        minutes=5
    )
    phone.scan(proof.observed["qr"], now)
    assert proof_polling.poll_proof(proof.pk, member, now + timedelta(seconds=3)).stage == "scanned"
    phone.confirm(
        proof.observed["qr"],
        licence_of(member),
        By.LEGAL_REPRESENTATIVE,
        now + timedelta(seconds=4),
    )
    proof = proof_polling.poll_proof(proof.pk, member, now + timedelta(seconds=6))
    assert proof.state == ProofState.PROVEN
    assert proof.observed == {
        "by": "legal_representative",
        "mismatch": [],
        "name": member.employer.name,
    }, "and no person's name"


@pytest.mark.parametrize("kind", ["12", "51", "91", "92"])
def test_only_a_body_with_a_business_licence_has_an_electronic_one(
    kind: str, now: datetime
) -> None:
    member = make_member(now, make_employer(now, uscc=make_uscc(kind=kind)))
    case = make_case(member, now)
    ways = {way.code for each in requirements_of(case, member, now) for way in each.ways}
    assert ("e_licence" in ways) is (kind in ("91", "92")) and "bank_deposit" in ways
    page = sign_in(member.user).get("/case/authority/e-licence/")
    assert page.status_code == (200 if kind in ("91", "92") else 404)
    if kind in ("12", "51"):
        with pytest.raises(Refused, match="proof_not_offered"):
            proof_polling.start_scan(member, now)


@pytest.mark.parametrize("wrong", ["uscc", "name", "legal_representative"])
def test_another_companys_licence_fails(
    wrong: str, member: Member, phone: SimulatedELicences, now: datetime
) -> None:
    make_case(member, now, declared_legal_representative="林知白")
    proof = proof_polling.start_scan(member, now)
    phone.confirm(proof.observed["qr"], licence_of(member, **{wrong: "另一个"}), By.AUTHORISED, now)
    proof = proof_polling.poll_proof(proof.pk, member, now + timedelta(seconds=3))
    assert (proof.state, proof.failure, proof.observed["mismatch"]) == (
        ProofState.FAILED,
        "e_licence_mismatch",
        [wrong],
    )
    assert mails("proof_ended") == [member.user.email], (
        "the recruiter may not be on the page after scanning"
    )


def test_refused_on_the_phone(member: Member, phone: SimulatedELicences, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    phone.refuse(proof.observed["qr"], now)
    assert (
        proof_polling.poll_proof(proof.pk, member, now + timedelta(seconds=3)).failure
        == "e_licence_refused"
    )
    proof_polling.poll_proof(proof.pk, member, now + timedelta(seconds=6))
    (mail,) = Mail.objects.filter(template="proof_ended")
    assert (mail.context["reasons"], mail.context["path"]) == (
        ["e_licence_refused"],
        "/case/#requirement-authority",
    )


def test_confirmed_in_the_last_second(
    member: Member, phone: SimulatedELicences, now: datetime
) -> None:
    proof = proof_polling.start_scan(member, now)
    phone.confirm(
        proof.observed["qr"],
        licence_of(member),
        By.AUTHORISED,
        proof.expires_at - timedelta(milliseconds=1),
    )
    assert poll_until(proof, now + timedelta(hours=1)).state == ProofState.PROVEN


def test_a_scan_that_nobody_makes(member: Member, now: datetime) -> None:
    proof = poll_until(proof_polling.start_scan(member, now), now + timedelta(hours=1))
    assert proof.state == ProofState.LAPSED and "qr" not in proof.observed
    assert mails("proof_ended") == []


def test_a_new_code_replaces_the_one_before(member: Member, now: datetime) -> None:
    one, two = proof_polling.start_scan(member, now), proof_polling.start_scan(member, now + MINUTE)
    one.refresh_from_db()
    assert one.failure == "proof_replaced" and one.observed == {} and two.observed["qr"]


def test_a_service_that_is_down_gives_its_code_later(member: Member, now: datetime) -> None:
    night = now.replace(hour=19, minute=43)  # 3:43 in Shanghai, two minutes before maintenance ends
    proof = proof_polling.start_scan(member, night)
    assert proof.state == ProofState.PENDING and "qr" not in proof.observed
    assert proof_polling.poll_proof(proof.pk, member, proof.due_at).observed["qr"]


def test_a_scan_is_polled_by_its_own_member(member: Member, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    with pytest.raises(Refused, match="not_allowed"):
        proof_polling.poll_proof(proof.pk, make_member(now), now)
