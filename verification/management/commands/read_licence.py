"""Reads licence files and prints their content.

`python manage.py read_licence FILE… [--kind KIND] [--json]`
"""

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

from documents.licence.fields import LicenceReading
from documents.licence.read import read_pages
from documents.page.licence_fields import LICENCE_FIELDS
from documents.papers.model import PaperReading
from documents.papers.read import KINDS, Kind, read_paper
from documents.upload.intake import Limits, open_upload
from events.core.errors import ProviderError, Refused

PAPER_LABELS: dict[str, dict[str, str]] = {
    "hr_service_licence": {
        "number": "许可证编号",
        "name": "名称",
        "uscc": "统一社会信用代码",
        "legal_representative": "法定代表人",
        "address": "住所",
        "scope": "服务范围",
        "valid_from": "有效期自",
        "valid_until": "有效期至",
        "authority": "发证机关",
        "issued_on": "发证日期",
    },
    "authorization_letter": {
        "company": "授权单位",
        "recruiter": "被授权人",
        "id_last4": "证件号末四位",
        "matter": "授权事项",
        "platform": "招聘平台",
        "valid_from": "有效期自",
        "valid_until": "有效期至",
        "valid_for": "有效期",
        "dated_on": "日期",
        "legal_representative": "法定代表人",
    },
}
_TITLES = {"hr_service_licence": "人力资源服务许可证", "authorization_letter": "授权委托书"}


class Command(BaseCommand):
    help = (
        "Read licences and letters (JPEG, PNG, WebP, HEIC, TIFF, PDF) and print their content. The"
        " exit status is 1 if a file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument(
            "--kind",
            choices=KINDS,
            default=KINDS[0],
            help=f"the kind of document in the files (default: {KINDS[0]})",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object per line, in UTF-8"
        )

    def handle(self, *args: Any, files: list[Path], kind: Kind, json: bool, **options: Any) -> None:
        limits = Limits(
            bytes=settings.UPLOAD_MAX_BYTES,
            pixels=settings.UPLOAD_MAX_PIXELS,
            pages=settings.UPLOAD_MAX_PAGES,
        )
        out = _in_utf8(self.stdout)
        failed = False
        for file in files:
            result = read_file(file, limits, kind)
            failed = failed or "error" in result
            out.write(_line(result) if json else _table(result))
            out.write("\n")
            out.flush()
        if failed:
            sys.exit(1)


def read_file(file: Path, limits: Limits, kind: Kind = "business_licence") -> dict[str, Any]:
    """Return the reading of `file`, or the error, as --json prints it."""
    try:
        pages = [
            Image.open(io.BytesIO(page.jpeg))
            for page in open_upload(
                file.read_bytes(), limits, required=settings.SANDBOX_REQUIRED
            ).pages
        ]
        return (
            _reading(file, read_pages(pages))
            if kind == "business_licence"
            else _paper(file, kind, read_paper(kind, pages))
        )
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


def _error(file: Path, code: str, **words: str) -> dict[str, Any]:
    return {
        "file": str(file),
        "error": {"code": code, **{key: text for key, text in words.items() if text}},
    }


def _reading(file: Path, reading: LicenceReading) -> dict[str, Any]:
    return {
        "file": str(file),
        "fields": reading.fields,
        "confidence": reading.confidence,
        "alternatives": reading.alternatives,
        "form": reading.form,
        "problems": reading.problems,
        "qr": reading.qr,
        "qr_uscc": reading.qr_uscc,
        "looks_like_licence": reading.looks_like_licence,
        "page": reading.page,
        "turn": reading.turn,
        "reader": reading.reader,
        "seconds": reading.seconds,
    }


def _paper(file: Path, kind: Kind, reading: LicenceReading | PaperReading) -> dict[str, Any]:
    """Return the reading of another document, without regions on the page."""
    left_out = ("regions", "signature_place", "seal_region", "kind")
    found = reading.as_json()
    told = {name: value for name, value in found.items() if name not in left_out}
    return {"file": str(file), "kind": kind, "looks_like": found.get("kind")} | told


def _in_utf8(stream: Any) -> TextIO:
    """Return `stream` (Django's wrapper) set to UTF-8 in any locale, because JSON requires it."""
    inner = getattr(stream, "_out", stream)
    if isinstance(inner, io.TextIOWrapper):
        inner.reconfigure(encoding="utf-8", errors="surrogateescape")
    return inner  # type: ignore[no-any-return]


def _line(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def _table(result: dict[str, Any]) -> str:
    if "error" in result:
        return "\n".join(
            [result["file"], *(f"  {key:<10} {text}" for key, text in result["error"].items()), ""]
        )
    if "kind" in result:
        return _paper_table(result)
    rows = [
        (field.labels[0], result["fields"][name], f"{result['confidence'][name]:.0%}")
        for name, field in LICENCE_FIELDS.items()
        if name in result["fields"]
    ]
    if not result["looks_like_licence"]:
        rows.append(("注意", "看起来不是营业执照 / does not look like a business licence", ""))
    if result["qr"]:
        rows.append(("二维码", result["qr"], ""))
    return _rows(result, rows)


def _paper_table(result: dict[str, Any]) -> str:
    labels, fields = PAPER_LABELS[result["kind"]], result["fields"]
    rows = [
        (labels[name], fields[name], f"{result['confidence'][name]:.0%}")
        for name in labels
        if name in fields
    ]
    if result["kind"] == "authorization_letter":
        says = {True: "有 / yes", False: "无 / no", None: "无法判断 / cannot tell"}
        sure = f"{result['seal_confidence']:.0%}" if result["seal_text"] else ""
        rows += [
            ("印章", " ".join(filter(None, (says[result["sealed"]], result["seal_text"]))), sure),
            ("签字", says[result["signed"]], ""),
        ]
    if not result["titled"]:
        title = _TITLES[result["kind"]]
        rows.append(("注意", f"看起来不是{title} / does not call itself {title}", ""))
    return _rows(result, rows)


def _rows(result: dict[str, Any], rows: list[tuple[str, str, str]]) -> str:
    lines = [
        f"  {_wide(label, 18)}{text}{'  ' + sure if sure else ''}" for label, text, sure in rows
    ]
    return "\n".join([f"{result['file']}  ({result['seconds']:.2f} s)", *lines, ""])


def _wide(text: str, columns: int) -> str:
    """Return `text` padded to `columns` of a terminal, where a Chinese character takes two."""
    return text + " " * (
        columns - sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    )
