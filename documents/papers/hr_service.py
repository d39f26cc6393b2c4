"""Reads human resources service licences (人力资源服务许可证).

An agency needs one before it may place people (人力资源市场暂行条例 18). Provinces print it in
their own ways: one column or two, 服务范围 or 许可范围, an older number such as
(京)人服证字〔2023〕第0100123号 or the newer one of twelve digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from documents.page import dates, values
from documents.page.boxes import TextBox, rotate_boxes, rotation_of
from documents.page.labels import OTHER, Piece
from documents.page.layout import LARGEST_TILT, Cell, Entry, entries_of, slope_of
from documents.page.text import full_width, is_furniture, tidy_text, to_simplified
from documents.page.values import GUESSED
from documents.papers.model import (
    PaperReading,
    Quote,
    box_part,
    by_field,
    is_title,
    rows_of,
    straightened_box,
)

FIELDS: Final = (
    "number",
    "name",
    "uscc",
    "legal_representative",
    "address",
    "scope",
    "valid_from",
    "valid_until",
    "authority",
    "issued_on",
)
"""Every field that a reading can have. Days are in ISO; `valid_until` may be 长期."""
OPEN_ENDED: Final = "长期"
TITLES: Final = (
    "人力资源服务许可证",
    "人力资源服务许可证书",
    "人才中介服务许可证",
    "职业中介许可证",
    "职业介绍许可证",
)
"""The licence's title today, and its titles before the services were brought under one licence."""

_CODE: Final = "established_on"
"""The field that places the company's code.

`layout` keeps a business licence's code out of the columns. Here it is in one, as a short value
like a day.
"""

# Printed labels, by the field for which `layout` knows the same place on a form.
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "registration_number": (
        "人力资源服务许可证编号", "行政许可证编号", "许可证编号", "许可证号码", "许可证号", "许可编号", "证书编号", "编号", "证号",
    ),
    "name": ("人力资源服务机构名称", "单位名称", "机构名称", "企业名称", "公司名称", "名称"),
    _CODE: ("统一社会信用代码", "社会信用代码"),
    "legal_representative": (
        "法定代表人(负责人)", "法定代表人/负责人", "法定代表人或负责人", "法定代表人或主要负责人", "法定代表人姓名", "法定代表人",
        "主要负责人", "负责人姓名", "负责人",
    ),
    "address": ("机构住所", "单位地址", "机构地址", "注册地址", "经营地址", "经营场所", "服务场所", "住所(地址)", "住所", "地址"),
    "business_scope": ("许可服务范围", "服务范围", "许可范围", "业务范围", "许可事项", "服务项目", "经营范围", "许可内容"),
    "term": ("许可证有效期限", "许可证有效期", "有效期限", "有效日期", "有效期至", "有效期"),
    "registration_authority": ("发证机关(盖章)", "发证机关(章)", "发证机关", "发证部门", "发证单位", "许可机关", "审批机关"),
    "issued_on": ("发证日期", "发证时间", "颁证日期", "签发日期", "发放日期"),
    OTHER: ("机构性质", "单位性质", "机构类型", "单位类型", "注册资本", "注册资金", "经济性质", "联系电话", "许可文号", "首次发证日期"),
}  # fmt: skip
_LABELS: Final = {word: field for field, words in _WORDS.items() for word in words}
_LONGEST_FIRST: Final = sorted(_LABELS, key=len, reverse=True)
_INSIDE: Final = tuple(
    word
    for word in _LONGEST_FIRST
    if len(word) >= 4 and word not in ("机构性质", "经营范围", "服务项目")
)
_HALVES: Final = {
    "名": ("称", "name"),
    "住": ("所", "address"),
    "地": ("址", "address"),
    "编": ("号", "registration_number"),
}

