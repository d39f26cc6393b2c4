"""Fictitious letters of authorisation, sealed and signed.

There are three layouts: sentences with the blanks filled in, a form of labels and values, and the
short letter of introduction. Identity numbers have the region 99, which no real one has.
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
from documents.typesetting import Face, Paper, Plate, lay_ink, text_width, wrap_text

Layout = Literal["sentence", "form", "introduction"]
LAYOUTS: Final[tuple[Layout, ...]] = get_args(Layout)
_TITLES: Final[dict[Layout, str]] = {
    "sentence": "授权委托书",
    "form": "企业授权书",
    "introduction": "介绍信",
}
FIELDS: Final = (
    "company",
    "recruiter",
    "id_number",
    "matter",
    "platform",
    "valid_from",
    "valid_until",
    "dated_on",
    "legal_representative",
)
OVERRIDES: Final = (*FIELDS, "seal_text", "sealed", "signed", "turned")
DAYS: Final = ("valid_from", "valid_until", "dated_on")
PLATFORMS: Final = ("云聘招聘网", "拾才招聘平台", "青禾人才网", "星桥直聘")
_MATTERS: Final = (
    "企业认证、发布招聘信息、下载简历等招聘相关事宜",
    "发布招聘信息、查阅和下载简历等招聘事宜",
    "账号注册、职位发布及简历下载工作",
    "招聘信息发布和人才招聘事宜",
)
_SURNAMES: Final = "林沈顾叶温苏江柳程陆秦贺邱黎"
_GIVEN: Final = (
    "知白",
    "听澜",
    "若木",
    "见山",
    "怀瑾",
    "行简",
    "既明",
    "牧之",
    "星野",
    "照临",
    "澈",
    "岫",
)
SIZE: Final = (1130, 1600)
_LEFT: Final = 140
"""The left edge of the text, in pixels."""
_RIGHT: Final = 990
"""The right edge of the text, in pixels."""


@dataclass(frozen=True)
class _Told:
    """The letter's content, and the face of its filled-in blanks."""

    values: dict[str, str]
    seal_text: str
    sealed: bool
    signed: bool
    face: Face

    def day(self, name: str) -> str:
        value = self.values[name]
        return value if value == "长期" or not value else chinese_date(date.fromisoformat(value))


