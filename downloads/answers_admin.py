"""Which of the gate's answers does a list of the console show? A bounded span of them: a table of years is never sorted as a whole.

The values to filter by are those that the code knows; to gather them from the rows would read every row, at every look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from downloads import rights
from downloads.rights import Tier
from events.reasons import REASONS

OF_STANDING: Final = (
    "employer_unknown",
    "member_unknown",
    "authority_email_unverified",
    *sorted({standing.reason for standing in (rights.NOT_APPROVED, *rights.BY_STATE.values())}),
    rights.STEP_UP,
    rights.RESTRICTED,
    "tier_without_downloads",
)
"""Why not, whatever was used of the quotas."""


TIERS: Final = {
    Tier.HELD: _("held"),
    Tier.PROVISIONAL: _("provisional"),
    Tier.ESTABLISHED: _("established employer"),
    Tier.RESTRICTED: _("restricted"),
    Tier.SUSPENDED: _("suspended"),
    Tier.REVOKED: _("rights revoked"),
}


def in_words(code: str) -> str:
    """What a reason says, in the language of the page."""
    reason = REASONS.get(code)
    return reason.says.in_(get_language() or "zh-hans") if reason else code


class SpanFilter(admin.SimpleListFilter):
    """The last day, unless more is chosen or somebody is searched for."""

    title = _("when")
    parameter_name = "days"
    spans: Final = ((1, _("Last 24 hours")), (7, _("Last 7 days")), (31, _("Last 31 days")))
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(days), words) for days, words in self.spans]

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or ("" if changelist.query else "1")
        for days, words in self.spans:
            link = changelist.get_query_string({self.parameter_name: str(days)})
            yield {"selected": chosen == str(days), "query_string": link, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen is None and request.GET.get("q", "").strip():
            return queryset
        days = int(chosen) if chosen in {str(days) for days, _words in self.spans} else 1
        return queryset.filter(**{f"{self.field}__gte": timezone.now() - timedelta(days=days)})


class AnsweredFilter(SpanFilter):
    field = "decided_at"


class UsedFilter(SpanFilter):
    field = "used_at"


class TierFilter(admin.SimpleListFilter):
    title = _("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(tier.value, words) for tier, words in TIERS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(tier=self.value()) if self.value() else queryset


class WhyNotFilter(admin.SimpleListFilter):
    title = _("why not")
    parameter_name = "reason"
    codes: tuple[str, ...] = (*OF_STANDING, "quota_candidate", "quota_day", "quota_hour")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, in_words(code)) for code in self.codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class WhyNotHonouredFilter(WhyNotFilter):
    codes = (*OF_STANDING, "pass_spent", "pass_expired")
