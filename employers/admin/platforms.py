"""The console's pages for platforms: creation, keys, return addresses, contact.

A key is shown once, on the page that made it. Every action has a confirmation page, and a form that
is submitted twice acts once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts import api_clients
from employers.accounts.forms import refusal_html
from employers.admin.platform_forms import (
    OVERLAPS,
    AddressesForm,
    CandidatesForm,
    ContactForm,
    KeyForm,
    LimitsForm,
    OnceForm,
    PlatformForm,
    RotateForm,
    SecondFactorForm,
    end_of,
    last_day_of,
)
from employers.models import ApiClient, ApiKey, Scope, User
from events.admin import ReadOnlyAdmin, WhetherFilter, codes_as_html
from events.core.actor import Actor
from events.core.errors import Refused

ONCE: Final = "console.platform_form"
"""Session key with the id of the form opened last. Each id makes only one key."""


def scopes_in_words(scopes: Collection[str]) -> str:
    """Return what a key may do."""
    return gettext(", ").join(str(each.label) for each in Scope if each in scopes)


@admin.register(ApiClient)
class PlatformAdmin(ReadOnlyAdmin):
    about_people = False
    list_display = ("name", "test", "key_begins", "may", "created_at", "revoked_at")
    list_filter = ("test", ("revoked_at", WhetherFilter))
    search_fields = ("name", "=keys__key_start")
    ordering = ("-created_at",)
    fields = (
        "name",
        "test",
        "created_at",
        "revoked_at",
        "return_urls",
        "contact_email",
        "second_factor_required",
        "candidate_settings_url",
        "texts_candidates",
    )
    change_form_template = "admin/employers/apiclient/change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Adding is an operation with its own page, without a model form."""
        return bool(request.user.has_perm("employers.add_apiclient"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(
            request.user.has_perm(f"employers.{verb}_apiclient")
            for verb in ("view", "add", "change")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        return super().get_queryset(request).prefetch_related("keys")

    @admin.display(description=_("key begins with"))
    def key_begins(self, client: ApiClient) -> SafeString:
        return codes_as_html(str(key) for key in client.keys.all() if key.is_live(timezone.now()))

    @admin.display(description=_("permissions"))
    def may(self, client: ApiClient) -> str:
        live = [key for key in client.keys.all() if key.is_live(timezone.now())]
        return scopes_in_words({scope for key in live for scope in key.scopes})

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Any, str]] = [
            ("<uuid:client_id>/revoke/", self.revoke_view, "revoke"),
            ("<uuid:client_id>/keys/add/", self.add_key_view, "add_key"),
            ("<uuid:client_id>/return-addresses/", self.addresses_view, "addresses"),
            ("<uuid:client_id>/contact/", self.contact_view, "contact"),
            ("<uuid:client_id>/candidates/", self.candidates_view, "candidates"),
            ("<uuid:client_id>/second-factor/", self.second_factor_view, "second_factor"),
            ("keys/<uuid:key_id>/limits/", self.limits_view, "limit_key"),
            ("keys/<uuid:key_id>/rotate/", self.rotate_view, "rotate_key"),
            ("keys/<uuid:key_id>/revoke/", self.revoke_key_view, "revoke_key"),
        ]
        wrap = self.admin_site.admin_view
        return [
            *(path(at, wrap(view), name=f"employers_apiclient_{name}") for at, view, name in pages),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the platform and all of its keys, with actions for those in force."""
        now, client = timezone.now(), self.get_object(request, object_id)
        ever = client.keys.order_by("-created_at", "pk") if client else []
        rows = [
            (key, key.is_live(now) and key.client.revoked_at is None, scopes_in_words(key.scopes))
            for key in ever
        ]
        context = {"rows": rows, "may_change": may_change(request)}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )

    # --- What makes a key -------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        title = gettext("Add platform")
        form = (
            PlatformForm(request.POST)
            if request.method == "POST"
            else PlatformForm(initial=once_context(request))
        )
        if not form.is_bound or not form.is_valid():
            return self._page(request, "add", title, form=form)
        if not sent_first(request, form):
            return self._sent_again(request)
        typed = form.cleaned_data
        scopes = [Scope(scope) for scope in typed["scopes"]]
        try:
            client, text = api_clients.create_api_client(
                typed["name"],
                scopes,
                timezone.now(),
                staff_actor(request),
                test=typed["test"],
                return_urls=typed["return_urls"],
                contact_email=typed["contact_email"],
                contact_language=typed["contact_language"] or settings.LANGUAGE_CODE,
                expires_at=end_of(typed["expires_at"]),
                allowed_networks=typed["allowed_networks"],
            )
        except Refused as refused:
            form.refuse(refused)
            reopen_form(request, form)
            return self._page(request, "add", title, form=form)
        return self._created(request, client, scopes, text)

    def add_key_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Add a key, for instance for another of the platform's systems."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        title = gettext("New key for %(name)s") % {"name": client.name}
        form = (
            KeyForm(request.POST)
            if request.method == "POST"
            else KeyForm(initial=once_context(request))
        )
        if not form.is_bound or not form.is_valid():
            return self._page(request, "add_key", title, form=form, client=client)
        if not sent_first(request, form):
            return self._sent_again(request)
        typed = form.cleaned_data
        scopes = [Scope(scope) for scope in typed["scopes"]]
        try:
            _key, text = api_clients.add_key(
                client,
                scopes,
                staff_actor(request),
                timezone.now(),
                expires_at=end_of(typed["expires_at"]),
                allowed_networks=typed["allowed_networks"],
            )
        except Refused as refused:
            if refused.field not in form.fields:
                return self._refused(request, client, refused)
            form.refuse(refused)
            reopen_form(request, form)
            return self._page(request, "add_key", title, form=form, client=client)
        return self._created(request, client, scopes, text)

    def rotate_view(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """Replace a key. The old one works for a while longer, so that no request fails in
        between.
        """
        key = get_object_or_404(
            ApiKey.objects.select_related("client"), pk=checked_platform_id(request, key_id)
        )
        title = gettext("Replace key %(key)s") % {"key": key}
        shown = {"key": key, "client": key.client}
        form = (
            RotateForm(request.POST)
            if request.method == "POST"
            else RotateForm(initial=once_context(request))
        )
        if not form.is_bound or not form.is_valid():
            return self._page(request, "rotate", title, form=form, **shown)
        if not sent_first(request, form):
            return self._sent_again(request)
        _words, overlap = OVERLAPS[form.cleaned_data["overlap"]]
        try:
            new, text = api_clients.rotate_key(
                key,
                overlap,
                staff_actor(request),
                timezone.now(),
                expires_at=end_of(form.cleaned_data["expires_at"]),
            )
        except Refused as refused:
            if refused.field not in form.fields:
                return self._refused(request, key.client, refused)
            form.refuse(refused)
            reopen_form(request, form)
            return self._page(request, "rotate", title, form=form, **shown)
        return self._created(request, key.client, [Scope(scope) for scope in new.scopes], text)

    # --- What limits one --------------------------------------------------------------------------

    def limits_view(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """Edit when a key ends and where it may be used. Refused input is kept."""
        key = get_object_or_404(
            ApiKey.objects.select_related("client"), pk=checked_platform_id(request, key_id)
        )
        last_day = last_day_of(key.expires_at)
        stored = {"expires_at": last_day, "allowed_networks": key.allowed_networks}
        form = LimitsForm(request.POST if request.method == "POST" else None, initial=stored)
        if request.method == "POST" and form.is_valid():
            day = form.cleaned_data["expires_at"]
            # A replaced key ends at a time of the day, which an unchanged date keeps.
            end = key.expires_at if day == last_day else end_of(day)
            try:
                api_clients.limit_key(
                    key,
                    end,
                    form.cleaned_data["allowed_networks"],
                    staff_actor(request),
                    timezone.now(),
                )
            except Refused as refused:
                if refused.field not in form.fields:
                    return self._refused(request, key.client, refused)
                form.refuse(refused)
            else:
                messages.success(request, gettext("Saved."))
                return to_platform(key.client)
        title = gettext("Limits of key %(key)s") % {"key": key}
        return self._page(request, "limits", title, form=form, key=key, client=key.client)

    # --- What ends one ----------------------------------------------------------------------------

    def revoke_key_view(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST revokes this one key."""
        key = get_object_or_404(
            ApiKey.objects.select_related("client"), pk=checked_platform_id(request, key_id)
        )
        if request.method != "POST":
            return self._page(
                request,
                "revoke_key",
                gettext("Revoke key %(key)s") % {"key": key},
                key=key,
                client=key.client,
            )
        api_clients.revoke_key(key, staff_actor(request), timezone.now())
        messages.success(
            request,
            gettext("Key %(key)s is revoked. Requests that use it are now refused.") % {"key": key},
        )
        return to_platform(key.client)

    def revoke_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST revokes all of the platform's keys."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        if request.method != "POST":
            return self._page(
                request, "revoke", gettext("Revoke %(name)s") % {"name": client.name}, client=client
            )
        api_clients.revoke_api_client(client, staff_actor(request), timezone.now())
        messages.success(
            request,
            gettext("%(name)s is revoked. Requests that use any of its keys are now refused.")
            % {"name": client.name},
        )
        return HttpResponseRedirect(reverse("admin:employers_apiclient_changelist"))

    # --- Where back to ----------------------------------------------------------------------------

    def addresses_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Edit the return addresses. Refused input is kept."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        form = AddressesForm(request.POST or None, initial={"return_urls": client.return_urls})
        if request.method == "POST" and form.is_valid():
            try:
                api_clients.set_return_urls(
                    client, form.cleaned_data["return_urls"], staff_actor(request), timezone.now()
                )
            except Refused as refused:
                form.refuse(refused)
            else:
                messages.success(request, gettext("Saved."))
                return to_platform(client)
        return self._page(
            request,
            "addresses",
            gettext("Return addresses of %(name)s") % {"name": client.name},
            form=form,
            client=client,
        )

    def candidates_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Edit what applies to the platform's candidates. Refused input is kept."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        stored = {
            "settings_url": client.candidate_settings_url,
            "texts_candidates": client.texts_candidates,
        }
        form = CandidatesForm(request.POST if request.method == "POST" else None, initial=stored)
        if form.is_valid():
            typed, by, now = form.cleaned_data, staff_actor(request), timezone.now()
            try:
                api_clients.set_candidate_settings_url(client, typed["settings_url"], by, now)
            except Refused as refused:
                form.refuse(refused)
            else:
                api_clients.text_candidates(client, typed["texts_candidates"], by, now)
                messages.success(request, gettext("Saved."))
                return to_platform(client)
        title = gettext("Candidates of %(name)s") % {"name": client.name}
        return self._page(request, "candidates", title, form=form, client=client)

    def contact_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Edit the contact for mails about the platform's webhooks."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        stored = {
            "contact_email": client.contact_email,
            "contact_language": client.contact_language,
        }
        form = ContactForm(request.POST or None, initial=stored)
        if request.method == "POST" and form.is_valid():
            language = form.cleaned_data["contact_language"] or client.contact_language
            api_clients.set_contact(
                client,
                form.cleaned_data["contact_email"],
                language,
                staff_actor(request),
                timezone.now(),
            )
            messages.success(request, gettext("Saved."))
            return to_platform(client)
        return self._page(
            request,
            "contact",
            gettext("Contact of %(name)s") % {"name": client.name},
            form=form,
            client=client,
        )

    def second_factor_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Edit whether recruiters need a second factor."""
        client = get_object_or_404(ApiClient, pk=checked_platform_id(request, client_id))
        stored = {"second_factor_required": client.second_factor_required}
        form = SecondFactorForm(request.POST or None, initial=stored)
        if request.method == "POST" and form.is_valid():
            required = form.cleaned_data["second_factor_required"]
            api_clients.require_second_factor(
                client, required, staff_actor(request), timezone.now()
            )
            messages.success(request, gettext("Saved."))
            return to_platform(client)
        return self._page(
            request,
            "contact",
            gettext("Two-step verification at %(name)s") % {"name": client.name},
            form=form,
            client=client,
        )

    # --- Pages ------------------------------------------------------------------------------------

    def _created(
        self, request: HttpRequest, client: ApiClient, scopes: list[Scope], text: str
    ) -> HttpResponse:
        title = gettext("API key for %(name)s") % {"name": client.name}
        return self._page(
            request, "created", title, may=scopes_in_words(scopes), key=text, client=client
        )

    def _refused(self, request: HttpRequest, client: ApiClient, refused: Refused) -> HttpResponse:
        messages.error(request, mark_safe(refusal_html(refused)))  # noqa: S308 – our own template
        return to_platform(client)

    def _sent_again(self, request: HttpRequest) -> HttpResponse:
        messages.warning(
            request,
            gettext(
                "You have already submitted this form. A key is shown only once. If you lost"
                " it, revoke it and create another."
            ),
        )
        return HttpResponseRedirect(reverse("admin:employers_apiclient_changelist"))

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **context,
        }
        response = TemplateResponse(request, f"admin/employers/apiclient/{template}.html", context)
        response["Cache-Control"] = "private, no-store"
        return response


def may_change(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("employers.change_apiclient"))


def checked_platform_id(request: HttpRequest, pk: UUID) -> UUID:
    """Return `pk` if the user may change platforms."""
    if not may_change(request):
        raise PermissionDenied
    return pk


def staff_actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return request.user.as_reviewer()


def once_context(request: HttpRequest) -> dict[str, str]:
    """Give this opening of a form an id."""
    request.session[ONCE] = secrets.token_urlsafe(16)
    return {"once": request.session[ONCE]}


def sent_first(request: HttpRequest, form: OnceForm) -> bool:
    """Return whether this form is submitted for the first time."""
    return bool(request.session.pop(ONCE, None) == form.cleaned_data["once"])


def reopen_form(request: HttpRequest, form: OnceForm) -> None:
    """Allow the form to be submitted again, because nothing was made."""
    request.session[ONCE] = form.cleaned_data["once"]


def to_platform(client: ApiClient) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:employers_apiclient_change", args=[client.pk]))
