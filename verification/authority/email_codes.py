"""Proof of authority by a code that is mailed to an address at the company's domain."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from employers.accounts.registration import check_name
from employers.models import Member
from events.core.errors import Refused
from events.delivery.mail import NOWHERE, queue_mail
from verification.authority import codes, proofs
from verification.cases.authority_evidence import declared_by, is_public
from verification.cases.proof_ways import WAYS
from verification.models import Proof, ProofKind
from verification.providers import scripted_providers

MAILS_PER_ADDRESS: Final = 6
"""Codes per address and day, from all employers together."""

MAILS_PER_ADDRESS_OF_ONE: Final = 4
"""Codes per address, employer and day. Less than the total, so that a stranger alone cannot use up
the codes of the address's owner.
"""

MAILS_PER_DOMAIN: Final = 20
"""Codes per domain and day, from all employers together. Stops strangers who guess addresses."""

RESEND_AFTER: Final = timedelta(seconds=60)


def send_code(member: Member, address: str, now: datetime) -> Proof:
    """Mail a six-digit code to an address of the company.

    A new code replaces the previous one.

    Any domain except a public one is accepted; the check `authority` determines the strength from
    the register. Raises Refused: `test_email_required`, `proof_email_invalid`,
    `proof_email_public`, `proof_resend_wait`, `proof_too_often`, `proof_domain_too_often`,
    `name_not_plain` (the mail shows the company's name to someone who may not have asked for it),
    and as `may_prove` does.
    """
    address = _address(address)
    if member.employer.test and not address.endswith(NOWHERE):  # a test never mails a stranger
        raise Refused("test_email_required", "address", expected=f"…@{scripted_providers.DOMAIN}")
    if is_public(domain := address.rpartition("@")[2]):
        raise Refused("proof_email_public", "address", seen=domain)
    company, code = check_name(declared_by(member).name), codes.new_code(member)
    with proofs.begin_proof(member, ProofKind.COMPANY_EMAIL, now) as proof:
        begun = Proof.objects.beside(member.employer, ProofKind.COMPANY_EMAIL)
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
        proof.shown, proof.code_hash = address, codes.hash_of(proof, code)
        minutes = WAYS[ProofKind.COMPANY_EMAIL].lasts.seconds // 60
        context = {
            "company": company,
            "code": code,
            "minutes": minutes,
            "path": proofs.path_to_authority(),
        }
        queue_mail(address, "company_code", member.user.language, context, now)
    return proof


def _address(typed: str) -> str:
    """The stored form of an address, with its domain in IDNA form, so that every spelling of a
    mailbox is the same.
    """
    name, at, domain = unicodedata.normalize("NFKC", typed).strip().lower().rpartition("@")
    try:
        address = f"{name}{at}{domain.encode('idna').decode('ascii')}"
        validate_email(address)
    except (UnicodeError, ValidationError):
        raise Refused("proof_email_invalid", "address") from None
    if "." not in address.rpartition("@")[2] or address.endswith("]"):  # a bare host or IP address
        raise Refused("proof_email_invalid", "address")
    return address


def _mailbox(address: str) -> str:
    """The mailbox of an address: at most providers, the part after a plus sign is only a tag."""
    name, at, domain = address.rpartition("@")
    return f"{name.partition('+')[0]}{at}{domain}"


def confirm_code(proof_id: UUID, member: Member, code: str, now: datetime) -> Proof:
    """Check the code that was mailed. Raises Refused as `codes.prove_by_code` does."""
    return codes.prove_by_code(proof_id, member, ProofKind.COMPANY_EMAIL, code, now)
