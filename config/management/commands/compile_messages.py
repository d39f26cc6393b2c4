"""`manage.py compile_messages`: compiles the translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.messages import compile_all


class Command(BaseCommand):
    help = "Compile the translations in LOCALE_PATHS from .po to .mo. Needs no gettext tools."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for written in compile_all(Path(folder)):
                self.stdout.write(f"compiled {written.parent.parent.name}/{written.name}")
