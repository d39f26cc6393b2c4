"""Makes a superuser on the server, as Django's command does, and records it.

On a fresh installation there is nobody who could confirm the first superuser. Later, the other
superusers get a mail.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.utils import timezone

from employers.accounts import staff
from employers.models import User


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            before = list(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
            super().handle(*args, **options)
            for user in User.objects.filter(is_superuser=True).exclude(pk__in=before):
                staff.note_superuser_on_server(user, timezone.now())
