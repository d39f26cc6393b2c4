"""Celery tasks of downloads: the watch over tiers, copies, leaks, canaries and relay numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from downloads import digest, leaks, relay_providers, retention
from downloads.candidates import erasure, page_links, texts
from downloads.gate import first_askings
from downloads.models import CandidateText, Copy, RelayBinding, RelayTeam, Trace
from downloads.relays import bindings, call_records, callers, provider_sync, provider_watch
from downloads.releases import make_copy
from downloads.tiers import abuse_watch, appeals, canaries, tier_changes
from employers.clock import now_for
from employers.models import ApiClient
from events.core.errors import ProviderError
from events.jobs.queue import JobQuerySet, notify_due

log = structlog.get_logger()


@shared_task
def lift_step_ups() -> None:
    now = timezone.now()
    tier_changes.lift_step_ups(now)
    appeals.end_overtaken(now)


@shared_task
def watch_downloads() -> None:
    """Check twice the interval, to make up for a missed round."""
    now = timezone.now()
    abuse_watch.watch_downloads(
        now,
        now - timedelta(seconds=2 * settings.WATCH_DOWNLOADS_SECONDS),
        ZoneInfo(settings.TIME_ZONE),
    )


@shared_task
def watch_services() -> None:
    """Alert staff while relay numbers or copies wait for a service."""
    provider_watch.watch_services(timezone.now())


@shared_task
def send_digest() -> None:
    digest.send_digest(timezone.now(), settings.WORKING_HOURS)


@shared_task
def tell_first_askings() -> None:
    first_askings.tell_first_askings(timezone.now())


@shared_task
def retire_answers() -> None:
    retention.delete_old_rows(timezone.now(), settings.KEEP_ANSWERS_DAYS)


# --- Releases -------------------------------------------------------------------------------------


@shared_task
def prepare_copy(copy_id: str) -> None:
    client_id = Copy.objects.filter(pk=copy_id).values_list("client_id", flat=True).first()
    if client_id is not None:
        make_copy.make_copy(UUID(copy_id), _clock_of(client_id))


@shared_task
def sweep_copies() -> None:
    """Queue copies whose message was lost, whose worker died, or that waited for a number."""
    _notify_by_their_clocks(Copy.objects.all(), prepare_copy)


@shared_task
def retire_copies() -> None:
    retention.retire_copies(timezone.now(), settings.KEEP_CLEAN_DAYS)


@shared_task
def look_at_leak(trace_id: str) -> None:
    client_id = Trace.objects.filter(pk=trace_id).values_list("client_id", flat=True).first()
    leaks.trace_leak(UUID(trace_id), _clock_of(client_id) if client_id else timezone.now)


@shared_task
def sweep_leaks() -> None:
    _notify_by_their_clocks(Trace.objects.all(), look_at_leak)


def _notify_by_their_clocks(jobs: JobQuerySet, task: Any) -> None:
    """Queue jobs that are due by the real clock, or by the clock of a test platform that was moved
    ahead.
    """
    notify_due(jobs, task, timezone.now())
    ahead = ApiClient.objects.filter(
        test=True, clock_seconds__gt=0, pk__in=jobs.filter(finished_at=None).values("client_id")
    )
    for client in ahead:
        notify_due(jobs.filter(client_id=client.pk), task, now_for(client))


@shared_task
def answer_canary(ring_id: int) -> None:
    canaries.act_on_call(ring_id, timezone.now())


@shared_task
def sweep_canaries() -> None:
    for ring_id in canaries.unanswered_canary_calls():
        answer_canary.delay(ring_id)


@shared_task
def remind_erasures() -> None:
    """Remind employers of overdue erase orders."""
    erasure.remind_of_erasure(timezone.now())


@shared_task
def text_candidate(text_id: int) -> None:
    client_id = CandidateText.objects.filter(pk=text_id).values_list("client_id", flat=True).first()
    if client_id is not None:
        texts.work_on_text(text_id, _clock_of(client_id))


@shared_task
def sweep_candidate_texts() -> None:
    """Queue texts that are due: their message was lost, or their time has come."""
    _notify_by_their_clocks(CandidateText.objects.all(), text_candidate)


@shared_task
def forget_short_links() -> None:
    page_links.forget_short_links(timezone.now())


# --- Relay numbers --------------------------------------------------------------------------------


@shared_task
def follow_relay(binding_id: str) -> None:
    client_id = (
        RelayBinding.objects.filter(pk=binding_id).values_list("client_id", flat=True).first()
    )
    if client_id is not None:
        provider_sync.sync_binding(UUID(binding_id), _clock_of(client_id))


def _clock_of(client_id: UUID) -> Callable[[], datetime]:
    """Return the platform's clock; a test platform's can be ahead."""
    client = ApiClient.objects.get(pk=client_id)
    return lambda: now_for(client)


@shared_task
def tell_team(team_id: int) -> None:
    provider_sync.tell_team(team_id, timezone.now)


@shared_task
def sweep_relays() -> None:
    """Queue every binding that is due: its message was lost, or its time has come."""
    notify_due(RelayBinding.objects.all(), follow_relay, timezone.now())


@shared_task
def close_relays() -> None:
    """End the relay numbers of employers that may no longer reach candidates."""
    bindings.close_those_not_allowed(timezone.now())


@shared_task
def sweep_teams() -> None:
    """Find changed teams, and queue those that the provider must learn about."""
    now = timezone.now()
    callers.find_changed_teams(
        now, now - timedelta(minutes=15)
    )  # several intervals, because busy workers miss some
    notify_due(RelayTeam.objects.all(), tell_team, now)


@shared_task
def poll_calls() -> None:
    """Fetch call records that got lost on the way. If a provider is down, the next round
    retries.
    """
    if not settings.RELAYS:
        return
    try:
        call_records.poll_call_records(
            relay_providers.relay_provider(settings.RELAYS), timezone.now()
        )
    except ProviderError:
        log.exception("calls_not_polled", provider=settings.RELAYS)
