"""The Celery application of workers and beat."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_after_setup, celeryd_init, setup_logging
from django.core.exceptions import ImproperlyConfigured

from config.environment import check_service
from documents.ocr import share_cores

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("zizhi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Connecting any receiver stops Celery from replacing the handlers of `config.logs`."""


@celeryd_init.connect
@beat_init.connect
def _check(**_: object) -> None:
    """End the process, since Celery only logs other exceptions of receivers."""
    try:
        check_service()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


@celeryd_after_setup.connect
def _share_the_cores(*, instance: Any, **_: object) -> None:
    """Runs before the pool forks. Processes that each used all cores would slow one another
    down.
    """
    share_cores(instance.concurrency)
