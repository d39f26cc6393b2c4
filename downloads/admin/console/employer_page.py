"""The console's page of an employer: all of it on one page, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import TIERS, in_words
from downloads.admin.console import downloads_chart, employer_sections
from downloads.gate.current_tier import EmployerTier, employer_tier
from downloads.models import GateDecision, MisuseReport, Move, MoveAppeal, Standing
from downloads.rules.ladder import Tier
from downloads.tiers import appeals
from employers.models import AccountClass, Employer, User
from employers.permissions import Power, powers_of
from events.admin import ReadOnlyAdmin, WhetherFilter, in_words_filter
from verification.cases import guards, wording
from verification.models import Case
from verification.rules.states import State

ON_THE_CASE: Final = ("suspend", "revoke", "reinstate")
"""The decisions about an approval that the buttons lead to."""


@dataclass(frozen=True)
class Act:
    """Something that this person may do, and the page that does it."""

    words: str
    url: str
    is_next: bool = False
    """Whether somebody waits for it."""


def class_in_words(account_class: str) -> str:
    """Return a type of employer as staff call it. Recruiters read it in the first person."""
    return str(wording.ACCOUNT_CLASSES[AccountClass(account_class)])


@admin.register(Employer)
class EmployerAdmin(ReadOnlyAdmin):
    list_display = ("name", "uscc", "kind", "registered_at", "confirmed_at")
    list_filter = (
        ("account_class", in_words_filter(class_in_words)),
        ("confirmed_at", WhetherFilter),
    )
    search_fields = ("name", "uscc", "=id")
    search_help_text = _("Company name, credit code, or full ID")
    ordering = ("-registered_at",)

    @admin.display(description=_("type of employer"), ordering="account_class")
    def kind(self, employer: Employer) -> str:
        return class_in_words(employer.account_class)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employer]:
        assert isinstance(request.user, User)
        return Employer.objects.shown_to(request.user.pk).select_related("platform")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the employer, which is recorded as a read."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        employer: Employer | None = self.get_object(request, object_id)
        if employer is None or not isinstance(request.user, User):
            raise Http404
        now = timezone.now()
        found, sections = (
            employer_tier(employer, now),
            employer_sections.page_sections(employer, request),
        )
        context = {
            **self.admin_site.each_context(request),
            **_rights(employer, found, now),
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "title": employer.name,
            "employer": employer,
            "kind": class_in_words(employer.account_class),
            "case": found.case,
            "case_state": wording.STATES[State(found.case.state)].staff if found.case else "",
            "chart": downloads_chart.of_employer(employer, now),
            "sections": sections,
            "nothing": [section.title for section in sections if not section.rows],
            "acts": list(_acts(employer, found, request.user, now)),
        }
        response = TemplateResponse(request, "admin/employers/employer/page.html", context)
        response["Cache-Control"] = "private, no-store"
        return response


def _rights(employer: Employer, found: EmployerTier, now: datetime) -> dict[str, Any]:
    """Return the tier, why it may not download, and the quotas with their use."""
    current, rights = found.current, found.ladder.rights[found.current.tier]
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now - timedelta(hours=1)
    used = (
        GateDecision.objects.of_company(employer.uscc, None)
        .filter(decided_at__gte=min(day, hour))
        .aggregate(
            day=Count("pk", filter=Q(decided_at__gte=day)),
            hour=Count("pk", filter=Q(decided_at__gt=hour)),
        )
    )
    return {
        "tier": TIERS[current.tier],
        "tier_code": current.tier.value,
        "why_not": in_words(current.reason),
        "rights": rights,
        "used": used,
        "override": Standing.objects.in_force(now).filter(pk=employer.pk).first(),
    }


def _acts(employer: Employer, found: EmployerTier, user: User, now: datetime) -> Iterator[Act]:
    """Yield what the person's powers allow, first what somebody waits for."""
    can, actor = powers_of(user.has_perm), user.as_reviewer()
    if Power.DECIDE in can:
        said = MoveAppeal.objects.open().filter(employer=employer).select_related("move").first()
        if said and appeals.may_answer_appeal(said, actor) is None:
            yield Act(gettext("Answer the appeal"), _page(said), is_next=True)
    if Power.SECOND_REVIEW in can:
        moves = Move.objects.waiting_for(user.pk).filter(employer=employer)
        for move in moves[:1]:
            yield Act(gettext("Confirm the proposed tier change"), _page(move), is_next=True)
    if Power.DECIDE in can:
        yield from _on_cases(employer, found.case, user, now)
        reports = MisuseReport.objects.filter(
            release__employer=employer, settled_at=None, candidate__test=False
        )
        for report in reports.order_by("reported_at")[:1]:
            yield Act(gettext("Look into the misuse report"), _page(report), is_next=True)
        yield _move(employer, found.current.tier)
    if Power.TRACE in can:
        yield Act(gettext("Trace a leak"), reverse("admin:downloads_trace_add"))


def _on_cases(employer: Employer, current: Case | None, user: User, now: datetime) -> Iterator[Act]:
    waiting = Case.objects.queued().filter(employer=employer).first()
    if waiting:
        yield Act(gettext("Open the case that waits for review"), _page(waiting), is_next=True)
    if current:
        allowed = guards.available_verbs(current, user.as_reviewer(), now)
        for verb in ON_THE_CASE:
            if verb in allowed:
                words = f"{wording.DECISIONS[verb].button} …"
                yield Act(words, f"{_page(current)}#decide-{verb}")


def _move(employer: Employer, tier: Tier) -> Act:
    """Return the proposal that is likeliest for the tier; a second person confirms it."""
    is_restricted = tier is Tier.RESTRICTED
    words = (
        gettext("Propose to lift the restriction")
        if is_restricted
        else gettext("Propose a restriction")
    )
    asked = {"employer": str(employer.pk), "tier": "" if is_restricted else Tier.RESTRICTED.value}
    return Act(words, f"{reverse('admin:downloads_move_add')}?{urlencode(asked)}")


def _page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
