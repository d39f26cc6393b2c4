"""Property tests of the extraction: it invents nothing, whatever a reader returns."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from documents.licence.extract import fields_of
from documents.licence.fields import FIELDS
from documents.page.boxes import Rotation, TextBox, Weak, rotate_boxes
from documents.page.labels import LABELS
from tests.documents.printed import CODE, HEIGHT, NUMBER, WIDTH, line, read
from tests.effort import examples

TO_SIMPLIFIED = OpenCC("t2s")
NUMERALS = {"十": "10", "拾": "10"}
NUMERALS |= dict(zip("〇零○Oo一二三四五六七八九", "00000123456789", strict=True)) | {
    "廿": "2",
    "卅": "3",
}
NUMERALS |= dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True))
WORDS = (
    *LABELS,
    "统",
    "名",
    "称",
    "类",
    "型",
    "住",
    "所",
    "者",
    "名类住",
    CODE,
    CODE[:-1],
    CODE.replace("0", "O").lower(),
    NUMBER,
    NUMBER[:-2],
    "示例科技有限公司",
    "示例（北京）貿易有限公司",
    "有限责任公司(自然人独资",
    "个人独资企业",
    "王示例",
    "示例·买买提",
    "Ｊｏｈｎ Smith",
    "伍佰万元整",
    "500.00万元人民币",
    "2019年03月05日",
    "二〇一九年三月廿五日",
    "2019-3-5",
    "2019年13月40日",
    "2019年03月05日至长期",
    "长期",
    "北京市海淀区示例路1号",
    "佳所北京市海淀区",
    "SCJDGL",
    "许可项目：餐饮服务：软件开发:",
    "（依法须经批准的项目）**",
    "北京市海淀区市场监督管理局",
    "营业执照",
    "ﬀ½㈱ß",
    "国家企业信用信息公示系统http://www.gsxt.gov.cn",
)
words = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=4).map("".join)
coordinates = st.floats(-50, 1500)
anywhere = st.builds(
    line,
    coordinates,
    coordinates,
    words,
    st.floats(0.1, 120),
    st.floats(-180, 180),
    st.none() | st.floats(0.1, 900),
)
in_rows = st.builds(
    line, st.sampled_from([100, 250, 800, 950]), st.sampled_from(range(300, 700, 40)), words
)
twisted = st.builds(
    TextBox, words, st.floats(0, 1), st.tuples(*[st.tuples(coordinates, coordinates)] * 4)
)
uncertain = st.builds(
    lambda box, weak: replace(box, weak=tuple(w for w in weak if w.at < len(box.text))),
    in_rows,
    st.lists(st.builds(Weak, st.integers(0, 30), st.floats(0, 1), st.text(max_size=2)), max_size=3),
)
labelled = st.builds(
    lambda x, y, label, value: [line(x, y, label), line(x + 150, y, value)],
    st.sampled_from([100, 800]),
    st.sampled_from(range(300, 700, 40)),
    st.sampled_from([*LABELS]),
    words,
)
pages = st.lists(
    labelled | (in_rows | anywhere | uncertain | twisted).map(lambda box: [box]),
    min_size=2,
    max_size=10,
).map(lambda parts: [box for part in parts for box in part])


def characters_of(boxes: Sequence[TextBox]) -> set[str]:
    """Return the characters that a value may contain: those read, folded as documented."""
    printed = unicodedata.normalize("NFKC", "".join(box.text for box in boxes))
    had = {*printed, *printed.upper(), *map(TO_SIMPLIFIED.convert, printed)}
    had |= {digit for letter, digit in ("O0", "I1", "Z2", "S5") if letter in had}  # in codes
    for half, full in ("(（", ")）", ",，", ";；", ":："):
        had |= {full} if half in had else set()
    had |= {"；"} if "：" in had else set()  # readers confuse the two
    had |= {")", "）"} if "(" in had else set()  # cut off by the edge
    return set(unicodedata.normalize("NFKD", "".join(had)))


def figures_of(boxes: Sequence[TextBox]) -> set[str]:
    """Return the characters that a day in ISO format may contain."""
    printed = unicodedata.normalize("NFKC", "".join(box.text for box in boxes))
    return {"-", "0", *printed, *(figure for c in printed for figure in NUMERALS.get(c, ""))}


@settings(max_examples=examples(150))
@given(pages)
def test_nothing_is_ever_invented(boxes: list[TextBox]) -> None:
    """No exception, no invented character, and every field has all of its attributes."""
    found = read(*boxes)
    assert (
        found.fields.keys()
        == found.confidence.keys()
        == found.regions.keys()
        == found.lines.keys()
        >= found.alternatives.keys()
    )
    assert set(found.fields) <= set(FIELDS)
    assert all(0 <= sure <= 1 for sure in found.confidence.values())
    had = characters_of(boxes)
    for name, value in found.fields.items():
        assert value
        given = figures_of(boxes) if name == "established_on" else had
        assert set(unicodedata.normalize("NFKD", value)) <= given, (name, value)


@settings(max_examples=examples(50))
@given(pages, st.sampled_from([0, 90, 180, 270]))
def test_whatever_is_doubted_lies_somewhere(boxes: list[TextBox], rotation: Rotation) -> None:
    for doubt in fields_of(rotate_boxes(boxes, rotation, WIDTH, HEIGHT), WIDTH, HEIGHT).doubts:
        assert doubt.names and set(doubt.names) <= set(FIELDS)
        assert doubt.line_height >= 1
        assert all(
            math.isfinite(at) for corner in (*doubt.area, *(doubt.line or ())) for at in corner
        )


@settings(max_examples=examples(50))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1300), st.integers(0, 990), st.text(max_size=30), st.floats(-180, 180)
        ),
        max_size=12,
    )
)
def test_any_text_is_survived(lines: list[tuple[int, int, str, float]]) -> None:
    read(*(line(x, y, text or "x", degrees=degrees) for x, y, text, degrees in lines))
