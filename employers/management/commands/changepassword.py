"""Sets a password on the server, as Django's command does, and records it for staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction
from django.utils import timezone

from employers.accounts import staff
from employers.models import User


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        with transaction.atomic():
            said = super().handle(*args, **options)
            user = User.objects.get_by_natural_key(options["username"])
            staff.note_password_on_server(user, timezone.now())
        return said
