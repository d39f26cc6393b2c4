"""What does this licence say?

Pages go in as pictures, one LicenceReading comes out: of the page that says most. The QR code is read beside the
print, and kept apart from it: two witnesses are worth more than one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import cv2
import numpy as np
import zxingcpp
from PIL import Image

from employers import uscc
from events.errors import ProviderError, ProviderUnavailable
from verification.licence.boxes import Turn, opposite, turned
from verification.licence.fields import Found, fields_of
from verification.licence.model import LicenceReading
from verification.licence.qr import uscc_in
from verification.readers import READERS
from verification.readers.base import Picture, PlaceReader, Reader, turned_picture

ENOUGH_LABELS: Final = 3
"""A page with so many of the form's labels is a licence even where its title is not legible."""
LARGEST_QR_SIDE: Final = 6400
"""Pixels; a code on a larger picture needs no enlarging."""
_SECOND_OPINION: Final = ("uscc", "registration_number", "name")


@dataclass(frozen=True)
class _Page:
    """One page as one reader saw it."""

    number: int
    found: Found
    reader: str

    @property
    def usable(self) -> bool:
        """Whether the company is named, and by a code that is right, or by the number that licences had before 2015."""
        fields = self.found.fields
        return "name" in fields and (uscc.is_valid(fields.get("uscc", "")) or ("registration_number" in fields and "uscc" not in fields))

    @property
    def weight(self) -> tuple[bool, int, float]:
        return self.usable, len(self.found.fields) + self.found.labels, sum(self.found.confidence.values())


def read_pages(pages: Sequence[Image.Image], readers: Sequence[Reader] = READERS) -> LicenceReading:
    """Read the licence on `pages` (at least one) with the first of `readers`, and the others where it falls short.

    `confidence` is 0..1 and `regions` are pixels of the page as handed in; `seconds` is wall time. Raises
    ProviderUnavailable or ProviderBroken when no reader could read any page.
    """
    started = time.perf_counter()
    pictures = [picture_of(page) for page in pages]
    best = _read_best(pictures, [reader for reader in readers if reader.available()])
    payload = qr_payload(pictures[best.number])
    found = best.found
    return LicenceReading(
        fields=found.fields,
        confidence=found.confidence,
        regions=found.regions,
        qr=payload,
        qr_uscc=uscc_in(payload),
        seconds=round(time.perf_counter() - started, 3),
        reader=best.reader,
        looks_like_licence=found.titled or found.labels >= ENOUGH_LABELS,
        page=best.number + 1,
        turn=found.turn,
    )


def _read_best(pictures: Sequence[Picture], readers: Sequence[Reader]) -> _Page:
    best: _Page | None = None
    failure: ProviderError = ProviderUnavailable("no reader is installed", retry_after=3600)
    for reader in readers:
        turn: Turn = best.found.turn if best else 0
        for number in [best.number] if best else range(len(pictures)):
            try:
                page = _read_page(pictures[number], number, reader, turn)
            except ProviderError as error:
                failure = error
                continue
            best = page if best is None else _both(best, page) if best.reader != page.reader else max(best, page, key=lambda p: p.weight)
            if best.usable:
                return best
    if best is None:
        raise failure
    return best


def _read_page(picture: Picture, number: int, reader: Reader, turn: Turn) -> _Page:
    """`turn`: how an earlier reader found the page to lie, so that this one need not find out."""
    height, width = picture.shape[:2]
    upright = turned_picture(picture, turn)
    boxes = turned(reader.read(upright), opposite(turn), upright.shape[1], upright.shape[0])
    found = fields_of(boxes, width, height)
    if found.gaps and isinstance(reader, PlaceReader) and (seen := reader.read_places(picture, found.gaps)):
        found = fields_of([*boxes, *seen], width, height)
    return _Page(number, found, reader.name)


def _both(first: _Page, second: _Page) -> _Page:
    """`first`, with what names the company taken from `second` where `first` lacks it or has it wrong."""
    if first.number != second.number or not first.found.fields:
        return max(first, second, key=lambda page: page.weight)
    lacking = [name for name in _SECOND_OPINION if name in second.found.fields and _lacks(first, name) and not _lacks(second, name)]
    if not lacking:
        return first
    a, b = first.found, second.found
    found = replace(
        a,
        fields=a.fields | {name: b.fields[name] for name in lacking},
        confidence=a.confidence | {name: b.confidence[name] for name in lacking},
        regions=a.regions | {name: b.regions[name] for name in lacking},
    )
    return replace(first, found=found, reader=f"{first.reader}+{second.reader}")


def _lacks(page: _Page, name: str) -> bool:
    value = page.found.fields.get(name, "")
    return not uscc.is_valid(value) if name == "uscc" else not value


def picture_of(page: Image.Image) -> Picture:
    """`page` as readers take it."""
    return np.ascontiguousarray(np.asarray(page.convert("RGB"))[:, :, ::-1])


# --- The QR code -----------------------------------------------------------------------------------------


def qr_payload(picture: Picture) -> str | None:
    """The text of the QR code on `picture`, or None. Tries what helps with small, pale and blurred print, cheapest first."""
    grey = cast(Picture, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    for attempt in (_plain, _half, _double, _contrast, _triple):
        for code in zxingcpp.read_barcodes(attempt(grey), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)):
            if code.text:
                return str(code.text)
    return None


def _plain(grey: Picture) -> Picture:
    return grey


def _half(grey: Picture) -> Picture:
    return _scaled(grey, 0.5)


def _double(grey: Picture) -> Picture:
    return _scaled(grey, 2.0)


def _triple(grey: Picture) -> Picture:
    return _scaled(grey, 3.0)


def _contrast(grey: Picture) -> Picture:
    return cast(Picture, cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey))


def _scaled(grey: Picture, factor: float) -> Picture:
    factor = min(factor, LARGEST_QR_SIDE / max(grey.shape))
    return cast(Picture, cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC))
