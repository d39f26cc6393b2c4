"""Finds translatable strings and compiles translations.

Works without the system's gettext tools: Django's template lexer and Python's parser find the
strings, and polib compiles `.po` to `.mo`.
"""

from __future__ import annotations

import ast
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

import polib
from django.utils.translation.template import templatize

MARKERS = frozenset(
    {
        "_",
        *(f"{kind}gettext{suffix}" for kind in ("", "n", "p", "np") for suffix in ("", "_lazy")),
        "gettext_noop",
    }
)


def compile_all(locale_dir: Path) -> list[Path]:
    """Compile each `django.po` under `locale_dir` whose `.mo` is missing or older. Return the files
    written.
    """
    written = []
    for source in sorted(locale_dir.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        # Write to a temporary file and move it, so that a starting server reads a complete file.
        beside = target.with_suffix(f".{os.getpid()}.mo.new")
        polib.pofile(str(source)).save_as_mofile(str(beside))
        beside.replace(target)
        written.append(target)
    return written


def translatable_strings(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Return the translatable strings in the Python sources and templates `paths`, each with the
    names of the files that contain it.
    """
    found: dict[str, set[str]] = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        strings = _in_python(text) if path.suffix == ".py" else _in_template(text, str(path))
        for msgid in strings:
            found.setdefault(msgid, set()).add(path.name)
    return found


def _in_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _name_of(node.func) in MARKERS:
            yield from _strings(node)


def _name_of(function: ast.expr) -> str:
    return (
        function.id
        if isinstance(function, ast.Name)
        else function.attr
        if isinstance(function, ast.Attribute)
        else ""
    )


def _strings(call: ast.Call) -> Iterator[str]:
    """Yield the msgids of a call: one, or singular and plural. A context (pgettext) before them is
    skipped.
    """
    name = _name_of(call.func)
    first, how_many = (
        int("pgettext" in name),
        2 if "ngettext" in name or name.startswith("npgettext") else 1,
    )
    for argument in call.args[first : first + how_many]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def _in_template(text: str, origin: str) -> Iterator[str]:
    """Django turns a template into pseudo-source with gettext calls. Parse each call separately."""
    source = templatize(text, origin=origin)
    for match in re.finditer(r"(?<!\w)(?:n?p?gettext|_)\(", source):
        call = _one_call(source[match.start() :])
        if call is not None:
            yield from _strings(call)


def _one_call(source: str) -> ast.Call | None:
    """Return the call at the start of `source`, up to its closing bracket."""
    depth = 0
    taken: list[str] = []
    try:
        for token in tokenize.generate_tokens(StringIO(source).readline):
            taken.append(token.string)
            depth += (token.string == "(") - (token.string == ")")
            if taken[1:] and not depth:
                parsed = ast.parse("".join(taken), mode="eval").body
                return parsed if isinstance(parsed, ast.Call) else None
    except (tokenize.TokenError, SyntaxError):
        return None
    return None
