"""How is it wired? Settings, URLs, the API and Celery; the only room that imports all others."""
