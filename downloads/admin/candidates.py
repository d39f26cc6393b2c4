"""The console's pages about candidates.

They show consents, releases, erase orders, reports, and platforms' defaults, but never a
candidate's address, which cannot be read here. A report stays open until somebody records its
outcome.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import OfPlatform, SpanFilter
from downloads.admin.relays import ForWhoSeesAnswers
from downloads.candidates import misuse_reports
from downloads.models import (
    Candidate,
    CandidateDefault,
    Consent,
    ConsentRequest,
    EraseOrder,
    MisuseReport,
    Release,
)
from downloads.models.consent_purposes import in_words
from employers.admin.employers import employer_column, employer_link, receiver_column
from employers.models import ApiClient, User
from events.admin import code_as_html
from events.core.errors import Refused


class WhereFilter(admin.SimpleListFilter):
    """Filters by the state of an order."""

    title = _("state")
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("overdue", _("overdue")),
            ("open", _("waiting for an answer")),
            ("answered", _("already answered")),
            ("withdrawn", _("revoked by the candidate")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        rows: dict[str | None, Any] = {
            "overdue": queryset.overdue(timezone.now()),
            "open": queryset.open(),
            "answered": queryset.filter(answered_at__isnull=False),
            "withdrawn": queryset.filter(withdrawn_at__isnull=False),
        }
        return rows.get(self.value(), queryset)


class SettledFilter(admin.SimpleListFilter):
    """Filters by whether a person has reviewed it."""

    title = _("reviewed")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet")), ("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return (
            queryset.filter(settled_at__isnull=self.value() == "no") if self.value() else queryset
        )


class ReleasedFilter(SpanFilter):
    field = "released_at"


class Live:
    """Leaves out the rows that platforms' tests made."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(candidate__test=False)


class InWords:
    """Shows kinds of data in words; rows store codes."""

    exclude: ClassVar[Any] = ("kinds",)
    readonly_fields: ClassVar[Any] = ("data",)

    @admin.display(description=_("kinds of data"))
    def data(self, row: Any) -> str:
        return " · ".join(str(kind) for kind in in_words(row.kinds))


@admin.register(Candidate)
class CandidateAdmin(OfPlatform, ForWhoSeesAnswers):
    list_display = ("reference", "platform", "mode", "told_at", "changed_at", "erased_at")
    list_filter = ("mode",)
    search_fields = ("=reference", "=id", "=client_id")
    search_help_text = _("Full candidate reference, or an ID")
    ordering = ("-changed_at",)
    fields = readonly_fields = (
        "row_id",
        "named_platform",
        "reference",
        "mode",
        "spoken",
        "told_at",
        "changed_at",
        "erased_at",
    )

    @admin.display(description=_("language"))
    def spoken(self, candidate: Candidate) -> str:
        return dict(settings.LANGUAGES).get(candidate.language, candidate.language)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        return super().get_queryset(request).filter(test=False)


