"""How does a recruiter show that the company has authorised them?

The verbs on a proof, each one transaction with its Event.

A code by mail, a deposit to the company's account, a scan of the electronic licence, a colleague's
vouch. What a provider has to be asked happens in `verification.authority.proof_polling`, outside of
any transaction. A wrong code is written down before it is refused.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from documents.licence.witnesses import same_name
from employers.accounts.registration import check_name
from employers.models import Employer, Member
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.core.sealing import blind_index, seal_text
from events.delivery.mail import NOWHERE, queue_mail
from events.doorbell import notify_worker
from events.models import record
from verification.cases import guards, operations
from verification.cases.authority_evidence import Declared, can_vouch, declared_by, is_public
from verification.cases.notices import tell_admins
from verification.models import Proof, ProofKind, ProofQuerySet, ProofState
from verification.providers import test_providers
from verification.providers.banks.base import Stage
from verification.rules import policy

LASTS: Final = {
    ProofKind.COMPANY_EMAIL: timedelta(minutes=30),
    ProofKind.BANK_DEPOSIT: timedelta(days=10),
    ProofKind.E_LICENCE: timedelta(minutes=5),
    ProofKind.VOUCH: timedelta(days=7),
}
"""For how long each can be completed."""

GUESSES: Final = {ProofKind.COMPANY_EMAIL: 5, ProofKind.BANK_DEPOSIT: 3}
"""Wrong codes after which a proof ends."""

PER_DAY: Final = {
    ProofKind.COMPANY_EMAIL: 6,
    ProofKind.BANK_DEPOSIT: 3,
    ProofKind.E_LICENCE: 20,
    ProofKind.VOUCH: 6,
}
"""How many of each an employer's members may begin in a day: each costs a stranger's patience, or
money.
"""

MAILS_PER_ADDRESS: Final = 6
"""Codes that one address is sent in a day, whoever asks."""

MAILS_PER_ADDRESS_OF_ONE: Final = 4
"""Of these, how many one employer may ask for: a stranger alone leaves some to whose address it is.
"""

MAILS_PER_DOMAIN: Final = 20
"""Codes that all addresses of one domain are sent in a day, whoever asks: strangers who guess
addresses are stopped by it.
"""

DEPOSITS_PER_ACCOUNT: Final = 9
"""Transfers that one account is sent in a day, whoever asks: an account's number stands on every
invoice.
"""

RESEND_AFTER: Final = timedelta(seconds=60)
SEALED: Final = "proof.deposit"
_CODE: Final = re.compile(r"[0-9]{6}")
_ACCOUNT: Final = re.compile(r"[0-9]{9,25}")


# --- E-mail at the company's domain ---------------------------------------------------------------


def send_code(member: Member, address: str, now: datetime) -> Proof:
    """Mail a six-digit code to an address of the company.

    A new one takes the place of the one before.

    Any domain but a public one is taken; what it is worth, the check decides by the register.
    Raises Refused: `test_email_required`, `proof_email_invalid`, `proof_email_public`,
    `proof_resend_wait`, `proof_too_often`, `proof_domain_too_often`, `name_not_plain` (the mail
    carries the company's name to somebody who may not have asked for it), and what `may_prove`
    answers.
    """
    address = _address(address)
    if member.employer.test and not address.endswith(
        NOWHERE
    ):  # no stranger's mailbox takes part in a test
        raise Refused("test_email_required", "address", expected=f"…@{test_providers.DOMAIN}")
    if is_public(domain := address.rpartition("@")[2]):
        raise Refused("proof_email_public", "address", seen=domain)
    company, code = check_name(declared_by(member).name), _new_code(member)
    with _beginning(member, ProofKind.COMPANY_EMAIL, now, replace=True) as proof:
        begun = _beside(member.employer, ProofKind.COMPANY_EMAIL)
        if (
            begun.filter(member=member, started_at__gt=now - RESEND_AFTER)
            .exclude(pk=proof.pk)
            .exists()
        ):
            raise Refused("proof_resend_wait", "address", expected=f"{RESEND_AFTER.seconds} s")
        today = begun.filter(
            shown__endswith=f"@{domain}", started_at__gt=now - timedelta(days=1)
        ).values_list("employer", "shown")
        if len(today) >= MAILS_PER_DOMAIN:
            raise Refused(
                "proof_domain_too_often", "address", seen=domain, expected=f"≤ {MAILS_PER_DOMAIN}"
            )
        by = [employer_id for employer_id, shown in today if _mailbox(shown) == _mailbox(address)]
        for sent, most in (
            (len(by), MAILS_PER_ADDRESS),
            (by.count(member.employer_id), MAILS_PER_ADDRESS_OF_ONE),
        ):
            if sent >= most:
                raise Refused("proof_too_often", "address", expected=f"≤ {most}")
        proof.shown, proof.code_hash = address, _hash(proof, code)
        minutes = LASTS[ProofKind.COMPANY_EMAIL].seconds // 60
        context = {"company": company, "code": code, "minutes": minutes, "path": _path()}
        queue_mail(address, "company_code", member.user.language, context, now)
    return proof


def _address(typed: str) -> str:
    """An address as it is kept: its domain as mail is sent there, so that one mailbox is one, in
    whatever script it was typed.
    """
    name, at, domain = unicodedata.normalize("NFKC", typed).strip().lower().rpartition("@")
    try:
        address = f"{name}{at}{domain.encode('idna').decode('ascii')}"
        validate_email(address)
    except (UnicodeError, ValidationError):
        raise Refused("proof_email_invalid", "address") from None
    if "." not in address.rpartition("@")[2] or address.endswith("]"):  # a machine, and no company
        raise Refused("proof_email_invalid", "address")
    return address


def _mailbox(address: str) -> str:
    """Where an address leads: what stands after a plus is for its reader, at most providers."""
    name, at, domain = address.rpartition("@")
    return f"{name.partition('+')[0]}{at}{domain}"


def confirm_code(proof_id: UUID, member: Member, code: str, now: datetime) -> Proof:
    """The code that was mailed comes back. The same right code again is the same as once.

    Raises Refused: `proof_code_wrong` (`details["left"]` tells how many tries are left),
    `proof_code_used_up`, `proof_lapsed`, `proof_over`, `not_allowed`.
    """
    return _with_code(proof_id, member, ProofKind.COMPANY_EMAIL, code, now)


# --- Deposit to the company's bank account --------------------------------------------------------


def start_deposit(
    member: Member, account_holder: str, account_number: str, bank_name: str, now: datetime
) -> Proof:
    """Have a small transfer made to the company's account, whose memo is a code.

    A worker asks the bank after the commit.

    Raises Refused: `proof_not_offered`, `bank_holder_mismatch`, `bank_account_invalid`,
    `bank_account_of_other`, `proof_under_way`, `proof_too_often`, and what `may_prove` answers.
    """
    if ProofKind.BANK_DEPOSIT not in offered(test=member.employer.test):
        raise Refused("proof_not_offered", "bank_name")
    company = declared_by(member)
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", account_number))
    if not same_name(account_holder, company.name):
        raise Refused(
            "bank_holder_mismatch",
            "account_holder",
            seen=account_holder[:100],
            expected=company.name,
        )
    if not _ACCOUNT.fullmatch(number):
        raise Refused("bank_account_invalid", "account_number", expected="9–25 位数字 / digits")
    account = blind_index(number, "proof.account")
    if (
        _of_other_companies(account, member.employer, company.uscc)
        .filter(state=ProofState.PROVEN)
        .exists()
    ):
        raise Refused("bank_account_of_other", "account_number")
    code = _new_code(member)
    order = {
        "holder": account_holder.strip(),
        "account_number": number,
        "bank_name": bank_name.strip(),
        "memo": code,
    }
    with _beginning(member, ProofKind.BANK_DEPOSIT, now, replace=False) as proof:
        today = _beside(member.employer, ProofKind.BANK_DEPOSIT).filter(
            started_at__gt=now - timedelta(days=1)
        )
        if today.filter(observed__account=account).count() >= DEPOSITS_PER_ACCOUNT:
            raise Refused("proof_too_often", "account_number", expected=f"≤ {DEPOSITS_PER_ACCOUNT}")
        proof.provider = test_providers.NAME if member.employer.test else settings.BANK
        proof.shown = f"{bank_name.strip()[:100]} ···· {number[-4:]}"
        proof.sealed, proof.code_hash = seal_text(json.dumps(order), SEALED), _hash(proof, code)
        proof.observed = {"name": company.name, "account": account}
        _ring(proof)
    return proof


def _beside(employer: Employer, kind: ProofKind) -> ProofQuerySet:
    """All proofs of this kind in the world that the employer is of: a test's platform is a world of
    its own.
    """
    world = {"employer__platform": employer.platform_id} if employer.test else {}
    return Proof.objects.filter(kind=kind, employer__test=employer.test, **world)


def _of_other_companies(account: str, employer: Employer, uscc: str) -> ProofQuerySet:
    """Deposits to this account for other companies, of other employers: one shell's account would
    open many invented codes.
    """
    deposits = _beside(employer, ProofKind.BANK_DEPOSIT).filter(observed__account=account)
    return deposits.exclude(uscc=uscc).exclude(employer=employer.pk)


def _has_proven_another(proof: Proof) -> bool:
    """Whether the account of a locked proof has proven another company since it was begun.

    All of one account go through the lock of its first proof, so that of two at once the second
    sees the first. Whoever holds that one waits for no other, so that nobody waits in a ring.
    """
    if not (account := proof.observed.get("account")):
        return False
    Proof.objects.filter(kind=ProofKind.BANK_DEPOSIT, observed__account=account).order_by(
        "started_at", "pk"
    ).select_for_update().first()
    return (
        _of_other_companies(account, proof.employer, proof.uscc)
        .filter(state=ProofState.PROVEN)
        .exists()
    )


def confirm_deposit(proof_id: UUID, member: Member, code: str, now: datetime) -> Proof:
    """The memo's code comes back.

    It proves once the bank says that the money arrived under the account's name: until then the
    proof stays under way with the code given, and nothing more is asked of the recruiter.

    Raises Refused as `confirm_code` does.
    """
    return _with_code(proof_id, member, ProofKind.BANK_DEPOSIT, code, now)


# --- Scan of the electronic licence ---------------------------------------------------------------


def begin_scan(member: Member, now: datetime) -> Proof:
    """Begin a proof by electronic licence, replacing the one before; `following.start_scan` also
    fetches its code.

    Raises Refused: `proof_not_offered`, `proof_too_often`, and what `may_prove` answers.
    """
    if ProofKind.E_LICENCE not in offered(test=member.employer.test):
        raise Refused("proof_not_offered")
    with _beginning(member, ProofKind.E_LICENCE, now, replace=True) as proof:
        proof.provider = test_providers.NAME if member.employer.test else settings.E_LICENCES
    return proof


# --- A colleague vouches --------------------------------------------------------------------------


def colleagues(member: Member, now: datetime) -> list[Member]:
    """Who of the member's own employer can vouch for them."""
    uscc = declared_by(member).uscc
    others = (
        Member.objects.active()
        .filter(employer=member.employer_id)
        .exclude(pk=member.pk)
        .select_related("user", "employer")
    )
    return [colleague for colleague in others if can_vouch(colleague, uscc, now)]


def ask_vouch(member: Member, colleague_member: Member, now: datetime) -> Proof:
    """Ask a colleague to vouch; they are told by mail.

    Asking the same one again is the same as once, another one replaces them.

    Raises Refused: `vouch_not_possible`, `proof_too_often`, and what `may_prove` answers.
    """
    company = declared_by(member)
    if refused := guards.may_vouch(colleague_member, member, company.uscc, now):
        raise refused
    asked: Proof | None = (
        Proof.objects.of(member, company.uscc)
        .under_way()
        .filter(kind=ProofKind.VOUCH, expires_at__gt=now)
        .first()
    )
    if asked is not None and asked.voucher_id == colleague_member.pk:
        return asked
    with _beginning(member, ProofKind.VOUCH, now, replace=True) as proof:
        proof.voucher, proof.shown = colleague_member, colleague_member.user.email
        context = {"company": company.name, "member": member.user.email, "path": _path()}
        queue_mail(
            colleague_member.user.email, "vouch_asked", colleague_member.user.language, context, now
        )
    return proof


def asked_of(colleague: Member, now: datetime) -> list[Proof]:
    """The vouches that this colleague is asked for and has not answered."""
    asked = Proof.objects.under_way().filter(
        kind=ProofKind.VOUCH, voucher=colleague, expires_at__gt=now
    )
    return list(asked.select_related("member__user").order_by("started_at"))


def vouch(proof_id: UUID, colleague: Member, now: datetime) -> Proof:
    """The colleague who was asked says yes.

    Raises Refused: `not_allowed`, `vouch_not_possible`, `proof_lapsed`, `proof_over`.
    """
    return _answered(proof_id, colleague, now, yes=True)


def decline(proof_id: UUID, colleague: Member, now: datetime) -> Proof:
    """The colleague who was asked says no.

    Raises Refused: `not_allowed`, `proof_lapsed`, `proof_over`.
    """
    return _answered(proof_id, colleague, now, yes=False)


def _answered(proof_id: UUID, colleague: Member, now: datetime, *, yes: bool) -> Proof:
    with transaction.atomic():
        proof = _locked(proof_id)
        if proof is None or proof.kind != ProofKind.VOUCH or proof.voucher_id != colleague.pk:
            raise Refused("not_allowed")
        if yes and proof.state == ProofState.PROVEN:
            return proof
        late = _over(proof, now)
        if late is None and yes:
            if refused := guards.may_vouch(colleague, proof.member, proof.uscc, now):
                raise refused
            end(proof, ProofState.PROVEN, now, colleague.as_actor())
        elif late is None:
            end(proof, ProofState.FAILED, now, colleague.as_actor(), "vouch_declined")
    if late:
        raise late
    return proof


# --- All of them ----------------------------------------------------------------------------------


def offered(*, test: bool) -> frozenset[ProofKind]:
    """The ways that there is a provider for: in a test those that are rehearsed
    (`verification.providers.test_providers`), wherever it runs.
    """
    if test:
        return test_providers.OFFERED
    missing = {ProofKind.BANK_DEPOSIT: settings.BANK, ProofKind.E_LICENCE: settings.E_LICENCES}
    return frozenset(kind for kind in ProofKind if missing.get(kind, "-"))


def cancel(proof_id: UUID, member: Member, now: datetime) -> Proof:
    """The recruiter gives a proof up; one that has ended stays as it ended.

    Raises Refused `not_allowed`.
    """
    with transaction.atomic():
        proof = _locked(proof_id)
        if proof is None or proof.member_id != member.pk:
            raise Refused("not_allowed")
        if proof.state == ProofState.PENDING:
            end(proof, ProofState.FAILED, now, member.as_actor(), "proof_cancelled")
    return proof


@contextmanager
def _beginning(member: Member, kind: ProofKind, now: datetime, *, replace: bool) -> Iterator[Proof]:
    """A new proof under way, whose fields the block fills in; its row, and the Event, are written
    with them or not at all.
    """
    with transaction.atomic():
        Employer.objects.select_for_update(no_key=True).get(
            pk=member.employer_id
        )  # counted one after the other
        member = Member.objects.select_related("user", "employer").get(pk=member.pk)
        if refused := guards.may_prove(member):
            raise refused
        begun = Proof.objects.filter(
            employer=member.employer_id, kind=kind, started_at__gt=now - timedelta(days=1)
        ).count()
        if begun >= PER_DAY[kind]:
            raise Refused("proof_too_often", expected=f"≤ {PER_DAY[kind]}")
        company = declared_by(member)
        _make_room(member, company, kind, now, replace)
        expires_at = now + LASTS[kind]
        asks = kind in (ProofKind.BANK_DEPOSIT, ProofKind.E_LICENCE)
        proof = Proof(
            employer_id=member.employer_id,
            member=member,
            uscc=company.uscc,
            kind=kind,
            started_at=now,
            expires_at=expires_at,
            due_at=now if asks else expires_at,
        )
        yield proof
        proof.save(force_insert=True)
        record(
            "begin_proof",
            proof,
            member.as_actor(),
            now,
            employer_id=proof.employer_id,
            data={"kind": kind},
        )
        tell_admins(proof.uscc, member, kind, now)


def _make_room(
    member: Member, company: Declared, kind: ProofKind, now: datetime, replace: bool
) -> None:
    """Only one of a kind is under way: the one before has lapsed, or is replaced, or stands in the
    way.
    """
    for before in (
        Proof.objects.of(member, company.uscc).under_way().filter(kind=kind).select_for_update()
    ):
        if before.expires_at <= now:
            end(before, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
        elif replace:
            end(before, ProofState.FAILED, now, member.as_actor(), "proof_replaced")
        else:
            raise Refused("proof_under_way", seen=before.shown)


def _with_code(proof_id: UUID, member: Member, kind: ProofKind, code: str, now: datetime) -> Proof:
    typed = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code))
    if not _CODE.fullmatch(typed):  # nobody meant this as a guess
        raise Refused("proof_code_wrong", "code", expected="6 位数字 / digits")
    with transaction.atomic():
        proof = _locked(proof_id)
        if (
            proof is None
            or proof.kind != kind
            or proof.member_id != member.pk
            or member.left_at is not None
        ):
            raise Refused("not_allowed")
        if proof.state == ProofState.PROVEN or (
            proof.state == ProofState.PENDING and "code_given_at" in proof.observed
        ):
            return proof
        refused = _over(proof, now)
        if refused is None and constant_time_compare(proof.code_hash, _hash(proof, typed)):
            _code_given(proof, member, now)
        elif refused is None:
            refused = _wrong(proof, member, now)
    if refused:
        raise refused
    return proof


