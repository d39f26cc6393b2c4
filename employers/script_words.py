"""The words of Django's script widgets in the console."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext, gettext_noop
from django.views.i18n import JavaScriptCatalog

SCRIPT_WORDS: Final = (
    gettext_noop("(click to clear)"),
    gettext_noop("Available %s"),
    gettext_noop("Chosen %s"),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
)
"""Words of Django's script widgets that Django has not translated, or not well."""


class ScriptWords(JavaScriptCatalog):
    """Django's words for its script widgets, with ours where Django's Chinese is missing or odd."""

    def get_catalog(self) -> dict[str, Any]:
        catalog: dict[str, Any] = super().get_catalog()
        return catalog | {text: gettext(text) for text in SCRIPT_WORDS}
