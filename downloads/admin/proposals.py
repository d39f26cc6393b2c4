"""The console's pages for acts of two people: changes of the ladder or a tier, download stops.

One proposes, and another confirms.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import uuid_of
from downloads.gate import ladder_versions, release_stops
from downloads.models import LadderVersion, Move, ReleaseStop, Standing
from downloads.tiers import tier_changes
from employers.accounts.forms import refusal_html
from employers.admin.employers import employer_column
from employers.models import ApiClient, Employer, User
from employers.permissions import PERMISSIONS, Power
from events.admin import ReadOnlyAdmin, WhetherFilter
from events.core.errors import Refused


class MoveForm(forms.Form):
    """The new tier of an employer."""

    employer = forms.UUIDField(label=_("Employer"), help_text=_("Full ID"))
    tier = forms.ChoiceField(
        label=_("Tier"), choices=[("", _("Set by the case")), *Standing.MOVED_TO], required=False
    )
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Leave empty for no end date"),
    )
    why = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class LadderForm(forms.Form):
    """A new version of the ladder."""

    ladder = forms.CharField(
        label=_("Ladder"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "false"}),
    )
    why = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_ladder(self) -> Any:
        try:
            return json.loads(self.cleaned_data["ladder"])
        except ValueError as error:
            raise forms.ValidationError(
                _("Enter valid JSON: %(what)s") % {"what": str(error)}
            ) from error


class StopForm(forms.Form):
    """A download stop, or its end."""

    act = forms.ChoiceField(label=_("Action"), choices=ReleaseStop.Act.choices)
    client = forms.ModelChoiceField(
        label=_("Platform"),
        queryset=ApiClient.objects.filter(revoked_at=None).order_by("name"),
        required=False,
        empty_label=_("all platforms"),
    )
    why = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ProposalAdmin(ReadOnlyAdmin):
    """A list of proposals, a page to make one, and a page on which a second person settles it."""

    form_class: ClassVar[type[forms.Form]]
    may_propose: ClassVar[str]
    may_confirm: ClassVar[str]
    ordering = ("-proposed_at",)
    list_select_related: ClassVar[Any] = ("proposed_by", "settled_by")
    change_form_template = "admin/downloads/proposed.html"

    def propose(self, typed: dict[str, Any], user: User, now: datetime) -> Any:
        raise NotImplementedError

    def settle(self, pk: int, user: User, now: datetime, *, confirmed: bool) -> None:
        raise NotImplementedError

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def heading(self, request: HttpRequest) -> str:
        return ""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Proposals have a page of their own, without a model form."""
        return bool(request.user.has_perm(self.may_propose))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request) or bool(
            request.user.has_perm("downloads.view_gatedecision")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.form_class(request.POST or None, initial=self.initial(request))
        if request.method == "POST" and form.is_valid():
            made: list[Any] = []
            if self._done(
                request,
                lambda user, now: made.append(self.propose(form.cleaned_data, user, now)),
                form,
            ):
                return HttpResponseRedirect(
                    reverse(f"admin:downloads_{self.opts.model_name}_change", args=[made[0].pk])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": self.heading(request) or gettext("Propose"),
            "opts": self.opts,
            "form": form,
        }
        response = TemplateResponse(request, "admin/downloads/propose.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            proposed = get_object_or_404(self.get_queryset(request), pk=object_id)
            confirmed = request.POST.get("settle") == "confirm"
            if not request.user.has_perm(self.may_confirm):
                raise PermissionDenied
            if self._done(
                request, lambda user, now: self.settle(proposed.pk, user, now, confirmed=confirmed)
            ):
                messages.success(
                    request,
                    gettext("Confirmed.") if confirmed else gettext("The proposal was dropped."),
                )
            return HttpResponseRedirect(request.path)
        proposed = self.get_object(request, object_id)
        open_ = (
            proposed is not None and proposed.is_open and request.user.has_perm(self.may_confirm)
        )
        shown = {
            "may_settle": open_,
            "may_confirm": open_
            and proposed is not None
            and proposed.not_by(request.user.pk) is None,
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def _done(
        self,
        request: HttpRequest,
        act: Callable[[User, datetime], None],
        form: forms.Form | None = None,
    ) -> bool:
        """Run `act`; return whether it succeeded. A refusal is shown in the form, or above the
        page.
        """
        assert isinstance(request.user, User)
        try:
            act(request.user, timezone.now())
        except Refused as refused:
            said = refusal_html(refused)
            form.add_error(
                None, forms.ValidationError(said, code=refused.code)
            ) if form else messages.error(request, said)
            return False
        return True


@admin.register(Move)
class MoveAdmin(ProposalAdmin):
    form_class = MoveForm
    may_propose, may_confirm = PERMISSIONS[Power.DECIDE], PERMISSIONS[Power.SECOND_REVIEW]
    list_display = (
        "proposed_at",
        employer_column,
        "tier",
        "until",
        "proposed_by",
        "settled_by",
        "confirmed",
    )
    list_filter = ("tier", "confirmed", ("settled_at", WhetherFilter))
    fields = (
        "employer",
        "tier",
        "until",
        "why",
        "proposed_by",
        "proposed_at",
        "settled_by",
        "settled_at",
        "confirmed",
    )
    search_fields = ("=employer__id", "=employer__uscc")
    list_select_related = ("employer", "proposed_by", "settled_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Move]:
        assert isinstance(request.user, User)
        shown = Employer.objects.shown_to(request.user.pk)
        return super().get_queryset(request).filter(employer__in=shown.values("pk"))

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {name: request.GET.get(name, "") for name in ("employer", "tier")}

    def heading(self, request: HttpRequest) -> str:
        """Name the employer that the address names, so that nobody proposes for another."""
        assert isinstance(request.user, User)
        if (named := uuid_of(request.GET.get("employer", ""))) is None:
            return ""
        shown = Employer.objects.shown_to(request.user.pk).filter(pk=named).first()
        return gettext("Propose a tier change: %(name)s") % {"name": shown} if shown else ""

    def propose(self, typed: dict[str, Any], user: User, now: datetime) -> Move:
        employer_id: UUID = typed["employer"]
        return tier_changes.propose_tier_change(
            employer_id, typed["tier"], typed["why"], typed["until"], user, now
        )

    def settle(self, pk: int, user: User, now: datetime, *, confirmed: bool) -> None:
        tier_changes.settle_tier_change(pk, user, now, confirmed=confirmed)


@admin.register(LadderVersion)
class LadderVersionAdmin(ProposalAdmin):
    about_people = False
    form_class = LadderForm
    may_propose = may_confirm = PERMISSIONS[Power.QUALITY]
    list_display = ("version", "proposed_at", "proposed_by", "settled_by", "active_from")
    fields = (
        "version",
        "changes",
        "why",
        "whole",
        "proposed_by",
        "proposed_at",
        "settled_by",
        "settled_at",
        "active_from",
    )
    readonly_fields = ("changes", "whole")

    @admin.display(description=_("what changes"))
    def changes(self, row: LadderVersion) -> str:
        """Return the differences; they come first, because the second person confirms them."""
        lines = ladder_versions.ladder_differences(
            ladder_versions.as_data(ladder_versions.replaced_ladder(row)), row.data
        )
        return format_html_join(
            "", "<div><code>{}</code></div>", ((line,) for line in lines)
        ) or gettext("No changes")

    @admin.display(description=_("ladder"))
    def whole(self, row: LadderVersion) -> str:
        return format_html("<pre>{}</pre>", json.dumps(row.data, indent=2, ensure_ascii=False))

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "ladder": json.dumps(
                ladder_versions.as_data(ladder_versions.in_force()), indent=2, ensure_ascii=False
            )
        }

    def propose(self, typed: dict[str, Any], user: User, now: datetime) -> LadderVersion:
        return ladder_versions.propose_ladder(typed["ladder"], typed["why"], user, now)

    def settle(self, pk: int, user: User, now: datetime, *, confirmed: bool) -> None:
        ladder_versions.settle_ladder_version(pk, user, now, activate=confirmed)


@admin.register(ReleaseStop)
class ReleaseStopAdmin(ProposalAdmin):
    about_people = False
    form_class = StopForm
    may_propose = may_confirm = PERMISSIONS[release_stops.POWER]
    list_display = ("act", "scope", "in_force", "proposed_at", "proposed_by", "settled_by")
    list_filter = ("in_force", ("settled_at", WhetherFilter))
    fields = (
        "act",
        "scope",
        "why",
        "proposed_by",
        "proposed_at",
        "settled_by",
        "settled_at",
        "confirmed",
        "in_force",
    )
    readonly_fields = ("scope",)
    list_select_related = ("client", "proposed_by", "settled_by")

    @admin.display(description=_("platform"))
    def scope(self, row: ReleaseStop) -> str:
        return row.client.name if row.client else gettext("all platforms")

    def propose(self, typed: dict[str, Any], user: User, now: datetime) -> ReleaseStop:
        client_id = typed["client"].pk if typed["client"] else None
        act = ReleaseStop.Act(typed["act"])
        return release_stops.propose_release_stop(client_id, act, typed["why"], user, now)

    def settle(self, pk: int, user: User, now: datetime, *, confirmed: bool) -> None:
        release_stops.settle_release_stop(pk, user, now, confirmed=confirmed)
