"""The Celery application: workers, and the clock that starts the sweeps."""

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
    """Celery would put its own handlers in place of those of `config.logs`; a receiver here stops
    it.
    """


@celeryd_after_setup.connect
def _share_the_cores(*, instance: Any, **_: object) -> None:
    """Before the pool forks: processes that each took all cores would wait for one another."""
    share_cores(instance.concurrency)
