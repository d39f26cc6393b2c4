"""Second looks: reads the doubtful places of a page again, enlarged.

The first look reads the whole page. A second is spent only where the first left a doubt: on the
line that must hold the value, then on the area enlarged, then on the area's dark print alone, in
case a stamp covers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from documents import uscc
from documents.licence.doubts import ALWAYS_PRINTED, SHORT, UNSURE, Doubt, ends_like_address
from documents.licence.extract import Found, fields_of
from documents.licence.witnesses import is_as_declared
from documents.ocr.base import CloseReader, Picture
from documents.page.boxes import Polygon, Region, Rotation, TextBox, opposite_rotation, rotate_boxes
from documents.page.confidence import SURE
from documents.page.licence_fields import SecondLook, fields_with
from documents.page.text import tidy_text
from documents.page.values import is_checked_number

LINE_HEIGHT: Final = 40
"""The height to which a line is enlarged, in pixels."""
LARGEST_ZOOM: Final = 3.0
LONG: Final = fields_with(lambda field: field.second_look is SecondLook.LONGER)
DECLARED: Final = fields_with(lambda field: field.declared)
MOST_LOOKS: Final = 6
MOST_LINES: Final = 24
OVERLAP: Final = 2
"""The number of characters that a cut of a line's end must share with the line."""
CONFIRMED: Final = 0.95
"""The highest confidence in a value that only a second reading saw."""
SURE_SCORE: Final = 0.9
"""Text of the first look with at least this score is kept if a closer look misses it."""
SURER: Final = 0.05
"""How much more confidence a second reading of a short value needs to replace the first."""


def second_opinion(
    picture: Picture, boxes: Sequence[TextBox], found: Found, reader: CloseReader
) -> Found:
    """Return `found` with a second reader's code, if the first one's is in doubt.

    The code is the only field in which another engine's reading can be proven right, by the check
    character. Raises the reader's errors.
    """
    doubts = tuple(doubt for doubt in found.doubts if "uscc" in doubt.names)
    return _look_at(picture, boxes, replace(found, doubts=doubts), reader) if doubts else found


def look_again(
    picture: Picture, boxes: Sequence[TextBox], found: Found, reader: CloseReader
) -> Found:
    """Return `found` (read from `boxes` of `picture`) with the results of closer looks at its
    doubts.

    Raises the reader's errors.
    """
    return (
        _look_at_halves(picture, _look_at(picture, boxes, found, reader), reader)
        if found.doubts
        else found
    )


def _look_at(
    picture: Picture, boxes: Sequence[TextBox], found: Found, reader: CloseReader
) -> Found:
    height, width = picture.shape[:2]

    def seen_with(boxes: Sequence[TextBox]) -> Found:
        return fields_of(boxes, width, height)

    clipped = [doubt.line for doubt in found.doubts if doubt.line and doubt.clipped]
    if clipped and (whole := _completed(boxes, reader.read_regions(picture, clipped))) != boxes:
        boxes = whole
        found = better_reading(found, seen_with(boxes), ("address",))
    lines = [
        line
        for doubt in found.doubts
        if doubt.line and not doubt.clipped
        for line in (doubt.line, *doubt.other_cuts)
    ]
    if lines and (seen := reader.read_regions(picture, lines[:MOST_LINES])):
        found = better_reading(found, seen_with([*boxes, *seen]), _names(found.doubts))
    doubts = [doubt for doubt in found.doubts if not doubt.clipped][:MOST_LOOKS]
    for ink in (False, True):
        for doubt in doubts:
            if _open(found, doubt, ink=ink):
                seen = reader.read_area(picture, doubt.area, _zoom(doubt), ink=ink)
                found = better_reading(
                    found, seen_with(_together(boxes, seen, doubt.area)), doubt.names
                )
    return found


