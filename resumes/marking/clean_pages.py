"""Stores the pages of a resume before a copy is marked.

Storage is lossless, because the tracer has to find exactly the same words. The file is a ZIP with
the positions as JSON and a PNG for each page; `verification.cases.storage` encrypts it. Only this
module writes and reads the format.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any, Final

import cv2
import numpy as np

from events.core.errors import ProviderBroken
from resumes.redaction.redact import Line, RedactedPage
from resumes.redaction.text_lines import Quad

_ABOUT: Final = "pages.json"


def pack_pages(pages: Sequence[RedactedPage]) -> bytes:
    """Return `pages` as one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(
            _ABOUT, json.dumps([_described(page) for page in pages], ensure_ascii=False)
        )
        for number, page in enumerate(pages):
            archive.writestr(f"{number}.png", _png(page))
    return out.getvalue()


def unpack_pages(data: bytes) -> tuple[RedactedPage, ...]:
    """Return the pages from a file that `pack_pages` made. Raises ProviderBroken for any other
    file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            described = json.loads(archive.read(_ABOUT))
            return tuple(
                _page(about, archive.read(f"{number}.png"))
                for number, about in enumerate(described)
            )
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, cv2.error) as wrong:
        raise ProviderBroken(f"the clean pages do not open: {type(wrong).__name__}") from wrong


def _described(page: RedactedPage) -> dict[str, Any]:
    return {
        "number": page.number,
        "dpi": page.dpi,
        "lines": [[line.text, *_flat([line.quad])] for line in page.lines],
        "phones": _flat(page.phones),
    }


def _flat(quads: Iterable[Quad]) -> list[list[float]]:
    return [[float(value) for value in quad.reshape(-1)] for quad in quads]


def _quad(values: list[float]) -> Quad:
    return np.array(values, np.float32).reshape(4, 2)


def _png(page: RedactedPage) -> bytes:
    _, file = cv2.imencode(
        ".png", np.ascontiguousarray(page.pixels[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 3]
    )
    return file.tobytes()


def _page(about: dict[str, Any], png: bytes) -> RedactedPage:
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if drawn is None:
        raise ValueError("no picture")
    lines = tuple(Line(text, _quad(quad)) for text, quad in about["lines"])
    phones = tuple(_quad(quad) for quad in about["phones"])
    return RedactedPage(
        int(about["number"]),
        np.ascontiguousarray(drawn[..., ::-1]).astype(np.uint8),
        float(about["dpi"]),
        lines,
        phones,
    )
