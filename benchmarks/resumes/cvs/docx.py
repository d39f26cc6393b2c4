"""Resumes in Word, with contacts in runs, headers, tables and text boxes."""

from __future__ import annotations

import io
import random
import zipfile
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.resumes.cvs.pages import Make
from benchmarks.resumes.cvs.people import contact_lines, person
from benchmarks.resumes.cvs.sheet import Cv

_W: Final = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_SECTION: Final = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rId1"/><w:pgSz w:w="11906"'
    ' w:h="16838"/><w:pgMar w:top="1440" w:right="1200" w:bottom="1440" w:left="1200"'
    ' w:header="600" w:footer="600" w:gutter="0"/></w:sectPr>'
)
_BOX: Final = (
    "<w:p><w:r><w:pict><v:shape"
    ' style="position:absolute;margin-left:200pt;margin-top:10pt;width:260pt;height:150pt;z-index:1" '  # noqa: E501
    'filled="f"'
    ' stroked="t"><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>'  # noqa: E501
)
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PART: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def _paragraph(*runs: str) -> str:
    return (
        "<w:p>"
        + "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in runs)
        + "</w:p>"
    )


def _cells(*cells: str) -> str:
    return (
        "<w:tr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="2400" w:type="dxa"/></w:tcPr>{_paragraph(cell)}</w:tc>'
            for cell in cells
        )
        + "</w:tr>"
    )


def related(kind: str, target: str, more: str = "") -> str:
    """Return a relationship part with `target` and `more`."""
    first = f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return (
        f'{_DECLARED}<Relationships xmlns="{_PACKAGE}/relationships">{first}{more}</Relationships>'
    )


def word(
    body: str, header: str = "", relations: str = "", more: dict[str, bytes] | None = None
) -> bytes:
    """Return a Word file with `body`, and `header` on its pages.

    Tests may pass other `relations` and `more` parts.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "[Content_Types].xml",
            f'{_DECLARED}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml"'
            ' ContentType="application/xml"/><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
            f' PartName="/word/document.xml" ContentType="{_PART}.document.main+xml"/><Override'
            f' PartName="/word/header1.xml" ContentType="{_PART}.header+xml"/></Types>',
        )
        file.writestr("_rels/.rels", related("officeDocument", "word/document.xml"))
        file.writestr("word/_rels/document.xml.rels", relations or related("header", "header1.xml"))
        file.writestr(
            "word/header1.xml", f"{_DECLARED}<w:hdr {_W}>{header or _paragraph('')}</w:hdr>"
        )
        file.writestr(
            "word/document.xml",
            f"{_DECLARED}<w:document {_W}><w:body>{body}{_SECTION}</w:body></w:document>",
        )
        for name, content in (more or {}).items():
            file.writestr(name, content)
    return out.getvalue()


def word_file(kind: str) -> Make:
    def make(rng: random.Random, chinese: bool) -> Cv:
        who = person(rng, chinese)
        lines, values = contact_lines(who, rng)
        rest = "".join(_paragraph(line) for line in who.lines)
        if kind == "runs":
            cut = [
                [line[:k], line[k : k + 3], line[k + 3 :]]
                for line in lines
                for k in [rng.randrange(1, len(line) - 3)]
            ]
            data = word(_paragraph(who.name) + "".join(_paragraph(*parts) for parts in cut) + rest)
        elif kind == "header":
            data = word(_paragraph(who.name) + rest, "".join(_paragraph(line) for line in lines))
        elif kind == "table":
            heads = (
                ("手机", "邮箱", "微信", "QQ", "身份证", "个人主页")
                if chinese
                else ("Phone", "Email", "WeChat", "QQ", "ID card", "Homepage")
            )
            rows = "".join(_cells(head, value) for head, value in zip(heads, values, strict=True))
            data = word(
                f"{_paragraph(who.name)}<w:tbl><w:tblPr><w:tblW w:w='9000'"
                f" w:type='dxa'/></w:tblPr>{rows}</w:tbl>{rest}"
            )
        else:
            box = _BOX.format("".join(_paragraph(line) for line in lines))
            data = word(_paragraph(who.name) + box + _paragraph("") * 12 + rest)
        return Cv(f"word {kind}", data, who.planted, None, values)

    return make
