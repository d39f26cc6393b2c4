"""The reader with Tesseract, used where the first reader failed.

It is slower and less exact on photographs, but a different program with different weaknesses: a
code that it reads with a right check character is useful. Needs the system's `tesseract` with the
language `chi_sim`.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, cast

import cv2
import numpy as np

from documents.ocr.base import Picture
from documents.ocr.closer import View, enlarged_view
from documents.page.boxes import Polygon, TextBox
from events.core.errors import ProviderBroken, ProviderUnavailable

LANGUAGE: Final = "chi_sim"
LONG_SIDE: Final = 2000
LINE_HEIGHT: Final = 48
"""The height to which a single line is enlarged, in pixels."""
SECONDS: Final = 30
# Tesseract's page segmentation modes (`--psm`).
SPARSE: Final = 11
ONE_BLOCK: Final = 6
ONE_LINE: Final = 7
WORD_GAP: Final = 2.0
"""The gap between words of different columns, in heights of the line."""


@dataclass
class _Line:
    """The words of one line: text, confidence (0..100), left, top, right, bottom."""

    words: list[tuple[str, float, int, int, int, int]] = field(default_factory=list)


class TesseractReader:
    """Tesseract 5 as a child process, one per page, ended after `seconds`."""

    name = "tesseract"
    seconds: float = SECONDS
    _found = False

    @cached_property
    def version(self) -> str:
        import pytesseract

        return (
            f"tesseract {pytesseract.get_tesseract_version()} {LANGUAGE}"
            if self.available()
            else "tesseract absent"
        )

    def available(self) -> bool:
        self._found = self._found or self._has_languages(
            LANGUAGE
        )  # an installed language is seldom removed
        return self._found

    def _has_languages(self, language: str) -> bool:
        if shutil.which("tesseract") is None:
            return False
        try:
            listed = subprocess.run(
                ["tesseract", "--list-langs"],  # noqa: S607
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return False
        return language in listed.split()

    def read(self, image: Picture) -> list[TextBox]:
        if not image.size:
            raise ProviderBroken("the picture is empty")
        scale = LONG_SIDE / max(image.shape[:2])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        page = cast(
            Picture, cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
        )
        return self._read(page, scale, SPARSE)

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        return [
            box
            for region in regions
            for box in self._read_view(enlarged_view(image, region, _zoom(region)), ONE_LINE)
        ]

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        return self._read_view(enlarged_view(image, area, zoom, ink=ink), ONE_BLOCK)

    def _read_view(self, part: View, layout: int) -> list[TextBox]:
        return part.on_page(self._read(part.picture, 1.0, layout))

    def _read(self, picture: Picture, scale: float, layout: int) -> list[TextBox]:
        """Return the text on `picture`, in pixels of a picture that is `scale` times smaller."""
        import pytesseract

        if not self.available():
            raise ProviderUnavailable(
                f"tesseract with {LANGUAGE} is not installed", retry_after=3600
            )
        try:
            rows = pytesseract.image_to_data(
                cv2.cvtColor(picture, cv2.COLOR_BGR2RGB),
                lang=LANGUAGE,
                config=f"--psm {layout} --oem 1",
                output_type=pytesseract.Output.DICT,
                timeout=self.seconds,
            )
        except pytesseract.TesseractError as error:  # a RuntimeError too, so it comes first
            raise ProviderBroken("tesseract failed on this page") from error
        except RuntimeError as error:  # pytesseract's way of reporting a timeout
            raise ProviderUnavailable(
                f"tesseract did not answer in {self.seconds:.0f} s"
            ) from error
        # The binary's message may quote the page, so only the type of any other error is passed on.
        except Exception as error:
            raise ProviderBroken(f"tesseract: {type(error).__name__}") from error
        return [
            box
            for line in _lines(cast(dict[str, list[object]], rows))
            for box in _boxes(line, scale)
        ]


def _zoom(region: Polygon) -> float:
    return max(1.0, LINE_HEIGHT / max(1.0, math.dist(region[0], region[3])))


def _lines(rows: dict[str, list[object]]) -> list[_Line]:
    lines: dict[tuple[object, ...], _Line] = {}
    for i, text in enumerate(rows["text"]):
        confidence = float(str(rows["conf"][i]))
        if confidence < 0 or not str(text).strip():
            continue
        left, top, width, height = (
            int(str(rows[key][i])) for key in ("left", "top", "width", "height")
        )
        key = (rows["block_num"][i], rows["par_num"][i], rows["line_num"][i])
        lines.setdefault(key, _Line()).words.append(
            (str(text), confidence, left, top, left + width, top + height)
        )
    return list(lines.values())


def _boxes(line: _Line, scale: float) -> list[TextBox]:
    """Return the line as boxes in the picture's own pixels, split at the gaps between columns."""
    words = sorted(line.words, key=lambda word: word[2])
    height = float(np.median([word[5] - word[3] for word in words]))
    groups = [[words[0]]]
    for word in words[1:]:
        if word[2] - groups[-1][-1][4] > WORD_GAP * height:
            groups.append([])
        groups[-1].append(word)
    return [_box(group, scale) for group in groups]


def _box(words: list[tuple[str, float, int, int, int, int]], scale: float) -> TextBox:
    # Tesseract separates all Chinese characters; a space between runs of Latin print is real.
    text = re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", " ".join(word[0] for word in words))
    x0, y0 = min(w[2] for w in words) / scale, min(w[3] for w in words) / scale
    x1, y1 = max(w[4] for w in words) / scale, max(w[5] for w in words) / scale
    return TextBox(
        text, sum(w[1] for w in words) / len(words) / 100, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    )
