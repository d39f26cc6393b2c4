"""The Celery application of workers and beat."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging

from documents.ocr import share_cores

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("zizhi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Connecting any receiver stops Celery from replacing the handlers of `config.logs`."""


@celeryd_after_setup.connect
def _share_the_cores(*, instance: Any, **_: object) -> None:
    """Runs before the pool forks. Processes that each used all cores would slow one another
    down.
    """
    share_cores(instance.concurrency)