@admin.register(CandidateDefault)
class CandidateDefaultAdmin(OfPlatform, ForWhoSeesAnswers):
    """Each platform's default for candidates it has not declared; without one, the deployment's
    applies.
    """

    list_display = ("platform", "mode", "basis", "declared_at")
    list_filter = ("mode",)
    search_fields = ("=client_id", "basis")
    search_help_text = _("Platform ID, or words from the basis of its declaration")
    ordering = ("-declared_at",)
    fields = readonly_fields = ("named_platform", "mode", "basis", "declared_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CandidateDefault]:
        tests = ApiClient.objects.filter(pk=OuterRef("client_id"), test=True)
        return super().get_queryset(request).exclude(Exists(tests))


@admin.register(Consent)
class ConsentAdmin(InWords, Live, ForWhoSeesAnswers):
    list_display = ("given_at", "candidate", "receiver", "how", "until", "revoked_at")
    list_filter = ("how",)
    search_fields = ("=uscc", "=candidate__reference", "=evidence", "=id")
    search_help_text = _("Full credit code, candidate reference, platform's evidence, or an ID")
    ordering = ("-given_at",)
    list_select_related = ("candidate",)


@admin.register(ConsentRequest)
class ConsentRequestAdmin(InWords, Live, ForWhoSeesAnswers):
    list_display = ("asked_at", "candidate", employer_column, "expires_at", "agreed", "answered_at")
    list_filter = ("agreed",)
    search_fields = ("=uscc", "=candidate__reference", "=id")
    search_help_text = _("Full credit code, candidate reference, or an ID")
    ordering = ("-asked_at",)
    list_select_related = ("candidate", "employer")


@admin.register(Release)
class ReleaseAdmin(OfPlatform, InWords, ForWhoSeesAnswers):
    exclude = (*InWords.exclude, "client_id", "receipt", "signature")
    readonly_fields = (
        *InWords.readonly_fields,
        *OfPlatform.readonly_fields,
        "receipt_code",
        "signature_code",
    )
    list_display = ("released_at", "candidate", receiver_column, "uscc", "purpose", "decision_id")
    list_filter = (ReleasedFilter, "purpose")
    search_fields = ("=uscc", "=candidate", "=decision_id", "=id")
    search_help_text = _("Full credit code, candidate reference, or an ID")
    ordering = ("-released_at",)

    @admin.display(description=_("receipt"))
    def receipt_code(self, release: Release) -> SafeString | str:
        return code_as_html(release.receipt)

    @admin.display(description=_("signature"))
    def signature_code(self, release: Release) -> SafeString | str:
        return code_as_html(release.signature)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return super().get_queryset(request).filter(test=False)


@admin.register(EraseOrder)
class EraseOrderAdmin(Live, ForWhoSeesAnswers):
    list_display = (
        "ordered_at",
        "candidate",
        employer_column,
        "due_at",
        "late",
        "answer",
        "why",
        "answered_at",
    )
    list_filter = (WhereFilter,)
    search_fields = ("=uscc", "=candidate__reference", "=id")
    search_help_text = _("Full credit code, candidate reference, or an ID")
    ordering = ("due_at",)
    list_select_related = ("candidate", "employer")
    exclude = ("reminded_at",)

    @admin.display(description=_("overdue"), boolean=True)
    def late(self, order: EraseOrder) -> bool:
        return (
            order.answered_at is None
            and order.withdrawn_at is None
            and order.due_at <= timezone.now()
        )


@admin.register(MisuseReport)
class MisuseReportAdmin(Live, ForWhoSeesAnswers):
    list_display = ("reported_at", "about", "receiver", "candidate", "settled_at", "settled_by")
    list_filter = (SettledFilter, "about")
    search_fields = ("=release__uscc", "=candidate__reference", "=id")
    search_help_text = _("Full credit code, candidate reference, or an ID")
    ordering = ("-reported_at",)
    list_select_related = ("candidate", "release", "settled_by")
    change_form_template = "admin/downloads/misusereport/change_form.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff who decide about employers may also read reports about them."""
        return super().has_view_permission(request, obj) or bool(
            request.user.has_perm("verification.change_case")
        )

    @admin.display(description=_("receiver"))
    def receiver(self, report: MisuseReport) -> SafeString | str:
        release = report.release
        return employer_link(release.employer_id, f"{release.receiver} · {release.uscc}")

    def get_urls(self) -> list[URLPattern]:
        settle = path(
            "<uuid:report_id>/settle/",
            self.admin_site.admin_view(self.settle),
            name="downloads_misusereport_settle",
        )
        return [settle, *super().get_urls()]

    def settle(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        """Record the outcome of a report."""
        if (
            request.method != "POST"
            or not self.has_view_permission(request)
            or not isinstance(request.user, User)
        ):
            raise PermissionDenied
        outcome = request.POST.get("outcome", "").strip()[:500]
        try:
            if not outcome:
                messages.error(request, gettext("Enter the outcome."))
            else:
                misuse_reports.settle_misuse_report(
                    report_id, outcome, request.user, timezone.now()
                )
                messages.success(
                    request,
                    gettext(
                        "Saved. The candidate can see that someone has looked into the report."
                    ),
                )
        except Refused as refused:
            says = refused.reason.says
            messages.error(request, says.en if get_language() == "en" else says.zh)
        return redirect(reverse("admin:downloads_misusereport_change", args=[report_id]))
