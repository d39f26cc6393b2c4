"""What is this room called where its tables are listed, and what does it tell others when it starts?"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DownloadsConfig(AppConfig):
    name = "downloads"
    verbose_name = _("Downloads")

    def ready(self) -> None:
        from downloads import rehearsing, rehearsing_candidates
        from verification import testmode

        testmode.also(rehearsing.catch_up)
        testmode.also(rehearsing_candidates.catch_up)
