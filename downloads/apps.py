"""What is this room called where its tables are listed, and what does it tell others when it starts?"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DownloadsConfig(AppConfig):
    name = "downloads"
    verbose_name = _("Downloads")

    def ready(self) -> None:
        """How long appeals against restrictions take is told beside the other times, and what is due here in a platform's test
        is done with the rest of it, by a room that knows nothing of either."""
        from downloads import appealing, moving, rehearsing, rehearsing_candidates
        from verification.durations import measured_by
        from verification.testmode import also_due, also_mailed

        measured_by("restrictions", appealing.answered_in)
        also_due(lambda client, clock: moving.lift_step_ups_of_test(client, clock()))
        also_due(rehearsing.catch_up)
        also_due(rehearsing_candidates.catch_up)
        also_mailed(rehearsing_candidates.mailed)
