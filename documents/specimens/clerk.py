"""Prints a company onto a blank form, as a clerk does.

The values are added in Song or Kai, never quite in register with the form; then the sheet is
sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
import zxingcpp

from documents.specimens.company import Company, Kind, chinese_date
from documents.specimens.seal import seal_impression
from documents.specimens.sheet import MARK, PLANS, Copy, Edition, Foil, blank_form
from documents.typesetting import Colour, Face, Paper, Plate, lay_ink, text_width, wrap_text

FIELDS: Final = (
    "uscc",
    "name",
    "type",
    "legal_representative",
    "registered_capital",
    "established_on",
    "term",
    "address",
    "business_scope",
    "registration_authority",
)
_LABELS: Final[dict[Kind, dict[str, str]]] = {
    "company": {
        "name": "名称", "type": "类型", "legal_representative": "法定代表人", "registered_capital": "注册资本",
        "established_on": "成立日期", "term": "营业期限", "address": "住所", "business_scope": "经营范围",
    },
    "individual": {
        "name": "名称", "type": "类型", "legal_representative": "经营者", "composition": "组成形式",
        "established_on": "注册日期", "address": "经营场所", "business_scope": "经营范围",
    },
    "cooperative": {
        "name": "名称", "type": "类型", "legal_representative": "法定代表人", "registered_capital": "成员出资总额",
        "established_on": "成立日期", "address": "住所", "business_scope": "业务范围",
    },
}  # fmt: skip
_LEFT: Final = ("name", "type", "legal_representative", "business_scope")
_RIGHT: Final = ("registered_capital", "composition", "established_on", "term", "address")
_DOWN: Final[dict[Kind, tuple[str, ...]]] = {
    "company": (
        "name",
        "type",
        "address",
        "legal_representative",
        "registered_capital",
        "established_on",
        "term",
        "business_scope",
    ),
    "individual": (
        "legal_representative",
        "name",
        "type",
        "address",
        "composition",
        "established_on",
        "business_scope",
    ),
    "cooperative": (
        "name",
        "type",
        "address",
        "legal_representative",
        "registered_capital",
        "established_on",
        "business_scope",
    ),
}
_TERM_LEFT_OUT_FROM: Final = date(2022, 3, 1)
"""Since the regulation on registration of market entities, company licences have no term."""
_GSXT: Final = "http://www.gsxt.gov.cn"
_RED: Final = (208, 38, 48)


@dataclass(frozen=True)
class Entry:
    """What the clerk prints: values, day of issue, copy, the code in the QR, and the face."""

    company: Company
    qr_uscc: str
    """Empty for no QR code."""
    copy: Copy
    issued_on: date
    face: Face
    foil: Foil
    number: str
    """The sheet's own serial number (编号), above the code; often absent."""


def qr_payload(uscc: str) -> str:
    """Return the text of a licence's QR code: the public register's page of that code."""
    return f"{_GSXT}/index.html?uniscid={uscc}"


def printed_fields(entry: Entry, edition: Edition) -> dict[str, str]:
    """Return the fields as printed, by the product's keys; "" for fields not on this sheet."""
    values = _values(entry)
    labels = _LABELS[entry.company.kind]
    carried = {key for key in labels if key != "term" or _carries_term(entry, edition)} | {
        "uscc",
        "registration_authority",
    }
    fields = {key: values[key] if key in carried else "" for key in FIELDS}
    return fields | {"established_on": entry.company.established_on.isoformat()}


