"""What does a field's value look like, once the print around it is taken off?

Each field has its own form: a day, an amount, a name of two to four characters. `clean` brings what
stands beside a label into that form or refuses it; `numbers` and `guesses` find by form alone what
no label names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from documents import uscc
from documents.page import capital, dates
from documents.page import confidence as page_confidence
from documents.page.boxes import TextBox
from documents.page.labels import is_furniture, tidy

GUESSED: Final = 0.6
"""What is left of the confidence in a value that no label names."""
LONGEST: Final = 3000
"""Characters of a value; the longest scopes have a third of it."""
DOUBTED: Final = 0.3
"""What is left of the confidence in a number whose check character is wrong."""

_LEGAL_FORMS: Final = (
    r"(?:法人商事主体|非法人商事主体)?[【\[(]?(?:其他|一人|外商投资)?(?:"
    r"有限责任公司|股份有限公司|有限公司|个体工商户|个体户|个人独资企业|(?:普通|有限|特殊普通)?合伙企业|农民专业合作(?:社|经济组织)|专业合作社"
    r"|集体所有制|全民所有制|股份合作制|个人经营|家庭经营|内资(?:分公司|企业法人|非法人)|外国(?:\(地区\))?企业)"
)
_TYPE: Final = re.compile(rf"^{_LEGAL_FORMS}")
_WHOLE_TYPE: Final = re.compile(rf"{_LEGAL_FORMS}(?:\([^()]*\))?")
_NAME: Final = re.compile(
    r"^[一-鿿〇A-Za-z0-9()·&\-.《》\"“”]{2,60}?(?:公司|厂|店|部|行|社|中心|合伙\)|企业|工作室|商行|合作社|酒店|宾馆|饭店|事务所|经营部|门市部|超市|馆|坊|屋|城|场|院|所|园)(?:[一-鿿]{0,12}(?:分公司|分店|分厂|营业部|经营部))?$"
)
_ADDRESS: Final = re.compile(
    r"^[一-鿿]{2,30}?[省市区县州盟旗镇乡村街路道].{3,60}[号室楼层幢栋村组座屯园厦厅房铺内侧旁口)]$"
)
_PERSON: Final = re.compile(r"^[一-鿿·]{2,15}")
_AUTHORITY: Final = re.compile(
    r"[一-鿿]{2,30}(?:市场监督管理局|市场监督管理委员会|工商行政管理局|行政审批局|行政审批服务局|市场和质量监督管理委员会|政务服务管理局)(?:[一-鿿]{0,8}分局)?"
)
_STARS: Final = "*#※★☆☑√✓+=_~^"
_LOOSE: Final = ":;.,、·。，；：" + _STARS
_NOT_A_NAME: Final = re.compile(r"营业执照|监督|机关|公示|[年月日]$|^副本|^正本")


@dataclass(frozen=True)
class Value:
    """A field's value, how sure (0..1), and the boxes that it was read from."""

    text: str
    confidence: float
    boxes: tuple[TextBox, ...]
    alternatives: tuple[str, ...] = ()


Line = tuple[str, TextBox]


def clean(name: str, lines: Sequence[Line]) -> Value | None:
    """The value of field `name` in the `lines` beside and below its label; None where they hold no
    such value.
    """

    def cleaner(text: str) -> str:
        return _CLEANERS[name](simplified(tidy(text)))

    if name == "type":
        lines = _lines_of_type(lines)
    text = cleaner("".join(text for text, _ in lines)[:LONGEST])
    if not text:
        return None
    boxes = tuple(box for _, box in lines)
    others = (
        ()
        if name in page_confidence.CEILING
        else page_confidence.alternatives(text, boxes, cleaner)
    )
    return Value(text, page_confidence.confidence(boxes), boxes, others)


