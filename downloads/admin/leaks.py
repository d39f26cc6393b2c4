"""The console's pages about copies, traces of leaks, and canaries.

Each trace is recorded, with who asked and why.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads import leaks
from downloads.admin.answers import OfPlatform, SpanFilter, in_words
from downloads.models import Canary, CanaryRing, Copy, Trace
from downloads.tiers import canaries
from employers.accounts.forms import refusal_html
from employers.admin.employers import employer_column, receiver_column
from employers.models import User
from employers.permissions import PERMISSIONS, Power
from events.admin import ReadOnlyAdmin
from events.api.texts import REFERENCE
from events.core.errors import Refused
from verification.intake.upload_handler import refused_files
from verification.pages.views.uploads import console_takes_files

MAY_TRACE = PERMISSIONS[Power.TRACE]


class ForWhoTraces(ReadOnlyAdmin):
    """Pages for staff who may trace leaks; staff who may see gate decisions have read access."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tracing and planting have pages of their own, without model forms."""
        return bool(request.user.has_perm(MAY_TRACE))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request) or bool(
            request.user.has_perm("downloads.view_gatedecision")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        response = TemplateResponse(
            request,
            template,
            {**self.admin_site.each_context(request), "opts": self.opts, **context},
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def change_url(self, pk: Any) -> str:
        return reverse(f"admin:downloads_{self.opts.model_name}_change", args=[pk])


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


# --- Copies ---------------------------------------------------------------------------------------


class CopiesFilter(SpanFilter):
    field = "requested_at"


@admin.register(Copy)
class CopyAdmin(OfPlatform, ForWhoTraces):
    list_display = (
        "requested_at",
        "number",
        "state",
        receiver_column,
        "candidate",
        "opened_at",
        "why_not",
    )
    list_filter = (CopiesFilter, "state")
    search_fields = ("=number", "=candidate", "=id", "=decision_id", "=employer__uscc")
    search_help_text = _("Full copy number, candidate reference, credit code, or an ID")
    ordering = ("-requested_at",)
    fields = (
        "row_id",
        "number",
        "state",
        "why_not",
        "employer",
        "receiver",
        "member",
        "named_platform",
        "test",
        "candidate",
        "decision_id",
        "binding",
        "sha256",
        "requested_at",
        "ready_at",
        "links_until",
        "opened_at",
    )
    readonly_fields = ("row_id", "why_not", *OfPlatform.readonly_fields)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            request.user.has_perm(MAY_TRACE) or request.user.has_perm("downloads.view_gatedecision")
        )

    @admin.display(description=_("why not"), ordering="why", empty_value="—")
    def why_not(self, copy: Copy) -> str:
        return in_words(copy.why)


# --- Traces ---------------------------------------------------------------------------------------


class TraceForm(forms.Form):
    """The leaked file or text, and the reason for the trace."""

    leak = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("A photo, screenshot, scan or PDF. We delete it once the trace is finished."),
    )
    text = forms.CharField(
        label=_("Or paste the text"),
        required=False,
        max_length=leaks.TEXT_LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Phone numbers in the text show which copy it was typed from."),
    )
    candidate = forms.RegexField(
        REFERENCE,
        label=_("Candidate"),
        required=False,
        max_length=64,
        help_text=_("The platform's candidate reference, if you know whose resume it is"),
    )
    why = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class AskedFilter(SpanFilter):
    field = "asked_at"


