"""The console's pages of a case and of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from employers.models import User
from employers.permissions import Power
from events.admin import ReadOnlyAdmin
from events.core.errors import Refused
from verification.admin import case_panel
from verification.admin.case_content import case_page, in_words, record_page_view
from verification.admin.decision_form import BUTTONS, NOTHING_TYPED, SET_ASIDE, AssignForm, Typed
from verification.models import Case, DocumentPage
from verification.quality import golden_cases
from verification.reviewing import queue_filters
from verification.reviewing.queue_filters import Filters

NOTHING_UNMASKED: Final[Mapping[str, Any]] = {}


class CasePages(ReadOnlyAdmin):
    """What the buttons share: permissions, the case, and its page."""

    # The queue is where reviewers work. Opening a case is recorded unless they have claimed it.
    about_people = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the queue, with decisions that can be undone or were not carried out."""
        reviewer, now = request.user, timezone.now()
        mine: dict[str, Any] = {}
        if self.may_decide(request) and isinstance(reviewer, User):
            mine = {
                "toast": case_panel.undoable_decision(reviewer, now),
                "returned": case_panel.refused_rulings(reviewer, now),
            }
        return super().changelist_view(request, {**(extra_context or {}), **mine})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            return self.show_case(request, UUID(object_id))
        except ValueError as error:
            raise Http404 from error

    def refused_page(
        self, request: HttpRequest, case_id: UUID, refused: Refused, button: str = ""
    ) -> HttpResponse:
        """Return the case's page with the refusal and the reviewer's input."""
        verb = request.POST.get("verb", button)
        typed = Typed.of(verb, request) if verb in (*BUTTONS, *SET_ASIDE) else NOTHING_TYPED
        return self.show_case(request, case_id, typed, status=409, refusal=in_words(refused))

    def show_case(
        self,
        request: HttpRequest,
        case_id: UUID,
        typed: Typed = NOTHING_TYPED,
        status: int = 200,
        *,
        refusal: str = "",
        inserted: bool = False,
        unmasked: Mapping[str, Any] = NOTHING_UNMASKED,
    ) -> HttpResponse:
        """Return the page of a case.

        `typed` is the input of a form just sent; it is saved as a draft unless it is empty. Without
        it, the page shows the draft. `refusal` is shown in that form, or above the page if the form
        is no longer offered. `inserted` means that a saved reply was inserted into the note.
        """
        case, now = self.case_shown(request, case_id), timezone.now()
        self._record_unclaimed(request, case)
        reviewer = self.reviewer_of(request) if self.may_decide(request) else None
        around: dict[str, Any] = {}
        sent = typed.verb
        if reviewer is not None:
            actor = reviewer.as_reviewer()
            beside = (
                queue_filters.neighbours_of(case, filters_of(request), actor, now)
                if case.submitted_at
                else None
            )
            if not sent:
                typed = case_panel.draft_of(case, reviewer)
            elif case.awaits_review() and (typed.reasons or typed.note.strip()):
                case_panel.save_draft(case_id, reviewer, typed, now)
            around = {
                **case_panel.claim_panel(case, reviewer, now),
                "beside": (
                    {side: case_url(request, pk) for side, pk in vars(beside).items() if pk}
                    if beside
                    else {}
                ),
                "may_save": actor.can(Power.QUALITY) and golden_cases.may_save(case, actor) is None,
                "may_unmask": actor.can(Power.UNMASK),
                "assigning": (
                    AssignForm()
                    if actor.can(Power.ASSIGN) and case.awaits_review() and not case.claimed(now)
                    else None
                ),
                "toast": case_panel.undoable_decision(reviewer, now),
                "returned": case_panel.refused_rulings(reviewer, now),
            }
        content = case_page(case, reviewer, typed, now)
        buttons = (*content["buttons"], *content.get("put_down", ()))
        in_form = bool(sent) and any(button.opened for button in buttons)
        if refusal and not in_form:
            messages.error(request, refusal)
        context = {
            "now": now,
            **content,
            **around,
            "notes": case_panel.case_notes(case),
            "blind": case_panel.is_blind(case),
            "refusal": refusal if in_form else "",
            "focus": "note" if inserted else "form" if in_form else "heading",
            **unmasked,
        }
        return self.show(request, "change_form", case.declared_name, context, status)

    def show(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        page = {
            "is_nav_sidebar_enabled": False,
            "title": title,
            "opts": self.opts,
            "asked": filters_of(request).suffix(),
        }
        context = {**self.admin_site.each_context(request), **page, **context}
        response = TemplateResponse(
            request, f"admin/verification/case/{template}.html", context, status=status
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def page_view(
        self, request: HttpRequest, case_id: UUID, document_id: UUID, number: int
    ) -> HttpResponse:
        """Return one decrypted page of the case's documents, and record the view."""
        case = self.case_shown(request, case_id)
        self._record_unclaimed(request, case)
        assert isinstance(request.user, User)
        pages = DocumentPage.objects.select_related("document__case")
        page = get_object_or_404(pages, document=document_id, document__case=case_id, number=number)
        try:
            with page.image.open("rb") as stored:
                response = HttpResponse(stored.read(), content_type="image/jpeg")
        except FileNotFoundError as error:  # erased after the page was shown
            raise Http404 from error
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = "inline"
        record_page_view(page, request.user, timezone.now())
        return response

    def _record_unclaimed(self, request: HttpRequest, case: Case) -> None:
        if not case.claimed_by_me(str(request.user.pk), timezone.now()):
            self.record_read(request, case)

    def may_decide(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.as_reviewer().can(Power.DECIDE)

    def reviewer_of(self, request: HttpRequest) -> User:
        if not self.may_decide(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def case_shown(self, request: HttpRequest, case_id: UUID) -> Case:
        if not self.has_view_permission(request):
            raise PermissionDenied
        assert isinstance(request.user, User)
        there = Case.objects.shown_to(str(request.user.pk))
        case: Case = get_object_or_404(
            there.select_related("employer", "submitted_by", "claimed_by", "assigned_to"),
            pk=case_id,
        )
        return case


def filters_of(request: HttpRequest) -> Filters:
    """Return the queue's filters, which the URL carries from one case to the next."""
    return Filters.from_query(request.GET.dict())


def case_url(request: HttpRequest, case_id: UUID) -> str:
    return reverse("admin:verification_case_change", args=[case_id]) + filters_of(request).suffix()


def to_case(request: HttpRequest, case_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(case_url(request, case_id))


def to_queue(request: HttpRequest) -> HttpResponseRedirect:
    queue = reverse("admin:verification_case_changelist")
    return HttpResponseRedirect(queue + filters_of(request).suffix())
