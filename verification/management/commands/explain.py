"""Explains a case's decisions: `python manage.py explain CASE [--language zh|en]`."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from verification.decision.explain import Story
from verification.models import Case


class Command(BaseCommand):
    help = (
        "Explain every decision of a case from stored data: checks, findings, each rule,"
        " decisions, events."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", metavar="CASE", help="the case's id")
        parser.add_argument(
            "--language", choices=["zh", "en"], help="default: the terminal's language"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        case = _case(options["case"])
        for line in Story(
            case, options["language"] or _spoken(), ZoneInfo(settings.TIME_ZONE)
        ).lines():
            self.stdout.write(line)


def _case(text: str) -> Case:
    try:
        case: Case | None = (
            Case.objects.select_related("submitted_by").filter(pk=UUID(text)).first()
        )
    except ValueError as error:
        raise CommandError(
            f"CASE is {text!r}; expected an id such as 123e4567-e89b-12d3-a456-426614174000"
        ) from error
    if case is None:
        raise CommandError(f"there is no case {text}")
    return case


def _spoken() -> str:
    spoken = (
        os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    )
    return "zh" if spoken.startswith("zh") else "en"
