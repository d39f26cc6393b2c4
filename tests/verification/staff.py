"""Staff with given powers, and a case that one of them has claimed, for tests of reviewing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from employers.models import User
from employers.permissions import PERMISSIONS, Power
from tests.factories import make_case, make_member, make_user
from verification.models import Appeal, Case
from verification.reviewing import claims
from verification.rules.states import State

SENIOR = (Power.DECIDE, Power.SECOND_REVIEW, Power.BULK, Power.UNMASK)
LEAD = (*SENIOR, Power.ASSIGN, Power.QUALITY)


def make_staff(now: datetime, *powers: Power) -> User:
    """A member of staff with exactly these powers."""
    user = make_user(now, is_staff=True)
    of_case = ContentType.objects.get_for_model(Case)
    codenames = [PERMISSIONS[power].partition(".")[2] for power in powers]
    user.user_permissions.set(
        Permission.objects.get_or_create(
            content_type=of_case, codename=name, defaults={"name": name}
        )[0]
        for name in codenames
    )
    return user


def waiting(now: datetime, **fields: Any) -> Case:
    """A case that waits for a reviewer since `now`."""
    return make_case(make_member(now), now, State.IN_REVIEW, **({"review_since": now} | fields))


def heard(now: datetime, **fields: Any) -> Case:
    """A suspended case whose employer's appeal is open since `now`."""
    case = make_case(
        make_member(now), now, State.SUSPENDED, **({"hearing": True, "review_since": now} | fields)
    )
    Appeal.objects.create(case=case, verb="appeal", text="已移出名录", by=case.submitted_by, at=now)
    return case


def that_waits_for(verb: str, now: datetime, **fields: Any) -> Case:
    """A case that a reviewer can decide with `verb`."""
    return heard(now, **fields) if verb == "uphold" else waiting(now, **fields)


def claimed(now: datetime, by: User, **fields: Any) -> Case:
    """A case that `by` has claimed."""
    return claims.claim_case(waiting(now, **fields).pk, by, now)
