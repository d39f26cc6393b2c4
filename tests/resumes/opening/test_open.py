"""Tests of opening a resume: any file becomes pixels or a refusal, and nothing gets in or out on
the way.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from PIL import Image

from benchmarks.resumes.cvs.docx import related, word
from benchmarks.resumes.cvs.sheet import Sheet
from documents.upload import sandbox
from events.core.errors import ProviderBroken, Refused
from resumes.opening import open
from resumes.opening.open import LETTER, Limits, Resume, open_resume
from tests.conftest import require
from tests.documents.test_torture import NASTY, WHOLE, flipped
from tests.documents.upload.made_files import bomb, encoded, huge_png, pdf, picture

CODES = {
    "resume_empty",
    "resume_too_large",
    "resume_format_not_supported",
    "resume_converter_missing",
    "resume_encrypted",
    "resume_too_many_pages",
    "resume_too_small",
    "resume_unreadable",
}
PAGES = "pages"
DEFAULT = Limits()
TEXT = '<w:p><w:r><w:t xml:space="preserve">{}</w:t></w:r></w:p>'


def refusal(
    data: bytes, limits: Limits = DEFAULT, isolation: sandbox.Isolation | None = None
) -> Refused:
    with pytest.raises(Refused) as caught:
        open_resume(data, limits, isolation)
    assert caught.value.field == "resume"
    assert caught.value.code in CODES
    return caught.value


def outcome(data: bytes) -> str:
    """Return PAGES or the refusal's code. Any other exception fails the test."""
    try:
        resume = open_resume(data)
    except Refused as refused:
        return refused.code if refused.seen else "refused without a word"
    assert all(page.pixels.shape == (page.height, page.width, 3) for page in resume.pages)
    return PAGES


def needs_word() -> None:
    require("LibreOffice", open.office_program() is not None)
    require("a working bubblewrap", sandbox.best_isolation() == "bubblewrap")


def text_of(resume: Resume) -> str:
    return "\n".join(page.text for page in resume.pages)


# --- Results --------------------------------------------------------------------------------------


def sheet_of(*lines: str, size: float = 11) -> bytes:
    sheet = Sheet("song")
    for number, line in enumerate(lines):
        sheet.text(60, 90 + 20 * number, line, size)
    return sheet.saved()


def test_a_pdf_is_its_pixels_and_the_places_of_its_characters() -> None:
    (page,) = open_resume(sheet_of("电话：13800138000")).pages
    assert "电话：13800138000" in page.text
    letter = page.letters[page.text.index("电")]
    x0, y0, x1, y1 = (round(float(edge)) for edge in letter["box"])
    assert page.pixels[y0:y1, x0:x1].min() < 90  # ink here
    assert page.pixels[y0 : y1 + 1, x0 - 14 : x0 - 4].min() > 200  # no ink before it
    assert abs(float(letter["at"][1]) - 90 * page.dpi / 72) < 1.5


def test_small_print_and_pages_without_text_are_drawn_finer() -> None:
    assert open_resume(sheet_of("大字 text")).pages[0].dpi == 150
    assert open_resume(sheet_of("小字 text", size=6)).pages[0].dpi == 200
    assert open_resume(pdf()).pages[0].dpi == 200


def test_a_turned_page_is_upright_and_so_are_its_characters() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sheet_of("电话：13800138000"))) as file:
        file.pages[0].Rotate = 90
        file.save(out)
    (page,) = open_resume(out.getvalue()).pages
    assert page.width > page.height
    x0, y0, x1, y1 = (round(float(edge)) for edge in page.letters[0]["box"])
    assert page.pixels[y0:y1, x0:x1].min() < 90


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_is_its_pixels(kind: str) -> None:
    (page,) = open_resume(encoded(picture(), kind)).pages
    assert (page.width, page.height, len(page.letters)) == (800, 600, 0)
    assert page.pixels[100, 100, 0] > 150 > page.pixels[500, 700, 0] - 110


def test_a_photograph_is_turned_upright_and_no_finer_than_needed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (page,) = open_resume(encoded(picture(4000, 3000), "JPEG", exif=exif.tobytes())).pages
    assert page.height > page.width
    assert page.width == 1700