def look_for(
    picture: Picture,
    boxes: Sequence[TextBox],
    found: Found,
    reader: CloseReader,
    declared: Mapping[str, str],
) -> Found:
    """Return `found` with unsure fields that differ from `declared` read again.

    Only the text that the reader saw counts; the first reading is kept as an alternative. Fields
    that were read surely do not change: if both values can be read on the page, the reader made no
    mistake.
    """
    height, width = picture.shape[:2]
    for name in DECLARED:
        expected, read = declared.get(name, ""), found.fields.get(name, "")
        if (
            not expected
            or not read
            or is_as_declared(name, read, expected)
            or not _is_unsure(name, found)
            or name not in found.regions
        ):
            continue
        area, line_height = _around(found.regions[name], found.rotation, len(found.lines[name]))
        for ink in (False, True):
            seen = reader.read_area(
                picture, area, min(LARGEST_ZOOM, max(1.0, LINE_HEIGHT / line_height)), ink=ink
            )
            again = fields_of([*_outside(boxes, area), *seen], width, height)
            if is_as_declared(name, again.fields.get(name, ""), expected):
                found = _taken(found, again, [name])
                found = replace(
                    found,
                    confidence=found.confidence | {name: min(found.confidence[name], CONFIRMED)},
                    alternatives=found.alternatives
                    | {name: (read, *found.alternatives.get(name, ()))},
                    read_again=True,
                )
                break
    return found


def _is_unsure(name: str, found: Found) -> bool:
    return (
        not uscc.is_valid(found.fields[name]) if name == "uscc" else found.confidence[name] < SURE
    )


def _around(region: Region, rotation: Rotation, lines: int) -> tuple[Polygon, float]:
    """Return `region` with half a line around it, and the height of its lines in pixels.

    The corners are in the direction of reading.
    """
    x0, y0, x1, y1 = region
    height = (y1 - y0 if rotation in (0, 180) else x1 - x0) / max(1, lines)
    more = height / 2
    corners = [
        (x0 - more, y0 - more),
        (x1 + more, y0 - more),
        (x1 + more, y1 + more),
        (x0 - more, y1 + more),
    ]
    first = -rotation // 90 % 4
    a, b, c, d = (*corners[first:], *corners[:first])
    return (a, b, c, d), height


def _look_at_halves(picture: Picture, found: Found, reader: CloseReader) -> Found:
    """Read both halves of the page, enlarged, if a field of every edition is missing."""
    missing = [name for name in ALWAYS_PRINTED if name not in found.fields]
    if (
        not uscc.is_valid(found.fields.get("uscc", ""))
        and "registration_number" not in found.fields
    ):
        missing += ["uscc", "registration_number"]
    if not missing or not found.titled:
        return found
    height, width = picture.shape[:2]
    seen: list[TextBox] = []
    for top, bottom in ((0.0, 0.52), (0.48, 1.0)):
        half = reader.read_area(
            picture, _band(width, height, found.rotation, top, bottom), LARGEST_ZOOM
        )
        seen = [
            *(
                box
                for box in seen
                if not any(_contains(box.polygon, other.middle) for other in half)
            ),
            *half,
        ]
    return better_reading(found, fields_of(seen, width, height), missing)


def _band(width: int, height: int, rotation: Rotation, top: float, bottom: float) -> Polygon:
    """Return the part of a page from `top` to `bottom`, as shares of its upright height.

    The corners are in the direction of reading.
    """
    upright = (width, height) if rotation in (0, 180) else (height, width)
    y0, y1 = upright[1] * top, upright[1] * bottom
    band = TextBox(
        "", 0.0, ((0.0, y0), (float(upright[0]), y0), (float(upright[0]), y1), (0.0, y1))
    )
    return rotate_boxes([band], opposite_rotation(rotation), *upright)[0].polygon


def _completed(boxes: Sequence[TextBox], seen: Sequence[TextBox]) -> list[TextBox]:
    """Return `boxes`, completed by the cuts of their ends in `seen`.

    Each box gains the one or two characters, last or first, that a cut has and the box does not.
    """
    completed = []
    for box in boxes:
        for end in seen:
            if _contains(box.polygon, end.middle) or _contains(end.polygon, box.middle):
                box = _with_end(box, end)
        completed.append(box)
    return completed


