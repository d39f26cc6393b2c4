"""Tests of which passwords are refused: easily guessed ones, and leaked ones."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from employers.models import User

ANYBODY = User(email="zhang.wei@yunxi-keji.example")
LEAKED = "a sentence that was leaked"


def codes(password: str) -> set[str | None]:
    try:
        validate_password(password, ANYBODY)
    except ValidationError as error:
        return {each.code for each in error.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    [
        "password123!",
        "P@ssw0rd2024",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "Aa123456789",
        "Admin@123456",
        "woaini1314520",
        "iloveyou5201314",
        "zhangwei1988",
        "yunxi-keji2024",
        "1234567890",
        "aaaaaaaaaaaa",
        "2024-01-01",
    ],
)
def test_what_thieves_try_first_is_refused(password: str) -> None:
    assert "password_guessable" in codes(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "今天的包子是猪肉大葱馅的",
        "Ta9#kz!pQw4v",
        "纸船 螺丝 月台 橙汁",
        "x" + "grüne Bäume tanzen nachts " * 7,
    ],
)
def test_a_sentence_or_chance_is_accepted(password: str) -> None:
    assert codes(password) == set()


def test_a_very_long_password_is_judged_at_once() -> None:
    began = time.monotonic()
    codes("ab1!" * 50)
    codes("\U0001f600\x00é" * 60)
    assert time.monotonic() - began < 2


# --- Leaked ones ----------------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """A range service that knows one password."""

    asked: list[str] = []
    answers = "known"

    def do_GET(self) -> None:
        self.asked.append(self.path)
        digest = hashlib.sha1(LEAKED.encode()).hexdigest().upper()
        if self.answers == "slow":
            time.sleep(1)
        if self.answers == "broken":
            self.send_error(503)
            return
        known = digest[5:] if self.path.endswith(digest[:5]) else "0" * 35
        count = 0 if self.answers == "padding" else 7
        body = f"{'F' * 35}:1\r\n{known}:{count}\r\n".encode()
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def service(settings: Any) -> Iterator[type[Service]]:
    Service.asked, Service.answers = [], "known"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.LEAKED_PASSWORDS = f"http://127.0.0.1:{server.server_port}"
    yield Service
    server.shutdown()
    server.server_close()


def test_nobody_is_asked_unless_a_service_is_set(service: type[Service], settings: Any) -> None:
    settings.LEAKED_PASSWORDS = ""
    assert codes(LEAKED) == set() and service.asked == []


def test_a_leaked_password_is_refused_and_not_sent(service: type[Service]) -> None:
    assert codes(LEAKED) == {"password_leaked"}
    assert codes("another sentence nobody knows") == set()
    digest = hashlib.sha1(LEAKED.encode()).hexdigest().upper()
    assert service.asked[0] == f"/range/{digest[:5]}"


@pytest.mark.parametrize("answers", ["slow", "broken", "padding"])
def test_without_an_answer_it_is_accepted(
    service: type[Service], answers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employers.security.password_rules.TIMEOUT_SECONDS", 0.2)
    service.answers = answers
    assert codes(LEAKED) == set()


def test_a_service_that_is_down_keeps_nobody_out(settings: Any) -> None:
    settings.LEAKED_PASSWORDS = "http://127.0.0.1:9"
    assert codes(LEAKED) == set()


def test_a_wrong_setting_stops_the_start() -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ZIZHI_LEAKED_PASSWORDS": "api.pwnedpasswords.com",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0 and "ZIZHI_LEAKED_PASSWORDS" in started.stderr
