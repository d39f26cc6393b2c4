"""What does the chosen register say of one company?

`python manage.py ask_registry CODE NAME PERSON [--id-number]`

For whoever sets a register up, and for a case in doubt in which the employer has shown a reviewer
its legal representative's identity card: its number is asked for here alone, sent to a register
that compares it, and kept nowhere.
"""

from __future__ import annotations

from dataclasses import fields
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from documents.uscc import normalise, problem
from events.core.errors import ProviderError
from verification.providers.registries.base import Agreement, CompanyRecord
from verification.providers.registries.choice import chosen


class Command(BaseCommand):
    help = (
        "Say what the registers of ZIZHI_REGISTRY tell of a company: of its record, and of whether"
        " the values agree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="unified social credit code")
        parser.add_argument("name", help="the company's whole name")
        parser.add_argument("person", help="its legal representative")
        parser.add_argument(
            "--id-number",
            action="store_true",
            help="ask, without showing it, for the number of that person's identity card",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        code = normalise(options["code"])
        if problem(code):
            raise CommandError(f"{options['code']} is no unified social credit code")
        records, agreements = chosen(settings.REGISTRY)
        if options["id_number"] and agreements is None:
            raise CommandError("the chosen register compares no number (ZIZHI_REGISTRY)")
        id_number = getpass("Number of the identity card: ").strip() if options["id_number"] else ""
        try:
            if records is not None:
                self._tell(records.name, records.lookup(code))
            if agreements is not None:
                self._tell(
                    agreements.name,
                    agreements.verify(code, options["name"], options["person"], id_number),
                )
        except ProviderError as error:
            raise CommandError(str(error)) from error

    def _tell(self, register: str, told: CompanyRecord | Agreement | None) -> None:
        self.stdout.write(f"{register}: {'' if told else 'does not list it'}".rstrip())
        for of_it in fields(told) if told else ():
            if of_it.name != "answer":  # as it came, with what was asked
                self.stdout.write(f"  {of_it.name}: {getattr(told, of_it.name)}")
