"""Advisory locks: one on each company, and one on each candidate who has no row yet.

Questions about one company are answered one after the other, and those about others beside them: a
quota that two read at once is a quota that both take. So whoever asks the gate, or moves an
employer on the ladder, first locks the company until the commit. The lock is a statement of its
own, so that the statement after it sees everything that was committed before the lock was granted;
inside one statement, the snapshot would be older than the wait. Both are sent together, in one
round trip. SQLite needs no locks, since it has one writer at a time.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from employers.models import Employer
from events.db.dialect import current_dialect

_COMPANIES: Final = 20261
"""The number of the locks on companies."""
_CANDIDATES: Final = 20262
"""The number of the locks on candidates who have no row yet."""
LOCK_COMPANY: Final = (
    f"SELECT pg_advisory_xact_lock({_COMPANIES}, hashtext(uscc)) FROM {Employer._meta.db_table}"  # noqa: S608
    " WHERE id = %(employer)s"
)


def lock_company_of(employer_id: UUID) -> None:
    """Lock the employer's company until the transaction ends."""
    current_dialect().lock(LOCK_COMPANY, {"employer": employer_id})


def lock_company(uscc: str) -> None:
    """Lock a company, whether or not it has an account, until the transaction ends.

    Several companies are locked in the order of their codes.
    """
    current_dialect().advisory_lock(_COMPANIES, uscc)


def lock_first_row(client_id: UUID, reference: str) -> None:
    """Lock a candidate who has no row yet, to make one, until the transaction ends.

    This waits for those that hold `share_first_row`.
    """
    current_dialect().advisory_lock(_CANDIDATES, f"{client_id} {reference}")


def share_first_row(client_id: UUID, reference: str) -> None:
    """Keep others from making this candidate's first row until the transaction ends.

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
