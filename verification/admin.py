"""What does a reviewer see, and press? The queue, the case page with its buttons, and everything else to look at.

Every button calls the operation that any other door would call. No form of the admin writes a row of this app.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Count, ExpressionWrapper, Min, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.admin import masked
from employers.models import AccountClass, User
from employers.sightings import phone_of
from events.admin import LookOnlyAdmin
from events.errors import Refused
from events.reasons import REASONS
from verification import claiming, guards, operations, review, states
from verification.clients_admin import ClientAuthorisationAdmin as ClientAuthorisationAdmin  # registered by being imported
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
from verification.models import Case, Decision, DocumentPage
from verification.states import State

# --- The queue -----------------------------------------------------------------------------------------


class _Filter(admin.SimpleListFilter):
    """A filter whose every choice is a lookup, one of them the default."""

    default = "all"

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in dict(self.lookup_choices) else self.default

    def choices(self, changelist: Any) -> Any:
        for value, words in self.lookup_choices:
            yield {
                "selected": self.value() == str(value),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": words,
            }


class StateFilter(_Filter):
    """Waiting for review, unless somebody is searched for: then wherever they are."""

    title = _("state")
    parameter_name = "state"

    def __init__(self, request: HttpRequest, *rest: Any) -> None:
        self.default = "all" if request.GET.get("q") else State.IN_REVIEW
        super().__init__(request, *rest)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counts = dict(Case.objects.order_by().values_list("state").annotate(Count("pk")))
        first = sorted(State, key=lambda state: state != State.IN_REVIEW)
        each = [
            (str(state), f"{review.STATE_WORDS[state]} ({counts.get(state, 0)})")
            for state in first
            if counts.get(state) or state == State.IN_REVIEW
        ]
        return [*each, ("all", f"{gettext('All')} ({sum(counts.values())})")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class ReasonFilter(_Filter):
    """Why a case is held: the reasons that occur among those that wait now."""

    title = _("why it is held")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = Case.objects.awaiting_review().order_by().values_list(_latest_reasons(), flat=True)
        counts = Counter(reason["code"] for reasons in waiting for reason in {r["code"]: r for r in reasons or ()}.values())
        if (chosen := request.GET.get(self.parameter_name)) in REASONS:
            counts.setdefault(chosen, 0)
        return [
            ("all", gettext("All")),
            *((code, f"{review.code_in_words(code)} ({n})") for code, n in counts.most_common() if code != "all"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() == "all":
            return queryset
        # The quotes around the code are JSON's own, so that no code is found inside another or inside a value.
        return queryset.alias(why=Cast(_latest_reasons(), TextField())).filter(why__contains=f'"{self.value()}"')


class ClaimFilter(_Filter):
    title = _("claim")
    parameter_name = "claim"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", gettext("All")), ("mine", gettext("Claimed by me")), ("free", gettext("Free"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        now = timezone.now()
        if self.value() == "mine":
            return queryset.filter(claimed_by=request.user.pk, claimed_until__gt=now)
        return queryset.filter(_free_at(now)) if self.value() == "free" else queryset


class ClassFilter(_Filter):
    title = _("account class")
    parameter_name = "class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", gettext("All")), *((str(value), str(words)) for value, words in review.CLASS_WORDS.items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return queryset if self.value() == "all" else queryset.filter(account_class=self.value())


def _latest_reasons() -> Subquery:
    return Subquery(Decision.objects.filter(case=OuterRef("pk")).order_by("-pk").values("reasons")[:1])


def _free_at(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lte=now)


def _holds(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())


# --- The case ------------------------------------------------------------------------------------------


@admin.register(Case)
class CaseAdmin(LookOnlyAdmin):
    """Those with `verification.view_case` look; those with `verification.change_case` also decide: they are reviewers."""

    list_display = ("company", "why_held", "class_in_words", "waiting", "attempt", "claim_in_words")
    list_display_links = None
    list_filter = (StateFilter, ReasonFilter, ClaimFilter, ClassFilter)
    list_select_related = ("submitted_by", "claimed_by")
    search_fields = ("declared_name", "declared_uscc", "id")
    search_help_text = _("Company name, credit code or id; searches every state")
    ordering = ("-urgency", "submitted_at", "pk")
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/verification/case/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        now = timezone.now()
        cases: QuerySet[Case] = super().get_queryset(request)
        return cases.annotate(
            latest_reasons=_latest_reasons(),
            is_claimed=_holds(Q(claimed_until__gt=now)),
            is_mine=_holds(Q(claimed_until__gt=now, claimed_by=request.user.pk)),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        queue = (
            Case.objects.awaiting_review()
            .order_by()
            .aggregate(
                waiting=Count("pk"),
                free=Count("pk", filter=_free_at(now)),
                mine=Count("pk", filter=Q(claimed_by=request.user.pk, claimed_until__gt=now)),
                oldest=Min("submitted_at"),
            )
        )
        context = {
            "title": gettext("Review queue"),
            "queue": queue,
            "may_decide": self._may_decide(request),
            "now": now,
            "is_nav_sidebar_enabled": False,
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # Columns

    @admin.display(description=_("company"), ordering="declared_name")
    def company(self, case: Case) -> SafeString:
        who = masked(case.submitted_by.email) if case.submitted_by else "—"
        url = reverse("admin:verification_case_change", args=[case.pk])
        return format_html(
            '<a class="company" href="{}">{}</a><span class="below">{} · {}</span>', url, case.declared_name, case.declared_uscc, who
        )

    @admin.display(description=_("why it is held"))
    def why_held(self, case: Any) -> SafeString | str:
        appealed = [gettext("Appeal")] if case.appealed_at and case.state == State.IN_REVIEW else []
        lines = [*appealed, *dict.fromkeys(str(review.code_in_words(reason["code"])) for reason in case.latest_reasons or ())]
        items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
        return format_html('<ul class="reasons">{}</ul>', items) if lines else "—"

    @admin.display(description=_("account class"), ordering="account_class")
    def class_in_words(self, case: Case) -> str:
        return str(review.CLASS_WORDS[AccountClass(case.account_class)])

    @admin.display(description=_("waiting"), ordering="submitted_at")
    def waiting(self, case: Case) -> SafeString | str:
        if case.state not in states.REVIEWABLE or case.submitted_at is None:
            return str(review.STATE_WORDS[State(case.state)])
        words = timesince(case.submitted_at, timezone.now())
        return format_html('<time datetime="{}" title="{}">{}</time>', case.submitted_at.isoformat(), _clock(case.submitted_at), words)

    @admin.display(description=_("attempt"), ordering="attempt_number")
    def attempt(self, case: Case) -> int:
        return case.attempt_number

    @admin.display(description=_("claimed by"), ordering="claimed_until")
    def claim_in_words(self, case: Any) -> SafeString | str:
        if case.state not in states.REVIEWABLE:
            return "—"
        if not case.is_claimed:
            return format_html('<span class="tag tag-free">{}</span>', gettext("free"))
        who = gettext("you") if case.is_mine else case.claimed_by.email
        left = gettext("%(time)s left") % {"time": timeuntil(case.claimed_until, timezone.now(), depth=1)}
        tag = "tag-mine" if case.is_mine else "tag-taken"
        return format_html('<span class="tag {}">{}</span><span class="below">{}</span>', tag, who, left)

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
        """Take the case that has waited longest and that this reviewer may take."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reviewer, now = self._reviewer(request), timezone.now()
        for case in self._free(reviewer, now):
            try:
                operations.claim(case.pk, reviewer, now)
            except Refused:  # somebody was faster
                continue
            return _to_case(case.pk)
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


def _clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _to_case(case_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:verification_case_change", args=[case_id]))


def _to_queue() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:verification_case_changelist"))
