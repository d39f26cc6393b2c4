"""Command that calls a simulated relay number.

No phone rings; the call record is received as usual.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from downloads import relay_providers
from downloads.test_mode import relays as test_mode_relays
from employers.accounts.sightings import check_phone
from events.core.errors import Refused


class Command(BaseCommand):
    help = (
        "Dial a simulated relay number: `simulated_call +8617000000010 --caller 13800000001`."
        " Callers outside the team hear an announcement."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--extension", default="")
        parser.add_argument("--caller", required=True)
        parser.add_argument("--seconds", type=int, default=60)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.RELAYS != "simulator":
            raise CommandError("ZIZHI_RELAYS is not set to the simulator.")
        try:
            number, caller = check_phone(options["number"]), check_phone(options["caller"])
        except Refused as refused:
            raise CommandError(refused.reason.says.en) from refused
        provider = relay_providers.simulated_relays()
        record = provider.call(
            number, options["extension"], caller, timezone.now(), options["seconds"]
        )
        test_mode_relays.bring_in(provider, timezone.now)
        self.stdout.write(f"{record.outcome} ({record.seconds} s)")
