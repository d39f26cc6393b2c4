"""Gives every case that waits for a reviewer its position in the queue again.

`manage.py place_queue`, after the rules, the working hours or the key changed.

New cases, and those whose position changes with time, are placed every few minutes anyway; this
places all. It can be run at any time and repeated: reviewers can go on meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from verification.cases import queue_placement


class Command(BaseCommand):
    help = "Give every case that waits for a reviewer its position in the queue again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{queue_placement.place_all(timezone.now())} cases placed")
