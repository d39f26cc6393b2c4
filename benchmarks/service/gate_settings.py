"""Settings of the service during the gate's benchmark: those of production, and a bare view to
compare with.

Each request of the API therefore counts against its key's limit, and is logged.
"""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.service.gate_urls"

LOG_LEVEL = "INFO"
"""As in production; the other benchmarks log only errors."""
API_PER_SECOND = {"gate": 1_000_000.0, "other": 1_000_000.0}
"""Counted, as in production, but too high to be reached: the limit itself is not measured."""
