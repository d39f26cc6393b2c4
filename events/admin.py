"""The staff's read-only lists of events, and base classes for read-only admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

admin.site.site_header = admin.site.site_title = _("Zizhi console")
admin.site.index_title = _("All records")


class ReadOnly:
    """An admin whose rows only operations write: its forms cannot add, change or delete them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """A list and a page for viewing only.

    There are no bulk actions unless a subclass names its own.
    """

    actions: Any = None
    list_per_page = 50
    show_full_result_count = False


class EventAdmin(ReadOnlyAdmin):
    """Registered by `employers.admin`, which can show the employer of an event."""

    list_display = (
        "at",
        "verb",
        "subject_type",
        "subject_id",
        "from_state",
        "to_state",
        "role",
        "actor_id",
    )
    list_filter = ("role", "subject_type", "to_state")
    search_fields = ("=subject_id", "=actor_id", "=verb")
    search_help_text = _("Full ID of a case, document or person, or an event name")
    ordering = ("-id",)
    date_hierarchy = None
