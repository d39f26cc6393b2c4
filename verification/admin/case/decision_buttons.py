"""Buttons that prepare a decision, make it, or take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from employers.models import User
from events.core.errors import Refused
from verification.admin import case_panel
from verification.admin.case.claim_buttons import next_case
from verification.admin.case.pages import (
    CasePages,
    asks_for_json,
    case_url,
    filters_of,
    queue_url,
    to_case,
    to_queue,
    told_of,
)
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
from verification.reviewing import claims, hold_and_escalate, rulings

MASKED: Final = ("email", "phone")


class DecisionButtons(CasePages):
    def draft(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        self.case_shown(request, case_id)
        typed = Typed.of(request.POST.get("verb", "")[:30], request)
        claims.save_draft(
            case_id,
            reviewer,
            now,
            verb=typed.verb,
            codes=typed.reasons,
            note=typed.note,
            about=typed.about,
        )
        return JsonResponse({"kept": True})

    def preview(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """The mail that the employer would get, word for word, in each language."""
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
        """The whole address or number of whoever handed the case in; who asked for it is put on
        record.
        """
        field = request.POST.get("field", "")
        if field not in MASKED:
            raise Http404
        value = claims.unmask(case_id, field, reviewer, now)
        return self.show_case(
            request, case_id, NOTHING_TYPED, unmasked={field: value, f"whole_{field}": True}
        )

    def decide(
        self, verb: str, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """A button was pressed: show it once more where that is due, then do it and go on to the
        next case.
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
                case_panel.replied(request.POST.get("reply", ""), verb, case, typed)
            )
            return (
                JsonResponse({"note": typed.note})
                if asks_for_json(request)
                else self.show_case(request, case_id, typed)
            )
        if not form.is_valid():
            if asks_for_json(request):
                return JsonResponse({"says": _does_not_fit()}, status=400)
            messages.error(request, _does_not_fit())
            return self.show_case(request, case_id, typed, status=400)
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
        """What can be undone is held; everything else is done at once."""
        sent = form.cleaned_data
        codes, note, version = sent["reasons"], sent["note"], sent["seen_version"]
        if verb in guards.NEEDS_CLAIM:
            ruling = rulings.rule_on_case(
                case.pk,
                verb,
                reviewer,
                now,
                codes,
                note,
                seen_version=version,
                besides=form.besides,
            )
            return self._onward(request, reviewer, now, toast=case_panel.said_of(ruling, now))
        operations.review(
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
        """Take a decision back while that is possible; its case comes back as it was, with what was
        typed.
        """
        ruling = get_object_or_404(Ruling, pk=ruling_id)
        self.case_shown(
            request, ruling.case_id
        )  # a case that is not shown to them has no rulings either
        if request.method != "POST":
            return to_case(request, ruling.case_id)
        try:
            rulings.undo(ruling_id, self.reviewer_of(request), timezone.now())
        except Refused as refused:
            return self.refused_page(request, ruling.case_id, refused)
        return (
            JsonResponse({"next": told_of(request, ruling.case)})
            if asks_for_json(request)
            else to_case(request, ruling.case_id)
        )

    def hold(
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
        done = wording.DECISIONS["hold"].done % {"name": case.declared_name}
        return self._onward(request, reviewer, now, said=done)

    def escalate(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        case = hold_and_escalate.escalate_case(
            case_id, reviewer, now, Typed.of("escalate", request).note
        )
        done = wording.DECISIONS["escalate"].done % {"name": case.declared_name}
        return self._onward(request, reviewer, now, said=done)

    def _onward(
        self,
        request: HttpRequest,
        reviewer: User,
        now: datetime,
        *,
        toast: dict[str, Any] | None = None,
        said: str = "",
    ) -> HttpResponse:
        """To the next case, which is claimed, with what can still be undone or was `said`."""
        following = next_case(reviewer, now, filters_of(request))
        if not asks_for_json(request):
            if said:
                messages.success(request, said)
            return to_case(request, following.pk) if following else to_queue(request)
        shown = {"toast": toast, "said": said, "asked": filters_of(request).suffix()}
        html = render_to_string("admin/verification/case/parts/toast.html", shown, request)
        return JsonResponse(
            {"next": told_of(request, following), "queue": queue_url(request), "toast": html}
        )

    def _confirm_page(
        self,
        request: HttpRequest,
        reviewer: User,
        case: Case,
        typed: Typed,
        form: DecisionForm,
        now: datetime,
    ) -> HttpResponse:
        """What is about to be done, in the words and both languages in which the employer will be
        told. Raises Refused.
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
        title = f"{wording.DECISIONS[verb].button}: {case.declared_name}"
        return self.show(request, "confirm", title, context)


def _mails(
    case_id: UUID, verb: str, reviewer: User, now: datetime, form: DecisionForm
) -> dict[str, tuple[str, str]]:
    sent = form.cleaned_data
    return rulings.preview(
        case_id, verb, reviewer, now, sent["reasons"], sent["note"], besides=form.besides
    )


def _does_not_fit() -> str:
    return gettext("What was sent does not fit this decision. Please look at it again.")
