"""Console pages for the quality of decisions.

Leads and auditors see each reviewer's figures; reviewers see only their own. Leads save and retire
golden cases here. Each view of the reviewers' figures is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.models import User
from employers.permissions import Power, sees_quality
from events.core.errors import Refused
from events.models import record
from verification.admin import quality_chart
from verification.admin.case_content import in_words
from verification.cases import wording
from verification.models import Case, GoldenCase, GoldenKind
from verification.quality import golden_cases, reviewer_figures
from verification.quality.reviewer_figures import Figures, GoldenAnswers
from verification.reviewing import reason_choices

PERIODS: Final[Mapping[str, tuple[timedelta | None, wording.Word]]] = {
    "30": (timedelta(days=30), _("30 days")),
    "90": (timedelta(days=90), _("90 days")),
    "all": (None, _("All")),
}
USUAL: Final = "90"
SHOWN_AT_MOST: Final = 200
"""The number of golden cases listed, newest first."""

BUCKET_WORDS: Final = (
    _("under 15 s"),
    _("15–30 s"),
    _("30–60 s"),
    _("1–2 min"),
    _("2–5 min"),
    _("5–10 min"),
    _("longer"),
)


class SaveForm(forms.Form):
    """The right decision on a case, according to a lead."""

    verb = forms.ChoiceField(choices=[(verb, verb) for verb in golden_cases.RIGHT])
    reasons = forms.MultipleChoiceField(required=False)

    def __init__(self, verb: str, *args: Any) -> None:
        super().__init__(*args)
        offered = self.fields["reasons"]
        assert isinstance(offered, forms.MultipleChoiceField)
        offered.choices = [(code, code) for code in reason_choices.REASONS_FOR.get(verb, ())]


# --- Pages ----------------------------------------------------------------------------------------


def quality_view(request: HttpRequest) -> HttpResponse:
    """Show the figures of all together, and of each reviewer in alphabetical order."""
    user, now = _staff(request), timezone.now()
    may_save = user.as_reviewer().can(Power.QUALITY)
    if not sees_quality(user.has_perm):
        raise PermissionDenied
    period, since = _period(request, now)
    told = reviewer_figures.reviewer_quality(since)
    record("look_quality", user, user.as_reviewer(), now, data={"period": period})
    context = {
        "everybody": _shown(told.everybody),
        "reviewers": [
            {"who": person.email, **_shown(figures)} for person, figures in told.reviewers
        ],
        "golden_cases": _golden_cases(),
        "share": f"{100 * settings.GOLDEN_SHARE:g}",
        "may_save": may_save,
        "page_url": reverse("quality"),
    }
    return _page(request, "quality", gettext("Quality of decisions"), context | _periods(period))


def mine_view(request: HttpRequest) -> HttpResponse:
    """Show a reviewer's own figures, without anyone else's."""
    user, now = _staff(request), timezone.now()
    if not user.as_reviewer().can(Power.DECIDE):
        raise PermissionDenied
    period, since = _period(request, now)
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    context = {
        "own": _shown(reviewer_figures.of_one(user, since, month)),
        "page_url": reverse("quality_mine"),
        "month": month,
    }
    return _page(request, "mine", gettext("My figures"), context | _periods(period))


def save_view(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Save a decided case as a golden case.

    GET asks for the right decision, filled in with the actual one; POST saves it.
    """
    user, now = _lead(request), timezone.now()
    case = get_object_or_404(Case.objects.shown_to(str(user.pk)), pk=case_id)
    address = reverse("admin:verification_case_change", args=[case_id])
    if refused := golden_cases.may_save(case, user.as_reviewer()):
        messages.error(request, in_words(refused))
        return HttpResponseRedirect(address)
    last = golden_cases.final_decision(case)
    assert last is not None
    verb = request.POST.get("verb") or request.GET.get("verb") or last.verb
    verb = verb if verb in golden_cases.RIGHT else last.verb
    ticked = (
        request.POST.getlist("reasons")
        if request.method == "POST"
        else [reason["code"] for reason in last.reasons]
    )
    form = SaveForm(verb, request.POST or None)
    if request.method == "POST" and "confirmed" in request.POST and form.is_valid():
        try:
            golden_cases.save_golden_case(
                case_id, form.cleaned_data["verb"], form.cleaned_data["reasons"], user, now
            )
        except Refused as refused:
            messages.error(request, in_words(refused))
            return HttpResponseRedirect(address)
        messages.success(
            request, gettext("Saved as golden case: %(name)s") % {"name": case.declared_name}
        )
        return HttpResponseRedirect(reverse("quality"))
    findings = [finding for run in golden_cases.runs_of(case) for finding in run.as_findings()]
    context = {
        "case": case,
        "verb": verb,
        "verbs": [(each, wording.DECISIONS[each].button) for each in golden_cases.RIGHT],
        "choices": reason_choices.choices_for(verb, findings, ticked, {}, ""),
        "days": settings.GOLDEN_DAYS,
    }
    return _page(
        request, "keep", gettext("Save as golden case"), context, 400 if form.errors else 200
    )


