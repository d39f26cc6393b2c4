"""The console's pages about appeals: the statement beside the evidence, and the answer."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import TIERS, in_words
from downloads.gate import ladder_versions
from downloads.models import GateDecision, MoveAppeal, Standing
from downloads.rules.ladder import Tier
from downloads.tiers import appeals, wording
from employers.accounts.forms import refusal_html
from employers.admin.employers import employer_column
from employers.models import Member, User
from employers.permissions import PERMISSIONS, Power
from events.admin import ReadOnlyAdmin
from events.core.actor import Role
from events.core.errors import Refused
from events.models import Event
from verification.admin import dates
from verification.admin.case_content import masked_in

SHOWN: Final = 200
"""How many of the relevant downloads are listed; all are counted."""


def waiting_lately() -> appeals.Waiting:
    """Return the number of open appeals, cached so that it costs a page nothing."""
    seconds = settings.QUEUE_FIGURES_SECONDS
    cached: Any = cache.get_or_set(
        "downloads.appeals_waiting", lambda: appeals.count_open_appeals(timezone.now()), seconds
    )
    waits: appeals.Waiting = cached
    return waits


class WaitingFilter(admin.SimpleListFilter):
    """Shows the open appeals, unless a search or another list is chosen."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("late", _("late")), ("answered", _("already answered")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, words in ((None, _("not answered yet")), *self.lookup_choices):
            chosen = changelist.get_query_string(
                {self.parameter_name: value} if value else {},
                [] if value else [self.parameter_name],
            )
            yield {"selected": self.value() == value, "query_string": chosen, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "late":
            return queryset.filter(answered_at=None, due_at__lte=timezone.now())
        if self.value() == "answered":
            return queryset.exclude(answered_at=None)
        return (
            queryset
            if self.value() == "all" or request.GET.get("q")
            else queryset.filter(answered_at=None)
        )


class AppealAnswerForm(forms.Form):
    """The decision, with a reply to the employer."""

    reply = forms.CharField(
        label=_("Reply to the employer"),
        max_length=appeals.REPLY_AT_MOST,
        required=False,
        help_text=_(
            "Shown to the employer. If you keep the restriction, say why and what would lift it."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


@admin.register(MoveAppeal)
class MoveAppealAdmin(ReadOnlyAdmin):
    list_display = (employer_column, "about", "waiting", "answer", "answered_by")
    list_display_links = ("about",)
    list_filter = (WaitingFilter,)
    search_fields = ("=employer__id", "=employer__uscc")
    search_help_text = _("Full ID or credit code of an employer")
    ordering: ClassVar[Any] = (F("answered_at").desc(nulls_first=True), "due_at")
    sortable_by = ()
    list_select_related = ("employer", "move", "answered_by")
    fields = ("employer", "about", "waiting", "answer", "answered_by", "answered_at")
    readonly_fields = ("about", "waiting", "answer")
    change_form_template = "admin/downloads/appeal.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MoveAppeal]:
        return super().get_queryset(request).filter(employer__test=False)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            request.user.has_perm(PERMISSIONS[Power.DECIDE])
            or request.user.has_perm("downloads.view_gatedecision")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("restriction"))
    def about(self, said: MoveAppeal) -> str:
        reasons = gettext("; ").join(in_words(code) for code in said.move.reasons)
        return reasons or _tier(said.move)

    @admin.display(description=_("waiting time"))
    def waiting(self, said: MoveAppeal) -> SafeString | str:
        if said.answered_at:
            return gettext("answered after %(time)s") % {
                "time": timesince(said.at, said.answered_at)
            }
        now = timezone.now()
        return format_html(
            '{}<span class="below{}">{}</span>',
            timesince(said.at, now, depth=1),
            " late" if said.due_at <= now else "",
            dates.deadline_in_words(said.due_at, now),
        )

    @admin.display(description=_("answer"))
    def answer(self, said: MoveAppeal) -> str:
        return said.get_outcome_display() or gettext("not answered yet")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Restriction appeals"), "is_nav_sidebar_enabled": False}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the statement and the evidence on GET; store the answer on POST."""
        if request.method == "POST":
            said = get_object_or_404(self.get_queryset(request), pk=object_id)
            if not isinstance(request.user, User) or not self.has_view_permission(request):
                raise PermissionDenied
            self._answer_appeal(request, said, request.user)
            return HttpResponseRedirect(request.path)
        found: MoveAppeal | None = self.get_object(request, object_id)
        shown = _evidence(found, request.user) if found and isinstance(request.user, User) else {}
        context = {
            **(extra_context or {}),
            **shown,
            "answer_form": AppealAnswerForm(),
            "is_nav_sidebar_enabled": False,
        }
        response = super().change_view(request, object_id, form_url, context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _answer_appeal(self, request: HttpRequest, said: MoveAppeal, user: User) -> None:
        lift, reply = request.POST.get("answer") == "lift", request.POST.get("reply", "")
        try:
            appeals.answer_appeal(
                said.pk, user, user.as_reviewer(), timezone.now(), lift=lift, reply=reply
            )
        # Nothing typed is lost: only an empty reply is refused for its words.
        except Refused as refused:
            messages.error(request, refusal_html(refused))
        else:
            messages.success(
                request,
                gettext("Restriction lifted. We have told the employer.")
                if lift
                else gettext("Restriction kept. We have told the employer."),
            )


def _evidence(said: MoveAppeal, user: User) -> dict[str, Any]:
    """Return the evidence, the downloads it is based on, who decided, and the history."""
    move = said.move
    since = _since(move)
    concerned = GateDecision.objects.of_company(said.employer.uscc, None).filter(
        decided_at__gt=since, decided_at__lte=move.at
    )
    rows = list(
        concerned.order_by("-decided_at").values_list("decided_at", "candidate", "member_id")[
            : SHOWN + 1
        ]
    )
    people = {row[2] for row in rows}
    addresses = {
        member.pk: member.user.contact_masked
        for member in Member.objects.filter(pk__in=people).select_related("user")
    }
    moves = Event.objects.filter(
        subject_type="standing", subject_id=str(said.employer_id)
    ).order_by("-id")[:20]
    return {
        "said": said,
        "words": masked_in(said.text),
        "who": said.by.contact_masked,
        "seen": wording.seen_by_staff(move),
        "since": since,
        "downloads": [
            (at, candidate, addresses.get(member_id, "—"))
            for at, candidate, member_id in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
        "by_member": [
            (addresses.get(member_id, "—"), times)
            for member_id, times in Counter(row[2] for row in rows[:SHOWN]).most_common()
        ],
        "many": concerned.count(),
        "proposals": appeals.proposals_behind_move(move),
        "by_rule": move.role != Role.REVIEWER,
        "moves": [(event.at, _tier(event), event.role) for event in moves],
        "earlier": MoveAppeal.objects.filter(employer=said.employer_id)
        .exclude(pk=said.pk)
        .order_by("-at"),
        "override": Standing.objects.in_force(timezone.now()).filter(pk=said.employer_id).first(),
        "hindrance": appeals.may_answer_appeal(said, user.as_reviewer())
        if said.answered_at is None
        else None,
    }


def _tier(move: Event) -> str:
    """Return the tier that a change led to, in words."""
    return str(TIERS[Tier(move.to_state)] if move.to_state else _("Set by the case"))


def _since(move: Event) -> datetime:
    """Return the start of the relevant downloads: the rule's own, or, for people's changes, the
    ladder's window.
    """
    if since := move.data.get("since"):
        return datetime.fromisoformat(since)
    return move.at - timedelta(days=ladder_versions.in_force().thresholds.window_days)
