"""Queues what a candidate is told by text message. `downloads.candidates.texts` sends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from downloads.models import Candidate, CandidateText, ConsentRequest, Mode, RelayBinding, Release
from downloads.rules.quiet_hours import not_in_quiet_hours
from employers.models import ApiClient
from events.delivery.sms import sms_ready
from events.doorbell import notify_worker

BUNDLED_FOR: Final = timedelta(minutes=5)
"""How long a release waits for others, to be told in one message."""


def gets_texts(candidate: Candidate) -> bool:
    """Return whether text messages can be sent to the candidate, and are to be.

    In a test nothing is sent, so nobody has to switch them on.
    """
    if not candidate.phone_sealed or candidate.test:
        return bool(candidate.phone_sealed)
    switched_on = ApiClient.objects.filter(pk=candidate.client_id, texts_candidates=True)
    return sms_ready() and switched_on.exists()


def text_release(candidate: Candidate, release: Release, now: datetime) -> None:
    _queue(CandidateText(candidate=candidate, release=release), now + BUNDLED_FOR, now)


def text_request(candidate: Candidate, request: ConsentRequest, now: datetime) -> None:
    _queue(CandidateText(candidate=candidate, request=request), now, now)


def text_binding(binding: RelayBinding, now: datetime) -> None:
    """Tell the candidate which number will call, if the platform gave us theirs."""
    candidate = (
        Candidate.objects.of(binding.client_id)
        .filter(reference=binding.candidate)
        .exclude(mode=Mode.CLOSED)
        .first()
    )
    if candidate is not None and not binding.muted and gets_texts(candidate):
        _queue(CandidateText(candidate=candidate, binding=binding), now, now)


def _queue(text: CandidateText, due_at: datetime, now: datetime) -> None:
    text.client_id, text.queued_at = text.candidate.client_id, now
    text.due_at = not_in_quiet_hours(due_at)
    text.save(force_insert=True)
    notify_worker("downloads.tasks.text_candidate", text.pk)
