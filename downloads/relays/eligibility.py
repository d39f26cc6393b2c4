"""The rules for which employer may reach which candidate by a relay number, and for how long.

An employer that may download gets numbers; one under review keeps those it has; all others lose
theirs. The candidate's consent counts as it does at the gate.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from downloads import locks
from downloads.gate import candidate_consent
from downloads.gate.current_tier import current_tier_of
from downloads.models import Copy, GateDecision, RelayBinding
from downloads.rules.ladder import Tier
from employers.models import Employer
from events.core.errors import Refused

MAY_HAVE_NEW_NUMBERS: Final = (Tier.PROVISIONAL, Tier.ESTABLISHED)
MAY_KEEP_NUMBERS: Final = (*MAY_HAVE_NEW_NUMBERS, Tier.RESTRICTED)


def relay_lifetime() -> timedelta:
    """Return how long a number lasts after the last sign of hiring (`ZIZHI_RELAY_DAYS`)."""
    return timedelta(days=int(settings.RELAY_DAYS))


def check_tier(employer_id: UUID, now: datetime) -> None:
    """Raise Refused unless the employer may have new numbers."""
    current = current_tier_of(employer_id, now)
    if current.tier is Tier.RESTRICTED:
        raise Refused("relay_not_for_tier")
    if current.reason or current.tier not in MAY_HAVE_NEW_NUMBERS:
        raise Refused(current.reason or "employer_not_approved")


def lock_consent(binding: RelayBinding) -> None:
    """Lock the company and the candidate's consent until the caller's transaction ends."""
    locks.lock_company_of(binding.employer_id)
    candidate_consent.lock_candidate(binding.client_id, binding.candidate)


def consent_refusal_of(of: RelayBinding | GateDecision | Copy, now: datetime) -> str:
    """Return why the gate would not let this employer reach the candidate, or "" if it would."""
    uscc = Employer.objects.values_list("uscc", flat=True).get(pk=of.employer_id)
    return candidate_consent.consent_refusal(of.client_id, of.candidate, uscc, now)


def check_consent(of: RelayBinding | GateDecision, now: datetime) -> None:
    """Raise Refused if the candidate does not want to be reached by this employer."""
    if why := consent_refusal_of(of, now):
        raise Refused(why)


def refused_since(of: RelayBinding | GateDecision, moment: datetime) -> str:
    """Return how the candidate has refused this employer's calls since `moment`, or "".

    Refused downloads do not count here.
    """
    between = RelayBinding.objects.between(of.employer_id, of.client_id, of.candidate)
    if between.filter(ended_why="relay_candidate_ended", ended_at__gte=moment).exists():
        return "relay_candidate_ended"
    return (
        "relay_contact_refused"
        if between.filter(agreed=False, answered_at__gte=moment).exists()
        else ""
    )
