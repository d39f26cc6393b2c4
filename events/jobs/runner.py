"""Runs the work on one row: claims it, keeps its lease, and handles the outcome.

`run_job` fits most work. Work that differs calls `claim_row` and writes through the `Lease` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog

from events.core.errors import ProviderUnavailable
from events.jobs import heartbeat
from events.jobs.queue import Job, JobQuerySet

log = structlog.get_logger()

Clock = Callable[[], datetime]
Row = TypeVar("Row", bound=Job)
Result = TypeVar("Result")


class LeaseLost(Exception):
    """Another worker has the lease. Raised inside a transaction, it rolls back all writes."""


class WorkersDied(Exception):
    """Too many workers died while working on the row."""


@dataclass(frozen=True)
class Lease(Generic[Row]):
    """A claimed row. A lost lease writes nothing."""

    row: Row
    """The row at the time of the claim."""
    jobs: JobQuerySet
    id: UUID
    clock: Clock
    seconds: float

    def locked(self) -> Row | None:
        """Return the current row, locked until the transaction ends. None if the lease was lost."""
        leased = self.jobs.leased(self.row.pk, self.id)
        row: Row | None = leased.select_for_update(of=("self",)).first()
        return row

    def update(self, **changes: Any) -> bool:
        """Change the row and keep the lease. Return False if the lease was lost."""
        return bool(self.jobs.leased(self.row.pk, self.id).update(**changes))

    def extend(self) -> bool:
        """Extend the lease by its `seconds`. Return False if it was lost."""
        return self.jobs.extend(self.row.pk, self.id, self.clock(), self.seconds)

    def keep_alive(self) -> AbstractContextManager[None]:
        """Keep the lease until the block ends."""
        return heartbeat.keep_alive(self.jobs, self.row.pk, self.id, self.clock, self.seconds)

    def finish(self, **changes: Any) -> bool:
        """Mark the work as done. Return False if the lease was lost."""
        return self.jobs.finish(self.row.pk, self.id, self.clock(), **changes)

    def give_back(self, due_at: datetime, error: str = "", **changes: Any) -> bool:
        """Release the row until `due_at`. Return False if the lease was lost."""
        return self.jobs.give_back(self.row.pk, self.id, due_at, error, **changes)


def retry_delay(unavailable: ProviderUnavailable, tries: int) -> float:
    """Return the provider's `retry_after`, doubled with each try, at most one hour."""
    return min(3600.0, max(1.0, unavailable.retry_after) * 2.0 ** min(tries - 1, 6))


@dataclass(frozen=True)
class Failure:
    """What happens if work raises one of the errors `on`: the row is given back or given up."""

    on: type[Exception] | tuple[type[Exception], ...]
    wait: float | Callable[[Any, int], float] = 0.0
    """Seconds until the next try, or a function of the error and the number of tries."""
    event: str = ""
    """The name of the log event. Empty: not logged."""
    broken: bool = False
    """True if someone must investigate: logged as an error with its traceback."""
    tries: int | None = None
    """The row is given up after this try."""
    until: Callable[[Any], datetime] | None = None
    """Returns the time at which a row is given up."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Written to the row when it is given back."""

    def retries(self, lease: Lease[Any], error: Exception) -> bool:
        """Log the error and give the row back. At the limit, write nothing and return False."""
        row, now, why = lease.row, lease.clock(), type(error).__name__
        over = (self.tries is not None and row.tries >= self.tries) or (
            self.until is not None and now >= self.until(row)
        )
        if self.event and (self.broken or not over):
            note = log.exception if self.broken else log.warning
            note(self.event, job=str(row.pk), tries=row.tries, why=why)
        if not over:
            wait = self.wait(error, row.tries) if callable(self.wait) else self.wait
            # Other errors' texts may hold personal data, such as addresses and numbers. Do not log
            # them.
            text = str(error) if isinstance(error, ProviderUnavailable) else why
            lease.give_back(now + timedelta(seconds=wait), text, **self.changes)
        return not over


def claim_row(jobs: JobQuerySet, pk: Any, clock: Clock, seconds: float) -> Lease[Any] | None:
    """Claim row `pk` for `seconds`. None if it is finished, leased or not yet due."""
    lease = jobs.claim(pk, clock(), seconds)
    row = jobs.leased(pk, lease).first() if lease else None
    return Lease(row, jobs, lease, clock, seconds) if lease and row else None


def _is_truthy(lease: Lease[Any], result: object) -> bool:
    return bool(result)


def _finish(lease: Lease[Any], error: Exception) -> bool:
    lease.finish()
    return False


def run_job(
    lease: Lease[Any] | None,
    work: Callable[[Lease[Any]], Result],
    write_down: Callable[[Lease[Any], Result], bool] = _is_truthy,
    *,
    failures: Sequence[Failure],
    give_up: Callable[[Lease[Any], Exception], bool] = _finish,
    deaths: int | None = None,
    beats: bool = False,
) -> bool:
    """Claim a row, work on it and store the result. Return False if there was nothing to claim.

    `work` takes long and runs outside of any transaction; with `beats`, a heartbeat keeps the lease
    until it ends. `write_down` stores the result, and its return value is that of `run_job`.

    If `work` raises one of `failures`, the row is given back until its next try. At the limit,
    `give_up` is called with the error. It is called with `WorkersDied`, and `work` is not, once
    `deaths` workers have died over the row. Any other error is raised: the row is due again when
    its lease ends, with one more death.
    """
    if lease is None:
        return False
    if deaths is not None and lease.row.deaths >= deaths:
        return give_up(lease, WorkersDied())
    try:
        with lease.keep_alive() if beats else nullcontext():
            result = work(lease)
    except LeaseLost:
        log.info("lease_lost", job=str(lease.row.pk))
        return False
    except Exception as error:
        failure = next((each for each in failures if isinstance(error, each.on)), None)
        if failure is None:
            raise
        return False if failure.retries(lease, error) else give_up(lease, error)
    return write_down(lease, result)
