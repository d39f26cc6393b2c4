"""Buttons that claim a case, give it to a colleague, or take the next one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from employers.models import User
from verification.admin import case_panel
from verification.admin.case.pages import CasePages, filters_of, to_case, to_queue
from verification.admin.decision_form import AssignForm, Typed
from verification.models import Case
from verification.reviewing import claims, rulings
from verification.reviewing.queue_filters import Filters


class ClaimButtons(CasePages):
    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Claim the most urgent case that fits the filters, and show it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reviewer, now = self.reviewer_of(request), timezone.now()
        if case := next_case(reviewer, now, filters_of(request)):
            return to_case(request, case.pk)
        messages.info(request, gettext("There are no cases for you to claim."))
        return to_queue(request)

    def claim(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Claim the case or extend the claim; input stays on the page."""
        claims.claim_case(case_id, reviewer, now)
        typed = Typed.of(request.POST.get("verb", ""), request)
        return self.show_case(request, case_id, typed) if typed.verb else to_case(request, case_id)

    def drop_claim(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.drop_claim(case_id, reviewer, now)
        messages.success(request, gettext("The case is back in the queue."))
        return to_queue(request)

    def beat(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Extend the claim of an open page, and return who else has the case open.

        The reviewer's due rulings are carried out, too.
        """
        self.case_shown(request, case_id)
        beat = claims.record_presence(case_id, reviewer, now, active="active" in request.POST)
        rulings.carry_out_due(now, of=reviewer, at_most=5)
        case = self.case_shown(request, case_id)
        aside = case_panel.claim_panel(case, reviewer, now)
        shown = {"case": case, "asked": filters_of(request).suffix(), **aside}
        html = render_to_string("admin/verification/case/parts/aside.html", shown, request)
        told = {
            "mine": beat.mine,
            "yours_now": beat.yours_now,
            "seconds_left": aside["seconds_left"],
            "key": aside["aside_key"],
        }
        return JsonResponse({**told, "html": html})

    def ask(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.ask_take_over(case_id, reviewer, now)
        return to_case(request, case_id)

    def give(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.give_case(case_id, reviewer, now)
        return to_case(request, case_id)

    def decline_take_over(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.decline_take_over(case_id, reviewer, now)
        return to_case(request, case_id)

    def assign(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Assign the case to a colleague, who is offered it first."""
        form = AssignForm(request.POST)
        if not form.is_valid():
            raise Http404
        colleague = form.cleaned_data["to"]
        claims.assign_case(case_id, colleague, reviewer, now)
        messages.success(request, gettext("Assigned to %(who)s.") % {"who": colleague.email})
        return to_case(request, case_id)


def next_case(reviewer: User, now: datetime, filters: Filters) -> Case | None:
    """Return the case to work on next: one already claimed, or the most urgent free one."""
    claimed = (
        Case.objects.awaiting_review()
        .undecided()
        .filter(claimed_by=reviewer, claimed_until__gt=now)
    )
    return claimed.first() or claims.claim_next(reviewer, now, filters=filters)
