"""What does a resume look like whose owner's numbers are known beforehand?

Fictitious people, in Chinese and English, whose contacts stand where people put them: in a line of
text, a table, a dark column, a header, a text box, a picture; split, spelled, spaced, hidden. Each
file comes with the values planted in it and, where its layout is ours, with every character and its
place, so that what must go and what must stay are both known without asking the code under test.
"""

from __future__ import annotations

import ctypes
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as raw
import zxingcpp
from PIL import Image, ImageDraw

from documents.typesetting import _FILES, _FOLDER, font, width
from resumes.specimens import id_number

A4: Final = (595.0, 842.0)
WIDE: Final = "０１２３４５６７８９"
CHINESE: Final = "零一二三四五六七八九"


@dataclass(frozen=True)
class Truth:
    """One character of a page and its box, as shares of the page's width and height; whether it may
    stay.
    """

    character: str
    box: tuple[float, float, float, float]
    planted: bool


@dataclass(frozen=True)
class Cv:
    """A file, how it was made, the values that must not leave (kind and value), and its characters,
    a list a page, where known.
    """

    name: str
    data: bytes
    planted: tuple[tuple[str, str], ...]
    truth: tuple[tuple[Truth, ...], ...] | None = None
    written: tuple[str, ...] = ()
    """The planted values as they are written there."""


@dataclass
class Person:
    """Somebody who does not exist, and what they say of themselves."""

    chinese: bool
    name: str
    phone: str
    email: str
    wechat: str
    qq: str
    identity: str
    link: str
    lines: list[str] = field(default_factory=list)

    @property
    def planted(self) -> tuple[tuple[str, str], ...]:
        return (
            ("phone", self.phone),
            ("email", self.email),
            ("wechat", self.wechat),
            ("qq", self.qq),
            ("id_number", self.identity),
            ("link", self.link),
        )


_FAMILY: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
_LATIN: Final = (
    "Morgan",
    "Avery",
    "Quinn",
    "Riley",
    "Hayden",
    "Rowan",
    "Emery",
    "Sawyer",
    "Tatum",
    "Blake",
)
_LATIN_FAMILY: Final = (
    "Whitlock",
    "Ferrand",
    "Okoye",
    "Lindqvist",
    "Castell",
    "Novak",
    "Hargreave",
    "Ibarra",
    "Sorel",
    "Thorne",
)
_WORDS: Final = (
    "lumen",
    "harbor",
    "falcon",
    "cedar",
    "orbit",
    "pixel",
    "saffron",
    "tundra",
    "basalt",
    "willow",
    "ember",
    "cobalt",
)
_HOSTS: Final = (
    "qq.com",
    "163.com",
    "gmail.com",
    "outlook.com",
    "126.com",
    "foxmail.com",
    "sina.com",
)
_COMPANIES: Final = (
    "蓝鲸科技有限公司",
    "晨星网络股份有限公司",
    "北辰数据（南京）有限公司",
    "云岭物流集团",
    "恒川电子有限公司",
)
_ROLES: Final = (
    "后端工程师",
    "产品经理",
    "运营主管",
    "财务分析师",
    "人事专员",
    "测试工程师",
    "销售经理",
)
_DUTIES: Final = (
    "负责微信小程序与 QQ 音乐活动页的开发，日均请求 1200 万次，峰值 3.5 万 QPS",
    "带领 12 人团队，项目预算 3,600,000 元，成本下降 18.5%",
    "搭建数据平台，覆盖 31 个省市、4,200 家门店，准确率 99.95%",
    "使用 Node.js、ASP.NET、C++17、Python 3.11、MySQL 8.0 与 Redis 7.2",
    "2021年第三季度营收 13,800,000 元，同比增长 27%，客户数 15000",
    "负责微信支付与公众号运营，粉丝从 8000 增至 120000",
    "电话销售转化率由 2.1% 提升到 6.8%，人均产出 58000 元/月",
    "负责 GitHub Actions 流水线与 GitLab 迁移，构建时间由 25 分钟降到 4 分钟",
)
_DUTIES_EN: Final = (
    "Built the WeChat Mini Program and WeChat Pay flow, 12 million requests a day at 3.5k QPS",
    "Led a team of 12 with a budget of 3,600,000 CNY and cut cost by 18.5%",
    "Ran a data platform for 4,200 stores in 31 provinces with 99.95% accuracy",
    "Node.js, ASP.NET, C++17, Python 3.11, MySQL 8.0, Redis 7.2, Socket.io",
    "Grew quarterly revenue from 1.2M to 13.8M and 15000 customers in 2021",
    "Moved 120 repositories with GitHub Actions; builds went from 25 to 4 minutes",
    "Engineer at Booking.com partner program, mobile 2018 to 2020, 58000 users",
)