@admin.register(Trace)
class TraceAdmin(ForWhoTraces):
    list_display = ("asked_at", "asked_by", "why", "candidate", "resumes", "outcome")
    list_filter = (AskedFilter,)
    search_fields = ("=id", "=sha256", "=candidate")
    search_help_text = _("ID, SHA-256 of the leaked file, or candidate reference")
    ordering = ("-asked_at",)
    list_select_related = ("asked_by",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.evidence)
        return [
            path("<uuid:pk>/evidence", view, name="downloads_trace_evidence"),
            *super().get_urls(),
        ]

    @admin.display(description=_("found"))
    def outcome(self, row: Trace) -> str:
        if row.finished_at is None:
            return gettext("tracing")
        return (
            in_words(row.refused)
            if row.refused
            else ", ".join(each["number"] for each in row.named) or gettext("no copy identified")
        )

    @console_takes_files
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = TraceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given, user = form.cleaned_data, _user(request)
            file = given["leak"].read() if given["leak"] else None
            asked = leaks.Asked(given["why"], file, given["text"], given["candidate"])
            try:
                limit = f"≤ {settings.UPLOAD_MAX_BYTES // 1024**2} MB"
                for _name, why in refused_files(request, "resume_too_large", limit):
                    raise why
                row = leaks.request_trace(asked, user.as_reviewer(), timezone.now(), user=user)
            except Refused as refused:
                form.add_error(
                    None, forms.ValidationError(refusal_html(refused), code=refused.code)
                )
            else:
                return HttpResponseRedirect(self.change_url(row.pk))
        return self.page(
            request, "admin/downloads/trace/ask.html", title=gettext("Trace a leak"), form=form
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            raise Http404
        copies = {
            str(copy.pk): copy
            for copy in Copy.objects.filter(pk__in=[each["copy"] for each in row.found])
        }
        lines = [(each, copies[each["copy"]]) for each in row.found if each["copy"] in copies]
        why_not = in_words(row.refused) if row.refused else ""
        return self.page(
            request,
            "admin/downloads/trace/found.html",
            title=gettext("Trace result"),
            row=row,
            lines=lines,
            why_not=why_not,
            named=any(each["named"] for each, _copy in lines),
        )

    def evidence(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show the leak beside the clean page. It contains a resume, so only staff who may trace
        see it.
        """
        row = Trace.objects.filter(pk=pk).exclude(evidence="").first()
        if not request.user.has_perm(MAY_TRACE):
            raise PermissionDenied
        if row is None:
            raise Http404
        self.record_read(request, row)
        with default_storage.open(str(row.evidence.name)) as file:
            return HttpResponse(
                file.read(),
                content_type="image/png",
                headers={"Cache-Control": "private, no-store"},
            )


# --- Canaries -------------------------------------------------------------------------------------


class CanaryForm(forms.Form):
    """The candidate to use as a canary, and its employer."""

    platform = forms.UUIDField(
        label=_("Platform"),
        help_text=_("Full ID. The platform shows the canary like any other resume."),
    )
    candidate = forms.RegexField(
        REFERENCE,
        label=_("Candidate"),
        max_length=64,
        help_text=_("The platform's reference for this fictitious candidate"),
    )
    employer = forms.UUIDField(
        label=_("Employer"), required=False, help_text=_("Full ID. Leave empty for all employers.")
    )
    why = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


@admin.register(Canary)
class CanaryAdmin(OfPlatform, ForWhoTraces):
    list_display = ("planted_at", "platform", "candidate", employer_column, "why", "planted_by")
    search_fields = ("=candidate", "=employer__id", "=employer__uscc")
    search_help_text = _("Candidate reference, or an employer's full ID or credit code")
    ordering = ("-planted_at",)
    list_select_related = ("employer", "planted_by")
    readonly_fields = ("row_id", *OfPlatform.readonly_fields)
    fields = (
        "row_id",
        "named_platform",
        "candidate",
        "employer",
        "why",
        "planted_by",
        "planted_at",
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only staff who may trace leaks may know which resumes are canaries."""
        return self.has_add_permission(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CanaryForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                canary = canaries.plant_canary(
                    given["platform"],
                    given["candidate"],
                    given["employer"],
                    given["why"],
                    _user(request),
                    timezone.now(),
                )
            except Refused as refused:
                form.add_error(
                    None, forms.ValidationError(refusal_html(refused), code=refused.code)
                )
            else:
                return HttpResponseRedirect(self.change_url(canary.pk))
        return self.page(
            request, "admin/downloads/trace/plant.html", title=gettext("Plant a canary"), form=form
        )


class CanaryOutcomeForm(forms.Form):
    """A person's finding."""

    outcome = forms.CharField(
        label=_("Outcome of the report"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ResolvedFilter(admin.SimpleListFilter):
    """Filters by whether a person has reviewed it."""

    title = _("reviewed")
    parameter_name = "looked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet")), ("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(looked_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(CanaryRing)
class CanaryRingAdmin(ForWhoTraces):
    list_display = ("at", employer_column, "canary", "restricted", "looked_at", "looked_by")
    list_filter = (ResolvedFilter, "restricted")
    search_fields = ("=employer__id", "=employer__uscc", "=canary__candidate")
    search_help_text = _("An employer's full ID or credit code, or a candidate reference")
    ordering = ("-at",)
    list_select_related = ("employer", "canary", "looked_by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MAY_TRACE))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        ring = self.get_object(request, object_id)
        if ring is None or not self.has_view_permission(request):
            raise Http404
        form = CanaryOutcomeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                canaries.settle_canary(
                    ring.pk, form.cleaned_data["outcome"], _user(request), timezone.now()
                )
            except Refused as refused:
                messages.error(request, refusal_html(refused))
            return HttpResponseRedirect(request.path)
        return self.page(
            request,
            "admin/downloads/trace/ring.html",
            title=gettext("Call to a canary"),
            ring=ring,
            form=form,
        )
