"""The app configuration of employers. Registers the audience, and the notices about endpoints and
channels.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmployersConfig(AppConfig):
    name = "employers"
    verbose_name = _("Employers and people")

    def ready(self) -> None:
        from employers.alerts.notices import tell_of_trouble
        from employers.platforms.audience import audience_of
        from employers.platforms.webhook_notices import tell_of_pause
        from events.delivery import alert_delivery, feed, webhooks

        feed.told_to(audience_of)
        webhooks.pauses_told_to(tell_of_pause)
        alert_delivery.troubles_told_to(tell_of_trouble)
