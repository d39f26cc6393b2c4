"""Resumes in PDF with contacts as text, in a picture, in a barcode, or hidden."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pikepdf
import zxingcpp
from PIL import Image, ImageDraw

from benchmarks.resumes.cvs.people import contact_lines, person
from benchmarks.resumes.cvs.sheet import A4, Cv, Sheet, truth_of
from documents.typesetting import load_font, text_width

Make = Callable[[random.Random, bool], Cv]


def text_page(how: str) -> Make:
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
    """Every value in pieces, as some editors write them, and the pieces in a different order in the
    file than on the page.
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
            x += text_width(line[start:end], "kai", 100) * 11 / 100
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
    """Labels in one row with the values below; then labels on the left with the values on the
    right.
    """
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
    """A number and an address that continue on the next line."""
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
        ImageDraw.Draw(image).text((30, 30 + 62 * number), line, ink, load_font("song", 34))
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
    """Visible once, and hidden five times: invisible, white, under a picture, off the page, and in
    the file's metadata, attachment and annotation.
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
