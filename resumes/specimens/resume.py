"""Lays out fictitious resumes: four common layouts, in two languages, with the place of every line
and contact.

`plain` is one column under a heading, `table` is a bordered form with a photograph, `columns` has a
tinted side column, and `scan` is a picture of a printed resume, with no text in the file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
import pypdfium2 as pdfium
from PIL import Image

from documents.specimens.photograph import photograph_page
from resumes.specimens.person import LANGUAGES, Contact, Language, Person, make_person
from resumes.specimens.sheet import A4, Box, Colour, Face, Sheets

Layout = Literal["plain", "table", "columns", "scan"]
LAYOUTS: Final[tuple[Layout, ...]] = ("plain", "table", "columns", "scan")
_SCAN_DPI: Final = 137
"""The resolution at which the scanner simulation takes a page
(`documents.specimens.photograph`).
"""
_ACCENTS: Final[tuple[Colour, ...]] = (
    (24, 62, 110),
    (120, 32, 40),
    (22, 92, 74),
    (60, 60, 64),
    (92, 52, 120),
    (150, 86, 20),
)
_BOTTOM: Final = A4[1] - 58
_LABELS: Final[dict[Language, dict[Contact, tuple[str, ...]]]] = {
    "zh": {
        Contact.PHONE: ("手机：", "电话：", "联系电话 "),
        Contact.EMAIL: ("邮箱：", "电子邮箱："),
        Contact.ID_NUMBER: ("身份证号：",),
        Contact.WECHAT: ("微信：", "微信号："),
        Contact.QQ: ("QQ：",),
    },
    "en": {
        Contact.PHONE: ("Phone: ", "Mobile: ", "Tel. "),
        Contact.EMAIL: ("Email: ", "Email: "),
        Contact.ID_NUMBER: ("ID No.: ",),
        Contact.WECHAT: ("WeChat: ",),
        Contact.QQ: ("QQ: ",),
    },
}
_HEADINGS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "summary": "自我评价",
        "jobs": "工作经历",
        "studies": "教育背景",
        "skills": "专业技能",
        "contact": "联系方式",
        "facts": "基本信息",
    },
    "en": {
        "summary": "Profile",
        "jobs": "Experience",
        "studies": "Education",
        "skills": "Skills",
        "contact": "Contact",
        "facts": "Personal",
    },
}
_FACTS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("姓名", "性别", "出生年月", "现居地", "求职意向"),
    "en": ("Name", "Sex", "Born", "City", "Wanted"),
}


@dataclass(frozen=True)
class Part:
    """A contact's value within a line."""

    contact: Contact
    text: str
    """As written."""
    box: Box


@dataclass(frozen=True)
class Item:
    """One line of the resume."""

    page: int
    """From 0."""
    text: str
    box: Box
    """Points from the page's top left: x0, y0, x1, y1."""
    contacts: tuple[Part, ...] = ()
    """The contacts on this line."""


@dataclass(frozen=True)
class Resume:
    """A fictitious resume: the file, and the place of everything in it."""

    person: Person
    layout: Layout
    pdf: bytes
    pages: int
    items: tuple[Item, ...]
    """In the order of writing. For a `scan`, the places before scanning, which skews a page by at
    most one degree.
    """

    @property
    def contacts(self) -> list[tuple[int, Part]]:
        """Every contact with the number of its page."""
        return [(item.page, part) for item in self.items for part in item.contacts]

    def pictures(self, dpi: int = 150) -> list[np.ndarray]:
        """Return its pages as rendered by PDFium: height × width × 3, RGB."""
        return render_pages(self.pdf, dpi)


