"""Saves decided cases as golden cases, and erases them after their time.

A lead saves a case as a recipe: what the company declared, new copies of the clean pages, and the
checks' observations and findings, but nothing about the person who submitted it. Each reviewer gets
a case of their own, made from the recipe (`golden_assignment`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from employers.models import User
from employers.permissions import Power
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.models import Event, record
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    Decision,
    Document,
    DocumentKind,
    DocumentPage,
    GoldenCase,
    GoldenKind,
    GoldenTurn,
    Proof,
    ProofState,
    Ruling,
)
from verification.rules import policy
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

Recipe = dict[str, Any]

RIGHT: Final = ("approve", "request_changes", "reject")
"""Possible right decisions of a case that comes to review for the first time."""
_DECIDED: Final = frozenset(
    {State.APPROVED, State.EXPIRED, State.REJECTED, State.CHANGES_REQUESTED}
)
_BESIDE_OTHERS: Final = {"duplicates": "no_duplicate", "exclusion": "not_excluded"}
"""Checks that compare with other employers, and their finding if there is none to report: a golden
case names no other employer.
"""
_SEEN: Final = ("claim", "rule", "view_page", "read")


# --- Which cases can be saved ---------------------------------------------------------------------


def may_save(case: Case, actor: Actor) -> Refused | None:
    """Return why this person may not save the case as a golden one, or None if they may."""
    if not actor.can(Power.QUALITY) or case.golden:
        return Refused("not_allowed", seen=actor.role)
    if case.state not in _DECIDED or case.heard() or final_decision(case) is None:
        return Refused("golden_undecided", "state")
    if GoldenCase.objects.filter(kept_from=case.pk).exists():
        return Refused("golden_kept")
    if _rests_on_others(runs_of(case)) or _names_clients(case):
        return Refused("golden_not_alone")
    if any(document.pages.count() == 0 for document in _documents(case)):
        return Refused("document_missing", "document")
    return None


def final_decision(case: Case) -> Decision | None:
    """Return the last decision that a person made; a granted appeal counts as an approval."""
    last: Decision | None = case.decisions.filter(
        decided_by__isnull=False, attempt_number=case.attempt_number
    ).first()
    return last if last is not None and last.verb in RIGHT else None


def _rests_on_others(runs: Iterable[CheckRun]) -> bool:
    """Return whether the findings against it concern another employer, or lead to automatic
    rejection.

    The first cannot be copied without accusing that employer; the second never reaches a reviewer.
    """
    doubts = [
        finding for run in runs for finding in run.as_findings() if finding.severity > Severity.NOTE
    ]
    return any(
        finding.check in _BESIDE_OTHERS
        or finding.code.startswith("duplicate_")
        or finding.code in policy.CURRENT.automatic_rejections
        for finding in doubts
    )


def _names_clients(case: Case) -> bool:
    """Return whether it has letters of an agency's clients.

    They are other companies, and each is a row of its own that a copy would not have.
    """
    return any(document.kind == DocumentKind.CLIENT_AUTHORIZATION for document in _documents(case))


# --- Saving ---------------------------------------------------------------------------------------


def save_golden_case(
    case_id: UUID, verb: str, codes: Sequence[str], lead: User, now: datetime
) -> GoldenCase:
    """Save a decided case as a golden case with this right answer. Raise Refused."""
    actor = lead.as_reviewer()
    case: Case = Case.objects.select_related("employer", "submitted_by").get(pk=case_id)
    if refused := may_save(case, actor):
        raise refused
    if verb not in RIGHT:
        raise Refused("not_allowed", "verb", seen=verb, expected=", ".join(RIGHT))
    recipe = recipe_of(case)
    try:
        return put_golden_case(
            recipe,
            GoldenKind.KEPT,
            verb,
            codes,
            now,
            lead=lead,
            kept_from=case.pk,
            known_to=sorted(_know(case)),
        )
    except IntegrityError as error:  # the constraint: a case is saved once
        raise Refused("golden_kept") from error


def put_golden_case(
    recipe: Recipe,
    kind: str,
    verb: str,
    codes: Sequence[str],
    now: datetime,
    *,
    lead: User | None = None,
    kept_from: UUID | None = None,
    known_to: Sequence[str] = (),
) -> GoldenCase:
    """Save a recipe as a golden case with this right answer.

    If it cannot be saved, the recipe's files are deleted.
    """
    try:
        with transaction.atomic():
            golden: GoldenCase = GoldenCase.objects.create(
                kind=kind,
                name=recipe["name"],
                right_verb=verb,
                right_reasons=list(dict.fromkeys(codes)),
                recipe=recipe,
                known_to=list(known_to),
                kept_from=kept_from,
                made_by=lead,
                made_at=now,
            )
            record(
                "keep_golden",
                golden,
                lead.as_reviewer() if lead else SYSTEM,
                now,
                data={"kind": kind},
            )
    except BaseException:
        _delete(files_of(recipe))
        raise
    return golden


def _know(case: Case) -> set[str]:
    """Return the ids of people who have seen the case and would recognise it."""
    deciders = case.decisions.filter(decided_by__isnull=False).values_list("decided_by", flat=True)
    rulers = Ruling.objects.filter(case=case).values_list("by", "confirmed_by")
    subjects = [str(case.pk), *map(str, case.documents.values_list("pk", flat=True))]
    seen_by = Event.objects.filter(
        subject_id__in=subjects,
        subject_type__in=("case", "document"),
        verb__in=_SEEN,
        role="reviewer",
    )
    ids = {
        *deciders,
        *(person for pair in rulers for person in pair if person),
        *seen_by.values_list("actor_id", flat=True),
    }
    return {str(person) for person in ids}


def _documents(case: Case) -> list[Document]:
    shown = case.documents.current().exclude(kind=DocumentKind.APPEAL_EVIDENCE)
    return list(shown.order_by("uploaded_at", "pk").prefetch_related("pages", "statements"))


def runs_of(case: Case) -> list[CheckRun]:
    """Return the latest run of each check of the last attempt."""
    attempt: Attempt | None = case.attempts.order_by("-number").first()
    latest = {run.code: run for run in attempt.check_runs.order_by("round")} if attempt else {}
    return sorted(latest.values(), key=lambda run: run.pk)


def recipe_of(case: Case) -> Recipe:
    """Return the recipe of a case like this one, with new copies of its pages.

    Nothing in it leads back to the person who submitted the original.
    """
    documents, runs = _documents(case), runs_of(case)
    pages = _stored_anew(documents)
    decision: Decision | None = case.decisions.filter(
        verb="hold_for_review", attempt_number=case.attempt_number
    ).first()
    doubts = [
        finding.as_reason()
        for run in runs
        for finding in run.as_findings()
        if finding.severity > Severity.WAIT
    ]
    user = case.submitted_by
    proofs = list(
        Proof.objects.filter(employer=case.employer_id, uscc=case.declared_uscc).exclude(
            state=ProofState.PENDING
        )
    )
    recipe = {
        "name": case.declared_name,
        "uscc": case.declared_uscc,
        "legal_representative": case.declared_legal_representative,
        "account_class": case.account_class,
        "language": user.language if user else "zh-hans",
        "mail_domain": user.email.rpartition("@")[2] if user else "",
        "has_phone": bool(user and user.phone_sealed),
        "held_for": list(decision.reasons) if decision else doubts,
        "documents": [_document(document, pages) for document in documents],
        "runs": [_run(run) for run in runs],
        "proofs": [
            {
                "kind": proof.kind,
                "state": proof.state,
                "shown": _nobody(proof.shown),
                "provider": proof.provider,
                "failure": proof.failure,
            }
            for proof in proofs
        ],
    }
    # Real ids would lead back to the original, and the recruiter's address to a person.
    others = [
        case.pk,
        case.employer_id,
        case.submitted_by_id,
        *(member.pk for member in case.employer.members.all()),
    ]
    instead = {
        str(known): str(uuid4()) for known in (*others, *(proof.pk for proof in proofs)) if known
    }
    addresses = {member.user.email for member in case.employer.members.select_related("user")} | (
        {user.email} if user else set()
    )
    return replace_words(recipe, instead | {address: _nobody(address) for address in addresses})


def _nobody(shown: str) -> str:
    """Return an address at the same domain that identifies no one."""
    return f"hr@{shown.rpartition('@')[2]}" if "@" in shown else shown


def replace_words(recipe: Recipe, instead: Mapping[str, str]) -> Recipe:
    """Return the recipe with each of these words replaced wherever it occurs."""
    text = json.dumps(recipe, ensure_ascii=False)
    for old, new in instead.items():
        text = text.replace(old, new)
    anew: Recipe = json.loads(text)
    return anew


def _stored_anew(documents: Iterable[Document]) -> dict[int, str]:
    """Store a new file for each page and return the names by page; all files or none.

    With files of their own, the original and the golden case can be erased independently.
    """
    names: dict[int, str] = {}
    try:
        for page in (page for document in documents for page in document.pages.all()):
            with page.image.open("rb") as stored:
                names[page.pk] = default_storage.save("page.jpg", ContentFile(stored.read()))
    except BaseException:
        _delete(names.values())
        raise
    return names


def _document(document: Document, names: Mapping[int, str]) -> Recipe:
    chosen = ("kind", "size", "media_type", "editor", "scan")
    return {name: getattr(document, name) for name in chosen} | {
        "ref": str(document.pk),
        "pages": [_page(page, names[page.pk]) for page in document.pages.all()],
        "statements": [
            {"field": said.field, "read": said.read, "said": said.said}
            for said in document.statements.all()
        ],
    }


def _page(page: DocumentPage, image: str) -> Recipe:
    return {
        name: getattr(page, name)
        for name in ("number", "width", "height", "fingerprint", "quality")
    } | {"image": image}


def _run(run: CheckRun) -> Recipe:
    """Return the run's observation and findings, without what concerns other employers."""
    observation, findings = run.observation, run.findings
    if run.code in _BESIDE_OTHERS:
        observation = {key: type(value)() for key, value in observation.items()}
        findings = [Finding(run.code, _BESIDE_OTHERS[run.code], Severity.PASS).as_json()]
    elif "approved_with" in observation:
        observation = observation | {"approved_with": []}
    seconds = min(max(run.seconds, 0.01), 30.0)
    return {
        "code": run.code,
        "version": run.version,
        "observation": observation,
        "findings": findings,
        "seconds": seconds,
    }


