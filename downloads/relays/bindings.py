"""The operations on a relay number: bind, extend, mute, ask the candidate, and end.

Each operation is one transaction with its Event, and none uses the network:
`downloads.relays.provider_sync` tells the provider, from the row. `downloads.relays.eligibility`
decides who may be reached. Locks are taken in the order of the gate: the company, the candidate's
consent, the binding.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from downloads import locks, relay_providers
from downloads.gate import candidate_consent
from downloads.gate.current_tier import current_tier_of
from downloads.models import GateDecision, RelayBinding
from downloads.models.relays import OPEN, RelayBindingQuerySet, RelayState
from downloads.relays import callers, notices
from downloads.relays.eligibility import (
    MAY_HAVE_NEW_NUMBERS,
    MAY_KEEP_NUMBERS,
    check_consent,
    check_tier,
    consent_refusal_of,
    lock_consent,
    refused_since,
    relay_lifetime,
)
from downloads.rules.job_titles import checked_job_title
from employers.accounts.sightings import check_phone
from employers.models import ApiClient, Employer, Member
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.core.sealing import blind_indexes, seal_text, unseal_text
from verification.models import Case

REMINDERS: Final = (7, 1)
"""Days before the end of a number on which the recruiter is reminded."""
LONGEST: Final = timedelta(days=365)
"""From the day the number was lent. Longer hiring needs the candidate's renewed consent."""
LEAST_GAINED: Final = timedelta(days=1)
"""Shorter extensions are skipped, because each is reported to the provider and the platform."""
ASKED_AGAIN_AFTER: Final = timedelta(days=7)
CLOSED_AT_ONCE: Final = 500


def request_binding(
    decision_id: UUID,
    client: ApiClient,
    candidate_phone: str,
    now: datetime,
    *,
    job_title: str = "",
) -> RelayBinding:
    """Return the open relay number between this decision's employer and candidate, or request one.

    The row exists at once; its number follows when the provider lends one. If the previous number
    was muted, the new one starts muted. An open number keeps the job it was requested for. Raises
    Refused: `job_title_not_allowed`, `decision_unknown`, `phone_invalid`,
    `relay_not_offered`, `relay_not_for_tier`, the reason why the employer may not or the candidate
    does not want it, or, if the candidate has said so since the decision, `relay_candidate_ended`
    or `relay_contact_refused`.
    """
    job_title = checked_job_title(job_title)
    decision = GateDecision.objects.allowed().filter(pk=decision_id, client_id=client.pk).first()
    if decision is None:
        raise Refused("decision_unknown", "decision_id")
    phone = check_phone(candidate_phone)
    if not phone:
        raise Refused("phone_invalid", "candidate_phone")
    provider = relay_providers.relay_provider_name(client.pk, test=client.test)
    if not provider:
        raise Refused("relay_not_offered")
    with transaction.atomic():
        # Serialises the binds of one employer.
        locks.lock_company_of(decision.employer_id)
        check_tier(decision.employer_id, now)
        candidate_consent.lock_candidate(decision.client_id, decision.candidate)
        check_consent(decision, now)
        indexes = blind_indexes(phone, "relay.candidate")
        before = RelayBinding.objects.between(
            decision.employer_id, client.pk, decision.candidate
        ).order_by("-requested_at")
        latest: RelayBinding | None = before.select_for_update(of=("self",)).first()
        if said := refused_since(decision, decision.decided_at):
            raise Refused(said)
        if latest is not None and latest.state in OPEN:
            if latest.candidate_index in indexes:
                return latest
            end_binding(latest, "relay_number_changed", SYSTEM, now)
        muted = latest is not None and latest.muted
        actor = client.as_actor()
        return _begin(decision, phone, indexes[0], provider, muted, actor, now, job_title)


def _begin(
    decision: GateDecision,
    phone: str,
    index: str,
    provider: str,
    muted: bool,
    actor: Actor,
    now: datetime,
    job_title: str,
) -> RelayBinding:
    binding = RelayBinding(
        employer_id=decision.employer_id,
        uscc=decision.uscc,
        client_id=decision.client_id,
        test=decision.test,
        decision_id=decision.pk,
        member_id=decision.member_id,
        candidate=decision.candidate,
        job_title=job_title,
        candidate_index=index,
        provider=provider,
        team=callers.team_of(decision.employer_id, provider, now),
        muted=muted,
        requested_at=now,
        expires_at=now + relay_lifetime(),
        due_at=now,
    )
    binding.candidate_sealed = seal_text(phone, binding.candidate_purpose)
    binding.save(force_insert=True)
    notices.record_binding_event("request_relay", binding, actor, now)
    notices.notify_binding_worker(binding)
    return binding


