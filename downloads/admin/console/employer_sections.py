"""The sections of an employer's page: the latest rows of each kind, and where all of them are.

Each section reads a few rows by an index, whatever the size of the employer, and only if the person
may open the list that the rows belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, F, Model, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from downloads.admin import event_words
from downloads.admin.answers import TIERS, in_words
from downloads.admin.events import OF_QUALITY
from downloads.models import (
    CanaryRing,
    Copy,
    EraseOrder,
    GateDecision,
    MisuseReport,
    MoveAppeal,
    RelayBinding,
    Release,
    Trace,
)
from downloads.rules.ladder import Tier
from employers.models import Employer, Member, MemberLink
from employers.permissions import sees_quality
from events.models import Event
from verification.cases import wording
from verification.models import Case
from verification.rules.states import State

LATEST: Final = 10
COUNTED: Final = 1000
READ: Final = 200
"""The events that are put in the order of their times, the last ones written."""
TRACES: Final = 200
"""The traces that are searched for the employer's copies, the latest ones."""

Cell = SafeString | str


@dataclass(frozen=True)
class Section:
    """The latest rows of one kind."""

    key: str
    title: Promise
    columns: Sequence[Promise]
    rows: Sequence[Sequence[Cell]]
    url: str = ""
    """The list of all of them."""
    note: str = ""


def page_sections(employer: Employer, request: HttpRequest) -> list[Section]:
    """Return what the person may see of the employer, in the order of the page."""
    made = (
        _cases(employer, request),
        _people(employer, request),
        _moves(employer, request),
        _appeals(employer, request),
        _reports(employer, request),
        _erasures(employer, request),
        _downloads(employer, request),
        _relays(employer, request),
        _traces(employer, request),
        _rings(employer, request),
        _platforms(employer),
        _events(employer, request),
    )
    return [section for section in made if section]


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def link_to(row: Model, words: object) -> SafeString:
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, words)


def date_and_time(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else "—"


def list_of(model: type[Model], **query: str) -> str:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode(query)}" if query else url


def _cases(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, Case):
        return None
    rows = [
        (
            link_to(case, wording.STATES[State(case.state)].staff),
            str(case.attempt_number),
            date_and_time(case.submitted_at),
            date_and_time(case.decided_at),
            date_and_time(case.expires_at),
        )
        for case in Case.objects.of(employer)[:LATEST]
    ]
    columns = (_("state"), _("attempt"), _("submitted"), _("decided"), _("valid until"))
    url = list_of(Case, q=employer.uscc, state="all")
    return Section("cases", _("Cases, the current one first"), columns, rows, url)


def _people(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, Member):
        return None
    many = employer.members.active().count()
    members = employer.members.select_related("user")
    shown = members.order_by(F("left_at").desc(nulls_first=True), "joined_at")[:LATEST]
    rows = [
        (
            link_to(member, member.user.contact_masked),
            member.get_role_display(),
            date_and_time(member.user.email_verified_at or member.user.phone_verified_at),
            date_and_time(member.joined_at),
            date_and_time(member.left_at),
        )
        for member in shown
    ]
    columns = (_("account"), _("role"), _("confirmed on"), _("joined"), _("left"))
    note = ngettext("%(many)s recruiter now.", "%(many)s recruiters now.", many) % {"many": many}
    return Section("people", _("Recruiters"), columns, rows, list_of(Member, q=employer.uscc), note)


def _moves(employer: Employer, request: HttpRequest) -> Section:
    moves = Event.objects.filter(
        subject_type="standing", subject_id=str(employer.pk), verb__in=event_words.EVENTS
    ).order_by("-id")[:LATEST]
    rows = [
        (
            date_and_time(event.at),
            str(event_words.EVENTS.get(event.verb, event.verb)),
            str(TIERS[Tier(event.to_state)]) if event.to_state in set(Tier) else "—",
            gettext("; ").join(in_words(code) for code in event.reasons) or "—",
            str(wording.ROLES.get(event.role, event.role)),
        )
        for event in moves
    ]
    columns = (_("when"), _("what happened"), _("tier"), _("reason"), _("by"))
    return Section("moves", _("Restrictions and tier changes"), columns, rows)


def _appeals(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, MoveAppeal):
        return None
    rows = [
        (
            link_to(said, date_and_time(said.at)),
            said.get_outcome_display() or gettext("not answered yet"),
            date_and_time(said.due_at),
            date_and_time(said.answered_at),
        )
        for said in MoveAppeal.objects.filter(employer=employer).order_by("-at")[:LATEST]
    ]
    columns = (_("appealed"), _("answer"), _("answer due"), _("answered"))
    url = list_of(MoveAppeal, q=str(employer.pk))
    return Section("appeals", _("Restriction appeals"), columns, rows, url)


def _reports(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, MisuseReport):
        return None
    reports = MisuseReport.objects.filter(release__employer=employer, candidate__test=False)
    rows = [
        (
            link_to(report, date_and_time(report.reported_at)),
            report.get_about_display(),
            date_and_time(report.settled_at) if report.settled_at else gettext("not yet"),
            report.outcome or "—",
        )
        for report in reports.order_by("-reported_at")[:LATEST]
    ]
    columns = (_("reported"), _("about"), _("reviewed on"), _("result of the review"))
    url = list_of(MisuseReport, q=employer.uscc)
    return Section("reports", _("Misuse reports"), columns, rows, url)


