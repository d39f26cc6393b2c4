"""Console pages of the exclusion list: view, add and lift, each with a reason and on record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import refusal_html
from employers.models import User
from events.admin import ReadOnlyAdmin, WhetherFilter
from events.core.errors import Refused
from verification.checks import exclusion_list
from verification.models import Case, Exclusion, ExclusionKind

MAY_CHANGE = "verification.change_case"
"""Reviewers who decide cases also decide on exclusions."""


class ExclusionForm(forms.Form):
    """Selects identifiers of a case's employer by kind, or takes one typed value."""

    case = forms.UUIDField(
        label=_("Case"),
        required=False,
        help_text=_("Full ID. The employer's identifiers are taken from the case."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Identifiers"),
        choices=ExclusionKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    kind = forms.ChoiceField(
        label=_("Or a single identifier"),
        choices=[(kind.value, kind.label) for kind in exclusion_list.BY_HAND],
        required=False,
    )
    value = forms.CharField(
        label=_("Value"),
        max_length=200,
        required=False,
        help_text=_("Stored unreadable, except for a credit code"),
    )
    why = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, user_id: str, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.cases = Case.objects.shown_to(user_id)

    def clean_case(self) -> UUID | None:
        case_id: UUID | None = self.cleaned_data["case"]
        if case_id and not self.cases.filter(pk=case_id).exists():
            raise forms.ValidationError(_("No case has this ID."))
        return case_id

    def refuse(self, refused: Refused) -> None:
        """Show `refused` above the form."""
        self.add_error(None, forms.ValidationError(refusal_html(refused), code=refused.code))


@admin.register(Exclusion)
class ExclusionAdmin(ReadOnlyAdmin):
    list_display = ("added_at", "kind", "shown", "case", "added_by", "lifted_at")
    list_filter = ("kind", ("lifted_at", WhetherFilter))
    search_fields = ("=shown", "=case__id")
    search_help_text = _("Full credit code, or full case ID")
    ordering = ("-added_at",)
    list_select_related = ("case", "added_by")
    fields = ("kind", "shown", "case", "why", "added_by", "added_at", "lifted_at")
    change_form_template = "admin/verification/exclusion/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exclusion]:
        shown = Exclusion.objects.shown_to(str(request.user.pk))
        return shown.order_by(*self.ordering)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may add exclusions, on a page of its own without a model form."""
        return bool(request.user.has_perm(MAY_CHANGE))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            request.user.has_perm(MAY_CHANGE)
            or request.user.has_perm("verification.view_exclusion")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        lift = path(
            "<uuid:exclusion_id>/lift/",
            self.admin_site.admin_view(self.lift_view),
            name="verification_exclusion_lift",
        )
        return [lift, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ExclusionForm(
            str(request.user.pk),
            request.POST or None,
            initial={"case": request.GET.get("case", ""), "kinds": ["uscc", "image"]},
        )
        if request.method == "POST" and form.is_valid():
            try:
                added = self._add(request, form.cleaned_data)
            except Refused as refused:
                form.refuse(refused)
            else:
                self._say(request, added, form.cleaned_data)
                return HttpResponseRedirect(reverse("admin:verification_exclusion_changelist"))
        return self._page(request, "add", gettext("Add to the exclusion list"), form=form)

    def _add(self, request: HttpRequest, typed: dict[str, Any]) -> list[Exclusion]:
        assert isinstance(request.user, User)
        now = timezone.now()
        if typed["case"]:
            return exclusion_list.exclude_employer(
                typed["case"], typed["kinds"], typed["why"], request.user, now
            )
        return [
            exclusion_list.add_exclusion(
                typed["kind"], typed["value"], typed["why"], request.user, now
            )
        ]

    def _say(self, request: HttpRequest, added: list[Exclusion], typed: dict[str, Any]) -> None:
        """Say how many identifiers are on the list, and which kinds the case does not have."""
        if added:
            messages.success(
                request, gettext("Added to the exclusion list: %(count)s.") % {"count": len(added)}
            )
        found = {exclusion.kind for exclusion in added}
        missing = [kind for kind in typed["kinds"] if kind not in found] if typed["case"] else []
        if missing:
            kinds = gettext(", ").join(str(ExclusionKind(kind).label) for kind in missing)
            messages.warning(
                request,
                gettext("Not added, because the employer has none: %(kinds)s.") % {"kinds": kinds},
            )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may_lift = request.user.has_perm(MAY_CHANGE)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "may_lift": may_lift}
        )

    def lift_view(self, request: HttpRequest, exclusion_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST lifts the exclusion."""
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        assert isinstance(request.user, User)
        exclusion = get_object_or_404(self.get_queryset(request), pk=exclusion_id)
        if request.method != "POST":
            return self._page(
                request,
                "lift",
                gettext("Remove from the exclusion list: %(what)s") % {"what": exclusion.shown},
                exclusion=exclusion,
            )
        exclusion_list.lift_exclusion(exclusion_id, request.user, timezone.now())
        messages.success(request, gettext("Removed from the exclusion list."))
        return HttpResponseRedirect(reverse("admin:verification_exclusion_changelist"))

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **context,
        }
        response = TemplateResponse(
            request, f"admin/verification/exclusion/{template}.html", context
        )
        response["Cache-Control"] = "private, no-store"
        return response
