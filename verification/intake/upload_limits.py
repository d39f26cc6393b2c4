"""Limits on uploads per day, by account and by employer.

Each file is counted before it is opened, because opening it is what costs. Files that are refused,
removed or withdrawn stay counted. The counters are rows (`employers.security.throttle`), so neither
a new case nor a restart resets them. Letters of clients are counted apart, because an agency has
many.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings

from employers.models import Member, User
from employers.security.throttle import Counted, Limit, count_try, give_back_try
from verification.models import DocumentKind

DAY: Final = 24 * 3600
OF_EMPLOYER: Final = 2
"""An employer's recruiters together may upload this many times what one may."""
UNCONFIRMED_FROM_NETWORK: Final = 10
"""Accounts without a confirmed address from one network together may upload this many times what
one may.
"""
PHOTOS_FROM_NETWORK: Final = 20
"""Accounts without a company from one network together may upload this many times what one may
without a confirmed address. They have proven a number, and carriers' customers share addresses, so
it is more than for `UNCONFIRMED_FROM_NETWORK`.
"""


def count_upload(member: Member, kind: str, network: str, now: datetime) -> None:
    """Count one file. Raise Refused with the time from which on another is accepted."""
    count_try(_counted(member, kind, network), now)


def count_photo(user: User, network: str, now: datetime) -> None:
    """Count the photo of an account that has no company yet, as one of its uploads. It is read at
    once, and accounts cost little, so their network has a limit too.
    """
    most = PHOTOS_FROM_NETWORK * settings.UNCONFIRMED_UPLOADS
    at_network = Limit("photo-network", most, DAY, "photos_of_network")
    account = _of_account("upload", settings.UPLOADS_PER_DAY)
    count_try(((account, str(user.pk)), (at_network, network)), now)


def uncount_upload(member: Member, kind: str, network: str, now: datetime) -> None:
    """Give back a count of the time `now`: the file was there already, from the same request."""
    give_back_try(_counted(member, kind, network), now)


def _of_account(name: str, a_day: int) -> Limit:
    return Limit(f"{name}-account", a_day, DAY, "uploads_of_account")


def _counted(member: Member, kind: str, network: str) -> tuple[Counted, ...]:
    letters = kind == DocumentKind.CLIENT_AUTHORIZATION
    name = "letter" if letters else "upload"
    a_day = settings.CLIENT_LETTERS_PER_DAY if letters else settings.UPLOADS_PER_DAY
    account = _of_account(name, a_day)
    employer = Limit(f"{name}-employer", OF_EMPLOYER * a_day, DAY, "uploads_of_employer")
    counted = ((account, str(member.user_id)), (employer, str(member.employer_id)))
    if member.user.is_proven:
        return counted
    few, code = settings.UNCONFIRMED_UPLOADS, "uploads_unconfirmed"
    at_network = Limit("unconfirmed-network", UNCONFIRMED_FROM_NETWORK * few, DAY, code)
    unconfirmed = Limit("unconfirmed-account", few, DAY, code)
    # The account is signed in, so it cannot name others; first, it does not use up its network's.
    return ((unconfirmed, str(member.user_id)), (at_network, network), *counted)
