"""What staff may do: the powers that each permission gives, for guards and pages.

Guards ask for powers; groups hold permissions. Auditors have no powers, whatever their other groups
give: they only read, and their reading is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Power(StrEnum):
    DECIDE = "decide"
    SECOND_REVIEW = "second_review"
    BULK = "bulk"
    UNMASK = "unmask"
    ASSIGN = "assign"
    QUALITY = "quality"
    WEBHOOKS = "webhooks"
    TRACE = "trace"
    ALERTS = "alerts"


PERMISSIONS: Final = {
    Power.DECIDE: "verification.change_case",
    Power.SECOND_REVIEW: "verification.second_review_case",
    Power.BULK: "verification.bulk_decide_case",
    Power.UNMASK: "verification.unmask_case",
    Power.ASSIGN: "verification.assign_case",
    Power.QUALITY: "verification.view_quality",
    Power.WEBHOOKS: "events.operate_webhookendpoint",
    Power.TRACE: "downloads.trace_leak",
    Power.ALERTS: "events.operate_alertchannel",
}
AUDIT: Final = "verification.audit_case"

HasPermission = Callable[[str], bool]
"""Returns whether a user has a permission. Django returns False for inactive accounts."""


def is_auditor(has: HasPermission) -> bool:
    """Return whether the user is only an auditor. Anyone who also decides, such as a superuser, is
    not.
    """
    return has(AUDIT) and not has(PERMISSIONS[Power.DECIDE])


def sees_quality(has: HasPermission) -> bool:
    """Return whether a user may know how decisions are tested, such as by golden cases."""
    return is_auditor(has) or Power.QUALITY in powers_of(has)


def starts_at_the_queue(has: HasPermission) -> bool:
    """Return whether the review queue is where the user works."""
    return Power.DECIDE in powers_of(has)


def powers_of(has: HasPermission) -> frozenset[str]:
    """Return the powers that these permissions give."""
    if is_auditor(has):
        return frozenset()
    return frozenset(power for power, permission in PERMISSIONS.items() if has(permission))
