"""Settings of the upgrade test: those of the tests, with the password hashers of a deployment.

The recorded accounts were made by a deployment, so their passwords are hashed as there.
"""

from __future__ import annotations

from django.conf import global_settings

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
