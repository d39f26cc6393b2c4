"""The language of the terminal in which Zizhi is tried out."""

from __future__ import annotations

import os
from typing import Literal


def of_terminal() -> Literal["zh", "en"]:
    """Return the language that the terminal's locale names: Chinese, or else English."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, named), "").startswith("zh") else "en"


def in_terminal_language(zh: str, en: str) -> str:
    """Return the text in the terminal's language."""
    return zh if of_terminal() == "zh" else en
