"""Which printed words on a licence are labels, and where does a line hold one?

A line seldom holds just a label or just a value. Labels are set wide (名 称), so a reader splits
them, glues the second half to the value (称盐城…), stacks the first halves of two rows (名类), or
runs one column into the next (有限责任公司注册资本…). Here each line is cut into pieces, each
either a label or a value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from documents.page.boxes import Point, Polygon, TextBox

# The label as printed → the field it names. OTHER labels bound their neighbours' values and are not
# kept.
OTHER: Final = "other"
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "uscc": ("统一社会信用代码/注册号", "统一社会信用代码", "社会信用代码"),
    "registration_number": ("营业执照注册号", "注册号"),
    "name": ("企业名称", "公司名称", "字号名称", "商事主体名称", "名称", "字号"),
    "type": ("商事主体类型", "主体类型", "公司类型", "企业类型", "经济性质", "经济类型", "类型"),
    "legal_representative": (
        "法定代表人姓名", "法定代表人(负责人)", "法定代表人", "负责人姓名", "负责人", "经营者姓名", "经营者", "营者",
        "投资人姓名", "投资人",
        "执行事务合伙人(委派代表)", "执行事务合伙人", "首席代表",
    ),
    "registered_capital": ("注册资本(万元)", "注册资本", "注册资金", "成员出资总额", "出资总额", "出资额", "资金数额"),
    "established_on": ("成立日期", "成立时间", "注册日期", "设立日期"),
    "term": ("营业期限", "经营期限", "合伙期限", "执照有效期限", "执照有效期", "有效期限"),
    "address": (
        "主要经营场所", "经营场所", "营业场所", "企业住所", "公司住所", "机构住所", "住所(经营场所)", "住所", "地址",
    ),
    "business_scope": ("经营范围及方式", "经营范围", "业务范围"),
    "registration_authority": ("登记机关", "发照机关"),
    OTHER: ("实收资本", "组成形式", "核准日期", "发照日期", "年度检验情况", "经营方式", "隶属企业名称", "派出企业名称"),
}  # fmt: skip
LABELS: Final = {word: field for field, words in _WORDS.items() for word in words}
_LONGEST_FIRST: Final = sorted(LABELS, key=len, reverse=True)

# A seal, a fold or the edge may take a long label's first character.
_BEHEADED: Final = {
    word[1:]: LABELS[word] for word in _LONGEST_FIRST if len(word) >= 4 and word[1:] not in LABELS
} | {"代表人": "legal_representative", "表人": "legal_representative"}

# Labels that a neighbouring column's print may run into: nothing else on a licence holds these
# words.
_INSIDE: Final = (
    "统一社会信用代码", "法定代表人", "注册资本", "实收资本", "成员出资总额", "成立日期", "营业期限", "合伙期限", "公司类型", "企业类型",
    "注册号",
)  # fmt: skip

# The two halves of the labels that are set widest.
FIRST_HALF: Final = {
    "名": "name",
    "类": "type",
    "企业类": "type",
    "公司类": "type",
    "业类": "type",
    "司类": "type",
    "住": "address",
}
SECOND_HALF: Final = {"称": "name", "型": "type", "所": "address", "者": "legal_representative"}

# Print that belongs to the form, not to the company.
_FURNITURE: Final = re.compile(
    r"https?[:/]|www\.|\.(?:com|net|cn)\b|信用信息公示|监督管理总局监制|行政管理总局|总局(?:监)?制|扫描二维码|二维码|了解更多|备案.{0,3}许可.{0,3}监管"
    r"|^[(]?(?:正|副)本[)]?(?:[(]?\d{1,3}(?!\d)|$)|^[(]?副本号|^编号|^证照编号|^\d-\d$|^[(]?\d+[-/]\d+[)]?$"
    r"|^.{0,9}网$|复印|仅供|仅用于|无效|备案之用|年度检验"
    r"|重要提示|^须知|每年1月1日|年度报告|^企业法人营业执照$|^个体工商户营业执照$|^营业执照$",
    re.IGNORECASE,
)
# Of these a scope may speak too: it sends the reader to a city's own site (商事主体信息公示平台).
_ALSO_IN_SCOPES: Final = re.compile(
    r"https?[:/]|www\.|gov\.cn|信用信息公示|备案.{0,3}许可.{0,3}监管", re.IGNORECASE
)


@dataclass(frozen=True)
class Piece:
    """A stretch of one line.

    `label` names the field when it is a label; `half` when it is but half of one.
    """

    box: TextBox
    label: str = ""
    half: str = ""
    """`first`, `second`, `stack` (halves of several labels, unreadable) or empty."""

    @property
    def text(self) -> str:
        return self.box.text


def tidy(text: str) -> str:
    """`text` without white space, in half width where that loses nothing (digits, letters,
    marks).
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def is_furniture(text: str) -> bool:
    """Whether `text` (tidy) is part of the form: its title, web address, notices, number of the
    copy.
    """
    return bool(_FURNITURE.search(text))


