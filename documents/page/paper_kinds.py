"""Which kind of paper a page is, by its own title or labels.

Only what a page itself says counts, so that a right paper is never called a wrong one. A page that
says nothing clear has no kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from documents.page.boxes import TextBox, rotate_boxes, rotation_of
from documents.page.text import tidy_text, to_simplified


class PaperKind(StrEnum):
    """Stored with readings. The first three have the codes of the documents that are asked for."""

    BUSINESS_LICENCE = "business_licence"
    HR_SERVICE_LICENCE = "hr_service_licence"
    AUTHORIZATION_LETTER = "authorization_letter"
    IDENTITY_CARD = "identity_card"
    DRIVING_LICENCE = "driving_licence"
    PASSPORT = "passport"
    BANK_CARD = "bank_card"
    ACCOUNT_PERMIT = "account_permit"
    TAX_CERTIFICATE = "tax_certificate"
    OTHER_PERMIT = "other_permit"
    CONTRACT = "contract"
    RECEIPT = "receipt"
    PRICE_LIST = "price_list"
    SCREENSHOT = "screenshot"
    NO_TEXT = "no_text"
    """A blank page, a face, a view: nothing on it can be read."""


PERSONAL: Final = frozenset(
    {PaperKind.IDENTITY_CARD, PaperKind.DRIVING_LICENCE, PaperKind.PASSPORT, PaperKind.BANK_CARD}
)
"""Papers of a person, which nobody asked for."""
READABLE: Final = 0.5
"""Text with a lower score is not text."""
FEWEST_CHARACTERS: Final = 6
"""A page with fewer characters that can be read has no text."""

_HEAD: Final = r"(?:中华人民共和国)?"
_COPY: Final = r"(?:[(]?(?:正本|副本|复印件)[)]?)?(?:[(]?[\d-]{1,5}[)]?)?"
_TITLES: Final[tuple[tuple[PaperKind, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(f"{_HEAD}(?:{title}){_COPY}"))
    for kind, title in (
        (PaperKind.HR_SERVICE_LICENCE, "人力资源服务许可证书?"),
        (PaperKind.HR_SERVICE_LICENCE, "人才中介服务许可证|职业中介许可证|职业介绍许可证"),
        (PaperKind.AUTHORIZATION_LETTER, "[一-鿿]{0,8}(?:授权委托书|委托授权书|授权书)"),
        (PaperKind.AUTHORIZATION_LETTER, "[一-鿿]{0,8}(?:委托书|介绍信|授权函|委托函)"),
        (PaperKind.BUSINESS_LICENCE, "[一-鿿]{0,8}营业执照"),
        (PaperKind.DRIVING_LICENCE, "机动车(?:驾驶|行驶)证"),
        (PaperKind.ACCOUNT_PERMIT, "(?:基本存款账户)?开户许可证|基本存款账户信息"),
        (PaperKind.TAX_CERTIFICATE, "税务登记证|组织机构代码证"),
        (PaperKind.OTHER_PERMIT, "食品(?:经营|生产|流通|卫生)许可证|餐饮服务许可证|卫生许可证"),
        (PaperKind.OTHER_PERMIT, "道路运输(?:经营)?许可证|劳务派遣(?:经营)?许可证|排污许可证"),
        (PaperKind.OTHER_PERMIT, "特种行业许可证|医疗器械经营许可证|药品经营许可证|办学许可证"),
        (PaperKind.OTHER_PERMIT, "出版物经营许可证|烟草专卖零售许可证|安全生产许可证"),
        (PaperKind.CONTRACT, "[一-鿿]{0,10}(?:合同|协议)书?"),
        (PaperKind.PRICE_LIST, "[一-鿿]{0,4}菜单|菜谱|价目表|价格表"),
        (PaperKind.RECEIPT, "(?:购物|收银|消费|结账)?小票|收据|收款收据"),
        (PaperKind.RECEIPT, "[一-鿿]{0,8}(?:电子)?(?:普通|专用|增值税)发票"),
    )
)
"""The titles of papers. The first that is a whole line decides."""


def _several(least: int, *patterns: str) -> Callable[[Sequence[str]], bool]:
    """Return a test whether at least `least` of `patterns` begin lines."""
    compiled = [re.compile(pattern) for pattern in patterns]
    return lambda lines: sum(any(p.search(line) for line in lines) for p in compiled) >= least


_OF_LICENCE: Final = _several(
    4,
    "^统一社会信用代码|^注册号",
    "^名称|^企业名称|^字号名称",
    "^类型|^主体类型|^组成形式",
    "^法定代表人|^经营者|^负责人|^投资人",
    "^经营范围",
    "^注册资本",
    "^成立日期|^注册日期",
    "^住所|^经营场所",
    "^登记机关",
    "^营业期限",
)
_NUMBER: Final = re.compile(r"\d{17}[\dX]")
_LABELS: Final[Mapping[PaperKind, Callable[[Sequence[str]], bool]]] = {
    PaperKind.DRIVING_LICENCE: _several(
        2, "准驾车型", "初次领证日期", "DrivingLicen[sc]e|机动车驾驶证", "号牌号码", "车辆识别代号"
    ),
    PaperKind.PASSPORT: _several(2, "PASSPORT|护照", r"^P[A-Z<]CHN|<<<<", "PassportNo|护照号"),
    PaperKind.BANK_CARD: _several(
        2,
        "银联|UnionPay",
        "VALIDTHRU|有效期|MONTH/?YEAR",
        r"^\d{16,19}$",
        "储蓄卡|借记卡|信用卡|DEBIT|CREDIT",
    ),
    PaperKind.SCREENSHOT: _several(
        2,
        "企查查|天眼查|爱企查|启信宝|水滴信用",
        r"^\d{1,2}:\d\d$",
        r"\d{1,3}%$|^[45]G|WLAN|中国移动|中国联通|中国电信",
        "股东信息|司法风险|查看电话|附近企业|发送|按住说话",
    ),
}
_OF_CARD: Final = ("^姓名", "^性别", "民族", "^出生", "^住址")
_FRONT_OF_CARD: Final = _several(3, "公民身份号", *_OF_CARD)
_BARE_FRONT_OF_CARD: Final = _several(4, *_OF_CARD)
_BACK_OF_CARD: Final = _several(2, "居民身份证", "^签发机关", "^有效期限")
_PRICE: Final = re.compile(
    r"[¥￥]\d{1,4}(?:\.\d{1,2})?$|(?<!\d)\d{1,4}(?:\.\d{1,2})?元(?:/[份个位只斤])?$|^\d{1,4}\.\d{2}$"
)
_PRICES: Final = 4
_LONGEST_CARD: Final = 16
"""An identity card has few lines. A page with more is another paper that mentions one."""
_GIVES_AUTHORITY: Final = re.compile("委托|授权|兹")
"""Words of letters, which name a person as personal papers do."""


def kind_of(boxes: Sequence[TextBox], width: int, height: int) -> PaperKind | None:
    """Return the kind of the page with `boxes` and these pixels; None if it is unclear."""
    read = [box for box in boxes if box.score >= READABLE]
    lines = _lines(rotate_boxes(read, rotation_of(read), width, height))
    if sum(map(len, (tidy_text(box.text) for box in read))) < FEWEST_CHARACTERS:
        return PaperKind.NO_TEXT
    for kind, title in _TITLES:
        if any(title.fullmatch(line) for line in lines):
            return kind
    if _OF_LICENCE(lines):
        return PaperKind.BUSINESS_LICENCE
    is_letter = any(_GIVES_AUTHORITY.search(line) for line in lines)
    for kind, says in _LABELS.items():
        if says(lines) and not (is_letter and kind in PERSONAL):
            return kind
    if not is_letter and _is_card(lines, len(read)):
        return PaperKind.IDENTITY_CARD
    if sum(bool(_PRICE.search(line)) for line in lines) >= _PRICES:
        return PaperKind.PRICE_LIST
    return None


def _is_card(lines: Sequence[str], boxes: int) -> bool:
    """Whether a page with this text is a side of an identity card. Forms and resumes have some of
    its labels, but 公民身份号码 is printed on nothing else.
    """
    if any("公民身份号" in line for line in lines):
        return _FRONT_OF_CARD(lines)
    numbered = any(_NUMBER.search(line) for line in lines)
    front = numbered and _BARE_FRONT_OF_CARD(lines)
    return boxes <= _LONGEST_CARD and (front or _BACK_OF_CARD(lines))


def kind_of_best(best: PaperKind | None, kinds: Iterable[PaperKind | None]) -> PaperKind | None:
    """Return the kind of a document whose best page is `best` and whose pages are `kinds`.

    A personal paper among other pages does not make the document one.
    """
    return None if best in PERSONAL and any(kind not in PERSONAL for kind in kinds) else best


def _lines(upright: Sequence[TextBox]) -> list[str]:
    """Return the text of each box, and of boxes side by side, without marks at the ends."""
    texts = [to_simplified(tidy_text(box.text)) for box in upright]
    rows: list[list[TextBox]] = []
    for box in sorted(upright, key=_middle):
        if rows and abs(_middle(rows[-1][0]) - _middle(box)) < 0.5 * rows[-1][0].height:
            rows[-1].append(box)
        else:
            rows.append([box])
    for row in rows:
        if len(row) > 1:
            row.sort(key=lambda box: box.polygon[0][0])
            texts.append(to_simplified(tidy_text("".join(box.text for box in row))))
    return [text.strip(":;.,、·*-—_|") for text in texts if text]


def _middle(box: TextBox) -> float:
    return sum(y for _, y in box.polygon) / 4
