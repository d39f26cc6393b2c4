"""Decoys: pictures that people upload instead of a licence.

No reader may take them for one. They are other documents of the same fictitious companies, some
with the same labels as a licence, and pictures without any document.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from PIL import Image

from documents.specimens import everyday
from documents.specimens.company import Company, chinese_date
from documents.specimens.photograph import DAMAGES, photograph_page
from documents.specimens.seal import MARK, seal_impression
from documents.typesetting import Colour, Paper, Plate, lay_ink, smooth_noise, text_width, wrap_text

_INK: Final[Colour] = (40, 40, 44)
_RED: Final[Colour] = (206, 40, 48)


def make_decoy(seed: int, kind: str, damage: str | None = None) -> Image.Image:
    """Return a picture of `kind`, one of DECOYS, as it would be uploaded, in RGB.

    `damage` (as for `make_specimen`) replaces the usual one. Equal arguments give equal pictures. Raises
    ValueError for an unknown kind or damage.
    """
    if kind not in _DRAWN:
        raise ValueError(f"unknown decoy {kind!r}; known: {', '.join(DECOYS)}")
    draw, usual = _DRAWN[kind]
    damage = usual if damage is None else damage
    if unknown := [name for name in damage.split("+") if name not in DAMAGES]:
        raise ValueError(
            f"unknown damage {', '.join(map(repr, unknown))}; known: {', '.join(DAMAGES)}"
        )
    rng = np.random.default_rng(list(f"decoy {seed} {kind}".encode()))
    return Image.fromarray(photograph_page(draw(Company.fictitious(seed), rng), damage, rng))


def _sheet(size: tuple[int, int], colour: Colour, rng: np.random.Generator) -> Paper:
    """Return slightly uneven paper of `colour`."""
    grain = smooth_noise(rng, size, size[0] // 2) * 0.8 + smooth_noise(rng, size, 12) * 0.8
    return np.clip(np.array(colour, np.float32) + grain[..., None], 0, 255).astype(np.uint8)


def _lines(plate: Plate, x: float, y: float, text: str, size: int, room: float) -> float:
    """Set `text` in lines from baseline `y`; return the baseline after the last."""
    for line in wrap_text(text, "song", size, room):
        plate.text(x, y, line, "song", size)
        y += size * 1.55
    return y


def _rows(
    plate: Plate,
    x: float,
    y: float,
    rows: list[tuple[str, str]],
    size: int,
    value_x: float,
    room: float,
) -> float:
    """Set labels and their values, one below the other; return the baseline after the last."""
    for label, value in rows:
        plate.text(x, y, label, "song", size)
        y = _lines(plate, value_x, y, value, size, room) + size * 0.5
    return y


def _pressed(
    paper: Paper, authority: str, position: tuple[int, int, int], rng: np.random.Generator
) -> Paper:
    """Press the seal of `authority` at `position`: middle and radius."""
    x, y, radius = position
    seal = seal_impression(authority, radius, rng)
    mask = np.zeros(paper.shape[:2], np.uint8)
    half = seal.shape[0] // 2
    mask[y - half : y - half + seal.shape[0], x - half : x - half + seal.shape[1]] = seal
    return lay_ink(paper, mask, _RED, 0.75)


def _id_card(company: Company, rng: np.random.Generator) -> Paper:
    """The side of a card with a portrait; its number has no real region and no calendar day."""
    paper = _sheet((1012, 638), (216, 226, 236), rng)
    plate = Plate((1012, 638))
    rows = [
        ("姓 名", company.legal_representative),
        ("性 别", "女    民 族  汉"),
        ("出 生", "1985 年 13 月 32 日"),
        ("住 址", company.address),
    ]
    _rows(plate, 70, 110, rows, 30, 190, 400)
    plate.text(
        70,
        560,
        f"公民身份号码      99{int(rng.integers(10**4)):04}198513320{int(rng.integers(10**3)):03}",
        "song",
        32,
    )
    plate.text(560, 620, MARK, "song", 20)
    cv2.ellipse(paper, (800, 210), (75, 95), 0, 0, 360, (204, 170, 150), -1, cv2.LINE_AA)
    cv2.ellipse(paper, (800, 470), (150, 150), 0, 180, 360, (70, 80, 110), -1, cv2.LINE_AA)
    return lay_ink(paper, plate.mask, _INK)


def _contract(company: Company, rng: np.random.Generator) -> Paper:
    """The first page of a labour contract, with code, person and address like a licence."""
    size = (1130, 1600)
    plate = Plate(size)
    plate.text(565, 170, "劳 动 合 同 书", "song", 52, "ms")
    worker = Company.fictitious(int(rng.integers(10**6))).legal_representative
    head = [
        ("甲方（用人单位）：", company.name),
        ("统一社会信用代码：", company.uscc),
        ("法定代表人：", company.legal_representative),
        ("住所：", company.address),
        ("乙方（劳动者）：", worker),
        ("身份证号码：", "（样本，不填写）"),
    ]
    y = _rows(plate, 120, 270, head, 25, 360, 640)
    for number, clause in enumerate(_CLAUSES, start=1):
        y = _lines(plate, 120, y + 14, f"第{'一二三四五六七八九'[number - 1]}条  {clause}", 24, 890)
    plate.text(565, 1550, f"— 1 —   {MARK}", "song", 20, "ms")
    return lay_ink(_sheet(size, (250, 249, 246), rng), plate.mask, _INK)


def _landscape(company: Company, rng: np.random.Generator) -> Paper:
    """Hills under a sky."""
    width, height = 1600, 1066
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = (
        np.array((120, 170, 220), np.float32) * (1 - ys)
        + np.array((236, 226, 206), np.float32) * ys
    )
    paper = np.clip(
        np.broadcast_to(sky, (height, width, 3))
        + smooth_noise(rng, (width, height), 6)[..., None] * 9,
        0,
        255,
    ).astype(np.uint8)
    for depth, colour in ((0.5, (128, 146, 158)), (0.64, (86, 116, 98)), (0.8, (52, 78, 46))):
        along = np.arange(0, width + 20, 20)
        crest = (
            depth
            + 0.05 * np.sin(along / rng.uniform(80, 190) + rng.uniform(0, 6))
            + 0.02 * rng.standard_normal(len(along))
        ) * height
        hill = np.vstack((np.stack((along, crest), axis=1), [(width, height), (0, height)])).astype(
            np.int32
        )
        cv2.fillPoly(paper, [hill], colour, cv2.LINE_AA)
    return paper


def _chat(company: Company, rng: np.random.Generator) -> Paper:
    """A screenshot of two people who discuss the licence."""
    size = (828, 1660)
    paper = np.full((size[1], size[0], 3), (237, 237, 237), np.uint8)
    plate = Plate(size)
    plate.text(414, 110, company.legal_representative, "song", 34, "ms")
    y = 180
    for number, said in enumerate(
        (*_CHAT, f"公司叫{company.name}", "好的，收到后一个工作日内审核。", MARK)
    ):
        lines, mine = wrap_text(said, "song", 30, 470), number % 2 == 1
        room, tall = (
            round(max(text_width(line, "song", 30) for line in lines)) + 40,
            44 * len(lines) + 34,
        )
        left = size[0] - 110 - room if mine else 110
        cv2.rectangle(
            paper,
            (left, y),
            (left + room, y + tall),
            (149, 236, 105) if mine else (255, 255, 255),
            -1,
            cv2.LINE_AA,
        )
        face = size[0] - 90 if mine else 22
        cv2.rectangle(
            paper,
            (face, y),
            (face + 68, y + 68),
            (110, 140, 190) if mine else (200, 150, 110),
            -1,
            cv2.LINE_AA,
        )
        for i, line in enumerate(lines):
            plate.text(left + 20, y + 48 + i * 44, line, "song", 30)
        y += tall + 46
    return lay_ink(paper, plate.mask, (20, 20, 20))


def _blank(company: Company, rng: np.random.Generator) -> Paper:
    return _sheet((1130, 1600), (248, 247, 243), rng)


def _receipt(company: Company, rng: np.random.Generator) -> Paper:
    """A till receipt."""
    size = (560, 1180)
    plate = Plate(size)
    plate.text(280, 90, company.name[:12], "song", 34, "ms")
    plate.text(280, 140, "购物小票", "song", 30, "ms")
    y, total = 220.0, 0
    for item in random.Random(company.uscc).sample(_WARES, 7):  # noqa: S311 (nothing here is secret)
        number, price = int(rng.integers(1, 5)), int(rng.integers(200, 9900))
        plate.text(40, y, item, "song", 26)
        plate.text(520, y, f"{number} × {price / 100:.2f}", "song", 26, "rs")
        total, y = total + number * price, y + 52
    plate.text(40, y + 40, f"合计：{total / 100:.2f} 元", "song", 34)
    plate.text(
        40,
        y + 110,
        f"{company.established_on.isoformat()} 18:{int(rng.integers(60)):02}  收银员 02",
        "song",
        24,
    )
    plate.text(40, y + 160, f"地址：{company.address[:16]}", "song", 24)
    plate.text(280, y + 230, f"谢谢惠顾  {MARK}", "song", 26, "ms")
    return lay_ink(_sheet(size, (244, 244, 240), rng), plate.mask, (66, 66, 74), 0.85)


def _account_permit(company: Company, rng: np.random.Generator) -> Paper:
    """开户许可证: a bank's document, framed and sealed like a licence, with the same names."""
    size = (1600, 1080)
    paper = _sheet(size, (244, 238, 226), rng)
    cv2.rectangle(paper, (60, 60), (1540, 1020), (170, 130, 90), 10, cv2.LINE_AA)
    cv2.rectangle(paper, (84, 84), (1516, 996), (170, 130, 90), 2, cv2.LINE_AA)
    plate = Plate(size)
    plate.text(800, 250, "开 户 许 可 证", "song", 84, "ms")
    plate.text(160, 350, f"核准号：J99{int(rng.integers(10**10)):010}", "song", 30)
    plate.text(1440, 350, f"编号：99-{int(rng.integers(10**8)):08}", "song", 30, "rs")
    y = _lines(
        plate, 160, 450, f"    经审核，{company.name}符合开户条件，准予开立基本存款账户。", 36, 1280
    )
    rows = [
        ("法定代表人（单位负责人）", company.legal_representative),
        ("开户银行", f"{company.registration_authority[:3]}样本银行虚构支行"),
        ("账    号", f"9900{int(rng.integers(10**12)):012}"),
    ]
    _rows(plate, 160, y + 50, rows, 34, 620, 820)
    plate.text(
        1440, 900, f"发证机关（盖章）  {chinese_date(company.established_on)}", "song", 28, "rs"
    )
    plate.text(160, 960, MARK, "song", 24)
    return _pressed(
        lay_ink(paper, plate.mask, _INK),
        company.registration_authority[:3] + "虚构银行",
        (1250, 850, 100),
        rng,
    )


