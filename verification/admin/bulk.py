"""Console pages for bulk decisions.

One person selects cases from those related to a case; another reviews and confirms them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.admin import ReadOnlyAdmin
from events.core.errors import Refused
from events.core.reasons import REASONS
from verification.admin.case_content import in_words
from verification.admin.decision_form import NOTE_AT_MOST
from verification.cases import guards, wording
from verification.models import Bulk, Case, Ruling, RulingOutcome
from verification.reviewing import bulk_decisions, reason_choices, related_cases
from verification.rules.states import State

MAY_VIEW: Final = "verification.view_case"

OUTCOME_WORDS: Final[dict[str, wording.Word]] = {
    RulingOutcome.WAITING: _("can still be undone"),
    RulingOutcome.CARRIED_OUT: _("carried out"),
    RulingOutcome.FILED: _("carried out"),
    RulingOutcome.UNDONE: _("undone"),
    RulingOutcome.REFUSED: _("not carried out"),
}


class ProposalForm(forms.Form):
    """The form of a proposal."""

    cases = forms.TypedMultipleChoiceField(coerce=UUID)
    verb = forms.ChoiceField(choices=[(verb, verb) for verb in guards.IN_BULK])
    reasons = forms.MultipleChoiceField(required=False)
    note = forms.CharField(required=False, max_length=NOTE_AT_MOST)

    def __init__(self, verb: str, cases: list[Case], *args: Any) -> None:
        super().__init__(*args)
        for field, choices in (
            ("cases", [case.pk for case in cases]),
            ("reasons", reason_choices.REASONS_FOR[verb]),
        ):
            offered = self.fields[field]
            assert isinstance(offered, forms.ChoiceField)
            offered.choices = [(str(choice), str(choice)) for choice in choices]


class OpenFilter(admin.SimpleListFilter):
    """Shows proposals that wait for a second person, or all."""

    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, words in ((None, _("Waiting for a second person")), ("all", _("All"))):
            chosen = changelist.get_query_string(
                {self.parameter_name: value} if value else {},
                [] if value else [self.parameter_name],
            )
            yield {"selected": self.value() == value, "query_string": chosen, "display": words}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset if self.value() == "all" else queryset.open()


@admin.register(Bulk)
class BulkAdmin(ReadOnlyAdmin):
    about_people = False  # proposals; the page of related cases records what it shows
    list_display = ("what", "number", "proposed_by", "proposed_at", "progress")
    list_display_links = None
    list_filter = (OpenFilter,)
    list_select_related = ("proposed_by", "settled_by")
    ordering = ("-proposed_at",)
    sortable_by = ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MAY_VIEW))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hidden: every page's header links to it, and the list of tables does not need it."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "title": gettext("Bulk decisions")}
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bulk]:
        bulks: QuerySet[Bulk] = super().get_queryset(request)
        shown = Case.objects.shown_to(str(request.user.pk)).values("pk")
        return bulks.annotate(cases=Count("items", filter=Q(items__case__in=shown)))

    @admin.display(description=_("decision"))
    def what(self, bulk: Bulk) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:verification_bulk_change", args=[bulk.pk]),
            wording.DECISIONS[bulk.verb].button,
        )

    @admin.display(description=_("cases"))
    def number(self, bulk: Any) -> int:
        return int(bulk.cases)

    @admin.display(description=_("state"))
    def progress(self, bulk: Bulk) -> str:
        return _progress(bulk)

    # URLs

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        acts: dict[str, Callable[..., HttpResponse]] = {
            "confirm": self.confirm_view,
            "drop": self.drop_view,
            "undo": self.undo_view,
        }
        return [
            path("of/<uuid:case_id>/", view(self.propose_view), name="verification_bulk_propose"),
            *(
                path(f"<uuid:bulk_id>/{act}/", view(door), name=f"verification_bulk_{act}")
                for act, door in acts.items()
            ),
            *super().get_urls(),
        ]

    def propose_view(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """Show the cases related to one, and the reasons to reject or return them."""
        person, now = self._person(request), timezone.now()
        verb = request.POST.get("verb") or request.GET.get("verb") or guards.IN_BULK[0]
        if guards.may_bulk(verb, person.as_reviewer()):
            raise PermissionDenied
        shown = Case.objects.shown_to(str(person.pk))
        cluster = related_cases.cluster_around(get_object_or_404(shown, pk=case_id), person)
        if not cluster.case.claimed_by_me(str(person.pk), now):
            self.record_read(request, cluster.case)
        offered = cluster.waiting[: bulk_decisions.AT_MOST]
        form = ProposalForm(verb, offered, request.POST or None)
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                sent = form.cleaned_data
                try:
                    bulk = bulk_decisions.propose_bulk(
                        sent["cases"], verb, person, now, sent["reasons"], sent["note"]
                    )
                except Refused as refused:
                    messages.error(request, in_words(refused))
                else:
                    messages.success(request, gettext("A second person can confirm this now."))
                    return _to_bulk(bulk.pk)
            else:
                messages.error(
                    request, gettext("The form does not fit this decision. Check it and try again.")
                )
        why = {found.case.pk: found.why for found in cluster.related}
        ticked = set(request.POST.getlist("cases")) or {str(case_id)}
        context = {
            "case": cluster.case,
            "rows": [
                {"case": case, "why": why.get(case.pk, []), "ticked": str(case.pk) in ticked}
                for case in offered
            ],
            "verb": verb,
            "verbs": [(each, wording.DECISIONS[each].button) for each in guards.IN_BULK],
            "choices": reason_choices.choices_for(
                verb, (), request.POST.getlist("reasons"), {}, ""
            ),
            "note": request.POST.get("note", "")[:NOTE_AT_MOST],
        }
        return self._page(request, "cluster", gettext("Decide several cases"), context, status)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the proposed cases and the outcome of each."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        person, now = self._person(request), timezone.now()
        bulk = get_object_or_404(
            Bulk.objects.select_related("proposed_by", "settled_by"), pk=object_id
        )
        shown = Case.objects.shown_to(str(person.pk)).values("pk")
        items = list(
            bulk.items.filter(case__in=shown).select_related("case").order_by("refusal", "pk")
        )
        rulings: dict[UUID, Ruling] = {ruling.case_id: ruling for ruling in bulk.rulings.all()}
        may = bulk.is_open and guards.may_bulk(bulk.verb, person.as_reviewer()) is None
        context = {
            "bulk": bulk,
            "label": wording.DECISIONS[bulk.verb].button,
            "progress": _progress(bulk),
            "reasons": [REASONS[code] for code in bulk.reasons if code in REASONS],
            "rows": [
                {
                    "case": item.case,
                    "state": wording.STATES[State(item.case.state)].staff,
                    "became": _became(item.refusal, rulings.get(item.case_id)),
                }
                for item in items
            ],
            "confirmable": sum(not item.refusal for item in items),
            "may_confirm": may and bulk.not_by(person.pk) is None,
            "may_drop": may,
            "may_undo": any(
                guards.may_undo(ruling, person.as_reviewer()) and _can_be_undone(ruling, now)
                for ruling in rulings.values()
            ),
            "waits": bulk.is_open,
        }
        return self._page(
            request,
            "bulk",
            f"{wording.DECISIONS[bulk.verb].button}{gettext(': ')}"
            + ngettext("%(number)s case", "%(number)s cases", len(items)) % {"number": len(items)},
            context,
        )

    def confirm_view(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        def act(person: User, now: datetime) -> str:
            bulk = bulk_decisions.confirm_bulk(bulk_id, person, now)
            ruled = bulk.rulings.count()
            return ngettext("Decided: %(n)s case.", "Decided: %(n)s cases.", ruled) % {"n": ruled}

        return self._act(request, bulk_id, act)

    def drop_view(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        def act(person: User, now: datetime) -> str:
            bulk_decisions.drop_bulk(bulk_id, person, now)
            return gettext("The proposal was dropped.")

        return self._act(request, bulk_id, act)

    def undo_view(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        def act(person: User, now: datetime) -> str:
            undone = bulk_decisions.undo_bulk(bulk_id, person, now)
            return ngettext("Undone: %(n)s case.", "Undone: %(n)s cases.", undone) % {"n": undone}

        return self._act(request, bulk_id, act)

    def _act(
        self, request: HttpRequest, bulk_id: UUID, act: Callable[[User, datetime], str]
    ) -> HttpResponse:
        if request.method != "POST":
            return _to_bulk(bulk_id)
        person = self._person(request)
        if guards.may_bulk(get_object_or_404(Bulk, pk=bulk_id).verb, person.as_reviewer()):
            raise PermissionDenied
        try:
            messages.success(request, act(person, timezone.now()))
        except Refused as refused:
            messages.error(request, in_words(refused))
        return _to_bulk(bulk_id)

    def _person(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "is_nav_sidebar_enabled": False,
            "title": title,
            "opts": self.opts,
            **context,
        }
        response = TemplateResponse(
            request, f"admin/verification/case/{template}.html", context, status=status
        )
        response["Cache-Control"] = "private, no-store"
        return response


def _progress(bulk: Bulk) -> str:
    if bulk.dropped_at is not None:
        return gettext("dropped")
    if bulk.settled_by is not None:
        return gettext("confirmed by %(who)s") % {"who": bulk.settled_by}
    return gettext("waiting for a second person")


def _became(refusal: str, ruling: Ruling | None) -> wording.Word:
    if refusal or (ruling is not None and ruling.refusal):
        return wording.code_for_staff(refusal or (ruling.refusal if ruling else ""))
    return OUTCOME_WORDS[ruling.outcome] if ruling else ""


def _can_be_undone(ruling: Ruling, now: datetime) -> bool:
    return ruling.finished_at is None and ruling.due_at > now


def _to_bulk(bulk_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:verification_bulk_change", args=[bulk_id]))
