"""The app's configuration. Tells the app below which approvals are suspended, and who is held."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    name = "verification"
    verbose_name = _("Verification")

    def ready(self) -> None:
        from employers.accounts import invitations, membership
        from verification.models import Case
        from verification.reviewing import member_reviews

        invitations.suspensions_known_by(lambda pk: Case.objects.is_stopped(pk))
        membership.newcomers_reviewed_by(member_reviews.hold_if_excluded)
