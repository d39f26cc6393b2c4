"""Staff accounts, the only accounts that are made in the console.

Nobody sets a colleague's password here, and one superuser alone makes no other. The operations in
`employers.accounts.staff` record each change and mail the people concerned.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts import staff
from employers.accounts.forms import refusal_html
from employers.admin.groups import GroupsField, InGroupFilter, acting_user
from employers.models import SuperuserProposal, User
from employers.security import second_factor
from events.admin import ConsoleAdmin
from events.core.errors import Refused

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm

ACTS: Final = {
    "second-factor": (
        "reset",
        _("Reset two-step verification for %(who)s"),
        _("Reset two-step verification"),
    ),
    "password-link": ("link", _("Send a password link to %(who)s"), _("Send a password link")),
    "propose": ("propose", _("Make %(who)s a superuser"), _("Make superuser")),
    "confirm": ("confirm", _("Confirm %(who)s as a superuser"), _("Confirm superuser")),
    "drop": ("drop", _("Do not make %(who)s a superuser"), _("Drop proposal")),
    "end-superuser": ("end", _("End superuser rights of %(who)s"), _("End superuser rights")),
}
"""The acts on a colleague, by address: template, title and button."""


class InvitationForm(UserForm):
    """A new colleague, who chooses a password by a mailed link."""

    class Meta:
        model = User
        fields = ("email", "language", "groups")

    def clean_email(self) -> str:
        """Return the address in lower case, as stored. Reports that another account holds it before
        the database does.
        """
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.holder(email) is not None:
            raise forms.ValidationError(_("An account with this email address already exists."))
        return email


@admin.register(User)
class StaffAdmin(ConsoleAdmin):
    """Staff only: recruiters' accounts are created by registration and ended by their employer's
    owner.
    """

    list_display = (
        "email",
        "is_active",
        "is_superuser",
        "has_second_factor",
        "last_login",
        "joined_at",
    )
    list_select_related = ("second_factor",)
    list_filter = ("is_active", "is_superuser", InGroupFilter)
    search_fields = ("email",)
    ordering = ("email",)
    actions = None
    fieldsets = (
        (None, {"fields": ("email", "language")}),
        (_("Permissions"), {"fields": ("is_active", "groups", "is_superuser", "proposal")}),
        (_("Sign-in"), {"fields": ("has_password", "has_second_factor", "recovery_codes_left")}),
        (_("Dates"), {"fields": ("joined_at", "last_login")}),
    )
    readonly_fields = (
        "is_superuser",
        "proposal",
        "joined_at",
        "last_login",
        "has_password",
        "has_second_factor",
        "recovery_codes_left",
    )
    change_form_template = "admin/employers/user/change_form.html"

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "language":
            return forms.ChoiceField(
                label=capfirst(gettext("language")), choices=settings.LANGUAGES
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: Any = None, **kwargs: Any
    ) -> Any:
        if db_field.name == "groups":
            kwargs |= {
                "form_class": GroupsField,
                "help_text": "",
                "widget": forms.CheckboxSelectMultiple,
            }
        return super().formfield_for_manytomany(db_field, request=request, **kwargs)

    @admin.display(description=_("two-step verification"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return hasattr(user, "second_factor")

    @admin.display(description=_("password chosen"), boolean=True)
    def has_password(self, user: User) -> bool:
        return user.has_usable_password()

    @admin.display(description=_("recovery codes left"))
    def recovery_codes_left(self, user: User) -> int:
        return second_factor.recovery_codes_left(user)

    @admin.display(description=_("superuser proposal"), empty_value="—")
    def proposal(self, user: User) -> str:
        proposal = _proposal_of(user)
        if proposal is None:
            return ""
        at = date_format(timezone.localtime(proposal.proposed_at), "DATETIME_FORMAT")
        return gettext("proposed by %(who)s on %(when)s, waits for a second superuser") % {
            "who": proposal.proposed_by,
            "when": at,
        }

    # --- Who may ----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staff=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only superusers assign permissions. Otherwise, permission to edit colleagues would
        include every other permission.
        """
        powers = () if staff.may_assign(acting_user(request)) else ("is_active", "groups")
        return (*self.readonly_fields, *powers, *(("email",) if obj else ()))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if (
            isinstance(obj, User)
            and obj.is_superuser
            and not staff.may_assign(acting_user(request))
        ):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Decisions keep their reviewer, so colleagues who leave are deactivated instead."""
        return False

    # --- Saving -----------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fieldsets
        return [(None, {"fields": ("email", "language", *_groups_for(request))})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = InvitationForm
        return super().get_form(request, obj, change=change, **kwargs)

    def changeform_view(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        """Show or save the form. A refusal is shown above the page as it is now."""
        try:
            response: HttpResponse = super().changeform_view(request, *given, **named)
        except Refused as refused:
            messages.error(request, refusal_html(refused))
            return HttpResponseRedirect(request.path)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        typed, by, now = form.cleaned_data, acting_user(request), timezone.now()
        if change:
            staff.change_colleague(
                obj.pk,
                by,
                now,
                language=typed["language"],
                is_active=typed.get("is_active"),
                groups=typed.get("groups"),
            )
            return
        made = staff.invite_staff(
            typed["email"], typed["language"], typed.get("groups", ()), by, now
        )
        obj.pk, obj.is_staff, obj._state.adding = made.pk, True, False
        messages.info(
            request,
            gettext("We have sent %(who)s a link to choose a password.") % {"who": made.email},
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operations save the groups."""

    # --- Acts: GET asks for confirmation, POST acts -----------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            *(
                path(
                    f"<uuid:user_id>/{act}/",
                    wrap(self._behind(act)),
                    name=f"employers_user_{act.replace('-', '_')}",
                )
                for act in ACTS
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        colleague = self.get_object(request, object_id)
        acts = (
            [
                (
                    reverse(f"admin:employers_user_{act.replace('-', '_')}", args=[colleague.pk]),
                    words,
                )
                for act, (_template, _title, words) in ACTS.items()
                if self._may(act, request, colleague)
            ]
            if colleague
            else []
        )
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "acts": acts}
        )

    def _may(self, act: str, request: HttpRequest, colleague: User) -> bool:
        """Return whether the button is shown. The operations decide."""
        user = acting_user(request)
        if act == "password-link":
            return colleague.is_active and self.has_change_permission(request, colleague)
        if not staff.may_assign(user):
            return False
        proposal = _proposal_of(colleague)
        return {
            "second-factor": colleague != user and self.has_second_factor(colleague),
            "propose": colleague.is_active and not colleague.is_superuser and proposal is None,
            "confirm": proposal is not None and staff.may_confirm(proposal, user) is None,
            "drop": proposal is not None,
            "end-superuser": colleague.is_superuser,
        }[act]

    def _behind(self, act: str) -> Callable[[HttpRequest, UUID], HttpResponse]:
        template, title, button = ACTS[act]

        def view(request: HttpRequest, user_id: UUID) -> HttpResponse:
            colleague = get_object_or_404(self.get_queryset(request), pk=user_id)
            user, back = (
                acting_user(request),
                reverse("admin:employers_user_change", args=[user_id]),
            )
            allowed = (
                self.has_change_permission(request, colleague)
                if act == "password-link"
                else staff.may_assign(user)
            )
            if not allowed or (act == "second-factor" and colleague == user):
                raise PermissionDenied
            if request.method == "POST":
                try:
                    messages.success(request, _done(act, colleague, user, timezone.now()))
                except Refused as refused:
                    messages.error(request, refusal_html(refused))
                return HttpResponseRedirect(back)
            context = {
                **self.admin_site.each_context(request),
                "title": title % {"who": colleague.email},
                "button": button,
                "opts": self.opts,
                "colleague": colleague,
                "back": back,
                "others": User.objects.superusers()
                .exclude(pk__in=[user.pk, colleague.pk])
                .exists(),
            }
            return TemplateResponse(request, f"admin/employers/user/{template}.html", context)

        return view


