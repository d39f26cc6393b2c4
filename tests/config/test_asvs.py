"""Tests that the page about ASVS lists each requirement once, and names what exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "docs" / "operating"
PAGES: Final = {"asvs.md": "en", "asvs.zh-CN.md": "zh"}
STATES: Final = {
    "met": "met",
    "not met": "not met",
    "n/a": "n/a",
    "满足": "met",
    "未满足": "not met",
    "不适用": "n/a",
}
LEVELS: Final = {
    "1": "22 1111122223 112222222223 222 123",
    "2": "122 112 12223 23",
    "3": "3 113 12223 11222233 11122333 3 22333",
    "4": "12233 23333 22 1222",
    "5": "2 112333 113 222",
    "6": "122 111111112222 11223333 112233 22222333 2223 33 2222",
    "7": "222 1111 22 11222 223 22",
    "8": "1233 1123 133 23",
    "9": "111 1222",
    "10": "22 223 22223 1111122222233333 22222 22 222",
    "11": "2233 22233 11233 1222 23 23 33",
    "12": "12233 11 22223",
    "13": "2333 222223 2233 1222233",
    "14": "22 12223333 122",
    "15": "12233 12233 1222222 3333",
    "16": "2 22222 2222 222 2223",
    "17": "23 22223333 22",
}
"""For each chapter of ASVS 5.0.0, the levels of the requirements of its sections, in order."""


class Row(NamedTuple):
    number: str
    level: int
    asks: str
    state: str
    code: str
    kept_by: str


def required() -> dict[str, int]:
    """Return the level of each requirement of levels 1 and 2."""
    return {
        f"V{chapter}.{section}.{number}": int(level)
        for chapter, sections in LEVELS.items()
        for section, levels in enumerate(sections.split(), 1)
        for number, level in enumerate(levels, 1)
        if level != "3"
    }


@cache
def rows(document: str) -> list[Row]:
    text = (FOLDER / document).read_text(encoding="utf-8")
    found = re.findall(r"^\| (V[\d.]+) \| (\d) \| (.+?) \| (.+?) \| (.+?) \| (.+) \|$", text, re.M)
    return [
        Row(number, int(level), asks, STATES[state], code, kept_by)
        for number, level, asks, state, code, kept_by in found
    ]


@cache
def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("document", PAGES)
def test_each_requirement_is_listed_once_with_its_level(document: str) -> None:
    assert Counter(required().values()) == {1: 70, 2: 183}
    assert [(row.number, row.level) for row in rows(document)] == list(required().items())


@pytest.mark.parametrize("document", PAGES)
def test_what_is_met_is_kept_by_a_test_or_a_page(document: str) -> None:
    for row in rows(document):
        if row.state == "met":
            if test := re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", row.kept_by):
                assert test[2] in functions_of(ROOT / test[1]), row
            else:
                assert re.fullmatch(r"\[[\w ]+\]\([\w./-]+\.md\)", row.kept_by), row
            assert named(row.code), row


@pytest.mark.parametrize("document", PAGES)
def test_every_module_exists(document: str) -> None:
    paths = [path for row in rows(document) for path in named(row.code)]
    assert len(paths) >= 150
    for path in paths:
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("document", PAGES)
def test_what_is_not_met_or_not_applicable_has_its_reason(document: str) -> None:
    least = {"en": 20, "zh": 5}[PAGES[document]]
    for row in rows(document):
        if row.state != "met":
            assert len(row.kept_by) >= (least if row.state == "not met" else 5), row


@pytest.mark.parametrize("document", PAGES)
def test_the_numbers_in_the_head_are_right(document: str) -> None:
    text = (FOLDER / document).read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.M)
    counted = Counter((row.level, row.state) for row in rows(document))
    assert [tuple(map(int, line)) for line in told] == [
        (level, *(counted[level, state] for state in ("met", "not met", "n/a"))) for level in (1, 2)
    ]


def test_both_pages_say_the_same() -> None:
    def said(document: str) -> list[tuple[str, str, list[str], str]]:
        return [
            (row.number, row.state, named(row.code), ":".join(named(row.kept_by)))
            for row in rows(document)
        ]

    english, chinese = (said(document) for document in PAGES)
    assert english == chinese


def test_the_limits_on_attempts_are_documented() -> None:
    """`docs/operating/security.md` states each limit of the throttle."""
    text = (ROOT / "employers" / "security" / "throttle.py").read_text(encoding="utf-8")
    limits = re.findall(r'^[A-Z_]+ = Limit\("[\w-]+", (\d+)(?:, ([\d *]+))?\)', text, re.M)
    within = {"": "15 minutes", "3600": "an hour", "24 * 3600": "a day"}
    stated = Counter((tries, within[seconds]) for tries, seconds in limits)
    page = (FOLDER / "security.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| [^|]+ \| (15 minutes|an hour|a day) \| (\d+) \|$", page, re.M)
    assert Counter((tries, within) for within, tries in told) == stated


@pytest.mark.parametrize("document", ["security.md", "security.zh-CN.md"])
def test_the_words_that_passwords_must_not_be_are_documented(document: str) -> None:
    from employers.security.password_words import WORDS

    text = (FOLDER / document).read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(admin .*?)```", text, re.S)
    assert block.split() == WORDS
