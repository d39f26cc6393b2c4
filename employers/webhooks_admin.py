"""How do the platforms' webhooks do? Endpoints with their health, deliveries with their attempts, dead letters to send again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.models import ApiClient, User
from events import webhooks
from events.admin import LookOnly, LookOnlyAdmin, TabularInline
from events.errors import Refused
from events.models import PlatformEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint


class OfPlatformsAdmin(LookOnlyAdmin):
    """Rows that belong to a platform, which is told by its name."""

    client_path = "client_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = ApiClient.objects.filter(pk=OuterRef(self.client_path)).values("name")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(platform_name=Subquery(name))
        return rows

    @admin.display(description=_("platform"), ordering="platform_name")
    def platform(self, row: Any) -> str:
        name: str = row.platform_name
        return name


@admin.register(PlatformEvent)
class PlatformEventAdmin(OfPlatformsAdmin):
    list_display = ("told_at", "platform", "sequence", "type", "at")
    list_filter = ("type",)
    search_fields = ("=client_id", "=event__employer_id", "=event__subject_id")
    search_help_text = _("The whole id of a platform, employer or case")
    ordering = ("-told_at", "-sequence")
    fields = ("platform", "sequence", "type", "at", "told_at", "payload")
    readonly_fields = ("platform",)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(OfPlatformsAdmin):
    list_display = ("url", "platform", "sends", "failures", "failing_since", "last_success_at", "paused_why")
    list_filter = ("paused_why", ("failing_since", admin.EmptyFieldListFilter), ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=client_id", "url")
    ordering = ("-failures", "-created_at")
    fields = (
        "platform", "url", "description", "types", "created_at", "sends", "paused_at", "paused_why",
        "failures", "failing_since", "last_success_at",
    )  # fmt: skip
    readonly_fields = ("platform", "sends")

    @admin.display(description=_("sends"), boolean=True)
    def sends(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.paused_at is None and endpoint.finished_at is None


class AttemptInline(LookOnly, TabularInline):
    model = WebhookAttempt
    extra = 0
    fields = ("at", "status", "error", "milliseconds", "response_start")
    ordering = ("id",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(OfPlatformsAdmin):
    """By the outcome "given up" these are the dead letters."""

    client_path = "endpoint__client_id"
    actions = ("send_again",)
    list_display = ("created_at", "platform", "endpoint", "told", "outcome", "tries", "due_at", "last_error")
    list_filter = ("outcome", ("finished_at", admin.EmptyFieldListFilter))
    list_select_related = ("endpoint", "told")
    search_fields = ("=endpoint__id", "=endpoint__client_id", "=told__event__employer_id")
    ordering = ("-id",)
    fields = ("platform", "endpoint", "told", "created_at", "outcome", "tries", "due_at", "finished_at", "last_error")
    readonly_fields = ("platform",)
    inlines = (AttemptInline,)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whoever may end a platform's key may send it something again."""
        return bool(request.user.has_perm("employers.change_apiclient"))

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        assert isinstance(request.user, User)
        actor, now, sent, refused = request.user.as_reviewer(), timezone.now(), 0, 0
        for delivery in chosen.select_related("endpoint"):
            try:
                webhooks.send_again(delivery.pk, delivery.endpoint_id, delivery.endpoint.client_id, actor, now)
                sent += 1
            except Refused:
                refused += 1
        if sent:
            self.message_user(request, gettext("Sent again: %(count)s") % {"count": sent}, messages.SUCCESS)
        if refused:
            said = gettext("Not sent, since the endpoint is paused or deleted: %(count)s") % {"count": refused}
            self.message_user(request, said, messages.WARNING)
