"""Advisory locks: one for each company, and one for each candidate without a row.

Requests about one company are answered one after the other, and those about different companies in
parallel. Two requests that read a quota at the same time would both use it. So every caller that
asks the gate or changes an employer's tier first locks the company until the commit. The lock is a
statement of its own, so that the statement after it sees everything that was committed before the
lock was granted; within one statement, the snapshot would be older than the wait. Both are sent
together, in one round trip. SQLite has one writer at a time and needs no locks.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from employers.models import Employer
from events.db.dialect import current_dialect

_COMPANIES: Final = 20261
"""The lock space for companies."""
_CANDIDATES: Final = 20262
"""The lock space for candidates without a row."""
LOCK_COMPANY: Final = (
    f"SELECT pg_advisory_xact_lock({_COMPANIES}, hashtext(uscc)) FROM {Employer._meta.db_table}"  # noqa: S608
    " WHERE id = %(employer)s"
)


def lock_company_of(employer_id: UUID) -> None:
    """Lock the employer's company until the transaction ends."""
    current_dialect().lock(LOCK_COMPANY, {"employer": employer_id})


def lock_company(uscc: str) -> None:
    """Lock a company, with or without an account, until the transaction ends.

    Lock several companies in the order of their codes.
    """
    current_dialect().advisory_lock(_COMPANIES, uscc)


def lock_first_row(client_id: UUID, reference: str) -> None:
    """Lock a candidate without a row, to create one, until the transaction ends.

    This waits for transactions that hold `share_first_row`.
    """
    current_dialect().advisory_lock(_CANDIDATES, f"{client_id} {reference}")


def share_first_row(client_id: UUID, reference: str) -> None:
    """Prevent others from creating this candidate's first row until the transaction ends.

    Any number of transactions may hold this lock at once.
    """
    current_dialect().advisory_lock(_CANDIDATES, f"{client_id} {reference}", shared=True)


def with_company_lock(
    statement: str, parameters: dict[str, Any], *, repeatable: bool = False
) -> list[tuple[Any, ...]]:
    """Lock the company of `parameters["employer"]`, run `statement`, and return its rows.

    A `repeatable` statement must have no further effect when it is sent a second time
    (`Dialect.rows_after_lock`). Raises `django.db.DatabaseError`.
    """
    return current_dialect().rows_after_lock(
        LOCK_COMPANY, statement, parameters, repeatable=repeatable
    )
