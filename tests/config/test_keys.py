"""Tests of the settings of keys: what stops the start, and what retired secret keys still open."""

from __future__ import annotations

import runpy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from employers.accounts import sightings
from tests.factories import PASSWORD, make_member
from tests.keys import new_key

SETTINGS = Path(__file__).resolve().parents[2] / "config" / "settings.py"


def settings_with(monkeypatch: pytest.MonkeyPatch, **keys: str) -> dict[str, Any]:
    names = "DATA_KEY", "DATA_KEYS_RETIRED", "INDEX_KEY", "INDEX_KEYS_FORMER", "SECRET_KEYS_RETIRED"
    for name in names:
        # An empty value hides that of a `.env` file.
        monkeypatch.setenv(f"ZIZHI_{name}", keys.get(name, ""))
    return runpy.run_path(str(SETTINGS))


def test_without_an_index_key_the_data_key_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key()
    assert settings_with(monkeypatch, DATA_KEY=key)["INDEX_KEY"] == key


def test_a_change_of_keys_needs_an_index_key(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = new_key(), new_key()
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_INDEX_KEY is not set"):
        settings_with(monkeypatch, DATA_KEY=new, DATA_KEYS_RETIRED=old)
    told = settings_with(monkeypatch, DATA_KEY=new, DATA_KEYS_RETIRED=old, INDEX_KEY=old)
    assert (told["INDEX_KEY"], told["DATA_KEYS_RETIRED"]) == (old, [old])


@pytest.mark.parametrize(
    "name", ["DATA_KEY", "DATA_KEYS_RETIRED", "INDEX_KEY", "INDEX_KEYS_FORMER"]
)
def test_what_is_no_key_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"DATA_KEY": new_key(), "INDEX_KEY": new_key()} | {name: "too-short"}
    with pytest.raises(ImproperlyConfigured, match="32 bytes in base64"):
        settings_with(monkeypatch, **keys)


def test_retired_secret_keys_are_fallbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    told = settings_with(monkeypatch, DATA_KEY=new_key(), SECRET_KEYS_RETIRED="a,b")
    assert told["SECRET_KEY_FALLBACKS"] == ["a", "b"]


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [True, False])
def test_a_retired_secret_key_keeps_people_signed_in(
    kept: bool, now: datetime, settings: Any
) -> None:
    make_member(now, email="hr@example.com")
    client = Client()
    client.post("/sign-in/", {"username": "hr@example.com", "password": PASSWORD})
    assert client.get("/team/").status_code == 200
    device = client.cookies[sightings.DEVICE_COOKIE].value
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if kept else []
    settings.SECRET_KEY = "another" * 10
    assert (client.get("/team/").status_code == 200) is kept
    assert bool(sightings.device_in(device)) is kept


def test_a_device_outlasts_the_retired_secret_key(settings: Any) -> None:
    """Otherwise an excluded device would become another one."""
    before = sightings.new_device()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    renewed = sightings.device_or_new(before)
    settings.SECRET_KEY_FALLBACKS = []
    assert sightings.device_in(renewed) and not sightings.device_in(before)