def files_of(recipe: Recipe) -> list[str]:
    """Return the names of the stored pages."""
    return [page["image"] for document in recipe.get("documents", ()) for page in document["pages"]]


# --- Retiring -------------------------------------------------------------------------------------


def retire_golden_case(golden_id: int, lead: User, now: datetime) -> GoldenCase:
    """Retire a golden case; its data is erased once no reviewer has it open. Raise Refused."""
    actor = lead.as_reviewer()
    if not actor.can(Power.QUALITY):
        raise Refused("not_allowed", seen=actor.role)
    _retire(golden_id, actor, now)
    erase_retired(now)
    return GoldenCase.objects.get(pk=golden_id)


def retire_due(now: datetime) -> int:
    """Retire the cases older than `GOLDEN_DAYS`, erase the retired; return their number."""
    over = GoldenCase.objects.in_use().filter(
        made_at__lte=now - timedelta(days=settings.GOLDEN_DAYS)
    )
    count = sum(_retire(pk, SYSTEM, now) for pk in list(over.values_list("pk", flat=True)))
    erase_retired(now)
    return count


def _retire(golden_id: int, actor: Actor, now: datetime) -> bool:
    with transaction.atomic():
        retired = bool(GoldenCase.objects.in_use().filter(pk=golden_id).update(retired_at=now))
        if retired:
            record("retire_golden", GoldenCase.objects.get(pk=golden_id), actor, now)
    return retired


def erase_retired(now: datetime) -> None:
    """Erase pages and recipes of retired golden cases; only the figures stay.

    A case that a reviewer has claimed waits until they are done.
    """
    at_work = GoldenTurn.objects.filter(
        case__claimed_until__gt=now, case__state=State.IN_REVIEW, lapsed_at=None
    )
    unerased = (
        GoldenCase.objects.filter(retired_at__isnull=False)
        .exclude(recipe={})
        .exclude(pk__in=at_work.values("golden"))
    )
    for pk in list(unerased.values_list("pk", flat=True)):
        with transaction.atomic():
            golden: GoldenCase = GoldenCase.objects.select_for_update().get(pk=pk)
            files = files_of(golden.recipe)
            GoldenTurn.objects.filter(golden=golden, answered_at=None, lapsed_at=None).update(
                lapsed_at=now
            )
            DocumentPage.objects.filter(document__case__golden_turn__golden=golden).delete()
            golden.recipe, golden.known_to, golden.kept_from, golden.name = {}, [], None, ""
            golden.save()
            transaction.on_commit(lambda gone=files: _delete(gone))  # type: ignore[misc]


def _delete(files: Iterable[str]) -> None:
    for name in files:
        default_storage.delete(name)