def numbers(beside: Mapping[str, Sequence[Line]], everywhere: Sequence[Line]) -> dict[str, Value]:
    """The unified social credit code and the older registration number.

    `beside`: the lines next to their labels, by field. A code that no label names must have a right
    check character, and stand alone in its line; the one beside a label is given as read, and
    doubted if it is wrong. It is not replaced by another code of the page (a stamp, a footer, a
    forger's margin), but for one read in its own place.
    """
    found: dict[str, Value] = {}
    doubtful = _doubtful_code(beside.get("uscc", ()))
    loose = (
        code for code in _valid_codes(everywhere) if doubtful is None or _overlap(code, doubtful)
    )
    code = (
        next(_valid_codes(beside.get("uscc", ()), labelled=True), None)
        or next(loose, None)
        or doubtful
    )
    if code:
        found["uscc"] = code
    number = next(_registration_numbers(beside.get("registration_number", ())), None)
    if number and not is_checked_number(number.text):
        others = (
            other for other in _registration_numbers(everywhere) if is_checked_number(other.text)
        )
        number = next((other for other in others if _overlap(other, number)), number)
    if not number and not code:
        number = next(_registration_numbers(everywhere, factor=GUESSED), None)
    if number:
        found["registration_number"] = number
    return found


def guesses(free: Sequence[Line], taken: Iterable[str]) -> dict[str, Value]:
    """Fields not yet `taken`, from lines that no label claimed: those whose form alone gives them
    away.
    """
    found: dict[str, Value] = {}
    lines = [(simplified(tidy(text)), box) for text, box in free]
    for name, fits in _TELLING.items():
        if name in taken:
            continue
        for text, box in lines:
            if fits(text) and (value := _CLEANERS[name](text)):
                found[name] = Value(value, box.score * GUESSED, (box,))
                break
    return found


_TERM_GOES_ON: Final = re.compile(
    r"[\d年月日至自止到长期永久无固定限不约〇○零一二三四五六七八九十./*()\-]+"
)
MISFIT: Final = 2.0
"""What it costs to take for a value what does not look like one; more than to leave a line without
a label (`columns.LEFT`).
"""


def misfit(name: str, lines: Sequence[str]) -> float:
    """How little `lines` (tidy) look like a value of field `name`:

    0 where they do, or where nothing tells.
    """
    text = "".join(lines)
    if name == "type":
        open_ended = (
            line.startswith("(") or "".join(lines[:i]).count("(") > "".join(lines[:i]).count(")")
            for i, line in enumerate(lines)
        )
        return MISFIT * sum(not each for each in list(open_ended)[1:])
    if name == "legal_representative":
        return (
            0.0
            if re.fullmatch(r"[一-鿿·]{2,6}|[A-Za-z .·,\-]{3,}|.*(?:公司|合伙|企业|委派).*", text)
            else MISFIT
        )
    if name == "registered_capital":
        return 0.0 if _capital(text) else MISFIT
    if name == "established_on":
        return 0.0 if _day(text) else MISFIT
    if name == "term":
        return MISFIT * (not _term(text)) + MISFIT * sum(
            not _TERM_GOES_ON.fullmatch(line) for line in lines[1:]
        )
    if name == "business_scope":
        return MISFIT if re.fullmatch(_LEGAL_FORMS, lines[0]) else 0.0
    if name == "name" and any(
        _NAME.match("".join(lines[:i])) and re.match(f"型{_LEGAL_FORMS}", lines[i])
        for i in range(1, len(lines))
    ):
        # what stands below a whole name is the type, glued to the half of its label (类|型)
        return MISFIT
    if name in ("name", "address"):
        return MISFIT if dates.days_in(text) or not re.search("[一-鿿]{2}", text) else 0.0
    return 0.0


def first_day(term: Value | None) -> Value | None:
    """The day on which `term` begins, as a guess at the day of establishment: they are one for
    nearly every company.
    """
    begins = dates.day(term.text.partition("至")[0]) if term and "至" in term.text else None
    return (
        Value(begins.isoformat(), term.confidence * GUESSED, term.boxes)
        if term and begins
        else None
    )


def registration_check_digit(first14: str) -> str:
    """The 15th digit of a registration number (GS 15-2006: MOD 11,10)."""
    rest = 10
    for digit in first14:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def is_sound_number(number: str) -> bool:
    """Whether a registration number may be one: 13 digits, or 15 with a right check digit."""
    return (number.isdigit() and len(number) == 13) or is_checked_number(number)


