"""Reads a business licence, a human resources service licence or a letter of authorisation.

The engines are asked as for a business licence: the best first, on every page; the next one where
that fell short. Print under a seal is read through a red filter. In a letter the seal is read too:
its ring is unrolled and read alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Literal, TypeVar, overload

from PIL import Image

from documents.licence.fields import LicenceReading
from documents.licence.read import picture_of, read_pages
from documents.ocr import READERS
from documents.ocr.base import Picture, Reader, rotated_picture
from documents.page.boxes import (
    Region,
    Rotation,
    TextBox,
    opposite_rotation,
    rotate_boxes,
    rotated_back,
)
from documents.page.paper_kinds import kind_of, kind_of_best
from documents.page.text import full_width, tidy_text, to_simplified
from documents.papers.authorisation_letter import (
    AuthorizationLetterReading,
    authorization_letter_of,
)
from documents.papers.hr_service import HrServiceLicenceReading, hr_service_licence_of
from documents.papers.model import PaperReading
from documents.papers.seals import (
    Seal,
    dark_share,
    find_seals,
    red_ink,
    unroll_seal,
    with_seals_removed,
)
from events.core.errors import ProviderError, ProviderUnavailable

Kind = Literal["business_licence", "hr_service_licence", "authorization_letter"]
KINDS: Final[tuple[Kind, ...]] = ("business_licence", "hr_service_licence", "authorization_letter")
SIGNED_FROM: Final = 0.012
"""The share of dark ink in the place for a signature from which on it is signed.

A ruled line alone has less.
"""
RED_WITHOUT_SHAPE: Final = 0.0005
"""The share of red on a page from which on it may have a seal although no round one was found.

A sharp seal covers 0.003 or more.
"""
SURE_OF_A_SEAL: Final = 0.5
"""Text in a seal's ring with a lower score is not reported."""
_NO_LETTERING: Final = re.compile(r"^[^一-鿿(]+|[^一-鿿)]+$")
"""Characters that a reader invents at the empty ends of the ring."""
_P = TypeVar("_P", bound=PaperReading)


@dataclass(frozen=True)
class _Paper(Generic[_P]):
    """How one kind of document is parsed, and the fields without which a second reader is asked."""

    parse: Callable[[Sequence[TextBox], int, int], _P]
    needed: frozenset[str]

    def read(self, picture: Picture, reader: Reader, rotation: Rotation = 0) -> _P:
        """Read `picture`.

        `rotation` is the rotation found by an earlier reader, so that this one need not find it
        again.
        """
        height, width = picture.shape[:2]
        upright = rotated_picture(picture, rotation)
        boxes = rotate_boxes(
            reader.read(upright), opposite_rotation(rotation), upright.shape[1], upright.shape[0]
        )
        kind = kind_of(boxes, width, height)
        return replace(self.parse(boxes, width, height), reader=reader.name, kind=kind)

    def enough(self, page: _P) -> bool:
        return page.titled and self.needed <= page.fields.keys()


_HR_SERVICE: Final = _Paper(hr_service_licence_of, frozenset({"number", "name"}))
_LETTER: Final = _Paper(authorization_letter_of, frozenset({"company", "recruiter"}))


@overload
def read_paper(
    kind: Literal["business_licence"], pages: Sequence[Image.Image], readers: Sequence[Reader] = ...
) -> LicenceReading: ...
@overload
def read_paper(
    kind: Literal["hr_service_licence"],
    pages: Sequence[Image.Image],
    readers: Sequence[Reader] = ...,
) -> HrServiceLicenceReading: ...
@overload
def read_paper(
    kind: Literal["authorization_letter"],
    pages: Sequence[Image.Image],
    readers: Sequence[Reader] = ...,
) -> AuthorizationLetterReading: ...
@overload
def read_paper(
    kind: Kind, pages: Sequence[Image.Image], readers: Sequence[Reader] = ...
) -> LicenceReading | PaperReading: ...


def read_paper(
    kind: Kind, pages: Sequence[Image.Image], readers: Sequence[Reader] = READERS
) -> LicenceReading | PaperReading:
    """Read the document of `kind` on `pages` (at least one) with the first of `readers`.

    The other readers are used where the first falls short. `confidence` is 0..1, `regions` are
    pixels of the page as submitted, and `seconds` is wall time. The reading says whether the page
    has the title of this kind (`titled`; `looks_like_licence` for a business licence). Pages are
    fetched from `pages` one at a time, so a lazy sequence saves memory. Raises ProviderUnavailable
    or ProviderBroken if no reader could read any page, and ValueError for an unknown kind.
    """
    if kind == "business_licence":
        return read_pages(pages, readers)
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    started = time.perf_counter()
    usable = [reader for reader in readers if reader.available()]
    reading: PaperReading
    if kind == "hr_service_licence":
        reading = _read_best(_HR_SERVICE, pages, usable)
    else:
        letter = _read_best(_LETTER, pages, usable)
        picture = picture_of(pages[letter.page - 1])
        reading = _with_seal(letter, picture, find_seals(picture), usable)
    return replace(reading, seconds=round(time.perf_counter() - started, 3))