def person(rng: random.Random, chinese: bool) -> Person:
    word, other = rng.sample(_WORDS, 2)
    phone = "1" + rng.choice("3456789") + "".join(rng.choice("0123456789") for _ in range(9))
    identity = id_number(rng)
    born = identity[6:14]
    first = rng.randint(2008, 2014)
    years = [first, first + 4, first + 4 + rng.randint(1, 3), first + 10]
    made = Person(
        chinese,
        name=(
            rng.choice(_FAMILY) + rng.choice(_GIVEN) + rng.choice(_GIVEN)
            if chinese
            else f"{rng.choice(_LATIN)} {rng.choice(_LATIN_FAMILY)}"
        ),
        phone=phone,
        email=f"{word}.{other}{rng.randint(10, 999)}@{rng.choice(_HOSTS)}",
        wechat=f"{other}_{word[:3]}{rng.randint(1000, 99999)}",
        qq=str(rng.randint(10**8, 10**10 - 1)),
        identity=identity,
        link=f"linkedin.com/in/{word}-{other}-{rng.randint(1000, 9999)}",
    )
    if chinese:
        made.lines = [
            (
                f"求职意向：{rng.choice(_ROLES)} "
                f" 期望薪资：{rng.randint(12, 18) * 1000}-{rng.randint(20, 30) * 1000}元/月"
            ),
            f"出生年月：{born[:4]}.{born[4:6]}  身高 175cm  邮编 518057",
            f"{years[0]}.09-{years[1]}.06  华中理工学院  计算机科学与技术  本科  GPA 3.85/4.0",
            f"{years[1]}.07 - {years[2]}.03  {rng.choice(_COMPANIES)}  {rng.choice(_ROLES)}",
            *rng.sample(_DUTIES, 3),
            f"{years[2]}年4月至{years[3]}年12月  {rng.choice(_COMPANIES)}  {rng.choice(_ROLES)}",
            *rng.sample(_DUTIES, 4),
            (
                f"CET-6 {rng.randint(430, 620)} 分，ISO 9001:2015 内审员，证书编号"
                f" {rng.randint(2015, 2022)}{rng.randint(1000, 9999)}"
            ),
            f"项目编号 P{rng.randint(100, 999)}-{rng.randint(2015, 2022)}，三年一班第一名，二〇一八年获一等奖",  # noqa: E501
        ]
    else:
        made.lines = [
            (
                f"Objective: engineer, {rng.randint(12, 18) * 1000}-{rng.randint(20, 30) * 1000}"
                " CNY a month"
            ),
            f"Born {born[:4]}-{born[4:6]}-{born[6:]}, postcode 518057, 175 cm",
            f"{years[0]}.09-{years[1]}.06  Central Institute of Technology, BSc, GPA 3.85/4.0",
            f"{years[1]}/07 - {years[2]}/03  Blue Whale Software Ltd, developer",
            *rng.sample(_DUTIES_EN, 3),
            f"Apr {years[2]} - Dec {years[3]}  Northstar Data Inc, lead",
            *rng.sample(_DUTIES_EN, 4),
            (
                f"TOEFL {rng.randint(90, 118)}, ISO 9001:2015 auditor, certificate"
                f" {rng.randint(2015, 2022)}{rng.randint(1000, 9999)}"
            ),
        ]
    return made


# --- A sheet of PDF -------------------------------------------------------------------------------

_LOADED: Final[dict[str, bytes]] = {}


