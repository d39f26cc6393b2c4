"""Tests of redaction: contacts are removed from a page, and everything else stays."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from benchmarks.resumes.cvs.sheet import Sheet
from documents.ocr import READERS
from documents.ocr.base import Picture
from documents.page.boxes import TextBox
from documents.typesetting import load_font
from events.core.errors import ProviderBroken, Refused
from resumes.opening.open import LETTER, Page, Resume, open_resume
from resumes.redaction.contacts import contacts_in
from resumes.redaction.redact import (
    Item,
    Redacted,
    Replacement,
    language_of,
    read_with_ocr,
    redact,
    relay_replacement,
)
from resumes.redaction.text_lines import Run, reading_orders, run_of_box

PHONE, EMAIL, WECHAT = "13800138000", "lumen.harbor88@qq.com", "lumen_8842"


class Blind:
    """An OCR engine that sees nothing, so only the text of the file counts."""

    name, version = "blind", "1"

    def available(self) -> bool:
        return True

    def read(self, image: Picture) -> list[TextBox]:
        return []


class Seeing(Blind):
    """An OCR engine that returns given boxes, on pages of any size."""

    def __init__(self, *boxes: TextBox) -> None:
        self.boxes = boxes
        self.sizes: list[tuple[int, int]] = []

    def read(self, image: Picture) -> list[TextBox]:
        self.sizes.append(image.shape[:2])
        return list(self.boxes)


def box(text: str, x: float, y: float, height: float = 30, rotated: bool = False) -> TextBox:
    """Return `text` with its top left at `x`, `y`; each character is half as wide as it is high."""
    wide = len(text) * height / 2
    if rotated:
        return TextBox(text, 0.9, ((x, y), (x, y + wide), (x - height, y + wide), (x - height, y)))
    return TextBox(text, 0.9, ((x, y), (x + wide, y), (x + wide, y + height), (x, y + height)))


def sheet(*lines: str, x: float = 60, size: float = 11) -> Sheet:
    made = Sheet("song")
    for number, line in enumerate(lines):
        made.text(x, 90 + 22 * number, line, size)
    return made


def resume_of(*lines: str) -> Resume:
    return open_resume(sheet(*lines).saved())


def bare(height: int = 400, width: int = 600) -> Page:
    """Return a page with noise, without text in its file."""
    pixels = np.full((height, width, 3), 250, np.uint8)
    pixels[::2, ::2] = 180
    return Page(1, pixels, 150, np.zeros(0, LETTER))


def resume_with(page: Page) -> Resume:
    return Resume("0" * 64, "application/pdf", (page,), "rlimits")


def kinds(redacted: Redacted) -> list[str]:
    return [item.kind for item in redacted.items]


def changed(resume: Resume, redacted: Redacted) -> np.ndarray:
    """Return which pixels of the first page were painted."""
    return (resume.pages[0].pixels != redacted.pages[0].pixels).any(axis=2)


# --- Text in the file -----------------------------------------------------------------------------


def test_a_number_gives_way_to_the_relay_and_nothing_else_does() -> None:
    resume = resume_of("姓名：李四", f"电话：{PHONE}", "2018.09-2022.06 华中理工学院")
    redacted = redact(resume, relay_replacement("0755-8600 1234"))
    assert redacted.items == (Item("phone", 1, "138****8000", frozenset({"text", "seen"})),)
    assert PHONE not in redacted.text
    assert "0755-8600 1234" in redacted.text
    assert "2018.09-2022.06" in redacted.text.replace(" ", "")
    rows = np.flatnonzero(changed(resume, redacted).any(axis=1)) * 72 / resume.pages[0].dpi
    assert 98 < rows.min() < rows.max() < 117  # the second line; its baseline is at 112 points


@pytest.mark.reading
def test_what_was_there_is_gone_from_the_pixels() -> None:
    redacted = redact(resume_of(f"微信：{WECHAT}", f"邮箱 {EMAIL}", f"QQ {PHONE[:9]}"))
    picture = np.ascontiguousarray(redacted.pages[0].pixels[..., ::-1])
    seen = "\n".join(box.text for box in READERS[0].read(picture))
    assert WECHAT not in seen
    assert EMAIL.split("@")[0] not in seen
    assert PHONE[:7] not in seen
    assert "由平台转接" in seen


def test_the_file_alone_is_enough() -> None:
    redacted = redact(resume_of(f"电话：{PHONE}"), reader=Blind())
    assert redacted.items == (Item("phone", 1, "138****8000", frozenset({"text"})),)


def test_a_value_in_pieces_in_any_order_is_one() -> None:
    made = Sheet("song")
    for x, piece in ((95.0, "0013"), (60.0, "13"), (72.0, "8"), (130.0, "8000")):
        made.text(x, 90, piece, 11)
    redacted = redact(open_resume(made.saved()), reader=Blind())
    assert [item.masked for item in redacted.items] == ["138****8000"]


def test_a_value_beneath_its_label_is_found() -> None:
    made = Sheet("song")
    for column, (label, value) in enumerate(
        (("姓名", "李四"), ("微信", WECHAT), ("QQ", "123456789"))
    ):
        made.text(60 + 140 * column, 90, label, 11)
        made.text(60 + 140 * column, 114, value, 11)
    assert sorted(kinds(redact(open_resume(made.saved()), reader=Blind()))) == ["qq", "wechat"]


def test_a_number_over_two_lines_is_covered_on_both() -> None:
    resume = resume_of("手机：138-0013-", "8000 深")
    redacted = redact(resume, reader=Blind())
    rows = changed(resume, redacted).any(axis=1)
    lines = [round(y * resume.pages[0].dpi / 72) for y in (87, 109)]
    assert [bool(rows[line]) for line in lines] == [True, True]


def test_white_print_on_a_dark_ground_leaves_the_ground() -> None:
    made = Sheet("song")
    made.rectangle(0, 60, 300, 80, (30, 40, 60))
    made.text(40, 100, f"Tel: {PHONE}", 12, (255, 255, 255))
    (page,) = redact(open_resume(made.saved())).pages
    y, x = round(97 * page.dpi / 72), round(120 * page.dpi / 72)
    assert (
        np.abs(np.median(page.pixels[y - 12 : y + 6, x : x + 80], axis=(0, 1)) - (30, 40, 60)).max()
        < 12
    )


@pytest.mark.parametrize("colour", [(255, 255, 255), None])
def test_what_is_hidden_is_neither_listed_nor_left(colour: tuple[int, int, int] | None) -> None:
    made = sheet("2018.09-2022.06 华中理工学院 本科")
    if colour:
        made.text(60, 300, f"电话：{PHONE}", 11, colour)
    else:
        made.text(60, 300, f"电话：{PHONE}", 11, hidden=True)
    redacted = redact(open_resume(made.saved()))
    assert redacted.items == ()
    assert PHONE not in redacted.text
    assert "华中理工学院" in redacted.text


@pytest.mark.reading
def test_a_scan_with_text_behind_it_is_covered_by_both() -> None:
    picture = Image.new("RGB", (1240, 400), "white")
    ImageDraw.Draw(picture).text((125, 160), f"电话：{PHONE}", "black", load_font("song", 40))
    made = Sheet("song")
    made.picture(0, 0, 595, 192, picture)
    made.text(60, 93, f"电话：{PHONE}", 19, hidden=True)
    (item,) = redact(open_resume(made.saved())).items
    assert item.sources == {"text", "seen"}


# --- Text in the pixels ---------------------------------------------------------------------------


@pytest.mark.reading
def test_what_is_only_seen_is_found() -> None:
    picture = Image.new("RGB", (1000, 600), "white")
    for number, line in enumerate((f"电话：{PHONE}", f"邮箱：{EMAIL}", "2018.09-2022.06 本科")):
        ImageDraw.Draw(picture).text((60, 60 + 90 * number), line, "black", load_font("song", 42))
    out = io.BytesIO()
    picture.save(out, "PNG")
    redacted = redact(open_resume(out.getvalue()))
    assert sorted((item.kind, item.sources) for item in redacted.items) == [
        ("email", {"seen"}),
        ("phone", {"seen"}),
    ]
    assert contacts_in(redacted.text) == []
    assert "2018.09-2022.06" in redacted.text


@pytest.mark.parametrize("rotated", [False, True])
def test_a_line_that_a_reader_broke_is_one(rotated: bool) -> None:
    boxes = [
        box("138001", 100, 50, rotated=rotated),
        box("38000", *((100, 146) if rotated else (196, 50)), rotated=rotated),
    ]
    assert kinds(redact(resume_with(bare()), reader=Seeing(*boxes))) == ["phone"]


def test_cells_of_a_table_are_not_one_number() -> None:
    row = [box(text, 40 + 160 * column, 100) for column, text in enumerate(("138", "2000", "3000"))]
    assert redact(resume_with(bare()), reader=Seeing(*row)).items == ()


def test_a_label_and_its_value_in_the_next_cell_belong_together() -> None:
    row = [box("微信", 40, 100), box(WECHAT, 200, 100)]
    (item,) = redact(resume_with(bare()), reader=Seeing(*row)).items
    assert item.masked == "l***"


def test_only_the_value_in_a_line_is_covered() -> None:
    resume = resume_with(bare())
    text = f"手机{PHONE}后端工程师"
    columns = np.flatnonzero(
        changed(resume, redact(resume, reader=Seeing(box(text, 60, 100)))).any(axis=0)
    )
    run = run_of_box(box(text, 60, 100))
    assert run is not None
    first, last = float(run.quads[2, 0, 0]), float(run.quads[12, 1, 0])
    assert first - 12 < columns.min() < first + 3
    assert last - 3 < columns.max() < last + 12


def test_what_a_line_shows_only_by_itself_is_covered_too() -> None:
    """A LINE name must end its cell; with another word beside it, it does not."""
    resume = resume_with(bare())
    boxes = [box("LINE: zhangsan", 60, 100), box("engineer", 275, 100)]
    redacted = redact(resume, reader=Seeing(*boxes))
    assert kinds(redacted) == ["handle"]
    assert "zhangsan" not in redacted.text and "engineer" in redacted.text
    run = run_of_box(boxes[0])
    assert run is not None
    left, right = int(run.quads[6, 0, 0]) + 2, int(run.quads[13, 1, 0]) - 2
    assert (
        len(np.unique(redacted.pages[0].pixels[97:133, left:right, 0])) > 2
    )  # there are words, on one colour
    assert changed(resume, redacted)[104:126, left:right].mean() > 0.2


def test_what_still_shows_once_all_is_covered_holds_the_page_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if covering failed: every pass finds the contact again."""
    monkeypatch.setattr("resumes.redaction.redact._inside", lambda quad, other: False)
    with pytest.raises(Refused, match="resume_contact_left"):
        redact(resume_with(bare()), reader=Seeing(box(f"Tel: {PHONE}", 60, 100)))


