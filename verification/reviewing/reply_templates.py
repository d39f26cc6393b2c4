"""What does a saved reply say of this case?

A text in both languages, with variables such as {company} in it.

A reply goes to an employer as it stands, so none leaves with a variable that nobody knows or with a
hole where its value should be. What an employer declared is put in as it is and never read for
variables itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from events.core.errors import Refused
from events.core.reasons import Text

VARIABLES: Final = ("company", "uscc", "items")
"""Company name; its code; what has to be mended. An appeal has no time limit that could be told."""

_BRACED: Final = re.compile(r"[{｛]([^{}｛｝]*)[}｝]")
"""A Chinese keyboard gives the wide braces."""
_EXPECTED: Final = " ".join(f"{{{name}}}" for name in VARIABLES)


@dataclass(frozen=True)
class Values:
    """What a case puts in place of the variables. What it does not have is empty."""

    company: str
    uscc: str
    items: Sequence[Text] = ()

    def in_(self, language: str) -> dict[str, str]:
        """Each variable's value in `language` (a code such as `zh-hans` or `en`)."""
        items = ("、" if language.startswith("zh") else ", ").join(
            item.in_(language) for item in self.items
        )
        return {"company": self.company, "uscc": self.uscc, "items": items}


def problem(text: str) -> Refused | None:
    """Why `text` is no reply that can be saved, or None if it is one: it has a variable that is not
    known, or a brace alone.
    """
    for braced in _BRACED.finditer(text):
        if braced[1].strip() not in VARIABLES:
            return Refused("reply_variable_unknown", "text", seen=braced[0], expected=_EXPECTED)
    if alone := re.search(r"[{}｛｝].{0,20}", _BRACED.sub("", text)):
        return Refused("reply_variable_unknown", "text", seen=alone[0], expected=_EXPECTED)
    return None


def render(reply: Text, values: Values) -> Text:
    """`reply` with `values` in place of its variables, in both languages.

    Raises Refused: `reply_variable_unknown` as `problem` has it; `reply_value_missing` where the
    case has no value for one.
    """
    return Text(_rendered(reply.zh, values.in_("zh-hans")), _rendered(reply.en, values.in_("en")))


def _rendered(text: str, values: dict[str, str]) -> str:
    if refused := problem(text):
        raise refused

    def value(braced: re.Match[str]) -> str:
        if said := values[braced[1].strip()].strip():
            return said
        raise Refused("reply_value_missing", "text", seen=braced[0])

    return _BRACED.sub(value, text)