_OLDER_NUMBER: Final = re.compile(
    r"\(?[一-鿿]{0,4}\)?(?:人服|人才|人社|职介|人力|劳)[一-鿿]{0,6}字?[\[(【〔]?(?:19|20)\d{2}[\])】〕]?年?第?[A-Z0-9\-]{2,12}号"
)
_TWELVE_DIGITS: Final = re.compile(r"(?<![0-9A-Z])\d{12}(?![0-9A-Z])")
_LABELLED_NUMBER: Final = re.compile(
    r"[(一-鿿]{0,12}[一-鿿()\[\]【】〔〕]*[A-Z]{0,6}[A-Z0-9\-]{4,20}号?"
)
_AUTHORITY: Final = re.compile(
    r"[一-鿿]{2,16}?(?:人力资源和?社会保障[厅局部委]|人力资源社会保障[厅局部委]|人力社保局|人社[厅局]|行政审批服务局|行政审批局"
    r"|政务服务(?:和大数据|数据)?管理[局委]|劳动和社会保障局|人事局)(?:[一-鿿]{0,8}分局)?"
)
_BEHEADED_AUTHORITY: Final = re.compile(
    r"[一-鿿]{2,16}?(?:人力资源|社会保障|行政审批|政务服务)[一-鿿]{0,8}"
)
_FORM: Final = re.compile(
    r"人力资源和?社会保障部(?:监制|制|印制)|监制$|印制$|不得(?:涂改|出租|转让)|SPECIMEN|^样本.{0,3}$|人力资源市场暂行条例|^\d{1,2}$"
)
_DAY: Final = r"(?:\d{4}|[〇零○一二三四五六七八九]{4})[年.\-/].{1,3}[月.\-/].{1,3}?日?"


@dataclass(frozen=True)
class HrServiceLicenceReading(PaperReading):
    """The reading of a page as a human resources service licence."""

    copy: str = ""
    """正本 or 副本 if printed on the page."""


def hr_service_licence_of(
    boxes: Sequence[TextBox], width: int, height: int
) -> HrServiceLicenceReading:
    """Read the `boxes` of one page of `width` × `height` pixels.

    Any boxes are accepted; fields that are not there are not in the reading.
    """
    rotation = rotation_of(boxes)
    upright = rotate_boxes(boxes, rotation, width, height)
    slope = slope_of(upright)
    cells = list(_cells(upright, slope))
    entries = entries_of(cells)
    taken = dict(_beside_labels(entries))
    everywhere = [(tidy_text(box.text), box) for box in upright]
    beside = {"uscc": _lines(entries.get(_CODE))}
    if code := values.find_company_numbers(
        beside, [line for line in everywhere if not line[0].startswith("编号")]
    ).get("uscc"):
        taken["uscc"] = Quote(code.text, code.confidence, code.boxes)
    for name, quote in _by_form(cells, entries, everywhere):
        taken.setdefault(name, quote)
    fields, confidence, regions = by_field(taken, FIELDS, rotation, width, height)
    texts = [text for text, _ in everywhere] + [
        "".join(tidy_text(box.text) for box in row.boxes)
        for row in rows_of(upright, slope, LARGEST_TILT)
    ]
    return HrServiceLicenceReading(
        fields, confidence, regions, _titled(texts), rotation, copy=_copy(texts)
    )


def _titled(texts: Iterable[str]) -> bool:
    """Whether a line is the title, and not a sentence that mentions such a licence."""
    return any(
        is_title(re.sub(r"^中华人民共和国|[(]?[正副]本[)]?$", "", text), TITLES) for text in texts
    )


def _copy(texts: Iterable[str]) -> str:
    return next(
        (
            m.group(1)
            for text in texts
            if (m := re.search(r"^(?:人力资源服务许可证)?[(]?([正副]本)[)]?(?:[(]?\d.*)?$", text))
        ),
        "",
    )


# --- Labels ---------------------------------------------------------------------------------------


def _cells(upright: Sequence[TextBox], slope: float) -> Iterator[Cell]:
    """Yield the labels and values of the upright page, without the form's own print and stamps."""
    boxes = [replace(box, text=tidy_text(box.text)) for box in upright]
    boxes = [
        box
        for box in boxes
        if box.text
        and not _stamped(box, slope)
        and not _titled([box.text])
        and not _FORM.search(box.text)
    ]
    halves = [box for box in boxes if box.text in _HALVES]
    for box in boxes:
        if box.text in _HALVES:
            continue
        if (first := next((half for half in halves if _joins(half, box, slope)), None)) is not None:
            halves.remove(first)
            yield _cell(first, _HALVES[first.text][1], slope)
            if rest := box.text[1:].lstrip(":"):
                yield _cell(box_part(box, len(box.text) - len(rest), len(box.text)), "", slope)
            continue
        yield from (
            _cell(piece, label, slope)
            for piece, label in _cut(box)
            if label or not is_furniture(piece.text)
        )
    yield from (_cell(box, "", slope) for box in halves)


