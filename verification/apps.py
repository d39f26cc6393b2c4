"""The app's configuration. Tells the app below which approvals are suspended."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    name = "verification"
    verbose_name = _("Verification")

    def ready(self) -> None:
        from employers.accounts import invitations
        from verification.models import Case

        invitations.suspensions_known_by(lambda pk: Case.objects.is_stopped(pk))
