"""Renders saved replies: texts in both languages with variables such as {company}.

A reply goes to the employer unchanged, so one with an unknown variable or a missing value is
refused. Values that an employer declared are inserted literally and not searched for variables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from events.core.errors import Refused
from events.core.reasons import Text

VARIABLES: Final = ("company", "uscc", "items")
"""The company's name, its code, and what has to be fixed. There is no variable for an appeal
deadline, because appeals have none.
"""

_BRACED: Final = re.compile(r"[{｛]([^{}｛｝]*)[}｝]")
"""A Chinese keyboard types the full-width braces."""
_EXPECTED: Final = " ".join(f"{{{name}}}" for name in VARIABLES)


@dataclass(frozen=True)
class Values:
    """The values of a case's variables; a missing value is empty."""

    company: str
    uscc: str
    items: Sequence[Text] = ()

    def in_(self, language: str) -> dict[str, str]:
        """Return each variable's value in `language` (a code like `zh-hans` or `en`)."""
        items = ("、" if language.startswith("zh") else ", ").join(
            item.in_(language) for item in self.items
        )
        return {"company": self.company, "uscc": self.uscc, "items": items}


def template_problem(text: str) -> Refused | None:
    """Return why `text` cannot be saved as a reply: an unknown variable or a single brace; else
    None.
    """
    for braced in _BRACED.finditer(text):
        if braced[1].strip() not in VARIABLES:
            return Refused("reply_variable_unknown", "text", seen=braced[0], expected=_EXPECTED)
    if alone := re.search(r"[{}｛｝].{0,20}", _BRACED.sub("", text)):
        return Refused("reply_variable_unknown", "text", seen=alone[0], expected=_EXPECTED)
    return None


def render_reply(reply: Text, values: Values) -> Text:
    """Return `reply` with its variables replaced, in both languages.

    Raise Refused: `reply_variable_unknown` as in `template_problem`, or `reply_value_missing` if
    the case has no value for a variable.
    """
    return Text(_rendered(reply.zh, values.in_("zh-hans")), _rendered(reply.en, values.in_("en")))


def _rendered(text: str, values: dict[str, str]) -> str:
    if refused := template_problem(text):
        raise refused

    def value(braced: re.Match[str]) -> str:
        if said := values[braced[1].strip()].strip():
            return said
        raise Refused("reply_value_missing", "text", seen=braced[0])

    return _BRACED.sub(value, text)