def _tax_certificate(company: Company, rng: np.random.Generator) -> Paper:
    """税务登记证, issued until 2015: most of its labels are those of a licence."""
    size = (1130, 1600)
    paper = _sheet(size, (246, 240, 228), rng)
    cv2.rectangle(paper, (50, 50), (1080, 1550), (150, 110, 70), 8, cv2.LINE_AA)
    plate = Plate(size)
    plate.text(565, 260, "税 务 登 记 证", "song", 78, "ms")
    plate.text(565, 330, "（副本）", "song", 34, "ms")
    plate.text(565, 400, f"样税字 {company.uscc[2:8]}{company.uscc[8:17]} 号", "song", 30, "ms")
    rows = [
        ("纳税人名称：", company.name),
        ("法定代表人：", company.legal_representative),
        ("地    址：", company.address),
        ("登记注册类型：", company.type),
        ("经营范围：", company.business_scope[:90]),
        ("批准设立机关：", company.registration_authority),
        ("扣缴义务：", "依法确定"),
    ]
    _rows(plate, 130, 520, rows, 29, 370, 620)
    plate.text(980, 1380, "发证税务机关", "song", 32, "rs")
    plate.text(980, 1450, chinese_date(company.established_on), "song", 28, "rs")
    plate.text(130, 1510, MARK, "song", 24)
    return _pressed(
        lay_ink(paper, plate.mask, _INK),
        company.registration_authority[:3] + "虚构税务局",
        (800, 1390, 105),
        rng,
    )


