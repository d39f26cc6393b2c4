"""Indexes the pages of licences submitted before pictures were indexed by keypoints, in batches."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from verification.checks.picture_index import index_pages
from verification.models import Document, DocumentPage

AT_ONCE = 20


class Command(BaseCommand):
    help = (
        "Index the pages of submitted licences that have no bands yet. Can be stopped and repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        shown = DocumentPage.objects.filter(
            document__in=Document.objects.shown(), bands=None
        ).order_by("pk")
        ids = list(shown.values_list("pk", flat=True))
        gone = 0
        for first in range(0, len(ids), AT_ONCE):
            for page in DocumentPage.objects.filter(pk__in=ids[first : first + AT_ONCE]):
                try:
                    index_pages([page])
                except FileNotFoundError:
                    gone += 1
        self.stdout.write(f"{len(ids) - gone} pages indexed, {gone} no longer kept")
