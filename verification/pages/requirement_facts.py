"""Gathers the facts for `verification.rules.requirements`, in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.db.models.fields.json import KT
from django_fsm import can_proceed

from employers.models import AccountClass, Employer, Member, User
from events.core.actor import Actor, Role
from events.core.reasons import REASONS
from events.models import Event
from verification.authority import proofs
from verification.cases import authority_evidence, guards, wording
from verification.intake import client_letters
from verification.intake.document_reuse import Reusable, reusable_documents
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    ClientAuthorisation,
    DocumentKind,
    ProofKind,
    ProofState,
)
from verification.models import Proof as ProofRow
from verification.monitoring import client_expiry
from verification.rules import policy, states
from verification.rules.facts import (
    STRENGTH,
    Facts,
    Letter,
    Paper,
    Proof,
    Report,
    RequirementState,
    ReusablePaper,
    Strength,
    Why,
)
from verification.rules.required_documents import CURRENT
from verification.rules.requirements import Requirement, due_requirements
from verification.rules.states import State
from verification.rules.turn import ON_AUTHORITY, Turn, turn_of

ANYBODY: Final = Actor(Role.OWNER)
"""Acts for the employer if no particular member asks."""


def requirements_of(
    case: Case, member: Member | None, now: datetime, reusable: Mapping[str, Reusable] | None = None
) -> list[Requirement]:
    """Return the requirements of `case` at `now` for `member`.

    Without a member, they are those of the submitter, else of the first owner. `reusable` is the
    result of `document_reuse.reusable_documents`, if the caller has it.
    """
    return due_requirements(facts_of(case, member, now, reusable), CURRENT, now)


def turn_of_case(case: Case, now: datetime) -> Turn:
    """Return who acts next in `case`."""
    facts = facts_of(case, None, now)
    return turn_of(facts, due_requirements(facts, CURRENT, now), now)


def turn_in_progress(case: Case, attempt: Attempt | None, now: datetime) -> Turn:
    """Return who acts next while the checks of `case` run or wait, in few queries.

    For all other states, use `turn_of` with the facts and requirements of the case.
    """
    facts = Facts(
        account_class=case.account_class,
        uscc=case.declared_uscc,
        name=case.declared_name,
        state=State(case.state),
        waiting_for=attempt.waiting_for if attempt else "",
    )
    if facts.waiting_for in ON_AUTHORITY:
        acting = authority_evidence.acting_for(case.employer_id, Q(user=case.submitted_by_id))
        facts = replace(facts, proofs=_proofs(case, acting, _latest_runs(case), now))
    return turn_of(facts, (), now)


def facts_before(employer: Employer, member: Member | None) -> Facts:
    """Return the facts about an employer that has not opened a case yet."""
    recruiter = member or _owner(employer)
    return Facts(
        employer.account_class,
        employer.uscc,
        employer.name,
        State.DRAFT,
        not_offered=_not_offered(employer.uscc, employer.test),
        **_address(recruiter.user if recruiter else None),
        **_may_prove([recruiter] if recruiter else []),
    )


def facts_of(
    case: Case, member: Member | None, now: datetime, reusable: Mapping[str, Reusable] | None = None
) -> Facts:
    """Return the facts about `case` and its recruiter as plain values, as the employer may know
    them.
    """
    member = member or _recruiter(case)
    state = State(case.state)
    runs, papers = _latest_runs(case), _papers(case)
    handing_in = member.user_id if member and state in states.EDITABLE else case.submitted_by_id
    acting = authority_evidence.acting_for(
        case.employer_id, Q(user=handing_in) if handing_in else Q()
    )
    decision = case.decisions.first()
    is_agency = state is State.APPROVED and case.account_class == AccountClass.COMMERCIAL_AGENCY
    attempt = (
        Attempt.objects.filter(case=case, finished_at=None).first()
        if state in states.IN_PROGRESS
        else None
    )
    waiting_for = attempt.waiting_for if attempt and attempt.waiting_for in REASONS else ""
    return Facts(
        account_class=case.account_class,
        uscc=case.declared_uscc,
        name=case.declared_name,
        state=state,
        papers=papers,
        proofs=_proofs(case, acting, runs, now),
        clients_until=(
            _clients(case)
            if any(paper.kind == DocumentKind.CLIENT_AUTHORIZATION for paper in papers)
            else ()
        ),
        letters=_letters(case, now) if is_agency else (),
        clients_end=client_expiry.last_end(case, now) if is_agency else None,
        reports=tuple(
            Report(
                run.code,
                run.finished_at,
                tuple(wording.finding_for_employer(finding) for finding in run.as_findings()),
            )
            for run in runs.values()
        ),
        reasons=_told(decision.reasons) if decision else (),
        decided_at=decision.decided_at if decision else None,
        declared_at=_declared_at(case),
        expires_at=case.expires_at,
        golden=case.golden,
        conditional=case.conditional,
        renew_by=_renew_by(case, now),
        waiting_for=waiting_for,
        waits_until=(
            policy.waits_until(attempt.waits, attempt.due_at, policy.CURRENT)
            if attempt and waiting_for
            else None
        ),
        not_offered=_not_offered(case.declared_uscc, case.test),
        verbs=_verbs(case, member.as_actor() if member else ANYBODY, now),
        heard=state in states.STOPPED and case.heard(),
        reusable=_reusable_papers(reusable_documents(case, now) if reusable is None else reusable),
        **_address(member.user if member else None),
        **_may_prove(acting),
    )


# --- The recruiter --------------------------------------------------------------------------------


def _recruiter(case: Case) -> Member | None:
    """Return the submitter if they are still a member, else the employer's first owner."""
    members = Member.objects.active().filter(employer=case.employer_id).select_related("user")
    member: Member | None = (
        members.filter(user=case.submitted_by_id).first() if case.submitted_by_id else None
    )
    return member or _owner(case.employer_id)


