"""Reads licences: pictures of pages in, one LicenceReading out.

The reading is of the page that says most. The QR code is read as well as the print and kept
separate, because two independent sources are worth more than one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import cv2
import numpy as np
import structlog
import zxingcpp
from PIL import Image

from documents import uscc
from documents.licence.extract import Found, fields_of
from documents.licence.fields import LicenceReading
from documents.licence.problems import problems_of
from documents.licence.qr import uscc_in
from documents.licence.second_look import better_reading, look_again, look_for, second_opinion
from documents.licence.witnesses import with_fields, with_qr
from documents.ocr import READERS
from documents.ocr.base import CloseReader, Picture, PromptReader, Reader
from documents.ocr.cloud import CloudReading, FieldReader, jpeg_of
from documents.page.boxes import Polygon, Region, TextBox
from documents.page.licence_fields import fields_with
from documents.page.paper_kinds import PaperKind, kind_of, kind_of_best
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable

log = structlog.get_logger()

SECONDS_TO_LOOK: Final = 20.0
"""No second looks at a document start after this many seconds."""
LARGEST_QR_SIDE: Final = 6400
"""In pixels. Codes on larger pictures need no enlarging."""


@dataclass(frozen=True)
class _Page:
    """One page as the readers saw it."""

    number: int
    picture: Picture
    boxes: tuple[TextBox, ...]
    found: Found
    readers: tuple[str, ...]
    decided_seconds: float | None
    others: tuple[PaperKind | None, ...] = ()
    """The kinds of all pages that were read before it was chosen."""

    @property
    def kind(self) -> PaperKind | None:
        """Which paper it is. What has a licence's title or fields is one, whatever lies beside."""
        height, width = self.picture.shape[:2]
        if self.found.is_licence:
            return PaperKind.BUSINESS_LICENCE
        return kind_of_best(kind_of(self.boxes, width, height), self.others)

    @property
    def usable(self) -> bool:
        """Whether this is a licence with a right code or a number from before 2015."""
        return self.found.is_licence and _names_company(self.found)

    @property
    def weight(self) -> tuple[bool, bool, int, float]:
        return (
            self.found.is_licence,
            _names_company(self.found),
            len(self.found.fields) + self.found.labels,
            sum(self.found.confidence.values()),
        )


def read_pages(
    pages: Sequence[Image.Image],
    readers: Sequence[Reader] = READERS,
    declared: Mapping[str, str] | None = None,
    cloud: FieldReader | None = None,
) -> LicenceReading:
    """Read the licence on `pages` (at least one) with the first of `readers`.

    The other readers are used where the first falls short. Pages are fetched from `pages` when
    needed and dropped for a better one, so a lazy sequence saves memory. `declared` has expected
    values of fields: where a value differs, it is read again, and only the text that was read
    counts, never the expected value. `cloud` is asked last, if no reader could name the company;
    its failures are ignored.

    `confidence` is 0..1, `regions` are pixels of the page as submitted, and `seconds` is wall time.
    Raises ProviderUnavailable or ProviderBroken if no reader could read any page.
    """
    started = time.perf_counter()
    best = _read_best(
        pages, [reader for reader in readers if reader.available()], declared or {}, started
    )
    told = (
        _told(pages[best.number], cloud)
        if cloud and not best.usable and cloud.available()
        else None
    )
    if told and told.fields:
        best = replace(
            best,
            found=with_fields(best.found, told.fields, told.confidence),
            readers=(*best.readers, told.reader),
        )
    code = qr_code(best.picture)
    stated = uscc_in(code.text) if code else None
    found, problems = with_qr(best.found, stated)
    return LicenceReading(
        fields=found.fields,
        confidence=found.confidence,
        regions=found.regions | ({"qr": code.region} if code else {}),
        lines=found.lines,
        alternatives=found.alternatives,
        form=found.edition,
        problems=(*problems_of(best.found), *problems),
        qr=code.text if code else None,
        qr_uscc=stated,
        seconds=round(time.perf_counter() - started, 3),
        decided_seconds=best.decided_seconds,
        reader="+".join(best.readers),
        looks_like_licence=found.is_licence,
        cloud=told.as_json() if told else None,
        page=best.number + 1,
        turn=found.rotation,
        kind=best.kind,
    )


def _told(page: Image.Image, cloud: FieldReader) -> CloudReading | None:
    try:
        return cloud.read_fields(jpeg_of(page))
    except ProviderError as error:
        log.warning("cloud_reader_did_not_answer", reader=cloud.name, error=type(error).__name__)
        return None


def _names_company(found: Found) -> bool:
    fields = found.fields
    return "name" in fields and (
        uscc.is_valid(fields.get("uscc", ""))
        or ("registration_number" in fields and "uscc" not in fields)
    )


def _is_sufficient(found: Found) -> bool:
    """Whether the fields that decide were read: the company and its legal representative."""
    return _names_company(found) and "legal_representative" in found.fields


def _read_best(
    pages: Sequence[Image.Image],
    readers: Sequence[Reader],
    declared: Mapping[str, str],
    started: float,
) -> _Page:
    best: _Page | None = None
    failure: ProviderError = ProviderUnavailable("no reader is installed", retry_after=3600)
    for reader in readers:
        try:
            best = (
                _read_all(pages, reader, declared, started)
                if best is None
                else _with_second(best, reader, started)
            )
        except ProviderError as error:
            failure = error
            continue
        if best is not None and best.usable:
            break
    if best is None:
        raise failure
    return best


