"""Does a proof prove what it says, once, to the right person, and end when it should?"""

from __future__ import annotations

import runpy
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from employers.models import Member
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_employer, make_member, make_reviewer
from verification.authority import codes, deposits, email_codes, proof_polling, proofs, vouches
from verification.cases import operations
from verification.cases.authority_evidence import can_vouch
from verification.cases.proof_ways import WAYS
from verification.models import Attempt, Decision, Proof, ProofKind, ProofState, RegistryRecord
from verification.providers import banks, e_licences
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.e_licences.base import By, ELicence
from verification.providers.e_licences.simulator import SimulatedELicences
from verification.rules.states import State

pytestmark = pytest.mark.django_db

ADDRESS = "hr@shili.example"
ACCOUNT = "100000001188"
"""Money arrives there within seconds."""
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _own_books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.BANK, settings.E_LICENCES = tmp_path, "simulator", "simulator"


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


@pytest.fixture
def bank() -> SimulatedBank:
    named = banks.named("simulator")
    assert isinstance(named, SimulatedBank)
    return named


@pytest.fixture
def phone() -> SimulatedELicences:
    named = e_licences.named("simulator")
    assert isinstance(named, SimulatedELicences)
    return named


def mailed_code(to: str = ADDRESS) -> str:
    return str(Mail.objects.filter(template="company_code", to=to).latest("pk").context["code"])


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def follow(proof: Proof, now: datetime) -> Proof:
    proof_polling.follow(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    return proof


def follow_until(proof: Proof, until: datetime) -> Proof:
    """Ask whenever the proof is due, as the sweeper would, until it has ended or `until` has
    come.
    """
    while proof.finished_at is None and proof.due_at <= until:
        follow(proof, proof.due_at)
    return proof


def mails(template: str) -> list[str]:
    return [mail.to for mail in Mail.objects.filter(template=template).order_by("pk")]


# --- A code by mail -------------------------------------------------------------------------------


def test_a_code_comes_back(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, " HR@Shili.example ", now)
    assert (proof.state, proof.shown, proof.uscc) == (
        ProofState.PENDING,
        ADDRESS,
        member.employer.uscc,
    )
    code = mailed_code()
    assert code not in proof.code_hash
    proof = email_codes.confirm_code(proof.pk, member, f" {code[:3]} {code[3:]} ", now + MINUTE)
    assert (
        proof.state == ProofState.PROVEN
        and proof.proven_at == now + MINUTE
        and proof.code_hash == ""
    )
    assert [event.verb for event in Event.objects.about(proof)] == ["begin_proof", "prove"]
    assert mails("proof_ended") == [member.user.email]


def test_the_same_code_twice_is_once(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    code = mailed_code()
    for _ in range(2):
        assert (
            email_codes.confirm_code(proof.pk, member, code, now + MINUTE).state
            == ProofState.PROVEN
        )
    assert Event.objects.filter(verb="prove").count() == 1 and len(mails("proof_ended")) == 1


def test_wrong_codes_are_counted_and_end_it(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    right = mailed_code()
    for left in (4, 3, 2, 1):
        with pytest.raises(Refused, match="proof_code_wrong") as refused:
            email_codes.confirm_code(proof.pk, member, other_than(right), now)
        assert refused.value.details == {"left": str(left)}
    with pytest.raises(Refused, match="proof_code_used_up"):
        email_codes.confirm_code(proof.pk, member, other_than(right), now)
    with pytest.raises(Refused, match="proof_over"):
        email_codes.confirm_code(proof.pk, member, right, now)
    assert Proof.objects.get().failure == "proof_code_used_up"


def test_what_is_no_code_is_no_guess(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦七"):
        with pytest.raises(Refused, match="proof_code_wrong"):
            email_codes.confirm_code(proof.pk, member, typed, now)
    assert Proof.objects.get().guesses == 0


def test_a_code_that_is_late(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    with pytest.raises(Refused, match="proof_lapsed"):
        email_codes.confirm_code(proof.pk, member, mailed_code(), now + 30 * MINUTE)
    assert Proof.objects.get().state == ProofState.LAPSED


def test_the_sweeper_ends_what_nobody_completes(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    assert not proof_polling.follow(proof.pk, lambda: now + 29 * MINUTE, 60)
    assert follow(proof, now + 30 * MINUTE).state == ProofState.LAPSED
    assert mails("proof_ended") == [], "whoever let half an hour pass is not written to"


def test_a_code_is_one_persons(member: Member, now: datetime) -> None:
    proof = email_codes.send_code(member, ADDRESS, now)
    stranger = make_member(now)
    with pytest.raises(Refused, match="not_allowed"):
        email_codes.confirm_code(proof.pk, stranger, mailed_code(), now)
    with pytest.raises(Refused, match="not_allowed"):
        deposits.confirm_deposit(proof.pk, member, mailed_code(), now)
    assert Proof.objects.get().state == ProofState.PENDING


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("hr@qq.com", "proof_email_public"),
        ("hr@mail.QQ.com", "proof_email_public"),
        ("hr@mailinator.com", "proof_email_public"),
        ("hr@", "proof_email_invalid"),
        ("hr shili.example", "proof_email_invalid"),
    ],
)
def test_addresses_that_prove_nothing(
    address: str, code: str, member: Member, now: datetime
) -> None:
    with pytest.raises(Refused, match=code):
        email_codes.send_code(member, address, now)
    assert not Proof.objects.exists() and not mails("company_code")


def test_another_code_takes_the_place_of_the_first(member: Member, now: datetime) -> None:
    first = email_codes.send_code(member, ADDRESS, now)
    old = mailed_code()
    with pytest.raises(Refused, match="proof_resend_wait"):
        email_codes.send_code(member, ADDRESS, now + timedelta(seconds=59))
    assert Proof.objects.get().state == ProofState.PENDING, "what was refused changed nothing"
    second = email_codes.send_code(member, ADDRESS, now + MINUTE)
    with pytest.raises(Refused, match="proof_over"):
        email_codes.confirm_code(first.pk, member, old, now + MINUTE)
    assert (
        email_codes.confirm_code(second.pk, member, mailed_code(), now + MINUTE).state
        == ProofState.PROVEN
    )


def test_codes_are_rationed(member: Member, now: datetime) -> None:
    for number in range(WAYS[ProofKind.COMPANY_EMAIL].per_day):
        email_codes.send_code(
            member, ADDRESS if number < 4 else f"hr{number}@shili.example", now + number * MINUTE
        )
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(member, "hr9@shili.example", now + timedelta(hours=1))
    for _ in range(2):
        email_codes.send_code(make_member(now), ADDRESS, now + timedelta(hours=1))
    with pytest.raises(Refused, match="proof_too_often"):
        email_codes.send_code(
            make_member(now), ADDRESS, now + timedelta(hours=1)
        )  # the address has had enough
    email_codes.send_code(member, ADDRESS, now + timedelta(days=1, hours=1))


def test_a_name_that_is_an_advertisement_is_not_mailed(now: datetime) -> None:
    member = make_member(now, make_employer(now, name="中奖请点 www.evil.example"))
    with pytest.raises(Refused, match="name_not_plain"):
        email_codes.send_code(member, ADDRESS, now)


# --- A deposit ------------------------------------------------------------------------------------


def deposit(
    member: Member, now: datetime, number: str = ACCOUNT, holder: str = "云溪市示例科技有限公司"
) -> Proof:
    return deposits.start_deposit(member, holder, number, "示例银行", now)


def memo(bank: SimulatedBank, number: str, now: datetime) -> str:
    ((fen, code),) = bank.statement(number, now)
    assert fen == 1
    return code


def test_a_deposit_from_begin_to_end(member: Member, bank: SimulatedBank, now: datetime) -> None:
    proof = deposit(member, now, "1000 0000-1188")
    assert (
        ACCOUNT not in proof.sealed + proof.shown
        and proof.shown.endswith("1188")
        and proof.expires_at == now + timedelta(days=10)
    )
    follow(proof, now)
    assert proof.stage == "accepted" and proof.sealed == "", "the bank has what it needs"
    follow(proof, proof.due_at)
    assert proof.stage == "arrived" and mails("deposit_sent") == [member.user.email]
    code = memo(bank, ACCOUNT, proof.due_at)
    proof = deposits.confirm_deposit(proof.pk, member, code, now + timedelta(hours=1))
    assert proof.state == ProofState.PROVEN and proof.observed["name"] == "云溪市示例科技有限公司"
    assert ACCOUNT not in str(
        list(Mail.objects.values()) + list(Event.objects.values()) + list(Proof.objects.values())
    )


@pytest.mark.parametrize("holder", ["云溪市示例科技有限公司", "云溪市 示例科技有限公司"])
def test_the_holder_is_the_company(holder: str, member: Member, now: datetime) -> None:
    assert deposit(member, now, holder=holder).state == ProofState.PENDING


@pytest.mark.parametrize(
    ("holder", "number", "code"),
    [
        ("云溪市示例科技有限责任公司", ACCOUNT, "bank_holder_mismatch"),
        ("林知白", ACCOUNT, "bank_holder_mismatch"),
        ("云溪市示例科技有限公司", "12345", "bank_account_invalid"),
        ("云溪市示例科技有限公司", "10000000118X", "bank_account_invalid"),
    ],
)
def test_deposits_that_are_not_made(
    holder: str, number: str, code: str, member: Member, now: datetime
) -> None:
    with pytest.raises(Refused, match=code):
        deposit(member, now, number, holder)
    assert not Proof.objects.exists()


def test_one_account_does_not_prove_many_companies(
    member: Member, bank: SimulatedBank, now: datetime
) -> None:
    proof = follow_until(deposit(member, now), now + timedelta(hours=1))
    twin = make_member(now)
    assert deposit(twin, now).state == ProofState.PENDING, (
        "what is only begun stands in nobody's way"
    )
    proofs.cancel(Proof.objects.get(member=twin).pk, twin, now)
    first, *_ = bank.statement(ACCOUNT, now + timedelta(hours=1))
    deposits.confirm_deposit(proof.pk, member, first[1], now + timedelta(hours=1))
    with pytest.raises(Refused, match="bank_account_of_other"):
        deposit(twin, now + timedelta(hours=1))
    colleague = make_member(now, member.employer)
    assert deposit(colleague, now + timedelta(hours=1)).state == ProofState.PENDING


def test_one_deposit_at_a_time(member: Member, now: datetime) -> None:
    proof = deposit(member, now)
    with pytest.raises(Refused, match="proof_under_way"):
        deposit(member, now)
    assert proofs.cancel(proof.pk, member, now).failure == "proof_cancelled"
    assert Proof.objects.get().sealed == ""
    assert deposit(member, now).state == ProofState.PENDING


def test_three_tries(member: Member, bank: SimulatedBank, now: datetime) -> None:
    proof = follow_until(deposit(member, now), now + timedelta(hours=1))
    right = memo(bank, ACCOUNT, now + timedelta(hours=1))
    for code in ("proof_code_wrong", "proof_code_wrong", "proof_code_used_up"):
        with pytest.raises(Refused, match=code):
            deposits.confirm_deposit(proof.pk, member, other_than(right), now + timedelta(hours=1))
    with pytest.raises(Refused, match="proof_over"):
        deposits.confirm_deposit(proof.pk, member, right, now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("ending", "failure"),
    [
        ("01", "bank_account_invalid"),
        ("02", "bank_holder_mismatch"),
        ("08", "bank_account_closed"),
        ("09", "bank_returned"),
    ],
)
def test_what_the_bank_returns_fails(
    ending: str, failure: str, member: Member, now: datetime
) -> None:
    proof = follow_until(deposit(member, now, f"1000000011{ending}"), now + timedelta(days=9))
    assert (proof.state, proof.failure, proof.sealed, proof.code_hash) == (
        ProofState.FAILED,
        failure,
        "",
        "",
    )
    assert mails("proof_ended") == [member.user.email]


def test_a_code_given_before_the_bank_has_said_that_it_arrived(
    member: Member, bank: SimulatedBank, now: datetime
) -> None:
    """Somebody reads the statement before we ask again: the code counts, and the bank has the last
    word.
    """
    proof = deposit(member, now)
    follow(proof, now)
    proof = deposits.confirm_deposit(
        proof.pk, member, memo(bank, ACCOUNT, now + MINUTE), now + MINUTE
    )
    assert (
        proof.state == ProofState.PENDING and proof.code_hash == "" and proof.due_at == now + MINUTE
    )
    assert (
        deposits.confirm_deposit(proof.pk, member, "000000", now + MINUTE).state
        == ProofState.PENDING
    ), "nothing more is asked"
    assert follow(proof, now + MINUTE).state == ProofState.PROVEN


def test_a_right_code_does_not_help_where_the_money_came_back(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "new_code", lambda _: "123456")
    proof = follow(deposit(member, now, "100000001102"), now)
    deposits.confirm_deposit(proof.pk, member, "123456", now)
    proof = follow_until(Proof.objects.get(), now + timedelta(days=9))
    assert (proof.state, proof.failure) == (ProofState.FAILED, "bank_holder_mismatch")


@pytest.mark.parametrize("ending", ["03", "04", "05", "06"])
def test_a_bank_with_its_moods(
    ending: str, member: Member, bank: SimulatedBank, now: datetime
) -> None:
    """The answer is lost, or put off, or out of order: one transfer is made, and it proves."""
    number = f"1000000011{ending}"
    proof = deposit(member, now, number)
    assert not proof_polling.follow(proof.pk, lambda: now, 60) or ending == "06"
    proof.refresh_from_db()
    follow_until(proof, now + timedelta(days=2))
    assert proof.stage == "arrived" and bank.transfers() == 1
    assert (
        deposits.confirm_deposit(
            proof.pk, member, memo(bank, number, proof.due_at), proof.due_at
        ).state
        == ProofState.PROVEN
    )


def test_a_deposit_that_nobody_completes(member: Member, now: datetime) -> None:
    proof = follow_until(deposit(member, now), now + timedelta(days=11))
    assert proof.state == ProofState.LAPSED and proof.finished_at == now + timedelta(days=10)


def test_a_bank_that_is_gone_ends_with_the_time(member: Member, now: datetime) -> None:
    proof = deposit(member, now)
    Proof.objects.filter(pk=proof.pk).update(provider="nobody")
    assert (
        follow(proof, now).state == ProofState.PENDING
        and proof.due_at == now + proof_polling.BROKEN_FOR
    )
    assert follow_until(proof, now + timedelta(days=11)).state == ProofState.LAPSED


def test_cancelled_while_the_bank_is_asked(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = deposit(member, now)
    real = SimulatedBank.send

    def send(self: SimulatedBank, *arguments: Any) -> Any:
        proofs.cancel(proof.pk, member, now)
        return real(self, *arguments)

    monkeypatch.setattr(SimulatedBank, "send", send)
    assert not proof_polling.follow(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    assert (proof.state, proof.failure, proof.reference) == (
        ProofState.FAILED,
        "proof_cancelled",
        "",
    )


def test_a_way_without_a_provider_is_not_offered(
    member: Member, settings: Any, now: datetime
) -> None:
    assert proofs.offered(test=False) == frozenset(ProofKind)
    settings.BANK = settings.E_LICENCES = ""
    assert proofs.offered(test=False) == {ProofKind.COMPANY_EMAIL, ProofKind.VOUCH}
    for begin in (lambda: deposit(member, now), lambda: proof_polling.start_scan(member, now)):
        with pytest.raises(Refused, match="proof_not_offered"):
            begin()


# --- A scan ---------------------------------------------------------------------------------------


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
    assert proof_polling.poll(proof.pk, member, now + timedelta(seconds=3)).stage == "scanned"
    phone.confirm(
        proof.observed["qr"],
        licence_of(member),
        By.LEGAL_REPRESENTATIVE,
        now + timedelta(seconds=4),
    )
    proof = proof_polling.poll(proof.pk, member, now + timedelta(seconds=6))
    assert proof.state == ProofState.PROVEN
    assert proof.observed == {
        "by": "legal_representative",
        "mismatch": [],
        "name": member.employer.name,
    }, "and no person's name"


@pytest.mark.parametrize("wrong", ["uscc", "name", "legal_representative"])
def test_another_companys_licence_fails(
    wrong: str, member: Member, phone: SimulatedELicences, now: datetime
) -> None:
    make_case(member, now, declared_legal_representative="林知白")
    proof = proof_polling.start_scan(member, now)
    phone.confirm(proof.observed["qr"], licence_of(member, **{wrong: "另一个"}), By.AUTHORISED, now)
    proof = proof_polling.poll(proof.pk, member, now + timedelta(seconds=3))
    assert (proof.state, proof.failure, proof.observed["mismatch"]) == (
        ProofState.FAILED,
        "e_licence_mismatch",
        [wrong],
    )
    assert mails("proof_ended") == [member.user.email], (
        "who scanned with a phone may not see the page"
    )


def test_refused_on_the_phone(member: Member, phone: SimulatedELicences, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    phone.refuse(proof.observed["qr"], now)
    assert (
        proof_polling.poll(proof.pk, member, now + timedelta(seconds=3)).failure
        == "e_licence_refused"
    )
    proof_polling.poll(proof.pk, member, now + timedelta(seconds=6))
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
    assert follow_until(proof, now + timedelta(hours=1)).state == ProofState.PROVEN


def test_a_scan_that_nobody_makes(member: Member, now: datetime) -> None:
    proof = follow_until(proof_polling.start_scan(member, now), now + timedelta(hours=1))
    assert proof.state == ProofState.LAPSED and "qr" not in proof.observed
    assert mails("proof_ended") == []


def test_a_new_code_replaces_the_one_before(member: Member, now: datetime) -> None:
    one, two = proof_polling.start_scan(member, now), proof_polling.start_scan(member, now + MINUTE)
    one.refresh_from_db()
    assert one.failure == "proof_replaced" and one.observed == {} and two.observed["qr"]


def test_a_service_that_is_down_gives_its_code_later(member: Member, now: datetime) -> None:
    night = now.replace(
        hour=19, minute=43
    )  # 3:43 in Shanghai, two minutes before it is there again
    proof = proof_polling.start_scan(member, night)
    assert proof.state == ProofState.PENDING and "qr" not in proof.observed
    assert proof_polling.poll(proof.pk, member, proof.due_at).observed["qr"]


def test_a_scan_is_polled_by_its_own_member(member: Member, now: datetime) -> None:
    proof = proof_polling.start_scan(member, now)
    with pytest.raises(Refused, match="not_allowed"):
        proof_polling.poll(proof.pk, make_member(now), now)


# --- A vouch --------------------------------------------------------------------------------------


@pytest.fixture
def colleague(member: Member, now: datetime) -> Member:
    """Of the same employer, and with an address at the domain that the register names."""
    RegistryRecord.objects.create(
        uscc=member.employer.uscc,
        name=member.employer.name,
        status="active",
        email_domain="shili.example",
        as_of=now.date(),
    )
    return make_member(now, member.employer, email="boss@shili.example")


def test_a_colleague_vouches(member: Member, colleague: Member, now: datetime) -> None:
    assert vouches.colleagues(member, now) == [colleague]
    proof = vouches.ask_vouch(member, colleague, now)
    assert vouches.ask_vouch(member, colleague, now) == proof and mails("vouch_asked") == [
        colleague.user.email
    ]
    assert vouches.asked_of(colleague, now) == [proof]
    for _ in range(2):
        assert vouches.vouch(proof.pk, colleague, now + MINUTE).state == ProofState.PROVEN
    event = Event.objects.about(proof).last()
    assert (event.verb, event.actor_id) == ("prove", str(colleague.user_id))
    assert vouches.asked_of(colleague, now) == []


def test_a_colleague_declines(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    assert vouches.decline(proof.pk, colleague, now).failure == "vouch_declined"
    with pytest.raises(Refused, match="proof_over"):
        vouches.vouch(proof.pk, colleague, now)


def test_only_who_was_asked_answers(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    for stranger in (member, make_member(now, member.employer, email="other@shili.example")):
        with pytest.raises(Refused, match="not_allowed"):
            vouches.vouch(proof.pk, stranger, now)


def test_too_late(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    with pytest.raises(Refused, match="proof_lapsed"):
        vouches.vouch(proof.pk, colleague, now + timedelta(days=7))


def test_two_who_prove_nothing_cannot_vouch_for_each_other(member: Member, now: datetime) -> None:
    other = make_member(now, member.employer)
    for one, two in ((member, other), (other, member), (member, member)):
        with pytest.raises(Refused, match="vouch_not_possible"):
            vouches.ask_vouch(one, two, now)


def test_a_vouch_does_not_rest_on_a_vouch(member: Member, colleague: Member, now: datetime) -> None:
    vouches.vouch(vouches.ask_vouch(member, colleague, now).pk, colleague, now)
    third = make_member(now, member.employer)
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.ask_vouch(third, member, now)
    assert member not in vouches.colleagues(third, now)


def test_a_colleague_who_left_meanwhile(member: Member, colleague: Member, now: datetime) -> None:
    proof = vouches.ask_vouch(member, colleague, now)
    colleague.left_at = now
    colleague.save()
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.vouch(proof.pk, colleague, now)
    assert Proof.objects.get().state == ProofState.PENDING


def test_a_colleague_of_another_company(member: Member, colleague: Member, now: datetime) -> None:
    stranger = make_member(now, email="hr2@shili.example")
    with pytest.raises(Refused, match="vouch_not_possible"):
        vouches.ask_vouch(member, stranger, now)


def test_who_was_let_through_by_a_reviewer_can_vouch(member: Member, now: datetime) -> None:
    boss = make_member(now, member.employer)
    uscc = member.employer.uscc
    assert not can_vouch(boss, uscc, now)
    case = make_case(boss, now, State.APPROVED)
    decision = Decision.objects.create(
        case=case, attempt_number=1, verb="approve", policy_version="x", decided_at=now
    )
    assert not can_vouch(boss, uscc, now), "the machine has not read the letter"
    decision.decided_by = make_reviewer(now)
    decision.save()
    assert can_vouch(boss, uscc, now)
    assert not can_vouch(boss, uscc, now + timedelta(days=181))


# --- Whoever else has to know ---------------------------------------------------------------------


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
    operations.submit(case.pk, thief.user, thief.as_actor(), now)
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
    operations.submit(case.pk, recruiter.user, recruiter.as_actor(), now)
    assert mails("authority_notice") == []


def test_the_known_admin_hears_of_a_colleagues_proof(now: datetime) -> None:
    owner = make_member(now, make_employer(now, confirmed_at=now))
    recruiter = make_member(now, owner.employer, role="recruiter")
    proof = email_codes.send_code(recruiter, ADDRESS, now)
    assert mails("authority_notice") == []
    email_codes.confirm_code(proof.pk, recruiter, mailed_code(), now)
    assert mails("authority_notice") == [owner.user.email]


def test_a_proof_rings_for_the_case_that_waits(member: Member, now: datetime) -> None:
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


def test_a_proof_of_another_company_rings_for_nothing(member: Member, now: datetime) -> None:
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
    """The first worker sleeps past its lease inside the bank's answer; another one asks
    meanwhile.
    """
    proof = deposit(member, now)
    real, calls = SimulatedBank.send, []

    def send(self: SimulatedBank, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            assert proof_polling.follow(proof.pk, lambda: now + timedelta(minutes=2), 60)
        return real(self, *arguments)

    monkeypatch.setattr(SimulatedBank, "send", send)
    assert not proof_polling.follow(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    assert (
        len(calls) == 2
        and banks.named("simulator").transfers() == 1
        and proof.due_at == now + timedelta(minutes=17)
    )  # type: ignore[attr-defined]


# --- At once --------------------------------------------------------------------------------------


def at_once(*jobs: Any) -> list[str]:
    """Run the jobs in threads of their own, each with a connection of its own; what each was
    told.
    """
    told: list[str] = []
    start = threading.Barrier(len(jobs))

    def run(job: Any) -> None:
        try:
            start.wait()
            told.append(str(job().state))
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


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
        lambda: vouches.vouch(proof.pk, boss, now), lambda: vouches.decline(proof.pk, boss, now)
    )
    assert told in (["proof_over", "proven"], ["failed", "proof_over"])
    assert Proof.objects.get().finished_at == now


# --- The outside world, played --------------------------------------------------------------------


def test_a_statement_is_read_and_a_phone_is_played(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + MINUTE)
    paid, scanned = deposit(member, now), proof_polling.start_scan(member, now)
    follow(paid, now)
    call_command("simulated", "statement", ACCOUNT)
    code = capsys.readouterr().out.split()[-1]
    deposits.confirm_deposit(paid.pk, member, code, now + MINUTE)
    assert follow(paid, now + MINUTE).state == ProofState.PROVEN
    holder = [
        "--uscc",
        member.employer.uscc,
        "--name",
        member.employer.name,
        "--legal-representative",
        "林知白",
    ]
    call_command("simulated", "scan", scanned.observed["qr"], *holder)
    assert proof_polling.poll(scanned.pk, member, now + 2 * MINUTE).state == ProofState.PROVEN
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