def _owner(employer: Employer | Any) -> Member | None:
    owners = (
        Member.objects.active()
        .filter(employer=employer, role=Member.MemberRole.OWNER)
        .select_related("user")
    )
    owner: Member | None = owners.order_by("joined_at").first()
    return owner


def _address(user: User | None) -> dict[str, Any]:
    return {"email_verified": user.is_proven, "email_shown": user.contact_masked} if user else {}


def _may_prove(acting: list[Member]) -> dict[str, Any]:
    """Return the first verified address among all that count that may be at the company's own
    domain.
    """
    found = (member.user.email for member in acting if member.user.email_verified_at)
    address = next(
        (email for email in found if not authority_evidence.is_public(email.rpartition("@")[2])), ""
    )
    return {"email_may_prove": bool(address), "proving_shown": _masked(address)}


def _masked(address: str) -> str:
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else address


def _not_offered(uscc: str, test: bool) -> frozenset[str]:
    return frozenset(ProofKind.values) - proofs.offered_kinds(uscc, test=test)


def _proofs(
    case: Case, acting: list[Member], runs: dict[str, CheckRun], now: datetime
) -> tuple[Proof, ...]:
    """Return the proofs that count, with their strength for this company; those without any are
    left out.
    """
    if not acting:
        return ()
    rows = list(
        ProofRow.objects.filter(member__in=acting, uscc=case.declared_uscc).order_by("-started_at")
    )
    if not rows:
        return ()
    domain = _registry_domain(runs)
    plain = authority_evidence.proofs_of(acting, case.declared_uscc, now)
    worth = {
        proof["id"]: authority_evidence.proof_strength(proof, case.declared_name, domain)
        for proof in plain["standing"] + plain["under_way"]
    }
    at_best = {row: STRENGTH.get(row.kind, Strength.WEAK) for row in rows}
    valued = [
        (
            row,
            worth.get(str(row.pk), at_best[row])
            or (at_best[row] if row.state == ProofState.PENDING else None),
        )
        for row in rows
    ]
    return tuple(
        Proof(
            row.kind,
            row.state,
            strength,
            row.started_at,
            row.expires_at,
            row.holds_until,
            _shown(row),
            row.failure if row.failure in REASONS else "",
            row.stage,
            "code_given_at" in row.observed,
        )
        for row, strength in valued
        if strength is not None
    )


def _shown(row: ProofRow) -> str:
    """Return what the proof is about, with addresses masked."""
    if row.kind == ProofKind.COMPANY_EMAIL and row.state != ProofState.PENDING:
        return _masked(row.shown)
    return row.shown


