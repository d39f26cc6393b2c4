"""Prints the tests that a change in some folders affects.

`python -m tests.touched verification/cases resumes/redaction` prints the tests in the mirrored
folders, those of the whole house, and all files that import from one of the folders. Without
arguments, it prints nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"browser", "stories"}
"""Folders of tests that start the whole product, whatever they import."""


def touched(folders: Sequence[str]) -> Iterator[str]:
    """Yield the paths of tests, relative to the repository."""
    for folder in folders:
        name = folder.strip("/").removesuffix(".py")
        if not (ROOT / name).exists() and not (ROOT / name).with_suffix(".py").exists():
            raise SystemExit(f"{folder} is not here")
        mirrored = ROOT / "tests" / name
        imports = re.compile(rf"^(from|import) {re.escape(name.replace('/', '.'))}\b", re.MULTILINE)
        if mirrored.is_dir():
            yield str(mirrored.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py")):
            if mirrored in path.parents or path.relative_to(ROOT / "tests").parts[0] in LEFT_OUT:
                continue
            if imports.search(path.read_text(encoding="utf-8")):
                yield str(path.relative_to(ROOT))
    if folders:
        yield "tests/test_house.py"


if __name__ == "__main__":
    sys.stdout.write(" ".join(dict.fromkeys(touched(sys.argv[1:]))))