def render_pages(pdf: bytes, dpi: int = 150) -> list[np.ndarray]:
    """Return the pages of `pdf`: height × width × 3, RGB."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [
            page.render(scale=dpi / 72, rev_byteorder=True).to_numpy()[..., :3].copy()
            for page in document
        ]
    finally:
        document.close()


def make_resume(
    seed: int, layout: Layout | None = None, language: Language | None = None
) -> Resume:
    """Return the resume of `seed`.

    Layout and language follow from the seed unless they are given; eight consecutive seeds have all
    eight combinations.
    """
    layout = layout or LAYOUTS[seed % len(LAYOUTS)]
    language = language or LANGUAGES[seed // len(LAYOUTS) % len(LANGUAGES)]
    told = make_person(seed, language)
    rng = random.Random(f"layout {seed}")  # noqa: S311 -- made-up people, not secrets
    pen = _Pen(told, rng)
    _DRAWN[rng.choice(("plain", "table")) if layout == "scan" else layout](pen)
    pdf = pen.sheets.finished()
    resume = Resume(told, layout, pdf, pen.sheets.page + 1, tuple(pen.items))
    return replace(resume, pdf=_scanned(pdf, seed)) if layout == "scan" else resume


def _scanned(pdf: bytes, seed: int) -> bytes:
    """Return `pdf` printed and scanned: pictures only."""
    sheets, rng = Sheets(), np.random.default_rng(seed)
    for page in render_pages(pdf, _SCAN_DPI):
        sheets.new_page()
        sheets.picture((0, 0, *A4), Image.fromarray(photograph_page(page, "scan", rng)), 80)
    return sheets.finished()


class _Pen:
    """Writes a person's lines from the top down, and records the place of each."""

    def __init__(self, told: Person, rng: random.Random) -> None:
        self.told, self.rng = told, rng
        self.sheets, self.items = Sheets(), list[Item]()
        self.face: Face = (
            rng.choice(("song", "kai"))
            if told.language == "zh"
            else rng.choice(("song", "kai", "helvetica"))
        )
        self.size = rng.choice((9.5, 10.0, 10.5, 11.0))
        self.lead = rng.uniform(1.45, 1.75)
        self.accent = rng.choice(_ACCENTS)
        self.left, self.right = 0.0, 0.0
        self.y = 0.0
        self.sheets.new_page()

    def column(self, left: float, right: float, top: float) -> None:
        self.left, self.right, self.y = left, right, top

    def line(
        self,
        text: str,
        size: float | None = None,
        colour: Colour = (30, 30, 34),
        x: float | None = None,
        contacts: Sequence[tuple[Contact, str]] = (),
    ) -> None:
        """Write `text`, wrapped. Text with `contacts`, which are values in it, is not wrapped."""
        size, x = size or self.size, self.left if x is None else x
        for one in (
            [text] if contacts else self.sheets.wrapped(text, self.face, size, self.right - x)
        ):
            if self.y + size * self.lead > _BOTTOM:
                self.sheets.new_page()
                self.y = 60.0
            self.y += size * self.lead
            self._put(x, one, size, colour, contacts)

    def _put(
        self,
        x: float,
        text: str,
        size: float,
        colour: Colour,
        contacts: Sequence[tuple[Contact, str]],
    ) -> None:
        box = self.sheets.text(x, self.y, text, self.face, size, colour)
        parts = []
        for contact, value in contacts:
            before = self.sheets.width(text[: text.index(value)], self.face, size)
            parts.append(
                Part(
                    contact,
                    value,
                    (
                        x + before,
                        box[1],
                        x + before + self.sheets.width(value, self.face, size),
                        box[3],
                    ),
                )
            )
        self.items.append(Item(self.sheets.page, text, box, tuple(parts)))

    def heading(self, key: str) -> None:
        self.y += self.size * 0.7
        if self.y + self.size * 5 > _BOTTOM:
            self.sheets.new_page()
            self.y = 60.0
        self.line(_HEADINGS[self.told.language][key], self.size + 2.5, self.accent)
        self.sheets.tint((self.left, self.y + 4, self.right, self.y + 5), self.accent)
        self.y += 4

    def contact_lines(self, together: bool) -> None:
        """Write the contacts: two on a line with a bar between them, or one below the other."""
        labels = _LABELS[self.told.language]
        told = [
            (contact, value, self.rng.choice(labels[contact]) + value)
            for contact, value in self.told.contacts.items()
        ]
        step = 2 if together else 1
        for n in range(0, len(told), step):
            some = told[n : n + step]
            room, size = self.right - self.left, self.size
            text = "  |  ".join(text for _, _, text in some)
            while self.sheets.width(text, self.face, size) > room:
                size -= 0.5
            self.line(text, size, contacts=[(contact, value) for contact, value, _ in some])

    def section(self, key: str) -> None:
        told = self.told
        self.heading(key)
        if key == "summary":
            self.line(told.summary)
        elif key == "jobs":
            for job in told.jobs:
                self.line(f"{job.span}    {job.place}    {job.role}", colour=self.accent)
                for deed in job.deeds:
                    self.line(f"· {deed}", x=self.left + 8)
                self.y += 3
        elif key == "studies":
            for study in told.studies:
                self.line("    ".join(study))
        else:
            self.line(("、" if told.language == "zh" else ", ").join(told.skills))

    def photo(self, box: Box) -> None:
        """Draw a head and shoulders."""
        rng = np.random.default_rng(self.rng.randrange(2**32))
        image = np.empty((280, 210, 3), np.uint8)
        image[:] = self.rng.choice(((70, 120, 190), (190, 40, 48), (235, 236, 238)))
        skin = (224 - self.rng.randrange(30), 186 - self.rng.randrange(30), 160)
        cv2.ellipse(image, (105, 290), (98, 96), 0, 0, 360, (40, 44, 60), -1, cv2.LINE_AA)
        cv2.ellipse(image, (105, 110), (58, 74), 0, 0, 360, (36, 28, 26), -1, cv2.LINE_AA)
        cv2.ellipse(image, (105, 128), (47, 62), 0, 0, 360, skin, -1, cv2.LINE_AA)
        for x in (86, 124):
            cv2.circle(image, (x, 120), 4, (30, 26, 26), -1, cv2.LINE_AA)
        cv2.ellipse(image, (105, 156), (16, 6), 0, 0, 180, (150, 70, 70), 2, cv2.LINE_AA)
        noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
        self.sheets.picture(box, Image.fromarray(noisy))


