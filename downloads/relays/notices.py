"""The notices about a relay number: Events, mails to the recruiter, and wake-ups of the workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from downloads.models import Copy, RelayBinding
from downloads.relays import callers, eligibility
from employers.models import Member
from employers.notices import tell_user
from events.core.actor import Actor
from events.doorbell import notify_worker
from events.models import record


def record_binding_event(
    verb: str,
    binding: RelayBinding,
    actor: Actor,
    now: datetime,
    *,
    earlier: str | None = None,
    reasons: tuple[str, ...] | list[str] = (),
    **more: Any,
) -> None:
    """Record the Event: ids and times, no number. Only the candidate's platform receives it."""
    data: dict[str, Any] = {
        "only": str(binding.client_id),
        "relay": str(binding.pk),
        "candidate": binding.candidate,
        "expires_at": binding.expires_at.isoformat(),
        "muted": binding.muted,
    } | more
    record(
        verb,
        binding,
        actor,
        now,
        employer_id=binding.employer_id,
        from_state=binding.state if earlier is None else earlier,
        to_state=binding.state,
        reasons=reasons,
        data=data,
    )


def mail_recruiter(binding: RelayBinding, template: str, now: datetime, **more: Any) -> None:
    """Send a mail to the recruiter who downloaded, unless they have left.

    It names the candidate only by the platform's reference.
    """
    member = (
        Member.objects.active()
        .select_related("user")
        .filter(pk=binding.member_id, user__is_active=True)
        .first()
    )
    if member is None:
        return
    context = {
        "candidate": binding.candidate,
        "dialled": " – ".join(filter(None, (binding.number, binding.extension))),
        "lasts": eligibility.relay_lifetime().days,
        "company": callers.employer_name(binding.employer_id),
        "path": reverse("verification:home"),
    } | more
    tell_user(member.user, template, context, now)


def notify_binding_worker(binding: RelayBinding) -> None:
    notify_worker("downloads.tasks.follow_relay", binding.pk)


def notify_waiting_copies(binding: RelayBinding, now: datetime) -> None:
    """Continue the copies that wait for this number, once it is lent or has failed."""
    for copy_id in list(
        Copy.objects.waiting().filter(binding=binding).values_list("pk", flat=True)
    ):
        Copy.objects.filter(pk=copy_id, finished_at=None).update(due_at=now)
        notify_worker("downloads.tasks.prepare_copy", copy_id)