def _stamped(box: TextBox, slope: float) -> bool:
    """Whether `box` leans away from the page's lines."""
    return abs(box.angle - slope) > LARGEST_TILT and box.length > 2 * box.height


def _joins(half: TextBox, box: TextBox, slope: float) -> bool:
    """Whether `box` begins with the second half of the label whose first half is `half`."""
    (_, x1, y, h), (x0, _, other_y, _) = straightened_box(half, slope), straightened_box(box, slope)
    return (
        box.text.startswith(_HALVES[half.text][0])
        and abs(y - other_y) < 0.6 * h
        and -h < x0 - x1 < 6 * h
    )


def _cut(box: TextBox) -> Iterator[tuple[TextBox, str]]:
    """Cut `box` (its text tidy) at its labels; yield each part with its label, or ""."""
    text = box.text
    found = _label_at_start(text) or _label_inside(text)
    if found is None:
        yield box, ""
        return
    start, end, field = found
    if start:
        yield box_part(box, 0, start), ""
    yield box_part(box, start, end), field
    rest = text[end:].lstrip(":;.,、· ")
    if rest:
        tail = box_part(box, len(text) - len(rest), len(text))
        yield from [(tail, "")] if field == "business_scope" else _cut(tail)


def _label_at_start(text: str) -> tuple[int, int, str] | None:
    """Return start, end and field of the label at the start of `text`.

    A long label may have one wrong character.
    """
    for word in _LONGEST_FIRST:
        if text.startswith(word):
            return 0, len(word), _LABELS[word]
    for word in _INSIDE:
        if len(text) >= len(word) and sum(a != b for a, b in zip(word, text, strict=False)) == 1:
            return 0, len(word), _LABELS[word]
    return None


def _label_inside(text: str) -> tuple[int, int, str] | None:
    found = [(text.find(word), -len(word), word) for word in _INSIDE if text.find(word) > 0]
    if not found:
        return None
    start, _, word = min(found)
    return start, start + len(word), _LABELS[word]


def _cell(box: TextBox, label: str, slope: float) -> Cell:
    return Cell(Piece(box, label), *straightened_box(box, slope))


# --- Values ---------------------------------------------------------------------------------------


def _lines(entry: Entry | None) -> list[tuple[str, TextBox]]:
    return [(cell.text, cell.piece.box) for cell in entry.lines] if entry else []


def _beside_labels(entries: dict[str, Entry]) -> Iterator[tuple[str, Quote]]:
    for name in ("name", "legal_representative", "address"):
        if value := values.clean_value(name, _lines(entries.get(name))):
            yield name, Quote(value.text, value.confidence, value.boxes)
    if (scope := _quoted(_lines(entries.get("business_scope")))) and len(
        text := scope.text.strip(":;,、·*#☑☐√✓□")
    ) >= 2:
        yield "scope", replace(scope, text=full_width(text))
    if (quote := _quoted(_lines(entries.get("registration_number")))) and (
        number := _number(quote.text)
    ):
        yield "number", replace(quote, text=number)
    if quote := _quoted(_lines(entries.get("registration_authority"))):
        if match := _AUTHORITY.search(quote.text):
            yield "authority", replace(quote, text=match.group())
        elif match := _BEHEADED_AUTHORITY.search(quote.text):  # a seal covers its last character
            yield "authority", replace(quote, text=match.group()).doubted(GUESSED)
    if (quote := _quoted(_lines(entries.get("issued_on")))) and (
        day := dates.parse_day(quote.text)
    ):
        yield "issued_on", replace(quote, text=day.isoformat())
    if quote := _quoted(_lines(entries.get("term"))):
        yield from _term(quote, until_only=entries["term"].label.text.endswith("至"))


