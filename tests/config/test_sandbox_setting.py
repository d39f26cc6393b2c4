"""Tests of the setting that says whether uploads wait for a sandbox."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEPLOYED = {"ZIZHI_SITE_URL": "https://hr.example", "ZIZHI_BANK": "", "ZIZHI_E_LICENCES": ""}
TRIED_OUT = {"ZIZHI_SITE_URL": "http://localhost:8000"}


def required_with(monkeypatch: pytest.MonkeyPatch, **given: str) -> Any:
    for name in ("ZIZHI_SANDBOX", "ZIZHI_STAFF_SECOND_FACTOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))["SANDBOX_REQUIRED"]


def test_a_deployment_requires_a_sandbox_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert required_with(monkeypatch, **DEPLOYED) is True
    assert required_with(monkeypatch, **DEPLOYED, ZIZHI_SANDBOX="optional") is False
    assert required_with(monkeypatch, **TRIED_OUT) is False
    assert required_with(monkeypatch, **TRIED_OUT, ZIZHI_SANDBOX="required") is True


def test_another_value_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_SANDBOX is 'off'; it can be"):
        required_with(monkeypatch, ZIZHI_SANDBOX="off")
