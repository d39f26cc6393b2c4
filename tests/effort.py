"""How many examples the property-based tests try."""

from __future__ import annotations

from hypothesis import settings


def examples(thorough: int) -> int:
    """Return `thorough` in `make test-all`, and a quarter of it, at least one, in `make test`."""
    return max(1, thorough * settings.default.max_examples // 100)