def test_a_long_screenshot_keeps_its_width() -> None:
    (page,) = open_resume(encoded(picture(1080, 6000), "PNG")).pages
    assert (page.width, page.height) == (1080, 6000)


def test_a_word_file_is_printed() -> None:
    needs_word()
    resume = open_resume(word(TEXT.format("电话：13800138000"), TEXT.format("页眉 header")))
    assert resume.media_type == open.DOCX
    assert "13800138000" in text_of(resume)
    assert "header" in text_of(resume)


# --- Refusals -------------------------------------------------------------------------------------


def with_password(user: str, owner: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as file:
        file.save(out, encryption=pikepdf.Encryption(user=user, owner=owner))
    return out.getvalue()


def ole(*names: str) -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"".join(name.encode("utf-16-le") for name in names)
        + bytes(600)
    )


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "resume_empty"),
    "too large": (lambda: b"%PDF-" + bytes(21 << 20), "resume_too_large"),
    "text": (lambda: b"Phone 13800138000\n" * 40, "resume_format_not_supported"),
    "html": (lambda: b"<html><body>resume", "resume_format_not_supported"),
    "word 97": (lambda: ole("WordDocument"), "resume_format_not_supported"),
    "word with a password": (lambda: ole("EncryptedPackage"), "resume_encrypted"),
    "excel": (lambda: b"PK\x03\x04....xl/" + bytes(60), "resume_format_not_supported"),
    "pdf with a password": (lambda: with_password("secret", "more"), "resume_encrypted"),
    "13 pages": (lambda: pdf(13), "resume_too_many_pages"),
    "too small": (lambda: encoded(picture(150, 400), "PNG"), "resume_too_small"),
    "too many pixels": (lambda: huge_png(40_000, 40_000), "resume_too_large"),
    "half a jpeg": (lambda: encoded(picture(), "JPEG")[:600], "resume_unreadable"),
    "rubbish called pdf": (lambda: b"%PDF-1.7\n" + os.urandom(3000), "resume_unreadable"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_by_a_code(kind: str) -> None:
    build, code = REFUSED[kind]
    refused = refusal(build())
    assert refused.code == code
    assert refused.seen or refused.code == "resume_encrypted"


def test_a_password_for_changes_alone_keeps_nobody_from_reading() -> None:
    assert outcome(with_password("", "owner")) == PAGES


def test_word_needs_libreoffice_and_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    data = word(TEXT.format("text"))
    assert refusal(data, isolation="rlimits").code == "resume_converter_missing"
    monkeypatch.setattr(open, "office_program", lambda: None)
    assert refusal(data).code == "resume_converter_missing"


def test_a_room_of_its_own_needs_bubblewrap() -> None:
    with pytest.raises(ProviderBroken):
        sandbox.run_child(
            "nothing",
            b"",
            {},
            seconds=5,
            memory_bytes=1 << 30,
            output_bytes=1 << 16,
            isolation="rlimits",
            room_bytes=1 << 20,
        )


# --- Attacks --------------------------------------------------------------------------------------


def acting() -> bytes:
    """Return a PDF with a script, an embedded file, a form that is submitted, and a command
    to run.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as file:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('here')")
        file.Root.OpenAction = script
        file.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="/bin/sh"))
        file.attachments["a.exe"] = b"MZ"
        file.save(out)
    return out.getvalue()


def polyglot() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("word/document.xml", "x")
    return pdf() + packed.getvalue()


HARMFUL: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "2 KB that inflate to 400 MB": (bomb, {PAGES, "resume_unreadable"}),
    "scripts": (acting, {PAGES}),
    "pdf and zip": (polyglot, {PAGES}),
    "no cross-reference": (
        lambda: pdf().replace(b"xref\n0", b"xruf\n9"),
        {PAGES, "resume_unreadable"},
    ),
    "2 billion pages": (
        lambda: pdf().replace(b"/Count 1", b"/Count 2147483647"),
        {PAGES, "resume_too_many_pages"},
    ),
    "a page of 1e30": (
        lambda: pdf().replace(b"842.000000 595.000000", b"1e30 99999999999"),
        {PAGES, "resume_unreadable"},
    ),
    "a page as thin as a thread": (lambda: pdf(size=(14_000, 0.01)), {PAGES, "resume_unreadable"}),
    "a million characters": (
        lambda: pdf(content=b"BT /F 1 Tf (" + b"1" * 1_000_000 + b") Tj ET"),
        {PAGES, "resume_unreadable"},
    ),
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_harm_ends_in_pages_or_a_code(kind: str) -> None:
    build, expected = HARMFUL[kind]
    assert outcome(build()) in expected


@pytest.mark.parametrize("kind", NASTY)
def test_what_is_nasty_for_licences_is_as_harmless_here(kind: str) -> None:
    assert outcome(NASTY[kind][0]()) in CODES | {PAGES}


@pytest.mark.parametrize("kind", [kind for kind in WHOLE if kind != "tiff"])
@pytest.mark.parametrize("seed", range(2))
def test_bytes_changed(kind: str, seed: int) -> None:
    assert outcome(flipped(WHOLE[kind](), seed)) in CODES | {PAGES}


def packed_bomb(size: int) -> bytes:
    """Return a Word file of a few KB with a text of `size` bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(size >> 20):
            part.write(b" " * (1 << 20))
    return out.getvalue()


def lying_bomb() -> bytes:
    """Return the same file with a directory that declares a small size."""
    data = packed_bomb(200 << 20)
    size = (200 << 20).to_bytes(4, "little")
    return data.replace(size, (1000).to_bytes(4, "little"))


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    relations = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0'
        f' "ha">{entities}]><Relationships>&a9;</Relationships>'
    )
    return word(TEXT.format("text"), relations=relations)