def _read_all(
    images: Sequence[Image.Image], reader: Reader, declared: Mapping[str, str], started: float
) -> _Page:
    """Return the page that says most. The first that names the company ends the search.

    Raises the reader's last error if it failed on all pages.
    """
    best: _Page | None = None
    kinds: list[PaperKind | None] = []
    failure: ProviderError = ProviderBroken("no page")
    for number in range(len(images)):
        try:
            page = _read_page(picture_of(images[number]), number, reader, declared, started)
        except ProviderError as error:
            failure = error
            continue
        kinds.append(page.kind)
        best = page if best is None or page.weight > best.weight else best
        if best.usable:
            break
    if best is None:
        raise failure
    return replace(best, others=tuple(kinds))


def _read_page(
    picture: Picture, number: int, reader: Reader, declared: Mapping[str, str], started: float
) -> _Page:
    height, width = picture.shape[:2]
    decided: float | None = None

    def seen(boxes: Sequence[TextBox]) -> None:
        nonlocal decided
        if decided is None and _is_sufficient(fields_of(boxes, width, height)):
            decided = time.perf_counter() - started

    boxes = (
        reader.read_in_parts(picture, seen)
        if isinstance(reader, PromptReader)
        else reader.read(picture)
    )
    found = fields_of(boxes, width, height)
    if isinstance(reader, CloseReader):
        hurried = _Hurried(reader, started + SECONDS_TO_LOOK)
        found = look_again(picture, boxes, found, hurried)
        found = look_for(picture, boxes, found, hurried, declared)
    if decided is None and _is_sufficient(found):
        decided = time.perf_counter() - started
    return _Page(
        number, picture, tuple(boxes), found, (reader.name,), round(decided, 3) if decided else None
    )


def _with_second(page: _Page, reader: Reader, started: float) -> _Page:
    """Return `page` with another reader's code and name, where the first left a doubt."""
    if isinstance(reader, CloseReader):
        found = second_opinion(
            page.picture, page.boxes, page.found, _Hurried(reader, started + SECONDS_TO_LOOK)
        )
    else:
        height, width = page.picture.shape[:2]
        found = better_reading(
            page.found,
            fields_of(reader.read(page.picture), width, height),
            fields_with(lambda field: field.identifies),
        )
    return (
        page
        if found.fields == page.found.fields
        else replace(page, found=found, readers=(*page.readers, reader.name))
    )


@dataclass
class _Hurried:
    """A reader that returns nothing after `until` (`time.perf_counter`), to limit the time."""

    reader: CloseReader
    until: float
    name: str = ""

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        return [] if time.perf_counter() > self.until else self.reader.read_regions(image, regions)

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        return (
            []
            if time.perf_counter() > self.until
            else self.reader.read_area(image, area, zoom, ink=ink)
        )


def picture_of(page: Image.Image) -> Picture:
    """Return `page` in the format that readers take."""
    rgb = page if page.mode == "RGB" else page.convert("RGB")
    return cast(Picture, cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR))


# --- The QR code ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class QrCode:
    """The text of a QR code and its region, in pixels of the page."""

    text: str
    region: Region


def qr_code(picture: Picture) -> QrCode | None:
    """Return the QR code on `picture` that says most, or None.

    It is the first that states a company's code, else the first. So a second QR code cannot hide
    one.
    """
    codes = qr_codes(picture)
    return next((code for code in codes if uscc_in(code.text)), next(iter(codes), None))


def qr_codes(picture: Picture) -> list[QrCode]:
    """Return the QR codes on `picture`.

    Tries the treatments for small, pale and blurred print, cheapest first.
    """
    grey = cast(Picture, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    for attempt in (_plain, _half, _double, _contrast, _triple):
        tried = attempt(grey)
        if codes := [code for code in zxingcpp.read_barcodes(tried, formats=formats) if code.text]:
            return [
                QrCode(str(code.text), _region_of(code.position, grey.shape[1] / tried.shape[1]))
                for code in codes
            ]
    return []


def _region_of(position: zxingcpp.Position, scale: float) -> Region:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    across, down = (
        [corner.x * scale for corner in corners],
        [corner.y * scale for corner in corners],
    )
    return round(min(across)), round(min(down)), round(max(across)), round(max(down))


def _plain(grey: Picture) -> Picture:
    return grey


def _half(grey: Picture) -> Picture:
    return _scaled(grey, 0.5) if min(grey.shape) > 2 else grey


def _double(grey: Picture) -> Picture:
    return _scaled(grey, 2.0)


def _triple(grey: Picture) -> Picture:
    return _scaled(grey, 3.0)


def _contrast(grey: Picture) -> Picture:
    return cast(Picture, cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey))


def _scaled(grey: Picture, factor: float) -> Picture:
    factor = min(factor, LARGEST_QR_SIDE / max(grey.shape))
    return cast(
        Picture,
        cv2.resize(
            grey,
            None,
            fx=factor,
            fy=factor,
            interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC,
        ),
    )
