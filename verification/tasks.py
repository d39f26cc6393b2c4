"""When is a case worked on? At the doorbell, and again by the sweeper for every doorbell that was lost."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events.actor import SYSTEM
from events.errors import ProviderError, Refused
from verification import conditions, following, operations, pipeline, readings, renewing, settling
from verification.checks.registry import STATUS_REASON
from verification.findings import Severity
from verification.models import Attempt, Case, DocumentReading, Proof, RegistryRecord
from verification.policy import POLICIES
from verification.registries.base import Status
from verification.states import State

log = structlog.get_logger()

SWEEP_AT_MOST = 200
ENDED = {status: code for status, (code, severity) in STATUS_REASON.items() if severity is Severity.BLOCK}
"""Statuses of the register that end an employer's rights, with their reasons."""


@shared_task
def check_attempt(attempt_id: int) -> None:
    pipeline.run(attempt_id, timezone.now, settings.LEASE_SECONDS, shadow=POLICIES.get(settings.SHADOW_POLICY))


@shared_task
def sweep() -> None:
    """Ring again for every attempt that is due and held by nobody; write down approvals whose time is over."""
    now = timezone.now()
    for attempt_id in Attempt.objects.due(now).order_by("due_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        check_attempt.delay(attempt_id)
    for case_id in Case.objects.filter(state=State.APPROVED, expires_at__lte=now).values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        try:
            settling.end(case_id, now)
        except Refused:  # suspended in the same moment
            continue


@shared_task
def remind_to_renew() -> None:
    """Tell the people of approvals that end soon; whoever was told is not told again."""
    now = timezone.now()
    for case_id in renewing.due(now)[:SWEEP_AT_MOST]:
        renewing.remind(case_id, now)


@shared_task
def watch_register() -> None:
    """Suspend whoever was approved and is, by a register imported since, revoked, cancelled or deregistered."""
    now = timezone.now()
    ended = RegistryRecord.objects.filter(status__in=ENDED)
    approved = Case.objects.in_force(now).filter(declared_uscc__in=ended.values("uscc"))
    for case_id, uscc in approved.values_list("pk", "declared_uscc")[:SWEEP_AT_MOST]:
        status = RegistryRecord.objects.get(pk=uscc).status
        try:
            operations.suspend(case_id, SYSTEM, now, [ENDED[Status(status)]])
        except Refused:  # moved in the same moment
            continue


@shared_task
def read_document(document_id: str) -> None:
    readings.read(UUID(document_id), timezone.now, settings.LEASE_SECONDS)


@shared_task
def sweep_readings() -> None:
    """Ring again for uploads that are to be read and held by nobody."""
    for document_id in DocumentReading.objects.due(timezone.now()).order_by("due_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        read_document.delay(str(document_id))


@shared_task
def check_proof(proof_id: str) -> None:
    following.follow(UUID(proof_id), timezone.now, following.LEASE_SECONDS)


@shared_task
def sweep_proofs() -> None:
    """Ring again for every proof whose provider is to be asked, or whose time is over."""
    for proof_id in Proof.objects.due(timezone.now()).order_by("due_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        check_proof.delay(str(proof_id))


@shared_task
def confirm_conditional() -> None:
    """Ask the register about everybody who was approved before it listed them; a register that is down is asked the next time."""
    now = timezone.now()
    for case_id in Case.objects.in_force(now).filter(conditional=True).order_by("expires_at").values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        try:
            conditions.look(case_id, timezone.now)
        except ProviderError:
            log.exception("condition_not_looked_at", case=str(case_id))
