"""Tests of the documentation: links, named files and tests, translations, the table of settings."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.management.commands import draw_rooms
from events.core.event_types import EVENT_TYPES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FOLDERS = [
    path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "var"
]
EVERYWHERE = [
    *sorted(ROOT.glob("*.md")),
    *sorted(page for folder in FOLDERS for page in folder.rglob("*.md")),
]
CHINESE = [page for page in EVERYWHERE if page.name.endswith(".zh-CN.md")]
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
WEIGHT = DOCS / "decisions" / "weight.md"
LAYOUT = DOCS / "how-it-works" / "layout.md"
FENCED = re.compile(r"^ *(```|~~~)(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TABLES = {"layout", "libraries", "weight"}
"""Pages of decisions that are one long table."""
NAME = re.compile(r"ZIZHI_[A-Z_]*[A-Z]|DATABASE_URL")
PRODUCT = ("config", "downloads", "verification", "employers", "resumes", "documents", "events")
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "LC_ALL", "LC_MESSAGES", "LANG"}
"""Variables that product code reads but that are not settings of Zizhi."""


def product_modules() -> Iterator[Path]:
    for folder in PRODUCT:
        yield from (ROOT / folder).rglob("*.py")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def pages_named_in(text: str) -> Iterator[str]:
    return iter(re.findall(r"\bdocs/[\w/-]+\.(?:md|svg)\b", text))


def files_named_in(page: Path) -> list[str]:
    """Return the paths in backticks, without those that contain a placeholder (`NAME.py`)."""
    named = re.findall(r"`([\w.-]+/[\w./-]+)`", page.read_text(encoding="utf-8"))
    return [path for path in named if "NAME" not in path]


@pytest.mark.parametrize("document", EVERYWHERE, ids=name_of)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path):
            assert (document.parent / path).exists(), target


def test_the_index_names_every_page() -> None:
    index = DOCS / "README.md"
    linked = {
        os.path.normpath(index.parent / target)
        for target in re.findall(r"\]\(([\w/.-]+\.md)\)", index.read_text(encoding="utf-8"))
    }
    english = {str(page) for page in DOCS.rglob("*.md") if page not in CHINESE}
    assert english - linked == {str(index)}


def test_every_test_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", README.read_text(encoding="utf-8"))
    assert len(named) >= 6
    for path, test in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{path}::{test}"


@pytest.mark.parametrize(
    "document", [CONTRIBUTING, *sorted((DOCS / "decisions").glob("*.md"))], ids=name_of
)
def test_every_file_that_it_names_exists(document: Path) -> None:
    for path in files_named_in(document):
        assert any((ROOT / folder / path).exists() for folder in ("", "clients/python")), path


def test_each_recipe_has_five_steps_that_name_files() -> None:
    _, *recipes = re.split(r"^### Add ", CONTRIBUTING.read_text(encoding="utf-8"), flags=re.M)
    assert len(recipes) == 6
    for recipe in recipes:
        steps = re.findall(r"^(\d)\. ", recipe, re.MULTILINE)
        assert steps == list("12345"), recipe
        assert len(re.findall(r"`[\w/]+\.(?:py|md|po|html)`", recipe)) >= 4, recipe


def test_a_page_is_as_short_as_it_is_meant_to_be() -> None:
    decisions = [page for page in (DOCS / "decisions").glob("*.md") if page.stem not in TABLES]
    longest = {README: 700} | dict.fromkeys(decisions, 150)
    for page, words in longest.items():
        assert len(page.read_text(encoding="utf-8").split()) <= words, page


def test_mechanisms_have_about_as_many_lines_as_is_said() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (`.+?`) \| ([\d,]+) \|", WEIGHT.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) > 60
    for name, modules, said in rows:
        lines = sum(map(lines_in, re.findall(r"`(.+?)`", modules)))
        assert 0.8 < int(said.replace(",", "")) / lines < 1.25, f"{name}: {lines} lines"


def lines_in(path: str) -> int:
    """Return the lines of a module, or of all modules in a folder."""
    found = (ROOT / path).rglob("*") if path.endswith("/") else [ROOT / path]
    modules = (each for each in found if each.suffix in (".py", ".js"))
    return sum(len(each.read_text(encoding="utf-8").splitlines()) for each in modules)


# --- Pages in two languages -----------------------------------------------------------------------


def headings(text: str) -> list[int]:
    """Return the levels of the headings, in order."""
    prose = FENCED.sub("", text)
    return [len(marks) for marks in re.findall(r"^(#{1,6}) ", prose, re.MULTILINE)]


def code_blocks(text: str) -> list[str]:
    return [match.group() for match in FENCED.finditer(text)]


def tables(text: str) -> list[list[int]]:
    """Return the number of columns in each row of each table."""
    found = re.findall(r"^(?:\|.*\n?)+", FENCED.sub("", text), re.MULTILINE)
    return [
        [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in table.splitlines()] for table in found
    ]


def links(text: str) -> list[str]:
    """Return the linked pages, without their language."""
    targets = (target.replace(".zh-CN.", ".") for target in LINK.findall(text))
    return sorted(target for target in targets if not target.startswith("#"))


WORDS = re.compile(r"<(?:text|title|desc)[^>]*>([^<]*)<")


def drawing(picture: str) -> str:
    """Return an SVG without its words."""
    return re.sub(r">[^<>{}]*<", "><", picture)


@pytest.mark.parametrize("part", [headings, code_blocks, tables])
@pytest.mark.parametrize("chinese", CHINESE, ids=name_of)
def test_a_page_in_chinese_is_built_as_the_english_one(
    chinese: Path, part: Callable[[str], list[Any]]
) -> None:
    english = chinese.with_name(chinese.name.replace(".zh-CN.md", ".md"))
    assert part(chinese.read_text(encoding="utf-8")) == part(english.read_text(encoding="utf-8"))


def test_both_readmes_lead_to_the_same_pages_and_to_each_other() -> None:
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    assert links(english) == links(chinese)
    assert "(README.zh-CN.md)" in english and "(README.md)" in chinese


def test_the_picture_of_the_way_is_drawn_alike_in_both_languages() -> None:
    english, chinese = (
        (DOCS / "how-it-works" / name).read_text(encoding="utf-8")
        for name in ("way.svg", "way.zh-CN.svg")
    )
    assert drawing(english) == drawing(chinese)
    assert not re.search(r"[\u3400-\u9fff]", english)
    assert all(re.search(r"[\u3400-\u9fff]", words) for words in WORDS.findall(chinese))


# --- What the code and the pages say of each other ------------------------------------------------


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


def test_the_picture_of_the_packages_shows_the_contracts() -> None:
    stale = "stale: run `python manage.py draw_rooms`"
    assert draw_rooms.PATH.read_text(encoding="utf-8") == draw_rooms.draw_rooms(), stale


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
    """Return the variables that `config/settings.py` reads, with their defaults."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text(encoding="utf-8"))
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and NAME.fullmatch(str(node.value)):
            found.setdefault(node.value, None)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            for keyword in node.keywords:
                if keyword.arg == "default":
                    found[node.args[0].value] = keyword.value
            position = {"one_of": 2, "read_rate": 1, "read_share": 1, "read_endpoint": 1}.get(
                getattr(node.func, "id", "")
            )
            if position is not None and len(node.args) > position:
                found[node.args[0].value] = node.args[position]
    return found


def written(default: ast.expr | None) -> str | None:
    """Return a default as the table writes it, or None if it depends on something."""
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
    """Return the settings of the page with their defaults. Asserts that each has a meaning and when
    to change it.
    """
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
