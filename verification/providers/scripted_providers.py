"""Mail, the bank and the electronic licence in test mode.

The account or the scan determines the outcome, whatever bank and service this deployment has. Tests
have their own simulator files. `docs/integrating/test-mode.md` lists the meaning of an account's
last two digits. The memo of a transfer and the code in a mail are always `CODE`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from verification.models import ProofKind
from verification.providers.banks.base import Return
from verification.providers.banks.simulator import Fate

NAME: Final = "rehearsal"
"""Stored as `Proof.provider` in a test. No deployment can select it."""
CODE: Final = "123456"
"""The memo of every transfer, and every code by mail."""
OFFERED: Final = frozenset(ProofKind)
"""Every kind of proof works in a test."""
DOMAIN: Final = "company.test"
"""The registered domain of every company in a test. An address elsewhere is weak proof."""

FATES: Final[dict[str, Fate]] = {
    "01": Fate(timedelta(minutes=1), Return.ACCOUNT_INVALID),
    "02": Fate(timedelta(minutes=1), Return.NAME_MISMATCH),
    "03": Fate(timedelta(minutes=1), Return.ACCOUNT_CLOSED),
    "04": Fate(timedelta(minutes=1), Return.OTHER),
    "05": Fate(timedelta(minutes=1), answer_lost="kept"),
    "06": Fate(timedelta(minutes=1), throttled=True),
    "07": Fate(timedelta(days=2)),
    "08": Fate(down=True),
}
"""By the account's last two digits. Transfers to any other account arrive within a minute."""
ELSE: Final = Fate(timedelta(minutes=1))
