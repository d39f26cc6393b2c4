"""Sends what candidates are told by text message, and follows what becomes of it.

Each row is read again when it is due, because it may wait for the morning: a candidate who has
closed their resume since, or answered, is asked nothing and told of no calls. Of a resume that has
left they are told all the same. Releases that are due or soon will be are told
in one message. If a message finally cannot be delivered, the platform gets
`candidate.not_reached`, and can tell the candidate itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import models, transaction
from django.utils import translation
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext

from downloads import text_queue
from downloads.candidates import notices, operations, page_links
from downloads.models import (
    Candidate,
    CandidateText,
    ConsentRequest,
    Mode,
    RelayBinding,
    Release,
    TextOutcome,
)
from downloads.models.relays import RelayState
from downloads.rules.quiet_hours import not_in_quiet_hours
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.jobs.runner import Clock, Lease, claim_row
from events.models import Sms, SmsOutcome
from events.sms.base import NUMBER_BLOCKED
from events.sms.simulator import FATES, MAGIC, Fate
from events.sms.texts import TEXTS

log = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
GIVEN_UP_AFTER: Final = timedelta(days=2)
"""A message that could not be sent for so long is no news any more."""
ASKED_AGAIN_AFTER: Final = timedelta(minutes=2)
"""How long after it was sent its outcome is looked up first, and later twice as long each time."""
LONGEST_WAIT: Final = timedelta(hours=6)
REPORTED_WITHIN: Final = timedelta(days=3)
"""Carriers report no later. Without a report, a message counts as sent."""
MOST_DEATHS: Final = 5
COMPANY_LONGEST: Final = 20
QUOTATION_MARKS: Final = str.maketrans(dict.fromkeys('“”"„‟＂'))
"""The texts put a job in quotation marks, which it must not end itself."""
NOT_DELIVERED: Final = frozenset({SmsOutcome.FAILED, SmsOutcome.LATE})
ARRIVED: Final = frozenset({SmsOutcome.DELIVERED, SmsOutcome.TEST})


def work_on_text(text_id: int, clock: Clock) -> bool:
    """Send the text, or look what became of it, unless another worker does."""
    lease: Lease[CandidateText] | None = claim_row(
        CandidateText.objects.all(), text_id, clock, LEASE_SECONDS
    )
    if lease is None:
        return False
    if lease.row.deaths >= MOST_DEATHS:
        return _give_up(lease)
    return _send(lease) if lease.row.sms_id is None else _follow(lease)


def _give_up(lease: Lease[CandidateText]) -> bool:
    log.error("candidate_text_given_up", job=str(lease.row.pk))
    with transaction.atomic():
        if text := lease.locked():
            _fail(text, "sms_not_delivered", lease.clock())
    return False


# --- Sending --------------------------------------------------------------------------------------


def _send(lease: Lease[CandidateText]) -> bool:
    now = lease.clock()
    if (morning := not_in_quiet_hours(now)) > now:  # the worker was late
        return lease.give_back(morning)
    with transaction.atomic():
        candidate = operations.locked_candidate(lease.row.candidate_id)
        text = lease.locked()
        if text is None:
            return False
        if not _is_wanted(text, candidate, now):
            return lease.finish(outcome=TextOutcome.DROPPED)
        texts = [text, *_others(text, candidate)]
        if not candidate.phone_sealed:
            for each in texts:
                _fail(each, "sms_not_delivered", now)
            return True
        if candidate.test:
            return _show(texts, candidate, now)
        try:
            with transaction.atomic():
                sms = _queued(texts, candidate, now)
        except Refused as refused:
            return _refused(lease, texts, refused, now)
        for each in texts:
            each.sms_id, each.outcome = sms.pk, TextOutcome.SENT
            each.due_at, each.tries = now + ASKED_AGAIN_AFTER, 0
            each.lease = each.leased_until = None
            each.save()
            _record_told(each, now)
    return True


def _show(texts: list[CandidateText], candidate: Candidate, now: datetime) -> bool:
    """In a test, keep the message for the platform. The candidate's number chooses its fate."""
    template, params = _message(texts, candidate, now)
    text, language = TEXTS[template], candidate.language
    site = urlsplit(settings.SITE_URL).hostname or ""
    written = text.written(text.filled(params), language, settings.SMS_SIGN, site)
    for each in texts:
        each.shown = written
        if why := fate_of(operations.phone_of(candidate)):
            _fail(each, why, now)
            continue
        each.outcome, each.finished_at = TextOutcome.DELIVERED, now
        each.lease = each.leased_until = None
        each.save()
        _record_told(each, now)
    return True


def fate_of(number: str) -> str:
    """Return why a test's messages to this number fail, or "" if they arrive."""
    fate = FATES.get(number.removeprefix(MAGIC), Fate())
    if fate.fails == "blocked":
        return "sms_blocked"
    return "sms_not_delivered" if fate.failure or (fate.fails and fate.always) else ""


def _is_wanted(text: CandidateText, candidate: Candidate, now: datetime) -> bool:
    """Return whether the candidate is still to be told: they and the company may have moved on.

    Of a resume that has left they are always told, whatever the platform has changed since.
    """
    if text.release is not None:
        return True
    if candidate.erased_at is not None or candidate.mode == Mode.CLOSED:
        return False
    if not candidate.phone_sealed:
        return False
    if (request := text.request) is not None:
        blocked = candidate.blocked.filter(uscc=request.uscc).exists()
        return request.answered_at is None and request.expires_at > now and not blocked
    if (binding := text.binding) is not None:
        return binding.state == RelayState.BOUND and not binding.muted
    return True


