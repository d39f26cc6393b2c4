"""The console's pages for employers, platforms and staff. Each module registers its own."""

from employers.admin import boolean_icons, employers, groups, platforms, sms, staff, webhooks

__all__ = ["boolean_icons", "employers", "groups", "platforms", "sms", "staff", "webhooks"]
