"""Settings of a worker with faults: the usual ones, with `sabotage` loaded."""

from __future__ import annotations

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.stories.sabotage.Sabotage"]  # noqa: F405
