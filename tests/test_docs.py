"""Tests that the documentation's links lead to files, and that the table of settings is right."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.core.event_types import EVENT_TYPES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LAYOUT = ROOT / "docs" / "how-it-works" / "layout.md"
NAME = re.compile(r"ZIZHI_[A-Z_]*[A-Z]|DATABASE_URL")
PRODUCT = ("config", "downloads", "verification", "employers", "resumes", "documents", "events")
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "LC_ALL", "LC_MESSAGES", "LANG"}
"""Variables that product code reads from the environment and that are not settings of Zizhi."""


def product_modules() -> Iterator[Path]:
    for folder in PRODUCT:
        yield from (ROOT / folder).rglob("*.py")


def pages_named_in(text: str) -> Iterator[str]:
    return iter(re.findall(r"\bdocs/[\w/-]+\.(?:md|svg)\b", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path):
            assert (page.parent / path).exists(), target


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {
        os.path.normpath(index.parent / target)
        for target in re.findall(r"\]\(([\w/.-]+\.md)\)", index.read_text(encoding="utf-8"))
    }
    english = {str(page) for page in PAGES if not page.name.endswith(".zh-CN.md")}
    assert linked == english - {str(index), str(ROOT / "README.md")}


def test_every_page_that_the_code_names_exists() -> None:
    named = 0
    for path in product_modules():
        for page in pages_named_in(path.read_text(encoding="utf-8")):
            assert (ROOT / page).exists(), f"{path}: {page}"
            named += 1
    assert named >= 20


def test_the_layout_names_paths_that_exist() -> None:
    text = LAYOUT.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:\w[\w-]*/)+(?:\w+\.\w+)?)`", text)
    assert len(paths) >= 25
    for path in paths:
        top = path.partition("/")[0]
        assert (ROOT / path).exists() or top in {"pages", "api", "admin", "rules"}, path


def test_the_layout_shows_the_layers_of_the_contracts() -> None:
    text = LAYOUT.read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layered = [
        contract
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    assert len(layered) >= 7
    for contract in layered:
        layers = [f"({layer})" if "|" in layer else layer for layer in contract["layers"]]
        (container,) = contract.get("containers", ["packages"])
        assert f"{container}: {' > '.join(layers)}\n" in text


@pytest.mark.parametrize("page", ["webhooks.md", "webhooks.zh-CN.md"])
def test_the_table_of_event_types_is_complete(page: str) -> None:
    text = (ROOT / "docs" / "integrating" / page).read_text(encoding="utf-8")
    documented = set()
    for cell in re.findall(r"^\| (`[a-z]+\.[^|]+) \|", text, re.MULTILINE):
        first, *others = re.findall(r"`([\w.]+)`", cell)
        prefix = first.partition(".")[0]
        documented |= {first, *(x if "." in x else f"{prefix}.{x}" for x in others)}
    assert documented == set(EVENT_TYPES)


def settings_read() -> dict[str, ast.expr | None]:
    """Each environment variable that `config/settings.py` names, and its default."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text(encoding="utf-8"))
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and NAME.fullmatch(str(node.value)):
            found.setdefault(node.value, None)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            for keyword in node.keywords:
                if keyword.arg == "default":
                    found[node.args[0].value] = keyword.value
            position = {"one_of": 2, "rate": 1, "share": 1, "endpoint": 1}.get(
                getattr(node.func, "id", "")
            )
            if position is not None and len(node.args) > position:
                found[node.args[0].value] = node.args[position]
    return found


def written(default: ast.expr | None) -> str | None:
    """A default as the table writes it; None for one that depends on something."""
    try:
        value = eval(ast.unparse(default), {"__builtins__": {}}) if default else None
    except NameError:
        return None
    if isinstance(value, list):
        value = ",".join(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return None if value is None else f"`{value}`" if value != "" else "empty"


def table_of_settings(page: str) -> dict[str, str]:
    """Each setting of the page with its default; every row has a meaning and when to change it."""
    text = (ROOT / "docs" / "operating" / page).read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert all(len(row) == 4 and all(cell.strip() for cell in row) for row in rows)
    table = {row[0].strip(" `"): row[1].strip() for row in rows}
    assert len(table) == len(rows)
    return table


def test_the_table_of_settings_is_complete_and_right() -> None:
    table = table_of_settings("settings.md")
    read = settings_read()
    assert set(table) == set(read)
    exact = {name: told for name, default in read.items() if (told := written(default)) is not None}
    assert len(exact) >= 50
    assert {name: table[name] for name in exact} == exact


def test_the_chinese_table_of_settings_has_the_same_names_and_values() -> None:
    def values(page: str) -> list[tuple[str, list[str]]]:
        return [
            (name, sorted(re.findall(r"`[^`]+`", default)))
            for name, default in table_of_settings(page).items()
        ]

    assert values("settings.zh-CN.md") == values("settings.md")


def test_the_environment_is_read_for_settings_of_the_table_only() -> None:
    names: set[str] = set()
    for path in product_modules():
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"\b(?:ZIZHI_[A-Z_]*[A-Z])\b", text)) - {"ZIZHI_VERSION"}
        names |= set(re.findall(r'(?:environ(?:\.\w+)?|getenv|env\.\w+)[(\[]\s*"(\w+)"', text))
    assert names >= {"LC_ALL", "DATABASE_URL", "ZIZHI_VAR_DIR"}
    assert names - NOT_SETTINGS == set(table_of_settings("settings.md"))
