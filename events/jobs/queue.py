"""Work kept as rows: a row waits until it is done, and a message only announces it.

A worker that gets the message claims the row with one UPDATE, which gives it a lease. If the
message is lost or the worker dies, the next sweep announces the row again once its lease has ended.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

SWEEP_AT_MOST = 200


class JobQuerySet(models.QuerySet[Any]):
    def due(self, now: datetime) -> Self:
        """Unfinished rows that are due and not leased."""
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lte=now), finished_at=None, due_at__lte=now
        )

    def claim(self, pk: Any, now: datetime, seconds: float) -> uuid.UUID | None:
        """Lease row `pk` for `seconds` if it is due. Return the lease, or None if another was
        first.
        """
        lease = uuid.uuid4()
        # A due row that still names a lease belonged to a worker that died.
        died = Case(When(lease__isnull=False, then=1), default=0)
        taken = (
            self.filter(pk=pk)
            .due(now)
            .update(
                lease=lease,
                leased_until=now + timedelta(seconds=seconds),
                tries=F("tries") + 1,
                deaths=F("deaths") + died,
            )
        )
        return lease if taken else None

    def leased(self, pk: Any, lease: uuid.UUID) -> Self:
        """Row `pk`, if its lease is still `lease`."""
        return self.filter(pk=pk, lease=lease, finished_at=None)

    def extend(self, pk: Any, lease: uuid.UUID, now: datetime, seconds: float) -> bool:
        """Extend the lease by `seconds`. Return False if it was lost."""
        return bool(self.leased(pk, lease).update(leased_until=now + timedelta(seconds=seconds)))

    def give_back(
        self, pk: Any, lease: uuid.UUID, due_at: datetime, error: str = "", **changes: Any
    ) -> bool:
        """Release the row until `due_at`. Return False if the lease was lost."""
        return bool(
            self.leased(pk, lease).update(
                lease=None, leased_until=None, due_at=due_at, last_error=error[:200], **changes
            )
        )

    def finish(self, pk: Any, lease: uuid.UUID, now: datetime, **changes: Any) -> bool:
        """Mark the work as done. If the lease was lost, write nothing and return False."""
        return bool(
            self.leased(pk, lease).update(
                lease=None, leased_until=None, finished_at=now, last_error="", **changes
            )
        )


def notify_due(jobs: JobQuerySet, task: Any, now: datetime) -> None:
    """Send `task` the key of each due row, longest due first, at most `SWEEP_AT_MOST`."""
    for pk in jobs.due(now).order_by("due_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        task.delay(str(pk) if isinstance(pk, uuid.UUID) else pk)


class Job(models.Model):
    """A row that waits for a worker."""

    due_at = models.DateTimeField(_("next run"))
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    deaths = models.PositiveIntegerField(_("worker crashes"), default=0)
    """Workers that died while working on it. After too many deaths, the row is given up."""
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        abstract = True
