"""Tests that a forgotten setting stops the service instead of opening it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from typing import Any

import pytest
from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

SETTINGS = str(settings.BASE_DIR / "config" / "settings.py")
DEPLOYED = {
    "ZIZHI_SITE_URL": "https://zizhi.example",
    "ZIZHI_ALLOWED_HOSTS": "zizhi.example",
    "ZIZHI_EMAIL_URL": "smtp+tls://mail.example:587",
}
SERVICE = {
    "web": ["-m", "gunicorn", "config.wsgi", "--bind", "127.0.0.1:0", "--workers", "1"],
    "worker": ["-m", "celery", "-A", "config", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "-A", "config", "beat"],
}


def settings_with(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    """Return the settings for an environment with these values. Empty ones are not set."""
    for name in (*DEPLOYED, "ZIZHI_STAFF_SECOND_FACTOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"ZIZHI_SITE_URL": ""} | given).items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(SETTINGS)


@pytest.mark.parametrize(
    ("process", "name"),
    [*((process, "ZIZHI_SITE_URL") for process in SERVICE), ("worker", "ZIZHI_EMAIL_URL")],
)
@pytest.mark.sampled(1)
def test_without_an_address_or_a_mail_server_nothing_starts(process: str, name: str) -> None:
    environment = os.environ | DEPLOYED | {"DJANGO_SETTINGS_MODULE": "config.settings", name: ""}
    environment.pop("ZIZHI_STAFF_SECOND_FACTOR", None)
    done = subprocess.run(
        [sys.executable, *SERVICE[process]],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr + done.stdout


def test_what_is_for_trying_out_is_off_unless_the_address_is_local(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = settings_with(monkeypatch, ZIZHI_SITE_URL="http://localhost:8000")
    assert (tried["BANK"], tried["SECOND_REVIEW_SAMPLE"]) == ("simulator", 0)
    assert tried["WEBHOOKS_LOCAL"] and tried["MAILS_KEPT"]
    assert not tried["HTTPS"]
    for given in ({}, DEPLOYED, DEPLOYED | {"ZIZHI_SITE_URL": "http://zizhi.example"}):
        made = settings_with(monkeypatch, **given)
        assert (made["BANK"], made["E_LICENCES"], made["RELAYS"]) == ("", "", "")
        assert made["HTTPS"] and made["SESSION_COOKIE_SECURE"] and made["SECURE_SSL_REDIRECT"]
        assert made["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
        assert made["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
        assert made["SECOND_REVIEW_SAMPLE"] > 0 and not made["WEBHOOKS_LOCAL"]
        assert made["EMAIL_BACKEND"] in ("", "django.core.mail.backends.smtp.EmailBackend")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ZIZHI_SITE_URL": "zizhi.example"}, "ZIZHI_SITE_URL is 'zizhi.example', but must be"),
        ({"ZIZHI_SITE_URL": "https://a.example/path"}, "ZIZHI_SITE_URL is"),
        ({"ZIZHI_SITE_URL": "http://localhost:8000"}, "not allowed with ZIZHI_ALLOWED_HOSTS zizhi"),
        ({"ZIZHI_DEBUG": "true"}, "ZIZHI_DEBUG is on"),
        ({"ZIZHI_EMAIL_URL": "consolemail://"}, "ZIZHI_EMAIL_URL is consolemail"),
        ({"ZIZHI_EMAIL_URL": "filemail://"}, "ZIZHI_EMAIL_URL is filemail"),
        ({"ZIZHI_EMAIL_URL": "dummymail://"}, "ZIZHI_EMAIL_URL is dummymail"),
        ({"ZIZHI_BEHIND_PROXY": "true", "ZIZHI_PROXIES": "0"}, "ZIZHI_PROXIES is 0"),
    ],
)
def test_what_a_deployment_cannot_have(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        settings_with(monkeypatch, **DEPLOYED | given)


def test_cookies_belong_to_this_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME", "COOKIE_PREFIX")
    made = settings_with(monkeypatch, **DEPLOYED)
    assert all(made[name].startswith("__Host-") for name in names)
    assert made["SESSION_COOKIE_SECURE"] and made["CSRF_COOKIE_SECURE"]
    assert not any(name.endswith(("_COOKIE_DOMAIN", "_COOKIE_PATH")) for name in made)
    tried = settings_with(monkeypatch, ZIZHI_SITE_URL="http://localhost:8000")
    assert not any(tried[name].startswith("__") for name in names), "browsers refuse it without TLS"


def test_passwords_are_hashed_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PASSWORD_HASHERS" not in settings_with(monkeypatch, **DEPLOYED), "Django's are in use"
    first = import_string(global_settings.PASSWORD_HASHERS[0])
    assert first.algorithm == "pbkdf2_sha256" and first.iterations >= 600_000
