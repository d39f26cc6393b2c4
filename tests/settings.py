"""The settings of a test run: those of production, with keys made for the run."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile

os.environ.setdefault("ZIZHI_SECRET_KEY", secrets.token_urlsafe(50))
os.environ.setdefault("ZIZHI_DATA_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
# As in a deployment that never changed its key. `.env` may contain another index key.
os.environ.setdefault("ZIZHI_INDEX_KEY", os.environ["ZIZHI_DATA_KEY"])
os.environ.setdefault("ZIZHI_SITE_URL", "http://localhost:8000")
os.environ.setdefault("ZIZHI_STAFF_SECOND_FACTOR", "optional")
os.environ.setdefault("ZIZHI_VAR_DIR", tempfile.mkdtemp(prefix="zizhi-test-"))

# The processes of a parallel run share neither a folder nor a Redis database, so that no worker
# takes another process's messages.
_process = os.environ.get("PYTEST_XDIST_WORKER", "")
if _process and not os.environ["ZIZHI_VAR_DIR"].endswith(f"/{_process}"):
    os.environ["ZIZHI_VAR_DIR"] += f"/{_process}"
    _server, _, _number = os.environ.get("ZIZHI_BROKER_URL", "").rpartition("/")
    if _server.startswith("redis"):
        os.environ["ZIZHI_BROKER_URL"] = f"{_server}/{int(_number) + int(_process[2:])}"

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405

# This run's own database: a file, which real workers of the tests can open too, or a database named
# after the process. It does not wait for the disk, because a power cut does not matter here.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_zizhi_{os.getpid()}"}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"  # noqa: F405
SECURE_SSL_REDIRECT = False
QUEUE_FIGURES_SECONDS = 0

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
