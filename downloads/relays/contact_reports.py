"""Records that a download led to a contact, as its platform reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from downloads.models import Contact, GateDecision
from downloads.relays import bindings
from events.core.errors import Refused


def report_contact(decision_id: UUID, client_id: UUID, now: datetime) -> None:
    """Record that this download led to a contact, and extend its relay number.

    Repeated reports count once. Raises Refused `decision_unknown`.
    """
    decision = GateDecision.objects.allowed().filter(pk=decision_id, client_id=client_id).first()
    if decision is None:
        raise Refused("decision_unknown", "decision_id")
    with transaction.atomic():
        Contact.objects.get_or_create(
            pk=decision_id, defaults={"uscc": decision.uscc, "client_id": client_id, "at": now}
        )
        bindings.after_contact(decision_id, now)
