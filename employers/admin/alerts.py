"""The console's pages for alerts to staff: channels with their health, and what was sent."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from employers.admin.groups import acting_user
from employers.admin.platform_forms import RefusableForm
from employers.alerts import channels
from employers.models import User
from employers.permissions import Power
from events.admin import ReadOnlyAdmin, WhetherFilter
from events.core.errors import Refused
from events.delivery.alert_channels import Result, Verdict
from events.delivery.alert_texts import lines_of
from events.models import AlertChannel, AlertKind, AlertMessage, ChannelKind

UNAIDED: Final = {"autocomplete": "off", "spellcheck": "false"}
"""What browsers would remember, or send to a service, is secret."""


def may_operate(request: HttpRequest) -> bool:
    """Return whether the user may operate channels."""
    return isinstance(request.user, User) and request.user.as_reviewer().can(Power.ALERTS)


class ChangeForm(RefusableForm):
    """A channel. What is sealed is only replaced, never shown."""

    name = forms.CharField(label=_("Name"), max_length=60)
    address = forms.CharField(
        label=_("Webhook or email address"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=UNAIDED),
        help_text=_("The webhook URL of the chat, or an email address"),
    )
    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=UNAIDED),
        help_text=_("Only for DingTalk, Feishu and Lark, if the robot verifies signatures"),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    kinds = forms.MultipleChoiceField(
        label=_("Alerts"), choices=AlertKind.choices, widget=forms.CheckboxSelectMultiple
    )
    active = forms.BooleanField(label=_("On"), required=False, initial=True)

    def __init__(self, kind: str, *args: Any, **named: Any) -> None:
        self.channel_kind = kind
        super().__init__(*args, **named)

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        kind, address = typed.get("kind", self.channel_kind), typed.get("address")
        if kind == ChannelKind.MAIL and address:
            try:
                validate_email(address)
            except ValidationError as error:
                self.add_error("address", error)
        return typed

    def wanted(self) -> channels.Wanted:
        typed = self.cleaned_data
        return channels.Wanted(
            name=typed["name"],
            language=typed["language"],
            kinds=[AlertKind(kind) for kind in typed["kinds"]],
            active=typed["active"],
            address=typed["address"].strip(),
            secret=typed["secret"].strip(),
        )


class NewForm(ChangeForm):
    """A new channel."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ChannelKind.choices)
    field_order = ("kind", "name")


