"""The console's pages of members, and links to their employers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts import sightings, staff_reads
from employers.masking import masked_phone
from employers.models import Member, User
from employers.permissions import Power, powers_of
from events.admin import ReadOnlyAdmin, WhetherFilter


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


def employer_link(employer_id: UUID | None, words: object) -> SafeString | str:
    """Return a link to an employer's page; a dash if there is none."""
    if employer_id is None:
        return "—"
    url = reverse("admin:employers_employer_change", args=[employer_id])
    return format_html('<a href="{}">{}</a>', url, words)


@admin.display(description=_("employer"), ordering="employer__name")
def employer_column(row: Any) -> SafeString | str:
    """A column of a list: the row's employer, with a link to its page."""
    return employer_link(row.employer_id, row.employer)


@admin.display(description=_("receiver"), ordering="receiver")
def receiver_column(row: Any) -> SafeString | str:
    """A column of a list: the receiver's name at that time, with a link to its page now."""
    return employer_link(row.employer_id, row.receiver)


@admin.register(Member)
class MemberAdmin(OfEmployersAdmin):
    list_display = ("address", employer_column, "role", "verified", "joined_at", "left_at")
    list_filter = ("role", ("left_at", WhetherFilter))
    list_select_related = ("user", "employer")
    search_fields = ("=user__email", "employer__name", "=employer__uscc", "=id")
    search_help_text = _("Full email address, company name, credit code, or an ID")
    ordering = ("-joined_at",)
    fields = ("address", "phone", "employer", "role", "verified", "joined_at", "left_at")
    change_form_template = "admin/employers/member/change_form.html"

    # Not sortable: the order of the masked addresses would tell what they hide.
    @admin.display(description=_("email"))
    def address(self, member: Member) -> str:
        return member.user.contact_masked

    @admin.display(description=_("phone"), empty_value="—")
    def phone(self, member: Member) -> str:
        return masked_phone(sightings.phone_of(member.user))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.unmask_view)
        name = "employers_member_unmask"
        return [path("<uuid:member_id>/unmask/", view, name=name), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        shown = {"may_unmask": Power.UNMASK in powers_of(request.user.has_perm)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def unmask_view(self, request: HttpRequest, member_id: UUID) -> HttpResponse:
        """Show the recruiter's full address or number on POST, and record it."""
        page = reverse("admin:employers_member_change", args=[member_id])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        if not isinstance(request.user, User) or not self.has_view_permission(request):
            raise PermissionDenied
        if Power.UNMASK not in powers_of(request.user.has_perm):
            raise PermissionDenied
        people = self.get_queryset(request).select_related("user")
        member: Member = get_object_or_404(people, pk=member_id)
        field = request.POST.get("field", "")
        if field not in staff_reads.FIELDS:
            raise Http404
        value = staff_reads.unmask_contact(member.user, field, member, request.user, timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Email address") if field == "email" else gettext("Phone number"),
            "opts": self.opts,
            "member": member,
            "value": value,
            "back": page,
        }
        response = TemplateResponse(request, "admin/employers/member/unmasked.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    @admin.display(description=_("address verified"), boolean=True)
    def verified(self, member: Member) -> bool:
        return member.user.email_verified_at is not None
