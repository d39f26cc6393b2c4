"""What the console shows of downloads. Each module registers its own pages."""

from downloads.admin import answers, appeals, candidates, gate, leaks, proposals, relays

__all__ = ["answers", "appeals", "candidates", "gate", "leaks", "proposals", "relays"]