# --- The case -------------------------------------------------------------------------------------


def _latest_runs(case: Case) -> dict[str, CheckRun]:
    """Return the last run of each check in this attempt or the one before.

    Observations are not loaded, except the domain from the register.
    """
    recent = CheckRun.objects.filter(
        attempt__case=case, attempt__number__gte=case.attempt_number - 1
    ).defer("observation")
    return {
        run.code: run
        for run in recent.annotate(email_domain=KT("observation__record__email_domain")).order_by(
            "id"
        )
    }


def _registry_domain(runs: dict[str, CheckRun]) -> str:
    """Return the company's own domain according to the register check; "" if unknown."""
    domain = getattr(runs.get("registry"), "email_domain", None)
    return authority_evidence.own_domain(domain) if isinstance(domain, str) else ""


def _papers(case: Case) -> tuple[Paper, ...]:
    documents = (
        case.documents.current()
        .exclude(kind=DocumentKind.APPEAL_EVIDENCE)
        .order_by("uploaded_at")
        .prefetch_related("pages")
    )
    given = tuple(
        Paper(
            document.kind,
            document.uploaded_at,
            tuple(
                dict.fromkeys(code for page in document.pages.all() for code in page.judged.codes)
            ),
        )
        for document in documents
    )
    held = [upload for upload in case.held_uploads.all() if not upload.refused]
    return (*given, *(Paper(upload.kind, upload.uploaded_at) for upload in held))


def _reusable_papers(reusable: Mapping[str, Reusable]) -> dict[str, ReusablePaper]:
    return {
        kind: ReusablePaper(len(papers.documents), papers.why_not)
        for kind, papers in reusable.items()
    }


def _clients(case: Case) -> tuple[Any, ...]:
    clients = ClientAuthorisation.objects.filter(
        document__case=case, document__superseded_at=None, ended_at=None
    )
    return tuple(clients.values_list("valid_until", flat=True))


def _letters(case: Case, now: datetime) -> tuple[Letter, ...]:
    """Return the state of each letter uploaded while the approval was in force."""
    return tuple(letter_of(status) for status in client_letters.letter_statuses(case, now))


def letter_of(status: client_letters.LetterStatus) -> Letter:
    """Return a client's letter as the employer sees it; a letter in review is pending."""
    if status.client is None:
        return Letter(RequirementState.CURRENTLY_DUE, Why("agency_client_name_missing", "company"))
    if status.agrees:
        return Letter(RequirementState.SATISFIED)
    if (found := status.finding) is None:
        return Letter(RequirementState.PENDING_VERIFICATION)
    why = Why(found.code, found.field, found.seen, found.expected, found.check)
    return Letter(
        (
            RequirementState.PENDING_VERIFICATION
            if status.doubtful
            else RequirementState.CURRENTLY_DUE
        ),
        why,
    )


def _declared_at(case: Case) -> datetime | None:
    declared = (
        Event.objects.about(case)
        .filter(verb="declare")
        .order_by("-id")
        .values_list("at", flat=True)
    )
    at: datetime | None = declared.first()
    return at


def _renew_by(case: Case, now: datetime) -> datetime | None:
    """Return when the employer's rights from another case end, which this case is to replace."""
    if case.state not in states.OPEN:
        return None
    ends = Case.objects.beside(case).in_force(now).values_list("expires_at", flat=True)
    until: datetime | None = ends.first()
    return until


def _verbs(case: Case, actor: Actor, now: datetime) -> frozenset[str]:
    """Return what the employer may do with the case.

    For `submit` only the state counts, because the requirements cover the rest.
    """
    others = {
        verb for verb in ("appeal", "ask_person") if guards.may_act(verb, case, actor, now) is None
    }
    return frozenset(others | {"submit"} if can_proceed(case.submit) else others)


def _told(reasons: Iterable[dict[str, Any]]) -> tuple[Why, ...]:
    """Return stored reasons as the employer may know them, without codes that no longer exist."""
    told = (wording.told_reason(reason) for reason in reasons if reason.get("code") in REASONS)
    return tuple(
        Why(t["code"], *(str(t.get(key) or "") for key in ("field", "seen", "expected", "check")))
        for t in told
    )
