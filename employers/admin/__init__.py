"""The console's pages for employers, platforms and staff. Each module registers its own."""

from employers.admin import employers, groups, platforms, staff, webhooks

__all__ = ["employers", "groups", "platforms", "staff", "webhooks"]
