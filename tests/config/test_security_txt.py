"""Tests of `/.well-known/security.txt`: what is served, and which settings stop the start."""

from __future__ import annotations

import runpy
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

SETTINGS = Path(__file__).resolve().parents[2] / "config" / "settings.py"
ADDRESS = "/.well-known/security.txt"


def settings_with(monkeypatch: pytest.MonkeyPatch, **told: str) -> dict[str, Any]:
    for name, value in told.items():
        monkeypatch.setenv(f"ZIZHI_SECURITY_{name}", value)
    return runpy.run_path(str(SETTINGS))


def test_it_has_the_fields_of_rfc_9116(settings: Any) -> None:
    settings.SECURITY_CONTACTS = ["mailto:security@zizhi.example", "https://zizhi.example/report"]
    settings.SECURITY_EXPIRES = datetime(2027, 1, 31, tzinfo=UTC)
    settings.SECURITY_LANGUAGES = ["zh", "en"]
    settings.SITE_URL = "https://zizhi.example"
    answer = Client().get(ADDRESS)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "Contact: mailto:security@zizhi.example\n"
        "Contact: https://zizhi.example/report\n"
        "Expires: 2027-01-31T00:00:00Z\n"
        "Preferred-Languages: zh, en\n"
        "Canonical: https://zizhi.example/.well-known/security.txt\n"
    )
    assert Client().post(ADDRESS).status_code == 405


@pytest.mark.parametrize(
    ("contacts", "expires"),
    [([], None), (["tel:+86-10-1"], None), ([], datetime(2027, 1, 31, tzinfo=UTC))],
)
def test_without_a_contact_or_an_expiry_there_is_none(
    contacts: list[str], expires: datetime | None, settings: Any
) -> None:
    settings.SECURITY_CONTACTS, settings.SECURITY_EXPIRES = contacts, expires
    assert Client().get(ADDRESS).status_code == 404


def test_the_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings_with(
        monkeypatch, CONTACT="mailto:a@b.example,tel:+861", EXPIRES="2027-01-31T08:00:00+08:00"
    )
    assert read["SECURITY_CONTACTS"] == ["mailto:a@b.example", "tel:+861"]
    assert read["SECURITY_EXPIRES"] == datetime(2027, 1, 31, 8, tzinfo=timezone(timedelta(hours=8)))
    assert read["SECURITY_EXPIRES"].tzinfo is UTC and read["SECURITY_LANGUAGES"] == ["zh", "en"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTACT", "security@zizhi.example"),
        ("CONTACT", "http://zizhi.example"),
        ("CONTACT", "mailto:a@b.example\nExpires: never"),
        ("EXPIRES", "2027-01-31"),
        ("EXPIRES", "2027-01-31T00:00:00"),
        ("EXPIRES", "next year"),
        ("LANGUAGES", "zh;en"),
    ],
)
def test_a_wrong_value_stops_the_start(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"ZIZHI_SECURITY_{name}"):
        settings_with(monkeypatch, **{name: value})
