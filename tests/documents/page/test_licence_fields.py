"""Tests that everything about a field follows from its row in the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from documents.page.licence_fields import LICENCE_FIELDS
from verification.cases import wording
from verification.reviewing.case_comparison import comparison_rows

ROOT = Path(__file__).resolve().parents[3]

ANOTHER_FIELD = """
import json
from documents.page import licence_fields, parsing

licence_fields.LICENCE_FIELDS["founded_in"] = licence_fields.Field(
    ("成立地",), parsing.parse_address, inside=("成立地",), always_printed=True, ceiling=0.5,
    worth_forging=True, tencent="FoundedIn",
)

from documents.forgery import CLOSELY
from documents.licence.extract import fields_of
from documents.ocr.tencent import _fields
from tests.documents.printed import HEIGHT, WIDTH, line

labels = ("名称", "类型", "成立日期", "成立地")
values = ("示例科技有限公司", "有限责任公司", "2019年03月05日", "北京市海淀区")
boxes = [
    line(x, 300 + 40 * row, text, 20)
    for row, pair in enumerate(zip(labels, values, strict=True))
    for x, text in zip((100, 250), pair, strict=True)
]
glued = [*boxes[:-2], line(100, 420, "成立地北京市海淀区", 20)]
missing = fields_of(boxes[:-1], WIDTH, HEIGHT)
print(json.dumps({
    "read": fields_of(boxes, WIDTH, HEIGHT).fields.get("founded_in"),
    "read beside its label": fields_of(glued, WIDTH, HEIGHT).fields.get("founded_in"),
    "confidence": fields_of(boxes, WIDTH, HEIGHT).confidence.get("founded_in"),
    "looked at again": any("founded_in" in doubt.names for doubt in missing.doubts),
    "examined": "founded_in" in CLOSELY,
    "read by the cloud": _fields({"FoundedIn": "北京市海淀区"}).get("founded_in"),
}))
"""


def test_a_row_is_enough_for_a_field_to_be_read() -> None:
    """In its own process: the tables are built when their modules are imported."""
    ran = subprocess.run(
        [sys.executable, "-c", ANOTHER_FIELD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == {
        "read": "北京市海淀区",
        "read beside its label": "北京市海淀区",
        "confidence": 0.5,
        "looked at again": True,
        "examined": True,
        "read by the cloud": "北京市海淀区",
    }


def test_each_field_has_words_and_a_row_for_the_reviewer() -> None:
    read = dict.fromkeys(LICENCE_FIELDS, "…")
    assert LICENCE_FIELDS.keys() <= wording.FIELDS.keys()
    assert LICENCE_FIELDS.keys() <= {row.field for row in comparison_rows({}, {"fields": read}, {})}


def test_no_two_fields_share_a_label() -> None:
    labels = [label for field in LICENCE_FIELDS.values() for label in field.labels]
    assert len(labels) == len(set(labels))
