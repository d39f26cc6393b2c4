"""What the console shows of employers, platforms and staff. Each module registers its own pages."""

from employers.admin import employers, platforms, staff, webhooks

__all__ = ["employers", "platforms", "staff", "webhooks"]