def print_licence(entry: Entry, edition: Edition, rng: np.random.Generator) -> Paper:
    """Return the finished page of `edition`.

    Variations from sheet to sheet (register, ink, seal) come from `rng`.
    """
    plan = PLANS[edition]
    fixed, added, fine = Plate(plan.size), Plate(plan.size), Plate(plan.size)
    offset = float(rng.uniform(-8, 13)), float(rng.uniform(-8, 8))
    page = (
        _landscape(entry, fixed, added, fine, offset)
        if edition == "landscape"
        else _portrait(entry, fixed, added, fine, offset)
    )
    ink: Colour = (34, 34, 38) if rng.random() < 0.7 else (58, 56, 62)
    sheet = lay_ink(blank_form(edition, entry.foil), fixed.mask, (46, 44, 42), 0.94)
    sheet = lay_ink(sheet, fine.mask, (70, 68, 66), 0.92)
    sheet = lay_ink(sheet, added.mask, ink, float(rng.uniform(0.66, 0.97)))
    if entry.qr_uscc:
        sheet = _with_qr(sheet, qr_payload(entry.qr_uscc), page.qr, offset, ink)
    return _with_seal(sheet, entry.company.registration_authority, page.seal, rng)


@dataclass(frozen=True)
class _Positions:
    qr: tuple[int, int, int]
    """Left, top, side."""
    seal: tuple[int, int, int]
    """Middle and radius."""


def _values(entry: Entry) -> dict[str, str]:
    company = entry.company
    return {
        "uscc": company.uscc,
        "name": company.name,
        "type": company.type,
        "legal_representative": company.legal_representative,
        "registered_capital": company.registered_capital,
        "established_on": chinese_date(company.established_on),
        "term": company.term,
        "address": company.address,
        "business_scope": company.business_scope,
        "registration_authority": company.registration_authority,
        "composition": "个人经营",
    }


def _carries_term(entry: Entry, edition: Edition) -> bool:
    return edition == "portrait" or entry.issued_on < _TERM_LEFT_OUT_FROM


def _landscape(
    entry: Entry, fixed: Plate, added: Plate, fine: Plate, offset: tuple[float, float]
) -> _Positions:
    dx, dy = offset
    labels, values = _LABELS[entry.company.kind], _values(entry)
    fixed.spread(112, 352, "统一社会信用代码", "hei", 23, 236)
    added.text(112 + dx, 392 + dy, values["uscc"], "song", 23)
    if entry.number:
        fine.text(112, 312, "编号:", "hei", 20)
        added.text(172 + dx, 312 + dy, entry.number, "song", 20)
    if entry.copy == "副本":
        fixed.text(800, 482, "(副本)", "hei", 27, "ms")
        fine.text(880, 482, "副本编号:1-1", "hei", 16)
    for column, x, room, value_x, limit in (
        (_LEFT, 116, 156, 284, 850),
        (_RIGHT, 878, 156, 1046, 1472),
    ):
        y = 542.0
        for key in column:
            if key not in labels or (key == "term" and not _carries_term(entry, "landscape")):
                continue
            fixed.spread(x, y, labels[key], "hei", 23, room)
            height = 170 if key in ("business_scope", "address") else 40
            y += max(
                48,
                _paragraph(
                    added,
                    value_x + dx,
                    y + dy,
                    values[key],
                    entry.face,
                    limit - value_x,
                    height,
                    23,
                )
                + 14,
            )
    for i, line in enumerate(
        (
            "扫描二维码登录",
            "‘国家企业信用",
            "信息公示系统’",
            "了解更多登记、",
            "备案、许可、监",
            "管信息。",
        )
    ):
        fine.text(1340, 346 + i * 18, line, "hei", 13)
    fixed.spread(1066, 926, "登记机关", "hei", 29, 184)
    _dated(fixed, added, entry, (1190, 1276, 1322, 1362, 1400, 1436), 982, dx, dy)
    fine.text(52, 1084, f"国家企业信用信息公示系统网址：{_GSXT}", "hei", 17)
    fine.text(1550, 1084, MARK, "hei", 17, "rs")
    return _Positions((1224, 334, 104), (1358, 902, 84))


