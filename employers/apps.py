"""The app configuration of employers. Registers the audience and the pause notices."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmployersConfig(AppConfig):
    name = "employers"
    verbose_name = _("Employers and people")

    def ready(self) -> None:
        from employers.platforms.audience import audience_of
        from employers.platforms.webhook_notices import tell_of_pause
        from events.delivery import feed, webhooks

        feed.told_to(audience_of)
        webhooks.pauses_told_to(tell_of_pause)
