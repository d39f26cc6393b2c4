"""What may staff see of the gate's answers? Every one; they are written by the gate alone."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from downloads import proposals_admin  # noqa: F401  (its pages are registered as it is read)
from downloads.models import GateDecision, PassUse, Standing
from events.admin import LookOnlyAdmin
from events.reasons import REASONS


@admin.register(GateDecision)
class GateDecisionAdmin(LookOnlyAdmin):
    list_display = ("decided_at", "allowed", "why", "tier", "uscc", "employer_id", "member_id", "candidate")
    list_filter = ("allowed", "tier", "reason")
    search_fields = ("=uscc", "=employer_id", "=member_id", "=candidate", "=id")
    search_help_text = _("A whole credit code, or the id of an employer, member, candidate or answer")
    ordering = ("-decided_at",)

    @admin.display(description=_("why not"), ordering="reason", empty_value="—")
    def why(self, answer: GateDecision) -> str:
        reason = REASONS.get(answer.reason)
        return reason.says.in_(get_language() or "zh-hans") if reason else answer.reason


@admin.register(PassUse)
class PassUseAdmin(LookOnlyAdmin):
    list_display = ("used_at", "decision_id", "reason", "tier")
    list_filter = ("tier", "reason")
    search_fields = ("=decision_id",)
    search_help_text = _("The whole id of an answer")
    ordering = ("-used_at",)


@admin.register(Standing)
class StandingAdmin(LookOnlyAdmin):
    list_display = ("employer", "tier", "reason", "moved_at", "until")
    list_filter = ("tier", "reason")
    search_fields = ("=employer__id", "=employer__uscc")
    search_help_text = _("The whole id or credit code of an employer")
    ordering = ("-moved_at",)
    list_select_related = ("employer",)