def _done(act: str, colleague: User, by: User, now: datetime) -> str:
    """Carry out an act, and return what to say. Raises Refused."""
    if act == "second-factor":
        second_factor.reset_second_factor(colleague, by, now)
        return gettext(
            "Two-step verification is reset. They set it up again when they next sign in."
        )
    if act == "password-link":
        staff.send_password_link(colleague.pk, by, now)
        return gettext("We have sent %(who)s a link to choose a password.") % {
            "who": colleague.email
        }
    if act == "propose":
        staff.propose_superuser(colleague.pk, by, now)
        return gettext("Proposed. Another superuser must confirm this.")
    if act == "end-superuser":
        staff.end_superuser(colleague.pk, by, now)
        return gettext("You have ended the superuser rights of %(who)s.") % {"who": colleague.email}
    staff.settle_superuser(colleague.pk, by, now, confirmed=act == "confirm")
    if act == "confirm":
        return gettext("You have made %(who)s a superuser.") % {"who": colleague.email}
    return gettext("The proposal was dropped.")


def _proposal_of(user: User) -> SuperuserProposal | None:
    return user.superuser_proposals.open().select_related("proposed_by").first()


def _groups_for(request: HttpRequest) -> tuple[str, ...]:
    return ("groups",) if staff.may_assign(acting_user(request)) else ()
