"""Passes: a yes of the gate includes a pass, valid once and for a minute, while the yes would still
hold.

Fetching and marking take time between the gate's decision and the first byte of a resume. So the
facts are checked again when the pass is spent, in one statement like the gate's, and no pass is
honoured after a suspension was acknowledged. A pass contains no secrets. It is signed for the
platform that asked, and the recorded decision says what it is for.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction

from downloads import locks
from downloads.candidates import notices
from downloads.gate import ladder_versions, sql
from downloads.rules.job_titles import checked_job_title
from downloads.rules.ladder import Obligation, Tier
from events.core.errors import Refused
from events.db.dialect import current_dialect

GOOD_FOR: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Spent:
    """An honoured pass: release this resume, under these obligations."""

    decision_id: UUID
    employer_id: UUID
    member_id: UUID
    candidate: str
    tier: Tier
    obligations: tuple[Obligation, ...]
    spent_at: datetime


def issue_pass(decision_id: UUID, client_id: UUID, employer_id: UUID, member_id: UUID) -> str:
    """Return the pass of an allowed decision."""
    names = b"".join(part.bytes for part in (decision_id, employer_id, member_id))
    return _signer(client_id).sign(urlsafe_b64encode(names).decode())


def spend_pass(
    gate_pass: str,
    *,
    client_id: UUID,
    now: datetime,
    test: bool = False,
    leaves: bool = True,
    job_title: str = "",
) -> Spent:
    """Honour the pass, once, if the decision would still be yes. The quota is not checked again,
    because the decision has already used it.

    Each attempt is recorded. If the resume `leaves` with the pass, the release is recorded and the
    candidate notified (`downloads.candidates.notices`) in the same transaction. For a copy that is
    made here first (`downloads.releases.operations`), this happens when it leaves. Raises Refused:
    `job_title_not_allowed`, `pass_unknown` (not ours, or another platform's), `pass_spent`,
    `pass_expired`, or why the employer may no longer download or the candidate does not allow it.
    Raises `django.db.DatabaseError`, which callers answer with no.
    """
    job_title = checked_job_title(job_title)
    decision_id, employer_id, member_id = _read(gate_pass, client_id)
    parameters = {
        "decision": decision_id,
        "client": client_id,
        "employer": employer_id,
        "member": member_id,
        "mode": settings.CANDIDATES_DEFAULT,
    }
    for ladder in ladder_versions.until_in_force():
        moment = {
            "ladder": ladder.version,
            "now": now,
            "young_after": now - ladder.provisional_for,
            "expired": now - GOOD_FOR,
        }
        statement = sql.pass_statement(current_dialect(), test, ladder)
        with transaction.atomic():
            spent, reason = None, ""
            for reason, tier, candidate in locks.with_company_lock(statement, parameters | moment):
                if not reason:
                    obligations = ladder.rights[Tier(tier)].obligations
                    spent = Spent(
                        decision_id, employer_id, member_id, candidate, Tier(tier), obligations, now
                    )
                    if leaves:
                        notices.tell_candidate(
                            notices.Left(
                                decision_id,
                                client_id,
                                test,
                                employer_id,
                                member_id,
                                candidate,
                                obligations,
                                now,
                                job_title,
                            )
                        )
        if spent:
            return spent
        if reason:  # after the commit, so that the attempt stays recorded
            raise Refused(reason, "gate_pass")
    raise Refused("pass_unknown", "gate_pass")


def decision_of(gate_pass: str, client_id: UUID) -> UUID:
    """Return the decision of a pass, whether or not the pass is still valid.

    Raises Refused `pass_unknown`.
    """
    return _read(gate_pass, client_id)[0]


def _read(gate_pass: str, client_id: UUID) -> tuple[UUID, UUID, UUID]:
    try:
        names = urlsafe_b64decode(_signer(client_id).unsign(gate_pass))
        decision_id, employer_id, member_id = (
            UUID(bytes=names[at : at + 16]) for at in (0, 16, 32)
        )
    except (BadSignature, NotBase64, ValueError):
        raise Refused("pass_unknown", "gate_pass") from None
    return decision_id, employer_id, member_id


def _signer(client_id: UUID) -> Signer:
    """Return the signer of this platform; another platform's passes are not valid for it."""
    return Signer(salt=f"downloads.pass.{client_id.hex}", sep=".")
