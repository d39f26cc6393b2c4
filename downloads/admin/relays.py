"""The console's pages about relay numbers: the bindings, the calls, and the share of failed calls.

Search for a number found on a printed resume to see whose it was, for as long as rows are kept.
Candidates' and callers' numbers are never shown, because they cannot be read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import OfPlatform, SpanFilter, in_words
from downloads.models import RelayBinding, RelayCall
from downloads.models.relays import ENDED_WHY
from downloads.rules.lost_contact import Tries
from employers.admin.employers import employer_column
from employers.models import ApiClient
from events.admin import ReadOnlyAdmin

SPANS: Final = (1, 7, 31)
PLATFORMS_AT_MOST: Final = 50


class ForWhoSeesAnswers(ReadOnlyAdmin):
    """Pages for staff who may see gate decisions."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("downloads.view_gatedecision"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class RequestedFilter(SpanFilter):
    field = "requested_at"


class CalledFilter(SpanFilter):
    field = "at"


class WhyEndedFilter(admin.SimpleListFilter):
    title = _("why it ended")
    parameter_name = "why"
    codes: Final = (*ENDED_WHY, "relay_no_number", "relay_number_illegal", "relay_failed")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, in_words(code)) for code in self.codes]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(ended_why=self.value()) if self.value() else queryset


@admin.register(RelayBinding)
class RelayBindingAdmin(OfPlatform, ForWhoSeesAnswers):
    list_display = (
        "requested_at",
        "number",
        "extension",
        "state",
        "candidate",
        employer_column,
        "expires_at",
        "why",
    )
    list_filter = (RequestedFilter, "state", "muted", WhyEndedFilter)
    search_fields = ("=number", "=candidate", "=uscc", "=id", "=decision_id")
    search_help_text = _(
        "Full relay number (+86 and digits), candidate reference, credit code, or an ID"
    )
    ordering = ("-requested_at",)
    list_select_related = ("employer",)
    fields = (
        "row_id",
        "employer",
        "uscc",
        "named_platform",
        "test",
        "decision_id",
        "member",
        "candidate",
        "job_title",
        "provider",
        "number",
        "extension",
        "state",
        "muted",
        "requested_at",
        "bound_at",
        "expires_at",
        "ended_at",
        "why",
        "none_free_at",
        "asked_at",
        "answered_at",
        "agreed",
    )
    readonly_fields = ("row_id", "why", *OfPlatform.readonly_fields)

    @admin.display(description=_("why it ended"), ordering="ended_why", empty_value="—")
    def why(self, binding: RelayBinding) -> str:
        return in_words(binding.ended_why)


@dataclass(frozen=True)
class Line:
    """One line of the figures: a platform, a time span, and the tries."""

    of: str | Promise
    span: str
    tries: Tries

    @property
    def percent(self) -> float | None:
        return None if self.tries.share is None else 100 * self.tries.share


@admin.register(RelayCall)
class RelayCallAdmin(ForWhoSeesAnswers):
    change_list_template = "admin/downloads/relaycall/change_list.html"
    list_display = ("at", "outcome", "seconds", "number", "extension", "binding", "by_candidate")
    list_filter = (CalledFilter, "outcome", "by_candidate")
    search_fields = ("=number", "=binding__id", "=binding__candidate")
    search_help_text = _("Full relay number (+86 and digits), binding ID, or candidate reference")
    ordering = ("-at",)
    list_select_related = ("binding",)
    exclude = ("caller_index",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "lost": lost_contact_lines()}
        )


def lost_contact_lines() -> list[Line]:
    """Return the lost contacts of all platforms, by time span, then those of each platform.

    A single platform's pool or habits may be the cause.
    """
    now = timezone.now()

    def since(days: int) -> Any:
        return now - timedelta(days=days)

    told = [
        Line(_("All platforms"), _span(days), RelayCall.objects.tries(since(days), now))
        for days in SPANS
    ]
    platforms = ApiClient.objects.filter(test=False, revoked_at=None).order_by("name")[
        :PLATFORMS_AT_MOST
    ]
    of_each = [
        Line(each.name, _span(SPANS[-1]), RelayCall.objects.tries(since(SPANS[-1]), now, each.pk))
        for each in platforms
    ]
    return told + [line for line in of_each if line.tries.all]


def _span(days: int) -> str:
    return (
        gettext("24 hours")
        if days == 1
        else ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    )
