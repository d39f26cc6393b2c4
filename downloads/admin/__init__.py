"""The console's pages about downloads. Each module registers its own."""

from downloads.admin import (
    answers,
    appeals,
    candidates,
    console,
    events,
    gate,
    leaks,
    proposals,
    relays,
)

__all__ = [
    "answers",
    "appeals",
    "candidates",
    "console",
    "events",
    "gate",
    "leaks",
    "proposals",
    "relays",
]
