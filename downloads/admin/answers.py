"""Filters and search for the console's lists of gate decisions.

A list covers a limited time span, so that years of rows are never sorted. Filter values come from
the code; gathering them would read every row. Searches for an answer, an employer or a recruiter
use an index and have no time limit; others stay in the span.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from documents import uscc
from downloads.models import GateDecision
from downloads.rules import ladder
from downloads.rules.ladder import Tier
from employers.models import ApiClient, Employer, Member
from events.core.reasons import REASONS

OF_THE_TIER: Final = (
    "employer_unknown",
    "member_unknown",
    "member_in_review",
    "authority_email_unverified",
    "contact_missing",
    *sorted({tier.reason for tier in (ladder.NOT_APPROVED, *ladder.BY_STATE.values())}),
    ladder.STEP_UP,
    ladder.RESTRICTED,
    "releases_stopped",
    "tier_without_downloads",
)
"""The refusals that do not depend on the used quota."""


TIERS: Final = {
    Tier.HELD: _("no downloads yet"),
    Tier.PROVISIONAL: _("provisional"),
    Tier.ESTABLISHED: _("established employer"),
    Tier.RESTRICTED: _("restricted"),
    Tier.SUSPENDED: _("suspended"),
    Tier.REVOKED: _("rights revoked"),
}


def in_words(code: str) -> str:
    """Return the text of a reason, in the language of the page."""
    reason = REASONS.get(code)
    return reason.says.in_(get_language() or "zh-hans") if reason else code


def answers_named(term: str) -> Q | None:
    """Return the answers that `term` names, or None.

    A term can be an answer's id, an employer's id, code or reference, or a recruiter's id; each is
    found by an index. Denials are missing from the index of codes, so they are found by their
    employer.
    """
    if named := uuid_of(term):
        employers = list(Member.objects.filter(pk=named).values_list("employer_id", flat=True))
        wanted = Q(pk=named) | Q(employer_id=named) | Q(employer_id__in=employers, member_id=named)
    else:
        code, platforms = (
            uscc.normalise_uscc(term),
            list(ApiClient.objects.values_list("pk", flat=True)),
        )
        whose = Employer.objects.filter(Q(uscc=code) | Q(platform__in=platforms, reference=term))
        wanted = Q(uscc=code, allowed=True) | Q(
            employer_id__in=list(whose.values_list("pk", flat=True))
        )
    return wanted if GateDecision.objects.filter(wanted).exists() else None


def uses_named(term: str) -> Q | None:
    """Return the uses of the pass of the answer with this id.

    Honoured and refused uses each have an index.
    """
    named = uuid_of(term)
    return (
        None
        if named is None
        else Q(decision_id=named, reason="") | Q(decision_id=named) & ~Q(reason="")
    )


def uuid_of(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


class OfPlatform:
    """Shows the platform's name in a list, and its name and id on a row's page.

    Rows store the platform's id, which is what staff search for.
    """

    readonly_fields: ClassVar[Any] = ("named_platform",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        names = ApiClient.objects.filter(pk=OuterRef("client_id")).values("name")
        named: QuerySet[Any] = rows.annotate(platform_name=Subquery(names[:1]))
        return named

    @admin.display(description=_("platform"), ordering="platform_name")
    def platform(self, row: Any) -> str:
        return str(row.platform_name or row.client_id)

    @admin.display(description=_("platform"))
    def named_platform(self, row: Any) -> str:
        return f"{row.platform_name} · {row.client_id}" if row.platform_name else str(row.client_id)


class Searched:
    """A list that shows the rows a term names or, if it names none, searches the time span."""

    named: Callable[[str], Q | None]
    in_a_span: Callable[[str], Q]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        named = type(self).named(term)
        return queryset.filter(type(self).in_a_span(term) if named is None else named), False


class SpanFilter(admin.SimpleListFilter):
    """Limits a list to a time span: the last day, unless another is chosen.

    A search that names rows has no limit; any other search gets the longest span.
    """

    title = _("when")
    parameter_name = "days"
    spans: Final = ((1, _("Last 24 hours")), (7, _("Last 7 days")), (31, _("Last 31 days")))
    field = ""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        term = request.GET.get("q", "").strip()
        self.unless_chosen = "1"
        if term:
            # Lists that are not `Searched` are searched only by terms that name their rows.
            is_named = (
                not isinstance(model_admin, Searched) or type(model_admin).named(term) is not None
            )
            self.unless_chosen = "" if is_named else str(self.spans[-1][0])

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(days), words) for days, words in self.spans]

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or self.unless_chosen
        for days, words in self.spans:
            link = changelist.get_query_string({self.parameter_name: str(days)})
            yield {"selected": chosen == str(days), "query_string": link, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = (
            self.value()
            if self.value() in {str(days) for days, _words in self.spans}
            else self.unless_chosen
        )
        if not chosen:
            return queryset
        days = int(chosen)
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
    codes: tuple[str, ...] = (
        *OF_THE_TIER,
        "quota_candidate",
        "quota_day",
        "quota_hour",
        "quota_platform_day",
        "quota_platform_hour",
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, in_words(code)) for code in self.codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class WhyNotHonouredFilter(WhyNotFilter):
    codes = (*OF_THE_TIER, "pass_spent", "pass_expired")
