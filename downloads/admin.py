"""What may staff see of the gate's answers? Every one; they are written by the gate alone."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from downloads.models import GateDecision
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
