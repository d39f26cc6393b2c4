"""Tests that each benchmark is run by its short name."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import benchmarks

ROOT = Path(benchmarks.__file__).parent


def test_the_short_name_of_each_module_finds_it() -> None:
    found = {path: path.stem for name in benchmarks.FOLDERS for path in (ROOT / name).glob("*.py")}
    found = {path: stem for path, stem in found.items() if stem != "__init__"}
    assert {"gate", "reading", "redact"} <= set(found.values())
    for path, stem in found.items():
        spec = importlib.util.find_spec(f"benchmarks.{stem}")
        assert spec is not None and spec.origin == str(path)


def test_every_folder_is_searched() -> None:
    assert set(benchmarks.FOLDERS) == {path.parent.name for path in ROOT.glob("*/__init__.py")}
