"""The WSGI application. It does not start with keys that do not belong to the database."""

import os

from django.core.wsgi import get_wsgi_application

from config.environment import check_service

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

check_service()
application = get_wsgi_application()

# Models can be imported only now.
from events.rekeying import require_keys  # noqa: E402

require_keys()
