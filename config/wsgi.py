"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from config.environment import check_service

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

check_service()
application = get_wsgi_application()
