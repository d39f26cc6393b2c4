"""More decoys: personal papers and everyday pictures that people send by mistake.

Like all specimens they are fictitious: numbers have no real region and days are in no calendar.
"""

from __future__ import annotations

import random

import cv2
import numpy as np

from documents.specimens.company import Company
from documents.specimens.seal import MARK
from documents.typesetting import Colour, Paper, Plate, lay_ink, smooth_noise

_INK: Colour = (40, 40, 44)
_DISHES = (
    "宫保鸡丁", "鱼香肉丝", "麻婆豆腐", "清炒时蔬", "红烧茄子", "酸辣土豆丝", "番茄炒蛋", "水煮牛肉",
    "扬州炒饭", "紫菜蛋花汤", "回锅肉", "凉拌黄瓜",
)  # fmt: skip


def _card(size: tuple[int, int], colour: Colour, rng: np.random.Generator) -> Paper:
    """Return an unevenly coloured card."""
    grain = smooth_noise(rng, size, size[0] // 3) * 4 + smooth_noise(rng, size, 10) * 1.2
    return np.clip(np.array(colour, np.float32) + grain[..., None], 0, 255).astype(np.uint8)


def _portrait(paper: Paper, x: int, y: int, scale: float) -> None:
    """Draw a head and shoulders."""
    head, body = (round(75 * scale), round(95 * scale)), round(150 * scale)
    cv2.ellipse(
        paper, (x, y + round(260 * scale)), (body, body), 0, 180, 360, (70, 80, 110), -1, 16
    )
    cv2.ellipse(paper, (x, y), head, 0, 0, 360, (204, 170, 150), -1, cv2.LINE_AA)
    cv2.ellipse(paper, (x, y - head[1] // 2), head, 0, 180, 360, (50, 40, 38), -1, cv2.LINE_AA)


def _texts(
    paper: Paper, texts: list[tuple[float, float, str, int]], colour: Colour = _INK
) -> Paper:
    """Set each text at its position in its size."""
    plate = Plate((paper.shape[1], paper.shape[0]))
    for x, y, text, size in texts:
        plate.text(x, y, text, "song", size)
    return lay_ink(paper, plate.mask, colour)


def id_card_back(company: Company, rng: np.random.Generator) -> Paper:
    """Return the side of an identity card with the emblem."""
    paper = _card((1012, 638), (222, 228, 224), rng)
    cv2.circle(paper, (170, 170), 90, (190, 60, 60), -1, cv2.LINE_AA)
    place = company.registration_authority[:3]
    return _texts(
        paper,
        [
            (330, 150, "中华人民共和国", 52),
            (310, 260, "居 民 身 份 证", 66),
            (200, 480, f"签发机关    {place}公安局样本分局", 32),
            (200, 550, "有效期限    2015.13.32-2035.13.32", 32),
            (560, 615, MARK, 20),
        ],
    )


def driving_licence(company: Company, rng: np.random.Generator) -> Paper:
    paper = _card((1012, 690), (226, 232, 228), rng)
    _portrait(paper, 870, 420, 0.8)
    return _texts(
        paper,
        [
            (250, 80, "中华人民共和国机动车驾驶证", 40),
            (190, 125, "Driving License of the People's Republic of China", 26),
            (60, 190, f"证号    99{int(rng.integers(10**4)):04}198513320{rng.integers(10**3):03}", 32),
            (60, 255, f"姓名    {company.legal_representative}        性别  女    国籍  中国", 30),
            (60, 320, f"住址    {company.address[:18]}", 28),
            (60, 400, "出生日期          1985-13-32", 28),
            (60, 460, "初次领证日期    2009-13-32", 28),
            (60, 520, "准驾车型          C1", 30),
            (60, 600, "有效期限    2019-13-32 至 2029-13-32", 28),
            (60, 660, MARK, 20),
        ],
    )  # fmt: skip


def passport_page(company: Company, rng: np.random.Generator) -> Paper:
    """Return the page of a passport with the portrait."""
    paper = _card((1240, 870), (228, 220, 224), rng)
    _portrait(paper, 200, 330, 1.1)
    number = f"EX{int(rng.integers(10**7)):07}"
    return _texts(
        paper,
        [
            (400, 90, "护照  PASSPORT", 40),
            (400, 160, f"类型/Type  P    国家码/Country Code  CHN    护照号/Passport No.  {number}", 22),
            (400, 240, f"姓名/Name  {company.legal_representative}", 30),
            (400, 310, "性别/Sex  女/F     国籍/Nationality  中国/CHINESE", 26),
            (400, 380, "出生日期/Date of birth   32 13月 1985", 26),
            (400, 450, "签发日期/Date of issue   32 13月 2019", 26),
            (400, 520, "有效期至/Date of expiry   31 13月 2029", 26),
            (400, 590, "签发机关/Authority  样本  " + MARK, 24),
            (60, 740, "POCHNYANGBEN<<XUGOU<<<<<<<<<<<<<<<<<<<<<<<<<", 36),
            (60, 810, f"{number}0CHN8513320F2913310<<<<<<<<<<<<<<00", 36),
        ],
    )  # fmt: skip


def bank_card(company: Company, rng: np.random.Generator) -> Paper:
    paper = _card((1012, 638), (70, 110, 160), rng)
    cv2.rectangle(paper, (80, 210), (220, 310), (200, 180, 120), -1, cv2.LINE_AA)
    digits = f"6299 0000 {int(rng.integers(10**4)):04} {int(rng.integers(10**4)):04} 000"
    return _texts(
        paper,
        [
            (70, 110, "样本银行   储蓄卡  DEBIT", 46),
            (80, 420, digits, 58),
            (420, 500, "VALID THRU 13/29", 28),
            (820, 590, "银联 UnionPay", 30),
            (70, 600, MARK, 20),
        ],
        (245, 245, 240),
    )


def restaurant_menu(company: Company, rng: np.random.Generator) -> Paper:
    """Return a restaurant's menu."""
    paper = _card((1000, 1400), (244, 232, 208), rng)
    texts: list[tuple[float, float, str, int]] = [(380, 120, "菜  单", 64), (400, 1360, MARK, 22)]
    chosen = random.Random(company.uscc).sample(_DISHES, 9)  # noqa: S311 (nothing here is secret)
    for i, dish in enumerate(chosen):
        y = 250.0 + 115 * i
        texts += [(120, y, dish, 44), (720, y, f"{int(rng.integers(8, 99))}.00", 42)]
    return _texts(paper, texts)


def selfie_picture(company: Company, rng: np.random.Generator) -> Paper:
    """Return a person before a wall."""
    paper = _card((1080, 1440), (186, 176, 160), rng)
    _portrait(paper, 540, 620, 3.0)
    for x in (450, 630):
        cv2.circle(paper, (x, 610), 26, (40, 34, 30), -1, cv2.LINE_AA)
    cv2.ellipse(paper, (540, 760), (70, 24), 0, 0, 180, (150, 70, 70), -1, cv2.LINE_AA)
    return paper


def lookup_screenshot(company: Company, rng: np.random.Generator) -> Paper:
    """Return a screenshot of an app that shows companies' data."""
    paper = np.full((1700, 828, 3), (246, 247, 250), np.uint8)
    cv2.rectangle(paper, (0, 0), (828, 150), (30, 110, 210), -1)
    return _texts(
        paper,
        [
            (40, 50, "10:24", 26),
            (640, 50, "5G  86%", 26),
            (330, 120, "企查查", 40),
            (40, 230, company.name[:22], 36),
            (40, 300, "存续   高新技术企业", 26),
            (40, 400, f"法定代表人  {company.legal_representative}", 30),
            (40, 470, f"注册资本  {company.registered_capital}", 30),
            (40, 540, f"统一社会信用代码  {company.uscc}", 30),
            (40, 640, "工商信息   股东信息   司法风险", 30),
            (40, 740, "查看电话   附近企业   关注", 30),
            (40, 1660, MARK, 22),
        ],
    )
