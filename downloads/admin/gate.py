"""The console's pages about gate decisions, all read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import (
    TIERS,
    AnsweredFilter,
    Searched,
    TierFilter,
    UsedFilter,
    WhyNotFilter,
    WhyNotHonouredFilter,
    answers_named,
    in_words,
    uses_named,
)
from downloads.admin.event_words import state_in_words
from downloads.admin.relays import ForWhoSeesAnswers
from downloads.models import GateDecision, PassUse, Standing
from downloads.rules.ladder import RESTRICTED, STEP_UP
from employers.admin.employers import employer_column, employer_link
from events.admin import ReadOnlyAdmin


class WithTierInWords:
    """A column with the tier in the language of the page."""

    @admin.display(description=_("tier"), ordering="tier")
    def tier_in_words(self, row: Any) -> Any:
        return TIERS.get(row.tier, row.tier)


@admin.register(GateDecision)
class GateDecisionAdmin(Searched, WithTierInWords, ReadOnlyAdmin):
    list_display = (
        "decided_at",
        "allowed",
        "why",
        "tier_in_words",
        "uscc",
        "employer_code",
        "member_id",
        "candidate",
    )
    list_filter = (AnsweredFilter, "allowed", TierFilter, WhyNotFilter)
    # Only enables the search box; see `Searched`.
    search_fields = ("id",)
    search_help_text = _(
        "Full ID of a decision, employer or recruiter, a credit code or an employer's"
        " reference; or a candidate reference (last 31 days)"
    )
    named = staticmethod(answers_named)
    in_a_span = staticmethod(lambda term: Q(candidate=term))
    ordering = ("-decided_at",)
    fields = (
        "decided_at",
        "allowed",
        "why",
        "tier_in_words",
        "ladder_version",
        "client_id",
        "test",
        "employer_code",
        "member_id",
        "candidate",
        "uscc",
        "case_id",
        "case_version",
        "case_state_in_words",
        "used_day",
        "used_hour",
    )

    @admin.display(description=_("employer"), ordering="employer_id")
    def employer_code(self, answer: GateDecision) -> SafeString | str:
        return employer_link(answer.employer_id, answer.employer_id)

    @admin.display(description=_("case state"))
    def case_state_in_words(self, answer: GateDecision) -> str:
        return str(state_in_words("case", answer.case_state)) or "—"

    @admin.display(description=_("why not"), ordering="reason", empty_value="—")
    def why(self, answer: GateDecision) -> str:
        return in_words(answer.reason)


@admin.register(PassUse)
class PassUseAdmin(Searched, WithTierInWords, ForWhoSeesAnswers):
    list_display = ("used_at", "decision_id", "why", "tier_in_words")
    list_filter = (UsedFilter, TierFilter, WhyNotHonouredFilter)
    search_fields = ("decision_id",)
    named = staticmethod(uses_named)
    in_a_span = staticmethod(lambda term: Q(pk__in=[]))
    search_help_text = _("Full ID of a gate decision")
    ordering = ("-pk",)
    exclude = ("reason", "tier")
    readonly_fields = ("why", "tier_in_words")

    @admin.display(description=_("why not"), ordering="reason", empty_value="—")
    def why(self, use: PassUse) -> str:
        return in_words(use.reason)


class WhyRestrictedFilter(WhyNotFilter):
    title = _("reason")
    codes = (RESTRICTED, STEP_UP)


@admin.register(Standing)
class StandingAdmin(WithTierInWords, ForWhoSeesAnswers):
    list_display = (employer_column, "tier_in_words", "why", "moved_at", "until")
    list_display_links = ("tier_in_words",)
    list_filter = (TierFilter, WhyRestrictedFilter)
    search_fields = ("=employer__id", "=employer__uscc")
    search_help_text = _("Full ID or credit code of an employer")
    ordering = ("-moved_at",)
    list_select_related = ("employer",)
    exclude = ("reason", "tier")
    readonly_fields = ("tier_in_words", "why")

    @admin.display(description=_("reason"), ordering="reason", empty_value="—")
    def why(self, override: Standing) -> str:
        return in_words(override.reason)
