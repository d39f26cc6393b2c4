"""`manage.py write_client_answers`: writes the answer types of the Python client."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Write clients/python/zizhi_client/answers.py from the OpenAPI document. Needs the"
        " development dependencies."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing, and fail if the file is out of date",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from config.api import client_answers
        except ModuleNotFoundError as error:
            raise CommandError(f"{error}. Install the development dependencies: uv sync") from error

        text, path = client_answers.client_answers_source(), client_answers.PATH
        if path.exists() and path.read_text(encoding="utf-8") == text:
            self.stdout.write(f"{path} is up to date.")
        elif options["check"]:
            raise CommandError(f"{path} is stale. Run manage.py write_client_answers.")
        else:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}.")
