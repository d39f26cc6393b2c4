"""The console's pages about downloads. Each module registers its own."""

from downloads.admin import answers, appeals, candidates, events, gate, leaks, proposals, relays

__all__ = ["answers", "appeals", "candidates", "events", "gate", "leaks", "proposals", "relays"]
