"""What may staff see of employers, and do for colleagues? Platforms and their keys have a module of their own.

Employers and their members are written by registration and by platforms alone. Staff accounts are the only ones that are made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers import platforms_admin as platforms_admin  # registers what it shows
from employers import second_factor
from employers.models import Employer, Member, User
from employers.powers import Power, is_auditor, powers
from employers.webhooks_admin import WebhookEndpointAdmin as WebhookEndpointAdmin  # registered, with its neighbours, by being imported
from events.admin import EventAdmin, LookOnlyAdmin
from events.models import Event

if TYPE_CHECKING:
    StaffAdminBase = UserAdmin[Any]
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
else:
    StaffAdminBase, CreationForm, ChangeForm = UserAdmin, AdminUserCreationForm, UserChangeForm


def masked(email: str) -> str:
    """An address that can be told from another, and not be written to: `m***@example.com`."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***{at}{domain}" if email else ""


# --- Employers and their people ------------------------------------------------------------------------


class OfEmployersAdmin(LookOnlyAdmin):
    """Rows that belong to employers; what belongs to one that was made for a colleague, or by a platform's test, is not there."""

    employer_path = "employer"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        made_for, test = f"{self.employer_path}__made_for", f"{self.employer_path}__test"
        return super().get_queryset(request).filter(Q(**{made_for: None}) | Q(**{made_for: request.user.pk}), **{test: False})


@admin.register(Event)
class EmployersEventAdmin(EventAdmin):
    """What happened to employers that were made for a colleague is not there, nor how golden cases are kept but for those who may see."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        assert isinstance(request.user, User)
        made = Employer.objects.filter(Q(made_for__isnull=False) & ~Q(made_for=request.user) | Q(test=True))
        events: QuerySet[Event] = super().get_queryset(request).exclude(employer_id__in=made.values("pk"))
        has = request.user.has_perm
        if Power.QUALITY in powers(has) or is_auditor(has):
            return events
        return events.exclude(subject_type__in=OF_QUALITY).exclude(verb__in=OF_QUALITY)


OF_QUALITY: Final = ("goldencase", "look_quality")
"""Kinds of subjects, and verbs, of which only those hear who may see how well cases are decided."""


@admin.register(Employer)
class EmployerAdmin(LookOnlyAdmin):
    list_display = ("name", "uscc", "account_class", "registered_at", "confirmed_at")
    list_filter = ("account_class", ("confirmed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "uscc", "=id")
    search_help_text = _("Company name, credit code, or the whole id")
    ordering = ("-registered_at",)
    fields = ("name", "uscc", "account_class", "registered_at", "confirmed_at", "people")
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employer]:
        assert isinstance(request.user, User)
        return Employer.objects.shown_to(request.user.pk)

    @admin.display(description=_("Recruiter"), empty_value="—")
    def people(self, employer: Employer) -> SafeString:
        """Links with masked addresses; an inline of the admin would print the whole ones."""
        rows = [
            (reverse("admin:employers_member_change", args=[member.pk]), masked(member.user.email), member.get_role_display())
            for member in employer.members.select_related("user").order_by("joined_at")
        ]
        return format_html_join("", '<p><a href="{}">{}</a> · {}</p>', rows)


@admin.register(Member)
class MemberAdmin(OfEmployersAdmin):
    list_display = ("address", "employer", "role", "verified", "joined_at", "left_at")
    list_filter = ("role", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "employer")
    search_fields = ("=user__email", "employer__name", "=employer__uscc", "=id")
    search_help_text = _("The whole e-mail address, a company name or credit code, or an id")
    ordering = ("-joined_at",)
    fields = ("whole_address", "employer", "role", "verified", "joined_at", "left_at")

    @admin.display(description=_("e-mail"), ordering="user__email")
    def address(self, member: Member) -> str:
        return masked(member.user.email)

    @admin.display(description=_("e-mail"))
    def whole_address(self, member: Member) -> str:
        return member.user.email

    @admin.display(description=_("address verified"), boolean=True)
    def verified(self, member: Member) -> bool:
        return member.user.email_verified_at is not None


# --- Staff ---------------------------------------------------------------------------------------------


class StaffCreationForm(CreationForm):
    """A colleague by e-mail address. Without a password they set one by the mail for a forgotten password."""

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        """In lower case, as addresses are stored; a second account for one address is told here, not by the database."""
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("This address already has an account."))
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        user: User = super().save(commit)
        return user


class StaffChangeForm(ChangeForm):
    class Meta:
        model = User
        fields = ("email", "language", "is_active", "is_superuser", "groups")


@admin.register(User)
class StaffAdmin(StaffAdminBase):
    """Staff alone: recruiters' accounts are made by registering, and ended by their employer's owner."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    list_display = ("email", "is_active", "is_superuser", "has_second_factor", "last_login", "joined_at")
    list_select_related = ("second_factor",)
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("email",)
    ordering = ("email",)
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("email", "password", "language")}),
        (_("What they may do"), {"fields": ("is_active", "groups", "is_superuser")}),
        (_("Sign-in"), {"fields": ("has_second_factor", "recovery_codes_left")}),
        (_("Since when"), {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("joined_at", "last_login", "has_second_factor", "recovery_codes_left")
    change_form_template = "admin/employers/user/change_form.html"

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return hasattr(user, "second_factor")

    @admin.display(description=_("recovery codes left"))
    def recovery_codes_left(self, user: User) -> int:
        return second_factor.recovery_codes_left(user)

    def get_urls(self) -> list[URLPattern]:
        reset = path("<uuid:user_id>/second-factor/", self.admin_site.admin_view(self.reset_view), name="employers_user_second_factor")
        return [reset, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_reset = request.user.is_superuser and str(request.user.pk) != object_id
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "may_reset": may_reset})

    def reset_view(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        """GET asks once more; POST takes away a colleague's second factor, and ends their sign-ins."""
        assert isinstance(request.user, User)
        colleague = get_object_or_404(self.get_queryset(request), pk=user_id)
        address = reverse("admin:employers_user_change", args=[user_id])
        if not request.user.is_superuser or request.user == colleague:
            raise PermissionDenied
        if request.method != "POST":
            title = gettext("Reset the second factor of %(who)s") % {"who": colleague.email}
            context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "colleague": colleague, "back": address}
            return TemplateResponse(request, "admin/employers/user/reset.html", context)
        second_factor.reset(colleague, request.user, timezone.now())
        messages.success(request, gettext("The second factor is reset. Their next sign-in sets up another."))
        return HttpResponseRedirect(address)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staff=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser hands out rights; else the right to edit colleagues would be the right to everything."""
        mine = (*self.readonly_fields, *(() if request.user.is_superuser else ("is_superuser", "groups")))
        return mine if obj is None else (*mine, "email")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Decisions name their reviewer for good; a colleague who leaves is made inactive."""
        return False
