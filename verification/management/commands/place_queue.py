"""Recalculates the queue position of every waiting case: `manage.py place_queue`.

Run it after the rules, the working hours or the key changed. A periodic task already places new
cases and those whose position changes with time; this command places all. It can be repeated at any
time, while reviewers work.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from verification.cases import queue_placement


class Command(BaseCommand):
    help = "Recalculate the queue position of every case that waits for a reviewer."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{queue_placement.place_all(timezone.now())} cases placed")