def begin_again(binding: RelayBinding, now: datetime) -> None:
    """Replace a lost binding, if the employer may have new numbers and the candidate wants it.

    Call it after `lock_consent`, which must precede the binding's lock.
    """
    if current_tier_of(
        binding.employer_id, now
    ).tier in MAY_HAVE_NEW_NUMBERS and not consent_refusal_of(binding, now):
        _begin_like(binding, binding.provider, binding.muted, SYSTEM, now)


def _begin_like(
    binding: RelayBinding, provider: str, muted: bool, actor: Actor, now: datetime
) -> RelayBinding:
    """Request another number for the same download."""
    return _begin(
        GateDecision.objects.get(pk=binding.decision_id),
        candidate_phone(binding),
        binding.candidate_index,
        provider,
        muted,
        actor,
        now,
        binding.job_title,
    )


def candidate_phone(binding: RelayBinding) -> str:
    """Return the candidate's number; only the provider may see it."""
    return unseal_text(binding.candidate_sealed, binding.candidate_purpose)


# --- Extending ------------------------------------------------------------------------------------


def extend_binding(binding_id: UUID, actor: Actor, now: datetime) -> RelayBinding:
    """Extend the number to the duration of a new one, counted from now.

    A number that already lasts as long is unchanged. Raises Refused: `relay_unknown`,
    `relay_ended`, `relay_longest`, `relay_not_for_tier`, or the reason why the employer may not or
    the candidate does not want it.
    """
    with transaction.atomic():
        binding = locked_binding(binding_id)
        if binding.state not in OPEN or binding.expires_at <= now:
            raise Refused("relay_ended", seen=binding.ended_why)
        check_tier(binding.employer_id, now)
        check_consent(binding, now)
        if (
            not lengthen_binding(binding, now, actor)
            and now + relay_lifetime() >= binding.expires_at + LEAST_GAINED
        ):
            raise Refused("relay_longest")
    return binding


def lengthen_binding(binding: RelayBinding, now: datetime, actor: Actor) -> bool:
    """Extend a locked binding, counted from `now`, up to `LONGEST`; return whether it was extended.

    Extensions shorter than `LEAST_GAINED` are skipped, and so are unwanted numbers. The candidate's
    consent need not be locked: withdrawing it ends the binding under the binding's lock.
    """
    until = min(now + relay_lifetime(), (binding.bound_at or binding.requested_at) + LONGEST)
    if binding.state not in OPEN or until < binding.expires_at + LEAST_GAINED:
        return False
    if consent_refusal_of(binding, now):
        return False
    binding.expires_at, binding.reminded = until, 0
    binding.due_at = min(binding.due_at, now)
    binding.save(update_fields=["expires_at", "reminded", "due_at"])
    notices.record_binding_event("extend_relay", binding, actor, now)
    notices.notify_binding_worker(binding)
    return True


def after_contact(decision_id: UUID, now: datetime) -> None:
    """Extend this download's number after a reported contact."""
    binding = (
        RelayBinding.objects.open()
        .filter(decision_id=decision_id)
        .select_for_update(of=("self",))
        .first()
    )
    if binding is not None:
        lengthen_binding(binding, now, SYSTEM)


def remind_of_end(binding: RelayBinding, now: datetime) -> bool:
    """Announce the end of a locked binding, once for each of `REMINDERS`; return whether it was
    due.
    """
    left = binding.expires_at - now
    days = min((each for each in REMINDERS if left <= timedelta(days=each)), default=0)
    if (
        not days
        or binding.state != RelayState.BOUND
        or (binding.reminded and binding.reminded <= days)
    ):
        return False
    binding.reminded = days
    notices.record_binding_event("remind_relay", binding, SYSTEM, now, days=days)
    notices.mail_recruiter(binding, "relay_expiring", now, days=days)
    return True


def next_due(binding: RelayBinding, now: datetime) -> datetime:
    """Return when a binding that is in sync with its provider is due: the next reminder, or its
    end.
    """
    ahead = (
        binding.expires_at - timedelta(days=each)
        for each in REMINDERS
        if not binding.reminded or each < binding.reminded
    )
    return min((each for each in ahead if each > now), default=binding.expires_at)


# --- The candidate's wishes -----------------------------------------------------------------------


def mute_binding(binding_id: UUID, muted: bool, actor: Actor, now: datetime) -> RelayBinding:
    """Mute or unmute this employer's calls for the candidate; repeating it changes nothing.

    Raises Refused: `relay_unknown`, `relay_ended`.
    """
    with transaction.atomic():
        binding = locked_binding(binding_id)
        if binding.state not in OPEN:
            raise Refused("relay_ended", seen=binding.ended_why)
        if binding.muted is not muted:
            binding.muted, binding.due_at = muted, now
            binding.save(update_fields=["muted", "due_at"])
            notices.record_binding_event(
                "mute_relay" if muted else "unmute_relay", binding, actor, now
            )
            notices.notify_binding_worker(binding)
    return binding


