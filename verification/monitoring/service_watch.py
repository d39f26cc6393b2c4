"""Watches the service itself, and alerts staff: deadlines, a long queue, services that do not
answer, delayed work and failing webhooks.

A service counts as down while work waits for it after several tries. Nobody notices an outage that
nobody needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from employers.models import ApiClient
from events.delivery.alerts import State, end_alert, raise_alert, report_states
from events.jobs.queue import JobQuerySet
from events.models import AlertKind, Mail, Sms, WebhookEndpoint
from verification.models import Attempt, Case, CaseQuerySet, DocumentReading, LicencePhoto, Proof

SOON: Final = timedelta(hours=1)
CASES_AT_MOST: Final = 200
"""Cases that are told about one by one. The length of the queue tells about the others."""
TRIES: Final = 3
"""Work that has failed this often waits for a service that is down."""
LATE_AFTER: Final = timedelta(minutes=10)
FAILING_FOR: Final = timedelta(hours=1)
_ONE: Final = "all"
"""The key of a kind that has only one state."""


def watch_service(now: datetime, queue_over: int) -> None:
    """Raise and end the alerts. `queue_over` is the longest queue without one; 0 means any."""
    watch_deadlines(now)
    watch_queue(now, queue_over)
    watch_providers(now)
    watch_work(now)
    watch_webhooks(now)


def watch_deadlines(now: datetime) -> None:
    """Tell about each case that is due within an hour, or late. Postponed cases wait on purpose."""
    waiting: CaseQuerySet = Case.objects.real().queued().not_postponed(now)
    due = waiting.order_by("review_due", "pk").values_list("pk", "review_due")
    for kind, cases in (
        (AlertKind.SLA_SOON, due.filter(review_due__gt=now, review_due__lte=now + SOON)),
        (AlertKind.SLA_LATE, due.filter(review_due__lte=now)),
    ):
        lasting = {
            str(pk): State(
                {"case": str(pk), "due": at.isoformat()},
                reverse("admin:verification_case_change", args=[pk]),
            )
            for pk, at in cases[:CASES_AT_MOST]
            if at is not None
        }
        report_states(kind, lasting, now)


def watch_queue(now: datetime, over: int) -> None:
    """Tell if more cases than `over` wait for a reviewer. It has ended at nine tenths of it, so
    that it does not begin again with each case.
    """
    count = Case.objects.real().queued().count() if over else 0
    path = reverse("admin:verification_case_changelist")
    if over and count > over:
        params = {"count": count, "limit": over}
        raise_alert(AlertKind.QUEUE_LONG, _ONE, params, now, path=path)
    elif count <= over * 9 // 10:
        end_alert(AlertKind.QUEUE_LONG, _ONE, now, path=path)


def stuck_jobs(jobs: JobQuerySet) -> JobQuerySet:
    """Return the jobs that wait for a service after several tries."""
    return jobs.filter(finished_at=None, tries__gte=TRIES).exclude(last_error="")


def _waiting() -> Iterator[tuple[str, JobQuerySet, str]]:
    """Yield what may wait for a service, with the page that shows it."""
    real = {"case__test": False}
    yield "checks", Attempt.objects.filter(**real), reverse("admin:verification_attempt_changelist")
    reading = DocumentReading.objects.filter(document__case__test=False)
    yield "reading", reading, reverse("admin:verification_document_changelist")
    yield "photos", LicencePhoto.objects.all(), reverse("admin:index")
    yield "proofs", Proof.objects.filter(employer__test=False), reverse("admin:index")
    yield "mail", Mail.objects.all(), reverse("admin:index")
    yield "sms", Sms.objects.all(), reverse("admin:events_sms_changelist")


def watch_providers(now: datetime) -> None:
    """Tell what waits for a service that does not answer."""
    kinds = list(_waiting())
    lasting = {
        what: State({"what": what, "count": count}, path)
        for what, jobs, path in kinds
        if (count := stuck_jobs(jobs).count())
    }
    report_states(AlertKind.PROVIDER_DOWN, lasting, now, among=[what for what, _, _ in kinds])


def watch_work(now: datetime) -> None:
    """Tell if work has been due for some time and no worker has taken it."""
    report_late((jobs for _, jobs, _ in _waiting()), _ONE, now)


def report_late(work: Iterable[JobQuerySet], key: str, now: datetime) -> None:
    """Raise or end the alert `key` about work that nobody has taken."""
    late = sum(jobs.due(now - LATE_AFTER).count() for jobs in work)
    minutes = int(LATE_AFTER / timedelta(minutes=1))
    params = {"count": late, "minutes": minutes}
    lasting = {key: State(params, reverse("admin:index"))} if late else {}
    report_states(AlertKind.WORK_LATE, lasting, now, among=[key])


def watch_webhooks(now: datetime) -> None:
    """Tell about platforms' endpoints that fail."""
    tests = ApiClient.objects.filter(test=True).values("pk")
    failing = WebhookEndpoint.objects.existing().filter(failing_since__lte=now - FAILING_FOR)
    lasting = {
        str(pk): State(
            {"endpoint": str(pk)}, reverse("admin:events_webhookendpoint_change", args=[pk])
        )
        for pk in failing.exclude(client_id__in=tests).values_list("pk", flat=True)
    }
    report_states(AlertKind.WEBHOOK_FAILING, lasting, now)
