"""What can a reviewer do at a case, by a button or by a key?

The case's page and the doors behind it.

Every door calls the operation that any other would call, and answers a form with a page, and the
page's script with JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from employers.console_site import unattended
from employers.models import User
from employers.permissions import Power
from events.admin import LookOnlyAdmin
from events.core.errors import Refused
from verification.admin import case_panel
from verification.admin.case_content import case_page, in_words, record_look
from verification.admin.decision_form import (
    BUTTON_WORDS,
    BUTTONS,
    DONE_WORDS,
    NEEDS_CONFIRMATION,
    NOTHING_TYPED,
    SET_ASIDE,
    AssignForm,
    DecisionForm,
    HoldForm,
    Typed,
)
from verification.admin.queue import QueueAdmin
from verification.cases import guards, operations
from verification.models import Case, DocumentPage, Ruling, SavedReply
from verification.quality import golden_cases
from verification.reviewing import claims, hold_and_escalate, queue_filters, rulings
from verification.reviewing.queue_filters import Filters

Door = Callable[[HttpRequest, User, UUID, datetime], HttpResponse]
MASKED: Final = ("email", "phone")
NOTHING_UNMASKED: Final[Mapping[str, Any]] = {}


class DeskAdmin(LookOnlyAdmin):
    """Those with `verification.view_case` look; those with `verification.change_case` also decide:
    they are reviewers.
    """

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "verification_case_{}".format
        doors: dict[str, Door] = {
            "claim": self.claim,
            "release": self.release,
            "beat": self.beat,
            "ask": self.ask,
            "give": self.give,
            "keep": self.keep,
            "assign": self.assign,
            "draft": self.draft,
            "preview": self.preview,
            "unmask": self.unmask,
            "hold": self.hold,
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
                path(f"<uuid:case_id>/{door}/", view(self._behind(do, door)), name=name(door))
                for door, do in doors.items()
            ),
            *super().get_urls(),
        ]

    def _behind(self, do: Door, door: str) -> Callable[[HttpRequest, UUID], HttpResponse]:
        """A door of a case: a button is no link, and what is refused is said on the page, with what
        was typed still there.
        """

        def view(request: HttpRequest, case_id: UUID) -> HttpResponse:
            if request.method != "POST":
                return _to_case(request, case_id)
            reviewer = self._reviewer(request)
            try:
                return do(request, reviewer, case_id, timezone.now())
            except Refused as refused:
                return self._refused(request, case_id, refused, door)
            except (Case.DoesNotExist, SavedReply.DoesNotExist) as error:
                raise Http404 from error

        return unattended(view) if door == "beat" else view

    def _refused(
        self, request: HttpRequest, case_id: UUID, refused: Refused, door: str = ""
    ) -> HttpResponse:
        if _asks_for_json(request):
            return JsonResponse({"refused": refused.code, "says": in_words(refused)}, status=409)
        messages.error(request, in_words(refused))
        verb = request.POST.get("verb", door)
        typed = Typed.of(verb, request) if verb in (*BUTTONS, *SET_ASIDE) else NOTHING_TYPED
        return self._case_page(request, case_id, typed, status=409)

    # --- Claims, and colleagues -------------------------------------------------------------------

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Take the most urgent case of those that are asked for; for the script also one ahead, to
        be loaded before its turn.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reviewer, now = self._reviewer(request), timezone.now()
        if _asks_for_json(request):
            case = claims.claim_next(
                reviewer, now, ahead="ahead" in request.POST, filters=_filters(request)
            )
            return JsonResponse({"next": _told_of(request, case)})
        if case := _following(reviewer, now, _filters(request)):
            return _to_case(request, case.pk)
        messages.info(request, gettext("No case is waiting that you could take."))
        return _to_queue(request)

    def claim(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """Claim, or hold for longer; what has been typed meanwhile stays on the page."""
        claims.claim(case_id, reviewer, now)
        typed = Typed.of(request.POST.get("verb", ""), request)
        return (
            self._case_page(request, case_id, typed) if typed.verb else _to_case(request, case_id)
        )

    def release(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.release(case_id, reviewer, now)
        messages.success(request, gettext("The case is back in the queue."))
        return _to_queue(request)

    def beat(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """The page is still open: its claim lasts on, and it is told who else is there.

        What is due of this reviewer's is done.
        """
        self._case(request, case_id)
        beat = claims.beat(case_id, reviewer, now, active="active" in request.POST)
        rulings.carry_out_due(now, of=reviewer, at_most=5)
        case = self._case(request, case_id)
        aside = case_panel.aside(case, reviewer, now)
        shown = {"case": case, "asked": _filters(request).suffix(), **aside}
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
        return _to_case(request, case_id)

    def give(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.give(case_id, reviewer, now)
        return _to_case(request, case_id)

    def keep(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        claims.keep(case_id, reviewer, now)
        return _to_case(request, case_id)

    def assign(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """A lead gives the case to a colleague, who is offered it before all others."""
        form = AssignForm(request.POST)
        if not form.is_valid():
            raise Http404
        colleague = form.cleaned_data["to"]
        claims.assign(case_id, colleague, reviewer, now)
        messages.success(request, gettext("Assigned to %(who)s.") % {"who": colleague.email})
        return _to_case(request, case_id)

    # --- Before it is decided ---------------------------------------------------------------------

    def draft(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        self._case(request, case_id)
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
        return self._case_page(
            request, case_id, NOTHING_TYPED, unmasked={field: value, f"whole_{field}": True}
        )

    # --- Deciding ---------------------------------------------------------------------------------

    def decide(
        self, verb: str, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        """A button was pressed: show it once more where that is due, then do it and go on to the
        next case.
        """
        case, form, typed = (
            self._case(request, case_id),
            DecisionForm(verb, request.POST),
            Typed.of(verb, request),
        )
        if "back" in request.POST:
            return self._case_page(request, case_id, typed)
        if "insert" in request.POST:
            typed = typed.and_also(
                case_panel.replied(request.POST.get("reply", ""), verb, case, typed)
            )
            return (
                JsonResponse({"note": typed.note})
                if _asks_for_json(request)
                else self._case_page(request, case_id, typed)
            )
        if not form.is_valid():
            if _asks_for_json(request):
                return JsonResponse({"says": _does_not_fit()}, status=400)
            messages.error(request, _does_not_fit())
            return self._case_page(request, case_id, typed, status=400)
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
            ruling = rulings.decide(
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
            _case_url(request, case.pk),
            DONE_WORDS[verb] % {"name": case.declared_name},
        )
        messages.success(request, done)
        return _to_case(request, case.pk)

    def undo_view(self, request: HttpRequest, ruling_id: int) -> HttpResponse:
        """Take a decision back while that is possible; its case comes back as it was, with what was
        typed.
        """
        ruling = get_object_or_404(Ruling, pk=ruling_id)
        self._case(
            request, ruling.case_id
        )  # a case that is not shown to them has no rulings either
        if request.method != "POST":
            return _to_case(request, ruling.case_id)
        try:
            rulings.undo(ruling_id, self._reviewer(request), timezone.now())
        except Refused as refused:
            return self._refused(request, ruling.case_id, refused)
        return (
            JsonResponse({"next": _told_of(request, ruling.case)})
            if _asks_for_json(request)
            else _to_case(request, ruling.case_id)
        )

    def hold(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        form = HoldForm(request.POST)
        if not form.is_valid():
            raise Refused("until_invalid", "until")
        case = hold_and_escalate.hold(
            case_id,
            reviewer,
            now,
            now + timedelta(hours=form.cleaned_data["hours"]),
            form.cleaned_data["note"],
        )
        return self._onward(
            request, reviewer, now, said=DONE_WORDS["hold"] % {"name": case.declared_name}
        )

    def escalate(
        self, request: HttpRequest, reviewer: User, case_id: UUID, now: datetime
    ) -> HttpResponse:
        case = hold_and_escalate.escalate(
            case_id, reviewer, now, Typed.of("escalate", request).note
        )
        return self._onward(
            request, reviewer, now, said=DONE_WORDS["escalate"] % {"name": case.declared_name}
        )

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
        following = _following(reviewer, now, _filters(request))
        if not _asks_for_json(request):
            if said:
                messages.success(request, said)
            return _to_case(request, following.pk) if following else _to_queue(request)
        shown = {"toast": toast, "said": said, "asked": _filters(request).suffix()}
        html = render_to_string("admin/verification/case/parts/toast.html", shown, request)
        return JsonResponse(
            {"next": _told_of(request, following), "queue": _queue_url(request), "toast": html}
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
            "label": BUTTON_WORDS[verb],
            "typed": typed,
            "seen_version": form.cleaned_data["seen_version"],
            "in_force": (
                Case.objects.beside(case).in_force(now).first() if verb == "reject" else None
            ),
            "mails": _mails(case.pk, verb, reviewer, now, form),
        }
        return self._page(
            request, "confirm", f"{BUTTON_WORDS[verb]}: {case.declared_name}", context
        )

    # --- What is shown ----------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The queue tells, too, what can still be undone and what was not done."""
        reviewer, now = request.user, timezone.now()
        mine: dict[str, Any] = {}
        if self._may_decide(request) and isinstance(reviewer, User):
            mine = {
                "toast": case_panel.toast(reviewer, now),
                "returned": case_panel.returned(reviewer, now),
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
            return self._case_page(request, UUID(object_id), look="ahead" not in request.GET)
        except ValueError as error:
            raise Http404 from error

    def _case_page(
        self,
        request: HttpRequest,
        case_id: UUID,
        typed: Typed = NOTHING_TYPED,
        status: int = 200,
        *,
        look: bool = True,
        unmasked: Mapping[str, Any] = NOTHING_UNMASKED,
    ) -> HttpResponse:
        """A case's page. `look`: its reviewer has it before them, rather than loading it ahead."""
        case, now = self._case(request, case_id), timezone.now()
        reviewer = self._reviewer(request) if self._may_decide(request) else None
        around: dict[str, Any] = {}
        if reviewer is not None:
            if look and case.claimed_by_me(str(reviewer.pk), now) and case.claimed_at is None:
                claims.begin(case_id, reviewer, now)
            actor = reviewer.as_reviewer()
            beside = (
                queue_filters.neighbours(case, _filters(request), actor, now)
                if case.submitted_at
                else None
            )
            typed = typed if typed.verb else case_panel.draft(case, reviewer)
            around = {
                **case_panel.aside(case, reviewer, now),
                "beside": (
                    {side: _case_url(request, pk) for side, pk in vars(beside).items() if pk}
                    if beside
                    else {}
                ),
                "may_keep": actor.can(Power.QUALITY) and golden_cases.may_keep(case, actor) is None,
                "may_unmask": actor.can(Power.UNMASK),
                "assigning": (
                    AssignForm()
                    if actor.can(Power.ASSIGN) and case.awaits_review() and not case.claimed(now)
                    else None
                ),
                "toast": case_panel.toast(reviewer, now) if look else None,
                "returned": case_panel.returned(reviewer, now) if look else [],
            }
        said = {"notes": case_panel.notes(case), "blind": case_panel.blind(case)}
        context = {
            "now": now,
            **case_page(case, reviewer, typed, now),
            **around,
            **said,
            **unmasked,
        }
        return self._page(request, "change_form", case.declared_name, context, status)

    def _page(
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
            "asked": _filters(request).suffix(),
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
        """One page of one of the case's documents, decrypted; who looked is put on record."""
        self._case(request, case_id)
        assert isinstance(request.user, User)
        pages = DocumentPage.objects.select_related("document__case")
        page = get_object_or_404(pages, document=document_id, document__case=case_id, number=number)
        try:
            with page.image.open("rb") as stored:
                response = HttpResponse(stored.read(), content_type="image/jpeg")
        except FileNotFoundError as error:  # erased since the page was shown
            raise Http404 from error
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = "inline"
        record_look(page, request.user, timezone.now(), ahead="ahead" in request.GET)
        return response

    # --- Who asks, and for what -------------------------------------------------------------------

    def _may_decide(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.as_reviewer().can(Power.DECIDE)

    def _reviewer(self, request: HttpRequest) -> User:
        if not self._may_decide(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _case(self, request: HttpRequest, case_id: UUID) -> Case:
        if not self.has_view_permission(request):
            raise PermissionDenied
        assert isinstance(request.user, User)
        there = Case.objects.shown_to(str(request.user.pk))
        case: Case = get_object_or_404(
            there.select_related("employer", "submitted_by", "claimed_by", "assigned_to"),
            pk=case_id,
        )
        return case


def _filters(request: HttpRequest) -> Filters:
    """What the queue was asked for on the way here: the address keeps it from one case to the
    next.
    """
    return Filters.from_query(request.GET.dict())


def _following(reviewer: User, now: datetime, filters: Filters) -> Case | None:
    """What this reviewer works on next: what they already have before them in the queue, or the
    most urgent that is free.
    """
    begun = (
        Case.objects.awaiting_review()
        .undecided()
        .filter(claimed_by=reviewer, claimed_until__gt=now, claimed_at__isnull=False)
    )
    return begun.first() or claims.claim_next(reviewer, now, filters=filters)


def _mails(
    case_id: UUID, verb: str, reviewer: User, now: datetime, form: DecisionForm
) -> dict[str, tuple[str, str]]:
    sent = form.cleaned_data
    return rulings.preview(
        case_id, verb, reviewer, now, sent["reasons"], sent["note"], besides=form.besides
    )


def _asks_for_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _does_not_fit() -> str:
    return gettext("What was sent does not fit this decision. Please look at it again.")


def _told_of(request: HttpRequest, case: Case | None) -> dict[str, str] | None:
    return {"case": str(case.pk), "url": _case_url(request, case.pk)} if case else None


def _case_url(request: HttpRequest, case_id: UUID) -> str:
    return reverse("admin:verification_case_change", args=[case_id]) + _filters(request).suffix()


def _queue_url(request: HttpRequest) -> str:
    return reverse("admin:verification_case_changelist") + _filters(request).suffix()


def _to_case(request: HttpRequest, case_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(_case_url(request, case_id))


def _to_queue(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(_queue_url(request))


@admin.register(Case)
class CaseAdmin(DeskAdmin, QueueAdmin):
    """The queue; each of its cases opens at the desk."""
