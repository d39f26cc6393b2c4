"""How is the service set up while the gate is measured? As in production, with one bare view beside it to compare with."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.gate_urls"