def make_letter(
    seed: int,
    layout: str = "sentence",
    damage: str = "none",
    company: Company | None = None,
    **overrides: Any,
) -> PaperSpecimen:
    """Return the letter of `company` (by default the one of `seed`), photographed with `damage`.

    Equal arguments give equal pictures. Overrides, all in OVERRIDES, are texts: days in ISO,
    `sealed` and `signed` yes or no, `seal_text` the text of the seal instead of the company's name,
    `turned` degrees clockwise. The result's fields have only the last four characters of
    `id_number`. Raises ValueError for unknown arguments, or a character that no font here can
    print.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known: {', '.join(LAYOUTS)}")
    check_specimen_arguments(damage, overrides, OVERRIDES, DAYS)
    rng = seeded_generator("letter", seed, layout)
    company = company or Company.fictitious(seed, "company")
    told = _told(rng, company, overrides)
    page = blank_paper(SIZE, (252, 251, 247), 22)
    page, position = {"sentence": _sentence, "form": _form, "introduction": _introduction}[layout](
        page, told, rng
    )
    if told.sealed:
        page = press_seal(page, told.seal_text, position, 112, rng)
    fields = {name: value for name, value in told.values.items() if value and name != "id_number"}
    if told.values["id_number"]:
        fields["id_last4"] = told.values["id_number"][-4:]
    if layout == "introduction":  # has no signature, and names no platform except its addressee
        del fields["legal_representative"]
    if layout == "sentence" and not told.signed:
        del fields["legal_representative"]
    marks = {"sealed": told.sealed, "signed": told.signed and layout != "introduction"}
    return PaperSpecimen(
        finish_photograph(page, damage, int(overrides.get("turned", 0)), "letter", seed, layout),
        company,
        fields,
        marks,
    )


def identity_number(rng: np.random.Generator) -> str:
    """Return an identity number with a right check character and a region that does not exist."""
    born = some_day(rng, date(1975, 1, 1), date(2002, 12, 31))
    first17 = f"99{int(rng.integers(1, 99)):02}{int(rng.integers(1, 99)):02}{born:%Y%m%d}{int(rng.integers(1, 999)):03}"
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(first17))
    return first17 + "10X98765432"[total % 11]


def _told(rng: np.random.Generator, company: Company, overrides: dict[str, Any]) -> _Told:
    """Draw every choice, even if overridden, so that an override changes nothing else."""
    dated = some_day(rng, date(2026, 1, 5), date(2026, 11, 20))
    last = dated + timedelta(days=int(rng.choice((90, 180, 364))))
    values = {
        "company": company.name,
        "recruiter": str(rng.choice(list(_SURNAMES))) + str(rng.choice(_GIVEN)),
        "id_number": identity_number(rng),
        "matter": str(rng.choice(_MATTERS)),
        "platform": str(rng.choice(PLATFORMS)),
        "valid_from": dated.isoformat(),
        "valid_until": last.isoformat(),
        "dated_on": dated.isoformat(),
        "legal_representative": company.legal_representative,
    }
    face: Face = "kai" if rng.random() < 0.7 else "song"
    values |= {name: str(value) for name, value in overrides.items() if name in FIELDS}
    seal_text = str(overrides.get("seal_text", values["company"]))
    return _Told(
        values,
        seal_text,
        overrides.get("sealed", "yes") == "yes",
        overrides.get("signed", "yes") == "yes",
        printable_face("".join(values.values()) + seal_text, face),
    )


def _sentence(page: Paper, told: _Told, rng: np.random.Generator) -> tuple[Paper, tuple[int, int]]:
    v = told.values
    printed, filled, lines = Plate(SIZE), Plate(SIZE), np.zeros((SIZE[1], SIZE[0]), np.uint8)
    printed.text(565, 220, _TITLES["sentence"], "song", 56, "ms")
    printed.text(_LEFT, 330, f"致{v['platform']}：", "song", 29)
    words: tuple[tuple[str, bool], ...] = (
        ("兹有", False),
        (v["company"], True),
        ("委托", False),
        (v["recruiter"], True),
        ("同志（身份证号码：", False),
        (v["id_number"], True),
        ("）为我公司代理人，在", False),
        (v["platform"], True),
        ("办理", False),
        (v["matter"], True),
        ("。代理人在上述范围内所做的行为，我公司均予以承认，并承担相应责任。", False),
    )
    y = _flow(printed, filled, lines, words, 410, told.face)
    words = (
        ("本委托书有效期自", False),
        (told.day("valid_from"), True),
        ("起至", False),
        (told.day("valid_until"), True),
        ("止。", False),
    )
    y = _flow(printed, filled, lines, words, y + 66, told.face)
    foot = max(y + 170, 1010)
    printed.text(480, foot, "委托单位（盖章）：", "song", 29)
    filled.text(742, foot, v["company"], told.face, _fitting(v["company"], told.face, 27, 350))
    printed.text(480, foot + 90, "法定代表人（签字）：", "song", 29)
    page = _signed(page, told, (770, foot + 90), rng)
    printed.text(480, foot + 180, "日期：", "song", 29)
    filled.text(580, foot + 180, told.day("dated_on"), told.face, 28)
    return _inked(page, printed, filled, lines, rng), (840, foot + 20)


def _form(page: Paper, told: _Told, rng: np.random.Generator) -> tuple[Paper, tuple[int, int]]:
    v = told.values
    printed, filled, lines = Plate(SIZE), Plate(SIZE), np.zeros((SIZE[1], SIZE[0]), np.uint8)
    printed.text(565, 210, _TITLES["form"], "song", 54, "ms")
    rows = (
        ("授权单位", v["company"]),
        ("法定代表人", v["legal_representative"]),
        ("被授权人", v["recruiter"]),
        ("身份证号码", v["id_number"]),
        ("招聘平台", v["platform"]),
        ("授权事项", v["matter"]),
        ("授权期限", f"{told.day('valid_from')}至{told.day('valid_until')}"),
    )
    y = 330
    for label, value in rows:
        printed.text(_LEFT, y, f"{label}：", "song", 29)
        for line in wrap_text(value, told.face, 28, 610):
            filled.text(360, y, line, told.face, 28)
            cv2.line(lines, (350, y + 10), (_RIGHT, y + 10), 255, 1)
            y += 46
        y += 26
    for line in wrap_text(
        "我单位对被授权人在授权范围内的行为承担法律责任。", "song", 28, _RIGHT - _LEFT
    ):
        printed.text(_LEFT, y + 30, line, "song", 28)
        y += 44
    foot = max(y + 150, 1060)
    printed.text(_LEFT, foot, "法定代表人（签字）：", "song", 29)
    page = _signed(page, told, (430, foot), rng)
    printed.text(620, foot + 80, v["company"], "song", _fitting(v["company"], "song", 28, 400))
    printed.text(680, foot + 140, told.day("dated_on"), "song", 28)
    return _inked(page, printed, filled, lines, rng), (800, foot + 90)


def _introduction(
    page: Paper, told: _Told, rng: np.random.Generator
) -> tuple[Paper, tuple[int, int]]:
    v = told.values
    printed, filled, lines = Plate(SIZE), Plate(SIZE), np.zeros((SIZE[1], SIZE[0]), np.uint8)
    printed.spread(420, 240, _TITLES["introduction"], "song", 60, 290)
    printed.text(_LEFT, 350, f"{v['platform']}：", "song", 30)
    words: tuple[tuple[str, bool], ...] = (
        ("兹介绍我公司员工", False),
        (v["recruiter"], True),
        ("（身份证号：", False),
        (v["id_number"], True),
        ("）前往你处办理", False),
        (v["matter"], True),
        ("，请予接洽。", False),
    )
    y = _flow(printed, filled, lines, words, 440, told.face)
    words = (
        ("（有效期：", False),
        (told.day("valid_from"), True),
        ("至", False),
        (told.day("valid_until"), True),
        ("）", False),
    )
    y = _flow(printed, filled, lines, words, y + 70, told.face)
    foot = max(y + 220, 960)
    printed.text(
        560,
        foot,
        f"{v['company']}（盖章）",
        "song",
        _fitting(f"{v['company']}（盖章）", "song", 30, 450),
    )
    printed.text(640, foot + 80, told.day("dated_on"), "song", 29)
    return _inked(page, printed, filled, lines, rng), (780, foot + 40)


def _flow(
    printed: Plate,
    filled: Plate,
    lines: np.ndarray[Any, np.dtype[np.uint8]],
    words: tuple[tuple[str, bool], ...],
    y: int,
    face: Face,
) -> int:
    """Set a paragraph of printed words and underlined, filled-in blanks from baseline `y`.

    Returns the last baseline.
    """
    size, x = 29, _LEFT + 58.0
    for text, blank in words:
        plate, here = (filled, face) if blank else (printed, "song")
        x += 8 if blank else 0
        for character in text:
            step = text_width(character, here, size)
            if x + step > _RIGHT and character not in "，。、；：）":
                x, y = float(_LEFT), y + 58
            plate.text(x, y, character, here, size)
            if blank:
                cv2.line(lines, (round(x), y + 9), (round(x + step), y + 9), 255, 1)
            x += step
        x += 8 if blank else 0
    return y


def _fitting(text: str, face: Face, size: int, room: float) -> int:
    """Return the largest size up to `size` at which `text` takes at most `room` pixels."""
    while size > 14 and text_width(text, face, size) > room:
        size -= 1
    return size


def _signed(page: Paper, told: _Told, position: tuple[int, int], rng: np.random.Generator) -> Paper:
    """Write the legal representative's name by hand: large, leaning, blue-black, with a stroke."""
    if not told.signed:
        return page
    name = told.values["legal_representative"]
    plate = Plate(SIZE)
    x = float(position[0])
    for character in name:
        plate.text(
            x,
            position[1] + float(rng.uniform(-5, 5)),
            character,
            printable_face(name, "kai"),
            int(rng.integers(38, 46)),
        )
        x += float(rng.uniform(34, 40))
    mask = plate.mask.copy()
    tail = [
        (x, position[1] - 12),
        (x + 22, position[1] - 22),
        (x + 40, position[1] - 4),
        (x + 62, position[1] - 18),
    ]
    cv2.polylines(mask, [np.array(tail, np.int32)], False, 255, 2, cv2.LINE_AA)
    lean = np.array([[1, -0.12, 0.12 * position[1]], [0, 1, 0]], np.float32)
    leaning = np.asarray(cv2.warpAffine(mask, lean, SIZE), np.uint8)
    return lay_ink(page, leaning, (36, 44, 96), 0.92)


def _inked(
    page: Paper,
    printed: Plate,
    filled: Plate,
    lines: np.ndarray[Any, np.dtype[np.uint8]],
    rng: np.random.Generator,
) -> Paper:
    page = lay_ink(page, printed.mask, INK, 0.95)
    page = lay_ink(page, lines, (90, 90, 90), 0.8)
    return lay_ink(page, filled.mask, (30, 30, 40), float(rng.uniform(0.8, 0.97)))