class Sheet:
    """One A4 page of a PDF, set from the top with text that can be selected."""

    def __init__(self, face: str = "kai") -> None:
        self.pdf = pypdfium2.PdfDocument.new()
        self.page = self.pdf.new_page(*A4)
        self.face = face
        data = _LOADED.setdefault(face, (_FOLDER / _FILES[face]).read_bytes())  # type: ignore[index]
        self._kept = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        self.font = raw.FPDFText_LoadFont(
            self.pdf, self._kept, len(data), raw.FPDF_FONT_TRUETYPE, True
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 11,
        colour: tuple[int, int, int] = (20, 20, 20),
        *,
        hidden: bool = False,
    ) -> float:
        """`text` with its baseline at `y` points from the top; how far it reaches."""
        piece = raw.FPDFPageObj_CreateTextObj(self.pdf, self.font, size)
        coded = (text + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(
            piece, ctypes.cast(ctypes.c_char_p(coded), ctypes.POINTER(ctypes.c_ushort))
        )
        raw.FPDFPageObj_SetFillColor(piece, *colour, 255)
        if hidden:
            raw.FPDFTextObj_SetTextRenderMode(piece, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
        raw.FPDFPageObj_Transform(piece, 1, 0, 0, 1, x, A4[1] - y)
        raw.FPDFPage_InsertObject(self.page, piece)
        return x + width(text, self.face, 100) * size / 100  # type: ignore[arg-type]

    def rectangle(
        self, x: float, y: float, w: float, h: float, colour: tuple[int, int, int]
    ) -> None:
        piece = raw.FPDFPageObj_CreateNewRect(x, A4[1] - y - h, w, h)
        raw.FPDFPageObj_SetFillColor(piece, *colour, 255)
        raw.FPDFPath_SetDrawMode(piece, raw.FPDF_FILLMODE_ALTERNATE, False)
        raw.FPDFPage_InsertObject(self.page, piece)

    def picture(self, x: float, y: float, w: float, h: float, image: Image.Image) -> None:
        jpeg = io.BytesIO()
        image.convert("RGB").save(jpeg, "JPEG", quality=90)
        piece = pypdfium2.PdfImage.new(self.pdf)
        piece.load_jpeg(jpeg, inline=True)
        piece.set_matrix(pypdfium2.PdfMatrix(w, 0, 0, h, x, A4[1] - y - h))
        self.page.insert_obj(piece)

    def lines(
        self, lines: list[str], x: float, y: float, size: float = 11, room: float = 520
    ) -> float:
        """`lines` below each other, broken to `room`."""
        for line in lines:
            for part in _broken(line, size, room, self.face):
                self.text(x, y, part, size)
                y += size * 1.7
        return y

    def saved(self) -> bytes:
        self.page.gen_content()
        out = io.BytesIO()
        self.pdf.save(out)
        return out.getvalue()


def _broken(line: str, size: float, room: float, face: str) -> list[str]:
    parts, words = (
        [""],
        [*line] if any(ord(c) > 0x2E80 for c in line) else [word + " " for word in line.split(" ")],
    )
    for word in words:
        if width(parts[-1] + word, face, 100) * size / 100 > room and parts[-1]:  # type: ignore[arg-type]
            # Numbers are not torn apart, as no program does it.
            held = ""
            while (
                parts[-1]
                and parts[-1][-1].isascii()
                and parts[-1][-1] not in " "
                and word.isascii()
                and len(word) == 1
            ):
                held, parts[-1] = parts[-1][-1] + held, parts[-1][:-1]
            parts.append(held)
        parts[-1] += word
    return [part.strip() for part in parts if part.strip()]


def truth_of(pdf: bytes, written: tuple[str, ...]) -> tuple[tuple[Truth, ...], ...]:
    """The characters of `pdf` and their places; those of `written` are planted."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        wide, high = page.get_size()
        text = page.get_textpage()
        found = []
        for index in range(text.count_chars()):
            character = chr(raw.FPDFText_GetUnicode(text, index))
            left, bottom, right, top = text.get_charbox(index)
            if not character.isspace() and right > left:
                found.append(
                    (character, (left / wide, 1 - top / high, right / wide, 1 - bottom / high))
                )
        whole = "".join(character for character, _ in found)
        planted = set()
        for value in written:
            bare = "".join(value.split())
            start = whole.find(bare)
            while start >= 0:
                planted.update(range(start, start + len(bare)))
                start = whole.find(bare, start + 1)
        pages.append(
            tuple(
                Truth(character, box, index in planted)
                for index, (character, box) in enumerate(found)
            )
        )
    return tuple(pages)


def rendered(pdf: bytes, dpi: float) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil().convert("RGB")


# --- Ways to write a value ------------------------------------------------------------------------


def spelled(rng: random.Random, value: str, how: str) -> str:
    """A telephone number as people write it so that machines do not see it."""
    if how == "wide":
        return "".join(WIDE[int(c)] for c in value)
    if how == "chinese":
        return "".join(CHINESE[int(c)] for c in value)
    if how == "spaced":
        return " ".join(value)
    if how == "hyphens":
        return f"{value[:3]}-{value[3:7]}-{value[7:]}"
    if how == "groups":
        return f"{value[:3]} {value[3:7]} {value[7:]}"
    if how == "country":
        return f"+86 {value[:3]} {value[3:7]} {value[7:]}"
    if how == "mixed":
        at = rng.randrange(3, 8)
        return value[:at] + "".join(CHINESE[int(c)] for c in value[at:])
    return value


def veiled(rng: random.Random, email: str, how: str) -> str:
    """An e-mail address likewise."""
    name, host = email.split("@")
    if how == "chinese":
        return f"{name}艾特{host.replace('.', '点')}"
    if how == "spaced":
        return f"{name} @ {host.replace('.', ' . ')}"
    return f"{name}(at){host}" if how == "hyphens" else email


_LABELS: Final = (
    ("手机：", "电话：", "联系电话: ", "手机号码：", "Tel："),
    ("邮箱：", "E-mail: ", "电子邮箱：", ""),
    ("微信：", "微信号：", "VX: ", "V信："),
    ("QQ：", "QQ号：", "QQ "),
    ("身份证号：", "身份证：", ""),
    ("领英：", ""),
)
_LABELS_EN: Final = (
    ("Phone: ", "Mobile: ", "Tel ", "Cell: ", ""),
    ("Email: ", "E-mail ", ""),
    ("WeChat: ", "WeChat ID: "),
    ("QQ: ",),
    ("ID card: ", "ID No.: "),
    ("LinkedIn: ", ""),
)


def contact_lines(
    who: Person, rng: random.Random, how: str = ""
) -> tuple[list[str], tuple[str, ...]]:
    """Lines with `who`'s contacts behind their labels, and the values as they are written in
    them.
    """
    phone, email = spelled(rng, who.phone, how), veiled(rng, who.email, how)
    values = (phone, email, who.wechat, who.qq, who.identity, who.link)
    labels = tuple(rng.choice(each) for each in (_LABELS if who.chinese else _LABELS_EN))
    return [label + value for label, value in zip(labels, values, strict=True)], values


# --- The kinds ------------------------------------------------------------------------------------

Make = Callable[[random.Random, bool], Cv]


def _written(how: str) -> Make:
    def make(rng: random.Random, chinese: bool) -> Cv:
        who = person(rng, chinese)
        sheet = Sheet("song" if how == "wide" else rng.choice(("kai", "song")))
        sheet.text(60, 70, who.name, 20)
        lines, values = contact_lines(who, rng, how)
        y = sheet.lines(lines, 60, 100, rng.choice((9.5, 10.5, 12)))
        sheet.lines(who.lines, 60, y + 16, 10.5)
        pdf = sheet.saved()
        return Cv(f"text {how}".strip(), pdf, who.planted, truth_of(pdf, values), values)

    return make


def one_line(rng: random.Random, chinese: bool) -> Cv:
    who = person(rng, chinese)
    sheet = Sheet(rng.choice(("kai", "song")))
    sheet.text(60, 60, who.name, 18)
    lines, values = contact_lines(who, rng)
    sheet.text(60, 84, " | ".join(lines[:2]), 9.5)
    sheet.text(60, 100, " / ".join(lines[2:4]), 9.5)
    sheet.text(60, 116, " · ".join(lines[4:]), 9.5)
    sheet.lines(who.lines, 60, 150, 10.5)
    pdf = sheet.saved()
    return Cv("one line", pdf, who.planted, truth_of(pdf, values), values)


def small_print(rng: random.Random, chinese: bool) -> Cv:
    who = person(rng, chinese)
    sheet = Sheet(rng.choice(("kai", "song")))
    lines, values = contact_lines(who, rng)
    sheet.text(60, 60, who.name, 14)
    y = sheet.lines(lines, 60, 80, 6.5)
    sheet.lines(who.lines * 2, 60, y + 10, 7)
    pdf = sheet.saved()
    return Cv("small print", pdf, who.planted, truth_of(pdf, values), values)


def split_runs(rng: random.Random, chinese: bool) -> Cv:
    """Every value set in pieces, as editors leave it behind, and the pieces kept in another order
    than they stand.
    """
    who = person(rng, chinese)
    sheet = Sheet()
    lines, _ = contact_lines(who, rng)
    y = 100.0
    pieces = []
    for line in lines:
        x = 60.0
        cuts = sorted({0, len(line), *rng.sample(range(1, len(line)), min(4, len(line) - 1))})
        for start, end in pairwise(cuts):
            pieces.append((x, y, line[start:end]))
            x += width(line[start:end], "kai", 100) * 11 / 100
        y += 19
    rng.shuffle(pieces)
    for piece in pieces:
        sheet.text(*piece)
    sheet.lines(who.lines, 60, y + 14, 10.5)
    return Cv("split runs", sheet.saved(), who.planted)


def dark_column(rng: random.Random, chinese: bool) -> Cv:
    who = person(rng, chinese)
    sheet = Sheet(rng.choice(("kai", "song")))
    sheet.rectangle(0, 0, 200, A4[1], (38, 50, 72))
    sheet.text(24, 80, who.name, 18, (255, 255, 255))
    lines, values = contact_lines(who, rng)
    for number, line in enumerate(lines):
        sheet.text(24, 130 + 26 * number, line, 8.2, (235, 235, 240))
    sheet.lines(who.lines, 220, 80, 9.5, 350)
    pdf = sheet.saved()
    return Cv("dark column", pdf, who.planted, truth_of(pdf, values), values)


def table(rng: random.Random, chinese: bool) -> Cv:
    """Labels in one row, values beneath; then labels left, values right."""
    who = person(rng, chinese)
    sheet = Sheet(rng.choice(("kai", "song")))
    heads = ("姓名", "手机", "微信", "QQ") if chinese else ("Name", "Phone", "WeChat", "QQ")
    for number, (head, value) in enumerate(
        zip(heads, (who.name, who.phone, who.wechat, who.qq), strict=True)
    ):
        sheet.rectangle(58 + 120 * number, 86, 116, 22, (232, 236, 242))
        sheet.text(64 + 120 * number, 101, head, 11)
        sheet.text(64 + 120 * number, 126, value, 11)
    rows = (
        (("邮箱", who.email), ("身份证号", who.identity), ("个人主页", who.link))
        if chinese
        else (("Email", who.email), ("ID card", who.identity), ("Homepage", who.link))
    )
    for number, (head, value) in enumerate(rows):
        sheet.text(64, 160 + 22 * number, head, 11)
        sheet.text(190, 160 + 22 * number, value, 11)
    sheet.lines(who.lines, 60, 250, 10.5)
    pdf = sheet.saved()
    values = (who.phone, who.wechat, who.qq, who.email, who.identity, who.link)
    return Cv("table", pdf, who.planted, truth_of(pdf, values), values)


def wrapped(rng: random.Random, chinese: bool) -> Cv:
    """A number and an address that go on in the next line."""
    who = person(rng, chinese)
    sheet = Sheet(rng.choice(("kai", "song")))
    label = "手机：" if chinese else "Phone: "
    sheet.text(60, 100, f"{label}{who.phone[:3]}-{who.phone[3:7]}-", 11)
    sheet.text(60, 118, who.phone[7:], 11)
    name, host = who.email.split("@")
    sheet.text(320, 100, f"{'邮箱：' if chinese else 'Email: '}{name}@", 11)
    sheet.text(320, 118, host, 11)
    sheet.lines(who.lines, 60, 160, 10.5)
    pdf = sheet.saved()
    values = (f"{who.phone[:3]}-{who.phone[3:7]}-", who.phone[7:], f"{name}@", host)
    return Cv("wrapped", pdf, who.planted[:2], truth_of(pdf, values), values)


def card(rng: random.Random, chinese: bool) -> Cv:
    """The contacts in a picture on a page of text."""
    who = person(rng, chinese)
    sheet = Sheet()
    lines, _ = contact_lines(who, rng)
    image = Image.new("RGB", (900, 420), rng.choice(("#f4f1e8", "#ffffff", "#20324a")))
    ink = "#ffffff" if image.getpixel((0, 0))[0] < 100 else "#222222"  # type: ignore[index]
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((30, 30 + 62 * number), line, ink, font("song", 34))
    sheet.picture(60, 90, 400, 187, image)
    sheet.text(60, 70, who.name, 18)
    y = sheet.lines(who.lines, 60, 310, 10.5)
    del y
    return Cv("picture", sheet.saved(), who.planted)


def code(rng: random.Random, chinese: bool) -> Cv:
    who = person(rng, chinese)
    sheet = Sheet()
    address = f"https://u.wechat.com/{who.wechat}"
    drawn = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode).to_image(scale=6)
    square = Image.fromarray(np.array(drawn))
    sheet.picture(430, 60, 100, 100, square)
    sheet.text(60, 70, who.name, 18)
    sheet.lines(who.lines, 60, 190, 10.5)
    pdf = sheet.saved()
    return Cv("code", pdf, (("code", address),), truth_of(pdf, ()))


def hidden(rng: random.Random, chinese: bool) -> Cv:
    """Seen once, and hidden four times: invisible, white, under a picture, off the page, and in
    what the file says of itself.
    """
    who = person(rng, chinese)
    sheet = Sheet()
    lines, values = contact_lines(who, rng)
    sheet.lines(lines, 60, 90, 10.5)
    for number, line in enumerate(lines):
        sheet.text(60, 600 + 12 * number, line, 9, hidden=True)
        sheet.text(320, 600 + 12 * number, line, 9, (255, 255, 255))
        sheet.text(700, 600 + 12 * number, line, 9)
        sheet.text(60, 720 + 12 * number, line, 9)
    sheet.picture(50, 700, 300, 100, Image.new("RGB", (300, 100), "#88aacc"))
    sheet.lines(who.lines, 60, 240, 10.5)

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sheet.saved())) as pdf:
        pdf.docinfo["/Author"] = who.email
        pdf.docinfo["/Keywords"] = " ".join(lines)
        pdf.attachments["contacts.txt"] = "\n".join(lines).encode()
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 10, 20, 20], F=2
        )
        note.Contents = " ".join(lines)
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(note)]))
        pdf.save(out)
    return Cv("hidden", out.getvalue(), who.planted, None, values)


# --- Pictures of pages ----------------------------------------------------------------------------


def _warped(
    pdf: bytes, values: tuple[str, ...], dpi: float, corners: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], tuple[Truth, ...]]:
    """The first page of `pdf` laid so that its corners come to `corners` (shares of the picture),
    and its characters there.
    """
    image = np.asarray(rendered(pdf, dpi))
    high, wide = image.shape[:2]
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, (corners * (wide, high)).astype(np.float32))
    picture = cv2.warpPerspective(
        image,
        matrix,
        (wide, high),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(214, 208, 196),
    )
    truth = []
    for each in truth_of(pdf, values)[0]:
        x0, y0, x1, y1 = each.box
        box = np.array(
            [
                [
                    [x0 * wide, y0 * high],
                    [x1 * wide, y0 * high],
                    [x1 * wide, y1 * high],
                    [x0 * wide, y1 * high],
                ]
            ],
            np.float32,
        )
        moved = cv2.perspectiveTransform(box, matrix)[0] / (wide, high)
        truth.append(
            Truth(
                each.character,
                (*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist()),
                each.planted,
            )
        )  # type: ignore[arg-type]
    return picture, tuple(truth)


def _noisy(picture: np.ndarray[Any, Any], rng: random.Random, amount: float) -> Image.Image:
    noise = np.random.default_rng(rng.randrange(2**31)).normal(0, amount, picture.shape)
    return Image.fromarray(
        np.clip(cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.float64) + noise, 0, 255).astype(
            np.uint8
        )
    )


def _page_of(rng: random.Random, chinese: bool) -> tuple[bytes, Person, tuple[str, ...]]:
    made = rng.choice(
        (_written(""), _written("groups"), _written("hyphens"), one_line, dark_column, table)
    )
    state = rng.getstate()
    who = person(rng, chinese)
    rng.setstate(state)
    cv = made(rng, chinese)
    return cv.data, who, cv.written


def scan(rng: random.Random, chinese: bool) -> Cv:
    """A page laid askew on a scanner, in a PDF."""
    pdf, who, values = _page_of(rng, chinese)
    turn = np.deg2rad(rng.uniform(-2.2, 2.2))
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    aspect = A4[1] / A4[0]
    x, y = square[:, 0], square[:, 1]
    turned = np.stack(
        [
            x * np.cos(turn) - y * aspect * np.sin(turn),
            x / aspect * np.sin(turn) + y * np.cos(turn),
        ],
        axis=1,
    )
    corners = turned * 0.96 + 0.5
    picture, truth = _warped(pdf, values, rng.choice((150, 200)), corners)
    image = _noisy(picture, rng, 5)
    if rng.random() < 0.5:
        image = image.convert("L").convert("RGB")
    sheet = Sheet()
    sheet.picture(0, 0, *A4, image)
    return Cv("scan", sheet.saved(), who.planted, (truth,), values)


def sideways(rng: random.Random, chinese: bool) -> Cv:
    """A scan that lies on its side."""
    pdf, who, _ = _page_of(rng, chinese)
    image = rendered(pdf, 150).rotate(rng.choice((90, 270)), expand=True)
    out = io.BytesIO()
    image.save(out, "PNG")
    return Cv("sideways", out.getvalue(), who.planted)


def photo(rng: random.Random, chinese: bool) -> Cv:
    """A page photographed from a little aside."""
    pdf, who, values = _page_of(rng, chinese)
    corners = np.array([[0.04, 0.04], [0.96, 0.04], [0.96, 0.96], [0.04, 0.96]]) + np.array(
        [[rng.uniform(-0.03, 0.03) for _ in range(2)] for _ in range(4)]
    )
    picture, truth = _warped(pdf, values, 220, corners)
    high, wide = picture.shape[:2]
    light = (
        np.linspace(rng.uniform(0.75, 0.95), 1.0, wide)[None, :, None]
        * np.linspace(1.0, rng.uniform(0.8, 1.0), high)[:, None, None]
    )
    out = io.BytesIO()
    _noisy((picture * light).astype(np.uint8), rng, 4).save(
        out, "JPEG", quality=rng.choice((70, 80, 90))
    )
    return Cv("photo", out.getvalue(), who.planted, (truth,), values)


def screenshot(rng: random.Random, chinese: bool) -> Cv:
    """A resume in a phone's browser, much taller than wide."""
    who = person(rng, chinese)
    lines, _ = contact_lines(who, rng)
    parts = [
        who.name,
        *(who.lines[:3]),
        *(part for line in who.lines for part in _broken(line, 36, 980, "song")),
        *lines,
        *who.lines[3:6],
    ]
    parts = [piece for part in parts for piece in _broken(part, 36, 980, "song")]
    image = Image.new("RGB", (1080, 120 + 76 * len(parts)), "white")
    for number, part in enumerate(parts):
        ImageDraw.Draw(image).text((50, 60 + 76 * number), part, "#222222", font("song", 36))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Cv("screenshot", out.getvalue(), who.planted)


# --- Word -----------------------------------------------------------------------------------------

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
    """A part of relations that leads to `target`, and to `more`."""
    first = f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return (
        f'{_DECLARED}<Relationships xmlns="{_PACKAGE}/relationships">{first}{more}</Relationships>'
    )


def word(
    body: str, header: str = "", relations: str = "", more: dict[str, bytes] | None = None
) -> bytes:
    """A Word file of `body`, and of `header` on its pages; with other `relations` and `more` parts,
    for those who test it.
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


def _docx(kind: str) -> Make:
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


KINDS: Final[tuple[Make, ...]] = (
    _written(""),
    _written("wide"),
    _written("chinese"),
    _written("spaced"),
    _written("hyphens"),
    _written("country"),
    _written("mixed"),
    one_line,
    small_print,
    split_runs,
    dark_column,
    table,
    wrapped,
    card,
    code,
    hidden,
    scan,
    scan,
    sideways,
    photo,
    photo,
    screenshot,
)
WORD: Final[tuple[Make, ...]] = (_docx("runs"), _docx("header"), _docx("table"), _docx("box"))


def cvs(count: int, seed: int, office: bool) -> Iterator[Cv]:
    """`count` resumes, of each kind in turn, Chinese and English in turn."""
    kinds = (*KINDS, *WORD) if office else KINDS
    for number in range(count):
        rng = random.Random(seed * 100_003 + number)
        yield kinds[number % len(kinds)](rng, chinese=(number // len(kinds) + number) % 3 != 2)


_SUFFIXES: Final = {b"PK": "docx", b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8": "jpg"}


def save_all(folder: Path, count: int, seed: int) -> None:
    """Put them into `folder`, to be looked at."""
    for number, cv in enumerate(cvs(count, seed, office=True)):
        suffix = next(name for start, name in _SUFFIXES.items() if cv.data.startswith(start))
        (folder / f"{number:03d} {cv.name}.{suffix}").write_bytes(cv.data)
