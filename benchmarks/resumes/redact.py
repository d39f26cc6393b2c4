"""Measures contacts that redaction misses, other words that it removes, and its time.

`python -m benchmarks.redact [--items N] [--seed N] [--only KIND] [--show] [--json]` makes N
fictitious resumes (`cvs`: text, tables, pictures, scans, photographs, and Word files if LibreOffice
is installed). It opens, redacts and renders each, and searches for the planted values in every
stream of the resulting PDF, in its text, and in its pixels with two OCR engines, all independently
of the code under test. A telephone number counts as leaked if seven of its consecutive digits are
found, an identity number if nine are, and any other value if six of its characters are. A word, or
a Chinese character, counts as wrongly removed if it was not planted and its place was painted over.
Times are shown beside the time that PDFium takes to draw the same pages in the same run.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pikepdf
import pypdfium2
import zxingcpp

from benchmarks import stage
from benchmarks.resumes.cvs import cvs
from benchmarks.resumes.cvs.sheet import Cv, Truth
from documents.ocr import READERS
from documents.ocr.tesseract import TesseractReader
from documents.upload import sandbox
from resumes.marking.pdf import Sheet, released_pdf
from resumes.opening.open import Page, Resume, office_program, open_resume
from resumes.redaction.redact import Redacted, redact, relay_replacement

RELAY: Final = "0755-8600 0000 转 00"
IN_A_ROW: Final = {"phone": 7, "qq": 7, "id_number": 9}
"""Digits. The day of birth within an identity number has eight, and may occur elsewhere."""
CHARACTERS_IN_A_ROW: Final = 6
CHANGED: Final = 0.12
"""A character counts as painted over from this share of its box on."""
_NUMERALS: Final = str.maketrans("零〇一二三四五六七八九", "00123456789")


@dataclass
class Outcome:
    """The result for one resume: the leaked values and where they were found; the number of words,
    and the wrongly removed ones; seconds.
    """

    name: str
    leaks: list[tuple[str, str, str]]
    words: int
    wrong: list[str]
    pages: int
    opened: float
    redacted: float
    rendered: float
    drawn: float
    size: int


# --- Leaks ----------------------------------------------------------------------------------------


def bare(text: str) -> str:
    """Return `text` in a uniform spelling, without spaces and punctuation."""
    return re.sub(
        r"[^0-9a-z\u4e00-\u9fff]",
        "",
        unicodedata.normalize("NFKC", text).lower().translate(_NUMERALS),
    )


def pieces(kind: str, value: str) -> set[str]:
    """Return the parts of a planted value that must not occur anywhere."""
    if kind == "email":
        value = value.split("@")[0]
    if kind == "link":
        value = value.rsplit("/", 1)[-1]
    if kind == "code":
        return {value}
    text = bare(value)
    length = min(len(text), IN_A_ROW.get(kind, CHARACTERS_IN_A_ROW))
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def streams(pdf: bytes) -> str:
    """Return everything written in `pdf`: its bytes, and each of its streams, decompressed."""
    texts = [pdf.decode("latin-1")]
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") != "/Image":
                texts.append(thing.read_bytes().decode("latin-1"))
                # Text strings in hexadecimal, with two bytes per character.
                for found in re.findall(rb"<((?:[0-9a-f]{4})+)>", thing.read_bytes()):
                    texts.append(bytes.fromhex(found.decode()).decode("utf-16-be", "replace"))
            elif not isinstance(thing, pikepdf.Stream):
                texts.append(
                    str(thing.unparse(resolved=True), "latin-1")
                    if isinstance(thing, pikepdf.Object)
                    else str(thing)
                )
    return "\n".join(texts)


def views(pdf: bytes, second: bool) -> Iterator[tuple[str, str]]:
    """Yield the name of each way to read the released `pdf`, and the text that it finds."""
    yield "bytes", streams(pdf)
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield "text", page.get_textpage().get_text_bounded()
        picture = np.ascontiguousarray(
            np.asarray(page.render(scale=_dpi_of(page) / 72).to_pil().convert("RGB"))[..., ::-1]
        )
        for code in zxingcpp.read_barcodes(picture):
            yield "code", code.text
        parts = [
            picture[top : top + int(1.6 * picture.shape[1])]
            for top in range(0, picture.shape[0], int(1.4 * picture.shape[1]))
        ]
        for reader in READERS if second else READERS[:1]:
            if reader.available():
                for part in parts:
                    boxes = reader.read(np.ascontiguousarray(part))
                    yield (
                        reader.name,
                        "\n".join(
                            box.text
                            for box in sorted(boxes, key=lambda box: (round(box.y0 / 12), box.x0))
                        ),
                    )


def _dpi_of(page: Any) -> float:
    """Return the resolution of the picture that makes up `page`, or 150 for any other page."""
    image = next(iter(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])), None)
    return float(image.get_px_size()[0] * 72 / page.get_size()[0]) if image else 150.0


def leaks_of(cv: Cv, pdf: bytes, second: bool) -> list[tuple[str, str, str]]:
    """Return the planted values that can still be found: kind, value, where."""
    seen = [(where, text if where == "code" else bare(text)) for where, text in views(pdf, second)]
    return sorted(
        {
            (kind, value, where)
            for kind, value in cv.planted
            for where, text in seen
            if any(piece in text for piece in pieces(kind, value))
        }
    )


# --- Words ----------------------------------------------------------------------------------------


def truth_of(cv: Cv, resume: Resume) -> list[tuple[Truth, ...]]:
    """Return the characters of each page with their places, from the generator or from
    LibreOffice's PDF.
    """
    if cv.truth is not None:
        return list(cv.truth)
    return (
        [_by_letters(page, cv.written) for page in resume.pages]
        if cv.data.startswith(b"PK")
        else []
    )


def _by_letters(page: Page, written: tuple[str, ...]) -> tuple[Truth, ...]:
    letters = [
        letter
        for letter in page.letters
        if letter["code"] > 32 and letter["box"][2] > letter["box"][0]
    ]
    whole = "".join(chr(int(letter["code"])) for letter in letters)
    planted: set[int] = set()
    for value in written:
        text = "".join(value.split())
        start = whole.find(text)
        while start >= 0:
            planted.update(range(start, start + len(text)))
            start = whole.find(text, start + 1)
    wide, high = page.width, page.height
    return tuple(
        Truth(
            character,
            (
                float(box[0]) / wide,
                float(box[1]) / high,
                float(box[2]) / wide,
                float(box[3]) / high,
            ),
            index in planted,
        )
        for index, (character, box) in enumerate(
            zip(whole, (letter["box"] for letter in letters), strict=True)
        )
    )


def wrongly_removed(
    truth: tuple[Truth, ...], before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]
) -> tuple[int, list[str]]:
    """Return the number of words that may stay, and those that were removed."""
    changed = (np.abs(before.astype(np.int16) - after).max(axis=2) > 24).astype(np.uint8)
    high, wide = changed.shape
    words = 0
    wrong: list[str] = []
    word: list[tuple[str, bool]] = []

    def end() -> None:
        nonlocal words
        if any(character.isalnum() for character, _ in word):
            words += 1
            if any(gone for _, gone in word):
                wrong.append("".join(character for character, _ in word))
        word.clear()

    last: Truth | None = None
    for each in truth:
        x0, y0, x1, y1 = each.box
        part = changed[
            max(0, int(y0 * high)) : int(y1 * high) + 1, max(0, int(x0 * wide)) : int(x1 * wide) + 1
        ]
        gone = bool(part.size and part.mean() > CHANGED)
        apart = (
            last is None
            or each.box[0] - last.box[2] > 0.004
            or each.box[0] < last.box[0]
            or last.planted
        )
        if each.planted or ord(each.character) > 0x2E80 or apart:
            end()
        if not each.planted:
            word.append((each.character, gone))
        if ord(each.character) > 0x2E80:
            end()
        last = each
    end()
    return words, wrong


# --- One resume -----------------------------------------------------------------------------------


def judge(cv: Cv, second: bool) -> tuple[Outcome, Redacted, bytes]:
    """Redact `cv` and return the outcome, the redacted resume and the PDF."""
    clock = [time.perf_counter()]
    resume = open_resume(cv.data)
    clock.append(time.perf_counter())
    result = redact(resume, relay_replacement(RELAY))
    clock.append(time.perf_counter())
    pdf = released_pdf([Sheet(page.pixels, page.dpi, page.lines) for page in result.pages])
    clock.append(time.perf_counter())
    drawn = _drawn(cv)
    words, wrong = 0, []
    for page, after, truth in zip(resume.pages, result.pages, truth_of(cv, resume), strict=False):
        count, gone = wrongly_removed(truth, page.pixels, after.pixels)
        words += count
        wrong += gone
    opened, redacted, written = (end - start for start, end in pairwise(clock))
    outcome = Outcome(
        cv.name,
        leaks_of(cv, pdf, second),
        words,
        wrong,
        len(resume.pages),
        opened,
        redacted,
        written,
        drawn,
        len(pdf),
    )
    return outcome, result, pdf


def _drawn(cv: Cv) -> float:
    """Return the seconds that PDFium alone takes to draw the pages of `cv` at 150 dpi; 0 if it is
    not a PDF.
    """
    if not cv.data.startswith(b"%PDF"):
        return 0.0
    started = time.perf_counter()
    for page in pypdfium2.PdfDocument(cv.data):
        page.render(scale=150 / 72).to_pil()
    return time.perf_counter() - started


def measure(
    items: int, seed: int, only: str = "", show: bool = False, second: bool = True
) -> dict[str, Any]:
    """Return the figures over `items` resumes."""
    word = office_program() is not None and sandbox.best_isolation() == "bubblewrap"
    if isinstance(READERS[1], TesseractReader):
        READERS[1].seconds = 300  # waiting for other work must not affect the result
    next(iter(READERS)).read(
        np.full((320, 320, 3), 255, np.uint8)
    )  # the engine loads its models with the first page
    outcomes = []
    for cv in cvs(items, seed, word):
        if only not in cv.name:
            continue
        outcome, _, _ = judge(cv, second)
        outcomes.append(outcome)
        if show:
            print(
                f"{len(outcomes):3} {cv.name:14} {outcome.redacted:5.2f} s  leaks {outcome.leaks} "
                f" wrong {outcome.wrong}",
                flush=True,
            )
    pdfs = [outcome for outcome in outcomes if outcome.drawn]
    words = sum(outcome.words for outcome in outcomes)
    wrong = sum(len(outcome.wrong) for outcome in outcomes)
    return {
        "items": len(outcomes),
        "kinds": dict(Counter(outcome.name for outcome in outcomes)),
        "leaks": sum(len({value for _, value, _ in outcome.leaks}) for outcome in outcomes),
        "leaking": sorted(
            {
                (outcome.name, kind, where)
                for outcome in outcomes
                for kind, _, where in outcome.leaks
            }
        ),
        "words": words,
        "wrongly_removed": round(wrong / max(1, words), 6),
        "page_ms": {
            "open": _page_ms(outcomes, "opened"),
            "redact": _page_ms(outcomes, "redacted"),
            "write": _page_ms(outcomes, "rendered"),
            "bare_render": _page_ms(pdfs, "drawn"),
        },
        "page_kb": (
            round(statistics.median(outcome.size / outcome.pages for outcome in outcomes) / 1024, 1)
            if outcomes
            else 0
        ),
        "word": word,
        "second_reader": second and READERS[1].available(),
    }


def _page_ms(outcomes: list[Outcome], what: str) -> float:
    return (
        round(
            1000
            * statistics.median(getattr(outcome, what) / outcome.pages for outcome in outcomes),
            1,
        )
        if outcomes
        else 0.0
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.redact", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--items", type=int, default=130)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only kinds whose name contains this text")
    parser.add_argument("--show", action="store_true", help="print the result of each resume")
    parser.add_argument(
        "--fast",
        action="store_true",
        help="skip the second OCR engine, which takes most of the time, in the search for leaks",
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(
        arguments.items, arguments.seed, arguments.only, arguments.show, not arguments.fast
    )
    if arguments.json:
        stage.tell(result)
        return
    stage.show(
        ["items", "leaks", "words", "wrongly removed"],
        [
            (
                result["items"],
                result["leaks"],
                result["words"],
                f"{100 * result['wrongly_removed']:.3f} %",
            )
        ],
    )
    for name, kind, where in result["leaking"]:
        print(f"leaked: {kind} in {name}, seen in {where}")
    stage.show(["ms a page", "median"], list(result["page_ms"].items()))
    print(
        f"{result['page_kb']} KB a page; Word files:"
        f" {'yes' if result['word'] else 'no LibreOffice'}"
    )


if __name__ == "__main__":
    main()
