"""The app configuration of events."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        from events.db.checks import check_privileges

        register(check_privileges, Tags.database, deploy=True)
        import_module("events.rekeying")  # registers its check, which needs the models
