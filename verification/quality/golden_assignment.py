"""Assigns golden cases to reviewers so that they look like any other case.

A golden case arrives as every case does: declared, submitted, checked and held for review, at the
times that its history gives and in queue order. Neither a date, nor its queue position, nor a
page's response time gives it away. It is visible to one reviewer; for all others neither the case
nor the employer exists. Its people are inactive accounts: no one signs in with them, and no one
reads the mails of its decisions.

After each ruling, a lot decides whether the reviewer gets one. It is drawn with the deployment's
key (`events.core.sealing.keyed_hash`), so it is unpredictable.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from employers.accounts.sightings import seal_phone
from employers.models import Employer, Member, User
from employers.permissions import Power
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import keyed_hash
from events.models import record
from verification.authority import proofs
from verification.cases import decisions, operations
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    Document,
    DocumentPage,
    GoldenCase,
    GoldenTurn,
    Proof,
    ProofState,
    Ruling,
    RulingOutcome,
    Statement,
    reviewing_users,
)
from verification.quality import golden_cases
from verification.rules import name_lookalikes, required_documents
from verification.rules.findings import Outcome
from verification.rules.states import State

log = structlog.get_logger()

RULINGS_WITHIN: Final = timedelta(days=1)
"""A lot drawn longer ago than this is not honoured any more."""
LAPSES_AFTER: Final = timedelta(days=7)
"""A golden case that its reviewer has left undecided for this long is hidden from them."""
_MOBILES: Final = ("134", "136", "138", "139", "150", "158", "182", "187", "199")


# --- Who gets one ---------------------------------------------------------------------------------


def give_due(now: datetime) -> int:
    """Give each reviewer the golden case drawn for them, if any; return the number given."""
    lately = Ruling.objects.filter(made_at__gt=now - RULINGS_WITHIN).values("by")
    given = 0
    for reviewer in reviewing_users().filter(pk__in=lately):
        try:
            given += give_golden_case(reviewer, now) is not None
        # the requirements have changed since the case was saved; the other reviewers get theirs
        except Refused as refused:
            log.exception("golden_not_given", why=refused.code)
    return given


def give_golden_case(reviewer: User, now: datetime) -> Case | None:
    """Give this reviewer a golden case if one was drawn for them; return it, or None.

    Return None also if the reviewer knows every golden case.
    """
    if reviewer.as_reviewer().can(Power.QUALITY):  # people who can read the answers are not tested
        return None
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(
            pk=reviewer.pk
        )  # concurrent sweeps give one
        if not _drawn(reviewer, now):
            return None
        chosen = _unknown_to(reviewer)
        return plant_golden_case(chosen, reviewer, now) if chosen else None


def _drawn(reviewer: User, now: datetime) -> bool:
    """Return whether a ruling since the reviewer's last golden case drew one."""
    last = GoldenTurn.objects.filter(reviewer=reviewer).aggregate(at=Max("given_at"))["at"]
    since = max(filter(None, (last, now - RULINGS_WITHIN)))
    rulings = Ruling.objects.filter(by=reviewer, made_at__gt=since, case__golden=False).exclude(
        outcome=RulingOutcome.UNDONE
    )
    return any(draws_golden_case(pk) for pk in rulings.values_list("pk", flat=True))


def draws_golden_case(ruling_id: int) -> bool:
    """Return whether this ruling draws a golden case.

    For a share s of all cases, each other case draws one with probability s/(1-s), at most 1.
    """
    share = settings.GOLDEN_SHARE
    chance = min(1.0, share / (1 - share)) if share < 1 else 1.0
    return int(keyed_hash(str(ruling_id), "golden.lot")[:8], 16) / 16**8 < chance


def _unknown_to(reviewer: User) -> GoldenCase | None:
    """Return a golden case new to the reviewer, chosen unpredictably, or None."""
    me = str(reviewer.pk)
    there = (
        GoldenCase.objects.in_use()
        .exclude(turns__reviewer=reviewer)
        .exclude(made_by=reviewer)
        .values_list("pk", "known_to")
    )
    ids = [pk for pk, known_to in there if me not in known_to]
    if not ids:
        return None
    return GoldenCase.objects.get(
        pk=min(ids, key=lambda pk: keyed_hash(f"{pk}:{me}", "golden.choice"))
    )


