"""The console's titles, base classes for read-only admins, and how they show stored codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

admin.site.site_header = admin.site.site_title = _("Zizhi console")
admin.site.index_title = _("All records")


FILTER_SUFFIXES: Final = ("", "__exact", "__isnull", "__isempty", "__id__exact")
"""What Django's field filters add to the name of their field."""


class OnlyListed:
    """Filters a list only by the filters that its page shows.

    Django accepts every field of the model in the address. The answer then tells what no page
    shows, such as a flag, or a hash character by character.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        listed = self.get_list_filter(request)  # type: ignore[attr-defined]
        return any(lookup in _parameters(each) for each in listed)


def _parameters(listed: Any) -> set[str]:
    """Return the parameters that one item of `list_filter` reads."""
    if isinstance(listed, type) and issubclass(listed, admin.SimpleListFilter):
        return {str(listed.parameter_name)}
    field = listed[0] if isinstance(listed, tuple) else listed
    return {f"{field}{suffix}" for suffix in FILTER_SUFFIXES}


class ReadOnly:
    """An admin whose rows only operations write: its forms cannot add, change or delete them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsoleAdmin(OnlyListed, ModelAdmin):
    """The base of every list in the console."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under the name of what it contains."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class WhetherFilter(admin.EmptyFieldListFilter):
    """A filter by whether a field has a value, such as the time when something happened."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice, words in zip(
            super().choices(changelist), (_("All"), _("no"), _("yes")), strict=True
        ):
            yield {**choice, "display": words}


class ReadOnlyAdmin(ReadOnly, ConsoleAdmin):
    """A list and a page for viewing only.

    There are no bulk actions unless a subclass names its own.
    """

    actions: Any = None
    list_per_page = 50
    show_full_result_count = False
    about_people = True
    """Whether its rows tell about employers or people. If so, reading them is recorded."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row to show, and record that it is read."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and self.about_people and self.has_view_permission(request, row):
            self.record_read(request, row)
        return row

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and record that it is read."""
        if self.about_people and self.has_view_permission(request):
            console: Any = self.admin_site
            console.record_look(request)
        return super().changelist_view(request, extra_context)

    def record_read(self, request: HttpRequest, row: Any) -> None:
        """Record that the user reads this row."""
        console: Any = self.admin_site  # employers.console_site
        console.record_read(request, row)

    @admin.display(description=_("ID"), ordering="pk")
    def row_id(self, row: Model) -> str:
        """Show the row's ID, with a label in the language of the page."""
        return str(row.pk)


def raw_json_column(field: str, description: StrOrPromise) -> Callable[[Model], SafeString | str]:
    """Return a display function that shows a JSON field as code, as it is stored."""

    @admin.display(description=description)
    def shown(row: Model) -> SafeString | str:
        value = getattr(row, field)
        text = json.dumps(value, ensure_ascii=False, indent=2)
        return format_html('<pre class="raw">{}</pre>', text) if value else "—"

    return shown


def codes_as_html(values: Iterable[str]) -> SafeString:
    """Return stored codes, each marked up as code."""
    return format_html_join(" ", "<code>{}</code>", ((value,) for value in values))


def in_words_filter(words: Callable[[str], Any]) -> type[admin.AllValuesFieldListFilter]:
    """Return a filter by stored values that shows them in words."""

    class InWordsFilter(admin.AllValuesFieldListFilter):
        def choices(self, changelist: Any) -> Iterator[Any]:
            every, *each = super().choices(changelist)
            yield every
            for choice in each:
                yield {**choice, "display": words(str(choice["display"]))}

    return InWordsFilter


def code_as_html(value: object) -> SafeString | str:
    """Return a stored code or an ID, marked up as code; a dash if there is none."""
    return format_html("<code>{}</code>", value) if value else "—"
