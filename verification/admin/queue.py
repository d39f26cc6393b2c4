"""The reviewers' queue in the console: figures, the last two weeks, filters, and each case's
position.

The page takes the same few queries for any number of cases: it counts up to `COUNTED`, and shows
cached figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass, User
from employers.permissions import Power
from events.admin import ReadOnlyAdmin
from events.core.actor import Actor
from verification.admin import dates, provinces, queue_chart
from verification.cases import queue_placement, wording
from verification.models import Appeal, Case, RightsNow, Ruling
from verification.reviewing import queue_figures, queue_filters
from verification.reviewing.queue_figures import Figures
from verification.reviewing.queue_filters import ALL, Age, Claim, Filters
from verification.rules.states import State
from verification.rules.urgency import CURRENT, Factors, Kind, Level

COUNTED: Final = 1000
"""Cases are counted up to this number for the list's pages; no one pages further."""
FOUND: Final = 200
"""The most results of a search; with more, a longer part of the name is needed."""
LISTED_AHEAD: Final = timedelta(days=60)
"""A year's holidays should be listed this long before it begins; they are published around then."""
_MOST_SHOWN: Final = 9999
"""Larger factors are shown as more than this."""

TIER_WORDS: Final[Mapping[str, wording.Word]] = {
    RightsNow.NONE: _("Not approved"),
    RightsNow.CONDITIONAL: _("Approved on condition"),
    RightsNow.IN_FORCE: _("Approval in force"),
}
AGE_WORDS: Final[Mapping[str, wording.Word]] = {
    Age.LATE: _("Past deadline"),
    Age.DAY: _("Longer than a day"),
    Age.THREE_DAYS: _("Longer than three days"),
    Age.WEEK: _("Longer than a week"),
}
CLAIM_WORDS: Final[Mapping[str, wording.Word]] = {
    Claim.MINE: _("Claimed by me"),
    Claim.FREE: _("Free"),
    Claim.EXPIRING: _("Claim about to end"),
    Claim.HELD: _("Set aside"),
}
HARM_WORDS: Final[Mapping[Kind, wording.Word]] = {
    Kind.FRAUD: _("signs of fraud"),
    Kind.AGENCY: _("an agency"),
    Kind.LAPSING: _("approval about to lapse"),
    Kind.APPEAL: _("appeal"),
    Kind.ORDINARY: _("ordinary"),
}
LEVEL_WORDS: Final[Mapping[Level, wording.Word]] = {
    Level.LOW: pgettext_lazy("urgency", "Low"),
    Level.MIDDLE: pgettext_lazy("urgency", "Middle"),
    Level.HIGH: pgettext_lazy("urgency", "High"),
}


# --- Filters --------------------------------------------------------------------------------------


class _Filter(admin.SimpleListFilter):
    """One of `queue_filters.Filters`, with its choices."""

    asks: str
    """The field of `Filters`."""

    def __init_subclass__(cls) -> None:
        cls.parameter_name = queue_filters.PARAMETERS[cls.asks]

    def __init__(self, request: HttpRequest, *rest: Any) -> None:
        self.chosen = Filters.from_query(request.GET.dict())
        super().__init__(request, *rest)

    def value(self) -> str:
        return str(getattr(self.chosen, self.asks) or ALL)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ALL, gettext("All")), *self.offered(_figures(request))]

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        raise NotImplementedError

    def choices(self, changelist: Any) -> Iterator[Any]:
        for value, words in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": words,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        asked = replace(Filters(state=ALL), **{self.asks: getattr(self.chosen, self.asks)})
        return asked.apply(queryset, _actor(request), timezone.now())  # type: ignore[arg-type]


class StateFilter(_Filter):
    """Waiting for review by default; any state during a search."""

    title, asks = _("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = (
            str(State.IN_REVIEW),
            f"{wording.STATES[State.IN_REVIEW].staff} ({_figures(request).waiting})",
        )
        others = (
            (str(state), str(wording.STATES[state].staff))
            for state in State
            if state is not State.IN_REVIEW
        )
        return [waiting, *others, (ALL, gettext("All"))]


class ReasonFilter(_Filter):
    """The reasons why cases wait now."""

    title, asks = _("reason for review"), "reason"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        return _counted(
            figures.by_reason, self.chosen.reason, lambda code: str(wording.code_for_staff(code))
        )


class ClassFilter(_Filter):
    title, asks = _("type of employer"), "account_class"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        return [
            (str(value), f"{words} ({figures.by_class.get(value, 0)})")
            for value, words in wording.ACCOUNT_CLASSES.items()
        ]


class TierFilter(_Filter):
    """The employer's present rights from another case."""

    title, asks = _("current approval"), "tier"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        return [
            (value, f"{words} ({figures.by_tier.get(value, 0)})")
            for value, words in TIER_WORDS.items()
        ]


