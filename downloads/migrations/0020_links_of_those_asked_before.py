"""Links for recruiters who downloaded from a platform lately, so that they keep working. Their
owners are told when the platform asks again.

Members are read in batches by their key, and the decisions about each employer by `gate_employer`.
Each batch is a transaction of its own: nothing waits for the migration, and it can be run again.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import migrations, transaction
from django.utils import timezone

DAYS = 90
AT_ONCE = 500


def link_asked_before(apps: Any, schema_editor: Any) -> None:
    now, members = timezone.now(), apps.get_model("employers", "Member").objects
    live = set(
        apps.get_model("employers", "ApiClient")
        .objects.filter(test=False, revoked_at=None)
        .values_list("pk", flat=True)
    )
    of_our_pages = members.filter(
        left_at=None, employer__platform=None, employer__test=False, employer__made_for=None
    )
    for batch in _batches(of_our_pages):
        with transaction.atomic():
            _link(apps, dict(batch), live, now)


def _batches(members: Any) -> Iterator[list[tuple[uuid.UUID, uuid.UUID]]]:
    """Yield the ids of the members with those of their employers."""
    last = None
    while True:
        following = members.filter(pk__gt=last) if last else members
        batch = list(following.order_by("pk").values_list("pk", "employer_id")[:AT_ONCE])
        if not batch:
            return
        yield batch
        last = batch[-1][0]


def _link(apps: Any, employers: dict[uuid.UUID, uuid.UUID], live: set[Any], now: Any) -> None:
    links = apps.get_model("employers", "MemberLink").objects
    asked = (
        apps.get_model("downloads", "GateDecision")
        .objects.filter(
            employer_id__in=set(employers.values()),
            member_id__in=employers,
            client_id__in=live,
            test=False,
            allowed=True,
            decided_at__gte=now - timedelta(days=DAYS),
        )
        .values_list("member_id", "employer_id", "client_id")
        .distinct()
    )
    links.bulk_create(
        [
            links.model(
                member_id=member,
                employer_id=employer,
                client_id=client,
                origin="asked_before",
                linked_at=now,
            )
            for member, employer, client in asked
            if employers[member] == employer
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("downloads", "0019_guards_of_links_and_contacts"),
        ("employers", "0015_member_links"),
    ]
    operations = [migrations.RunPython(link_asked_before, migrations.RunPython.noop)]