def end_for_candidate(binding_id: UUID, actor: Actor, now: datetime) -> RelayBinding:
    """End this number, or its replacement, because the candidate wants no more calls from this
    employer.

    A number that has ended is unchanged. Raises Refused `relay_unknown`.
    """
    with transaction.atomic():
        binding = _locked_with_company(binding_id)
        _end_for_candidate(_between(binding), actor, now)
        binding.refresh_from_db()
    return binding


def end_as_candidate_says(
    client_id: UUID,
    candidate: str,
    actor: Actor,
    now: datetime,
    companies: Collection[str] | None = None,
) -> None:
    """End every number of this candidate, for all companies or for the `companies` with these
    codes.

    The caller holds the locks of the `companies`, or of the candidate's own row, so that no number
    begins before the commit.
    """
    of_them = RelayBinding.objects.of(client_id).filter(candidate=candidate)
    if companies is not None:
        of_them = of_them.filter(uscc__in=companies)
    _end_for_candidate(of_them, actor, now)


def _end_for_candidate(of_them: RelayBindingQuerySet, actor: Actor, now: datetime) -> None:
    for binding in of_them.open().order_by("pk").select_for_update(of=("self",)):
        end_binding(binding, "relay_candidate_ended", actor, now)


def forget_candidate(client_id: UUID, candidate: str) -> None:
    """Erase the candidate's number and the jobs from every binding, including old ones; all must
    have ended.
    """
    RelayBinding.objects.of(client_id).filter(candidate=candidate).exclude(
        candidate_sealed="", job_title=""
    ).update(candidate_sealed="", job_title="")


def ask_for_contact(binding_id: UUID, member_id: UUID, now: datetime) -> RelayBinding:
    """Ask the candidate, through the platform, whether a recruiter may reach them again.

    Only after the number has ended, once per `ASKED_AGAIN_AFTER`, and never after a no. Raises
    Refused: `relay_unknown`, `member_unknown`, `member_in_review`, `relay_still_open`,
    `relay_contact_refused`, `relay_candidate_ended`, `relay_asked_already`, `relay_not_for_tier`,
    or the reason why the employer may not or the candidate does not want it.
    """
    with transaction.atomic():
        binding = _locked_with_company(binding_id)
        member = (
            Member.objects.active()
            .filter(pk=member_id, employer=binding.employer_id, user__is_active=True)
            .first()
        )
        if member is None:
            raise Refused("member_unknown", "member_id")
        if member.held_at is not None:
            raise Refused("member_in_review", "member_id")
        check_tier(binding.employer_id, now)
        check_consent(binding, now)
        all_of_them = _between(binding)
        if all_of_them.open().exists():
            raise Refused("relay_still_open")
        if all_of_them.filter(ended_why="relay_candidate_ended").exists():
            raise Refused("relay_candidate_ended")
        if all_of_them.filter(agreed=False).exists():
            raise Refused("relay_contact_refused")
        if all_of_them.filter(asked_at__gt=now - ASKED_AGAIN_AFTER).exists():
            raise Refused("relay_asked_already")
        binding.asked_at = now
        binding.save(update_fields=["asked_at"])
        notices.record_binding_event("ask_contact", binding, member.as_actor(), now)
    return binding


def answer_contact_request(
    binding_id: UUID, agrees: bool, client: ApiClient, now: datetime
) -> RelayBinding:
    """Record the candidate's answer; return the new binding for a yes, the old one for a no.

    The first answer counts. Raises Refused: `relay_unknown`, `relay_not_asked`, and for a yes
    `relay_not_offered`, `relay_not_for_tier`, the reason why the employer may not or the candidate
    does not want it, and `relay_candidate_ended` or `relay_contact_refused` if the candidate has
    refused since they were asked.
    """
    with transaction.atomic():
        binding = _locked_with_company(binding_id)
        if binding.asked_at is None or not binding.candidate_sealed:
            raise Refused("relay_not_asked")
        opened = _between(binding).open().first()
        if binding.answered_at is not None:
            return opened if opened is not None and binding.agreed else binding
        provider = relay_providers.relay_provider_name(binding.client_id, test=binding.test)
        if agrees:
            check_tier(binding.employer_id, now)
            check_consent(binding, now)
            if said := refused_since(binding, binding.asked_at):
                raise Refused(said)
            if not provider:
                raise Refused("relay_not_offered")
        binding.answered_at, binding.agreed = now, agrees
        binding.save(update_fields=["answered_at", "agreed"])
        notices.record_binding_event(
            "answer_contact", binding, client.as_actor(), now, agreed=agrees
        )
        if not agrees or opened is not None:
            return opened or binding
        return _begin_like(binding, provider, False, client.as_actor(), now)


