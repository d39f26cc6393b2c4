"""How is a licence forged that a reader must not be sure of?

With what a picture editor can do: another code than the company's where the company's stood. The QR code is left
as it was, or taken off.
"""

from __future__ import annotations

import random
from typing import Final

from verification.specimens.company import Company

FORGERIES: Final = ("forged_digit", "forged_bare", "forged_code")
"""One digit of the code edited, so that its check character is wrong; the same, and no QR code that tells the right
one; the code of another company, valid, which the QR code contradicts. `forged` is one of these, by the seed."""
ANY: Final = "forged"
_CARRIER: Final = "phone"


def without_forgery(damage: str) -> str:
    """`damage` with every forgery's name replaced by that of the photo it is shown on."""
    return "+".join(_CARRIER if _is_forgery(name) else name for name in damage.split("+"))


def deceit(damage: str, company: Company, seed: int) -> dict[str, str]:
    """What is printed otherwise than `company` has it, as overrides for `make`; empty where `damage` names no forgery."""
    named = next((name for name in damage.split("+") if _is_forgery(name)), "")
    forgery = FORGERIES[seed % len(FORGERIES)] if named == ANY else named
    if not forgery:
        return {}
    if forgery == "forged_code":
        return {"uscc": Company.fictitious(seed + 100_003, company.kind).uscc, "qr_uscc": company.uscc}
    return {"uscc": edited(company.uscc, seed), "qr_uscc": "" if forgery == "forged_bare" else company.uscc}


def edited(code: str, seed: int) -> str:
    """`code` with one digit made another; since all weights are prime to 31, its check character is then wrong."""
    rng = random.Random(f"forgery {seed}")  # noqa: S311 (nothing here is secret)
    place = rng.choice([i for i, character in enumerate(code[:17]) if character.isdigit() and i > 1])
    digit = rng.choice([digit for digit in "0123456789" if digit != code[place]])
    return code[:place] + digit + code[place + 1 :]


def _is_forgery(name: str) -> bool:
    return name == ANY or name in FORGERIES
