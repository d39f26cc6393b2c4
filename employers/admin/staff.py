"""Staff accounts, the only accounts that are made in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.models import User
from employers.security import second_factor

if TYPE_CHECKING:
    StaffAdminBase = UserAdmin[Any]
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
else:
    StaffAdminBase, CreationForm, ChangeForm = UserAdmin, AdminUserCreationForm, UserChangeForm


class StaffCreationForm(CreationForm):
    """A new colleague, by e-mail address.

    Without a password, they set one with the mail for forgotten passwords.
    """

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        """Return the address in lower case, as stored. Reports that another account holds it before
        the database does.
        """
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.holder(email) is not None:
            raise forms.ValidationError(_("An account with this email address already exists."))
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
    """Staff only: recruiters' accounts are created by registration and ended by their employer's
    owner.
    """

    form = StaffChangeForm
    add_form = StaffCreationForm
    list_display = (
        "email",
        "is_active",
        "is_superuser",
        "has_second_factor",
        "last_login",
        "joined_at",
    )
    list_select_related = ("second_factor",)
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("email",)
    ordering = ("email",)
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("email", "password", "language")}),
        (_("Permissions"), {"fields": ("is_active", "groups", "is_superuser")}),
        (_("Sign-in"), {"fields": ("has_second_factor", "recovery_codes_left")}),
        (_("Dates"), {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )
    readonly_fields = ("joined_at", "last_login", "has_second_factor", "recovery_codes_left")
    change_form_template = "admin/employers/user/change_form.html"

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return hasattr(user, "second_factor")

    @admin.display(description=_("recovery codes left"))
    def recovery_codes_left(self, user: User) -> int:
        return second_factor.recovery_codes_left(user)

    def get_urls(self) -> list[URLPattern]:
        reset = path(
            "<uuid:user_id>/second-factor/",
            self.admin_site.admin_view(self.reset_view),
            name="employers_user_second_factor",
        )
        return [reset, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may_reset = request.user.is_superuser and str(request.user.pk) != object_id
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "may_reset": may_reset}
        )

    def reset_view(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        """GET asks for confirmation; POST removes a colleague's second factor and ends their
        sign-ins.
        """
        assert isinstance(request.user, User)
        colleague = get_object_or_404(self.get_queryset(request), pk=user_id)
        address = reverse("admin:employers_user_change", args=[user_id])
        if not request.user.is_superuser or request.user == colleague:
            raise PermissionDenied
        if request.method != "POST":
            title = gettext("Reset second factor for %(who)s") % {"who": colleague.email}
            context = {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "colleague": colleague,
                "back": address,
            }
            return TemplateResponse(request, "admin/employers/user/reset.html", context)
        second_factor.reset(colleague, request.user, timezone.now())
        messages.success(
            request, gettext("Second factor reset. They set up a new one when they next sign in.")
        )
        return HttpResponseRedirect(address)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staff=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only superusers assign permissions. Otherwise, permission to edit colleagues would
        include every other permission.
        """
        mine = (
            *self.readonly_fields,
            *(() if request.user.is_superuser else ("is_superuser", "groups")),
        )
        return mine if obj is None else (*mine, "email")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Decisions keep their reviewer, so colleagues who leave are deactivated instead."""
        return False
