"""Which worker hears the doorbell, and which clock rings the sweeper?"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("zizhi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