def retire_view(request: HttpRequest, golden_id: int) -> HttpResponse:
    """GET asks for confirmation; POST retires the golden case."""
    user = _lead(request)
    golden = get_object_or_404(GoldenCase.objects.in_use(), pk=golden_id)
    if request.method != "POST":
        return _page(
            request,
            "retire",
            gettext("Retire golden case: %(name)s") % {"name": golden.name},
            {"golden": _listed(golden)},
        )
    golden_cases.retire_golden_case(golden.pk, user, timezone.now())
    messages.success(request, gettext("Golden case retired. What was stored of it is deleted."))
    return HttpResponseRedirect(reverse("quality"))


def quality_urls() -> list[URLPattern]:
    """Return the URLs under `/console/`, which precede those of the admin."""
    doors: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
        "quality": ("", quality_view),
        "quality_mine": ("mine/", mine_view),
        "quality_keep": ("keep/<uuid:case_id>/", save_view),
        "quality_retire": ("golden/<int:golden_id>/retire/", retire_view),
    }
    return [
        path(f"quality/{address}", admin.site.admin_view(view), name=name)
        for name, (address, view) in doors.items()
    ]


# --- Context --------------------------------------------------------------------------------------


def _shown(figures: Figures) -> dict[str, Any]:
    """Return figures with their charts for a template."""
    return {
        "figures": figures,
        "by_verb_strip": quality_chart.kappa_strip(figures.by_verb),
        "by_category_strip": quality_chart.kappa_strip(figures.by_category),
        "spread": quality_chart.time_spread(
            list(zip(map(str, BUCKET_WORDS), figures.times.buckets, strict=True))
        ),
        "answers": [_golden_share(answers) for answers in figures.answers],
    }


def _golden_share(answers: GoldenAnswers) -> dict[str, Any]:
    """Return a table row of answers by verb, including verbs that are never right."""
    return {
        "kind": GoldenKind(answers.kind).label,
        "right_verb": wording.DECISIONS[answers.right_verb].button,
        "cells": [
            (
                wording.DECISIONS[verb].button,
                answers.by_verb.get(verb, 0),
                verb == answers.right_verb,
            )
            for verb in golden_cases.RIGHT
        ],
        "without_reasons": answers.by_verb.get(answers.right_verb, 0) - answers.right,
        "n": answers.n,
    }


def _golden_cases() -> list[dict[str, Any]]:
    counted = (
        Count("turns"),
        Count("turns", filter=Q(turns__right__isnull=False)),
        Count("turns", filter=Q(turns__right=True)),
    )
    named = dict(zip(("given", "answered", "right"), counted, strict=True))
    there = (
        GoldenCase.objects.in_use()
        .select_related("made_by")
        .annotate(**named)
        .order_by("-made_at", "-pk")
    )
    return [_listed(golden) for golden in there[:SHOWN_AT_MOST]]


def _listed(golden: Any) -> dict[str, Any]:
    return {
        "golden": golden,
        "kind": GoldenKind(golden.kind).label,
        "right": wording.DECISIONS[golden.right_verb].button,
        "reasons": [wording.code_for_staff(code) for code in golden.right_reasons],
        "until": golden.made_at + timedelta(days=settings.GOLDEN_DAYS),
    }


def _periods(chosen: str) -> dict[str, Any]:
    return {
        "period": chosen,
        "periods": [(code, words, code == chosen) for code, (_length, words) in PERIODS.items()],
    }


def _period(request: HttpRequest, now: datetime) -> tuple[str, datetime | None]:
    asked = request.GET.get("period", USUAL)
    chosen = asked if asked in PERIODS else USUAL
    length = PERIODS[chosen][0]
    return chosen, now - length if length else None


def _page(
    request: HttpRequest, template: str, title: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    page = {
        **admin.site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": title,
        **context,
    }
    response = TemplateResponse(
        request, f"admin/verification/quality/{template}.html", page, status=status
    )
    response["Cache-Control"] = "private, no-store"
    return response


# --- Permissions ----------------------------------------------------------------------------------


def _staff(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _lead(request: HttpRequest) -> User:
    user = _staff(request)
    if not user.as_reviewer().can(Power.QUALITY):
        raise PermissionDenied
    return user
