"""Builds the template context of the page on which an employer sees its case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from employers.member_links.operations import may_link
from employers.models import Member, MemberLink
from verification.authority import vouches
from verification.cases import guards, wording
from verification.models import Appeal, Case, Decision, Proof
from verification.pages.case_editor import SentForm, editor_context
from verification.pages.case_progress import (
    CheckLine,
    progress_context,
    progress_steps,
    timeline_events,
    to_come,
)
from verification.pages.requirement_rows import Item
from verification.rules import states
from verification.rules.findings import Severity
from verification.rules.required_documents import AUTHORITY, CURRENT, requirement_of
from verification.rules.states import State


def current_case(member: Member) -> Case | None:
    """Return the case to show: the open one, else the last if it was rejected, else the stopped
    one, else the last.

    A withdrawn case is skipped unless it is the only one: it must not hide an approval in force or
    a rejection that can be appealed.
    """
    cases = Case.objects.filter(employer=member.employer).order_by("-opened_at")
    last: Case | None = (
        cases.open().first() or cases.exclude(state=State.WITHDRAWN).first() or cases.first()
    )
    if last is None or last.state in states.OPEN or last.state == State.REJECTED:
        return last
    case: Case = cases.stopped().first() or last
    return case


def case_page_context(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: SentForm | None = None,
) -> dict[str, Any]:
    """Return the context of the case page. Items of the kinds in `opened` are shown open."""
    edited = editor_context(member, case, now, opened, client_form)
    context = progress_context(case, now, edited["turn"]) | edited
    decision: Decision | None = case.decisions.first()
    actor = member.as_actor()
    in_force = (
        case
        if case.is_in_force(now)
        else Case.objects.filter(employer=member.employer).in_force(now).first()
    )
    heard = case.state in states.REVIEWABLE | states.STOPPED
    said: Appeal | None = Appeal.objects.open().filter(case=case).first() if heard else None
    return context | {
        "steps": progress_steps(case.state, context["turn"]),
        "decision": decision,
        "reasons": _reasons(case, decision, edited["items"]),
        "suspended_beside": case.state == State.REJECTED
        and Case.objects.beside(case).filter(state=State.SUSPENDED).exists(),
        "appealed": said is not None and said.verb == "appeal",
        "appealable": guards.may_act("appeal", case, actor, now) is None,
        "own_words": said,
        # Before the approval nothing asks for the contact, and it would distract.
        "contact_missing": in_force is not None and not Member.objects.contact_of(member),
        "asked_to_vouch": vouches.asked_of(member, now),
        "links_no_site": case.state == State.APPROVED
        and may_link(member)
        and not MemberLink.objects.filter(member=member, ended_at=None).exists(),
        "proved_by": _proved_by(case, context["checks"], now)
        if case.state == State.APPROVED
        else [],
        "withdrawable": guards.may_act("withdraw", case, actor, now) is None,
        "lapsed": case.state == State.APPROVED and not case.is_in_force(now),
        "renew_soon": case.is_in_force(now)
        and case.expires_at is not None
        and case.expires_at - now <= CURRENT.renew_before,
        "in_force": in_force,
        "timeline": timeline_events(case),
        "to_come": to_come(case, context["turn"], context["waits_until"], said),
    }


def _reasons(case: Case, decision: Decision | None, rows: Sequence[Item]) -> list[Any]:
    """Return the reasons of the decision. Authority can still be proven while a reviewer has the
    case; what that has settled is left out.
    """
    if decision is None:
        return []
    told = [wording.told_reason(reason) for reason in decision.reasons]
    item = next((item for item in rows if item.code == AUTHORITY), None)
    if case.state != State.IN_REVIEW or item is None or not item.is_provided:
        return told
    still = {why.code for why in item.requirement.reasons}
    return [why for why in told if requirement_of(why["code"]) != AUTHORITY or why["code"] in still]


PROVED_BY: Final = {"authority_email_at_company_domain": _("Email address at the company's domain")}
"""What a record of an approval calls a finding that proved authority."""


def _proved_by(case: Case, checks: Sequence[CheckLine], now: datetime) -> list[Any]:
    """Return the proofs of authority in force, for the record of an approval; without any, what the
    check of authority found in order.
    """
    proofs = Proof.objects.filter(employer=case.employer_id, uscc=case.declared_uscc)
    if kinds := dict.fromkeys(proofs.in_force(now).values_list("kind", flat=True)):
        return [wording.WAYS[kind] for kind in kinds]
    return [
        PROVED_BY.get(finding.code, wording.FOUND[finding.code].employer)
        for line in checks
        if line.code == AUTHORITY
        for finding in line.findings
        if finding.severity is Severity.PASS and finding.code in wording.FOUND
    ]