def _quoted(lines: Sequence[tuple[str, TextBox]]) -> Quote | None:
    """Join `lines` to one text; None if there are none."""
    if not lines:
        return None
    weight = sum(len(text) for text, _ in lines) or 1
    score = sum(box.score * len(text) for text, box in lines) / weight
    return Quote(
        to_simplified("".join(text for text, _ in lines)), score, tuple(box for _, box in lines)
    )


def _term(quote: Quote, *, until_only: bool = False) -> Iterator[tuple[str, Quote]]:
    """Yield the first and the last day of the term in `quote`."""
    days = dates.days_in(quote.text)
    ending = days[-1].isoformat() if days else ""
    if len(days) >= 2:
        yield "valid_from", replace(quote, text=days[0].isoformat())
    elif days and not until_only and re.search(rf"^自?{_DAY}(?:起|至|到|[-—~])", quote.text):
        yield "valid_from", replace(quote, text=ending)
        ending = ""
    if re.search("长期|永久", quote.text):
        ending = OPEN_ENDED
    if ending:
        yield "valid_until", replace(quote, text=ending)


def number_key(number: str) -> str:
    """Return a licence's number in the form used for comparisons.

    Provinces, lists and fonts differ in brackets, spaces and widths.
    """
    plain = unicodedata.normalize("NFKC", number).upper()
    return re.sub(r"[^0-9A-Z一-鿿]", "", plain)


def _number(text: str) -> str:
    """Return the licence's number in `text`, as printed, with the usual brackets."""
    text = text.strip(":;.,、·")
    if match := _OLDER_NUMBER.search(text):
        year = re.sub(r"[\[(【〔]((?:19|20)\d{2})[\])】〕]", r"〔\1〕", match.group())
        return full_width(year)
    match = _TWELVE_DIGITS.search(text) or _LABELLED_NUMBER.search(text.upper())
    return full_width(match.group()) if match else ""


def _by_form(
    cells: Sequence[Cell], entries: dict[str, Entry], everywhere: Sequence[tuple[str, TextBox]]
) -> Iterator[tuple[str, Quote]]:
    """Yield values without a label, recognised by their form, with less confidence.

    They are the number, the authority and the day at the foot.
    """
    claimed = {id(line) for entry in entries.values() for line in entry.lines}
    free = [cell for cell in cells if not cell.label and id(cell) not in claimed]
    for text, box in everywhere:
        if match := _OLDER_NUMBER.search(text):
            yield "number", Quote(_number(match.group()), box.score, (box,))
    for cell in free:
        if _TWELVE_DIGITS.fullmatch(cell.text):
            yield "number", Quote(cell.text, cell.piece.box.score * GUESSED, (cell.piece.box,))
    for cell in free:
        if match := _AUTHORITY.fullmatch(to_simplified(cell.text)):
            yield (
                "authority",
                Quote(match.group(), cell.piece.box.score * GUESSED, (cell.piece.box,)),
            )
    guessed = values.guess_fields(
        [(cell.text, cell.piece.box) for cell in free], ("type", "registration_authority")
    )
    for name, value in guessed.items():
        yield name, Quote(value.text, value.confidence, value.boxes)
    if (foot := _foot(cells, claimed)) is not None:
        yield "issued_on", foot


def _foot(cells: Sequence[Cell], claimed: set[int]) -> Quote | None:
    """Return the lowest day that belongs to no term: it is below or beside the authority."""
    lowest: tuple[float, Quote] | None = None
    loose = [
        cell
        for cell in cells
        if not cell.label and re.search(r"[\d年月日〇一二三四五六七八九十]", cell.text)
    ]
    for cell in loose:
        row = sorted(
            (c for c in loose if c.level_with(cell) and id(c) not in claimed), key=lambda c: c.x0
        )
        quote = _quoted([(c.text, c.piece.box) for c in row])
        day: date | None = dates.parse_day(quote.text) if quote and len(quote.text) < 24 else None
        if quote and day and (lowest is None or cell.y > lowest[0]):
            lowest = cell.y, replace(quote, text=day.isoformat()).doubted(0.9)
    return lowest[1] if lowest else None