WORD_HARM: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a bomb": (lambda: packed_bomb(300 << 20), {"resume_unreadable"}),
    "a bomb that lies": (lying_bomb, {"resume_unreadable"}),
    "entities that grow": (laughs, {"resume_unreadable"}),
    "4,000 parts": (
        lambda: word("", more={f"word/{n}.xml": b"<a/>" for n in range(4000)}),
        {"resume_unreadable"},
    ),
    "no text": (lambda: zipped({"a.txt": b"a"}), {"resume_format_not_supported"}),
    "text that is no xml": (
        lambda: zipped({"[Content_Types].xml": b"<", "word/document.xml": b"<w"}),
        {"resume_unreadable"},
    ),
    "cut short": (lambda: word(TEXT.format("text"))[:-200], {"resume_unreadable"}),
    "a macro": (
        lambda: word(TEXT.format("text"), more={"word/vbaProject.bin": ole("VBA")}),
        {PAGES},
    ),
    "names that climb": (
        lambda: word(TEXT.format("text"), more={"../../../tmp/left-behind": b"x"}),
        {PAGES},
    ),
}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("kind", WORD_HARM)
def test_a_word_file_that_means_harm_ends_in_pages_or_a_code(kind: str) -> None:
    needs_word()
    build, expected = WORD_HARM[kind]
    assert outcome(build()) in expected
    assert not Path("/tmp/left-behind").exists()


