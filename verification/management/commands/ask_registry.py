"""Asks the configured registers about a company: `manage.py ask_registry CODE NAME PERSON`.

Use it to check that a register is set up correctly.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from documents.uscc import normalise_uscc, uscc_problem
from events.core.errors import ProviderError
from verification.providers.registries.base import Agreement, CompanyRecord
from verification.providers.registries.choice import chosen_registries


class Command(BaseCommand):
    help = (
        "Show what the registers in ZIZHI_REGISTRY say about a company: its record, and whether"
        " the given values match."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="unified social credit code")
        parser.add_argument("name", help="the company's full name")
        parser.add_argument("person", help="its legal representative")

    def handle(self, *args: Any, **options: Any) -> None:
        code = normalise_uscc(options["code"])
        if uscc_problem(code):
            raise CommandError(f"{options['code']} is not a valid unified social credit code")
        records, agreements = chosen_registries(settings.REGISTRY)
        try:
            if records is not None:
                self._tell(records.name, records.lookup(code))
            if agreements is not None:
                agreement = agreements.verify(code, options["name"], options["person"])
                self._tell(agreements.name, agreement)
        except ProviderError as error:
            raise CommandError(str(error)) from error

    def _tell(self, register: str, told: CompanyRecord | Agreement | None) -> None:
        self.stdout.write(f"{register}: {'' if told else 'does not list it'}".rstrip())
        for of_it in fields(told) if told else ():
            if of_it.name != "answer":  # the raw response, with the query
                self.stdout.write(f"  {of_it.name}: {getattr(told, of_it.name)}")