class AgeFilter(_Filter):
    title, asks = _("waiting time"), "age"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        counts = {Age.LATE: f" ({figures.late})"}
        return [
            (value, f"{words}{counts.get(Age(value), '')}") for value, words in AGE_WORDS.items()
        ]


class ProvinceFilter(_Filter):
    """The provinces of the cases that wait now."""

    title, asks = _("province"), "province"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        return _counted(
            figures.by_province,
            self.chosen.province,
            lambda code: provinces.province_name(code, get_language() or "zh-hans"),
        )


class ClaimFilter(_Filter):
    title, asks = _("claim"), "claim"

    def offered(self, figures: Figures) -> list[tuple[str, str]]:
        counts = {Claim.FREE: figures.free, Claim.HELD: figures.postponed}
        return [
            (value, f"{words} ({counts[Claim(value)]})" if value in counts else str(words))
            for value, words in CLAIM_WORDS.items()
        ]


def _counted(counts: Mapping[str, int], chosen: str, words: Any) -> list[tuple[str, str]]:
    """Return the values with counts; the selected one stays after its last case is gone."""
    missing = {chosen: 0} if chosen and chosen not in counts else {}
    return [(value, f"{words(value)} ({n})") for value, n in (missing | dict(counts)).items()]


def _figures(request: HttpRequest) -> Figures:
    """Return the queue's figures, computed once per request."""
    cached: Figures | None = getattr(request, "_queue_figures", None)
    if cached is None:
        cached = queue_figures.of_queue(timezone.now(), UUID(_actor(request).id))
        request._queue_figures = cached  # type: ignore[attr-defined]
    return cached


def _actor(request: HttpRequest) -> Actor:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user.as_reviewer()


# --- The list -------------------------------------------------------------------------------------


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to `COUNTED`, so that the last page costs no more than the first."""

    @cached_property
    def count(self) -> int:
        cases: Any = self.object_list
        return int(cases.order_by().values("pk")[:COUNTED].count())


class QueueList(ChangeList):
    """Adds the filters to the links to cases, so that "next" stays within them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.is_capped = self.result_count == (FOUND if self.query else COUNTED)
        asked = Filters.from_query(request.GET.dict()).suffix()
        now, me = timezone.now(), _actor(request).id
        for case in self.result_list:
            case.asked, case.now, case.is_mine = asked, now, case.claimed_by_me(me, now)