def _between(binding: RelayBinding) -> RelayBindingQuerySet:
    """Return all bindings between this employer and this candidate on the same platform."""
    return RelayBinding.objects.between(binding.employer_id, binding.client_id, binding.candidate)


# --- Ending ---------------------------------------------------------------------------------------


def end_binding(binding: RelayBinding, why: str, actor: Actor, now: datetime) -> None:
    """End a locked binding; a worker tells the provider after the commit."""
    earlier = binding.state
    binding.state, binding.ended_at, binding.ended_why = RelayState.ENDED, now, why
    binding.due_at, binding.tries = now, 0
    # A worker that is asking the provider may still get a number, and must give it back.
    if not binding.reference and binding.lease is None:
        binding.finished_at = now
    binding.save()
    notices.record_binding_event("end_relay", binding, actor, now, earlier=earlier, reasons=[why])
    if why == "relay_expired" and binding.number:
        notices.mail_recruiter(binding, "relay_ended", now)
    # No member could call for as long as the number lasted.
    elif why == "relay_expired":
        notices.mail_recruiter(binding, "relay_failed", now, reasons=["relay_no_caller"])
    notices.notify_binding_worker(binding)


def fail_binding(binding: RelayBinding, why: str, now: datetime) -> None:
    """Mark a locked binding as failed, and tell its platform and recruiter why."""
    earlier = binding.state
    binding.state, binding.ended_at, binding.ended_why = RelayState.FAILED, now, why
    binding.lease = binding.leased_until = None
    if binding.reference:  # The number could neither be muted nor given back.
        binding.due_at, binding.tries = now, 0
        notices.notify_binding_worker(binding)
    else:
        binding.finished_at = now
    binding.save()
    notices.record_binding_event("fail_relay", binding, SYSTEM, now, earlier=earlier, reasons=[why])
    notices.mail_recruiter(binding, "relay_failed", now, reasons=[why])
    notices.notify_waiting_copies(binding, now)


def close_those_not_allowed(now: datetime, client: ApiClient | None = None) -> int:
    """End the relay numbers of employers whose current case is not in force; return how many.

    Restricted employers keep their numbers. A `client` limits this to that platform's test numbers.
    """
    counting = Case.objects.filter(employer=OuterRef("pk")).counting()
    without_approval = Employer.objects.exclude(Exists(counting.in_force(now)))
    of = RelayBinding.objects.open().filter(test=client is not None)
    if client is not None:
        of = of.filter(client_id=client.pk)
    employers = (
        without_approval.filter(Exists(of.filter(employer=OuterRef("pk"))))
        .order_by("pk")
        .values_list("pk", flat=True)[:CLOSED_AT_ONCE]
    )
    return sum(close_all(employer_id, of, now) for employer_id in list(employers))


def close_all(employer_id: UUID, of: QuerySet[RelayBinding], now: datetime) -> int:
    """End each of these numbers if the employer may still not keep them; return how many.

    Each is a transaction of its own, so one failure does not stop the others.
    """
    closed = 0
    for binding_id in list(of.filter(employer=employer_id).values_list("pk", flat=True)):
        with transaction.atomic():
            current = current_tier_of(employer_id, now)
            binding = locked_binding(binding_id)
            if binding.state in OPEN and current.tier not in MAY_KEEP_NUMBERS:
                end_binding(binding, current.reason or "employer_not_approved", SYSTEM, now)
                closed += 1
    return closed


# --- Shared ---------------------------------------------------------------------------------------


def binding_of(binding_id: UUID, client: ApiClient) -> RelayBinding:
    """Return the binding, if its candidate belongs to this platform. Raises Refused
    `relay_unknown`.
    """
    binding: RelayBinding | None = (
        RelayBinding.objects.of(client.pk).select_related("team").filter(pk=binding_id).first()
    )
    if binding is None:
        raise Refused("relay_unknown")
    return binding


def _locked_with_company(binding_id: UUID) -> RelayBinding:
    """Return the binding, locked after its company and its candidate."""
    if (unlocked := RelayBinding.objects.filter(pk=binding_id).first()) is not None:
        lock_consent(unlocked)
    return locked_binding(binding_id)


def locked_binding(binding_id: UUID) -> RelayBinding:
    """Return the binding, locked until the transaction ends. Raises Refused `relay_unknown`."""
    binding: RelayBinding | None = (
        RelayBinding.objects.select_for_update(of=("self",)).filter(pk=binding_id).first()
    )
    if binding is None:
        raise Refused("relay_unknown")
    return binding
