"""Tests that what `make run` prints is in the terminal's language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from config.management.commands import serve
from config.trying_out.language import of_terminal

MADE = {
    "employer": "hr@example.com",
    "employer_id": "e-1",
    "member_id": "m-1",
    "reviewer": "reviewer@example.com",
    "password": "secret",
    "api_key": "zk_1",
}
NAMES = re.compile(r"https?://\S+|\S+@\S+|curl .*|Zizhi|API|zk_1|secret|Ctrl-C|\S+\.json")


@pytest.fixture
def locale(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("named", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
    ],
)
def test_the_locale_names_the_language(
    locale: pytest.MonkeyPatch, named: dict[str, str], language: str
) -> None:
    for name, value in named.items():
        locale.setenv(name, value)
    assert of_terminal() == language


@pytest.mark.parametrize("second_factor", ["optional", "required"])
def test_the_banner_is_in_the_terminals_language(
    locale: pytest.MonkeyPatch, settings: Any, tmp_path: Path, second_factor: str
) -> None:
    settings.VAR_DIR = tmp_path
    given = {
        "ZIZHI_EMAIL_URL": serve.KEPT_MAIL,
        "ZIZHI_SITE_URL": "https://hr.example.com",
        "ZIZHI_STAFF_SECOND_FACTOR": second_factor,
    }
    _made, why_not = serve.demo_to_make(given)
    english = serve.where_to_go(8000, given, MADE, "") + serve.where_to_go(8000, given, None, "x")
    assert not re.search(r"[\u3400-\u9fff]", english.replace("Zizhi 资质", "") + why_not)
    locale.setenv("LANG", "zh_CN.UTF-8")
    for made, why in ((MADE, ""), (None, serve.demo_to_make({**given, "ZIZHI_SITE_URL": "x"})[1])):
        banner = serve.where_to_go(8000, given, made, why)
        left = re.sub(r"ZIZHI_\w+", "", NAMES.sub("", banner))
        assert re.findall(r"[A-Za-z]{2,}", left) == [], banner