def _portrait(
    entry: Entry, fixed: Plate, added: Plate, fine: Plate, offset: tuple[float, float]
) -> _Positions:
    dx, dy = offset
    labels, values = _LABELS[entry.company.kind], _values(entry)
    if entry.copy == "副本":
        fixed.text(565, 576, "(副 本)", "hei", 32, "ms")
        fine.text(936, 672, "(1-1)", "hei", 20, "rs")
    code_x = 944 - text_width(values["uscc"], "song", 24)
    fixed.text(code_x - 12, 638, "统一社会信用代码", "hei", 22, "rs")
    added.text(code_x + dx, 638 + dy, values["uscc"], "song", 24)
    if entry.number:
        fine.text(112, 164, "编号:", "hei", 19)
        added.text(168 + dx, 164 + dy, entry.number, "song", 19)
    y = 718.0
    for key in _DOWN[entry.company.kind]:
        fixed.spread(142, y, labels[key], "hei", 25, 152)
        height = 200 if key == "business_scope" else 64
        y += max(
            46, _paragraph(added, 318 + dx, y + dy, values[key], entry.face, 612, height, 25) + 10
        )
    fixed.spread(520, 1372, "登记机关", "hei", 27, 164)
    _dated(fixed, added, entry, (700, 766, 802, 848, 886, 932), 1462, dx, dy)
    fine.text(110, 1488, "请于每年1月1日至6月30日履行年报公示义务", "hei", 17)
    fine.text(70, 1564, f"企业信用信息公示系统网址：{_GSXT}", "hei", 17)
    fine.text(1062, 1564, MARK, "hei", 17, "rs")
    return _Positions((110, 1250, 190), (856, 1386, 104))


def _paragraph(
    plate: Plate, x: float, y: float, text: str, face: Face, room: float, height: float, size: int
) -> float:
    """Set `text` in lines from baseline `y`; return the height that it took.

    The letters are small enough for `room` × `height` pixels.
    """
    for fitting in range(size, 11, -1):
        lines = wrap_text(text, face, fitting, room)
        if len(lines) == 1 or len(lines) * fitting * 1.3 <= height:
            break
    top = y - (size - fitting) / 2
    for i, line in enumerate(lines):
        plate.text(x, top + i * fitting * 1.3, line, face, fitting)
    return (len(lines) - 1) * fitting * 1.3 + size * 1.3


def _dated(
    fixed: Plate, added: Plate, entry: Entry, xs: tuple[int, ...], y: int, dx: float, dy: float
) -> None:
    """Set the day of issue: digits by the printer, 年 月 日 by the form."""
    day = entry.issued_on
    for x, text in zip(xs[::2], (f"{day.year}", f"{day.month:02}", f"{day.day:02}"), strict=True):
        added.text(x + dx, y + dy, text, entry.face, 25)
    for x, text in zip(xs[1::2], "年月日", strict=True):
        fixed.text(x, y, text, "hei", 25)


def _with_qr(
    sheet: Paper,
    text: str,
    position: tuple[int, int, int],
    offset: tuple[float, float],
    ink: Colour,
) -> Paper:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    modules = np.asarray(zxingcpp.write_barcode_to_image(code, add_quiet_zones=False))
    left, top, side = round(position[0] + offset[0]), round(position[1] + offset[1]), position[2]
    scale = -(-4 * side // modules.shape[0])
    fine = np.kron(255 - modules, np.ones((scale, scale), np.uint8))
    mask = np.zeros(sheet.shape[:2], np.uint8)
    mask[top : top + side, left : left + side] = cv2.resize(
        fine, (side, side), interpolation=cv2.INTER_AREA
    )
    return lay_ink(sheet, mask, ink, 0.95)


def _with_seal(
    sheet: Paper, authority: str, position: tuple[int, int, int], rng: np.random.Generator
) -> Paper:
    x, y, radius = position
    x, y = x + round(rng.uniform(-14, 14)), y + round(rng.uniform(-14, 14))
    pressed = seal_impression(authority, radius, rng)
    mask = np.zeros(sheet.shape[:2], np.uint8)
    half = pressed.shape[0] // 2
    mask[y - half : y - half + pressed.shape[0], x - half : x - half + pressed.shape[1]] = pressed
    multiplied = (
        (sheet.astype(np.uint16) * np.array(_RED, np.uint16) // 245).clip(0, 255).astype(np.uint8)
    )
    return lay_ink(sheet, mask, multiplied, float(rng.uniform(0.6, 0.92)))
