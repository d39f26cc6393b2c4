"""How do mail, bank and electronic licence behave in a platform's test?

At any hour, and as the account or the scan says.

Always the same, whatever bank and service this deployment has: their books are files of the tests
alone. `docs/integrating/test-mode.md` lists what the last two digits of an account stand for; the
memo, and what is mailed, is always `CODE`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from verification.models import ProofKind
from verification.providers.banks.base import Return
from verification.providers.banks.simulator import Fate

NAME: Final = "rehearsal"
"""As `Proof.provider` of a test; no deployment can choose it."""
CODE: Final = "123456"
"""The memo of every transfer, and every code by mail."""
OFFERED: Final = frozenset(ProofKind)
"""All of them can be rehearsed."""
DOMAIN: Final = "company.test"
"""What the register knows as the domain of each company of a test: an address elsewhere proves
little.
"""

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
"""By the account's last two digits; any other arrives within a minute."""
ELSE: Final = Fate(timedelta(minutes=1))
