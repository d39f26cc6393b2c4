"""Second sources for the fields of a licence: the QR code and the declared values.

Two sources that agree are surer than either. If the print of the code could not be read, the QR
code alone gives it. If the two differ in one look-alike character, the reader was wrong, not the
print. Any other contradiction is reported, and the code stays as read from print.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import TypeVar

from documents import uscc
from documents.licence.extract import Found
from documents.licence.fields import Problem

T = TypeVar("T")

ONLY_IN_QR = 0.95
"""Confidence in a code that only the QR code states."""
BOTH = 0.999
CONTRADICTED = 0.5
TOLD = 0.9
"""Confidence in a field from a service that reports no confidence."""


def same_name(a: str, b: str) -> bool:
    """Whether two names are the same except for width, spaces and the shape of brackets."""
    return _plain(a) == _plain(b) != ""


def is_as_declared(field: str, read: str, declared: str) -> bool:
    """Whether `read` is the value `declared` for `field`.

    Of 甲公司（委派代表：张三）, either part may have been declared.
    """
    if field == "uscc":
        return uscc.normalise_uscc(read) == uscc.normalise_uscc(declared)
    parts = (
        re.split(r"[(（]委派代表[:：]?|[)）]$", read)
        if field == "legal_representative" and "委派" in read
        else []
    )
    return any(same_name(part, declared) for part in (read, *parts))


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).translate(str.maketrans("〔〕【】[]", "()()()"))
    return re.sub(r"[\s·•.]", "", folded).upper()


def with_qr(found: Found, stated: str | None) -> tuple[Found, tuple[Problem, ...]]:
    """Return `found` with the code `stated` by the QR code as second source, and the problems."""
    if stated is None:
        return found, ()
    read = found.fields.get("uscc", "")
    if read == stated:
        return _with_code(found, stated, max(BOTH, found.confidence["uscc"])), ()
    if not read:
        return _with_code(found, stated, ONLY_IN_QR), (Problem.USCC_ONLY_IN_QR,)
    if not uscc.is_valid(read) and stated in found.alternatives.get("uscc", ()):
        return _with_code(found, stated, ONLY_IN_QR), (Problem.USCC_SETTLED_BY_QR,)
    doubted = min(found.confidence["uscc"], CONTRADICTED)
    return replace(found, confidence=found.confidence | {"uscc": doubted}), (Problem.QR_DISAGREES,)


def _with_code(found: Found, code: str, confidence: float) -> Found:
    return replace(
        found,
        fields=found.fields | {"uscc": code},
        confidence=found.confidence | {"uscc": confidence},
        alternatives=_without(found.alternatives, {"uscc"}),
    )


def with_fields(found: Found, fields: Mapping[str, str], confidence: Mapping[str, float]) -> Found:
    """Return `found` with those of `fields` that it lacks.

    The code is also replaced if its own check character is wrong.
    """
    lacking = {name for name in fields if name not in found.fields}
    if uscc.is_valid(fields.get("uscc", "")) and not uscc.is_valid(found.fields.get("uscc", "")):
        lacking.add("uscc")
    return replace(
        found,
        fields=found.fields | {name: fields[name] for name in lacking},
        confidence=found.confidence | {name: confidence.get(name, TOLD) for name in lacking},
        alternatives=_without(found.alternatives, lacking),
        regions=_without(found.regions, lacking),
        lines=_without(found.lines, lacking),
    )


def _without(mapping: Mapping[str, T], names: Container[str]) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name not in names}