def _erasures(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, EraseOrder):
        return None
    orders = EraseOrder.objects.open().filter(employer=employer).order_by("due_at")
    rows = [
        (link_to(order, date_and_time(order.ordered_at)), date_and_time(order.due_at))
        for order in orders[:LATEST]
    ]
    url = list_of(EraseOrder, q=employer.uscc)
    return Section("erasures", _("Open erasure requests"), (_("ordered"), _("due")), rows, url)


def _downloads(employer: Employer, request: HttpRequest) -> Section | None:
    """Return the gate's latest answers, each with the copy and the release that it led to."""
    if not may_view(request, GateDecision):
        return None
    answers = GateDecision.objects.filter(employer_id=employer.pk, test=False)
    latest = list(answers.order_by("-decided_at")[:LATEST])
    ids = [answer.pk for answer in latest]
    copies = {copy.decision_id: copy for copy in Copy.objects.filter(decision_id__in=ids)}
    left = {each.decision_id: each for each in Release.objects.filter(decision_id__in=ids)}
    members = Member.objects.filter(pk__in={answer.member_id for answer in latest})
    people = {member.pk: member for member in members.select_related("user")}
    rows = [
        (
            link_to(answer, date_and_time(answer.decided_at)),
            gettext("allowed") if answer.allowed else in_words(answer.reason),
            answer.candidate,
            people[answer.member_id].user.contact_masked if answer.member_id in people else "—",
            link_to(copies[answer.pk], copies[answer.pk].number) if answer.pk in copies else "—",
            link_to(left[answer.pk], date_and_time(left[answer.pk].released_at))
            if answer.pk in left
            else "—",
        )
        for answer in latest
    ]
    columns = (
        _("decided"),
        _("answer"),
        _("candidate"),
        _("recruiter"),
        _("resume copy"),
        _("release"),
    )
    url = list_of(GateDecision, q=str(employer.pk))
    return Section("downloads", _("Downloads and releases"), columns, rows, url)


def _relays(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, RelayBinding):
        return None
    bindings = RelayBinding.objects.open().filter(employer=employer, test=False)
    many = bindings.order_by().values("pk")[:COUNTED].count()
    rows = [
        (
            link_to(binding, binding.number or "—"),
            binding.candidate,
            binding.get_state_display(),
            date_and_time(binding.expires_at),
        )
        for binding in bindings[:LATEST]
    ]
    columns = (_("relay number"), _("candidate"), _("state"), _("ends"))
    note = gettext("in use: %(many)s") % {"many": f"{COUNTED - 1}+" if many == COUNTED else many}
    url = list_of(RelayBinding, q=employer.uscc)
    return Section("relays", _("Relay numbers in use"), columns, rows, url, note)


def _traces(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, Trace):
        return None
    latest = list(Trace.objects.filter(test=False).exclude(found=[]).order_by("-asked_at")[:TRACES])
    named = {UUID(each["copy"]): trace for trace in latest for each in trace.named}
    copies = Copy.objects.filter(pk__in=named, employer=employer)[:LATEST]
    rows = [
        (
            link_to(named[copy.pk], date_and_time(named[copy.pk].asked_at)),
            link_to(copy, copy.number),
            copy.candidate,
        )
        for copy in copies
    ]
    columns = (_("trace requested"), _("resume copy"), _("candidate"))
    return Section("traces", _("Leaks traced to this employer"), columns, rows, list_of(Trace))


def _rings(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, CanaryRing):
        return None
    rings = CanaryRing.objects.filter(employer=employer).order_by("-at")[:LATEST]
    rows = [
        (
            link_to(ring, date_and_time(ring.at)),
            date_and_time(ring.looked_at) if ring.looked_at else gettext("not yet"),
            ring.outcome or "—",
        )
        for ring in rings
    ]
    columns = (_("when"), _("reviewed on"), _("result of the review"))
    url = list_of(CanaryRing, q=employer.uscc)
    return Section("rings", _("Calls to canaries"), columns, rows, url)


def _platforms(employer: Employer) -> Section:
    links = MemberLink.objects.in_force().filter(employer=employer)
    counted = links.values_list("client__name").annotate(many=Count("pk")).order_by("client__name")
    rows = [(str(name), str(many)) for name, many in counted[:LATEST]]
    if employer.platform:
        rows.insert(0, (employer.platform.name, gettext("created by the platform")))
    columns = (_("platform"), _("linked recruiters"))
    return Section("platforms", _("Linked platforms"), columns, rows)


def _by_time(event: Event) -> tuple[float, int]:
    """Order events by time, the latest first. The order of writing would tell a golden case apart,
    whose events are written at once.
    """
    return (-event.at.timestamp(), -event.pk)


def _events(employer: Employer, request: HttpRequest) -> Section | None:
    if not may_view(request, Event):
        return None
    events = Event.objects.filter(employer_id=employer.pk)
    if not sees_quality(request.user.has_perm):
        events = events.exclude(Q(subject_type__in=OF_QUALITY) | Q(verb__in=OF_QUALITY))
    rows = [
        (
            date_and_time(event.at),
            str(event_words.EVENTS.get(event.verb, event.verb)),
            str(event_words.kind_in_words(event.subject_type)),
            str(wording.ROLES.get(event.role, event.role)),
        )
        for event in sorted(events.order_by("-id")[:READ], key=_by_time)[:LATEST]
    ]
    columns = (_("when"), _("what happened"), _("kind of subject"), _("role"))
    url = list_of(Event, q=str(employer.pk))
    return Section("events", _("Events"), columns, rows, url)
