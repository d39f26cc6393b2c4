"""Removes contact details from the pages of a resume. `contacts.py` has their kinds.

Each page is read twice: from the characters in its file, and by OCR from its pixels. Findings of
either are covered in the pixels and replaced with other words. Only the pixels go on from here,
with a text of the OCR lines that were not covered, so nothing that a file hides (layers,
annotations, text behind pictures) gets out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import cv2
import numpy as np

from documents.ocr import READERS
from documents.ocr.base import Picture, Reader
from documents.page.boxes import TextBox
from events.core.errors import Refused
from resumes.opening.open import Page, Pixels, Resume
from resumes.redaction.barcodes import codes_on
from resumes.redaction.contacts import Contact, contacts_in
from resumes.redaction.findings import Found, ItemKind, Source, merge_findings
from resumes.redaction.inpaint import Patch, cover_patches
from resumes.redaction.text_lines import (
    Quad,
    Reading,
    Run,
    quad_of_letter,
    reading_orders,
    run_of_box,
    runs_of_letters,
)

ROOM: Final[Mapping[Source, tuple[float, float]]] = {"text": (0.14, 0.08), "seen": (0.14, -0.08)}
"""How far a patch extends beyond its characters, along and across the line, in heights. OCR boxes
already have a margin.
"""
TALL: Final = 1.7
"""A page taller than this many widths is read in parts, because OCR would see its print too
small.
"""
PART: Final = 1.4
OVERLAP: Final = 0.12
"""Height and overlap of the parts, in widths."""
MOST_RUNS: Final = 2000
"""Maximum number of text runs on a page."""
LOOKS: Final = 4
"""Maximum number of passes over the remaining text of a page."""
_ELSEWHERE: Final = {
    "zh": ("由平台转接", "转接", "***", "*"),
    "en": ("via the platform", "relayed", "***", "*"),
}
_HIDDEN: Final = {"zh": ("已隐去", "***", "*"), "en": ("removed", "***", "*")}
_CODE: Final = {"zh": ("二维码已隐去", "已隐去", "*"), "en": ("code removed", "removed", "*")}
Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Replacement:
    """The words that replace removed items: by kind, the longest first; shorter ones if there is
    little room.

    `words["phone"]` is the place for the relay number.
    """

    words: Mapping[ItemKind, tuple[str, ...]] = field(default_factory=dict)

    def of(self, kind: ItemKind, language: Language = "zh") -> tuple[str, ...]:
        given = self.words.get(kind, ())
        if kind == "code":
            return (*given, *_CODE[language])
        return (
            *given,
            *(_HIDDEN if kind in ("id_number", "passport", "link") else _ELSEWHERE)[language],
        )


def language_of(lines: Iterable[str]) -> Language:
    """Return the language of a page: English if it has more than twice as many English words as
    Chinese characters.
    """
    text = "\n".join(lines)
    return (
        "en"
        if len(re.findall(r"[A-Za-z]{2,}", text)) > 2 * len(re.findall(r"[\u4e00-\u9fff]", text))
        else "zh"
    )


def relay_replacement(number: str) -> Replacement:
    """Return the replacement that turns telephone numbers into the relay number `number`."""
    return Replacement({"phone": (number,)})


@dataclass(frozen=True)
class Item:
    """One removed item.

    `masked` hints at it without revealing it; `sources` says where it was found.
    """

    kind: ItemKind
    page: int
    masked: str
    sources: frozenset[Source]


@dataclass(frozen=True, eq=False)
class Line:
    """A remaining line, and its four corners on the page."""

    text: str
    quad: Quad


@dataclass(frozen=True, eq=False)
class RedactedPage:
    """A redacted page, ready to be marked and released."""

    number: int
    pixels: Pixels
    dpi: float
    lines: tuple[Line, ...]
    phones: tuple[Quad, ...] = ()
    """The places of telephone numbers, the first line of each, where a relay number can be written
    later.
    """


@dataclass(frozen=True, eq=False)
class Redacted:
    """A redacted resume, and the items that were removed."""

    pages: tuple[RedactedPage, ...]
    items: tuple[Item, ...]

    @property
    def text(self) -> str:
        """The remaining text, in lines."""
        return "\n".join(line.text for page in self.pages for line in page.lines)


def redact(
    resume: Resume, replacement: Replacement = Replacement(), reader: Reader = READERS[0]
) -> Redacted:
    """Return `resume` without contacts.

    Raises the errors of `Reader.read`: a page that was not read does not go on. Raises Refused:
    `resume_unreadable` for a page in more pieces than people write, `resume_contact_left` if a
    contact could not be covered.
    """
    pages, items = [], []
    for page in resume.pages:
        redacted, found = _redacted(page, replacement, reader)
        pages.append(redacted)
        items += found
    return Redacted(tuple(pages), tuple(items))


def _redacted(
    page: Page, replacement: Replacement, reader: Reader
) -> tuple[RedactedPage, list[Item]]:
    seen = [run for box in read_with_ocr(page.pixels, reader) if (run := run_of_box(box))]
    found = _nothing_left(
        seen,
        merge_findings(
            [*_in_letters(page), *_in_runs(seen, "seen"), *_in_codes(page.pixels)], page
        ),
        page,
    )
    language = language_of(run.text for run in seen) if seen else language_of([page.text])
    patches = [
        Patch(quad, replacement.of(each.kind, language) if first else ())
        for each in found
        for first, quad in _firsts(each.quads)
    ]
    pixels, said = cover_patches(page.pixels, patches)
    lines = _left(seen, patches, said)
    items = [Item(each.kind, page.number, each.masked, each.sources) for each in found]
    phones = tuple(each.quads[0] for each in found if each.kind == "phone")
    return RedactedPage(page.number, pixels, page.dpi, lines, phones), items


def _nothing_left(seen: Sequence[Run], found: list[Found], page: Page) -> list[Found]:
    """Return `found` and the contacts in the remaining text of each run.

    Without the covered parts and the other lines, a run may show a contact that was not found
    before.
    """
    for _ in range(LOOKS):
        covered = [quad for each in found for quad in each.quads]
        more = []
        for run in seen:
            for start, end in _uncovered(run, covered):
                rest = Reading(
                    run.text[start:end], tuple((run, index) for index in range(start, end))
                )
                more += list(_in_reading(rest, "seen"))
        if not more:
            return found
        found = merge_findings([*found, *more], page)
    raise Refused("resume_contact_left")


def _firsts(quads: Sequence[Quad]) -> list[tuple[bool, Quad]]:
    """Return `quads` and whether each is the first; the replacement words go there."""
    return [(index == 0, quad) for index, quad in enumerate(quads)]


# --- Reading --------------------------------------------------------------------------------------


def read_with_ocr(pixels: Pixels, reader: Reader) -> list[TextBox]:
    """Return the OCR result of a page; a tall page is read in parts."""
    picture: Picture = np.ascontiguousarray(pixels[..., ::-1])
    height, width = picture.shape[:2]
    if height <= TALL * width:
        return reader.read(picture)
    step, overlap = round((PART - OVERLAP) * width), round(OVERLAP * width)
    boxes = []
    for top in range(0, max(1, height - overlap), step):
        bottom = min(height, top + step + overlap)
        first, last = (
            top + (overlap // 2 if top else 0),
            bottom - (overlap // 2 if bottom < height else 0),
        )
        for box in reader.read(np.ascontiguousarray(picture[top:bottom])):
            if first <= box.middle[1] + top < last:
                boxes.append(_lowered(box, top))
    return boxes


def _lowered(box: TextBox, by: int) -> TextBox:
    a, b, c, d = ((x, y + by) for x, y in box.polygon)
    return TextBox(box.text, box.score, (a, b, c, d), box.weak, box.at)


def _in_letters(page: Page) -> Iterator[Found]:
    """Yield the contacts in the file's own characters, in the file's order and in the order on the
    page.
    """
    text = page.text.replace("\r\n", "\n ").replace("\r", "\n")  # keeps the length
    for contact in contacts_in(text):
        letters = page.letters[contact.start : contact.end]
        inked = np.flatnonzero(letters["box"][:, 2] > letters["box"][:, 0])
        quads = [quad_of_letter(letters[index : index + 1]) for index in inked]
        if quads:
            yield Found(
                contact.kind, contact.masked, tuple(_lines_of(quads, "text")), frozenset({"text"})
            )
    yield from _in_runs(runs_of_letters(page.letters), "text")


def _in_runs(runs: Sequence[Run], source: Source) -> Iterator[Found]:
    if len(runs) > MOST_RUNS:
        raise Refused("resume_unreadable")
    for reading in reading_orders(runs):
        yield from _in_reading(reading, source)


def _in_reading(reading: Reading, source: Source) -> Iterator[Found]:
    for contact in contacts_in(reading.text):
        quads = _quads(reading, contact, source)
        if quads:
            yield Found(contact.kind, contact.masked, tuple(quads), frozenset({source}))


def _quads(reading: Reading, contact: Contact, source: Source) -> list[Quad]:
    """Return the places of `contact`, one for each line.

    Returns none if only contacts across two lines count and this one is within a line.
    """
    characters = [each for each in reading.sources[contact.start : contact.end] if each]
    if reading.only_across and (not characters or characters[-1][0] is reading.sources[0][0]):  # type: ignore[index]
        return []
    return _lines_of([run.quads[index] for run, index in characters], source)


def _lines_of(quads: Sequence[Quad], source: Source) -> list[Quad]:
    """Return one quadrilateral for each line of consecutive characters, with ROOM around it."""
    groups: list[list[Quad]] = []
    for quad in quads:
        if groups and _goes_on(groups[-1][-1], quad):
            groups[-1].append(quad)
        else:
            groups.append([quad])
    return [_hull(group, *ROOM[source]) for group in groups]


def _goes_on(before: Quad, quad: Quad) -> bool:
    """Whether `quad` follows `before` on the same line."""
    middle, height = (
        quad.mean(axis=0) - before.mean(axis=0),
        max(_height(before), _height(quad), 4.0),
    )
    along = before[1] - before[0]
    along = along / max(float(np.linalg.norm(along)), 1e-3)
    ahead, across = float(middle @ along), abs(float(middle[0] * along[1] - middle[1] * along[0]))
    return across < 0.7 * height and -0.5 * height < ahead < 12 * height


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]))


def _hull(quads: Sequence[Quad], beside: float, above: float) -> Quad:
    """Return the quadrilateral in the direction of `quads` that contains them all.

    `beside` and `above` are the margins in heights.
    """
    points = np.concatenate(quads).astype(np.float64)
    along = (quads[-1][1] + quads[-1][2] - quads[0][0] - quads[0][3]).astype(np.float64)
    along /= max(float(np.linalg.norm(along)), 1e-6)
    down = np.array([-along[1], along[0]])
    u, v = points @ along, points @ down
    height = max(float(v.max() - v.min()), 6.0)
    left, right = u.min() - beside * height - 1, u.max() + beside * height + 1
    top, bottom = v.min() - above * height - 1, v.max() + above * height + 1
    return np.array(
        [
            along * x + down * y
            for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
        ],
        dtype=np.float32,
    )


def _in_codes(pixels: Pixels) -> Iterator[Found]:
    for quad in codes_on(pixels):
        yield Found("code", "***", (quad,), frozenset({"seen"}))


# --- The remaining text ---------------------------------------------------------------------------


def _left(seen: Sequence[Run], patches: Sequence[Patch], said: Sequence[str]) -> tuple[Line, ...]:
    """Return the OCR lines without the covered parts, and the replacement words."""
    ours = [Line(words, patch.quad) for patch, words in zip(patches, said, strict=True) if words]
    lines = []
    for run in seen:
        for start, end in _uncovered(run, [patch.quad for patch in patches]):
            text = run.text[start:end].strip()
            if text:
                quad = np.stack(
                    [
                        run.quads[start, 0],
                        run.quads[end - 1, 1],
                        run.quads[end - 1, 2],
                        run.quads[start, 3],
                    ]
                )
                lines.append(Line(text, quad))
    return tuple(_as_read([*ours, *lines]))


def _uncovered(run: Run, covered: Sequence[Quad]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of `run` that is not `covered`."""
    low, high = run.quads.reshape(-1, 2).min(axis=0), run.quads.reshape(-1, 2).max(axis=0)
    near = [
        quad
        for quad in covered
        if not ((quad.max(axis=0) < low).any() or (quad.min(axis=0) > high).any())
    ]
    return _stretches([not any(_inside(quad, other) for other in near) for quad in run.quads])


def _as_read(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` row by row."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: float(line.quad[:, 1].mean())):
        if rows and float(line.quad[:, 1].mean() - rows[-1][0].quad[:, 1].mean()) < 0.5 * _height(
            rows[-1][0].quad
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: float(line.quad[0, 0]))]


def _inside(quad: Quad, other: Quad) -> bool:
    x, y = quad.mean(axis=0)
    return cv2.pointPolygonTest(other, (float(x), float(y)), False) >= 0


def _stretches(kept: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each run of True."""
    start = None
    for index, each in enumerate([*kept, False]):
        if each and start is None:
            start = index
        elif not each and start is not None:
            yield start, index
            start = None
