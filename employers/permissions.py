"""What may a member of staff do, and by which permission? One table, for the guards and the pages.

A power is a word that guards ask for; a permission is what a group holds. Whoever only audits has
no power at all, whatever else their groups would give: they look, and that they looked is on
record.
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


PERMISSIONS: Final = {
    Power.DECIDE: "verification.change_case",
    Power.SECOND_REVIEW: "verification.second_review_case",
    Power.BULK: "verification.bulk_decide_case",
    Power.UNMASK: "verification.unmask_case",
    Power.ASSIGN: "verification.assign_case",
    Power.QUALITY: "verification.view_quality",
    Power.WEBHOOKS: "events.operate_webhookendpoint",
    Power.TRACE: "downloads.trace_leak",
}
AUDIT: Final = "verification.audit_case"

HasPermission = Callable[[str], bool]
"""Whether somebody holds a permission; Django answers no for an inactive account."""


def is_auditor(has: HasPermission) -> bool:
    """Whether they are here to audit. Who also decides, as a superuser may, is no auditor."""
    return has(AUDIT) and not has(PERMISSIONS[Power.DECIDE])


def powers(has: HasPermission) -> frozenset[str]:
    """The powers that these permissions give."""
    if is_auditor(has):
        return frozenset()
    return frozenset(power for power, permission in PERMISSIONS.items() if has(permission))
