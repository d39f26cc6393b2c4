"""The WSGI application. It does not start with keys that do not belong to the database."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Models can be imported only now.
from events.rekeying import require_keys  # noqa: E402

require_keys()
