"""The app configurations of config. At startup, sets up logging and creates the deployment's
folders.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from config import logs
from config.celery import app as celery_app


class Config(AppConfig):
    name = "config"

    def ready(self) -> None:
        logs.configure_logging(settings.LOG_LEVEL, readable=settings.LOG_READABLE)
        for folder in (
            settings.VAR_DIR,
            settings.MESSAGES_DIR / "queue",
            settings.MESSAGES_DIR / "control",
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        celery_app.set_default()


class ConsoleConfig(AdminConfig):
    """Django's admin with the console as its only site."""

    default_site = "employers.console_site.ConsoleSite"
