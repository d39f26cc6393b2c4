"""The console's pages for webhooks.

Endpoints with their health, deliveries with their attempts, and dead letters to send again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import refusal_html
from employers.models import ApiClient, User
from employers.permissions import Power
from events.admin import (
    ReadOnly,
    ReadOnlyAdmin,
    TabularInline,
    WhetherFilter,
    code_as_html,
    codes_as_html,
    in_words_filter,
    raw_json_column,
)
from events.core.actor import Actor
from events.core.errors import Refused
from events.delivery import webhooks
from events.models import PlatformEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint

URL_SHOWN: Final = 44


class OfPlatformsAdmin(ReadOnlyAdmin):
    """A list of rows that belong to a platform, shown by its name."""

    client_path = "client_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = ApiClient.objects.filter(pk=OuterRef(self.client_path)).values("name")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(platform_name=Subquery(name))
        return rows

    @admin.display(description=_("platform"), ordering="platform_name")
    def platform(self, row: Any) -> str:
        name: str = row.platform_name
        return name


def shorten_url(url: str) -> str:
    """Return the start of an address, enough to tell endpoints apart without widening the list."""
    return url if len(url) <= URL_SHOWN else f"{url[:URL_SHOWN]}…"


def date_and_time(at: datetime | None) -> str:
    """Return a time in the console's format. Computed columns have no field that formats it."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else "—"


def _actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return request.user.as_reviewer()


def _to(endpoint: WebhookEndpoint) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:events_webhookendpoint_change", args=[endpoint.pk]))


class DeletedFilter(WhetherFilter):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.title = _("deleted")


class EndedFilter(WhetherFilter):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.title = _("ended")


@admin.register(PlatformEvent)
class PlatformEventAdmin(OfPlatformsAdmin):
    list_display = ("told_at", "platform", "sequence", "type_code", "at")
    list_filter = (("type", in_words_filter(code_as_html)),)
    search_fields = ("=client_id", "=event__employer_id", "=event__subject_id")
    search_help_text = _("Full ID of a platform, employer or case")
    ordering = ("-told_at", "-sequence")
    fields = ("platform", "sequence", "type_code", "at", "told_at", "message")
    readonly_fields = ("platform", "type_code", "message")
    message = staticmethod(raw_json_column("payload", _("details")))

    @admin.display(description=_("type"), ordering="type")
    def type_code(self, told: PlatformEvent) -> SafeString | str:
        return code_as_html(told.type)


def may_operate(request: HttpRequest) -> bool:
    """Return whether the user may operate webhooks."""
    return isinstance(request.user, User) and request.user.as_reviewer().can(Power.WEBHOOKS)