def test_a_number_down_a_column_is_one() -> None:
    made = Sheet("song")
    for row, (left, right) in enumerate(
        (("手机：138", "本科"), ("0013", "硕士"), ("8000", "博士"))
    ):
        made.text(60, 90 + 22 * row, left, 11)
        made.text(260, 90 + 22 * row, right, 11)
    assert [item.masked for item in redact(open_resume(made.saved()), reader=Blind()).items] == [
        "138****8000"
    ]


def letters(codes: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return characters of a file, each 5 pixels wide and 8 high, at `x`, `y`."""
    made = np.zeros(len(codes), LETTER)
    made["code"], made["height"] = [ord(code) for code in codes], 10
    made["box"] = np.stack([x, y, x + 5, y + 8], axis=1)
    made["advance"], made["at"] = np.stack([x, x + 6], axis=1), np.stack([x, y + 8], axis=1)
    return made


MANY = np.arange(20_000)
CROWDED = {
    "scattered": ("1" * 20_000, *np.random.default_rng(1).uniform(0, 1500, (2, 20_000))),
    "numbers": (("13800138000 " * 1_700)[:20_000], MANY % 200 * 6.0, MANY // 200 * 17.0),
    "addresses": (
        ("lumen.harbor88@qq.com " * 1_000)[:20_000],
        MANY % 200 * 6.0,
        MANY // 200 * 17.0,
    ),
    "a long line beneath many": (
        ("13800138000 " * 1_700)[:20_000],
        np.where(MANY < 1_800, MANY % 40 * 30.0, MANY * 0.06),
        np.where(MANY < 1_800, MANY // 40 * 5.0, 300.0),
    ),
}


@pytest.mark.parametrize("kind", CROWDED)
@pytest.mark.accuracy
def test_a_page_crowded_with_characters_is_done_with_in_time(kind: str) -> None:
    codes, x, y = CROWDED[kind]
    pixels = np.full((3500, 1500, 3), 250, np.uint8)
    pixels[::2, ::2] = 0
    started = time.process_time()
    with suppress(Refused):
        redact(resume_with(Page(1, pixels, 150, letters(codes, x, y))), reader=Blind())
    assert time.process_time() - started < 12


def test_a_page_in_more_pieces_than_anybody_writes_is_refused() -> None:
    codes, x, y = CROWDED["scattered"]
    with pytest.raises(Refused, match="resume_unreadable"):
        redact(resume_with(Page(1, bare().pixels, 150, letters(codes, x, y))), reader=Blind())


def test_a_page_that_could_not_be_looked_at_does_not_go_on() -> None:
    class Failing(Blind):
        def read(self, image: Picture) -> list[TextBox]:
            raise ProviderBroken("no")

    with pytest.raises(ProviderBroken):
        redact(resume_of("words"), reader=Failing())


def test_a_tall_page_is_read_in_parts_each_line_once() -> None:
    reader = Seeing(box("line", 10, 600))
    found = read_with_ocr(np.zeros((3000, 1000, 3), np.uint8), reader)
    assert len(reader.sizes) == 3
    assert all(height <= 1.41 * width for height, width in reader.sizes)
    assert [box.y0 for box in found] == sorted({box.y0 for box in found})


def test_a_code_is_covered() -> None:
    square = Image.fromarray(
        np.array(
            zxingcpp.create_barcode("weixin://abc", zxingcpp.BarcodeFormat.QRCode).to_image(scale=8)
        )
    )
    made = sheet("李四")
    made.picture(400, 60, 90, 90, square)
    redacted = redact(open_resume(made.saved()))
    assert kinds(redacted) == ["code"]
    assert zxingcpp.read_barcodes(redacted.pages[0].pixels) == []


# --- Replacement words ----------------------------------------------------------------------------


def test_words_that_find_no_room_give_way_to_shorter_ones() -> None:
    made = Sheet("song")
    made.text(60, 90, f"QQ 12345 {'后' * 30}", 11)
    words = Replacement(
        {
            "qq": (
                "here stands something very much longer than what was there",
                "由招聘平台代为转接",
                "略",
            )
        }
    )
    assert "here stands" not in redact(open_resume(made.saved()), words, Blind()).text
    assert "略" in redact(open_resume(made.saved()), words, Blind()).text


def test_words_do_not_run_into_the_next_place() -> None:
    """Both places are empty once they are covered; the longer words must not extend into the other
    place.
    """
    resume = open_resume(sheet("QQ 12345  QQ 67890").saved())
    redacted = redact(resume, Replacement({"qq": ("由招聘平台代为转接", "略")}), Blind())
    assert [line.text for line in redacted.pages[0].lines] == ["略", "由招聘平台代为转接"]


def test_the_same_file_gives_the_same_pixels() -> None:
    data = sheet(f"电话：{PHONE}").saved()
    first, second = (redact(open_resume(data)).pages[0] for _ in range(2))
    assert (first.pixels == second.pixels).all()


def test_the_file_itself_is_not_painted_on() -> None:
    resume = resume_of(f"电话：{PHONE}")
    before = resume.pages[0].pixels.copy()
    redact(resume, reader=Blind())
    assert (resume.pages[0].pixels == before).all()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ("Senior engineer, Blue Whale Software", f"Tel: {PHONE}", "QQ: 123456789"),
            "via the platform",
        ),
        (
            (
                "后端工程师，蓝鲸科技有限公司，负责 Node.js 与 Redis",
                f"电话：{PHONE}",
                "QQ：123456789",
            ),
            "由平台转接",
        ),
    ],
)
def test_the_words_are_of_the_language_of_the_page(lines: tuple[str, ...], words: str) -> None:
    redacted = redact(resume_of(*lines))
    assert kinds(redacted) == ["phone", "qq"]
    assert words in redacted.text
    assert ("转接" in redacted.text) == (words == "由平台转接")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Led a team of 12 at 北辰数据 and cut cost by a fifth within a year", "en"),
        ("使用 Node.js、Redis 与 Python 搭建数据平台", "zh"),
        ("微信：lumen_8842 邮箱 lumen.harbor88@qq.com", "zh"),
        ("", "zh"),
    ],
)
def test_a_name_in_the_other_language_changes_nothing(text: str, language: str) -> None:
    assert language_of([text]) == language


@pytest.mark.reading
def test_what_annotations_and_layers_show_is_seen_too() -> None:
    """A free text annotation is drawn over the page but is not part of its text."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sheet("words").saved())) as file:
        look = file.make_stream(f"BT /F 14 Tf 4 8 Td (Tel {PHONE}) Tj ET".encode())
        for key, value in {
            "/Type": pikepdf.Name.XObject,
            "/Subtype": pikepdf.Name.Form,
            "/BBox": pikepdf.Array([0, 0, 200, 30]),
        }.items():
            look[key] = value
        helvetica = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        look["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=helvetica))
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[60, 400, 260, 430], F=4
        )
        note.AP = pikepdf.Dictionary(N=look)
        file.pages[0].Annots = file.make_indirect(pikepdf.Array([file.make_indirect(note)]))
        file.save(out)
    (item,) = redact(open_resume(out.getvalue())).items
    assert (item.kind, item.sources) == ("phone", {"seen"})


# --- Texts from runs ------------------------------------------------------------------------------


def texts(runs: Sequence[Run]) -> list[str]:
    return [reading.text for reading in reading_orders(runs)]


def runs(*boxes: TextBox) -> list[Run]:
    return [run for each in boxes if (run := run_of_box(each))]


def test_rows_are_read_across_and_columns_down() -> None:
    found = texts(runs(box("b", 300, 50), box("a", 20, 52), box("c", 20, 100)))
    assert found[0] == "a\tb\nc"
    assert "a\nc" in found


def test_a_page_without_text_has_nothing_to_read() -> None:
    assert texts([]) == []
