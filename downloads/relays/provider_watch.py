"""Alerts staff while relay numbers or copies wait for a service that does not answer."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from downloads.models import Copy, RelayBinding
from events.delivery.alerts import State, report_states
from events.models import AlertKind
from verification.monitoring.service_watch import stuck


def watch_services(now: datetime) -> None:
    """Raise and end the alerts."""
    waiting = {
        "relays": (
            RelayBinding.objects.filter(test=False),
            "admin:downloads_relaybinding_changelist",
        ),
        "copies": (Copy.objects.filter(test=False), "admin:downloads_copy_changelist"),
    }
    lasting = {
        what: State({"what": what, "count": count}, reverse(page))
        for what, (jobs, page) in waiting.items()
        if (count := stuck(jobs).count())
    }
    report_states(AlertKind.PROVIDER_DOWN, lasting, now, among=waiting)
