"""Simulates the outside world: the company's bookkeeper, and the phone with its licence."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events.core.errors import ProviderBroken
from verification.providers import banks, e_licences
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.e_licences.base import By, ELicence
from verification.providers.e_licences.simulator import SimulatedELicences


class Command(BaseCommand):
    help = (
        "Play the outside world: `statement ACCOUNT` shows what has arrived in a simulated account,"
        " each amount with its memo; `scan QR --uscc … --name …` confirms the code on the page with"
        " a simulated electronic licence; `refuse QR` refuses it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        parts.add_parser("statement").add_argument("account")
        scan = parts.add_parser("scan")
        scan.add_argument("qr")
        scan.add_argument("--uscc", required=True)
        scan.add_argument("--name", required=True)
        scan.add_argument("--legal-representative", default="")
        scan.add_argument(
            "--by", choices=[str(by) for by in By], default=str(By.LEGAL_REPRESENTATIVE)
        )
        parts.add_parser("refuse").add_argument("qr")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["part"] == "statement":
            self._statement(options["account"])
        else:
            self._phone(options)

    def _statement(self, account: str) -> None:
        bank = banks.bank_named(settings.BANK) if settings.BANK else None
        if not isinstance(bank, SimulatedBank):
            raise CommandError("ZIZHI_BANK is not the simulator, so no statement can be read.")
        arrived = bank.statement(account, timezone.now())
        for fen, memo in arrived:
            self.stdout.write(f"{fen / 100:.2f}  {memo}")
        if not arrived:
            self.stdout.write("Nothing has arrived yet.")

    def _phone(self, options: dict[str, Any]) -> None:
        service = e_licences.e_licence_service(settings.E_LICENCES) if settings.E_LICENCES else None
        if not isinstance(service, SimulatedELicences):
            raise CommandError(
                "ZIZHI_E_LICENCES is not the simulator, so no phone can be simulated."
            )
        qr, now = options["qr"], timezone.now()
        try:
            if options["part"] == "refuse":
                done = service.refuse(qr, now)
            else:
                licence = ELicence(
                    options["uscc"], options["name"], options["legal_representative"]
                )
                done = service.scan(qr, now) and service.confirm(
                    qr, licence, By(options["by"]), now
                )
        except ProviderBroken as unknown:
            raise CommandError(f"{qr}: {unknown}") from unknown
        if not done:
            raise CommandError("The code has expired or was already answered.")
        self.stdout.write("Done.")