_CLAUSES: Final = (
    "合同期限为三年，自双方签字之日起计算，其中试用期三个月。",
    "乙方同意根据甲方工作需要，担任约定岗位的工作，并按照甲方的要求完成规定的数量和质量标准。",
    "甲方实行每日工作八小时、平均每周工作不超过四十小时的标准工时制度，并依法安排休息休假。",
    "甲方每月十五日前以货币形式足额支付上月工资，不得无故拖欠。",
    "甲乙双方依法参加社会保险，乙方应缴纳的部分由甲方从工资中代扣代缴。",
    "甲方为乙方提供符合国家规定的劳动安全卫生条件和必要的劳动防护用品。",
    "双方协商一致可以变更或者解除本合同，变更应当采用书面形式。",
    "因履行本合同发生的争议，可以向劳动争议仲裁委员会申请仲裁。",
)
_CHAT: Final = (
    "您好，贵公司的营业执照还没有上传",
    "稍等，我让行政拍一张发过来",
    "要清楚一点，统一社会信用代码要看得见",
    "好的，法定代表人那一栏也要拍到吗",
    "要的，住所和经营范围也要完整",
)
_WARES: Final = (
    "矿泉水",
    "签字笔",
    "复印纸",
    "文件袋",
    "面包",
    "酸奶",
    "苹果",
    "订书机",
    "垃圾袋",
    "洗手液",
    "毛巾",
    "电池",
)
_DRAWN: Final[dict[str, tuple[Callable[[Company, np.random.Generator], Paper], str]]] = {
    "id_card": (_id_card, "phone"),
    "contract": (_contract, "phone"),
    "landscape": (_landscape, "none"),
    "chat": (_chat, "none"),
    "blank": (_blank, "phone"),
    "receipt": (_receipt, "phone"),
    "account_permit": (_account_permit, "phone"),
    "tax_certificate": (_tax_certificate, "phone"),
    "id_card_back": (everyday.id_card_back, "phone"),
    "driving_licence": (everyday.driving_licence, "phone"),
    "passport": (everyday.passport_page, "phone"),
    "bank_card": (everyday.bank_card, "phone"),
    "menu": (everyday.restaurant_menu, "phone"),
    "selfie": (everyday.selfie_picture, "phone"),
    "lookup": (everyday.lookup_screenshot, "none"),
}
"""How each is drawn, and how it usually reaches a platform: photographed, or as a file."""
DECOYS: Final = tuple(_DRAWN)
