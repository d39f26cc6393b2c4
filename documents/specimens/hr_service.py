"""Fictitious human resources service licences.

There are two layouts: the wide one with the number of twelve digits, in two columns, and the
upright one with an older number and a sentence before the fields. Neither copies an official
design.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args

import cv2
import numpy as np

from documents.specimens.company import Company, chinese_date
from documents.specimens.paper import (
    INK,
    PaperSpecimen,
    blank_paper,
    check_specimen_arguments,
    finish_photograph,
    press_seal,
    printable_face,
    seeded_generator,
    some_day,
)
from documents.typesetting import Face, Paper, Plate, lay_ink, wrap_text

Layout = Literal["wide", "upright"]
LAYOUTS: Final[tuple[Layout, ...]] = get_args(Layout)
TITLE: Final = "人力资源服务许可证"
FIELDS: Final = (
    "number",
    "name",
    "uscc",
    "legal_representative",
    "address",
    "scope",
    "valid_from",
    "valid_until",
    "authority",
    "issued_on",
)
OVERRIDES: Final = (*FIELDS, "copy", "turned")
DAYS: Final = ("valid_from", "valid_until", "issued_on")
_SERVICES: Final = (
    "为劳动者介绍用人单位", "为用人单位推荐劳动者", "开展网络招聘服务", "人力资源供求信息的收集和发布", "高级人才寻访服务",
    "组织开展现场招聘会", "开展职业介绍信息服务", "就业和创业指导", "人力资源管理咨询", "人力资源测评",
)  # fmt: skip
_SIZES: Final[dict[Layout, tuple[int, int]]] = {"wide": (1600, 1130), "upright": (1130, 1600)}
_BORDER: Final = (150, 60, 52)


@dataclass(frozen=True)
class _Told:
    """The content that the clerk prints."""

    values: dict[str, str]
    copy: str
    face: Face

    def term(self) -> str:
        first, last = (self.values[name] for name in ("valid_from", "valid_until"))
        until = last if last == "长期" or not last else chinese_date(date.fromisoformat(last))
        return f"{chinese_date(date.fromisoformat(first))}至{until}" if first else until


def make_hr_service(
    seed: int,
    layout: str = "wide",
    damage: str = "none",
    company: Company | None = None,
    **overrides: Any,
) -> PaperSpecimen:
    """Return the licence of `company` (by default the one of `seed`), photographed with `damage`.

    Equal arguments give equal pictures. Overrides, all in OVERRIDES, are texts; days are in ISO,
    `valid_until` may be 长期, and `turned` is degrees clockwise. Raises ValueError for unknown
    arguments, or a character that no font here can print.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known: {', '.join(LAYOUTS)}")
    check_specimen_arguments(damage, overrides, OVERRIDES, DAYS)
    rng = seeded_generator("hr service", seed, layout)
    company = company or Company.fictitious(seed, "company")
    told = _told(rng, company, layout, overrides)
    page = blank_paper(_SIZES[layout], (250, 247, 238), 21)
    page = _framed(page)
    page, position = _wide(page, told, rng) if layout == "wide" else _upright(page, told, rng)
    page = press_seal(page, told.values["authority"], position, 92, rng)
    fields = {name: value for name, value in told.values.items() if value}
    if "number" in fields:
        fields["number"] = (
            fields["number"].replace("[", "〔").replace("]", "〕")
        )  # the fonts here have no glyphs for these
    return PaperSpecimen(
        finish_photograph(page, damage, int(overrides.get("turned", 0)), "hr", seed, layout),
        company,
        fields,
    )


def _told(
    rng: np.random.Generator, company: Company, layout: Layout | str, overrides: dict[str, Any]
) -> _Told:
    """Draw every choice, even if overridden, so that an override changes nothing else."""
    issued = some_day(rng, date(2019, 1, 7), date(2026, 9, 25))
    years = 3 if rng.random() < 0.3 else 5
    last = issued.replace(year=issued.year + years, day=min(issued.day, 28)) - timedelta(days=1)
    city = company.registration_authority.split("市")[0] + "市"
    services = rng.permutation(len(_SERVICES))[: int(rng.integers(2, 7))]
    scope = "职业中介活动：" + "，".join(_SERVICES[i] for i in sorted(services)) + "。"
    serial = int(rng.integers(1, 2000))
    older = f"（澜）人服证字[{issued.year}]第{serial:04}{int(rng.integers(100, 999))}号"
    values = {
        "number": f"{company.uscc[2:8]}{issued:%y}{serial:04}" if layout == "wide" else older,
        "name": company.name,
        "uscc": company.uscc,
        "legal_representative": company.legal_representative,
        "address": company.address,
        "scope": scope,
        "valid_from": issued.isoformat(),
        "valid_until": "长期" if rng.random() < 0.15 else last.isoformat(),
        "authority": f"{city}{'人力资源和社会保障局' if rng.random() < 0.75 else '行政审批局'}",
        "issued_on": issued.isoformat(),
    }
    copy = str(overrides.get("copy", "副本" if rng.random() < 0.5 else "正本"))
    face: Face = "kai" if rng.random() < 0.4 else "song"
    values |= {name: str(value) for name, value in overrides.items() if name in FIELDS}
    return _Told(values, copy, printable_face("".join(values.values()), face))