def is_checked_number(number: str) -> bool:
    """Whether a registration number is proven by its check digit, which the older ones of 13 digits
    have not.
    """
    return (
        number.isdigit()
        and len(number) == 15
        and registration_check_digit(number[:14]) == number[14]
    )


# --- Codes ----------------------------------------------------------------------------------------


def _valid_codes(lines: Iterable[Line], *, labelled: bool = False) -> Iterator[Value]:
    for text, box in lines:
        for run in _runs(text, 18, 24 if labelled else 18):
            code = uscc.normalise(run)[: uscc.LENGTH]  # the number of the copy (1-1) may follow
            if uscc.is_valid(code):
                yield Value(
                    code, page_confidence.of_code(code, page_confidence.confidence([box])), (box,)
                )


def _overlap(a: Value, b: Value) -> bool:
    first, second = a.boxes[0], b.boxes[0]
    level = abs(first.middle[1] - second.middle[1]) < 0.8 * min(first.height, second.height)
    return level and first.x0 < second.x1 and second.x0 < first.x1


def codes_in(lines: Iterable[Line]) -> tuple[str, ...]:
    """The different sound codes that `lines` show, labelled or not."""
    return tuple(
        dict.fromkeys(
            code.text for code in _valid_codes(lines, labelled=True) if uscc.is_sound(code.text)
        )
    )


def might_be_code(text: str) -> bool:
    """Whether `text` looks like a code or number of a company with some characters lost or
    added.
    """
    return bool(re.search(r"[0-9A-Z]{11,21}", tidy(text).upper())) and not re.search(
        "编号|标识", text
    )


def _doubtful_code(lines: Sequence[Line]) -> Value | None:
    for text, box in lines:
        for run in _runs(text, 16, 20):
            code, start = uscc.normalise(run), tidy(text).upper().find(run)
            unsure = {weak.at - start for weak in box.weak} if start >= 0 else set()
            return Value(
                code, box.score * DOUBTED, (box,), page_confidence.like_codes(code, unsure)
            )
    return None


def _registration_numbers(lines: Iterable[Line], factor: float = 1.0) -> Iterator[Value]:
    for text, box in lines:
        if re.search("编号|标识|电话", text):
            continue
        for number in _runs(text, 13, 15):
            sound = is_checked_number(number)
            if re.fullmatch(r"\d{13}|\d{15}", number) and (factor == 1.0 or sound):
                read = page_confidence.confidence([box])
                sure = (
                    page_confidence.of_checked(read)
                    if sound
                    else read
                    if len(number) == 13
                    else read * DOUBTED
                )
                yield Value(number, sure * factor, (box,))


def _runs(text: str, shortest: int, longest: int) -> list[str]:
    """The runs of digits and letters in `text` of the given lengths, as printed or, failing that,
    without spaces and dots.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    pattern = rf"(?<![0-9A-Z])[0-9A-Z]{{{shortest},{longest}}}(?![0-9A-Z])"
    return re.findall(pattern, text) or re.findall(pattern, re.sub(r"[\s.·]", "", text))


# --- Words ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


# Characters that stand in names today although a converter would replace them (通用规范汉字表,
# 2013).
_NOT_CONVERTED: Final = frozenset("昇乾甯甦祕邨堃喆淼仝迺")


def simplified(text: str) -> str:
    """`text` with traditional characters as simplified ones.

    The law has names registered in standard characters (企业名称登记管理规定 8), so a traditional
    one is the reader's. What GB 2312 has is standard already, and is left alone.
    """
    return "".join(c if c in _NOT_CONVERTED or _in_gb2312(c) else _converter()(c) for c in text)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


_FULL_WIDTH: Final = str.maketrans("(),;:", "（），；：")


def _bracketed(text: str) -> str:
    """`text` with the full-width brackets and marks of Chinese print."""
    return text.translate(_FULL_WIDTH)


def _name(text: str) -> str:
    text = text.strip(_LOOSE)
    return "" if len(text) < 2 or _NOT_A_NAME.search(text) else _bracketed(text)


def _lines_of_type(lines: Sequence[Line]) -> Sequence[Line]:
    """`lines`, without those that follow a whole legal form and do not go on with it: they are a
    neighbour's whose label was lost.
    """
    for i in range(1, len(lines)):
        before, line = (
            simplified(tidy("".join(text for text, _ in lines[:i]))),
            simplified(tidy(lines[i][0])),
        )
        if _WHOLE_TYPE.fullmatch(before) and not line.startswith(("(", "分公司", "分支机构")):
            return lines[:i]
    return lines


def _type(text: str) -> str:
    text = text.strip(_LOOSE)
    return _bracketed(_closed(text)) if re.search(r"[一-鿿]{2}", text) else ""


def _closed(text: str) -> str:
    """`text` with the bracket closed that the print's edge or a seal has taken."""
    return text + ")" * (text.count("(") - text.count(")"))


