"""A reader with scripted results, and the pages that it reads again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from documents.licence.extract import Found, fields_of
from documents.licence.second_look import look_again
from documents.ocr.base import CloseReader, Picture
from documents.page.boxes import Polygon, TextBox
from events.core.errors import ProviderError
from tests.documents.printed import CODE, HEIGHT, WIDTH, line, without

PAGE = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
WRONG = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
STREET, ROOM = "北京市海淀区示例路1号", "2号楼301室"
FIRST, SECOND = (
    "软件开发；技术咨询；货物进出口。",
    "名称翻译服务；住所安保服务。（依法须经批准的项目）**",
)
SOUND = without(ROOM)
"""A page that leaves no doubt: its address has one line."""
REPRESENTATIVE = line(250, 520, "王示例")


@dataclass
class ScriptedReader:
    """Returns scripted boxes in the places that it is asked to read, and records the requests."""

    in_lines: Sequence[TextBox] = ()
    enlarged: Sequence[TextBox] = ()
    in_ink: Sequence[TextBox] = ()
    fails: ProviderError | None = None
    name: str = "scripted"
    asked: list[str] = field(default_factory=list)
    zooms: list[float] = field(default_factory=list)
    most_regions: int = 0

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        self._note("lines")
        self.most_regions = max(self.most_regions, len(regions))
        return [box for box in self.in_lines if any(_contains(region, box) for region in regions)]

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        self._note("ink" if ink else "area")
        self.zooms.append(zoom)
        return [box for box in (self.in_ink if ink else self.enlarged) if _contains(area, box)]

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise self.fails


def _contains(area: Polygon, box: TextBox) -> bool:
    return cv2.pointPolygonTest(np.array(area, np.float32), box.middle, measureDist=False) >= 0


def again(page: Sequence[TextBox], reader: ScriptedReader) -> Found:
    """Return `page` after a second look by `reader`."""
    assert isinstance(reader, CloseReader)
    return look_again(PAGE, page, fields_of(page, WIDTH, HEIGHT), reader)


def alike_in_keys(found: Found) -> bool:
    return (
        found.fields.keys()
        == found.confidence.keys()
        == found.regions.keys()
        == found.lines.keys()
        >= found.alternatives.keys()
    )
