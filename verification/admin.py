"""What does a reviewer see, and press? The queue, the case page with its buttons, and everything else to look at.

Every button calls the operation that any other door would call. No form of the admin writes a row of this app.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Count, ExpressionWrapper, Min, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.admin import masked
from employers.models import AccountClass
from events.reasons import REASONS
from verification import review, states
from verification.clients_admin import ClientAuthorisationAdmin as ClientAuthorisationAdmin  # registered by being imported
from verification.desk_admin import DeskAdmin
from verification.evidence_admin import DecisionAdmin as DecisionAdmin  # registered, with its neighbours, by being imported
from verification.exclusions_admin import ExclusionAdmin as ExclusionAdmin  # registered by being imported
from verification.models import Case, Decision
from verification.replies_admin import SavedReplyAdmin as SavedReplyAdmin  # registered by being imported
from verification.states import State

# --- The queue -----------------------------------------------------------------------------------------


class _Filter(admin.SimpleListFilter):
    """A filter whose every choice is a lookup, one of them the default."""

    default = "all"

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in dict(self.lookup_choices) else self.default

    def choices(self, changelist: Any) -> Any:
        for value, words in self.lookup_choices:
            yield {
                "selected": self.value() == str(value),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": words,
            }


class StateFilter(_Filter):
    """Waiting for review, unless somebody is searched for: then wherever they are."""

    title = _("state")
    parameter_name = "state"

    def __init__(self, request: HttpRequest, *rest: Any) -> None:
        self.default = "all" if request.GET.get("q") else State.IN_REVIEW
        super().__init__(request, *rest)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counts = dict(Case.objects.order_by().values_list("state").annotate(Count("pk")))
        waiting = Case.objects.awaiting_review().count()
        first = sorted(State, key=lambda state: state != State.IN_REVIEW)
        each = [
            (str(state), f"{review.STATE_WORDS[state]} ({waiting if state == State.IN_REVIEW else counts.get(state, 0)})")
            for state in first
            if counts.get(state) or state == State.IN_REVIEW
        ]
        return [*each, ("all", f"{gettext('All')} ({sum(counts.values())})")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() == State.IN_REVIEW:  # with the appeals of those whose rights were taken away
            return queryset.filter(pk__in=Case.objects.awaiting_review().order_by().values("pk"))
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class ReasonFilter(_Filter):
    """Why a case is held: the reasons that occur among those that wait now."""

    title = _("why it is held")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = Case.objects.awaiting_review().order_by().values_list(_latest_reasons(), flat=True)
        counts = Counter(reason["code"] for reasons in waiting for reason in {r["code"]: r for r in reasons or ()}.values())
        if (chosen := request.GET.get(self.parameter_name)) in REASONS:
            counts.setdefault(chosen, 0)
        return [
            ("all", gettext("All")),
            *((code, f"{review.code_in_words(code)} ({n})") for code, n in counts.most_common() if code != "all"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() == "all":
            return queryset
        # The quotes around the code are JSON's own, so that no code is found inside another or inside a value.
        return queryset.alias(why=Cast(_latest_reasons(), TextField())).filter(why__contains=f'"{self.value()}"')


class ClaimFilter(_Filter):
    title = _("claim")
    parameter_name = "claim"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", gettext("All")), ("mine", gettext("Claimed by me")), ("free", gettext("Free"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        now = timezone.now()
        if self.value() == "mine":
            return queryset.filter(claimed_by=request.user.pk, claimed_until__gt=now)
        return queryset.filter(_free_at(now)) if self.value() == "free" else queryset


class ClassFilter(_Filter):
    title = _("account class")
    parameter_name = "class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", gettext("All")), *((str(value), str(words)) for value, words in review.CLASS_WORDS.items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return queryset if self.value() == "all" else queryset.filter(account_class=self.value())


def _latest_reasons() -> Subquery:
    return Subquery(Decision.objects.filter(case=OuterRef("pk")).order_by("-pk").values("reasons")[:1])


def _free_at(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lte=now)


def _holds(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())


# --- The case ------------------------------------------------------------------------------------------


@admin.register(Case)
class CaseAdmin(DeskAdmin):
    """The queue; each of its cases opens at the desk."""

    list_display = ("company", "why_held", "class_in_words", "waiting", "attempt", "claim_in_words")
    list_display_links = None
    list_filter = (StateFilter, ReasonFilter, ClaimFilter, ClassFilter)
    list_select_related = ("submitted_by", "claimed_by")
    search_fields = ("declared_name", "declared_uscc", "id")
    search_help_text = _("Company name, credit code or id; searches every state")
    ordering = ("-urgency", "submitted_at", "pk")
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/verification/case/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        now = timezone.now()
        cases: QuerySet[Case] = Case.objects.waiting_since().order_by(*self.get_ordering(request))
        return cases.annotate(
            latest_reasons=_latest_reasons(),
            is_claimed=_holds(Q(claimed_until__gt=now)),
            is_mine=_holds(Q(claimed_until__gt=now, claimed_by=request.user.pk)),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        queue = (
            Case.objects.awaiting_review()
            .order_by()
            .aggregate(
                waiting=Count("pk"),
                free=Count("pk", filter=_free_at(now)),
                mine=Count("pk", filter=Q(claimed_by=request.user.pk, claimed_until__gt=now)),
                oldest=Min("waits_since"),
            )
        )
        context = {
            "title": gettext("Review queue"),
            "queue": queue,
            "may_decide": self._may_decide(request),
            "now": now,
            "is_nav_sidebar_enabled": False,
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("waits_since",)

    # Columns

    @admin.display(description=_("company"), ordering="declared_name")
    def company(self, case: Case) -> SafeString:
        who = masked(case.submitted_by.email) if case.submitted_by else "—"
        url = reverse("admin:verification_case_change", args=[case.pk])
        return format_html(
            '<a class="company" href="{}">{}</a><span class="below">{} · {}</span>', url, case.declared_name, case.declared_uscc, who
        )

    @admin.display(description=_("why it is held"))
    def why_held(self, case: Any) -> SafeString | str:
        appealed = [gettext("Appeal")] if case.appeal_at else []
        lines = [*appealed, *dict.fromkeys(str(review.code_in_words(reason["code"])) for reason in case.latest_reasons or ())]
        items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
        return format_html('<ul class="reasons">{}</ul>', items) if lines else "—"

    @admin.display(description=_("account class"), ordering="account_class")
    def class_in_words(self, case: Case) -> str:
        return str(review.CLASS_WORDS[AccountClass(case.account_class)])

    @admin.display(description=_("waiting"), ordering="waits_since")
    def waiting(self, case: Any) -> SafeString | str:
        if not _waits(case) or case.waits_since is None:
            return str(review.STATE_WORDS[State(case.state)])
        words = timesince(case.waits_since, timezone.now())
        return format_html('<time datetime="{}" title="{}">{}</time>', case.waits_since.isoformat(), _clock(case.waits_since), words)

    @admin.display(description=_("attempt"), ordering="attempt_number")
    def attempt(self, case: Case) -> int:
        return case.attempt_number

    @admin.display(description=_("claimed by"), ordering="claimed_until")
    def claim_in_words(self, case: Any) -> SafeString | str:
        if not _waits(case):
            return "—"
        if not case.is_claimed:
            return format_html('<span class="tag tag-free">{}</span>', gettext("free"))
        who = gettext("you") if case.is_mine else case.claimed_by.email
        left = gettext("%(time)s left") % {"time": timeuntil(case.claimed_until, timezone.now(), depth=1)}
        tag = "tag-mine" if case.is_mine else "tag-taken"
        return format_html('<span class="tag {}">{}</span><span class="below">{}</span>', tag, who, left)


def _waits(case: Any) -> bool:
    """Whether a row of the list waits for a reviewer."""
    return case.state in states.REVIEWABLE or case.appeal_at is not None


def _clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