@admin.register(AlertChannel)
class AlertChannelAdmin(ReadOnlyAdmin):
    about_people = False
    list_display = ("name", "kind", "address_hint", "sends", "failing_since", "last_success_at")
    list_filter = ("kind", "active", ("stopped_at", WhetherFilter))
    search_fields = ("name",)
    ordering = ("name",)
    fields = (
        "name",
        "kind",
        "address_hint",
        "signed",
        "in_language",
        "told",
        "active",
        "sends",
        "failures",
        "failing_since",
        "stopped_at",
        "last_answer",
        "last_success_at",
        "created_at",
    )
    readonly_fields = ("signed", "in_language", "told", "sends", "last_answer")
    change_form_template = "admin/events/alertchannel/change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Adding is an operation with its own page, without a model form."""
        return may_operate(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_operate(request) or super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts: list[tuple[str, Any]] = [("edit", self.edit_view), ("test", self.test_view)]
        own = [
            path(f"<uuid:channel_id>/{name}/", wrap(view), name=f"events_alertchannel_{name}")
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
        context = {**(extra_context or {}), "may_operate": may_operate(request)}
        return super().change_view(request, object_id, form_url, context)

    # --- What operators do ------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not may_operate(request):
            raise PermissionDenied
        everything = {"kinds": AlertKind.values}
        form = NewForm("", request.POST if request.method == "POST" else None, initial=everything)
        if form.is_bound and form.is_valid():
            try:
                channel = channels.create_channel(
                    ChannelKind(form.cleaned_data["kind"]),
                    form.wanted(),
                    acting_user(request),
                    timezone.now(),
                    local=settings.WEBHOOKS_LOCAL,
                )
            except Refused as refused:
                form.refuse(refused)
            else:
                messages.success(request, gettext("Saved. Now send a test message."))
                return _to(channel)
        return self._page(request, "add", gettext("Add alert channel"), form=form)

    def edit_view(self, request: HttpRequest, channel_id: UUID) -> HttpResponse:
        channel = self._channel(request, channel_id)
        stored = {
            "name": channel.name,
            "language": channel.language,
            "kinds": channel.kinds or AlertKind.values,
            "active": channel.active,
        }
        typed = request.POST if request.method == "POST" else None
        form = ChangeForm(channel.kind, typed, initial=stored)
        for field in ("address", "secret"):
            form.fields[field].help_text = _("Leave empty to keep the current one")
        if form.is_bound and form.is_valid():
            try:
                channels.change_channel(
                    channel.pk,
                    form.wanted(),
                    acting_user(request),
                    timezone.now(),
                    local=settings.WEBHOOKS_LOCAL,
                )
            except Refused as refused:
                form.refuse(refused)
            else:
                messages.success(request, gettext("Saved. Now send a test message."))
                return _to(channel)
        title = gettext("Change %(name)s") % {"name": channel.name}
        return self._page(request, "edit", title, form=form, channel=channel)

    def test_view(self, request: HttpRequest, channel_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST sends, and shows the answer."""
        channel = self._channel(request, channel_id)
        if request.method != "POST":
            title = gettext("Send a test message to %(name)s") % {"name": channel.name}
            return self._page(request, "test", title, channel=channel)
        verdict = channels.try_channel(
            channel.pk, acting_user(request), timezone.now(), local=settings.WEBHOOKS_LOCAL
        )
        said = _of_test(channel, verdict)
        (messages.success if verdict.result is Result.ACCEPTED else messages.error)(request, said)
        return _to(channel)

    def _channel(self, request: HttpRequest, channel_id: UUID) -> AlertChannel:
        if not may_operate(request):
            raise PermissionDenied
        return get_object_or_404(AlertChannel, pk=channel_id)

    def _page(self, request: HttpRequest, act: str, title: str, **context: Any) -> HttpResponse:
        known = {**self.admin_site.each_context(request), "opts": self.opts}
        response = TemplateResponse(
            request,
            "admin/events/alertchannel/act.html",
            {**known, "title": title, "act": act, **context},
        )
        response["Cache-Control"] = "private, no-store"
        return response

    # --- Columns ----------------------------------------------------------------------------------

    @admin.display(description=_("sending"), boolean=True)
    def sends(self, channel: AlertChannel) -> bool:
        return channel.active and channel.stopped_at is None

    @admin.display(description=_("language"))
    def in_language(self, channel: AlertChannel) -> str:
        return dict(settings.LANGUAGES).get(channel.language, channel.language)

    @admin.display(description=_("signed"), boolean=True)
    def signed(self, channel: AlertChannel) -> bool:
        return bool(channel.secret_sealed)

    @admin.display(description=_("alerts"))
    def told(self, channel: AlertChannel) -> str:
        chosen = [str(AlertKind(kind).label) for kind in channel.kinds if kind in AlertKind]
        return " · ".join(chosen) if channel.kinds else gettext("All")

    @admin.display(description=_("last answer"))
    def last_answer(self, channel: AlertChannel) -> SafeString | str:
        return format_html('<span class="raw">{}</span>', channel.answer) if channel.answer else "—"


def _to(channel: AlertChannel) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:events_alertchannel_change", args=[channel.pk]))


def _of_test(channel: AlertChannel, verdict: Verdict) -> str:
    """Return the result of a test in words."""
    if verdict.result is not Result.ACCEPTED:
        return gettext("Not accepted. The answer was: %(answer)s") % {"answer": verdict.words}
    if channel.kind == ChannelKind.MAIL:
        return gettext("Queued as an email. Check the mailbox.")
    return gettext("Accepted. The message is in the chat.")


@admin.register(AlertMessage)
class AlertMessageAdmin(ReadOnlyAdmin):
    about_people = False
    list_display = ("created_at", "channel", "text", "outcome", "finished_at")
    list_filter = ("outcome", "kind")
    search_fields = ("channel__name",)
    list_select_related = ("channel",)
    ordering = ("-pk",)
    fields = ("channel", "kind", "said", "text", "created_at", "outcome", "finished_at", "answer")
    readonly_fields = ("text",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_operate(request) or super().has_view_permission(request, obj)

    @admin.display(description=_("message"))
    def text(self, message: AlertMessage) -> str:
        return lines_of([message], get_language() or message.channel.language, "")[0].text
