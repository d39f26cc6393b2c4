"""The print of the pages in tests, and the boxes that a reader would return for it.

Companies, people and places are fictitious.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from documents.licence.extract import Found, fields_of
from documents.ocr.base import Picture
from documents.page.boxes import TextBox
from documents.page.values import registration_check_digit
from documents.uscc import check_character, organisation_check_character
from events.core.errors import ProviderError

WIDTH, HEIGHT = 1400, 1000
CODE = "91110108MA000000" + organisation_check_character("MA000000")
CODE += check_character(CODE)
NUMBER = "11010800000000"
NUMBER += registration_check_digit(NUMBER)


def line(
    x: float,
    y: float,
    text: str,
    height: float = 24,
    degrees: float = 0.0,
    width: float | None = None,
) -> TextBox:
    """A line that begins at x, with its middle at y; characters are as wide as they are high."""
    width = width or height * sum(0.55 if c.isascii() else 1.0 for c in text)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, c, d = (
        (x + u * cos - v * sin, y + u * sin + v * cos)
        for u, v in ((0, -height / 2), (width, -height / 2), (width, height / 2), (0, height / 2))
    )
    return TextBox(text, 0.99, (a, b, c, d))


LANDSCAPE = (
    line(500, 200, "营业执照", 100),
    line(100, 300, "统一社会信用代码"),
    line(100, 340, CODE),
    line(100, 420, "名称"), line(250, 420, "示例科技有限公司"),
    line(100, 470, "类型"), line(250, 470, "有限责任公司(自然人独资)"),
    line(100, 520, "法定代表人"), line(250, 520, "王示例"),
    line(100, 570, "经营范围"), line(250, 570, "软件开发；技术咨询；货物进出口。"),
    line(250, 600, "名称翻译服务；住所安保服务。（依法须经批准的项目）**"),
    line(800, 420, "注册资本"), line(950, 420, "伍佰万元整"),
    line(800, 470, "成立日期"), line(950, 470, "2019年03月05日"),
    line(800, 520, "住所"), line(950, 520, "北京市海淀区示例路1号"), line(950, 550, "2号楼301室"),
    line(800, 800, "登记机关"), line(1000, 860, "2019年03月05日"),
    line(40, 960, "国家企业信用信息公示系统网址：http://www.gsxt.gov.cn"), line(1000, 960, "国家市场监督管理总局监制"),  # noqa: E501
)  # fmt: skip
EXPECTED = {
    "uscc": CODE,
    "name": "示例科技有限公司",
    "type": "有限责任公司（自然人独资）",
    "legal_representative": "王示例",
    "registered_capital": "伍佰万元整",
    "established_on": "2019-03-05",
    "address": "北京市海淀区示例路1号2号楼301室",
    "business_scope": (
        "软件开发；技术咨询；货物进出口。名称翻译服务；住所安保服务。（依法须经批准的项目）"
    ),
}


def without(*texts: str) -> list[TextBox]:
    """The page LANDSCAPE without the lines `texts`."""
    return [box for box in LANDSCAPE if box.text not in texts]


def letters(text: str) -> set[str]:
    """Return the characters of `text` that are neither marks nor white space."""
    return {c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum()}


def read(*boxes: TextBox) -> Found:
    """Return the fields of a page of `boxes`."""
    return fields_of(boxes, WIDTH, HEIGHT)


@dataclass
class ScriptedReader:
    """Returns scripted boxes, and records the sizes of the pages that it reads."""

    name: str
    says: Sequence[TextBox] | ProviderError
    version: str = "1"
    there: bool = True
    pages: list[tuple[int, ...]] = field(default_factory=list)

    def available(self) -> bool:
        return self.there

    def read(self, image: Picture) -> list[TextBox]:
        self.pages.append(image.shape)
        if isinstance(self.says, ProviderError):
            raise self.says
        return list(self.says)
