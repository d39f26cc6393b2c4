"""The platforms that receive an employer's events: those that may know it
(`Employer.objects.seen_by`). What concerns a platform's own candidates, such as the end of a relay
number, it receives also when no recruiter of the employer is linked with it any more. Events about
platforms themselves go to all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from employers.models import ApiClient, Employer, MemberLink
from events.delivery.feed import Heard


def audience_of(employer_ids: Collection[UUID | None]) -> dict[UUID | None, Heard]:
    """Return the recipients for each of these employers, and of events about no employer. Those of
    golden cases have none.
    """
    live = {client.pk: client for client in ApiClient.objects.filter(revoked_at=None)}
    real = frozenset(pk for pk, client in live.items() if not client.test)
    of_employers = [pk for pk in employer_ids if pk is not None]
    linked: dict[UUID, set[UUID]] = defaultdict(set)
    links = MemberLink.objects.in_force().filter(employer__in=of_employers, client__in=live)
    for employer_id, client_id in links.values_list("employer_id", "client_id"):
        linked[employer_id].add(client_id)
    heard: dict[UUID | None, Heard] = {}
    if None in employer_ids:
        heard[None] = Heard(frozenset(live))
    for employer in Employer.objects.filter(pk__in=of_employers, made_for=None):
        if employer.platform_id is None:
            heard[employer.pk] = Heard(
                frozenset(linked[employer.pk]), of_their_own=frozenset() if employer.test else real
            )
        elif (platform := live.get(employer.platform_id)) and platform.test == employer.test:
            heard[employer.pk] = Heard(frozenset({employer.platform_id}), employer.reference)
    return heard
