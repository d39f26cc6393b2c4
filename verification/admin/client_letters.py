"""Console pages for client letters that need a decision: accept or end, on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.admin import ReadOnlyAdmin
from events.core.actor import Actor
from events.core.errors import Refused
from verification.admin.case_content import in_words
from verification.cases import wording
from verification.intake import client_letters
from verification.models import ClientAuthorisation
from verification.reviewing import case_comparison

MAY_DECIDE = "verification.change_case"
"""Reviewers who decide cases also decide on clients' letters."""


class ForReviewFilter(admin.SimpleListFilter):
    """Shows doubtful letters, or all during a search."""

    title = _("to review")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, words in ((None, _("To review")), ("all", _("All"))):
            chosen = changelist.get_query_string(
                {self.parameter_name: value} if value else {},
                [] if value else [self.parameter_name],
            )
            yield {"selected": self.value() == value, "query_string": chosen, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all" or request.GET.get("q"):
            return queryset
        doubtful = [
            status.client.pk
            for status in client_letters.letters_for_review(timezone.now())
            if status.client
        ]
        return queryset.filter(pk__in=doubtful)


@admin.register(ClientAuthorisation)
class ClientAuthorisationAdmin(ReadOnlyAdmin):
    list_display = ("client_name", "agency", "why", "valid_until", "added_at", "ended_at")
    list_filter = (ForReviewFilter,)
    search_fields = ("=client_uscc", "client_name", "employer__name", "=employer__uscc")
    ordering = ("added_at",)
    list_select_related = ("employer", "document__case")
    fields = ("client_name", "client_uscc", "agency", "valid_until", "added_at", "ended_at")
    change_form_template = "admin/verification/clientauthorisation/change_form.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            request.user.has_perm(MAY_DECIDE)
            or request.user.has_perm("verification.view_clientauthorisation")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("agency"), ordering="employer__name")
    def agency(self, client: ClientAuthorisation) -> SafeString:
        return format_html('<a href="{}">{}</a>', _case_url(client), client.employer.name)

    @admin.display(description=_("why"), empty_value="—")
    def why(self, client: ClientAuthorisation) -> str:
        finding = client_letters.letter_status(client, timezone.now()).finding
        return str(wording.code_for_staff(finding.code)) if finding else ""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "verification_clientauthorisation_{}".format
        return [
            path("<uuid:client_id>/accept/", view(self.accept_view), name=name("accept")),
            path("<uuid:client_id>/end/", view(self.end_view), name=name("end")),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Client letters"), "is_nav_sidebar_enabled": False}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        client = self.get_object(request, object_id)
        shown = (
            _letter(client, timezone.now())
            if client and self.has_view_permission(request, client)
            else {}
        )
        context = {
            **(extra_context or {}),
            **shown,
            "may_decide": request.user.has_perm(MAY_DECIDE),
            "is_nav_sidebar_enabled": False,
        }
        response = super().change_view(request, object_id, form_url, context)
        response["Cache-Control"] = "private, no-store"
        return response

    # Buttons

    def accept_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(
                reverse("admin:verification_clientauthorisation_change", args=[client_id])
            )
        return self._done(
            request,
            client_id,
            client_letters.accept_client,
            gettext("The client's letter is accepted."),
        )

    def end_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST ends the client."""
        if request.method == "POST":
            return self._done(
                request,
                client_id,
                client_letters.end_client,
                gettext("The client's authorisation has ended."),
            )
        self._reviewer(request)
        client = get_object_or_404(ClientAuthorisation, pk=client_id)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("End this client"),
            "opts": self.opts,
            "client": client,
        }
        return TemplateResponse(request, "admin/verification/clientauthorisation/end.html", context)

    def _done(
        self,
        request: HttpRequest,
        client_id: UUID,
        do: Callable[[UUID, Actor, datetime], Any],
        said: str,
    ) -> HttpResponse:
        reviewer = self._reviewer(request)
        get_object_or_404(ClientAuthorisation, pk=client_id)
        try:
            do(client_id, reviewer, timezone.now())
        except Refused as refused:
            messages.error(request, in_words(refused))
        else:
            messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:verification_clientauthorisation_changelist"))

    def _reviewer(self, request: HttpRequest) -> Actor:
        if not request.user.has_perm(MAY_DECIDE) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user.as_reviewer()


def _case_url(client: ClientAuthorisation) -> str:
    return reverse("admin:verification_case_change", args=[client.document.case_id])


def _letter(client: ClientAuthorisation, now: datetime) -> dict[str, Any]:
    """Return the letter's pages, what was read, and the finding."""
    status = client_letters.letter_status(client, now)
    read = (getattr(status.document, "reading", None) and status.document.reading.reading) or {}
    return {
        "status": status,
        "said": case_comparison.Said(status.finding) if status.finding else None,
        "read": [
            (wording.FIELDS.get(name, name), value)
            for name, value in read.get("fields", {}).items()
        ],
        "page_urls": [
            reverse(
                "admin:verification_case_page",
                args=[status.document.case_id, status.document.pk, page.number],
            )
            for page in status.document.pages.all()
        ],
    }
