"""Stops every release of one platform, or of all platforms, at once: an act of two people.

The gate's statements read the stops in force `FOR SHARE`. Usually there are none, so they lock no
row, and only mark the table as in use, which costs next to nothing. The act that confirms a stop
locks the table against such readers until it commits: it waits for statements that have begun, and
later ones see the stop. So nothing is allowed, no pass is honoured and no link opens after the act
was acknowledged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from downloads.gate import proposals
from downloads.models import ReleaseStop
from employers.models import ApiClient, User
from employers.permissions import Power
from events.core.errors import Refused
from events.core.event_types import ONLY
from events.db.dialect import current_dialect
from events.delivery.mail import queue_mail
from events.models import record

Act = ReleaseStop.Act
POWER: Final = Power.QUALITY
_PROPOSE: Final = {Act.STOP: "propose_stop", Act.RESUME: "propose_resume"}
_CONFIRM: Final = {Act.STOP: "stop_releases", Act.RESUME: "resume_releases"}
_MAILS: Final = {Act.STOP: "releases_stopped", Act.RESUME: "releases_resumed"}


def propose_release_stop(
    client_id: UUID | None, act: ReleaseStop.Act, why: str, user: User, now: datetime
) -> ReleaseStop:
    """Propose to stop the releases of a platform, or with None of all, or to allow them again.

    Raises Refused: `not_allowed`, or `state_conflict` if that would change nothing.
    """
    if not user.as_reviewer().can(POWER):
        raise Refused("not_allowed")
    with transaction.atomic():
        _require_change(client_id, act)
        row = ReleaseStop.objects.create(
            client_id=client_id, act=act, why=why, proposed_by=user, proposed_at=now
        )
        _record(_PROPOSE[act], row, user, now)
    return row


def settle_release_stop(pk: int, user: User, now: datetime, *, confirmed: bool) -> None:
    """Carry out a proposal, or drop it. Raises the errors of `settle_proposal`, or Refused
    `state_conflict` if it would change nothing.
    """
    with transaction.atomic():
        if confirmed:  # before any lock on a row, so that two of these cannot block each other
            current_dialect().lock_out_sharers(ReleaseStop._meta.db_table)
        row = proposals.settle_proposal(ReleaseStop, pk, user, POWER, now, confirmed=confirmed)
        act = Act(row.act)
        if confirmed:
            _require_change(row.client_id, act)
            ReleaseStop.objects.in_force_for(row.client_id).update(in_force=False)
            row.confirmed, row.in_force = True, act is Act.STOP
        row.save()
        _record(_CONFIRM[act] if confirmed else "drop_stop", row, user, now)
        if confirmed:
            _tell_platforms(row, act, now)


def _require_change(client_id: UUID | None, act: ReleaseStop.Act) -> None:
    if ReleaseStop.objects.in_force_for(client_id).exists() is (act is Act.STOP):
        raise Refused("state_conflict")


def _record(verb: str, row: ReleaseStop, user: User, now: datetime) -> None:
    """Record the event. Those of acts that were carried out reach the feeds of the platforms."""
    data = {"platform": str(row.client_id or ""), "all_platforms": row.client_id is None}
    if row.client_id:
        data[ONLY] = str(row.client_id)
    reasons = ["releases_stopped"] if verb == _CONFIRM[Act.STOP] else []
    record(verb, row, user.as_reviewer(), now, reasons=reasons, data=data)


def _tell_platforms(row: ReleaseStop, act: ReleaseStop.Act, now: datetime) -> None:
    """Mail the contact of each platform concerned. Its systems get the event."""
    concerned = ApiClient.objects.filter(revoked_at=None).exclude(contact_email="")
    if row.client_id:
        concerned = concerned.filter(pk=row.client_id)
    for platform in concerned.order_by("pk"):
        context = {"platform": platform.name, "path": reverse("api:openapi-view")}
        queue_mail(platform.contact_email, _MAILS[act], platform.contact_language, context, now)
