"""The page `/try/outside`: plays the bank and the phone with the electronic licence in trial mode.

Without it, these proofs would end nowhere: nobody can scan a simulated code or see a simulated
account. It exists only where the page of mails does (`config.trying_out.pages`), and only for
proofs with simulated providers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.trying_out.pages import only_here
from verification.authority import proof_polling
from verification.cases import wording
from verification.cases.authority_evidence import declared_by
from verification.checks import scripted_outcomes
from verification.models import Proof, ProofKind
from verification.pages.requirement_rows import PAGE_OF
from verification.providers.banks import bank_named
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.e_licences import e_licence_service
from verification.providers.e_licences.base import By, ELicence
from verification.providers.e_licences.simulator import LAG, SimulatedELicences

SIMULATOR: Final = "simulator"
SHOWN: Final = 20
"""Proofs on the page, newest first."""
ENDED: Final = _("This code or transfer has ended. The recruiter can begin another one.")


@dataclass(frozen=True)
class Waiting:
    """A proof that waits for somebody outside."""

    proof: Proof
    memo: str
    """The code on the bank statement; "" until the transfer has arrived."""

    @property
    def company(self) -> str:
        return declared_by(self.proof.member).name

    @property
    def way(self) -> Promise | str:
        return wording.WAYS[ProofKind(self.proof.kind)]

    @property
    def href(self) -> str:
        """The recruiter's page."""
        return reverse(PAGE_OF[self.proof.kind])


@require_safe
@only_here
@never_cache
def outside(request: HttpRequest) -> HttpResponse:
    """Show the proofs that wait for somebody outside, and what that person can do."""
    now = timezone.now()
    found = _waiting(now).order_by("-started_at")[:SHOWN]
    waiting = [Waiting(proof, _bank().memo(str(proof.pk), now)) for proof in found]
    return render(request, "try/outside.html", {"waiting": waiting})


@require_POST
@only_here
@never_cache
def act(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """Do what the person outside does, and show what comes of it: the bank statement, or else the
    recruiter's page, if it is the visitor's own.
    """
    now = timezone.now()
    proof = _waiting(now).filter(pk=proof_id).first()
    if proof is None:
        messages.info(request, str(ENDED))
        return redirect("try_outside")
    perform = _ACTS.get((proof.kind, request.POST.get("does", "")))
    if perform is None:
        raise Http404
    messages.success(request, perform(proof, now))
    has_statement = bool(_bank().memo(str(proof.pk), now))
    is_own = proof.member.user_id == request.user.pk
    return redirect(PAGE_OF[proof.kind] if is_own and not has_statement else "try_outside")


def _waiting(now: datetime) -> QuerySet[Proof]:
    found: QuerySet[Proof] = (
        Proof.objects.under_way()
        .filter(
            provider=SIMULATOR,
            kind__in=[ProofKind.E_LICENCE, ProofKind.BANK_DEPOSIT],
            expires_at__gt=now,
        )
        .select_related("member__user", "member__employer")
    )
    return found


def _bank() -> SimulatedBank:
    found = bank_named(SIMULATOR)
    assert isinstance(found, SimulatedBank)
    return found


def _phone() -> SimulatedELicences:
    found = e_licence_service(SIMULATOR)
    assert isinstance(found, SimulatedELicences)
    return found


def _confirm(proof: Proof, now: datetime) -> str:
    return _scan(proof, proof.uscc, now)


def _confirm_other(proof: Proof, now: datetime) -> str:
    return _scan(proof, scripted_outcomes.code_for(0), now)


def _scan(proof: Proof, uscc: str, now: datetime) -> str:
    """Scan and confirm with the licence of the company with this code."""
    company, qr = declared_by(proof.member), proof.observed.get("qr", "")
    licence = ELicence(uscc, company.name, company.legal_representative)
    if (
        qr
        and _phone().scan(qr, now)
        and _phone().confirm(qr, licence, By.LEGAL_REPRESENTATIVE, now)
    ):
        _poll(proof, now + LAG)
        return gettext("Scanned and confirmed on the phone.")
    return str(ENDED)


def _decline(proof: Proof, now: datetime) -> str:
    qr = proof.observed.get("qr", "")
    if qr and _phone().refuse(qr, now):
        _poll(proof, now + LAG)
        return gettext("Declined on the phone.")
    return str(ENDED)


def _arrive(proof: Proof, now: datetime) -> str:
    if not proof.reference:  # the worker has not ordered it yet
        _poll(proof, now)
    _bank().arrive(str(proof.pk), now)
    _poll(proof, now)
    if _bank().memo(str(proof.pk), now):
        return gettext("The transfer has arrived. The code is on the statement below.")
    return gettext("The transfer has not arrived.")


def _poll(proof: Proof, now: datetime) -> None:
    Proof.objects.filter(pk=proof.pk, finished_at=None).update(due_at=now)
    proof_polling.poll_provider(proof.pk, lambda: now, proof_polling.LEASE_SECONDS)


_ACTS: Final[dict[tuple[str, str], Callable[[Proof, datetime], str]]] = {
    (ProofKind.E_LICENCE, "confirm"): _confirm,
    (ProofKind.E_LICENCE, "other_company"): _confirm_other,
    (ProofKind.E_LICENCE, "decline"): _decline,
    (ProofKind.BANK_DEPOSIT, "arrive"): _arrive,
}
"""What the person outside can do, by the kind of proof. Each returns what the page then says."""
