"""The console's list of events."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from downloads.admin import event_words
from downloads.admin.answers import in_words, uuid_of
from employers.admin.employers import employer_link
from employers.models import Employer, User
from employers.permissions import sees_quality
from events.admin import ReadOnlyAdmin, code_as_html, in_words_filter, raw_json_column
from events.models import Event
from verification.cases import wording

OF_QUALITY: Final = ("goldencase", "look_quality")
"""Kinds of subjects, and verbs, that only staff with access to decision quality may see."""


def _role(role: str) -> wording.Word:
    return wording.ROLES.get(role, role)


def _any_state(state: str) -> wording.Word:
    """Return the words for a state, whatever kind of subject it belongs to."""
    found = (event_words.state_in_words(kind, state) for kind in event_words.WITH_STATES)
    return next((words for words in found if words != state), state)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The event list. Hides the employers of other reviewers' golden cases, and events about golden
    cases from staff without the permission.
    """

    list_display = (
        "at",
        "what",
        "kind",
        "subject_code",
        "earlier",
        "later",
        "role_in_words",
        "actor_code",
    )
    list_filter = (
        ("role", in_words_filter(_role)),
        ("subject_type", in_words_filter(event_words.kind_in_words)),
        ("to_state", in_words_filter(_any_state)),
    )
    search_fields = ("=subject_id", "=actor_id", "=verb")
    search_help_text = _("Full ID of an employer, case, document or person, or an event name")
    # By time, as a reader expects. Ids are in the order of writing, which is not that of the times.
    ordering = ("-at", "-id")
    date_hierarchy = None
    fields = (
        "at",
        "what",
        "verb_code",
        "kind",
        "subject_code",
        "employer_code",
        "earlier",
        "later",
        "role_in_words",
        "actor_code",
        "why",
        "policy_version",
        "details",
    )

    details = staticmethod(raw_json_column("data", _("details")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        assert isinstance(request.user, User)
        made = Employer.objects.filter(
            Q(made_for__isnull=False) & ~Q(made_for=request.user) | Q(test=True)
        )
        events: QuerySet[Event] = (
            super().get_queryset(request).exclude(employer_id__in=made.values("pk"))
        )
        if sees_quality(request.user.has_perm):
            return events
        return events.exclude(subject_type__in=OF_QUALITY).exclude(verb__in=OF_QUALITY)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Return all events of an employer whose ID is searched for, by their index."""
        named = uuid_of(search_term.strip())
        if named and Employer.objects.filter(pk=named).exists():
            about = Q(subject_type="employer", subject_id=str(named))
            return queryset.filter(Q(employer_id=named) | about), False
        return super().get_search_results(request, queryset, search_term)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link to events only for staff who may open them."""
        return super().get_list_display_links(request, list_display) if _opens(request) else None

    def change_view(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        return super().change_view(_who_opens(request), *given, **named)

    def history_view(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        return super().history_view(_who_opens(request), *given, **named)

    @admin.display(description=_("what happened"), ordering="verb")
    def what(self, event: Event) -> str:
        return str(event_words.EVENTS.get(event.verb, event.verb))

    @admin.display(description=_("event name"))
    def verb_code(self, event: Event) -> SafeString | str:
        return code_as_html(event.verb)

    @admin.display(description=_("kind of subject"), ordering="subject_type")
    def kind(self, event: Event) -> str:
        return str(event_words.kind_in_words(event.subject_type))

    @admin.display(description=_("subject"), ordering="subject_id")
    def subject_code(self, event: Event) -> SafeString | str:
        return code_as_html(event.subject_id)

    @admin.display(description=_("employer"))
    def employer_code(self, event: Event) -> SafeString | str:
        return employer_link(event.employer_id, code_as_html(event.employer_id))

    @admin.display(description=_("from"), ordering="from_state")
    def earlier(self, event: Event) -> str:
        return str(event_words.state_in_words(event.subject_type, event.from_state)) or "—"

    @admin.display(description=_("to"), ordering="to_state")
    def later(self, event: Event) -> str:
        return str(event_words.state_in_words(event.subject_type, event.to_state)) or "—"

    @admin.display(description=_("role"), ordering="role")
    def role_in_words(self, event: Event) -> str:
        return str(_role(event.role))

    @admin.display(description=_("by"), ordering="actor_id")
    def actor_code(self, event: Event) -> SafeString | str:
        return code_as_html(event.actor_id)

    @admin.display(description=_("reasons"))
    def why(self, event: Event) -> str:
        return "\n".join(in_words(reason) for reason in event.reasons) or "—"


def _opens(request: HttpRequest) -> bool:
    """Return whether the user may open single events.

    Their addresses contain the order of writing. A golden case's events are written at once, and
    their times lie before those of events written earlier.
    """
    return sees_quality(request.user.has_perm)


def _who_opens(request: HttpRequest) -> HttpRequest:
    if not _opens(request):
        raise PermissionDenied
    return request
