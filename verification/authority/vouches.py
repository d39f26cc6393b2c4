"""Proof of authority by a verified colleague who vouches for the recruiter."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from employers.models import Member
from employers.notices import tell_user
from events.core.errors import Refused
from verification.authority import proofs
from verification.cases import guards
from verification.cases.authority_evidence import can_vouch, declared_by
from verification.models import Proof, ProofKind, ProofState


def colleagues_who_can_vouch(member: Member, now: datetime) -> list[Member]:
    """The members of the same employer who can vouch for the member."""
    uscc = declared_by(member).uscc
    others = (
        Member.objects.active()
        .filter(employer=member.employer_id)
        .exclude(pk=member.pk)
        .select_related("user", "employer")
    )
    return [colleague for colleague in others if can_vouch(colleague, uscc, now)]


def ask_vouch(member: Member, colleague_member: Member, now: datetime) -> Proof:
    """Ask a colleague by mail to vouch.

    Asking the same colleague again has no effect; asking another one replaces the request.

    Raises Refused: `vouch_not_possible`, `proof_too_often`, and as `may_prove` does.
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
    with proofs.begin_proof(member, ProofKind.VOUCH, now) as proof:
        proof.voucher, proof.shown = colleague_member, colleague_member.user.contact
        context = {
            "company": company.name,
            "member": member.user.contact,
            "path": proofs.path_to_authority(),
        }
        tell_user(colleague_member.user, "vouch_asked", context, now)
    return proof


def asked_of(colleague: Member, now: datetime) -> list[Proof]:
    """The requests to this colleague that are not answered yet."""
    asked = Proof.objects.under_way().filter(
        kind=ProofKind.VOUCH, voucher=colleague, expires_at__gt=now
    )
    return list(asked.select_related("member__user").order_by("started_at"))


def vouch_for_recruiter(proof_id: UUID, colleague: Member, now: datetime) -> Proof:
    """Vouch for the recruiter, as the colleague who was asked.

    Raises Refused: `not_allowed`, `vouch_not_possible`, `proof_lapsed`, `proof_over`.
    """
    return _answer_vouch(proof_id, colleague, now, yes=True)


def decline_to_vouch(proof_id: UUID, colleague: Member, now: datetime) -> Proof:
    """Decline to vouch, as the colleague who was asked.

    Raises Refused: `not_allowed`, `proof_lapsed`, `proof_over`.
    """
    return _answer_vouch(proof_id, colleague, now, yes=False)


def _answer_vouch(proof_id: UUID, colleague: Member, now: datetime, *, yes: bool) -> Proof:
    with transaction.atomic():
        proof = proofs.locked_proof(proof_id)
        if proof is None or proof.kind != ProofKind.VOUCH or proof.voucher_id != colleague.pk:
            raise Refused("not_allowed")
        if yes and proof.state == ProofState.PROVEN:
            return proof
        late = proofs.refusal_if_over(proof, now)
        if late is None and yes:
            if refused := guards.may_vouch(colleague, proof.member, proof.uscc, now):
                raise refused
            proofs.end_proof(proof, ProofState.PROVEN, now, colleague.as_actor())
        elif late is None:
            proofs.end_proof(proof, ProofState.FAILED, now, colleague.as_actor(), "vouch_declined")
    if late:
        raise late
    return proof
