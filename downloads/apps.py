"""What is this room called where its tables are listed?"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DownloadsConfig(AppConfig):
    name = "downloads"
    verbose_name = _("Downloads")

    def ready(self) -> None:
        """How long appeals against restrictions take is told beside the other times, by a room that knows nothing of them."""
        from downloads.appealing import answered_in
        from verification.durations import measured_by

        measured_by("restrictions", answered_in)
