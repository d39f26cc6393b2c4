"""Where does each case that waits for a reviewer stand?

`manage.py place_queue`, after the rules, the working hours or the key changed.

What has no place yet, or moves with time, is placed every few minutes without being told; this
places all. It can be run at any time, and again: reviewers go on meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from verification.cases import queue_placement


class Command(BaseCommand):
    help = "Give every case that waits for a reviewer its place in their queue anew."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{queue_placement.place_all(timezone.now())} cases placed")
