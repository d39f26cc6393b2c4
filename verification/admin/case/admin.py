"""The admin of cases: the review queue, the page of each case, and the URLs of its buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone

from employers.console_site import mark_unattended
from employers.models import User
from events.core.errors import Refused
from verification.admin.case.claim_buttons import ClaimButtons
from verification.admin.case.decision_buttons import DecisionButtons
from verification.admin.case.pages import to_case
from verification.admin.case_content import in_words
from verification.admin.decision_form import BUTTONS
from verification.admin.queue import QueueAdmin
from verification.models import Case, SavedReply

Button = Callable[[HttpRequest, User, UUID, datetime], HttpResponse]
FOR_THE_SCRIPT: Final = ("beat", "draft", "preview")
"""Requests of the page's script, which get JSON."""


@admin.register(Case)
class CaseAdmin(ClaimButtons, DecisionButtons, QueueAdmin):
    """Staff with `verification.view_case` view; reviewers, with `verification.change_case`, also
    decide.
    """

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "verification_case_{}".format
        buttons: dict[str, Button] = {
            "claim": self.claim,
            "release": self.drop_claim,
            "beat": self.beat,
            "ask": self.ask,
            "give": self.give,
            "keep": self.decline_take_over,
            "assign": self.assign,
            "draft": self.draft,
            "preview": self.preview,
            "unmask": self.unmask,
            "hold": self.postpone,
            "escalate": self.escalate,
            **{verb: partial(self.decide, verb) for verb in BUTTONS},
        }
        return [
            path("next/", view(self.next_view), name=name("next")),
            path("undo/<int:ruling_id>/", view(self.undo_view), name=name("undo")),
            path(
                "<uuid:case_id>/page/<uuid:document_id>/<int:number>/",
                view(self.page_view),
                name=name("page"),
            ),
            *(
                path(f"<uuid:case_id>/{button}/", view(self._behind(do, button)), name=name(button))
                for button, do in buttons.items()
            ),
            *super().get_urls(),
        ]

    def _behind(self, do: Button, button: str) -> Callable[[HttpRequest, UUID], HttpResponse]:
        """Return the view of a button.

        GET redirects to the case. A refusal is shown on the case's page, with the reviewer's input.
        """

        def view(request: HttpRequest, case_id: UUID) -> HttpResponse:
            if request.method != "POST":
                return to_case(request, case_id)
            reviewer = self.reviewer_of(request)
            try:
                return do(request, reviewer, case_id, timezone.now())
            except Refused as refused:
                if button in FOR_THE_SCRIPT:
                    told = {"refused": refused.code, "says": in_words(refused)}
                    return JsonResponse(told, status=200 if button == "preview" else 409)
                return self.refused_page(request, case_id, refused, button)
            except (Case.DoesNotExist, SavedReply.DoesNotExist) as error:
                raise Http404 from error

        return mark_unattended(view) if button == "beat" else view
