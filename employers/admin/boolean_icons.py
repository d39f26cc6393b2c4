"""The icons for yes, no and unknown in lists, with a text in the reader's language.

Django's own reads "True", "False" and "None" to people who hear the page, in every language.
"""

from __future__ import annotations

from typing import Final

from django.contrib.admin.templatetags import admin_list
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

_ICONS: Final = {True: ("yes", _("yes")), False: ("no", _("no")), None: ("unknown", _("unknown"))}


def boolean_icon(value: bool | None) -> SafeString:
    """Return the icon as HTML."""
    name, text = _ICONS[value]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{name}.svg"), text)


admin_list._boolean_icon = boolean_icon  # type: ignore[attr-defined]
