"""Staff who read what employers and people have given us: on record, and reported if it is much.

`record_read` is for rows that are opened outside of a claimed case; a claim reports itself.
`unmask_contact` is the only way to an address or a phone number that pages show masked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.urls import reverse

from employers.accounts import sightings
from employers.models import Employer, User
from employers.permissions import Power
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.models import Event, record

PERIOD: Final = timedelta(hours=1)
"""A row opened again within this time is not recorded again, and readers are counted over it."""
READS: Final = ("read", "unmask")
CLAIMS: Final = ("claim", "undo")
"""After these events, somebody has a claim on a case that they have not decided."""
DECIDES: Final = "rule"
LEADS_TO_EMPLOYER: Final = ("case", "attempt", "release", "binding", "event", "told")
"""The relations of rows that do not name their employer themselves."""
FIELDS: Final = ("email", "phone")
"""What pages show masked."""


def record_read(row: Model, reader: User, now: datetime) -> None:
    """Record that a member of staff opened a row, unless they did so within `PERIOD`."""
    earlier = Event.objects.about(row).filter(
        verb="read", actor_id=str(reader.pk), at__gt=now - PERIOD
    )
    if earlier.exists():
        return
    with transaction.atomic():
        record("read", row, reader.as_reviewer(), now, employer_id=employer_of(row))
        report_if_many(reader, now)


def unmask_contact(person: User | None, field: str, row: Model, reader: User, now: datetime) -> str:
    """Return a recruiter's full `email` or `phone`, and record that the page of `row` shows it.

    Raises Refused `not_allowed`.
    """
    actor = reader.as_reviewer()
    if not actor.can(Power.UNMASK) or field not in FIELDS:
        raise Refused("not_allowed", seen=actor.role)
    with transaction.atomic():
        record("unmask", row, actor, now, employer_id=employer_of(row), data={"field": field})
        report_if_many(reader, now)
    if person is None:
        return ""
    return person.email if field == "email" else sightings.phone_of(person)


def employer_of(row: Model | None) -> UUID | None:
    """Return the id of the employer that a row is about, or None."""
    if row is None or isinstance(row, Employer):
        return row.pk if row else None
    if found := getattr(row, "employer_id", None):
        return UUID(str(found))
    related = (getattr(row, name, None) for name in LEADS_TO_EMPLOYER)
    return next(
        (found for each in related if isinstance(each, Model) and (found := employer_of(each))),
        None,
    )


def report_if_many(reader: User, now: datetime) -> None:
    """Tell the superusers, once in each `PERIOD`, that somebody has read about many employers.

    For the caller's transaction, after the event of the read or claim.
    """
    employers = len(_read_about(reader, now))
    if employers <= settings.STAFF_READS_PER_HOUR:
        return
    User.objects.select_for_update(no_key=True).get(pk=reader.pk)  # two reads at once tell once
    told = Event.objects.about(reader).filter(verb="many_reads", at__gt=now - PERIOD)
    if told.exists():
        return
    record("many_reads", reader, SYSTEM, now, data={"employers": employers})
    context: dict[str, Any] = {
        "who": reader.email,
        "employers": employers,
        "path": reverse("admin:events_event_changelist") + f"?q={reader.pk}",
    }
    for user in User.objects.superusers().exclude(pk=reader.pk):
        queue_mail(user.email, "staff_many_reads", user.language, context, now)


def _read_about(reader: User, now: datetime) -> set[UUID]:
    """Return the employers that somebody has read about within `PERIOD` outside of claimed cases,
    and those whose case they claimed and did not decide: a decision is the work that a claim is
    for, however fast somebody works.
    """
    lately = Event.objects.filter(role=reader.as_reviewer().role, at__gt=now - PERIOD)
    own = lately.filter(
        actor_id=str(reader.pk), verb__in=(*READS, *CLAIMS, DECIDES), employer_id__isnull=False
    )
    read: set[UUID] = set()
    undecided: set[UUID] = set()
    for employer, verb in own.order_by("pk").values_list("employer_id", "verb"):
        assert employer is not None
        if verb in READS:
            read.add(employer)
        elif verb == DECIDES:
            undecided.discard(employer)
        else:
            undecided.add(employer)
    return read | undecided
