"""What does a reviewer see, and press? The queue, the case page with its buttons, and everything else to look at.

Every button calls the operation that any other door would call. No form of the admin writes a row of this app.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from employers.models import User
from employers.sightings import phone_of
from events.errors import Refused
from verification import claiming, guards, operations, review
from verification.clients_admin import ClientAuthorisationAdmin as ClientAuthorisationAdmin  # registered by being imported
from verification.clusters_admin import BulkAdmin as BulkAdmin  # registered by being imported
from verification.console import (
    BUTTON_WORDS,
    BUTTONS,
    DONE_WORDS,
    NEEDS_CONFIRMATION,
    NOTHING_TYPED,
    DecisionForm,
    Typed,
    case_page,
    in_words,
    record_look,
    record_phone,
)  # fmt: skip
from verification.evidence_admin import DecisionAdmin as DecisionAdmin  # registered, with its neighbours, by being imported
from verification.exclusions_admin import ExclusionAdmin as ExclusionAdmin  # registered by being imported
from verification.models import Case, DocumentPage
from verification.queue_admin import QueueAdmin
from verification.queueing import NO_FILTERS, Filters

# --- The case ------------------------------------------------------------------------------------------


@admin.register(Case)
class CaseAdmin(QueueAdmin):
    """Those with `verification.view_case` look; those with `verification.change_case` also decide: they are reviewers."""

    # Addresses

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        decide = view(self.decide_view)
        return [
            path("next/", view(self.claim_next_view), name="verification_case_next"),
            path("<uuid:case_id>/claim/", view(self.claim_view), name="verification_case_claim"),
            path("<uuid:case_id>/release/", view(self.release_view), name="verification_case_release"),
            path("<uuid:case_id>/phone/", view(self.phone_view), name="verification_case_phone"),
            path("<uuid:case_id>/page/<uuid:document_id>/<int:number>/", view(self.page_view), name="verification_case_page"),
            *(path(f"<uuid:case_id>/{verb}/", decide, {"verb": verb}, name=f"verification_case_{verb}") for verb in BUTTONS),
            *super().get_urls(),
        ]

    # What the buttons do

    def claim_next_view(self, request: HttpRequest) -> HttpResponse:
        """Take the most urgent case of those that are asked for and that this reviewer may take."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        filters = Filters.from_query(request.GET.dict())
        if case := claiming.claim_next(self._reviewer(request), timezone.now(), filters=filters):
            return _to_case(case.pk, filters)
        messages.info(request, gettext("No case is waiting that you could take."))
        return _to_queue()

    def claim_view(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """Claim, or hold for longer; what has been typed meanwhile stays on the page."""
        if request.method != "POST":
            return _to_case(case_id)
        reviewer = self._reviewer(request)
        typed = Typed.of(request.POST.get("verb", ""), request)
        try:
            operations.claim(case_id, reviewer, timezone.now())
        except Refused as refused:
            messages.error(request, in_words(refused))
        except Case.DoesNotExist as error:
            raise Http404 from error
        return self._case_page(request, case_id, typed) if typed.verb else _to_case(case_id)

    def release_view(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return _to_case(case_id)
        reviewer = self._reviewer(request)
        try:
            claiming.release(case_id, reviewer, timezone.now())
        except Refused as refused:
            messages.error(request, in_words(refused))
            return _to_case(case_id)
        except Case.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, gettext("The case is back in the queue."))
        return _to_queue()

    def decide_view(self, request: HttpRequest, case_id: UUID, verb: str) -> HttpResponse:
        """A button was pressed: show it once more where that is due, then do it and go on to the next case."""
        if request.method != "POST":
            return _to_case(case_id)
        reviewer, now, typed = self._reviewer(request), timezone.now(), Typed.of(verb, request)
        case = self._case(request, case_id)
        form = DecisionForm(verb, request.POST)
        if "back" in request.POST:
            return self._case_page(request, case_id, typed)
        if not form.is_valid():
            messages.error(request, gettext("What was sent does not fit this decision. Please look at it again."))
            return self._case_page(request, case_id, typed, status=400)
        confirmed = "confirmed" in request.POST or ("preview" not in request.POST and verb not in NEEDS_CONFIRMATION)
        try:
            if not confirmed:
                return self._confirm_page(request, case, typed, form, now)
            sent, actor = form.cleaned_data, reviewer.as_reviewer()
            operations.review(case.pk, verb, actor, now, sent["reasons"], sent["note"], sent["seen_version"], form.suspend_in_force)
        except Refused as refused:
            messages.error(request, in_words(refused))
            return self._case_page(request, case_id, typed, status=409)
        case_url = reverse("admin:verification_case_change", args=[case_id])
        messages.success(request, format_html('<a href="{}">{}</a>', case_url, DONE_WORDS[verb] % {"name": case.declared_name}))
        if verb not in guards.NEEDS_CLAIM:
            return _to_case(case_id)
        following = next(iter(self._free(reviewer, now)), None)
        return _to_case(following.pk) if following else _to_queue()

    def _confirm_page(self, request: HttpRequest, case: Case, typed: Typed, form: DecisionForm, now: datetime) -> HttpResponse:
        """What is about to be done, in the words and both languages in which the employer will be told. Raises Refused."""
        verb, reviewer = typed.verb, self._reviewer(request).as_reviewer()
        if refused := guards.may(verb, case, reviewer, now) or guards.undecided(verb, case, now, form.suspend_in_force):
            raise refused
        if verb in guards.NEEDS_REASON and not typed.reasons:
            raise Refused("reason_required")
        context = {
            "case": case,
            "verb": verb,
            "label": BUTTON_WORDS[verb],
            "typed": typed,
            "seen_version": form.cleaned_data["seen_version"],
            "in_force": Case.objects.beside(case).in_force(now).first() if verb == "reject" else None,
            "reasons": [choice.reason for choice in review.choices(verb, (), typed.reasons) if choice.ticked],
        }
        return self._page(request, "confirm", f"{BUTTON_WORDS[verb]}: {case.declared_name}", context)

    # The case page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            return self._case_page(request, UUID(object_id))
        except ValueError as error:
            raise Http404 from error

    def _case_page(self, request: HttpRequest, case_id: UUID, typed: Typed = NOTHING_TYPED, status: int = 200) -> HttpResponse:
        case, now = self._case(request, case_id), timezone.now()
        reviewer = self._reviewer(request) if self._may_decide(request) else None
        return self._page(request, "change_form", case.declared_name, {"now": now, **case_page(case, reviewer, typed, now)}, status)

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "is_nav_sidebar_enabled": False, "title": title, "opts": self.opts, **context}
        response = TemplateResponse(request, f"admin/verification/case/{template}.html", context, status=status)
        response["Cache-Control"] = "private, no-store"
        return response

    # Pictures

    def page_view(self, request: HttpRequest, case_id: UUID, document_id: UUID, number: int) -> HttpResponse:
        """One page of one of the case's documents, decrypted; who looked is put on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        assert isinstance(request.user, User)
        pages = DocumentPage.objects.select_related("document__case")
        page = get_object_or_404(pages, document=document_id, document__case=case_id, number=number)
        with page.image.open("rb") as stored:
            response = HttpResponse(stored.read(), content_type="image/jpeg")
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = "inline"
        record_look(page, request.user, timezone.now())
        return response

    def phone_view(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """The case's page with the recruiter's whole number, for a reviewer who calls; who asked for it is put on record."""
        if request.method != "POST":
            return _to_case(case_id)
        reviewer, case, now = self._reviewer(request), self._case(request, case_id), timezone.now()
        number = phone_of(case.submitted_by) if case.submitted_by else ""
        if not number:
            return _to_case(case_id)
        record_phone(case, reviewer, now)
        return self._page(
            request, "change_form", case.declared_name, {**case_page(case, reviewer, NOTHING_TYPED, now), "phone": number, "whole": True}
        )

    # Who asks, and for what

    def _may_decide(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("verification.change_case"))

    def _reviewer(self, request: HttpRequest) -> User:
        if not self._may_decide(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _case(self, request: HttpRequest, case_id: UUID) -> Case:
        if not self.has_view_permission(request):
            raise PermissionDenied
        case: Case = get_object_or_404(Case.objects.select_related("employer", "submitted_by", "claimed_by"), pk=case_id)
        return case

    def _free(self, reviewer: User, now: datetime) -> list[Case]:
        """The first waiting cases that this reviewer may take; a handful, since a few may go to somebody faster."""
        actor = reviewer.as_reviewer()
        waiting = Case.objects.awaiting_review().free(now).open_to(actor)[:20]
        return [case for case in waiting if guards.may_claim(case, actor, now) is None]


def _to_case(case_id: UUID, filters: Filters = NO_FILTERS) -> HttpResponseRedirect:
    url, asked = reverse("admin:verification_case_change", args=[case_id]), filters.as_query()
    return HttpResponseRedirect(f"{url}?{asked}" if asked else url)


def _to_queue() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:verification_case_changelist"))
