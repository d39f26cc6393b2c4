"""Read-only pages for employers, their members and events."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from employers.masking import masked
from employers.models import Employer, Member, User
from employers.permissions import sees_quality
from events.admin import EventAdmin, ReadOnlyAdmin
from events.models import Event


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


@admin.register(Event)
class EmployersEventAdmin(EventAdmin):
    """The event list. Hides the employers of other reviewers' golden cases, and events about golden
    cases from staff without the permission.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        assert isinstance(request.user, User)
        made = Employer.objects.filter(
            Q(made_for__isnull=False) & ~Q(made_for=request.user) | Q(test=True)
        )
        events: QuerySet[Event] = (
            super().get_queryset(request).exclude(employer_id__in=made.values("pk"))
        )
        if sees_quality(request.user.has_perm):
            return events
        return events.exclude(subject_type__in=OF_QUALITY).exclude(verb__in=OF_QUALITY)


    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link to events only for staff who may open them."""
        return super().get_list_display_links(request, list_display) if _opens(request) else None

    def change_view(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        return super().change_view(_who_opens(request), *given, **named)

    def history_view(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        return super().history_view(_who_opens(request), *given, **named)


def _opens(request: HttpRequest) -> bool:
    """Return whether the user may open single events.

    Their addresses contain the order of writing. A golden case's events are written at once, and
    their times lie before those of events written earlier.
    """
    return sees_quality(request.user.has_perm)


def _who_opens(request: HttpRequest) -> HttpRequest:
    if not _opens(request):
        raise PermissionDenied
    return request


OF_QUALITY: Final = ("goldencase", "look_quality")
"""Kinds of subjects, and verbs, that only staff with access to decision quality may see."""


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

    # Not sortable: the order of the masked addresses would tell what they hide.
    @admin.display(description=_("email"))
    def address(self, member: Member) -> str:
        return masked(member.user.email)

    @admin.display(description=_("email"))
    def whole_address(self, member: Member) -> str:
        return member.user.email

    @admin.display(description=_("address verified"), boolean=True)
    def verified(self, member: Member) -> bool:
        return member.user.email_verified_at is not None
