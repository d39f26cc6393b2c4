"""Settings, URLs, the API's frame, Celery and commands. The only package that imports all
others.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
