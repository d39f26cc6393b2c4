"""How is a worker set up to which misfortunes happen?

As any other, with `sabotage` loaded beside it.
"""

from __future__ import annotations

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.stories.sabotage.Sabotage"]  # noqa: F405
