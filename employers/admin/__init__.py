"""The console's pages for employers, platforms and staff. Each module registers its own."""

from employers.admin import (
    alerts,
    boolean_icons,
    employers,
    groups,
    platforms,
    sms,
    staff,
    webhooks,
)

__all__ = [
    "alerts",
    "boolean_icons",
    "employers",
    "groups",
    "platforms",
    "sms",
    "staff",
    "webhooks",
]
