"""How is it wired? Settings, URLs, the API and Celery; the only room that imports all others."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