def lapse_due(now: datetime) -> int:
    """Withdraw the assignments that have waited too long; return their number."""
    assignments = GoldenTurn.objects.filter(
        lapsed_at=None, given_at__lte=now - LAPSES_AFTER, case__state=State.IN_REVIEW
    )
    free = assignments.filter(Q(case__claimed_until=None) | Q(case__claimed_until__lte=now))
    return GoldenTurn.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(
        lapsed_at=now
    )


# --- How it arrives -------------------------------------------------------------------------------


def plant_golden_case(chosen: GoldenCase, reviewer: User, now: datetime) -> Case:
    """Make a case for this reviewer from the recipe, held for review at `now`.

    The case goes through the same transitions as any other.
    """
    documents = {document["ref"]: str(uuid4()) for document in chosen.recipe["documents"]}
    recipe = golden_cases.replace_words(chosen.recipe, documents)
    with transaction.atomic():
        arrival = _Arrival(recipe, now)
        member = arrival.register(reviewer)
        case = arrival.open(member)
        GoldenTurn.objects.create(golden=chosen, reviewer=reviewer, case=case, given_at=now)
        arrival.hand_in(case, member)
        arrival.check(case, now)
    case.refresh_from_db()
    return case


class _Arrival:
    """One case on its way to review, with the times of its events."""

    def __init__(self, recipe: golden_cases.Recipe, now: datetime) -> None:
        self.recipe = recipe
        self.checked = timedelta(seconds=sum(run["seconds"] for run in recipe["runs"]) + 0.2)
        self.submitted = now - self.checked
        self.opened = self.submitted - timedelta(
            minutes=4 + secrets.randbelow(20), seconds=secrets.randbelow(60)
        )
        self._moments = self._between(5 + len(recipe["documents"]))

    def _between(self, steps: int) -> Iterator[datetime]:
        """Yield moments in order, from the opening to the submission, as irregular as people's."""
        seconds = int((self.submitted - self.opened).total_seconds())
        later = sorted(secrets.randbelow(1000 * seconds) for _ in range(steps - 1))
        for milliseconds in (0, *later):
            yield self.opened + timedelta(milliseconds=milliseconds)

    def register(self, reviewer: User) -> Member:
        recipe, at, verified_at = self.recipe, next(self._moments), next(self._moments)
        employer = Employer.objects.create(
            name=recipe["name"],
            uscc=recipe["uscc"],
            account_class=recipe["account_class"],
            registered_at=at,
            made_for=reviewer,
        )
        user = User(
            email=_address(recipe["mail_domain"] or "company.example"),
            language=recipe["language"],
            is_active=False,
            joined_at=at,
            email_verified_at=verified_at,
            phone_sealed=seal_phone(_phone()) if recipe["has_phone"] else "",
        )
        user.set_unusable_password()
        user.save()
        member = Member.objects.create(
            user=user, employer=employer, role=Member.MemberRole.OWNER, joined_at=at
        )
        record(
            "register",
            employer,
            member.as_actor(),
            at,
            employer_id=employer.pk,
            data={"contest": False},
        )
        record("verify_email", user, member.as_actor(), verified_at, employer_id=employer.pk)
        return member

    def open(self, member: Member) -> Case:
        recipe, at = self.recipe, next(self._moments)
        case: Case = Case.objects.create(
            employer=member.employer,
            declared_name=recipe["name"],
            name_key=name_lookalikes.lookalike_key(recipe["name"]),
            declared_uscc=recipe["uscc"],
            declared_legal_representative=recipe["legal_representative"],
            account_class=recipe["account_class"],
            opened_at=at,
            golden=True,
        )
        record(
            "open", case, member.as_actor(), at, employer_id=case.employer_id, to_state=State.DRAFT
        )
        if case.declared_legal_representative:
            changed = {"changed": ["declared_legal_representative"]}
            record(
                "declare",
                case,
                member.as_actor(),
                next(self._moments),
                employer_id=case.employer_id,
                data=changed,
            )
        return case

    def hand_in(self, case: Case, member: Member) -> None:
        for document in self.recipe["documents"]:
            self._add(document, case, member, next(self._moments))
        for number, proof in enumerate(self.recipe["proofs"], start=1):
            at = self.opened + (self.submitted - self.opened) * number / (
                len(self.recipe["proofs"]) + 1
            )
            proven_at = at if proof["state"] == ProofState.PROVEN else None
            given = Proof.objects.create(
                employer=case.employer,
                member=member,
                uscc=case.declared_uscc,
                started_at=at,
                expires_at=at,
                due_at=at,
                finished_at=at,
                proven_at=proven_at,
                **proof,
            )
            for verb in ("begin_proof", proofs.VERBS[ProofState(given.state)]):
                record(
                    verb,
                    given,
                    member.as_actor(),
                    at,
                    employer_id=given.employer_id,
                    reasons=[given.failure] if given.failure and verb != "begin_proof" else [],
                    data={"kind": given.kind},
                )
        with operations.moving_case(case.pk, "submit", member.as_actor(), self.submitted) as move:
            move.case.submitted_at, move.case.submitted_by = self.submitted, member.user

    def _add(self, made: golden_cases.Recipe, case: Case, member: Member, at: datetime) -> None:
        chosen = {name: made[name] for name in ("kind", "size", "media_type", "editor", "scan")}
        # The hash of no file, so that no search finds anything by it.
        digest = secrets.token_hex(32)
        document = Document.objects.create(
            pk=UUID(made["ref"]),
            case=case,
            sha256=digest,
            uploaded_by=member.user,
            uploaded_at=at,
            **chosen,
        )
        DocumentPage.objects.bulk_create(
            DocumentPage(document=document, **page) for page in made["pages"]
        )
        told = {"case": str(case.pk), "kind": document.kind, "pages": len(made["pages"])}
        record(
            "add_document", document, member.as_actor(), at, employer_id=case.employer_id, data=told
        )
        Statement.objects.bulk_create(
            Statement(document=document, by=member.user, at=at, **said)
            for said in made["statements"]
        )
        if stated := made["statements"]:
            disputed = [said["field"] for said in stated if said["said"] != said["read"]]
            told = {
                "case": str(case.pk),
                "confirmed": len(stated) - len(disputed),
                "disputed": disputed,
            }
            record(
                "state_values",
                document,
                member.as_actor(),
                at,
                employer_id=case.employer_id,
                data=told,
            )

    def check(self, case: Case, now: datetime) -> None:
        """Store the check runs of the recipe, then hold the case for review, as the policy held the
        original.
        """
        attempt = Attempt.objects.create(
            case=case,
            number=1,
            submitted_at=self.submitted,
            due_at=self.submitted,
            finished_at=now,
            outcome=Outcome.REVIEW,
            tries=1,
            rules_version=required_documents.CURRENT.version,
        )
        at = self.submitted + timedelta(seconds=0.1)
        with operations.moving_case(case.pk, "start_checks", SYSTEM, at):
            pass
        runs: list[CheckRun] = []
        for made in self.recipe["runs"]:
            seen: dict[str, Any] = {
                name: made[name] for name in ("code", "version", "observation", "findings")
            }
            done = at + timedelta(seconds=made["seconds"])
            runs.append(CheckRun(attempt=attempt, started_at=at, finished_at=done, **seen))
            at = done
        CheckRun.objects.bulk_create(runs)
        why = decisions.Why(self.recipe["held_for"])
        with operations.moving_case(case.pk, "hold_for_review", SYSTEM, now, why=why) as move:
            decisions.put_on_record(move.case, "hold_for_review", why, SYSTEM, now)


def _address(domain: str) -> str:
    """An address that no one uses: the account is inactive and is never sent mail."""
    return f"hr{secrets.randbelow(10**9):09d}@{domain}".lower()


def _phone() -> str:
    """A realistic number. The block 0000 is not assigned to people."""
    return f"+86{secrets.choice(_MOBILES)}0000{secrets.randbelow(10**4):04d}"