def _person(text: str) -> str:
    text = text.strip(_LOOSE)
    if latin := re.fullmatch(r"[A-Za-z .·,\-]{3,}", text):
        return latin.group()
    if re.search(r"公司|合伙|企业|委派", text):
        return _bracketed(text)
    match = _PERSON.match(text)
    return match.group() if match and not is_furniture(match.group()) else ""


def _capital(text: str) -> str:
    return capital.printed(text)


def _day(text: str) -> str:
    day = dates.day(text)
    return day.isoformat() if day else ""


def _term(text: str) -> str:
    text = text.strip(_LOOSE)
    return text if dates.days_in(text) or re.search(r"长期|永久|无固定|不约定", text) else ""


# The label's second half with its first misread; and the microprint (SCJDGL, for 市场监督管理) at
# the end.
_ADDRESS_NEIGHBOURS: Final = re.compile(r"^[住佳往生]?所(?=[一-鿿]{2,}[省市区县])|[SCJDGL]{4,40}$")
# Numbers of a list, the mark between two of which was read as a full stop: 160、161.162号.
_LISTED: Final = re.compile(r"、\d+(?:\.\d+)+")


def _address(text: str) -> str:
    text = _LISTED.sub(
        lambda numbers: numbers.group().replace(".", "、"),
        _ADDRESS_NEIGHBOURS.sub("", text.strip(_LOOSE)),
    )
    return _bracketed(text) if len(re.findall(r"[一-鿿]", text)) >= 3 else ""


_VERB: Final = (
    "生产|制造|加工|销售|批发|零售|研发|设计|开发|安装|维修|租赁|经营|兼营|主营|进出口|服务"
)
_HEADING: Final = re.compile(
    rf".{{0,12}}(?:项目|范围)|(?:(?:{_VERB})[及和与、,兼]?)+|.{{0,4}}以下.*"
)
"""What a colon may follow in a scope: 许可项目：, 生产、销售：."""


def _scope(text: str) -> str:
    text = text.strip(_STARS + ":;、·：；")
    return _bracketed(_with_semicolons(text)) if len(text) >= 2 else ""


def _with_semicolons(text: str) -> str:
    """`text`, where a colon that follows no heading is the semicolon that was printed: readers take
    one for the other.
    """
    *parts, last = re.split(r"(?<=[:;。)])", text)
    return (
        "".join(
            part[:-1] + ";" if part.endswith(":") and not _HEADING.fullmatch(part[:-1]) else part
            for part in parts
        )
        + last
    )


def _authority(text: str) -> str:
    match = _AUTHORITY.search(text)
    return match.group() if match and not text.endswith("监制") else ""


_CLEANERS: Final[dict[str, Callable[[str], str]]] = {
    "name": _name,
    "type": _type,
    "legal_representative": _person,
    "registered_capital": _capital,
    "established_on": _day,
    "term": _term,
    "address": _address,
    "business_scope": _scope,
    "registration_authority": _authority,
}
_TELLING: Final[dict[str, Callable[[str], bool]]] = {
    "type": lambda text: bool(_TYPE.match(text.strip(_LOOSE))),
    "address": lambda text: bool(_ADDRESS.match(text)) and not _NAME.match(text) and len(text) < 60,
    "name": lambda text: (
        bool(_NAME.match(text))
        and not _TYPE.match(text)
        and not _NOT_A_NAME.search(text)
        and not _AUTHORITY.search(text)
    ),
    "registration_authority": lambda text: bool(_AUTHORITY.search(text)),
}
