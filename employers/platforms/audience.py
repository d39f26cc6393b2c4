"""The platforms that receive an event: those that may know its employer
(`Employer.objects.seen_by`), or all if it is about platforms.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from employers.models import ApiClient, Employer
from events.delivery.feed import Heard


def audience_of(employer_ids: Collection[UUID | None]) -> dict[UUID | None, Heard]:
    """Return the recipients for each of these employers, and of events about no employer. Those of
    golden cases have none.
    """
    live = {client.pk: client for client in ApiClient.objects.filter(revoked_at=None)}
    everybody = frozenset(pk for pk, client in live.items() if not client.test)
    heard: dict[UUID | None, Heard] = {}
    if None in employer_ids:
        heard[None] = Heard(frozenset(live))
    of_employers = [pk for pk in employer_ids if pk is not None]
    for employer in Employer.objects.filter(pk__in=of_employers, made_for=None):
        if employer.platform_id is None:
            heard[employer.pk] = Heard(frozenset() if employer.test else everybody)
        elif (platform := live.get(employer.platform_id)) and platform.test == employer.test:
            heard[employer.pk] = Heard(frozenset({employer.platform_id}), employer.reference)
    return heard
