"""Tests of the settings that switch Tencent's reader on."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from documents import tencent_cloud
from documents.ocr import tencent
from documents.ocr.cloud import FieldReader
from documents.ocr.tencent import TencentReader
from documents.tencent_cloud import Account
from events.core.errors import ProviderBroken
from tests.documents.ocr.tencent_reader import JPEG, raised_by
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, TencentServer
from verification.checks.reading import chosen_cloud


@pytest.mark.parametrize(("secret_id", "secret_key"), [("id", ""), ("", "key"), ("", "")])
def test_half_an_account(secret_id: str, secret_key: str) -> None:
    with pytest.raises(ValueError, match="secret_id, secret_key"):
        Account(secret_id, secret_key)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "ocr.tencentcloudapi.com",
        "ftp://host",
        "https://",
        "https://user:pw@host",
        "https://host/path",
    ],
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint") as caught:
        Account("id", "key", endpoint=endpoint)
    assert "pw" not in str(caught.value)


def test_the_house_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tencent, tencent_cloud):
        monkeypatch.setattr(module, "is_tencent_cloud_installed", lambda: False)
    reader = TencentReader(Account("id", "key"))
    assert not reader.available() and "absent" in reader.version
    assert isinstance(raised_by(reader), ProviderBroken)


SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"


def settings_with(
    monkeypatch: pytest.MonkeyPatch, cloud_reader: str = "", **environment: str
) -> dict[str, Any]:
    monkeypatch.setenv("ZIZHI_CLOUD_READER", cloud_reader)
    for name in ("SECRET_ID", "SECRET_KEY"):
        monkeypatch.setenv(f"ZIZHI_TENCENT_{name}", environment.pop(name, ""))
    for name, value in environment.items():
        monkeypatch.setenv(f"ZIZHI_TENCENT_{name}", value)
    return runpy.run_path(str(SETTINGS))


def reader_of(settings: dict[str, Any]) -> FieldReader | None:
    """Return the cloud reader of a deployment with these settings."""
    names = (
        "CLOUD_READER",
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
        "TENCENT_REGION",
        "TENCENT_ENDPOINT",
    )
    chosen_cloud.cache_clear()
    try:
        with override_settings(**{name: settings[name] for name in names}):
            return chosen_cloud(settings["CLOUD_READER"])
    finally:
        chosen_cloud.cache_clear()


def test_settings_are_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader_of(settings_with(monkeypatch)) is None


def test_keys_alone_send_no_picture(monkeypatch: pytest.MonkeyPatch, server: TencentServer) -> None:
    """A register may need the same keys."""
    keys = {"SECRET_ID": SECRET_ID, "SECRET_KEY": SECRET_KEY, "ENDPOINT": server.url}
    assert reader_of(settings_with(monkeypatch, **keys)) is None


def test_settings_that_switch_it_on(monkeypatch: pytest.MonkeyPatch, server: TencentServer) -> None:
    keys = {
        "SECRET_ID": SECRET_ID,
        "SECRET_KEY": SECRET_KEY,
        "REGION": "ap-shanghai",
        "ENDPOINT": server.url,
    }
    reader = reader_of(settings_with(monkeypatch, "tencent", **keys))
    assert reader is not None and reader.read_fields(JPEG).fields


def test_it_needs_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ImproperlyConfigured,
        match=r"ZIZHI_CLOUD_READER.*ZIZHI_TENCENT_SECRET_ID and ZIZHI_TENCENT_SECRET_KEY",
    ):
        settings_with(monkeypatch, "tencent")


def test_a_cloud_that_nobody_knows_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_CLOUD_READER is 'baidu'"):
        settings_with(monkeypatch, "baidu")


@pytest.mark.parametrize(
    ("there", "missing"), [("SECRET_ID", "SECRET_KEY"), ("SECRET_KEY", "SECRET_ID")]
)
def test_half_an_account_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, there: str, missing: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"ZIZHI_TENCENT_{missing} is not set"):
        settings_with(monkeypatch, **{there: "something"})


def test_a_strange_endpoint_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_TENCENT_ENDPOINT is not"):
        settings_with(monkeypatch, ENDPOINT="ocr.tencentcloudapi.com")
