"""Counts what a person's hand does: fields, taps and seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

A_TAP, A_CHARACTER = 1.0, 0.25
"""Seconds that a person takes on a phone's screen, and the machine does not."""


@dataclass
class Hand:
    """A person with a phone. Counts the fields typed, the taps (each on a field too), and time."""

    fields: int = 0
    taps: int = 0
    characters: int = 0
    began: float = field(default_factory=time.monotonic)

    def tap(self, control: Locator) -> None:
        control.click()
        self.taps += 1

    def type(self, control: Locator, text: str, *, focused: bool = False) -> None:
        """Tap the field, unless the page has put the cursor there, and type."""
        if focused:
            expect(control).to_be_focused()
        else:
            self.tap(control)
        control.press_sequentially(text)
        self.fields += 1
        self.characters += len(text)

    def photograph(self, chooser: Locator, photo: Path | Any) -> None:
        """Choose `photo`, a path or the payload of a file."""
        chooser.set_input_files(photo)
        self.taps += 1

    def open_link(self, page: Page, address: str) -> None:
        page.goto(address)
        self.taps += 1

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leave out the time of the block, which is the test's own."""
        began = time.monotonic()
        yield
        self.began += time.monotonic() - began

    @property
    def seconds(self) -> float:
        machine = time.monotonic() - self.began
        return machine + A_TAP * self.taps + A_CHARACTER * self.characters

    def __str__(self) -> str:
        return f"{self.fields} fields, {self.taps} taps, {self.seconds:.0f} s"