def _read_best(paper: _Paper[_P], pages: Sequence[Image.Image], readers: Sequence[Reader]) -> _P:
    best: _P | None = None
    failure: ProviderError = ProviderUnavailable("no reader is installed", retry_after=3600)
    for reader in readers:
        seen: list[_P] = []
        for number in [best.page - 1] if best else range(len(pages)):
            try:
                page = replace(
                    paper.read(_legible(pages[number]), reader, best.turn if best else 0),
                    page=number + 1,
                )
            except ProviderError as error:
                failure = error
                continue
            seen.append(page)
            if paper.enough(page):
                break
        if seen:
            page = max(seen, key=_weight)
            page = replace(page, kind=kind_of_best(page.kind, (each.kind for each in seen)))
            best = page if best is None else _both(best, page)
            if paper.enough(best):
                return best
    if best is None:
        raise failure
    return best


def _legible(page: Image.Image) -> Picture:
    """Return `page` for the readers, without the seals over its print."""
    picture = picture_of(page)
    return with_seals_removed(picture, find_seals(picture))


def _weight(page: PaperReading) -> tuple[bool, int, float]:
    return page.titled, len(page.fields), sum(page.confidence.values())


def _both(first: _P, second: _P) -> _P:
    """Return `first` with fields that it lacks from `second`, another reading of the same page."""
    lacking = [name for name in second.fields if name not in first.fields]
    if not lacking and (first.titled or not second.titled):
        return first
    return replace(
        first,
        fields=first.fields | {name: second.fields[name] for name in lacking},
        confidence=first.confidence | {name: second.confidence[name] for name in lacking},
        regions=first.regions | {name: second.regions[name] for name in lacking},
        titled=first.titled or second.titled,
        reader=(
            first.reader
            if second.reader in first.reader.split("+")
            else f"{first.reader}+{second.reader}"
        ),
    )


# --- Seal and signature of a letter --------------------------------- -----------------------------


def _with_seal(
    letter: AuthorizationLetterReading,
    picture: Picture,
    seals: Sequence[Seal],
    readers: Sequence[Reader],
) -> AuthorizationLetterReading:
    """Return `letter` with its seal and signature.

    Whether it was sealed stays unknown for a grey copy, or a page with red of no clear shape.
    """
    if letter.signature_place is not None and letter.signed is None:
        letter = replace(letter, signed=dark_share(picture, letter.signature_place) >= SIGNED_FROM)
    if not seals:
        smeared = float((red_ink(picture) > 0).mean()) >= RED_WITHOUT_SHAPE
        return replace(letter, sealed=None if smeared or _is_grey(picture) else False)
    seal = seals[0]
    text, confidence = _seal_text(picture, seal, letter.turn, readers)
    return replace(
        letter, sealed=True, seal_text=text, seal_confidence=confidence, seal_region=seal.region
    )


def _is_grey(picture: Picture) -> bool:
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    return bool((spread > 24).mean() < 0.0002)


def _seal_text(
    picture: Picture, seal: Seal, rotation: Rotation, readers: Sequence[Reader]
) -> tuple[str, float]:
    """Return the text in the seal's ring and its score (0..1), from the first reader that answers.

    The text is empty if the score is too low.
    """
    upright = rotated_picture(picture, rotation)
    region = _rotated_region(seal.region, rotation, picture.shape[1], picture.shape[0])
    strip = unroll_seal(upright, replace(seal, region=region))
    for reader in readers:
        try:
            boxes = reader.read(strip)
        except ProviderError:
            continue
        boxes = sorted(
            (box for box in boxes if box.length > 1.5 * box.height and abs(box.angle) < 20),
            key=lambda box: box.x0,
        )
        text = full_width(
            _NO_LETTERING.sub("", to_simplified("".join(tidy_text(box.text) for box in boxes)))
        )
        score = sum(box.score * len(box.text) for box in boxes) / max(
            1, sum(len(box.text) for box in boxes)
        )
        return (text, round(score, 3)) if text and score >= SURE_OF_A_SEAL else ("", 0.0)
    return "", 0.0


def _rotated_region(region: Region, rotation: Rotation, width: int, height: int) -> Region:
    """Return `region` of a page of `width` × `height` after it was turned by `rotation`."""
    upright_size = (width, height) if rotation in (0, 180) else (height, width)
    return rotated_back(region, opposite_rotation(rotation), *upright_size)