def _others(text: CandidateText, candidate: Candidate) -> list[CandidateText]:
    """Return the candidate's other releases that wait to be told, locked.

    If another worker has just claimed one, it waits for the candidate's row, and finds its lease
    gone.
    """
    if text.release is None:
        return []
    waiting = CandidateText.objects.filter(
        candidate=candidate, release__isnull=False, sms_id=None, finished_at=None
    ).exclude(pk=text.pk)
    return list(waiting.order_by("pk").select_for_update(of=("self",)))


def _queued(texts: list[CandidateText], candidate: Candidate, now: datetime) -> Sms:
    """Queue the message. Raises Refused."""
    if not text_queue.gets_texts(candidate):
        raise Refused("sms_unavailable", "phone")
    template, params = _message(texts, candidate, now)
    return notices.text_candidate(candidate, template, params, now)


def _message(
    texts: list[CandidateText], candidate: Candidate, now: datetime
) -> tuple[str, dict[str, str]]:
    """Return the message as the name of its text and the parameters, with a new link."""
    first, params = texts[0], {"path": page_links.short_path_of(candidate, now).lstrip("/")}
    if (binding := first.binding) is not None:
        params |= {"company": binding.employer.name, "number": binding.number}
        return _with_job("call_announced", params, binding.job_title)
    if (request := first.request) is not None:
        params["company"] = request.employer.name
        return _with_job("candidate_asked", params, request.job_title)
    releases = [each.release for each in texts if each.release]
    companies = {release.uscc: release.receiver for release in releases}
    with translation.override(candidate.language):
        params["company"] = _companies(list(companies.values()))
    jobs = {release.job_title for release in releases}
    return _with_job("candidate_told", params, jobs.pop() if len(jobs) == 1 else "")


def _with_job(template: str, params: dict[str, str], job_title: str) -> tuple[str, dict[str, str]]:
    """Return the text that names the job, if there is one to name."""
    if not job_title:
        return template, params
    return f"{template}_job", params | {"job": job_title.translate(QUOTATION_MARKS)}


def _companies(names: list[str]) -> str:
    """Return the first name, and how many others there are, where providers cut nothing off."""
    if len(names) == 1:
        return names[0]
    more, count = gettext("%(name)s and %(count)s more"), len(names) - 1
    room = COMPANY_LONGEST - len(more % {"name": "", "count": count})
    first = names[0] if len(names[0]) <= room else f"{names[0][: room - 1]}…"
    return more % {"name": first, "count": count}


def _refused(
    lease: Lease[CandidateText], texts: list[CandidateText], refused: Refused, now: datetime
) -> bool:
    """Try again later if that can help, else give up."""
    again = {
        "sms_too_many": _until(refused) or now + timedelta(hours=1),
        "sms_unavailable": now + timedelta(hours=1),
    }.get(refused.code)
    log.info("candidate_not_texted", job=str(lease.row.pk), why=refused.code)
    if again is not None and now < lease.row.queued_at + GIVEN_UP_AFTER:
        return lease.give_back(not_in_quiet_hours(max(again, now)), refused.code)
    for text in texts:
        _fail(text, refused.code, now)
    return False


def _until(refused: Refused) -> datetime | None:
    """Return the time of the next attempt, which the refusal names to the minute."""
    if not (until := refused.details.get("until")):
        return None
    zone = get_default_timezone()
    assert isinstance(zone, ZoneInfo)
    return datetime.strptime(until, "%Y-%m-%d %H:%M").replace(tzinfo=zone) + timedelta(minutes=1)


# --- What became of it ----------------------------------------------------------------------------


def _follow(lease: Lease[CandidateText]) -> bool:
    """Look up what became of the message, until it is known or nobody will report it."""
    now, text = lease.clock(), lease.row
    assert text.sms_id is not None
    sms = Sms.objects.filter(pk=text.sms_id).first()
    if sms is None or sms.outcome in ARRIVED or now >= sms.created_at + REPORTED_WITHIN:
        arrived = sms is not None and sms.outcome in ARRIVED
        return lease.finish(outcome=TextOutcome.DELIVERED if arrived else text.outcome)
    if sms.outcome not in NOT_DELIVERED:
        wait = min(LONGEST_WAIT, ASKED_AGAIN_AFTER * 2 ** min(text.tries, 10))
        return lease.give_back(now + wait)
    with transaction.atomic():
        locked = lease.locked()
        if locked is None:
            return False
        blocked = sms.failure == NUMBER_BLOCKED
        _fail(locked, "sms_blocked" if blocked else "sms_not_delivered", now)
    return True


def _fail(text: CandidateText, why: str, now: datetime) -> None:
    """Give up a locked text, and tell the platform."""
    text.outcome, text.finished_at, text.last_error = TextOutcome.FAILED, now, why
    text.lease = text.leased_until = None
    text.save()
    _record("miss_candidate", text, [why], now)


def _record_told(text: CandidateText, now: datetime) -> None:
    """Record that the candidate is told of a release. Of a request, its own event says so."""
    if text.release is not None:
        _record("tell_candidate", text, [], now)


def _record(verb: str, text: CandidateText, reasons: list[str], now: datetime) -> None:
    about: Release | ConsentRequest | RelayBinding | None = (
        text.release or text.request or text.binding
    )
    assert about is not None
    notices.record_candidate_event(
        verb, about, text.candidate, about.employer_id, SYSTEM, now, reasons, **_ids(about)
    )


def _ids(about: models.Model) -> dict[str, Any]:
    """Return the ids of what the text is about, as in the events about it."""
    if isinstance(about, Release):
        return {"receipt": str(about.pk), "decision": str(about.decision_id)}
    return {"request" if isinstance(about, ConsentRequest) else "relay": str(about.pk)}
