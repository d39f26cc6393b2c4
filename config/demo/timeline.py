"""The demo's output: a live timeline, or one line per step."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from events.core.reasons import REASONS, Text
from verification.cases import turnaround
from zizhi_client.answers import Words


@dataclass
class Timeline:
    """Prints events as they happen, with the seconds since the start.

    A brief timeline prints only the result of each step.
    """

    language: str
    begun: float
    is_brief: bool = False

    def line(self, zh: str, en: str) -> None:
        """Print a separate line, in a brief timeline too."""
        _print(Text(zh, en).in_(self.language))

    def say(self, zh: str, en: str, indent: int = 0) -> None:
        if self.is_brief:
            return
        text = Text(zh, en).in_(self.language)
        _print(f"{time.monotonic() - self.begun:7.1f} s  {'   ' * indent}{text}")

    def head(self, zh: str, en: str) -> None:
        if self.is_brief:
            return
        _print(f"\n── {Text(zh, en).in_(self.language)}")

    def reason(self, code: str, seen: str = "", expected: str = "", indent: int = 1) -> None:
        reason = REASONS[code]
        detail_zh = f"（实际为 {seen}，应为 {expected}）" if seen and expected else ""
        detail_en = f" (found {seen}, expected {expected})" if seen and expected else ""
        self.say(f"{reason.says.zh}{detail_zh}", f"{reason.says.en}{detail_en}", indent)
        takes = turnaround.turnaround_text(reason.takes)
        self.fix(reason.fix, takes, indent)

    def fix(self, how: Text | Words, takes: Text | Words, indent: int = 1) -> None:
        self.say(f"→ {how.zh}（{takes.zh}）", f"→ {how.en} ({takes.en})", indent)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
