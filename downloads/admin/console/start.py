"""What waits for a member of staff: the start page of those who do not start at the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from downloads.admin.appeals import waiting_lately
from downloads.models import CanaryRing, EraseOrder, LadderVersion, MisuseReport, Move, ReleaseStop
from employers.models import ApiKey, SuperuserProposal, User
from employers.permissions import Power, powers_of
from events.models import WebhookEndpoint
from verification.admin.queue import unlisted_year
from verification.models import Bulk
from verification.reviewing import queue_figures
from verification.reviewing.member_reviews import open_lately

COUNTED: Final = 100
"""Rows are counted up to this number."""
KEYS_ENDING: Final = timedelta(days=30)


@dataclass(frozen=True)
class Task:
    """A kind of work, how much of it waits, and how much of that is late."""

    words: Promise
    url: str
    many: int
    late: int = 0
    most: int = COUNTED

    @property
    def shown(self) -> str:
        return f"{self.most - 1}+" if self.many >= self.most else str(self.many)


def staff_tasks(user: User) -> list[Task]:
    """Return what waits that the user's powers and permissions let them act on or watch."""
    now = timezone.now()
    found = [*_of_review(user, now), *_of_two_people(user), *_of_platforms(user, now)]
    return [task for task in found if task.many]


def year_without_holidays(user: User) -> int | None:
    """Return the year whose holidays are not set, for those who can set them."""
    return unlisted_year(timezone.now()) if Power.WEBHOOKS in powers_of(user.has_perm) else None


def _of_review(user: User, now: datetime) -> Iterator[Task]:
    can = powers_of(user.has_perm)
    if user.has_perm("verification.view_case"):
        queue = queue_figures.of_queue(now, user.pk)
        url = reverse("admin:verification_case_changelist")
        yield Task(_("Cases in the review queue"), url, queue.waiting, queue.late, most=10**6)
    if Power.DECIDE in can or user.has_perm("downloads.view_gatedecision"):
        appeals = waiting_lately()
        yield Task(
            _("Restriction appeals to answer"), _list("moveappeal"), appeals.many, appeals.late
        )
        url = reverse("admin:verification_memberreview_changelist")
        yield Task(_("Recruiters to check"), f"{url}?decided_at__isempty=1", open_lately())
        reports = MisuseReport.objects.filter(settled_at=None, candidate__test=False)
        yield Task(
            _("Misuse reports to look into"), _list("misusereport", "settled=no"), _many(reports)
        )
    if Power.TRACE in can:
        rings = CanaryRing.objects.filter(looked_at=None)
        yield Task(
            _("Calls to canaries to look into"), _list("canaryring", "looked=no"), _many(rings)
        )
    if user.has_perm("downloads.view_gatedecision"):
        overdue = _many(EraseOrder.objects.overdue(now).filter(candidate__test=False))
        yield Task(_("Overdue erasures"), _list("eraseorder", "where=overdue"), overdue, overdue)


def _of_two_people(user: User) -> Iterator[Task]:
    """Yield the proposals that wait for a second person; nobody confirms their own."""
    can = powers_of(user.has_perm)
    if Power.BULK in can:
        url = reverse("admin:verification_bulk_changelist")
        yield Task(_("Bulk decisions to confirm"), url, _many(Bulk.objects.waiting_for(user.pk)))
    if Power.SECOND_REVIEW in can:
        yield _to_confirm(_("Tier changes to confirm"), Move, user)
    if Power.QUALITY in can:
        yield _to_confirm(_("Ladder versions to confirm"), LadderVersion, user)
        yield _to_confirm(_("Download stops to confirm"), ReleaseStop, user)
    if user.is_superuser:
        waiting = SuperuserProposal.objects.waiting_for(user.pk)
        url = reverse("admin:employers_user_changelist")
        yield Task(_("Superusers to confirm"), url, _many(waiting))


def _to_confirm(
    words: Promise, model: type[Move | LadderVersion | ReleaseStop], user: User
) -> Task:
    url = _list(str(model._meta.model_name), "settled_at__isempty=1")
    return Task(words, url, _many(model.objects.waiting_for(user.pk)))


def _of_platforms(user: User, now: datetime) -> Iterator[Task]:
    if user.has_perm("downloads.view_gatedecision") or Power.QUALITY in powers_of(user.has_perm):
        stops = _many(ReleaseStop.objects.filter(in_force=True))
        yield Task(
            _("Download stops in force"), _list("releasestop", "in_force__exact=1"), stops, stops
        )
    if user.has_perm("events.view_webhookendpoint"):
        endpoints, url = (
            WebhookEndpoint.objects.all(),
            reverse("admin:events_webhookendpoint_changelist"),
        )
        failing = _many(endpoints.filter(failing_since__isnull=False, paused_at=None))
        yield Task(_("Webhook endpoints that fail"), url, failing, failing)
        yield Task(
            _("Paused webhook endpoints"), url, _many(endpoints.filter(paused_at__isnull=False))
        )
    if user.has_perm("employers.view_apiclient"):
        ending = ApiKey.objects.live(now).filter(expires_at__lte=now + KEYS_ENDING)
        url = reverse("admin:employers_apiclient_changelist")
        yield Task(_("Platform keys that end within 30 days"), url, _many(ending))


def _list(model: str, query: str = "") -> str:
    url = reverse(f"admin:downloads_{model}_changelist")
    return f"{url}?{query}" if query else url


def _many(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:COUNTED].count()