def _framed(page: Paper) -> Paper:
    height, width = page.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    for gap, thick in ((44, 7), (58, 2)):
        cv2.rectangle(mask, (gap, gap), (width - gap, height - gap - 26), 255, thick, cv2.LINE_AA)
    return lay_ink(page, mask, _BORDER, 0.9)


def _wide(page: Paper, told: _Told, rng: np.random.Generator) -> tuple[Paper, tuple[int, int]]:
    title, fixed, added = (Plate(_SIZES["wide"]) for _ in range(3))
    dx, dy = (float(v) for v in rng.uniform(-6, 9, 2))
    title.stretched(390, 130, TITLE, "song", 150, (820, 96))
    if told.copy == "副本":
        fixed.text(800, 274, "（副本）", "song", 30, "ms")
    fixed.text(1010, 320, "许可证编号：", "song", 25)
    added.text(1166 + dx, 320 + dy, told.values["number"], told.face, 26)
    left = (
        ("名 称", "name"),
        ("统一社会信用代码", "uscc"),
        ("法定代表人", "legal_representative"),
        ("住 所", "address"),
    )
    right = (("服务范围", "scope"), ("有效期限", "term"))
    for column, x, room, value_x, limit in (
        (left, 120, 216, 360, 830),
        (right, 880, 120, 1024, 1470),
    ):
        y = 410.0
        for label, name in column:
            fixed.spread(x, y, label.replace(" ", ""), "song", 25, room)
            text = told.term() if name == "term" else told.values[name]
            size = 23 if name == "term" else 25
            y += max(
                76.0,
                _paragraph(added, value_x + dx, y + dy, text, told.face, limit - value_x, size)
                + 54,
            )
    fixed.text(950, 912, "发证机关：", "song", 27)
    added.text(1086 + dx, 912 + dy, told.values["authority"], told.face, 26)
    fixed.text(950, 978, "发证日期：", "song", 27)
    added.text(
        1086 + dx,
        978 + dy,
        chinese_date(date.fromisoformat(told.values["issued_on"])),
        told.face,
        26,
    )
    return _inked(page, title, fixed, added, rng), (1330, 920)


def _upright(page: Paper, told: _Told, rng: np.random.Generator) -> tuple[Paper, tuple[int, int]]:
    title, fixed, added = (Plate(_SIZES["upright"]) for _ in range(3))
    dx, dy = (float(v) for v in rng.uniform(-6, 9, 2))
    title.stretched(215, 190, TITLE, "song", 150, (700, 92))
    if told.copy == "副本":
        fixed.text(565, 336, "（副 本）", "song", 32, "ms")
    added.text(565 + dx, 404 + dy, told.values["number"], told.face, 27, "ms")
    for i, line in enumerate(
        wrap_text(
            "　　根据《人力资源市场暂行条例》规定，经审核，准予从事下列人力资源服务。".replace(
                "　", "  "
            ),
            "song",
            25,
            860,
        )
    ):
        fixed.text(140, 480 + i * 40, line, "song", 25)
    y = 610.0
    rows = (
        ("单位名称", "name"),
        ("统一社会信用代码", "uscc"),
        ("负责人", "legal_representative"),
        ("地址", "address"),
        ("许可范围", "scope"),
        ("有效期限", "term"),
    )
    for label, name in rows:
        fixed.text(140, y, f"{label}：", "song", 27)
        text = told.term() if name == "term" else told.values[name]
        y += max(
            64.0,
            _paragraph(
                added, (390 if name == "uscc" else 300) + dx, y + dy, text, told.face, 680, 27
            )
            + 56,
        )
    fixed.text(520, 1330, "发证机关（章）：", "song", 28)
    added.text(742 + dx, 1330 + dy, told.values["authority"], told.face, 26)
    added.text(
        700 + dx,
        1420 + dy,
        chinese_date(date.fromisoformat(told.values["issued_on"])),
        told.face,
        28,
    )
    return _inked(page, title, fixed, added, rng), (860, 1360)


def _inked(
    page: Paper, title: Plate, fixed: Plate, added: Plate, rng: np.random.Generator
) -> Paper:
    page = lay_ink(page, title.mask, (168, 36, 34), 0.95)
    page = lay_ink(page, fixed.mask, INK, 0.94)
    return lay_ink(page, added.mask, (34, 34, 38), float(rng.uniform(0.7, 0.97)))


def _paragraph(
    plate: Plate, x: float, y: float, text: str, face: Face, room: float, size: int
) -> float:
    """Set `text` in lines from baseline `y`; return how far below it the last baseline is."""
    lines = wrap_text(text, face, size, room)
    for i, line in enumerate(lines):
        plate.text(x, y + i * size * 1.45, line, face, size)
    return (len(lines) - 1) * size * 1.45
