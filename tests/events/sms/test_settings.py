"""Tests that a deployment does not start with half of the settings of text messages."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from events.sms.texts import TEXTS

SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"
WHOLE = {
    "ZIZHI_SITE_URL": "https://hr.example",
    "ZIZHI_STAFF_SECOND_FACTOR": "required",
    "ZIZHI_SMS_SIGN": "某某招聘",
    "ZIZHI_SMS_KEY_ID": "id",
    "ZIZHI_SMS_KEY_SECRET": "secret",
    "ZIZHI_SMS_APP_ID": "1400000001",
    "ZIZHI_SMS_CALLBACK_SECRET": "s" * 24,
    "ZIZHI_SMS_TEMPLATES": ",".join(f"{name}=SMS_{n}" for n, name in enumerate(TEXTS)),
}


def read(monkeypatch: pytest.MonkeyPatch, **changed: str) -> dict[str, Any]:
    for name, value in (WHOLE | changed).items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(SETTINGS))


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_a_real_provider_with_all_of_its_settings(
    monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    found = read(monkeypatch, ZIZHI_SMS_PROVIDER=provider, ZIZHI_SMS_PRICE="0.045")
    assert found["SMS_PROVIDER"] == provider and found["SMS_PRICE"] == 450
    assert found["SMS_TEMPLATES"]["verification_code"] == "SMS_0"
    assert ("tencent" in found["SMS_ENDPOINT"]) is (provider == "tencent")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        *((name, "", name) for name in WHOLE if "SMS" in name),
        ("ZIZHI_SMS_CALLBACK_SECRET", "short", "ZIZHI_SMS_CALLBACK_SECRET must be"),
        ("ZIZHI_SMS_TEMPLATES", "verification_code=1", "has no code for account_notice"),
        ("ZIZHI_SMS_TEMPLATES", "another=1", "there is no text another"),
        ("ZIZHI_SMS_PRICE", "-1", "ZIZHI_SMS_PRICE is '-1'"),
        ("ZIZHI_SMS_PRICE", "1e9", "ZIZHI_SMS_PRICE is '1e9'"),
        ("ZIZHI_SMS_PRICE", "0", "ZIZHI_SMS_PRICE is 0"),
        ("ZIZHI_SMS_BUDGET", "lots", "ZIZHI_SMS_BUDGET is 'lots'"),
        ("ZIZHI_SMS_PROVIDER", "simulator", "simulator, which sends nothing"),
        ("ZIZHI_SMS_PROVIDER", "other", "ZIZHI_SMS_PROVIDER is 'other'"),
    ],
)
def test_what_is_missing_or_wrong_stops_the_start_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        read(monkeypatch, **{"ZIZHI_SMS_PROVIDER": "tencent", name: value})


def test_alibaba_cloud_needs_no_application(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, ZIZHI_SMS_PROVIDER="aliyun", ZIZHI_SMS_APP_ID="")["SMS_APP_ID"] == ""


def test_unless_chosen_a_deployment_sends_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZIZHI_SMS_PROVIDER", raising=False)
    assert read(monkeypatch)["SMS_PROVIDER"] == ""
