"""What may staff see of the gate's answers? Every one; they are written by the gate alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from downloads import (
    candidates_admin,  # noqa: F401  (its pages are registered as it is read)
    leaks_admin,  # noqa: F401  (likewise)
    proposals_admin,  # noqa: F401  (likewise)
    relays_admin,  # noqa: F401  (likewise)
)
from downloads.answers_admin import TIERS, AnsweredFilter, TierFilter, UsedFilter, WhyNotFilter, WhyNotHonouredFilter, in_words
from downloads.models import GateDecision, PassUse, Standing
from downloads.relays_admin import ForWhoSeesAnswers
from events.admin import LookOnlyAdmin


class WithItsRung:
    """A column that names the tier of a row in the language of the page."""

    @admin.display(description=_("tier"), ordering="tier")
    def rung(self, row: Any) -> Any:
        return TIERS.get(row.tier, row.tier)


@admin.register(GateDecision)
class GateDecisionAdmin(WithItsRung, LookOnlyAdmin):
    list_display = ("decided_at", "allowed", "why", "rung", "uscc", "employer_id", "member_id", "candidate")
    list_filter = (AnsweredFilter, "allowed", TierFilter, WhyNotFilter)
    search_fields = ("=uscc", "=employer_id", "=member_id", "=candidate", "=id")
    search_help_text = _("A whole credit code, or the id of an employer, member, candidate or answer")
    ordering = ("-decided_at",)

    @admin.display(description=_("why not"), ordering="reason", empty_value="—")
    def why(self, answer: GateDecision) -> str:
        return in_words(answer.reason)


@admin.register(PassUse)
class PassUseAdmin(WithItsRung, ForWhoSeesAnswers):
    list_display = ("used_at", "decision_id", "why", "rung")
    list_filter = (UsedFilter, TierFilter, WhyNotHonouredFilter)
    search_fields = ("=decision_id",)
    search_help_text = _("The whole id of an answer")
    ordering = ("-pk",)

    @admin.display(description=_("why not"), ordering="reason", empty_value="—")
    def why(self, use: PassUse) -> str:
        return in_words(use.reason)


@admin.register(Standing)
class StandingAdmin(WithItsRung, ForWhoSeesAnswers):
    list_display = ("employer", "rung", "why", "moved_at", "until")
    list_filter = ("tier", "reason")
    search_fields = ("=employer__id", "=employer__uscc")
    search_help_text = _("The whole id or credit code of an employer")
    ordering = ("-moved_at",)
    list_select_related = ("employer",)

    @admin.display(description=_("reason"), ordering="reason", empty_value="—")
    def why(self, standing: Standing) -> str:
        return in_words(standing.reason)