def _with_end(box: TextBox, end: TextBox) -> TextBox:
    """Return `box` with the one or two more characters that `end`, which overlaps it, has.

    The character at which `end` was cut is ignored.
    """
    text, told = tidy_text(box.text), tidy_text(end.text)
    (a, b, c, d), (p, q, r, s) = box.polygon, end.polygon
    for n in (1, 2):
        last, first = told[-n:], told[:n]
        if len(told) - n > OVERLAP and last.isalnum() and text.endswith(told[1:-n]):
            return replace(box, text=box.text + last, polygon=(a, q, r, d))
        if len(told) - n > OVERLAP and first.isalnum() and text.startswith(told[n:-1]):
            return replace(
                box,
                text=first + box.text,
                polygon=(p, b, c, s),
                weak=tuple(replace(w, at=w.at + n) for w in box.weak),
            )
    return box


def _names(doubts: Sequence[Doubt]) -> tuple[str, ...]:
    return tuple({name for doubt in doubts for name in doubt.names})


def _open(found: Found, doubt: Doubt, *, ink: bool) -> bool:
    """Whether `doubt` is still open.

    A stamp seldom covers a whole paragraph or address, so these are not read for their `ink`.
    """
    if "registration_number" in doubt.names and is_checked_number(
        found.fields.get("registration_number", "")
    ):
        return False
    if "uscc" in doubt.names:
        return not (
            uscc.is_valid(found.fields.get("uscc", "")) or "registration_number" in found.fields
        )
    return any(
        name not in found.fields
        or (name in LONG and not ink)
        or (name == "address" and not ends_like_address(found.fields[name]))
        or (name in SHORT and found.confidence[name] < UNSURE)
        for name in doubt.names
    )


def _zoom(doubt: Doubt) -> float:
    return min(LARGEST_ZOOM, max(1.0, LINE_HEIGHT / doubt.line_height))


def _together(boxes: Sequence[TextBox], seen: Sequence[TextBox], area: Polygon) -> list[TextBox]:
    """Return the boxes `seen` in `area`, together with those of `boxes` that they do not replace.

    Kept are the first look's boxes outside the area, and those inside it that were not seen again.
    """

    def seen_again(box: TextBox) -> bool:
        return any(
            _contains(other.polygon, box.middle) or _contains(box.polygon, other.middle)
            for other in seen
        )

    return [
        *(
            box
            for box in boxes
            if not (_contains(area, box.middle) and (box.score < SURE_SCORE or seen_again(box)))
        ),
        *seen,
    ]


def _outside(boxes: Sequence[TextBox], area: Polygon) -> list[TextBox]:
    return [box for box in boxes if not _contains(area, box.middle)]


def _contains(area: Polygon, point: tuple[float, float]) -> bool:
    """Whether `point` is in the convex `area`, whose corners are in order."""
    x, y = point
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(area, (*area[1:], area[0]), strict=True)
    ]
    return all(side >= 0 for side in sides) or all(side <= 0 for side in sides)


def better_reading(first: Found, second: Found, names: Sequence[str]) -> Found:
    """Return `first` with those of the fields `names` that `second` has, or has more of."""
    return _taken(
        first,
        second,
        [name for name in names if name in second.fields and _improves(name, first, second)],
    )


def _taken(first: Found, second: Found, taken: Sequence[str]) -> Found:
    """Return `first` with the fields `taken` from `second`."""
    alternatives = first.alternatives | {name: second.alternatives.get(name, ()) for name in taken}
    return replace(
        first,
        fields=first.fields | {name: second.fields[name] for name in taken},
        confidence=first.confidence | {name: second.confidence[name] for name in taken},
        alternatives={name: others for name, others in alternatives.items() if others},
        regions=first.regions | {name: second.regions[name] for name in taken},
        lines=first.lines | {name: second.lines[name] for name in taken},
    )


def _improves(name: str, first: Found, second: Found) -> bool:
    old, new = first.fields.get(name), second.fields[name]
    if name == "uscc":
        return uscc.is_sound(new) or old is None
    if old is None:
        return True
    if name == "registration_number":
        return is_checked_number(new) and not is_checked_number(old)
    if name == "address":
        more = (
            ends_like_address(new)
            if ends_like_address(new) != ends_like_address(old)
            else len(new) > len(old)
        )
        return more and second.confidence[name] > first.confidence[name] - SURER
    if name == "business_scope":
        return len(new) > len(old)
    less = new != old and new in old  # a part of the old value is not a better reading
    return (
        name in SHORT
        and not less
        and first.confidence[name] < UNSURE
        and second.confidence[name] > first.confidence[name] + SURER
    )
