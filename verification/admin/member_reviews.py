"""Console pages for recruiters who are on the exclusion list: let in, or end the membership."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.admin import ReadOnlyAdmin, WhetherFilter
from events.core.errors import Refused
from verification.admin.case_content import in_words
from verification.models import Case, MemberReview
from verification.reviewing import member_reviews

MAY_DECIDE: Final = "verification.change_case"
"""Reviewers who decide cases also decide on recruiters."""


class WhyForm(forms.Form):
    """Why the recruiter may stay or not."""

    why = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only staff read this."),
    )


@admin.register(MemberReview)
class MemberReviewAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "recruiter", "employer", "decided_at", "decided_by", "let_in")
    list_filter = (("decided_at", WhetherFilter),)
    ordering = ("decided_at", "opened_at")
    list_select_related = ("member__user", "member__employer", "decided_by")
    fields = (
        "recruiter",
        "employer",
        "opened_at",
        "matches",
        "decided_at",
        "decided_by",
        "let_in",
        "why",
    )
    change_form_template = "admin/verification/memberreview/change_form.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            request.user.has_perm(MAY_DECIDE)
            or request.user.has_perm("verification.view_memberreview")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MemberReview]:
        reviews: QuerySet[MemberReview] = super().get_queryset(request)
        return reviews.order_by(*self.ordering)

    @admin.display(description=_("recruiter"), ordering="member__joined_at")
    def recruiter(self, review: MemberReview) -> str:
        return str(review.member)

    @admin.display(description=_("employer"), ordering="member__employer__name")
    def employer(self, review: MemberReview) -> SafeString | str:
        employer = review.member.employer
        case = Case.objects.of(employer).first()
        if case is None:
            return employer.name
        href = reverse("admin:verification_case_change", args=[case.pk])
        return format_html('<a href="{}">{}</a>', href, employer.name)

    @admin.display(description=_("matches"))
    def matches(self, review: MemberReview) -> str:
        return " · ".join(str(exclusion) for exclusion in review.exclusions.order_by("added_at"))

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<uuid:review_id>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="verification_memberreview_decide",
        )
        return [decide, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"may_decide": request.user.has_perm(MAY_DECIDE), "form": WhyForm()}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )

    def decide_view(self, request: HttpRequest, review_id: UUID) -> HttpResponse:
        """Let the recruiter in, or end the membership, as the pressed button says."""
        here = reverse("admin:verification_memberreview_change", args=[review_id])
        if request.method != "POST":
            return HttpResponseRedirect(here)
        if not request.user.has_perm(MAY_DECIDE) or not isinstance(request.user, User):
            raise PermissionDenied
        get_object_or_404(MemberReview, pk=review_id)
        let_in = request.POST.get("decision") == "let_in"
        form = WhyForm(request.POST)
        why = form.cleaned_data["why"] if form.is_valid() else ""
        try:
            member_reviews.decide_member(review_id, let_in, why, request.user, timezone.now())
        except Refused as refused:
            messages.error(request, in_words(refused))
            return HttpResponseRedirect(here)
        messages.success(
            request,
            gettext("The recruiter can download resumes.")
            if let_in
            else gettext("The recruiter is removed."),
        )
        return HttpResponseRedirect(reverse("admin:verification_memberreview_changelist"))
