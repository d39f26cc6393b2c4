"""The ways to prove authority, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from verification.models import ProofKind


@dataclass(frozen=True)
class ProofWay:
    """The limits of one way, and what it involves."""

    lasts: timedelta
    """How long a proof can be completed."""
    per_day: int
    """How many proofs an employer's members may begin in a day. Each one costs money, or another
    person's attention.
    """
    guesses: int = 0
    """Wrong codes after which a proof ends; 0 for a way without a code."""
    provider: str = ""
    """The setting that names the provider to ask; empty for a way without one."""
    named: bool = False
    """The proof was compared with the company's name, which is kept in `observed["name"]`."""
    replaces: bool = True
    """A new proof replaces the one under way, instead of being refused."""
    failure_mailed: bool = True
    """A failure is mailed, because the recruiter is not on the page when it happens."""


WAYS: Final = {
    ProofKind.COMPANY_EMAIL: ProofWay(
        timedelta(minutes=30), per_day=6, guesses=5, failure_mailed=False
    ),
    ProofKind.BANK_DEPOSIT: ProofWay(
        timedelta(days=10), per_day=3, guesses=3, provider="BANK", named=True, replaces=False
    ),
    ProofKind.E_LICENCE: ProofWay(
        timedelta(minutes=5), per_day=20, provider="E_LICENCES", named=True
    ),
    ProofKind.VOUCH: ProofWay(timedelta(days=7), per_day=6),
}

CODE_TYPED: Final = frozenset(kind for kind, way in WAYS.items() if way.guesses)
"""The ways that end with a code that the recruiter enters."""