def _plain(pen: _Pen) -> None:
    margin = pen.rng.uniform(48, 72)
    pen.column(margin, A4[0] - margin, pen.rng.uniform(36, 60))
    if with_photo := pen.rng.random() < 0.5:
        pen.photo((A4[0] - margin - 66, 48, A4[0] - margin, 136))
        pen.right -= 76
    pen.line(pen.told.name, pen.size + 10, pen.accent)
    pen.line("  ".join((pen.told.sex, pen.told.born, pen.told.city, pen.told.wish)))
    pen.contact_lines(together=pen.rng.random() < 0.7)
    pen.right = A4[0] - margin
    pen.y = max(pen.y, 140) if with_photo else pen.y
    sections = ["jobs", "studies", "skills"]
    pen.rng.shuffle(sections)
    for key in ("summary", *sections) if pen.rng.random() < 0.5 else (*sections, "summary"):
        pen.section(key)


def _columns(pen: _Pen) -> None:
    side = pen.rng.uniform(165, 195)
    pale: Colour = (238, 241, 245) if pen.rng.random() < 0.5 else (246, 240, 232)
    pen.sheets.tint((0, 0, side, A4[1]), pale)
    if pen.rng.random() < 0.7:
        pen.photo((side / 2 - 40, 44, side / 2 + 40, 150))
    pen.column(18, side - 14, 160)
    pen.line(pen.told.name, pen.size + 8, pen.accent)
    pen.heading("facts")
    for text in (pen.told.sex, pen.told.born, pen.told.city, pen.told.wish):
        pen.line(text)
    pen.heading("contact")
    pen.contact_lines(together=False)
    pen.section("skills")
    pen.column(side + 22, A4[0] - 34, 40)
    for key in ("summary", "jobs", "studies"):
        pen.section(key)


def _table(pen: _Pen) -> None:
    told, left, right = pen.told, 46.0, A4[0] - 46.0
    pen.column(left, right, 36)
    pen.line(
        "个人简历" if told.language == "zh" else "Application form", pen.size + 8, x=A4[0] / 2 - 40
    )
    top, row = pen.y + 16, pen.size * 2.1
    labels = _LABELS[told.language]
    facts: list[tuple[str, str, Contact | None]] = [
        (label, value, None)
        for label, value in zip(
            _FACTS[told.language],
            (told.name, told.sex, told.born, told.city, told.wish),
            strict=True,
        )
    ]
    facts += [
        (labels[contact][0].rstrip("：: "), value, contact)
        for contact, value in told.contacts.items()
    ]
    middle, label_room = right - 96, 74.0
    half = (middle - left) / 2
    for n, (label, value, contact) in enumerate(facts):
        x, y = left + n % 2 * half, top + n // 2 * row
        pen.sheets.frame((x, y, x + half, y + row))
        pen.sheets.frame((x, y, x + label_room, y + row))
        pen.y = y + row * 0.66
        pen._put(x + 6, label, pen.size, (90, 90, 96), ())
        size = pen.size
        while pen.sheets.width(value, pen.face, size) > half - label_room - 10:
            size -= 0.5
        pen._put(
            x + label_room + 6, value, size, (30, 30, 34), [(contact, value)] if contact else ()
        )
    bottom = top + (len(facts) + 1) // 2 * row
    pen.sheets.frame((middle, top, right, bottom))
    pen.photo((middle + 10, top + 6, right - 10, min(bottom - 4, top + 106)))
    pen.column(left + 8, right - 8, bottom + 2)
    for key in ("studies", "jobs", "skills", "summary"):
        page, began = pen.sheets.page, pen.y + 4
        pen.section(key)
        pen.y += 8
        if pen.sheets.page == page:
            pen.sheets.frame((left, began, right, pen.y))


_DRAWN: Final[dict[str, Callable[[_Pen], None]]] = {
    "plain": _plain,
    "columns": _columns,
    "table": _table,
}
