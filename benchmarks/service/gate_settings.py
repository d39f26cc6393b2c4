"""How is the service set up while the gate is measured?

As in production, with one bare view beside it to compare with.

So each request of the API is counted against its key's limit, and has its line in the log.
"""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.service.gate_urls"

LOG_LEVEL = "INFO"
"""As in production; the other benchmarks log only what is wrong."""
API_PER_SECOND = {"gate": 1_000_000.0, "other": 1_000_000.0}
"""Counted, as in production, but so wide that what is measured is the answer and not the limit."""
