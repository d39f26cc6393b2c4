"""Buttons that prepare, make or undo a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from employers.accounts import staff_reads
from employers.models import User
from events.core.errors import Refused
from verification.admin import case_panel
from verification.admin.case.claim_buttons import next_case
from verification.admin.case.pages import CasePages, case_url, filters_of, to_case, to_queue
from verification.admin.decision_form import (
    BUTTONS,
    NEEDS_CONFIRMATION,
    NOTHING_TYPED,
    DecisionForm,
    PostponeForm,
    Typed,
)
from verification.cases import guards, operations, wording
from verification.models import Case, Ruling
from verification.reviewing import hold_and_escalate, rulings


class DecisionButtons(CasePages):
    def draft(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        self.case_shown(request, case_id)
        typed = Typed.of(request.POST.get("verb", ""), request)
        case_panel.save_draft(case_id, reviewer, typed, now)
        return JsonResponse({"kept": True})

    def preview(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Return the mail that the employer would get, word for word, in each language."""
        verb = request.POST.get("verb", "")
        form = DecisionForm(verb, request.POST)
        if verb not in BUTTONS or not form.is_valid():
            return JsonResponse({"says": _does_not_fit()}, status=400)
        mails = _mails(case_id, verb, reviewer, now, form)
        return JsonResponse(
            {
                "mails": {
                    language: {"subject": subject, "body": body}
                    for language, (subject, body) in mails.items()
                }
            }
        )

    def unmask(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Show the submitter's full address or number, and record the access."""
        field = request.POST.get("field", "")
        if field not in staff_reads.FIELDS:
            raise Http404
        case = self.case_shown(request, case_id)
        value = staff_reads.unmask_contact(case.submitted_by, field, case, reviewer, now)
        return self.show_case(
            request, case_id, NOTHING_TYPED, unmasked={field: value, f"whole_{field}": True}
        )

    def decide(
        self, verb: str, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Make a decision and go to the next case. Decisions that harm an employer ask for
        confirmation first.
        """
        case, form, typed = (
            self.case_shown(request, case_id),
            DecisionForm(verb, request.POST),
            Typed.of(verb, request),
        )
        if "back" in request.POST:
            return self.show_case(request, case_id, typed)
        if "insert" in request.POST:
            typed = typed.and_also(
                case_panel.rendered_reply(request.POST.get("reply", ""), verb, case, typed)
            )
            return self.show_case(request, case_id, typed, inserted=True)
        if not form.is_valid():
            return self.show_case(request, case_id, typed, status=400, refusal=_does_not_fit())
        if "confirmed" not in request.POST and (
            "preview" in request.POST or verb in NEEDS_CONFIRMATION
        ):
            return self._confirm_page(request, reviewer, case, typed, form, now)
        return self._do(request, reviewer, case, verb, form, now)

    def _do(
        self,
        request: HttpRequest,
        reviewer: User,
        case: Case,
        verb: str,
        form: DecisionForm,
        now: datetime,
    ) -> HttpResponse:
        """Make a ruling if the decision can be undone; carry it out at once if it cannot."""
        sent = form.cleaned_data
        codes, note, version = sent["reasons"], sent["note"], sent["seen_version"]
        if verb in guards.NEEDS_CLAIM:
            rulings.rule_on_case(
                case.pk,
                verb,
                reviewer,
                now,
                codes,
                note,
                seen_version=version,
                besides=form.besides,
            )
            return self._to_next(request, reviewer, now)
        operations.review_case(
            case.pk, verb, reviewer.as_reviewer(), now, codes, note, version, **form.besides
        )
        done = format_html(
            '<a href="{}">{}</a>',
            case_url(request, case.pk),
            wording.DECISIONS[verb].done % {"name": case.declared_name},
        )
        messages.success(request, done)
        return to_case(request, case.pk)

    def undo_view(self, request: HttpRequest, ruling_id: int) -> HttpResponse:
        """Undo a decision while that is possible, and show its case with the reviewer's input."""
        ruling = get_object_or_404(Ruling, pk=ruling_id)
        self.case_shown(
            request, ruling.case_id
        )  # a hidden case has no rulings for this user either
        if request.method != "POST":
            return to_case(request, ruling.case_id)
        try:
            rulings.undo_ruling(ruling_id, self.reviewer_of(request), timezone.now())
        except Refused as refused:
            return self.refused_page(request, ruling.case_id, refused)
        return to_case(request, ruling.case_id)

    def postpone(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        form = PostponeForm(request.POST)
        if not form.is_valid():
            raise Refused("until_invalid", "until")
        case = hold_and_escalate.postpone_case(
            case_id,
            reviewer,
            now,
            now + timedelta(hours=form.cleaned_data["hours"]),
            form.cleaned_data["note"],
        )
        messages.success(request, wording.DECISIONS["hold"].done % {"name": case.declared_name})
        return self._to_next(request, reviewer, now)

    def escalate(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        case = hold_and_escalate.escalate_case(
            case_id, reviewer, now, Typed.of("escalate", request).note
        )
        messages.success(request, wording.DECISIONS["escalate"].done % {"name": case.declared_name})
        return self._to_next(request, reviewer, now)

    def _to_next(self, request: HttpRequest, reviewer: User, now: datetime) -> HttpResponse:
        """Claim the next case and show it; show the queue if no case is left."""
        following = next_case(reviewer, now, filters_of(request))
        return to_case(request, following.pk) if following else to_queue(request)

    def _confirm_page(
        self,
        request: HttpRequest,
        reviewer: User,
        case: Case,
        typed: Typed,
        form: DecisionForm,
        now: datetime,
    ) -> HttpResponse:
        """Show what is about to be done, and the mail to the employer in both languages. Raise
        Refused.
        """
        verb = typed.verb
        context = {
            "case": case,
            "verb": verb,
            "label": wording.DECISIONS[verb].button,
            "typed": typed,
            "seen_version": form.cleaned_data["seen_version"],
            "in_force": (
                Case.objects.beside(case).in_force(now).first() if verb == "reject" else None
            ),
            "mails": _mails(case.pk, verb, reviewer, now, form),
        }
        title = f"{wording.DECISIONS[verb].button}{gettext(': ')}{case.declared_name}"
        return self.show(request, "confirm", title, context)


def _mails(
    case_id: UUID, verb: str, reviewer: User, now: datetime, form: DecisionForm
) -> dict[str, tuple[str, str]]:
    sent = form.cleaned_data
    return rulings.preview_mail(
        case_id, verb, reviewer, now, sent["reasons"], sent["note"], besides=form.besides
    )


def _does_not_fit() -> str:
    return gettext("The form does not fit this decision. Check it and try again.")
