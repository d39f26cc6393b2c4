"""The Django app of downloads: its name, and what it registers with other apps at startup."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DownloadsConfig(AppConfig):
    name = "downloads"
    verbose_name = _("Downloads")

    def ready(self) -> None:
        """Register the turnaround of appeals, and the test mode's catch-up work.

        `verification` calls both without importing this app.
        """
        from downloads.test_mode import candidates, relays
        from downloads.tiers import appeals, tier_changes
        from verification.cases.turnaround import measured_by
        from verification.test_mode import also_due, also_mailed

        measured_by("restrictions", appeals.appeal_turnaround)
        also_due(lambda client, clock: tier_changes.lift_step_ups_of_test(client, clock()))
        also_due(relays.catch_up)
        also_due(candidates.catch_up)
        also_mailed(candidates.mails_to_candidates)
