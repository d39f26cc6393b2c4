"""Settings of the upgrade test: those of the tests, with a deployment's password hashers.

The recorded accounts come from a deployment, so their passwords are hashed as there.
"""

from __future__ import annotations

from django.conf import global_settings

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
ALLOWED_HOSTS = ["testserver"]
