"""Alerts staff while relay numbers, copies or texts to candidates wait for a service that does not
answer, and while texts wait for a worker.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from downloads.models import CandidateText, Copy, RelayBinding
from events.delivery.alerts import State, report_states
from events.models import AlertKind
from verification.monitoring.service_watch import report_late, stuck_jobs


def watch_services(now: datetime) -> None:
    """Raise and end the alerts."""
    texts = CandidateText.objects.filter(candidate__test=False)
    waiting = {
        "relays": (
            RelayBinding.objects.filter(test=False),
            "admin:downloads_relaybinding_changelist",
        ),
        "copies": (Copy.objects.filter(test=False), "admin:downloads_copy_changelist"),
        # That the budget is used up is an alert of its own.
        "texts": (texts.exclude(last_error="sms_too_many"), "admin:index"),
    }
    lasting = {
        what: State({"what": what, "count": count}, reverse(page))
        for what, (jobs, page) in waiting.items()
        if (count := stuck_jobs(jobs).count())
    }
    report_states(AlertKind.PROVIDER_DOWN, lasting, now, among=waiting)
    report_late([texts], "texts", now)
