"""The demo's output: what happens as it happens, or one line for each step."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from events.core.reasons import REASONS, Text
from verification.cases import turnaround
from zizhi_client.answers import Words


@dataclass
class Timeline:
    """Prints what happens as it happens, with the seconds since the start.

    A brief one prints only what each step has made.
    """

    language: str
    begun: float
    is_brief: bool = False

    def line(self, zh: str, en: str) -> None:
        """One line of its own, in a brief timeline too."""
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
        takes = turnaround.told(reason.takes)
        self.fix(reason.fix, takes, indent)

    def fix(self, how: Text | Words, takes: Text | Words, indent: int = 1) -> None:
        self.say(f"→ {how.zh}（{takes.zh}）", f"→ {how.en} ({takes.en})", indent)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
