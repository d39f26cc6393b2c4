"""What do these licence files say? `python manage.py read_licence FILE… [--json]`"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from PIL import Image

from events.errors import ProviderError, Refused
from verification.intake import Limits, examine
from verification.licence.model import FIELDS, LicenceReading
from verification.reading import read_pages

LABELS = {
    "uscc": "统一社会信用代码",
    "registration_number": "注册号",
    "name": "名称",
    "type": "类型",
    "legal_representative": "法定代表人",
    "registered_capital": "注册资本",
    "established_on": "成立日期",
    "term": "营业期限",
    "address": "住所",
    "business_scope": "经营范围",
    "registration_authority": "登记机关",
}


class Command(BaseCommand):
    help = "Read business licences (JPEG, PNG, WebP, HEIC, TIFF, PDF) and print what they say. Exit status 1 if a file could not be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object a line, in UTF-8")

    def handle(self, *args: Any, files: list[Path], json: bool, **options: Any) -> None:
        limits = Limits(bytes=settings.UPLOAD_MAX_BYTES, pixels=settings.UPLOAD_MAX_PIXELS, pages=settings.UPLOAD_MAX_PAGES)
        out = _in_utf8(self.stdout)
        failed = False
        for file in files:
            answer = read_file(file, limits)
            failed = failed or "error" in answer
            out.write(_line(answer) if json else _table(answer))
            out.write("\n")
            out.flush()
        if failed:
            sys.exit(1)


def read_file(file: Path, limits: Limits) -> dict[str, Any]:
    """The reading of `file`, or why there is none, as it is printed with --json."""
    try:
        pages = examine(file.read_bytes(), limits).pages
        reading = read_pages([Image.open(io.BytesIO(page.jpeg)) for page in pages])
    except Refused as refused:
        reason = refused.reason
        return _error(
            file,
            refused.code,
            message=reason.says.zh,
            message_en=reason.says.en,
            fix=reason.fix.zh,
            fix_en=reason.fix.en,
            seen=refused.seen,
            expected=refused.expected,
        )
    except ProviderError as error:
        return _error(file, "document_unreadable", message=str(error))
    except OSError as error:
        return _error(file, "file_not_readable", message=error.strerror or type(error).__name__)
    return _reading(file, reading)


def _error(file: Path, code: str, **words: str) -> dict[str, Any]:
    return {"file": str(file), "error": {"code": code, **{key: text for key, text in words.items() if text}}}


def _reading(file: Path, reading: LicenceReading) -> dict[str, Any]:
    return {
        "file": str(file),
        "fields": reading.fields,
        "confidence": reading.confidence,
        "qr": reading.qr,
        "qr_uscc": reading.qr_uscc,
        "looks_like_licence": reading.looks_like_licence,
        "page": reading.page,
        "turn": reading.turn,
        "reader": reading.reader,
        "seconds": reading.seconds,
    }


def _in_utf8(stream: Any) -> TextIO:
    """`stream` (Django's wrapper) writing UTF-8 whatever the locale, as JSON must be."""
    inner = getattr(stream, "_out", stream)
    if isinstance(inner, io.TextIOWrapper):
        inner.reconfigure(encoding="utf-8", errors="surrogateescape")
    return inner  # type: ignore[no-any-return]


def _line(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _table(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return "\n".join([answer["file"], *(f"  {key:<10} {text}" for key, text in answer["error"].items()), ""])
    rows = [(LABELS[name], answer["fields"][name], f"{answer['confidence'][name]:.0%}") for name in FIELDS if name in answer["fields"]]
    if not answer["looks_like_licence"]:
        rows.append(("注意", "看起来不是营业执照 / does not look like a business licence", ""))
    if answer["qr"]:
        rows.append(("二维码", answer["qr"], ""))
    lines = [f"  {_wide(label, 18)}{text}{'  ' + sure if sure else ''}" for label, text, sure in rows]
    return "\n".join([f"{answer['file']}  ({answer['seconds']:.2f} s)", *lines, ""])


def _wide(text: str, columns: int) -> str:
    """`text` filled up to `columns` of a terminal, where a Chinese character takes two."""
    return text + " " * (columns - sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text))
