"""Proofs of authority: the parts that all ways share, from the beginning to the end of a proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from employers.models import Employer, Member
from employers.notices import tell_user
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.models import record
from verification.authority.bank_accounts import has_proven_another
from verification.cases import guards, operations
from verification.cases.authority_evidence import Declared, declared_by
from verification.cases.notices import tell_admins
from verification.cases.proof_ways import WAYS, ProofWay
from verification.models import Proof, ProofKind, ProofState
from verification.providers import scripted_providers
from verification.rules import policy
from verification.rules.required_documents import has_e_licence


@dataclass(frozen=True)
class ProviderAnswer:
    """The meaning of a provider's reply for the proof."""

    stage: str
    due_at: datetime
    reference: str = ""
    failure: str = ""
    proven: bool = False
    lapsed: bool = False
    expires_at: datetime | None = None
    observed: dict[str, Any] = field(default_factory=dict)


VERBS: Final = {
    ProofState.PROVEN: "prove",
    ProofState.FAILED: "fail_proof",
    ProofState.LAPSED: "lapse_proof",
}
"""The Event that ends a proof, by its state."""


def offered_kinds(uscc: str, *, test: bool) -> frozenset[ProofKind]:
    """The ways that this deployment offers to the organisation with this code. A test always has
    the providers of `scripted_providers`.
    """
    provided = (
        scripted_providers.OFFERED
        if test
        else frozenset(
            kind
            for kind, way in WAYS.items()
            if not way.provider or getattr(settings, way.provider)
        )
    )
    return provided if has_e_licence(uscc) else provided - {ProofKind.E_LICENCE}


def _provider(way: ProofWay, test: bool) -> str:
    """The name of the provider to ask; empty for a way without one."""
    if not way.provider:
        return ""
    return scripted_providers.NAME if test else str(getattr(settings, way.provider))


def cancel_proof(proof_id: UUID, member: Member, now: datetime) -> Proof:
    """Cancel a proof. If it has ended already, nothing changes.

    Raises Refused `not_allowed`.
    """
    with transaction.atomic():
        proof = locked_proof(proof_id)
        if proof is None or proof.member_id != member.pk:
            raise Refused("not_allowed")
        if proof.state == ProofState.PENDING:
            end_proof(proof, ProofState.FAILED, now, member.as_actor(), "proof_cancelled")
    return proof


@contextmanager
def begin_proof(member: Member, kind: ProofKind, now: datetime) -> Iterator[Proof]:
    """Create a proof, whose fields the block fills in. Its row and its Event are written
    together.
    """
    way = WAYS[kind]
    with transaction.atomic():
        Employer.objects.select_for_update(no_key=True).get(
            pk=member.employer_id
        )  # serialises the counting
        member = Member.objects.select_related("user", "employer").get(pk=member.pk)
        if refused := guards.may_prove(member):
            raise refused
        begun = Proof.objects.filter(
            employer=member.employer_id, kind=kind, started_at__gt=now - timedelta(days=1)
        ).count()
        if begun >= way.per_day:
            raise Refused("proof_too_often", expected=f"≤ {way.per_day}")
        company = declared_by(member)
        _make_room(member, company, kind, now)
        expires_at = now + way.lasts
        proof = Proof(
            employer_id=member.employer_id,
            member=member,
            uscc=company.uscc,
            kind=kind,
            started_at=now,
            expires_at=expires_at,
            due_at=now if way.provider else expires_at,
            provider=_provider(way, member.employer.test),
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


def _make_room(member: Member, company: Declared, kind: ProofKind, now: datetime) -> None:
    """Make sure that only one proof of a kind is under way: end the previous one if it has lapsed
    or can be replaced, otherwise refuse.
    """
    for before in (
        Proof.objects.of(member, company.uscc).under_way().filter(kind=kind).select_for_update()
    ):
        if before.expires_at <= now:
            end_proof(before, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
        elif WAYS[kind].replaces:
            end_proof(before, ProofState.FAILED, now, member.as_actor(), "proof_replaced")
        else:
            raise Refused("proof_under_way", seen=before.shown)


def refusal_if_over(proof: Proof, now: datetime) -> Refused | None:
    """Why the proof accepts nothing more, or None while it is under way. Ends it if its time is
    over.
    """
    if proof.state != ProofState.PENDING:
        return Refused("proof_over", "state", seen=proof.state)
    if proof.expires_at <= now:
        end_proof(proof, ProofState.LAPSED, now, SYSTEM, "proof_lapsed")
        return Refused("proof_lapsed")
    return None


def locked_proof(proof_id: UUID) -> Proof | None:
    found: Proof | None = Proof.objects.select_for_update().filter(pk=proof_id).first()
    return found


def end_proof(
    proof: Proof, state: ProofState, now: datetime, actor: Actor, failure: str = ""
) -> None:
    """End a locked proof, in the caller's transaction: erase its secrets, mail the people
    concerned, and notify the worker of its case.

    If its bank account has proven another company in the meantime, the proof fails.
    """
    if state == ProofState.PROVEN and has_proven_another(proof):
        state, failure = ProofState.FAILED, "bank_account_of_other"
    proof.state, proof.failure = state, failure
    proof.finished_at, proof.lease, proof.leased_until = now, None, None
    proof.sealed = proof.code_hash = ""
    proof.observed = {name: value for name, value in proof.observed.items() if name != "qr"}
    if state == ProofState.PROVEN:
        proof.proven_at, proof.holds_until = now, now + policy.CURRENT.valid_for
    proof.save()
    reasons = (failure,) if failure else ()
    record(
        VERBS[state],
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
            "path": path_to_authority(),
            "case": _of_case(proof),
        }
        tell_user(proof.member.user, "proof_ended", context, now)
    if state == ProofState.PROVEN:
        tell_admins(proof.uscc, proof.member, proof.kind, now, proven=True, but=proof.voucher_id)
        declared = declared_by(proof.member)
        if declared.case_id is not None and declared.uscc == proof.uscc:
            operations.notify_case_worker(declared.case_id, now)


def _worth_a_mail(proof: Proof) -> bool:
    """Whether to mail the recruiter: the proof succeeded, or it ended while the recruiter was not
    on the page.

    Somebody who has left gets none. An unscanned electronic licence code is not worth a mail.
    """
    if proof.member.left_at is not None:
        return False
    if proof.state == ProofState.PROVEN:
        return True
    if proof.kind == ProofKind.E_LICENCE and proof.state == ProofState.LAPSED:
        return False
    on_purpose = proof.failure in ("proof_cancelled", "proof_replaced")
    return WAYS[ProofKind(proof.kind)].failure_mailed and not on_purpose


def _of_case(proof: Proof) -> str:
    """The open case that the proof is for; "" if there is none."""
    declared = declared_by(proof.member)
    return str(declared.case_id) if declared.case_id and declared.uscc == proof.uscc else ""


def path_to_authority() -> str:
    """The place on the employer's page where authority is proven."""
    return reverse("verification:home") + "#requirement-authority"
