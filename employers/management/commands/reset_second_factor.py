"""Resets the second factor of somebody whom no colleague can help: the only superuser, or the only
owner of a company.

`python manage.py reset_second_factor li.na@company.example`
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from employers.models import User
from employers.security import second_factor


class Command(BaseCommand):
    help = "Reset the second factor of an account. This is recorded, and mailed to its owner"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.holder(options["email"])
        if user is None:
            raise CommandError("No account has confirmed this address")
        if not second_factor.reset_on_server(user, timezone.now()):
            raise CommandError("This account has no second factor")
        self.stdout.write("Reset. They set up a new one when they next sign in")