class QueueAdmin(ReadOnlyAdmin):
    """The list of cases. `verification.admin.case` has the buttons."""

    list_display = ("company", "why_held", "why_next", "waiting", "claim_in_words")
    list_display_links = None
    list_filter = (
        ReasonFilter,
        AgeFilter,
        ClaimFilter,
        ClassFilter,
        TierFilter,
        ProvinceFilter,
        StateFilter,
    )
    list_select_related = ("submitted_by", "claimed_by", "assigned_to")
    list_max_show_all = 0
    paginator = CappedPaginator
    search_fields = ("declared_name",)  # only shows the search box; see get_search_results
    ordering = queue_filters.ORDER
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/verification/case/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        cases: QuerySet[Case] = Case.objects.shown_to(_actor(request).id).order_by(*self.ordering)
        ruled, heard = (
            Ruling.objects.open().filter(case=OuterRef("pk")),
            Appeal.objects.open().filter(case=OuterRef("pk")),
        )
        return cases.annotate(is_ruled=Exists(ruled), is_heard=Exists(heard)).prefetch_related(
            "review_reasons"
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Return the first `FOUND` matches.

        No index serves a part of a name, so the cases are scanned once instead of for each count.
        """
        if not (text := search_term.strip()):
            return queryset, False
        first = queue_filters.matching_cases(queryset, text).values_list("pk", flat=True)[:FOUND]  # type: ignore[arg-type]
        return queryset.filter(pk__in=list(first)), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now, actor = timezone.now(), _actor(request)
        filters = Filters.from_query(request.GET.dict())
        context = {
            "title": gettext("Review queue"),
            "queue": _figures(request),
            "mine": (
                Filters(claim=Claim.MINE)
                .apply(Case.objects.awaiting_review(), actor, now)
                .order_by()
                .count()
            ),
            "lately": queue_chart.draw_queue_chart(queue_figures.recent_days(now, UUID(actor.id))),
            "asked": filters.suffix(),
            "may_decide": actor.can(Power.DECIDE),
            "now": now,
            "is_nav_sidebar_enabled": False,
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # Columns

    @admin.display(description=_("company"))
    def company(self, case: Any) -> SafeString:
        url = reverse("admin:verification_case_change", args=[case.pk])
        who = case.submitted_by.contact_masked if case.submitted_by else "—"
        attempt = gettext("attempt %(number)s") % {"number": case.attempt_number}
        province = provinces.of_uscc(case.declared_uscc)
        below = (
            case.declared_uscc,
            *([provinces.province_name(province, get_language() or "zh-hans")] if province else []),
            wording.ACCOUNT_CLASSES[AccountClass(case.account_class)],
            attempt,
            who,
        )
        has_rights = case.awaits_review() and case.rights_now != RightsNow.NONE
        return format_html(
            '<a class="company" href="{}" lang="zh-Hans">{}</a><span class="below">{}</span>{}',
            url + case.asked,
            case.declared_name,
            " · ".join(str(part) for part in below),
            (
                format_html('<span class="tag">{}</span>', TIER_WORDS[case.rights_now])
                if has_rights
                else ""
            ),
        )

    @admin.display(description=_("reason for review"))
    def why_held(self, case: Any) -> SafeString | str:
        if not case.awaits_review():
            return "—"
        appealed = [gettext("Appeal")] if case.is_heard else []
        lines = [
            *appealed,
            *(str(wording.code_for_staff(reason.code)) for reason in case.review_reasons.all()),
        ]
        items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
        return format_html('<ul class="reasons">{}</ul>', items) if lines else "—"

    @admin.display(description=_("urgency"))
    def why_next(self, case: Any) -> SafeString | str:
        """Return the level and the deadline. The factors behind them show on hover and focus."""
        found = queue_placement.urgency_factors(case, case.now) if case.awaits_review() else None
        if found is None:
            return "—"
        lines = (
            (gettext("risk: %(kind)s") % {"kind": HARM_WORDS[_weighs(case)]}, _number(found.harm)),
            (
                gettext("waited %(hours)s working h") % {"hours": f"{found.waited:.1f}"},
                _number(found.waiting),
            ),
            (_deadline(found), _number(found.deadline)),
        )
        due = dates.deadline_in_words(case.review_due, case.now) if case.review_due else ""
        return format_html(
            '<button type="button" class="level level-{}" aria-describedby="why-{}">{}</button>'
            '<span class="below{}">{}</span><span class="why-next" role="tooltip" id="why-{}">'
            '<ul class="factors">{}</ul><b class="score">{}</b></span>',
            found.level,
            case.pk,
            LEVEL_WORDS[found.level],
            " late" if found.left < 0 else "",
            due,
            case.pk,
            format_html_join("", "<li>{} <b>×{}</b></li>", lines),
            _number(found.score),
        )

    @admin.display(description=_("waiting time"))
    def waiting(self, case: Any) -> SafeString | str:
        since = case.review_since or case.submitted_at
        if not case.awaits_review() or since is None:
            return str(wording.STATES[State(case.state)].staff)
        return format_html(
            '<time datetime="{}">{}</time><span class="below">{}</span>',
            since.isoformat(),
            timesince(since, case.now, depth=1),
            gettext("since %(when)s") % {"when": dates.short_date_time(since)},
        )

    @admin.display(description=_("claimed by"))
    def claim_in_words(self, case: Any) -> SafeString | str:
        if not case.awaits_review():
            return "—"
        if case.is_ruled:
            return format_html('<span class="tag tag-taken">{}</span>', gettext("just decided"))
        if case.held_until and case.held_until > case.now:
            until = gettext("until %(when)s") % {"when": dates.short_date_time(case.held_until)}
            return format_html(
                '<span class="tag tag-held">{}</span><span class="below">{}</span>',
                gettext("set aside"),
                until,
            )
        if not case.claimed(case.now):
            whose = (
                gettext("for %(who)s") % {"who": case.assigned_to.email}
                if case.assigned_to
                else gettext("free")
            )
            return format_html('<span class="tag tag-free">{}</span>', whose)
        who = gettext("you") if case.is_mine else case.claimed_by.email
        left = gettext("%(time)s left") % {"time": timeuntil(case.claimed_until, case.now, depth=1)}
        tag = "tag-mine" if case.is_mine else "tag-taken"
        return format_html(
            '<span class="tag {}">{}</span><span class="below">{}</span>', tag, who, left
        )


def unlisted_year(now: datetime) -> int | None:
    """Return this or the coming year if its holidays are not listed, in which case deadlines count
    them as working days.
    """
    years = (timezone.localtime(at).year for at in (now, now + LISTED_AHEAD))
    return next(
        (year for year in years if not queue_placement.configured_hours().lists(year)), None
    )


def _weighs(case: Case) -> Kind:
    """Return the kind that gives the case its weight; the class distinguishes kinds of equal
    weight.
    """
    same = [kind for kind, harm in CURRENT.harm.items() if harm == case.harm] or [Kind.ORDINARY]
    if case.account_class != AccountClass.COMMERCIAL_AGENCY and len(same) > 1:
        same = [kind for kind in same if kind is not Kind.AGENCY]
    return same[0]


def _deadline(found: Factors) -> str:
    words = (
        gettext("due in %(hours)s working h")
        if found.left >= 0
        else gettext("late by %(hours)s working h")
    )
    return words % {"hours": f"{abs(found.left):.1f}"}


def _number(value: float) -> str:
    if value > _MOST_SHOWN:
        return f"> {_MOST_SHOWN}"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"
