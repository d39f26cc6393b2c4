"""Reads letters of authorisation (授权委托书, 介绍信): the recruiter, the matter and the term.

Some letters are forms of labels and values; most are sentences with the blanks filled in. Both are
read by patterns over the text in the order of reading. At most the last four characters of an
identity number are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from documents.page import dates
from documents.page.boxes import Region, TextBox, region_of, rotate_boxes, rotated_back, rotation_of
from documents.page.layout import LARGEST_TILT, slope_of
from documents.page.text import full_width, tidy_text, to_simplified
from documents.page.values import DOUBTED, GUESSED
from documents.papers.model import (
    PaperReading,
    Quote,
    Running,
    by_field,
    is_title,
    rows_of,
    straightened_box,
)

FIELDS: Final = (
    "company",
    "recruiter",
    "id_last4",
    "matter",
    "platform",
    "valid_from",
    "valid_until",
    "valid_for",
    "dated_on",
    "legal_representative",
)
"""Every field that a reading can have.

Days are in ISO; `valid_until` may be 长期; `valid_for` counts days or months, as printed.
"""
OPEN_ENDED: Final = "长期"
_KINDS: Final = (
    "授权委托书",
    "委托授权书",
    "法人授权委托书",
    "授权书",
    "委托书",
    "介绍信",
    "授权函",
    "委托函",
    "授权证明",
)
_TITLE: Final = re.compile(
    rf"^(?:单位|企业|公司|法人|法定代表人|招聘|招聘业务|招聘平台|人事|个人|致.{{0,12}})?(?:的)?(?:{'|'.join(_KINDS)})(?:[(].{{0,8}}[)])?$"
)

# Parts of the patterns. `_S` is where a blank may have left a gap.
_S: Final = r"[\t_]*"
_NAME: Final = (
    r"(?P<value>[一-鿿A-Za-z0-9()·&\-\t]{2,40}?(?:公司|合伙\)|事务所|工作室|合作社|经营部|商行|中心|企业|集团|学校|医院|酒店|工厂|厂|店|馆)"
    r"(?:[一-鿿]{2,10}(?:分公司|分店))?)"
)
_END: Final = r"(?=[\t\n,;。:)(]|$)"
_PERSON: Final = r"(?P<value>[一-鿿]{2,4}?|[一-鿿]{1,8}·[一-鿿·]{1,12}?)"
_WHO: Final = (
    r"(?:同志|先生|女士|员工|[(,:;。"
    r"\t\n]|性别|身份证|公民身份|联系|职务|部门|手机|电话|为(?=我|本|其|代理|受托|公司|被)|系|作为|前往|前来|代表"
    r"|全权|办理|负责|$)"
)
_ROLE: Final = r"(?:被授权人|被委托人|受委托人|受托人|受权人|被授权代表|授权代表|委托代理人|代理人|经办人员|经办人|招聘负责人|联系人)"  # noqa: E501
_FORM: Final = r"(?:\([^)\n]{0,14}\))?"
_OURS: Final = r"(?:我公司|本公司|我单位|本单位|我司|本司|我方|本企业)"
_DAY: Final = (
    r"(?:\d{4}|[〇零○一二三四五六七八九]{4})\t?[年.\-/]\t?[\d〇零一二三四五六七八九十]{1,3}\t?[月.\-/]\t?"
    r"[\d〇零一二三四五六七八九十廿]{1,4}\t?日?"
)

_COMPANY: Final = (
    (
        rf"(?:委托单位|授权单位|委托方|授权方|委托人|授权人|委托企业|授权企业)(?:名称)?{_FORM}{_S}:?{_S}(?:名称)?:?{_NAME}{_FORM}{_END}",
        1.0,
    ),
    (rf"(?:单位名称|公司名称|企业名称)(?:\(盖?章?\))?{_S}:?{_S}{_NAME}{_END}", 1.0),
    (rf"{_OURS}{_S}[(:]{_S}(?:名称:)?{_NAME}{_S}[),,]", 1.0),
    (
        (
            r"(?:^|[\n。"
            rf",;:]){_S}(?:兹有|兹由|兹|现有|现|今|由|因工作需要)?,?{_S}{_NAME}{_S}(?:\(.{{0,50}}?\))?{_S},?(?:现|特|兹|在此)?(?:委托|授权|介绍|指派)"
        ),
        1.0,
    ),
    (rf"(?:兹|现|特)(?:由|有){_S}{_NAME}{_S}(?:员工|职工|的)", 0.9),
    (rf"(?:^|\n|\t){_NAME}{_S}(?:\((?:公章|盖章|加盖公章|章|签章|单位公章)[^)\n]{{0,8}}\))", 0.9),
    (rf"(?:^|\n){_NAME}(?=\n(?:日期:)?{_S}{_DAY})", GUESSED),
)
_RECRUITER: Final = (
    (
        rf"(?<!委托人)(?<!授权人){_ROLE}{_FORM}{_S}(?:姓名)?{_S}:?{_S}(?:姓名{_S}:?{_S})?{_PERSON}{_S}(?={_WHO})",
        1.0,
    ),
    (
        rf"(?:委托|授权|介绍|指派|派遣)(?:{_OURS})?(?:的)?(?:{_S}(?:员工|职工|工作人员|人事专员|招聘专员|人事经理|招聘经理|人力资源专员|人力资源部))?"
        rf"{_S}{_PERSON}{_S}(?={_WHO})",
        0.95,
    ),
    (
        rf"兹有{_S}(?:{_OURS})?{_S}(?:员工|职工|工作人员)?{_S}{_PERSON}{_S}(?=同志|先生|女士|,|身份证)",
        0.95,
    ),
    (rf"(?:^|\n|\t)姓名{_S}:?{_S}{_PERSON}{_S}(?={_WHO})", 0.9),
)
_PLATFORM: Final = (
    (
        (
            rf"(?:招聘平台|授权平台|使用平台|平台名称|招聘网站|平台)(?:名称)?{_S}:{_S}(?P<value>[^\n\t,;。"
            r":]{2,24})"
        ),
        1.0,
    ),
    (
        r"(?:在|于|通过|登录|使用|前往|到|贵司|赴)\t?[“\"《「']?\t?(?P<value>[一-鿿A-Za-z0-9]{2,16}?(?:招聘网站|招聘平台|招聘网|人才网|求职网|网站|平台|直聘|网|招聘|APP|App))"
        rf"[”\"》」']?{_S}(?:\([^)\n]{{0,30}}\))?(?:上|内|中|处)?{_S}"
        r"(?=办理|发布|注册|开通|进行|从事|负责|开展|认证|招聘|下载|使用|的|以|代|全权|,)",
        0.95,
    ),
    (
        r"(?:^|\n)(?:致|尊敬的)?\t?:?\t?(?P<value>[一-鿿A-Za-z0-9()]{2,20}(?:网|平台|直聘|网站))\t?:?(?=\n)",
        0.9,
    ),
    (r"(?:^|\n)致\t?:?\t?(?P<value>[一-鿿A-Za-z0-9()]{2,20}(?:公司|招聘))\t?(?=:|\n)", 0.8),
)
_MATTER: Final = (
    (
        r"(?:授权事项|委托事项|授权范围|委托权限|授权内容|办理事项|委托内容|授权权限|代理权限|事由)\t?(?:\([^)\n]{0,14}\))?\t?:\t?"
        r"(?P<value>[^\n]{2,160}?)(?=。|\n|$)",
        1.0,
    ),
    (
        (
            r"(?:办理|负责|处理|从事|代为|进行|开展)\t?(?P<value>[^。"
            r";\n]{2,120}(?:事宜|事项|工作|手续|业务|活动))(?=[,。;:\n\t]|$)"
        ),
        0.95,
    ),
    (r"(?P<value>(?:发布|下载)[^。;\n]{0,60}?(?:招聘信息|职位|简历)[^。;,\n]{0,40})", GUESSED),
)
_PERIOD: Final = re.compile(
    rf"(?:自|从)?{_S}(?P<first>{_DAY}){_S}(?:起|开始)?,?{_S}(?:至|到|—|-|~|－)+{_S}(?P<last>{_DAY}|{OPEN_ENDED})"
)
_UNTIL: Final = re.compile(
    r"(?:有效期限?|期限|本?授权(?:书)?|本?委托(?:书)?|起|截止|之日)[^。"
    rf"\n]{{0,24}}?(?:至|到|截止|截至){_S}(?:于)?{_S}(?P<last>{_DAY})"
)
_OPEN: Final = re.compile(
    rf"(?:有效期限?|授权期限|委托期限|期限){_FORM}{_S}:?{_S}(?:为)?{_S}(?P<last>长期|永久)"
)
_FOR: Final = re.compile(
    rf"有效期限?{_S}:?{_S}(?:为|:)?{_S}(?P<value>[\d一二三四五六七八九十]{{1,4}}{_S}(?:天|日|个月|个工作日|年))(?!\d|[一二三四五六七八九十]*月)"
)
_DATED: Final = re.compile(rf"(?:日期|签发日期|授权日期|委托日期){_S}:?{_S}(?P<last>{_DAY})")
_ANY_DAY: Final = re.compile(_DAY)
_SIGNATURE: Final = re.compile(
    r"(?:法定代表人|法人代表|法人|企业负责人|负责人)\t?(?:或\t?[^(:\n]{0,8})?\t?\(?(?:签字|签名|亲笔签名|签章|盖章|手签)[^):\n]{0,8}\)?\t?:?"
    r"(?P<after>\t?[一-鿿·]{2,4}(?=[\t\n,。;]|$))?"
)
_LEGAL: Final = re.compile(
    rf"(?:法定代表人|法人代表|负责人){_FORM}{_S}(?:姓名)?{_S}(?:为|系|:){_S}{_PERSON}{_S}(?={_WHO}|[)])"
)
_IDENTITY: Final = re.compile(
    r"(?:身\t?份\t?证件?|公民身份|证件)(?:号码|号|\t|:|\(|\)|为|是|件|编号)*(?P<value>[\dXx*•●_\-\t]{4,26})"
)
_LONG_NUMBER: Final = re.compile(
    r"(?<!\d)(?:\d[\t\-]?){14,17}[\dXx*](?![\dA-Za-z])|(?<!\d)\d{3,8}[*•●]{4,}[\dXx]{0,4}"
)
_NO_PERSON: Final = re.compile(
    r"公司|单位|我们|以下|下列|姓名|签字|盖章|签名|代理|委托|授权|办理|负责|人事|招聘|上述|贵|平台|信息|身份|员工|事宜|有效|日期|期限"
)


@dataclass(frozen=True)
class AuthorizationLetterReading(PaperReading):
    """The reading of a page as a letter of authorisation."""

    signature_place: Region | None = None
    """The place for the legal representative's signature, in pixels of the page as submitted.

    None if the letter has no such place.
    """
    signed: bool | None = None
    """Whether there is a signature. None if there is no place for one, or it was not checked."""
    sealed: bool | None = None
    """Whether a round red seal was found.

    None if colours were not checked, or are inconclusive.
    """
    seal_text: str = ""
    """The text in the seal, as read."""
    seal_confidence: float = 0.0
    seal_region: Region | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the reading as JSON values."""
        regions = {"signature_place": self.signature_place, "seal_region": self.seal_region}
        return super().as_json() | {
            name: list(line) if line else None for name, line in regions.items()
        }