def _code_given(proof: Proof, member: Member, now: datetime) -> None:
    if proof.kind != ProofKind.BANK_DEPOSIT or proof.stage == Stage.ARRIVED:
        end(proof, ProofState.PROVEN, now, member.as_actor())
        return
    proof.observed |= {"code_given_at": now.isoformat()}
    proof.code_hash, proof.due_at = "", now
    proof.save(update_fields=["observed", "code_hash", "due_at"])
    record(
        "give_code",
        proof,
        member.as_actor(),
        now,
        employer_id=proof.employer_id,
        data={"kind": proof.kind},
    )
    _ring(proof)


def _wrong(proof: Proof, member: Member, now: datetime) -> Refused:
    """Write a wrong code down; what the recruiter is told of it."""
    proof.guesses += 1
    left = GUESSES[ProofKind(proof.kind)] - proof.guesses
    if left <= 0:
        end(proof, ProofState.FAILED, now, member.as_actor(), "proof_code_used_up")
        return Refused("proof_code_used_up", "code")
    proof.save(update_fields=["guesses"])
    return Refused("proof_code_wrong", "code", details={"left": str(left)})


def _over(proof: Proof, now: datetime) -> Refused | None:
    """Why nothing more can be done to the proof, or None while it is under way; one whose time is
    over is ended.
    """
    if proof.state != ProofState.PENDING:
        return Refused("proof_over", "state", seen=proof.state)
    if proof.expires_at <= now:
        end(proof, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
        return Refused("proof_lapsed")
    return None


def _locked(proof_id: UUID) -> Proof | None:
    found: Proof | None = Proof.objects.select_for_update().filter(pk=proof_id).first()
    return found


def end(proof: Proof, state: ProofState, now: datetime, actor: Actor, failure: str = "") -> None:
    """The end of a locked proof, in the caller's transaction: its secrets are erased, its people
    told, its case rung for.

    An account that has proven another company meanwhile proves no second one, so that what was to
    be proven fails.
    """
    if state == ProofState.PROVEN and _has_proven_another(proof):
        state, failure = ProofState.FAILED, "bank_account_of_other"
    proof.state, proof.failure = state, failure
    proof.finished_at, proof.lease, proof.leased_until = now, None, None
    proof.sealed = proof.code_hash = ""
    proof.observed = {name: value for name, value in proof.observed.items() if name != "qr"}
    if state == ProofState.PROVEN:
        proof.proven_at, proof.holds_until = now, now + policy.CURRENT.valid_for
    proof.save()
    verb = {
        ProofState.PROVEN: "prove",
        ProofState.FAILED: "fail_proof",
        ProofState.LAPSED: "lapse_proof",
    }[state]
    reasons = (failure,) if failure else ()
    record(
        verb,
        proof,
        actor,
        now,
        employer_id=proof.employer_id,
        reasons=reasons,
        data={"kind": proof.kind},
    )
    if _worth_a_mail(proof):
        context = {
            "company": declared_by(proof.member).name,
            "way": proof.kind,
            "shown": proof.shown,
            "proven": state == ProofState.PROVEN,
            "reasons": list(reasons),
            "path": _path(),
            "case": _of_case(proof),
        }
        queue_mail(proof.member.user.email, "proof_ended", proof.member.user.language, context, now)
    if state == ProofState.PROVEN:
        tell_admins(proof.uscc, proof.member, proof.kind, now, proven=True, but=proof.voucher_id)
        declared = declared_by(proof.member)
        if declared.case_id is not None and declared.uscc == proof.uscc:
            operations.ring(declared.case_id, now)


def _worth_a_mail(proof: Proof) -> bool:
    """Proven, or ended while the recruiter was not looking at the page, as at a phone that scans.

    A code that nobody scanned is none.
    """
    if proof.state == ProofState.PROVEN:
        return True
    if proof.kind == ProofKind.E_LICENCE and proof.state == ProofState.LAPSED:
        return False
    return proof.kind in (
        ProofKind.BANK_DEPOSIT,
        ProofKind.E_LICENCE,
        ProofKind.VOUCH,
    ) and proof.failure not in ("proof_cancelled", "proof_replaced")


def _of_case(proof: Proof) -> str:
    """The open case that the proof is given for; "" where there is none."""
    declared = declared_by(proof.member)
    return str(declared.case_id) if declared.case_id and declared.uscc == proof.uscc else ""


def _ring(proof: Proof) -> None:
    notify_worker("verification.tasks.check_proof", proof.pk)


def _path() -> str:
    return reverse("verification:home") + "#requirement-authority"


def _new_code(member: Member) -> str:
    return test_providers.CODE if member.employer.test else f"{secrets.randbelow(10**6):06d}"


def _hash(proof: Proof, code: str) -> str:
    """Keyed, since a million codes are searched in no time; of this proof, so that a code is worth
    nothing elsewhere.
    """
    return blind_index(f"{proof.pk}:{code}", "proof.code")