class SpanForm(forms.Form):
    """A range of the feed to send again, by sequence number. Both ends are included."""

    first = forms.IntegerField(label=_("From number"), min_value=1)
    last = forms.IntegerField(
        label=_("To number"),
        min_value=1,
        required=False,
        help_text=_("Leave empty for everything up to the latest"),
    )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(OfPlatformsAdmin):
    about_people = False
    list_display = (
        "address",
        "platform",
        "sends",
        "failures",
        "failing_since",
        "last_success_at",
        "paused_why",
    )
    list_filter = ("paused_why", ("failing_since", WhetherFilter), ("finished_at", DeletedFilter))
    search_fields = ("=id", "=client_id", "url")
    ordering = ("-failures", "-created_at")
    fields = (
        "platform",
        "url",
        "description",
        "told",
        "created_at",
        "sends",
        "paused_at",
        "paused_why",
        "failures",
        "failing_since",
        "last_success_at",
    )
    readonly_fields = ("platform", "told", "sends")
    change_form_template = "admin/events/webhookendpoint/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts: list[tuple[str, Any]] = [
            ("pause", self.pause_view),
            ("resume", self.resume_view),
            ("replay", self.replay_view),
        ]
        own = [
            path(f"<uuid:endpoint_id>/{name}/", wrap(view), name=f"events_webhookendpoint_{name}")
            for name, view in acts
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return super().change_view(
            request,
            object_id,
            form_url,
            {**(extra_context or {}), "may_operate": may_operate(request)},
        )

    # --- What operators do: GET asks once more, POST acts -----------------------------------------

    def pause_view(self, request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
        endpoint = self._endpoint(request, endpoint_id)
        if request.method != "POST":
            return self._page(request, endpoint, "pause", gettext("Pause %(url)s"))
        return self._done(
            request,
            endpoint,
            webhooks.pause_endpoint,
            gettext("Paused. Nothing is sent until you resume it."),
        )

    def resume_view(self, request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
        endpoint = self._endpoint(request, endpoint_id)
        if request.method != "POST":
            return self._page(request, endpoint, "resume", gettext("Resume %(url)s"))
        return self._done(
            request,
            endpoint,
            webhooks.resume_endpoint,
            gettext("Resumed. Waiting events are being sent."),
        )

    def replay_view(self, request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
        """Send a range of the platform's feed again, for instance after an outage of the
        endpoint.
        """
        endpoint = self._endpoint(request, endpoint_id)
        form = SpanForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(
                request, endpoint, "replay", gettext("Send again to %(url)s"), form=form
            )
        span = form.cleaned_data
        try:
            count = webhooks.replay_feed(
                endpoint.pk,
                endpoint.client_id,
                _actor(request),
                timezone.now(),
                first=span["first"],
                last=span["last"],
            )
        except Refused as refused:
            return self._refused(request, endpoint, refused)
        messages.success(request, gettext("Sent again: %(count)s") % {"count": count})
        return _to(endpoint)

    def _endpoint(self, request: HttpRequest, endpoint_id: UUID) -> WebhookEndpoint:
        if not may_operate(request):
            raise PermissionDenied
        return get_object_or_404(WebhookEndpoint, pk=endpoint_id)

    def _done(
        self, request: HttpRequest, endpoint: WebhookEndpoint, act: Callable[..., Any], said: str
    ) -> HttpResponse:
        try:
            act(endpoint.pk, endpoint.client_id, _actor(request), timezone.now())
        except Refused as refused:
            return self._refused(request, endpoint, refused)
        messages.success(request, said)
        return _to(endpoint)

    def _refused(
        self, request: HttpRequest, endpoint: WebhookEndpoint, refused: Refused
    ) -> HttpResponse:
        messages.error(request, mark_safe(refusal_html(refused)))  # noqa: S308 – our own template
        return _to(endpoint)

    def _page(
        self, request: HttpRequest, endpoint: WebhookEndpoint, act: str, title: str, **context: Any
    ) -> HttpResponse:
        titled = {
            "title": title % {"url": shorten_url(endpoint.url)},
            "opts": self.opts,
            "endpoint": endpoint,
            "act": act,
        }
        return TemplateResponse(
            request,
            "admin/events/webhookendpoint/act.html",
            {**self.admin_site.each_context(request), **titled, **context},
        )

    # --- Columns ----------------------------------------------------------------------------------

    @admin.display(description=_("address"), ordering="url")
    def address(self, endpoint: WebhookEndpoint) -> str:
        return shorten_url(endpoint.url)

    @admin.display(description=_("types"))
    def told(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return codes_as_html(endpoint.types) or gettext("All")

    @admin.display(description=_("sending"), boolean=True)
    def sends(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.paused_at is None and endpoint.finished_at is None


class AttemptInline(ReadOnly, TabularInline):
    model = WebhookAttempt
    extra = 0
    fields = readonly_fields = ("at", "http", "error", "milliseconds", "response_start")
    ordering = ("id",)

    @admin.display(description="HTTP")
    def http(self, attempt: WebhookAttempt) -> int | None:
        return attempt.status


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(OfPlatformsAdmin):
    """Deliveries. With the outcome "given up", these are the dead letters."""

    client_path = "endpoint__client_id"
    actions = ("send_again",)
    list_display = (
        "created_at",
        "platform",
        "address",
        "told",
        "outcome",
        "tried",
        "next",
        "error",
    )
    list_filter = ("outcome", ("finished_at", EndedFilter))
    list_select_related = ("endpoint", "told")
    search_fields = ("=endpoint__id", "=endpoint__client_id", "=told__event__employer_id")
    ordering = ("-id",)
    fields = (
        "platform",
        "endpoint",
        "told",
        "created_at",
        "outcome",
        "tried",
        "next",
        "ended",
        "error",
    )
    readonly_fields = ("platform", "tried", "next", "ended", "error")
    inlines = (AttemptInline,)

    @admin.display(description=_("address"), ordering="endpoint__url")
    def address(self, delivery: WebhookDelivery) -> str:
        return shorten_url(delivery.endpoint.url)

    @admin.display(description=_("tries"), ordering="tries")
    def tried(self, delivery: WebhookDelivery) -> int:
        return delivery.tries

    @admin.display(description=_("next try"), ordering="due_at")
    def next(self, delivery: WebhookDelivery) -> str:
        return date_and_time(None if delivery.finished_at else delivery.due_at)

    @admin.display(description=_("ended"), ordering="finished_at")
    def ended(self, delivery: WebhookDelivery) -> str:
        return date_and_time(delivery.finished_at)

    @admin.display(description=_("last error"), ordering="last_error")
    def error(self, delivery: WebhookDelivery) -> str:
        return delivery.last_error or "—"

    def has_send_permission(self, request: HttpRequest) -> bool:
        return may_operate(request)

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        actor, now, sent, refused = _actor(request), timezone.now(), 0, 0
        for delivery in chosen.select_related("endpoint"):
            try:
                webhooks.send_again(
                    delivery.pk, delivery.endpoint_id, delivery.endpoint.client_id, actor, now
                )
                sent += 1
            except Refused:
                refused += 1
        if sent:
            self.message_user(
                request, gettext("Sent again: %(count)s") % {"count": sent}, messages.SUCCESS
            )
        if refused:
            said = gettext("Not sent because the endpoint is paused or deleted: %(count)s") % {
                "count": refused
            }
            self.message_user(request, said, messages.WARNING)
