"""Celery tasks of verification. Each is sent when its row is due, and again by a sweep."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from employers.clock import clock_of
from employers.models import Member
from events.core.errors import ProviderError, Refused
from events.jobs.queue import SWEEP_AT_MOST, notify_due
from verification import orphan_files
from verification.authority import proof_polling
from verification.cases import draft_erasure, queue_placement
from verification.decision import apply_verdict, pipeline
from verification.intake import early_reading, held_uploads, licence_photos
from verification.models import Attempt, Case, Document, DocumentReading, LicencePhoto, Proof
from verification.monitoring import (
    client_expiry,
    conditional_approvals,
    register_watch,
    renewal_reminders,
    service_watch,
)
from verification.quality import golden_assignment, golden_cases
from verification.reviewing import member_reviews, rulings
from verification.rules.policy import POLICIES

log = structlog.get_logger()


@shared_task
def check_attempt(attempt_id: int) -> None:
    attempt = (
        Attempt.objects.select_related("case__employer__platform").filter(pk=attempt_id).first()
    )
    if attempt is not None:
        clock = clock_of(attempt.case.employer)
        pipeline.run_checks(
            attempt_id, clock, settings.LEASE_SECONDS, shadow=POLICIES.get(settings.SHADOW_POLICY)
        )


@shared_task
def sweep() -> None:
    """Send every attempt that is due and not leased, and end the approvals that have expired."""
    now = timezone.now()
    notify_due(Attempt.objects.all(), check_attempt, now)
    ended = Case.objects.past_end(now).filter(test=False)
    for case_id in ended.values_list("pk", flat=True)[:SWEEP_AT_MOST]:
        try:
            apply_verdict.end_approval(case_id, now)
        except Refused:  # suspended in the meantime
            continue


@shared_task
def remind_to_renew() -> None:
    """Remind the members of employers whose approvals end soon, once each."""
    now = timezone.now()
    for case_id in renewal_reminders.due_reminders(now)[:SWEEP_AT_MOST]:
        renewal_reminders.remind_to_renew(case_id, now)


@shared_task
def end_clients() -> None:
    """End the clients whose letters have expired, and the approvals that depended on the last of
    them.
    """
    client_expiry.end_expired_clients(timezone.now())


@shared_task
def watch_register() -> None:
    register_watch.watch_register(timezone.now())


@shared_task
def review_member(user_id: str) -> None:
    """Hold a member who was seen with something excluded."""
    members = Member.objects.active().select_related("employer")
    member = members.filter(user=UUID(user_id)).first()
    if member is not None:
        member_reviews.hold_if_excluded(member, timezone.now())


@shared_task
def find_excluded_members() -> None:
    member_reviews.find_excluded(timezone.now())


@shared_task
def read_document(document_id: str) -> None:
    document = (
        Document.objects.select_related("case__employer__platform").filter(pk=document_id).first()
    )
    if document is not None:
        early_reading.read_document(
            document.pk, clock_of(document.case.employer), settings.LEASE_SECONDS
        )


@shared_task
def sweep_readings() -> None:
    """Send the uploads that are to be read and are not leased."""
    notify_due(DocumentReading.objects.all(), read_document, timezone.now())


@shared_task
def read_licence_photo(photo_id: str) -> None:
    licence_photos.read_photo(UUID(str(photo_id)), timezone.now, settings.LEASE_SECONDS)


@shared_task
def sweep_licence_photos() -> None:
    """Send the photos of new accounts that are to be read and are not leased."""
    notify_due(LicencePhoto.objects.all(), read_licence_photo, timezone.now())


@shared_task
def open_held_uploads_of(user_id: str) -> None:
    """Send the uploads that waited until this account's address was confirmed."""
    held = held_uploads.of_confirmed().filter(uploaded_by=user_id)
    notify_due(held, open_held_upload, timezone.now())


@shared_task
def open_held_upload(held_id: str) -> None:
    held = held_uploads.of_confirmed().filter(pk=held_id).first()
    if held is not None:
        clock = clock_of(held.case.employer)
        held_uploads.open_held(held.pk, clock, settings.LEASE_SECONDS)


@shared_task
def sweep_held_uploads() -> None:
    """Send the held uploads whose address has been confirmed."""
    held_uploads.take_up_again()
    notify_due(held_uploads.of_confirmed(), open_held_upload, timezone.now())


@shared_task
def erase_withdrawn() -> None:
    """Erase the documents of withdrawn drafts, uploads whose address was never confirmed, and
    photos of registrations that were not finished.
    """
    now, kept = timezone.now(), timedelta(days=settings.WITHDRAWN_KEPT_DAYS)
    draft_erasure.erase_withdrawn_drafts(now, kept, SWEEP_AT_MOST)
    held_uploads.erase_abandoned(now, kept, SWEEP_AT_MOST)
    licence_photos.erase_abandoned(now, kept, SWEEP_AT_MOST)


@shared_task
def check_proof(proof_id: str) -> None:
    proof = Proof.objects.select_related("employer__platform").filter(pk=proof_id).first()
    if proof is not None:
        proof_polling.poll_provider(proof.pk, clock_of(proof.employer), proof_polling.LEASE_SECONDS)


@shared_task
def sweep_proofs() -> None:
    """Send every proof whose provider is to be polled, or whose time is over."""
    notify_due(Proof.objects.all(), check_proof, timezone.now())


@shared_task
def confirm_conditional() -> None:
    """Ask the register again about every conditional approval.

    If the register is down, the next run asks it.
    """
    now = timezone.now()
    for case_id in (
        Case.objects.real()
        .in_force(now)
        .filter(conditional=True)
        .order_by("expires_at")
        .values_list("pk", flat=True)[:SWEEP_AT_MOST]
    ):
        try:
            conditional_approvals.recheck_conditional(case_id, timezone.now)
        except ProviderError:
            log.exception("conditional_recheck_failed", case=str(case_id))


@shared_task
def carry_out_rulings() -> None:
    """Carry out the rulings that reviewers can no longer undo."""
    rulings.carry_out_due(timezone.now())


@shared_task
def give_golden() -> None:
    """Assign golden cases to the reviewers they were drawn for."""
    golden_assignment.give_due(timezone.now())


@shared_task
def end_golden() -> None:
    """Withdraw golden cases that were not decided in time, and retire old ones."""
    now = timezone.now()
    golden_assignment.lapse_due(now)
    golden_cases.retire_due(now)


@shared_task
def place_queue() -> None:
    """Place cases in the queue that have no position yet, or whose position changes with time."""
    queue_placement.place_due(timezone.now())


@shared_task
def look_for_strays() -> None:
    """Log how many stored files no row names. A person erases them (`manage.py stray_files`)."""
    found, looked_at = orphan_files.find_orphan_files(timezone.now())
    if found:
        log.warning("stray_files_found", strays=len(found), files=looked_at)


@shared_task
def watch_service() -> None:
    """Alert staff to deadlines, a long queue, and what does not work."""
    service_watch.watch_service(timezone.now(), settings.ALERT_QUEUE_OVER)
