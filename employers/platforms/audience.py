"""The platforms that receive an employer's events: those that may know it
(`Employer.objects.seen_by`).
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from employers.models import ApiClient, Employer
from events.delivery.feed import Heard


def audience_of(employer_ids: Collection[UUID]) -> dict[UUID, Heard]:
    """Return the recipients for each of these employers. Those of golden cases have none."""
    live = {client.pk: client for client in ApiClient.objects.filter(revoked_at=None)}
    everybody = frozenset(pk for pk, client in live.items() if not client.test)
    heard = {}
    for employer in Employer.objects.filter(pk__in=employer_ids, made_for=None):
        if employer.platform_id is None:
            heard[employer.pk] = Heard(frozenset() if employer.test else everybody)
        elif (platform := live.get(employer.platform_id)) and platform.test == employer.test:
            heard[employer.pk] = Heard(frozenset({employer.platform_id}), employer.reference)
    return heard
