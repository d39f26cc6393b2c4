"""Read-only pages for employers and their members."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from employers.masking import masked
from employers.models import Employer, Member, User
from events.admin import ReadOnlyAdmin


class OfEmployersAdmin(ReadOnlyAdmin):
    """A list of rows that belong to employers. Hides the employers of other reviewers' golden cases
    and of platforms' tests.
    """

    employer_path = "employer"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        made_for, test = f"{self.employer_path}__made_for", f"{self.employer_path}__test"
        return (
            super()
            .get_queryset(request)
            .filter(Q(**{made_for: None}) | Q(**{made_for: request.user.pk}), **{test: False})
        )


@admin.register(Employer)
class EmployerAdmin(ReadOnlyAdmin):
    list_display = ("name", "uscc", "account_class", "registered_at", "confirmed_at")
    list_filter = ("account_class", ("confirmed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "uscc", "=id")
    search_help_text = _("Company name, credit code, or full ID")
    ordering = ("-registered_at",)
    fields = ("name", "uscc", "account_class", "registered_at", "confirmed_at", "people")
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employer]:
        assert isinstance(request.user, User)
        return Employer.objects.shown_to(request.user.pk)

    @admin.display(description=_("Recruiter"), empty_value="—")
    def people(self, employer: Employer) -> SafeString:
        """Return links with masked addresses. An inline would show the full ones."""
        rows = [
            (
                reverse("admin:employers_member_change", args=[member.pk]),
                masked(member.user.email),
                member.get_role_display(),
            )
            for member in employer.members.select_related("user").order_by("joined_at")
        ]
        return format_html_join("", '<p><a href="{}">{}</a> · {}</p>', rows)


@admin.register(Member)
class MemberAdmin(OfEmployersAdmin):
    list_display = ("address", "employer", "role", "verified", "joined_at", "left_at")
    list_filter = ("role", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "employer")
    search_fields = ("=user__email", "employer__name", "=employer__uscc", "=id")
    search_help_text = _("Full email address, company name, credit code, or an ID")
    ordering = ("-joined_at",)
    fields = ("whole_address", "employer", "role", "verified", "joined_at", "left_at")

    @admin.display(description=_("email"), ordering="user__email")
    def address(self, member: Member) -> str:
        return masked(member.user.email)

    @admin.display(description=_("email"))
    def whole_address(self, member: Member) -> str:
        return member.user.email

    @admin.display(description=_("address verified"), boolean=True)
    def verified(self, member: Member) -> bool:
        return member.user.email_verified_at is not None