def authorization_letter_of(
    boxes: Sequence[TextBox], width: int, height: int
) -> AuthorizationLetterReading:
    """Read the `boxes` of one page of `width` × `height` pixels.

    Any boxes are accepted; fields that are not there are not in the reading.
    """
    rotation = rotation_of(boxes)
    upright = rotate_boxes(boxes, rotation, width, height)
    slope = slope_of(upright)
    rows = rows_of(upright, slope, LARGEST_TILT)
    running = Running(rows, slope)
    taken = _Letter(running).quotes()
    fields, confidence, regions = by_field(taken, FIELDS, rotation, width, height)
    line = _signature_line(running, slope)
    return AuthorizationLetterReading(
        fields,
        confidence,
        regions,
        _titled(
            [tidy_text(box.text) for box in upright]
            + ["".join(box.text for box in row.boxes) for row in rows]
        ),
        rotation,
        signature_place=rotated_back(line[0], rotation, width, height) if line else None,
        signed=True if line and line[1] else None,
    )


def _titled(texts: Iterable[str]) -> bool:
    return any(_TITLE.match(text) or is_title(text, _KINDS) for text in texts)


class _Letter:
    """Applies the patterns to one letter's text."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.text = running.text
        self.whole = "".join(
            " " if c == "\n" else c for c in self.text
        )  # as one paragraph, positions kept

    def quotes(self) -> dict[str, Quote]:
        taken = {name: quote for name, quote in self._all() if quote}
        return {
            name: replace(quote, text=_without_numbers(quote.text)) if name != "id_last4" else quote
            for name, quote in taken.items()
        }

    def _all(self) -> Iterator[tuple[str, Quote | None]]:
        yield "company", self._first(_COMPANY, _company)
        yield "recruiter", self._first(_RECRUITER, _person)
        yield "id_last4", self._identity()
        yield "matter", self._first(_MATTER, _words)
        yield "platform", self._first(_PLATFORM, _words)
        yield from self._period()
        yield "legal_representative", self._legal_representative()

    def _first(self, patterns: Sequence[tuple[str, float]], clean: Any) -> Quote | None:
        for pattern, sure in patterns:
            for match in re.finditer(pattern, self.text):
                quote = self.running.quote(*match.span("value"))
                if text := clean(to_simplified(quote.text)):
                    return replace(quote, text=text).doubted(sure)
        return None

    def _identity(self) -> Quote | None:
        for match in _IDENTITY.finditer(self.text.replace("\n", "\t")):
            number = re.sub(r"[\t_\-]", "", match["value"]).upper()
            number = number[:18]
            if len(number) < 15 or not re.fullmatch(r"[\dX*•●]*[\dX]{4}", number):
                continue
            end = match.start("value") + _end_of_character(match["value"], len(number))
            last = self.running.quote(max(match.start("value"), end - 4), end)
            sound = (
                "*" in number
                or "•" in number
                or "●" in number
                or len(number) == 15
                or _right_check_character(number)
            )
            return replace(last, text=number[-4:]).doubted(1.0 if sound else DOUBTED)
        return None

    def _period(self) -> Iterator[tuple[str, Quote | None]]:
        """Yield the term and the day of the letter.

        The latter is the day with that label, or else the last one that belongs to no term.
        """
        spans: list[tuple[int, int]] = []
        flat = self.text.replace("\n", "\t")
        if match := _PERIOD.search(flat):
            spans.append(match.span())
            yield "valid_from", self._day(match, "first")
            yield "valid_until", self._day(match, "last")
        elif match := _UNTIL.search(flat) or _OPEN.search(flat):
            spans.append(match.span("last"))
            yield "valid_until", self._day(match, "last")
        if match := _FOR.search(flat):
            yield "valid_for", self.running.quote(*match.span("value"))
        dated = _DATED.search(flat)
        days = [m for m in _ANY_DAY.finditer(flat) if not any(a <= m.start() < b for a, b in spans)]
        if dated and not any(a <= dated.start("last") < b for a, b in spans):
            yield "dated_on", self._day(dated, "last")
        elif days:
            yield "dated_on", self._day(days[-1], 0)

    def _day(self, match: re.Match[str], group: str | int) -> Quote | None:
        quote = self.running.quote(*match.span(group))
        if quote.text in ("长期", "永久"):
            return replace(quote, text=OPEN_ENDED)
        day = dates.parse_day(
            quote.text if quote.text.endswith("日") or "年" not in quote.text else f"{quote.text}日"
        )
        return replace(quote, text=day.isoformat()) if day else None

    def _legal_representative(self) -> Quote | None:
        for match in _LEGAL.finditer(self.text):
            quote = self.running.quote(*match.span("value"))
            if name := _person(to_simplified(quote.text)):
                return replace(quote, text=name)
        for match in _SIGNATURE.finditer(self.text):
            if match["after"] and (
                name := _person(
                    to_simplified((quote := self.running.quote(*match.span("after"))).text)
                )
            ):
                return replace(quote, text=name).doubted(0.8)
        return None


def _signature_line(running: Running, slope: float) -> tuple[Region, bool] | None:
    """Return the place for the signature on the upright page, and whether text was read there."""
    match = next(iter(_SIGNATURE.finditer(running.text)), None)
    if match is None:
        return None
    end = match.start("after") if match["after"] else match.end()
    label = running.quote(match.start(), end)
    if not label.boxes:
        return None
    _, _, _, h = straightened_box(label.boxes[-1], slope)
    _, y0, x1, y1 = region_of(label.boxes[-1:])
    if match["after"] and _person(to_simplified(match["after"].strip("\t"))):
        return region_of(running.quote(*match.span("after")).boxes), True
    return (x1, round(y0 - 0.8 * h), round(x1 + 8 * h), round(y1 + 0.6 * h)), False


# --- Cleaning -------------------------------------------------------------------------------------


def _company(text: str) -> str:
    text = re.sub(
        r"^(?:兹有?|现有?|今有?|由|致|特此|我公司|本公司|我单位|本单位|我司|为|系|名称)+", "", text
    )
    return (
        full_width(text)
        if len(text) >= 4
        and not re.search(r"委托|授权|盖章|公章|贵公司|我公司|本公司|^的|有限公司有限公司", text)
        else ""
    )


def _person(text: str) -> str:
    return "" if _NO_PERSON.search(text) else text


def _words(text: str) -> str:
    text = text.strip(":;,.、_“”\"'《》「」 ")
    return (
        full_width(text)
        if len(text) >= 2 and not re.search(r"^贵(?:公司|平台|司|网站)", text)
        else ""
    )


def _without_numbers(text: str) -> str:
    """Return `text` without anything that may be an identity number."""
    return _LONG_NUMBER.sub("", text)


def _right_check_character(number: str) -> bool:
    """Whether a number is an 18-character identity number with a right check character.

    By GB 11643-1999 (MOD 11-2).
    """
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def _end_of_character(raw: str, count: int) -> int:
    """Return how many characters of `raw` contain the first `count` that are not filling."""
    seen = 0
    for i, character in enumerate(raw):
        seen += character not in "\t_-"
        if seen == count:
            return i + 1
    return len(raw)