def may_be_scope(text: str) -> bool:
    """Whether `text` (tidy), which is furniture by itself, may be a line of the business scope."""
    return bool(_ALSO_IN_SCOPES.search(text)) and len(text) > 12


def pieces_of(box: TextBox) -> list[Piece]:
    """`box` cut at every label inside it.

    Pieces come in reading order and may be all of the box.
    """
    box = _tidied(box)
    if not box.text:
        return []
    return _stack(box.text, box) or list(_cut(box))


def _tidied(box: TextBox) -> TextBox:
    """`box` with its text tidy, and its weak characters where they now stand."""
    starts, length = [], 0
    for character in box.text:
        starts.append(length)
        length += len(tidy(character))
    moved = tuple(
        replace(weak, at=min(starts[weak.at], max(length - 1, 0)))
        for weak in box.weak
        if weak.at < len(starts)
    )
    return replace(box, text=tidy(box.text), weak=moved)


def _cut(box: TextBox) -> Iterator[Piece]:
    text = box.text
    found = _at_start(text)
    if found is None:
        found = _inside(text)
    if found is None:
        yield Piece(box)
        return
    start, end, field, half = found
    if start:
        yield from _cut(_part(box, 0, start))
    yield Piece(_part(box, start, end), field, half)
    rest = text[end:].lstrip(":;.,、· ")
    if rest:
        part = _part(box, len(text) - len(rest), len(text))
        yield from [Piece(part)] if field == "business_scope" else _cut(part)


def _at_start(text: str) -> tuple[int, int, str, str] | None:
    """start, end, field, half of the label that `text` opens with.

    A long label may have one wrong character.
    """
    for word in _LONGEST_FIRST:
        if text.startswith(word):
            return 0, len(word), LABELS[word], ""
    for word in _LONGEST_FIRST:
        if (
            len(word) >= 4
            and len(text) >= len(word)
            and sum(a != b for a, b in zip(word, text, strict=False)) == 1
        ):
            return 0, len(word), LABELS[word], ""
    for word, field in _BEHEADED.items():
        if text.startswith(word):
            return 0, len(word), field, ""
    if text in FIRST_HALF:
        return 0, len(text), FIRST_HALF[text], "first"
    if text[0] in SECOND_HALF:
        return 0, 1, SECOND_HALF[text[0]], "second"
    return None


def _inside(text: str) -> tuple[int, int, str, str] | None:
    """As `_at_start`, for the first label further on."""
    found = [(text.find(word), word) for word in _INSIDE if text.find(word) > 0]
    if not found:
        return None
    start, word = min(found)
    full = next(
        (
            longer
            for longer in _LONGEST_FIRST
            if longer.startswith(word) and text.startswith(longer, start)
        ),
        word,
    )
    return start, start + len(full), LABELS[full], ""


def _stack(text: str, box: TextBox) -> list[Piece]:
    """The rows of a tall box: characters of several labels, one under another.

    Those misread are no value either.
    """
    halves = {**FIRST_HALF, **SECOND_HALF}
    if len(text) < 2 or box.height < 1.3 * box.length:
        return []
    if any(c not in halves for c in text) or box.height < 0.8 * len(text) * box.length:
        return [Piece(replace(box, text=text), OTHER, "stack")]
    return [
        Piece(
            replace(_slice(box, i / len(text), (i + 1) / len(text)), text=c),
            halves[c],
            "first" if c in FIRST_HALF else "second",
        )
        for i, c in enumerate(text)
    ]


def _advance(text: str) -> float:
    """The width of `text` in full-width characters."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.55 for c in text)


def _part(box: TextBox, start: int, end: int) -> TextBox:
    """Characters `start` to `end` of `box`, its polygon cut in proportion to their widths."""
    if start == 0 and end == len(box.text):
        return box
    whole = _advance(box.text)
    a, b = _advance(box.text[:start]) / whole, _advance(box.text[:end]) / whole
    p, q, r, s = box.polygon
    polygon: Polygon = _between(p, q, a), _between(p, q, b), _between(s, r, b), _between(s, r, a)
    weak = tuple(replace(w, at=w.at - start) for w in box.weak if start <= w.at < end)
    return TextBox(box.text[start:end], box.score, polygon, weak)


def _slice(box: TextBox, a: float, b: float) -> TextBox:
    """The rows of `box` from `a` to `b` (0..1) of its height."""
    p, q, r, s = box.polygon
    return replace(
        box, polygon=(_between(p, s, a), _between(q, r, a), _between(q, r, b), _between(p, s, b))
    )


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
