"""Tests of the integration guide: all of its commands are run, in order, by a real shell
and curl.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Scope
from tests.conftest import require
from tests.stories.conftest import running_worker
from tests.stories.test_worker import broker as broker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.worker,
    pytest.mark.redis,
    pytest.mark.timeout(300),
]

GUIDE = (settings.BASE_DIR / "docs/integrating/quickstart.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
(RECEIVER,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
MARK = "@@@ block"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(script: str, folder: Path, **environment: str) -> tuple[str, str]:
    """Return a shell's stdout and stderr. Processes that it started are ended with it."""
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        said = shell.communicate(timeout=200)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, said
    return said


@pytest.mark.slow
def test_every_command_of_the_guide(broker: str, live_server: Any, tmp_path: Path) -> None:
    for tool in ("bash", "curl", "jq"):
        require(tool, shutil.which(tool) is not None)
    platform, key = create_api_client("a test", list(Scope), timezone.now(), test=True)
    ApiClient.objects.filter(pk=platform.pk).update(return_urls="https://www.site-a.example/hr")
    (tmp_path / "receiver.py").write_text(RECEIVER, encoding="utf-8")
    # processes that it started would keep its output open
    ends = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    script = ends + "\n".join(f"echo '{MARK}'\n{block}" for block in COMMANDS)
    with running_worker(broker, tmp_path / "worker.log", beat=True, ZIZHI_SWEEP_SECONDS="1"):
        out, complaints = run(
            script,
            tmp_path,
            ZIZHI=f"{live_server.url}/api/v1",
            KEY=key,
            HOOK=f"http://127.0.0.1:{free_port()}/zizhi",
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            PYTHONPATH=str(settings.BASE_DIR / "clients" / "python"),
        )
    said = out.split(f"{MARK}\n")[1:]
    assert len(said) == len(COMMANDS) > 8, complaints
    for block, answer in zip(COMMANDS, said, strict=True):
        at = 0
        for expected in re.findall(r"^# → (.*)$", block, re.MULTILINE):
            at = answer.find(expected, at)
            assert at >= 0, f"{expected!r} was expected, but the answer is: {answer}\n{complaints}"
            at += len(expected)
