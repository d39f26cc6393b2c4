"""gunicorn reads this file when it starts in this folder. Its command line takes precedence."""

bind = "127.0.0.1:8000"
"""This machine only. Browsers and platforms reach a reverse proxy (docs/operating/proxy.md)."""
worker_class = "config.web_worker.Worker"
logger_class = "config.web_worker.Log"
workers, threads = 4, 4  # for two cores
timeout = 60