@pytest.fixture
def asked() -> Iterator[tuple[int, list[str]]]:
    """A server on this machine: its port, and the paths that were requested."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, paths
    server.shutdown()
    server.server_close()


def reaching_out(port: int) -> bytes:
    """Return a Word file that refers to a picture, a template and a text on a server, and to a
    local file.
    """
    address = f"http://127.0.0.1:{port}"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    more = "".join(
        f'<Relationship Id="rId{n}" Type="{office}/{kind}" Target="{target}"'
        ' TargetMode="External"/>'
        for n, (kind, target) in enumerate(
            [
                ("image", f"{address}/picture.png"),
                ("attachedTemplate", f"{address}/t.dotm"),
                ("image", "file:///etc/passwd"),
            ],
            start=2,
        )
    )
    drawing = (
        '<w:p><w:r><w:pict><v:shape style="width:100pt;height:100pt"><v:imagedata'
        ' r:id="rId2"/></v:shape></w:pict></w:r></w:p><w:p><w:r><w:pict><v:shape'
        ' style="width:100pt;height:100pt"><v:imagedata'
        ' r:id="rId4"/></v:shape></w:pict></w:r></w:p>'
    )
    fields = "".join(
        f'<w:p><w:fldSimple w:instr="{instruction}"><w:r><w:t>x</w:t></w:r></w:fldSimple></w:p>'
        for instruction in (
            f"INCLUDEPICTURE &quot;{address}/field.png&quot; \\d",
            f"INCLUDETEXT &quot;{address}/text.docx&quot;",
            "INCLUDETEXT &quot;/etc/passwd&quot;",
            "DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe &quot;/k calc&quot;",
        )
    )
    return word(
        TEXT.format("honest text") + drawing + fields,
        relations=related("header", "header1.xml", more),
    )


def test_a_word_file_reaches_nothing_outside(asked: tuple[int, list[str]]) -> None:
    needs_word()
    port, paths = asked
    resume = open_resume(reaching_out(port))
    assert "honest text" in text_of(resume)
    assert "root:" not in text_of(resume)
    assert paths == []


def test_libreoffice_that_takes_too_long_is_ended_with_all_it_started() -> None:
    needs_word()
    before = offices()
    refused = refusal(word(TEXT.format("text") * 3000), Limits(office_seconds=1))
    assert (refused.code, "1 s" in refused.seen) == ("resume_unreadable", True)
    deadline = time.monotonic() + 10
    while offices() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert offices() - before == set()


def offices() -> set[str]:
    """Return the process ids of all LibreOffice processes."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    return {
        line.split()[0]
        for line in listed.splitlines()
        if "soffice" in line and "resume.docx" in line
    }


# --- A child under the control of the resume ------------------------------------------------------


def lies(**changed: Any) -> Callable[..., sandbox.Reply]:
    """Return a stand-in for the child's reply in which something is wrong."""
    letters = np.zeros(2, LETTER)
    page = {"width": 20, "height": 10, "dpi": 150.0} | changed.get("page", {})
    blobs = changed.get("blobs", (bytes(600), letters.tobytes()))
    header = {"pages": [page]} | changed.get("header", {})
    return lambda *_, **__: sandbox.Reply(header, blobs, "rlimits")


BAD = np.zeros(1, LETTER)
BAD["code"] = 0xD800
LIES: dict[str, dict[str, Any]] = {
    "wider": {"page": {"width": 21}},
    "a size in words": {"page": {"width": "20"}},
    "no pixels": {"page": {"width": 0}},
    "true": {"page": {"width": True}},
    "an endless resolution": {"page": {"dpi": float("inf")}},
    "a resolution in words": {"page": {"dpi": "150"}},
    "half a letter": {"blobs": (bytes(600), bytes(41))},
    "half a character": {"blobs": (bytes(600), BAD.tobytes())},
    "a blob too few": {"blobs": (bytes(600),)},
    "no pages": {"header": {"pages": []}, "blobs": ()},
    "pages in words": {"header": {"pages": "one"}},
    "a code of its own": {"header": {"refused": "employer_suspended"}},
    "a list for a code": {"header": {"refused": ["document_broken"]}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_lies_is_not_believed(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "run_child", lies())
    assert len(open_resume(pdf(), isolation="rlimits").pages) == 1
    monkeypatch.setattr(sandbox, "run_child", lies(**LIES[lie]))
    assert refusal(pdf(), isolation="rlimits").code == "resume_unreadable"


def test_letters_that_stand_nowhere_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = np.zeros(3, LETTER)
    letters["box"][1] = np.nan
    monkeypatch.setattr(sandbox, "run_child", lies(blobs=(bytes(600), letters.tobytes())))
    assert len(open_resume(pdf(), isolation="rlimits").pages[0].letters) == 2


def test_what_it_says_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sandbox,
        "run_child",
        lies(header={"refused": "document_broken", "seen": "x\x1b[31m\u202e" + "y" * 5000}),
    )
    seen = refusal(pdf(), isolation="rlimits").seen
    assert len(seen) == 120
    assert re.fullmatch(r"[\x20-\x7e]+", seen)
