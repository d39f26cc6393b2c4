"""The companies that a bank account has been used to prove."""

from __future__ import annotations

from collections.abc import Collection

from employers.models import Employer
from events.core.sealing import forms_of
from verification.models import Proof, ProofKind, ProofQuerySet, ProofState


def of_other_companies(accounts: Collection[str], employer: Employer, uscc: str) -> ProofQuerySet:
    """Deposits to an account for other companies, by other employers. `accounts` are all forms of
    its index. Without this limit, the account of one shell company could prove many invented codes.
    """
    begun = Proof.objects.beside(employer, ProofKind.BANK_DEPOSIT).filter(
        observed__account__in=accounts
    )
    others: ProofQuerySet = begun.exclude(uscc=uscc).exclude(employer=employer.pk)
    return others


def has_proven_another(proof: Proof) -> bool:
    """Whether the account of a locked proof has proven another company since the proof began.

    All proofs by one account lock the account's first proof, so that of two concurrent proofs the
    second sees the first. No other lock is taken while this one is held, so there is no deadlock.
    """
    if not (account := proof.observed.get("account")):
        return False
    accounts = forms_of(account)
    Proof.objects.filter(kind=ProofKind.BANK_DEPOSIT, observed__account__in=accounts).order_by(
        "started_at", "pk"
    ).select_for_update().first()
    return (
        of_other_companies(accounts, proof.employer, proof.uscc)
        .filter(state=ProofState.PROVEN)
        .exists()
    )
