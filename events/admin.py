"""The console's titles, base classes for read-only admins, and how they show stored codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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

    @admin.display(description=_("ID"), ordering="pk")
    def row_id(self, row: Model) -> str:
        """Show the row's ID, with a label in the language of the page."""
        return str(row.pk)


def raw(field: str, description: StrOrPromise) -> Callable[[Model], SafeString | str]:
    """Return a display function that shows a JSON field as code, as it is stored."""

    @admin.display(description=description)
    def shown(row: Model) -> SafeString | str:
        value = getattr(row, field)
        text = json.dumps(value, ensure_ascii=False, indent=2)
        return format_html('<pre class="raw">{}</pre>', text) if value else "—"

    return shown


def codes(values: Iterable[str]) -> SafeString:
    """Return stored codes, each marked up as code."""
    return format_html_join(" ", "<code>{}</code>", ((value,) for value in values))


def in_words_filter(words: Callable[[str], Any]) -> type[admin.AllValuesFieldListFilter]:
    """Return a filter by stored values that shows them in words."""

    class InWordsFilter(admin.AllValuesFieldListFilter):
        def choices(self, changelist: Any) -> Iterator[Any]:
            for choice in super().choices(changelist):
                yield {**choice, "display": words(str(choice["display"]))}

    return InWordsFilter


def code(value: object) -> SafeString | str:
    """Return a stored code or an ID, marked up as code; a dash if there is none."""
    return format_html("<code>{}</code>", value) if value else "—"
